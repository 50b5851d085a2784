"""Where must a piece of code stand in parentheses? Binding strengths of expressions and of the places that
hold them, and the tokens of a piece of code, written one way only."""

from __future__ import annotations

import ast
import functools
import keyword
import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate

(
    LOOSE, TUPLE, TEST, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, TERM, FACTOR, POWER,
    AWAIT, ATOM,
) = range(17)  # fmt: skip
"""How strongly an expression binds: assignments and yields least, names and calls most."""

BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: BIT_OR, ast.BitXor: BIT_XOR, ast.BitAnd: BIT_AND, ast.LShift: SHIFT, ast.RShift: SHIFT,
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: TERM, ast.Div: TERM, ast.FloorDiv: TERM, ast.Mod: TERM,
    ast.MatMult: TERM, ast.Pow: POWER,
}  # fmt: skip
LEVELS: dict[type[ast.AST], int] = {
    ast.NamedExpr: LOOSE, ast.Yield: LOOSE, ast.YieldFrom: LOOSE, ast.Starred: LOOSE, ast.IfExp: TEST,
    ast.Lambda: TEST, ast.Compare: COMPARE, ast.Await: AWAIT, ast.Slice: LOOSE,
}  # fmt: skip
SLOTS: dict[tuple[type[ast.AST], str], int] = {
    (ast.Call, "func"): ATOM, (ast.Attribute, "value"): ATOM, (ast.Subscript, "value"): ATOM,
    (ast.Await, "value"): ATOM, (ast.Starred, "value"): BIT_OR, (ast.IfExp, "body"): OR,
    (ast.IfExp, "test"): OR, (ast.comprehension, "iter"): OR, (ast.comprehension, "ifs"): OR,
    (ast.Compare, "left"): COMPARE + 1, (ast.Compare, "comparators"): COMPARE + 1,
    (ast.Return, "value"): TUPLE, (ast.Assign, "value"): TUPLE, (ast.Expr, "value"): TUPLE,
    (ast.Subscript, "slice"): TUPLE, (ast.Yield, "value"): TUPLE,
}  # fmt: skip

QUOTED = r"""\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
STRING = rf"[rbuRBUfF]{{0,2}}(?:{QUOTED})"
TOKEN = re.compile(
    rf"(?s:{STRING})|#[^\r\n]*|(?:\d(?:[eE][-+](?=\d)|[\w.])*|\.\d(?:[eE][-+](?=\d)|\w)*)|\w+|\.\.\."
    r"|(?:\*\*|//|>>|<<|[-+*/%@&|^=<>!:])=?|->|[^\w\s\\]"
)
COMMENT = re.compile(rf"({STRING})|#[^\r\n]*", re.S)
CONSTANT = re.compile(r"[\d.]|[rbuRBU]{0,2}['\"]")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def level(node: ast.AST, text: str) -> int:
    """How strongly the expression `node`, written as `text`, binds."""
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)]
    if isinstance(node, ast.UnaryOp):
        return NOT if isinstance(node.op, ast.Not) else FACTOR
    if isinstance(node, ast.BoolOp):
        return OR if isinstance(node.op, ast.Or) else AND
    if isinstance(node, ast.Tuple):
        return ATOM if wrapped(text) else TUPLE
    if isinstance(node, ast.Constant):
        return AWAIT if text[:1].isdigit() else ATOM
    return LEVELS.get(type(node), ATOM)


def slot(parent: ast.AST | None, field: str) -> int:
    """The least strength that needs no parentheses as `parent.field`."""
    if isinstance(parent, ast.BinOp):
        strength = BINARY[type(parent.op)]
        if strength == POWER:
            return AWAIT if field == "left" else FACTOR
        return strength + (field == "right")
    if isinstance(parent, ast.UnaryOp):
        return NOT if isinstance(parent.op, ast.Not) else FACTOR
    if isinstance(parent, ast.BoolOp):
        return (OR if isinstance(parent.op, ast.Or) else AND) + 1
    return TEST if parent is None else SLOTS.get((type(parent), field), TEST)


def words(text: str) -> list[str]:
    """The raw tokens of `text`: comments are left out, strings are one token each."""
    return [token for token in TOKEN.findall(text) if token[0] != "#"]


def wrapped(text: str) -> bool:
    """Is all of `text` between one pair of brackets?"""
    tokens = words(text)
    depth = list(accumulate(BRACKETS.get(token, 0) for token in tokens))
    return bool(depth) and depth[0] == 1 and 0 not in depth[:-1]


def open_ended(text: str) -> bool:
    """Is there an end of line outside of all brackets of `text`?"""
    if "\n" not in text and "\r" not in text:
        return False
    depth = 0
    bare = re.sub(rf"(?s:{STRING})|#[^\r\n]*", "", text)
    for character in bare:
        depth += BRACKETS.get(character, 0)
        if character in "\r\n" and depth == 0:
            return True
    return False


@functools.lru_cache(maxsize=20_000)
def normal(token: str) -> str:
    """A token as the syntax tree has it: `0x10` and `16`, `'a'` and `"a"` are one."""
    if len(token) < 2000 and CONSTANT.match(token) and token not in (".", "..."):
        try:
            return repr(ast.literal_eval(token))
        except (SyntaxError, ValueError):
            return token
    return token if token.isascii() else unicodedata.normalize("NFKC", token)


def sieved(tokens: Iterable[str]) -> list[tuple[int, str]]:
    """The tokens that are kept, each with its place in `tokens`.

    Brackets that only group, commas behind the last argument and semicolons tell hardly anything of the tree
    that the others do not; where they do, rows look alike and trees are compared.
    """
    kept, before, listed = [], "", [*tokens, ""]
    grouping: list[bool] = []
    for place, token in enumerate(listed[:-1]):
        if token in OPENING:
            calls = before in (")", "]") or (before[:1].isidentifier() and not keyword.iskeyword(before))
            grouping.append(token == "(" and not calls)
            if not grouping[-1]:
                kept.append((place, token))
        elif token in CLOSING:
            if not grouping or not grouping.pop():
                kept.append((place, token))
        elif token == ",":
            if listed[place + 1] not in CLOSING or (grouping and grouping[-1]):
                kept.append((place, token))
        elif token != ";":
            kept.append((place, normal(token)))
        before = token
    return kept


@functools.lru_cache(maxsize=20_000)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a new piece of code in their normal form."""
    return tuple(token for _, token in sieved(words(text)))
