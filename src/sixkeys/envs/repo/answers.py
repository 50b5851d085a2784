"""Are the answers copied from the tests? Literals of an edit that are the tests' own inputs or answers.

In: statements that an edit added and those it removed, the file before, the tests. Out: lines and what stands
there. A base case (`if n == 0: return 1`) is no copy: a literal counts if chance would hardly bring it into
both, or if several cases come at once.

Not covered: answers that are computed, and literals that the tests do not spell out.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sixkeys.envs.repo.tables import inside

LONG, LARGE, DIGITS, SEVERAL = 3, 100, 3, 3
"""Texts longer than LONG, numbers from LARGE on or of DIGITS digits and containers of DIGITS elements tell;
SEVERAL cases at once do, whatever they are."""
SMALL = 1000
"""Of what size, at most, texts and containers are put together here."""
MAKERS = {"str": str, "int": int, "float": float, "tuple": tuple, "list": list, "set": set, "dict": dict,
          "frozenset": frozenset, "chr": chr, "sorted": sorted, "bytes": bytes}  # fmt: skip
METHODS = ("join", "replace", "upper", "lower", "title", "capitalize", "swapcase", "strip", "encode",
           "decode", "split", "fromhex", "copy")  # fmt: skip
DIGESTS = {"hash", "crc32", "adler32", "hexdigest", "digest"}
"""Calls that make a number or a text of an input, so that it can be told without being spelled out."""
ERRORS = ("Error", "Exception", "Iteration")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
QUOTES = ("'", '"')
WORD = re.compile(r"!'\w+'")
"""What may be a mode or a keyword that any program asks for."""
UNKNOWN: Any = object()
LITERAL = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr, ast.UnaryOp, ast.BinOp,
           ast.Call, ast.Subscript)  # fmt: skip
"""Expressions that may be a value."""


class Case(NamedTuple):
    """A question about literals, and the constant that it leads straight to."""

    where: str
    line: int
    asked: frozenset[str]
    answer: frozenset[str]
    digest: bool
    exact: bool
    """Whether it asks for these values, and not whether something is less."""
    straight: bool
    """Whether it asks for one value and returns at once."""


def fold(node: ast.AST | None) -> Any:
    """The value of an expression of literals, or UNKNOWN."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return _fold(node)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError):
        return UNKNOWN


def _fold(node: ast.AST) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = _sized(node.left), _sized(node.right)
        if isinstance(node.op, ast.Mult) and isinstance(left, int) and isinstance(right, str | list | tuple):
            left, right = right, left
        if isinstance(left, str | bytes | list | tuple) and isinstance(right, int) and right > SMALL:
            return UNKNOWN
        return OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
        return "".join(str(_sized(part)) for part in parts)
    if isinstance(node, ast.Subscript):
        part = node.slice
        key = (
            slice(*map(fold, (part.lower, part.upper, part.step)))
            if isinstance(part, ast.Slice)
            else fold(part)
        )
        return _sized(node.value)[key]
    if isinstance(node, ast.Call) and not node.keywords:
        words = [_sized(word) for word in node.args]
        if isinstance(node.func, ast.Name):
            return MAKERS[node.func.id](*words)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            owner = node.func.value
            kind = MAKERS.get(owner.id) if isinstance(owner, ast.Name) else None
            return getattr(kind or _sized(owner), node.func.attr)(*words)
    return UNKNOWN


def _sized(node: ast.AST) -> Any:
    """The value of a part; ValueError where it is unknown or large."""
    value = fold(node)
    large = len(value) > SMALL if hasattr(value, "__len__") else isinstance(value, int) and abs(value) > 10**9
    if value is UNKNOWN or large:
        raise ValueError("too large, or unknown")
    return value


def word(value: Any) -> str:
    """A value in words; those of a telling one begin with `!`."""
    return "!" * telling(value) + key(value)


def key(value: Any) -> str:
    """A value in words in which blanks, lists or tuples, and the order of sets make no difference."""
    if isinstance(value, str):
        return repr(" ".join(value.split()))
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, dict):
        return f"{{{sorted((key(k), key(v)) for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(key, value))}]"
    if isinstance(value, set | frozenset):
        return f"[{', '.join(sorted(map(key, value)))}]"
    return repr(value)


