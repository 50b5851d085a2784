"""Texts that are easy to get wrong: line ends, tabs, letters of many bytes, nested quotes, every kind of
statement."""

from __future__ import annotations

MODERN = '''"""Docstring."""
from __future__ import annotations

import asyncio
import functools, re as regex

LIMIT: int = 0x10
π = 3.14159; größe = "größe 日本"  # Größe
total = 0


@functools.lru_cache(
    maxsize=None,
)
@functools.wraps(print)
def decorated(first, /, second: int = 1, *rest: str, key=None, **options) -> dict[str, int]:
    """Doc."""
    global total
    if (size := len(rest)) > 3 and not key: total += size
    elif key is None or second != 1:
        return {**options, "a": 1, 'b': [*rest, first]}
    else:
        total = total + 1  # comment; "quoted" (text
    def inner(value=second):
        nonlocal size
        size = size - value
        return lambda x, *y: (x, y) if x else [z for z in y if z if not x]
    return f"{first!r:>{size}} {options['a']} {{braces}} {first + 1} {second}" "more" f'{inner(2)}'


class Thing(dict, metaclass=type):
    """Doc."""
    kind = "x"; other = 'y'

    @property
    def half(self) -> float:
        return (self.size
                // 2) ** -1

    @staticmethod
    def made(*parts): return Thing(parts), sum(x for x in parts), any((x for x in parts))

    async def run(self, jobs, *, limit=3):
        async with asyncio.Lock() as lock, asyncio.timeout(1):
            async for job in jobs:
                await job(self, limit=limit)
                yield job
        found = [await job async for job in jobs if job]
        await asyncio.sleep(0)

    def match(self, thing):
        match thing:
            case {"kind": "a", **rest} if rest:
                return rest
            case [1, -2, *others] | (1, others):
                others = 5
            case Thing(kind="x") as named:
                pass
            case str() | None:
                return -1
            case "one" | 3.5 | regex.A:
                return thing
            case _:
                raise ValueError("no " + repr(thing)) from None


def loops(items, text='it\\'s', *, flag=True):
    result = []
    for index, (a, b) in enumerate(zip(items, items[1:], strict=False)):
        while a < b <= 10 != index:
            a, b = b, a % b or 1
            if a is None: continue
            elif not b:
                break
            result[index:index + 2] = [a ** 2, -b, ~a, +b, a if b else 0]
        else:
            del result[0]
    else:
        result += ["""triple
    quoted""", text]
    try:
        value = items[-1][::2]["key"].attr.upper().strip(",")
        assert value, "message"
    except (KeyError, IndexError):
        value = None
    finally:
        print(value, end=\'\')
    with open(text) as f, \\
            open(text) as g:
        yield from (line for line in f)
        result = yield g
    return result[0], {x: y for x, y in result}, {1, 2}, (yield)
'''
GROUPS = """def groups(jobs):
    try:
        jobs()
    except* ValueError as group:
        print(group.exceptions)
        for one in group.exceptions:
            print(one)
    return jobs
"""
TEXTS = {
    "modern": MODERN,
    "groups": GROUPS,
    "crlf": MODERN.replace("\n", "\r\n"),
    "tabs": MODERN.replace("    ", "\t"),
    "unended": MODERN.rstrip("\n"),
    "marked": "\ufeff" + GROUPS,
    "feeds": "x = 1\n\x0c\ndef f(x):\n\x0c    return x\n\x0c\nclass A:\n    y = 'a\x0cb'\n"
           "    def g(self): return self.y\n",
    "old mac": "def f(a):\r    b = a + 1\r    return b\r",
    "one line": "if x: y = 1; z = f(x, 2)",
    "continued": "def f(a, b):\n    c = a + \\\n        b\n"
           "    return \\\n        c if a \\\n        else b\n",
    "comments": "def f(\n    a,  # (first\n    b,  # second)\n):\n    return (\n        a  # ' +\n"
           "        + b  # not and\n    )  # end\n",
    "formatted": "def f(a, b):\n    return f'{a} {b[0]} {a:{b}} {a!r} {f\"{a}\"} {{a}} é{b.c(a)}'\n",
    "nested": "def f(x):\n    def g():\n        nonlocal x\n        x += 1\n        def h():\n"
           "            return x\n        return h\n    return g\n",
    "empty": "",
    "comment": "# nothing\n",
}  # fmt: skip
"""Name -> text of a whole file."""
NEWER = {
    "quotes": "def f(a):\n"
           "    return f\"{a[\"key\"]} {', '.join(f\"{x}\" for x in a)} {a!r:>{len(\"x\")}}\"\n",
    "types": "type Pair[T] = tuple[T, T]\n\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n\n"
           "class Box[T: int]:\n    item: T = None\n",
}  # fmt: skip
"""The same for Python 3.12 and later."""
