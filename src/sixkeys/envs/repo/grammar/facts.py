"""What does a file bind and never use, import, and say? Facts about a whole file, found once.

A name that nothing reads is often the one that was mistaken for another.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sixkeys.envs.repo.grammar.sites import SCOPED, Definition, Source, parameters

LONGEST = 60
"""Longer strings and longer ends of calls are not said again."""
WORD = re.compile(r"[A-Za-z]{2,}")
OWN = ("self", "cls")
WRITTEN: Mapping[type, type] = {
    ast.JoinedStr: str, ast.List: list, ast.ListComp: list, ast.Dict: dict, ast.DictComp: dict,
    ast.Set: set, ast.SetComp: set,
}  # fmt: skip
"""How built-in values are written."""
GIVEN: Mapping[str, type] = {
    "search": re.Match, "match": re.Match, "fullmatch": re.Match, "compile": re.Pattern, "str": str,
    "join": str, "strip": str, "lower": str, "upper": str, "decode": str, "encode": bytes, "list": list,
    "sorted": list, "split": list, "splitlines": list, "findall": list, "dict": dict, "set": set,
    "frozenset": frozenset,
}  # fmt: skip
"""Who is called -> what mostly comes back."""


class Facts(NamedTuple):
    """What a file says. Lists hold the frequent first, or else what comes first in the file."""

    imported: Mapping[str, str]
    """Name -> the module, or what of a module, that it was imported as, with dots."""
    unread: tuple[str, ...]
    """Names of the module that nothing in it reads: imported ones, then private ones, then others."""
    unread_attributes: tuple[str, ...]
    """What is stored or defined on objects and never read."""
    methods: tuple[str, ...]
    """Functions that classes of the file define."""
    words: Mapping[str, tuple[str, int]]
    """Words of names, strings and comments, in lower case -> how they are mostly written, and how often they
    are."""
    strings: tuple[str, ...]
    numbers: tuple[str, ...]
    keywords: tuple[str, ...]
    """Names that arguments are given by."""
    followers: Mapping[str, tuple[str, ...]]
    """Last name of an expression -> attributes that are read of it."""


@functools.lru_cache(maxsize=16)
def facts_of(source: Source) -> Facts:
    """What a file says."""
    imported: dict[str, str] = {}
    stored, defined = dict[str, None](), dict[str, None]()
    read, seen = Counter[str](), Counter[str]()
    followers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    followers["__class__"]["__name__"] += 1
    strings, numbers, keywords = Counter[str](), Counter[str](), Counter[str]()
    for node in source.about:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= _imported(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read[node.id] += 1
        elif isinstance(node, ast.Attribute):
            seen[node.attr] += isinstance(node.ctx, ast.Load)
            followers[last_name(node.value)][node.attr] += 1
            stored |= {node.attr: None} if isinstance(node.ctx, ast.Store) else {}
        elif isinstance(node, ast.ClassDef):
            defined |= {item.name: None for item in node.body if isinstance(item, SCOPED)}
        elif isinstance(node, ast.keyword) and node.arg:
            keywords[node.arg] += 1
        elif isinstance(node, ast.Constant):
            count_constant(source, node, strings, numbers)
    bound = source.about[source.tree].scope.bound
    unread = [name for name in bound if not read[name] and not name.startswith("__")]
    unread.sort(key=lambda name: (name not in imported, not name.startswith("_"), name.islower()))
    hidden = [name for name in (*stored, *defined) if not seen[name] and not name.endswith("__")]
    return Facts(
        imported, tuple(unread), tuple(dict.fromkeys(hidden)), tuple(defined), _words(source.text),
        _ranked(strings), _ranked(numbers), _ranked(keywords),
        {name: _ranked(counted) for name, counted in followers.items() if name},
    )  # fmt: skip


def count_constant(source: Source, node: ast.Constant, strings: Counter[str], numbers: Counter[str]) -> None:
    """Counts a short string that is no docstring, or a number."""
    if isinstance(node.value, str) and not isinstance(source.about[node].parent, ast.Expr):
        strings[node.value] += 0 < len(node.value) <= LONGEST
    elif type(node.value) in (int, float) and node in source.spans:
        numbers[source.piece(node)] += 1


def _ranked(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(text for text, many in counted.most_common() if many)


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Name -> what it stands for, of one statement."""
    if isinstance(node, ast.Import):
        pairs = [(item.asname or item.name.partition(".")[0], item.name, item.asname) for item in node.names]
        return {name: whole if alias else name for name, whole, alias in pairs}
    if node.level or not node.module:
        return {item.asname or item.name: f".{item.name}" for item in node.names}
    return {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}