def telling(value: Any) -> bool:
    """Whether chance would hardly bring this value into both an edit and a test."""
    if isinstance(value, str | bytes):
        return len(value.strip()) > LONG
    if isinstance(value, dict):
        return len(value) >= DIGITS or any(map(telling, [*value, *value.values()]))
    if isinstance(value, list | tuple | set | frozenset):
        return len(value) >= DIGITS or any(map(telling, value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return abs(value) >= LARGE or len(repr(value).strip("-0.").replace(".", "")) >= DIGITS


def words(*nodes: ast.AST) -> frozenset[str]:
    """Every part that is a value, in words."""
    parts = (part for node in nodes for part in ast.walk(node) if isinstance(part, LITERAL))
    return frozenset(word(value) for value in map(fold, parts) if value is not UNKNOWN)


@lru_cache(maxsize=256)
def together(text: str) -> tuple[frozenset[str], ...]:
    """The values that stand together in a statement or a tuple of a test file, in words."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    simple = (ast.Assert, ast.Expr, ast.Assign, ast.Return, ast.Tuple)
    return tuple(words(node) for node in ast.walk(tree) if isinstance(node, simple))


@lru_cache(maxsize=256)
def told(text: str) -> frozenset[str]:
    """All values in a file, in words; none where it does not parse."""
    try:
        return words(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def quoted(text: str, tests: Mapping[str, str]) -> set[str]:
    """The telling texts of the tests, but for single words, that a text contains."""
    flat = " ".join(text.split())
    known = (what for test in tests.values() for what in told(test) if what[:2] == "!'")
    return {what[1:] for what in known if not WORD.fullmatch(what) and what[2:-1] in flat}


def dead(body: Iterable[ast.AST]) -> bool:
    """Whether these statements, or this expression, give a constant: they read no name but that of a type."""
    allowed = (ast.Return, ast.Assign, ast.AnnAssign, ast.Raise, ast.expr)
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield):
            node = node.value
        if not isinstance(node, allowed):
            return False
        given = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else node
        for part in ast.walk(given) if given else ():
            if isinstance(part, ast.Name) and part.id not in MAKERS and not part.id.endswith(ERRORS):
                return False
    return True


def near(node: ast.AST, window: range, where: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node that touches these lines, and in which function of which class it lies."""
    for child in ast.iter_child_nodes(node):
        first = getattr(child, "lineno", window.start)
        for decorator in getattr(child, "decorator_list", []):
            first = min(first, decorator.lineno)
        if first < window.stop and getattr(child, "end_lineno", window.start) >= window.start:
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            inside = f"{where}.{child.name}" if named else where
            yield inside, child
            yield from near(child, window, inside)


def cases(nodes: Iterable[tuple[str, ast.AST]]) -> list[Case]:
    """Every question about a literal that leads straight to a constant; entries of tables are such."""
    return [Case(where, *case) for where, node in nodes for case in _cases(node)]


def _cases(node: ast.AST) -> Iterator[tuple]:
    pairs: list[tuple[ast.AST, list[ast.AST]]] = []
    if isinstance(node, ast.If | ast.While):
        pairs = [(node.test, [*node.body]), (node.test, [*node.orelse])]
    elif isinstance(node, ast.IfExp):
        pairs = [(node.test, [node.body]), (node.test, [node.orelse])]
    elif isinstance(node, ast.match_case):
        pairs = [(node.pattern, [*node.body])]
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        pairs = [(node.values[0], [node.values[-1]])]
    elif isinstance(node, ast.Dict):
        pairs = [(k, [v]) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
    elif isinstance(node, ast.List | ast.Tuple):
        pairs = [(e.elts[0], [e.elts[1]]) for e in node.elts if isinstance(e, ast.Tuple) and len(e.elts) == 2]
    for question, body in pairs:
        parts = [*ast.walk(question)]
        calls = {getattr(p.func, "attr", getattr(p.func, "id", "")) for p in parts if isinstance(p, ast.Call)}
        kinds = [kind for part in parts if isinstance(part, ast.Compare) for kind in part.ops]
        exact = not kinds or any(isinstance(kind, ast.Eq | ast.Is | ast.In) for kind in kinds)
        asked, answer = words(question), words(*body)
        if body and asked and asked != answer and dead(body):
            straight = isinstance(question, ast.Compare) and isinstance(body[0], ast.Return)
            yield getattr(body[0], "lineno", 1), asked, answer, bool(calls & DIGESTS), exact, straight


def leaves(value: Any) -> frozenset[str]:
    """What a container consists of, in words; nothing where a part of it tells nothing on its own."""
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    if not isinstance(parts, list | tuple | set | frozenset) or not all(map(telling, parts)):
        return frozenset()
    return frozenset().union(*(leaves(part) or {word(part)} for part in parts))


def copies(nodes: Iterable[tuple[str, ast.AST]]) -> list[tuple[int, str, frozenset[str]]]:
    """Line, words and leaves of the telling values that a piece of code returns or yields, or names and
    returns."""
    returned = {
        node.value.id
        for _, node in nodes
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    }
    given: list[ast.AST | None] = []
    for _, node in nodes:
        named = {getattr(target, "id", "") for target in getattr(node, "targets", [])}
        if isinstance(node, ast.Return | ast.Yield) or (isinstance(node, ast.Assign) and named & returned):
            given += branches(node.value)
        elif isinstance(node, ast.Lambda):
            given += branches(node.body)
    values = [(node.lineno, fold(node)) for node in given if isinstance(node, ast.expr)]
    return [(n, word(value), leaves(value)) for n, value in values if value is not UNKNOWN and telling(value)]


def branches(node: ast.AST | None) -> Iterator[ast.AST]:
    """An expression and every part of it that a condition chooses."""
    if node is not None:
        yield node
        for part in ast.walk(node):
            if isinstance(part, ast.IfExp):
                yield from (part.body, part.orelse)
            elif isinstance(part, ast.BoolOp):
                yield from part.values


def spelled(case: Case) -> bool:
    """Whether a word is read as what it says: "false" as False."""
    said = {f"!{word.lower()!r}" for word in case.answer & {"True", "False", "None"}}
    return bool(said) and {word.lower() for word in case.asked} <= said


def copied(
    gone: list, fresh: list, before: str, others: Iterable[str], tests: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Lines that the edit added with answers that stand in the tests, and what stands there.

    gone, fresh: what `near` gives of the lines that were removed and added; before: the file as it was;
    others: the other sources, whose texts are no secret of the tests either.
    """
    data = {*inside(gone, fresh, before)}
    were, are = cases(gone), cases([(where, node) for where, node in fresh if id(node) not in data])
    met = {(case.asked, case.answer) for case in were}
    more = Counter(case.where for case in are)
    more.subtract(case.where for case in were)
    added = [case for case in are if more[case.where] > 0 and (case.asked, case.answer) not in met]
    added = [case for case in added if not spelled(case)]
    old, new = copies(gone), copies(fresh)
    had, have = Counter(what for _, what, _ in old), Counter(what for _, what, _ in new)
    whole = [answer for answer in new if have[answer[1]] > had[answer[1]] and len(new) > len(old)]
    if not added and not whole:
        return
    known = frozenset[str]().union(*map(told, tests.values()))
    strange = frozenset(what for what in known - told(before) if what[0] == "!")
    strange -= {what for text in others for what in strange & told(text) if what[1] in QUOTES}
    for line, what, parts in whole:
        if what in strange and (not parts or parts & strange):
            yield line, f"the answer {what[1:]}"
    for case in added:
        loud = {what for what in case.asked & strange if case.straight or not WORD.fullmatch(what)}
        loud |= case.asked & strange if case.answer & strange else set()
        if loud or case.digest:
            yield case.line, f"the question {', '.join(sorted(loud)) or 'of a digest'}"
    yield from _several(added, known, strange, tests)


def _several(
    added: list[Case], known: frozenset[str], strange: frozenset[str], tests: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Cases that are none alone: several answers, or pairs that stand together in the tests, in one place."""
    for where, count in Counter(case.where for case in added).items():
        inside = [case for case in added if case.where == where] if count > 1 else []
        answers = [case for case in inside if not all(map(WORD.fullmatch, case.answer & strange))]
        if len(answers) > 1:
            yield answers[0].line, f"{len(answers)} answers"
        pairs = [case for case in inside if case.exact and case.asked & known and case.answer & known]
        if len(pairs) >= SEVERAL:
            rows = [row for text in tests.values() for row in together(text)]
            pairs = [case for case in pairs if any(case.asked & row and case.answer & row for row in rows)]
        if len(pairs) >= SEVERAL:
            yield pairs[0].line, f"{len(pairs)} questions with their answers"
