"""Which value was meant? Numbers, off by one, truth, nothing, strings and patterns."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.lexicon import Lexicon
from sixkeys.envs.repo.grammar.site import LITERALS, Proposal, Site, alike, callee
from sixkeys.envs.repo.grammar.sites import CODE, PATTERN
from sixkeys.envs.repo.grammar.syntax import FACTOR, SUM

EMPTY = ("None", "[]", "{}", "()", "''", "0", "False", "set()")
REGEX = {"compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
WRITING = {"r": "'r', 'rb', 'w', 'a'", "w": "'wb', 'a', 'w', 'x'"}
MOST_STRINGS = 8


def numbers(site: Site) -> Iterator[Proposal]:
    """Another number: near, usual, or from the failing test."""
    node = site.node
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float, complex):
        return
    value = node.value
    if site.field == "value" and isinstance(site.parent, ast.Attribute | ast.Subscript):
        return
    signed = isinstance(site.parent, ast.UnaryOp)
    found: dict[str, str] = {}
    for piece in site.pieces:
        if re.fullmatch(r"\d+(\.\d+)?", piece):
            found.setdefault(piece, "number.piece")
    if isinstance(value, int) and value < 10**12:
        for near in (value + 1, value - 1):
            if near >= 0 or not signed:
                found.setdefault(str(near), "number.near")
        usual = [0, 1, 2, value * 2, value // 2, value * 10, value // 10, 10 ** len(str(value))]
        for other in [*usual, value + 2, 100, 1000] if site.free else usual[:3]:
            found.setdefault(str(other), "number.other")
        if value > 3 and site.free:
            found |= {str(value + step): "number.other" for step in (-2, 10, -10) if value + step > 0}
        if site.free:
            found.setdefault(f"{value}.0", "number.other")
    elif isinstance(value, float):
        for other in (
            value * 10,
            value / 10,
            value * 2,
            value / 2,
            value + 1,
            1 - value,
            int(abs(value)) if abs(value) < 1e9 else 0,
        ):
            if other == other and other not in (float("inf"), -float("inf")) and (other >= 0 or not signed):
                found.setdefault(repr(other), "number.other")
    for text, kind in found.items():
        yield site.put(text, kind, FACTOR if text.startswith("-") else FACTOR + 2)
    if site.free and not signed and not isinstance(site.parent, ast.BinOp | ast.Compare):
        for text in ("None", "True" if value else "False", "[]", "''"):
            yield site.put(text, "literal.other")


def literals(site: Site) -> Iterator[Proposal]:
    """None, True, False and empty things for one another; whatever is returned or assigned becomes one."""
    node = site.node
    if not site.free or not site.loads:
        return
    own = site.text
    simple = isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | str))
    hollow = isinstance(node, ast.List | ast.Dict | ast.Tuple) and len(own) == 2
    if not (simple or hollow):
        if isinstance(site.parent, ast.Return | ast.Assign | ast.keyword | ast.Call | ast.IfExp) and (
            isinstance(node, ast.Name | ast.Attribute | ast.Call)
            and site.field != "func"
            and site.field != "test"
        ):
            for text in ("None", "True", "False", "0", "1", "''", "[]"):
                yield site.put(text, "literal.instead", FACTOR + 2)
        return
    if isinstance(site.parent, ast.Compare | ast.BinOp | ast.Attribute | ast.JoinedStr | ast.Dict):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            for text in ("True", "False", "None"):
                yield site.put(text, "literal.other")
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield site.put(str(not node.value), "literal.flip")
    string = isinstance(node, ast.Constant) and isinstance(node.value, str)
    for text in (*EMPTY, "True", "1", "-1", "dict()"):
        if not (string and text in ("{}", "()", "set()", "dict()", "-1", "1")):
            yield site.put(text, "literal.other", FACTOR if text == "-1" else FACTOR + 2)


def nudged(site: Site) -> Iterator[Proposal]:
    """Off by one: `x + 1` and `x - 1` for `x` where things are counted."""
    node = site.node
    if (
        not site.free
        or not site.loads
        or isinstance(node, ast.Constant | ast.Slice | ast.Tuple | ast.Starred)
    ):
        return
    if isinstance(node, LITERALS) or not isinstance(
        node, ast.Name | ast.Attribute | ast.Call | ast.BinOp | ast.Subscript
    ):
        return
    parent = site.parent
    counted = (
        isinstance(parent, ast.Slice | ast.Compare | ast.Return | ast.Assign | ast.keyword)
        or (isinstance(parent, ast.BinOp) and not isinstance(node, ast.BinOp))
        or (isinstance(parent, ast.IfExp) and site.field != "test")
        or (isinstance(parent, ast.Subscript) and site.field == "slice")
        or (isinstance(parent, ast.Call) and site.field == "args")
    )
    if counted and site.quiet(node):
        text = site.inner(node, SUM)
        yield site.put(f"{text} + 1", "number.nudge", SUM)
        yield site.put(f"{text} - 1", "number.nudge", SUM)


@functools.lru_cache(maxsize=5000)
def strings_like(lexicon: Lexicon, value: str) -> list[str]:
    """Short strings of the repository that look like this one; the frequent ones for one or two letters."""
    return alike(value, lexicon.strings[:400], MOST_STRINGS, 0.5 if len(value) > 2 else 0.0)


def strings(site: Site) -> Iterator[Proposal]:
    """Another string: from the failing test, in another form, or seen in the repository."""
    node = site.node
    if (
        not isinstance(node, ast.Constant)
        or not isinstance(node.value, str)
        or site.known.freedom not in (CODE, PATTERN)
    ):
        return
    own = site.text
    value = node.value
    found: dict[str, str] = {}
    for piece in site.pieces:
        found.setdefault(piece.strip("'\"") if len(piece) > 1 else piece, "string.piece")
    forms = [
        value.strip(), value.lower(), value.upper(), value.title(), value.capitalize(), value.rstrip("\n"),
        "", value + "\n", value + " ", " " + value, value.rstrip(".,:;"), value.replace("_", "-"),
        value.replace("-", "_"), value.replace(" ", "_"), value.replace(" ", ""), value + "s",
        value.rstrip("s"), value + ":", value + ".",
    ]  # fmt: skip
    if len(value) <= 80:
        for other in forms[: 7 if len(value) > 30 else None]:
            found.setdefault(other, "string.form")
    if len(value) <= 30:
        for other in strings_like(site.lexicon, value):
            found.setdefault(other, "string.seen")
        if len(value) <= 2:
            for other in (" ", ", ", ",", "-", "_", ".", "/", "\n", "r", "w", "rb", "wb", "a", ":"):
                found.setdefault(other, "string.form")
    for text, kind in found.items():
        yield site.put(written(own, text), kind)
    if _one_literal(own):
        yield from _prefixed(site, own)
        yield from _patterns(site, own)


def written(own: str, value: str) -> str:
    """`value` as a literal in the manner of the literal `own`."""
    text = repr(value)
    double = own.lstrip("rbuRBUfF").startswith('"')
    if double and '"' not in value and "'" not in value:
        return f'"{text[1:-1]}"'
    return text


def _one_literal(own: str) -> bool:
    """Neither several literals side by side nor one over several lines."""
    body = own.lstrip("rbuRBUfF")
    quote = body[:1]
    return "\n" not in own and body[1:-1].count(quote) == 0 and not body.startswith(quote * 3)


def _prefixed(site: Site, own: str) -> Iterator[Proposal]:
    """The same literal as a format string, as a raw one, with another end of escape."""
    if own[0] not in "'\"":
        if own[0] in "rR" and "\\" in own:
            yield Proposal(*site.source.spans[site.node], own[1:], "string.prefix", True)
        return
    if "{" in own and site.free and not isinstance(site.parent, ast.Attribute):
        yield Proposal(*site.source.spans[site.node], "f" + own, "string.prefix", True)
    if "\\" in own:
        yield site.put("r" + own, "string.prefix")
    if len(own) < 40 and site.known.freedom == CODE:
        yield site.put("b" + own, "string.prefix") if own.isascii() else site.put(repr(own), "string.prefix")


def _patterns(site: Site, own: str) -> Iterator[Proposal]:
    """A regular expression that says a little more or less, one sign at a time."""
    called = isinstance(site.parent, ast.Call) and site.field == "args" and callee(site.parent) in REGEX
    name = next((t.id for t in getattr(site.parent, "targets", []) if isinstance(t, ast.Name)), "")
    if not (called or own[0] in "rR" or re.search(r"RE|REGEX|PATTERN|regex|pattern", name)):
        return
    head = len(own) - len(own.lstrip("rRbBuU")) + 1
    body = own[head:-1]
    found: dict[str, None] = {}
    for place, sign in enumerate(body):
        before, after = body[:place], body[place + 1 :]
        if sign in "+*" and before and not before.endswith("\\"):
            found[before + ("*" if sign == "+" else "+") + after] = None
            if after[:1] == "?":
                found[before + sign + after[1:]] = None
            else:
                found[before + sign + "?" + after] = None
            found[before + after] = None
        elif sign == "." and not before.endswith("\\") and after[:1] not in ("*", "+"):
            found[before + "\\." + after] = None
        elif sign in "]" and after[:1] not in ("+", "*", "?", "{"):
            found |= dict.fromkeys(before + "]" + more + after for more in "+*?")
        elif sign == "\\" and after[:1] in "dwsDWSbB":
            other = {"d": "w", "w": "S", "s": "S", "b": "B"}.get(after[:1], after[:1].lower())
            found[before + "\\" + other + after[1:]] = None
            if after[1:2] not in ("+", "*", "?", "{"):
                found |= dict.fromkeys(before + sign + after[:1] + more + after[1:] for more in "+*?")
    found["^" + body] = found[body + "$"] = found[r"\b" + body + r"\b"] = None
    if body.startswith("^"):
        found[body[1:]] = None
    if body.endswith("$"):
        found[body[:-1]] = None
    for text in list(found)[:40]:
        yield site.put(own[:head] + text + own[-1], "string.pattern")._replace(checked=True)


FAMILIES = (numbers, literals, nudged, strings)
