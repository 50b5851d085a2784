"""What is said elsewhere in this function or file that may be missing here? Calls, methods, values.

Where other families know what is usual in Python, these know what is usual in this file.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sixkeys.envs.repo.grammar.insertions import parameters_of
from sixkeys.envs.repo.grammar.names import BUILTINS
from sixkeys.envs.repo.grammar.site import Proposal, Site, callee
from sixkeys.envs.repo.grammar.sites import Source
from sixkeys.envs.repo.grammar.wraps import role

LONGEST = 40
"""Longer texts are not said again."""
NEAR, FAR = 8, 6
"""At most so many of the same function, and of the rest of the file."""
CALLED = (
    "len", "isinstance", "str", "int", "list", "range", "sorted", "set", "dict", "tuple", "max", "min", "sum",
    "any", "all", "zip", "enumerate", "type", "repr", "getattr", "hasattr", "super", "iter", "next", "map",
    "filter", "abs", "float", "bool", "reversed", "round", "callable", "frozenset",
)  # fmt: skip
"""Builtins that are called much."""
METHODS = (
    "append", "get", "join", "items", "format", "split", "keys", "update", "values", "pop", "strip", "title",
    "add", "extend", "startswith", "endswith", "lower", "upper", "group", "match", "search", "sub", "findall",
    "finditer", "copy", "index", "count", "insert", "remove", "sort", "encode", "decode", "read", "write",
    "close", "rstrip", "lstrip", "setdefault", "discard", "rsplit", "splitlines", "replace",
)  # fmt: skip
"""Methods that are called much."""
CONVERTED = ("str", "len", "list", "type", "int", "iter", "bool", "any", "all", "callable", "dict")
"""Builtins around what is asked something."""
RAISED = (
    "ValueError", "TypeError", "KeyError", "RuntimeError", "AttributeError", "IndexError",
    "OSError", "StopIteration",
)  # fmt: skip
"""Exceptions that are raised much."""


class Words(NamedTuple):
    """What a part of a file says, the frequent first."""

    callers: tuple[str, ...]
    """What is called with one argument, as it is written."""
    functions: tuple[str, ...]
    """Names that are called."""
    methods: tuple[str, ...]
    """Attributes that are called."""
    bare: tuple[str, ...]
    """Attributes that are called without arguments."""
    values: tuple[str, ...]
    """Attributes, elements and literals that are read."""
    attributes: tuple[str, ...]
    """Attributes that are read, without what they belong to."""


def others(site: Site) -> Iterator[Proposal]:
    """Another function where one is called, another method where one is."""
    node = site.node
    if site.field != "func":
        return
    near, far = words(site.source, site.scope.function), words(site.source, None)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        said = [*near.functions, *far.functions]
        errors = (*site.lexicon.exceptions[:FAR], *RAISED) if isinstance(_above(site), ast.Raise) else ()
        for name in dict.fromkeys(
            [*errors, *said, *site.locals[:NEAR], *_defined(site)[: 2 * NEAR], *CALLED, *site.scope.visible]
        ):
            if name != node.id and (name in site.scope.visible or name in BUILTINS):
                yield site.put(name, "function.other")
    if isinstance(node, ast.Attribute):
        end = site.source.spans[node][1]
        start = end - len(node.attr)
        if site.source.text[start:end] == node.attr:
            for name in dict.fromkeys([*near.methods[:NEAR], *far.methods[: 2 * FAR], *METHODS]):
                if name != node.attr:
                    yield Proposal(start, end, name, "attribute.other")


def _above(site: Site) -> ast.AST | None:
    """What the call stands in whose function this is."""
    return site.source.about[site.parent].parent if site.parent else None


def _defined(site: Site) -> list[str]:
    """Functions of the repository that can be called here."""
    return [name for name in site.scope.visible if name in site.lexicon.functions]


def raised(site: Site) -> Iterator[Proposal]:
    """An exception around what is raised and is none."""
    node, exceptions = site.node, site.lexicon.exceptions
    if not isinstance(site.parent, ast.Raise) or site.field != "exc" or not site.free:
        return
    if not isinstance(node, ast.Call) or callee(node) not in {*RAISED, *exceptions}:
        for text in dict.fromkeys([*exceptions[:NEAR], *RAISED]):
            yield site.put(f"{text}({site.argument(node)})", "wrap.call")


def wrapped(site: Site) -> Iterator[Proposal]:
    """A call around the expression that is made elsewhere; a method without arguments behind it."""
    node = site.node
    stated = isinstance(site.parent, ast.Expr) and isinstance(node, ast.Name | ast.Constant | ast.BinOp)
    owner = isinstance(site.parent, ast.Attribute) and isinstance(node, ast.Name | ast.Subscript)
    tested = isinstance(site.parent, ast.BoolOp | ast.UnaryOp) or site.field == "test"
    if not site.free or not site.loads or not (stated or owner or tested or role(site)):
        return
    if isinstance(node, ast.Starred | ast.Yield | ast.YieldFrom | ast.Slice | ast.Lambda | ast.Await):
        return
    near, far = words(site.source, site.scope.function), words(site.source, None)
    inner = site.argument(node)
    outer = site.code(site.parent.func) if isinstance(site.parent, ast.Call) else ""
    own = site.source.attributes.get("self", {}) if "self" in site.scope.bound else {}
    methods = [f"self.{name}" for name in sorted(own, key=lambda name: -own[name])[:NEAR]]
    if owner or tested:
        texts = [*near.callers[:NEAR], *CONVERTED, *far.callers[:FAR]]
    else:
        texts = [*near.callers[:NEAR], *far.callers[: 2 * FAR], *parameters_of(site)[:FAR], *methods]
        texts += _defined(site)[:NEAR]
    for text in dict.fromkeys(texts):
        if text != outer and _known(site, text):
            yield site.put(f"{text}({inner})", "wrap.call")
    if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        for name in dict.fromkeys([*near.bare[:NEAR], *far.bare[:FAR]]):
            yield site.put(f"{site.receiver(node)}.{name}()", "wrap.method")


def valued(site: Site) -> Iterator[Proposal]:
    """A value of this function instead of a name or a literal; one more such value, or a word of the failing
    test, as an argument; an attribute of a name."""
    node = site.node
    if not site.free:
        return
    near = words(site.source, site.scope.function)
    if isinstance(node, ast.Call) and not node.keywords and not any(map(_starred, node.args)):
        given = {site.code(item) for item in node.args}
        if not any(isinstance(item, ast.GeneratorExp) for item in node.args):
            end = site.span(node.args[-1])[1] if node.args else site.source.spans[node][1] - 1
            quoted = [repr(piece) for piece in site.pieces[:FAR] if not piece.isdigit()]
            for text in _other([*near.values[: 2 * NEAR], *quoted], given):
                yield Proposal(end, end, f", {text}" if node.args else text, "argument.add")
    if isinstance(node, ast.Name) and site.loads and site.field != "func":
        own = site.source.attributes.get(node.id, {})
        if isinstance(site.parent, ast.Attribute):
            names = sorted(own, key=lambda name: -own[name])
        else:
            names = [*near.attributes[:NEAR], *words(site.source, None).attributes[: 2 * FAR]]
        for name in names[: 3 * NEAR]:
            yield site.put(f"{node.id}.{name}", "attribute.add")
    operand = isinstance(site.parent, ast.Compare | ast.BinOp | ast.BoolOp) and site.field != "ops"
    given = isinstance(site.parent, ast.Call) and site.field == "args"
    if isinstance(node, ast.Name | ast.Constant) and site.loads and (operand or given):
        kind = "argument.other" if given else "literal.instead"
        for text in _other(near.values[: 2 * NEAR], {site.text}):
            yield site.put(text, kind)
        if operand and isinstance(node, ast.Name):
            for text in ("0", "1", "2", "None", "''"):
                yield site.put(text, "literal.instead")


def _starred(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred)


def _other(texts: Iterable[str], than: set[str]) -> list[str]:
    return [text for text in texts if text not in than]


def _known(site: Site, text: str) -> bool:
    """Can what was seen elsewhere be written here?"""
    head = text.partition(".")[0].partition("[")[0]
    return not head.isidentifier() or head in site.scope.visible or head in BUILTINS


def words(source: Source, part: ast.AST | None) -> Words:
    """What a function of a file says, or all of the file."""
    return _all_words(source)[None if part is None else id(part)]


@functools.lru_cache(maxsize=8)
def _all_words(source: Source) -> defaultdict[int | None, Words]:
    """What each function of a file says, by `id`, and under None what the file says."""
    counts: defaultdict[int | None, list[Counter[str]]] = defaultdict(
        lambda: [Counter() for _ in Words._fields]
    )
    stack: list[tuple[ast.AST, int | None]] = [(source.tree, None)]
    while stack:
        node, owner = stack.pop()
        for key in {owner, None}:
            _count(source, node, counts[key])
        inner = id(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else owner
        stack += [(child, inner) for child in ast.iter_child_nodes(node)]
    silent = Words((), (), (), (), (), ())
    found: defaultdict[int | None, Words] = defaultdict(lambda: silent)
    for key, counted in counts.items():
        found[key] = Words(*(tuple(text for text, _ in counter.most_common(40)) for counter in counted))
    return found


def _count(source: Source, node: ast.AST, counted: list[Counter[str]]) -> None:
    callers, functions, methods, bare, values, attributes = counted
    if isinstance(node, ast.Call) and node.func in source.spans and node.func not in source.shy:
        text = source.piece(node.func)
        if isinstance(node.func, ast.Name):
            functions[node.func.id] += 1
        elif isinstance(node.func, ast.Attribute):
            methods[node.func.attr] += 1
            if not node.args and not node.keywords:
                bare[node.func.attr] += 1
        if len(node.args) == 1 and not node.keywords and callee(node) and short(text):
            callers[text] += 1
    elif isinstance(node, ast.Attribute | ast.Subscript | ast.Constant) and node in source.spans:
        plain = not isinstance(node, ast.Constant) or isinstance(node.value, int | float | str)
        loads = isinstance(getattr(node, "ctx", None), ast.Load | None)
        text = source.piece(node)
        if isinstance(node, ast.Attribute) and loads:
            attributes[node.attr] += 1
        if plain and loads and node not in source.shy and short(text):
            values[text] += 1


def short(text: str) -> bool:
    """Whether a text may be said again."""
    return 0 < len(text) <= LONGEST and "\n" not in text


FAMILIES = (others, raised, wrapped, valued)