def _words(text: str) -> dict[str, tuple[str, int]]:
    """Words in lower case -> how they are mostly written, and how often they are."""
    ways: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, many in Counter(WORD.findall(text)).items():
        ways[word.lower()][word] += many
    return {word: (counted.most_common(1)[0][0], counted.total()) for word, counted in ways.items()}


@functools.lru_cache(maxsize=64)
def unread_in(function: Definition) -> tuple[str, ...]:
    """Parameters and variables of a function that it never reads, in order; not `self`, not `_`."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    bound = [*parameters(function.args), *(n.id for n in names if isinstance(n.ctx, ast.Store))]
    return tuple(
        name for name in dict.fromkeys(bound) if name not in read and name.strip("_") and name not in OWN
    )


@functools.lru_cache(maxsize=64)
def strings_in(source: Source, function: Definition) -> tuple[str, ...]:
    """Short strings of one function, in order."""
    counted, numbers = Counter[str](), Counter[str]()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and node in source.about:
            count_constant(source, node, counted, numbers)
    return _ranked(counted)


@functools.lru_cache(maxsize=16)
def tails_of(source: Source) -> dict[tuple[str, str], tuple[str, ...]]:
    """What is called behind a receiver with arguments, as it is written: `.group(1)`.

    (function's name or "*", receiver or "*") -> the frequent first.
    """
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for node, (_, end) in source.spans.items():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (node.args or node.keywords)
        ):
            if node in source.shy or node.func.value not in source.spans:
                continue
            text = source.text[source.spans[node.func.value][1] : end]
            if not text.startswith(".") or "\n" in text or len(text) > LONGEST:
                continue
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            for where in (source.about[node].scope.name, "*"):
                found[where, "*"][text] += 1
                found[where, owner][text] += bool(owner)
    return {key: _ranked(counted) for key, counted in found.items()}


def last_name(node: ast.AST) -> str:
    """The last name of an expression: `c` for `a.b.c`, for `a.c(x)` and for `c[0]`."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def held_name(source: Source, node: ast.AST) -> str:
    """What a name, or attributes of one, was imported as: `os.path` for `path` of `from os import path`."""
    if isinstance(node, ast.Attribute):
        head = held_name(source, node.value)
        return f"{head}.{node.attr}" if head else ""
    return facts_of(source).imported.get(node.id, "") if isinstance(node, ast.Name) else ""


def members(node: ast.AST, function: ast.AST | None) -> list[str]:
    """The public attributes of the built-in value that this is: it is written so, or comes from a call that
    gives such a one, or is a name to which the function assigns one."""
    own = _kind(node)
    kinds = _assigned(function).get(node.id, ()) if isinstance(node, ast.Name) else (own,) if own else ()
    return [name for kind in kinds for name in dir(kind) if not name.startswith("_")]


@functools.lru_cache(maxsize=64)
def _assigned(function: ast.AST | None) -> dict[str, dict[type, None]]:
    """Names of a function -> the built-in values that are assigned to them."""
    found: defaultdict[str, dict[type, None]] = defaultdict(dict)
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
            kind = _kind(node.value)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if kind and isinstance(target, ast.Name):
                    found[target.id][kind] = None
    return found


def _kind(node: ast.AST) -> type | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return type(node.value)
    return WRITTEN.get(type(node)) or (GIVEN.get(last_name(node)) if isinstance(node, ast.Call) else None)
