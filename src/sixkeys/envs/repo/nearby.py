"""What does a function give for inputs near those of the tests? The last file of tests of a run.

Runs inside the sandbox, its text put beside the project's tests with two lines more (behaviour.py): a test by
the project's own kind of name, and `begin`. While the other tests run, calls of the function are noted; then
one argument at a time is changed, and each result is told by failing with it.
"""

import copy
import gc
import itertools
import re
import signal
import sys
from types import CodeType, FrameType, FunctionType, GeneratorType
from typing import Any

import pytest

CALLS, INPUTS = 6, 40
"""Calls that are noted and inputs that are tried, at most."""
SECONDS, WIDE = 0.2, 200
"""Seconds for one result; characters that are told of a call, and of a result."""
ARROW = " -> "
POSITIONAL, NAMED = 4, 8
"""Bits of a code's flags: it takes any number of arguments so."""
NEAR = {
    bool: lambda v: [not v],
    int: lambda v: [v + 1, v - 1, 0, -v],
    float: lambda v: [v + 1, 0.0, -v],
    str: lambda v: ["", v[:-1], v + v, v.upper(), v[::-1]],
    list: lambda v: [[], v[:-1], v[::-1], v + v],
    tuple: lambda v: [(), v[:-1], v[::-1], v + v],
    dict: lambda v: [{}],
    set: lambda v: [set()],
    type(None): lambda v: [0],
}
"""Type of an argument -> values near one."""
place: list = []
Call = tuple[CodeType, list, dict]
noted: list[Call] = []
tried: list[Call] = []


def begin(path: str, name: str, line: int) -> None:
    """Notes calls from now on, of the function of this name that begins on this line of a file."""
    place[:] = path, name, line
    sys.setprofile(note)


def note(frame: FrameType, event: str, _: Any) -> None:
    """A profile function: keeps what the function is called with from outside of it."""
    code = frame.f_code
    path, *rest = place
    if event != "call" or len(noted) == CALLS or [code.co_name, code.co_firstlineno] != rest:
        return
    if code.co_filename.endswith(path) and not inside(frame):
        try:
            noted.append((code, *copy.deepcopy(arguments(frame))))
        except Exception:
            return


def inside(frame: FrameType) -> bool:
    """Has the function called itself?"""
    above = frame.f_back
    while above is not None and above.f_code is not frame.f_code:
        above = above.f_back
    return above is not None


def arguments(frame: FrameType) -> tuple[list, dict]:
    """With what a function was called: by place and by name."""
    code, seen = frame.f_code, frame.f_locals
    names, first, last = code.co_varnames, code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    many = bool(code.co_flags & POSITIONAL)
    more = seen[names[last]] if many else ()
    named = seen[names[last + many]] if code.co_flags & NAMED else {}
    return [*(seen[n] for n in names[:first]), *more], {**{n: seen[n] for n in names[first:last]}, **named}


def inputs() -> list[Call]:
    """What tests called it with, and then what is near, a little of each."""
    near: list[list[Call]] = []
    for code, args, named in noted:
        known = [(n, value) for n, value in enumerate(args) if type(value) in NEAR]
        changes = [(n, new) for n, value in known for new in NEAR[type(value)](value)]
        near.append([(code, [*args[:n], new, *args[n + 1 :]], named) for n, new in changes])
    mixed: list[Call] = [one for row in itertools.zip_longest(*near) for one in row if one]
    different: dict[str, Call] = {}
    for one in noted + mixed:
        different.setdefault(called(*one), one)
    return list(different.values())[:INPUTS]


def called(code: CodeType, args: list, named: dict) -> str:
    """A call as it would be written."""
    words = [*map(shown, args), *(f"{name}={shown(value)}" for name, value in named.items())]
    return f"{code.co_name}({', '.join(words)})"[:WIDE]


def shown(value: object) -> str:
    """A value without memory addresses."""
    return re.sub("0x[0-9a-fA-F]+", "0x", repr(value))


def late(*_: Any) -> None:
    """A signal's handler."""
    raise TimeoutError


def result(code: CodeType, args: list, named: dict) -> str:
    """What a call gives, or the name of what it raises."""
    function = next(o for o in gc.get_objects() if type(o) is FunctionType and o.__code__ is code)
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        said = function(*copy.deepcopy(args), **copy.deepcopy(named))
        return shown(list(itertools.islice(said, 50)) if isinstance(said, GeneratorType) else said)[:WIDE]
    except BaseException as error:
        return type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


@pytest.mark.parametrize("number", range(INPUTS))
def check(number: int) -> None:
    """Tells one call and its result; fails, so that it is heard."""
    sys.setprofile(None)
    if number == 0:
        tried.extend(inputs())
    if number >= len(tried):
        pytest.skip()
    pytest.fail(called(*tried[number]) + ARROW + result(*tried[number]), pytrace=False)
