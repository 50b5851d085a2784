"""What else plays this part? Expressions by the part they play: third argument of `f`, what `x` becomes, what
is compared with `y`."""

from __future__ import annotations

import ast
import functools
from typing import NamedTuple

from sixkeys.envs.repo.grammar.lexicon import short
from sixkeys.envs.repo.grammar.sites import CODE, Source
from sixkeys.envs.repo.grammar.syntax import level

LONGEST = 80
ADDS = frozenset({"append", "add", "extend", "update", "appendleft", "write"})
"""Methods that put something into their receiver."""
Role = tuple[str | int, ...]
ANYWHERE = "*"
"""In place of a function's name: anywhere in the file."""


class Example(NamedTuple):
    """How strongly an expression binds, and the names it reads."""

    strength: int
    names: frozenset[str]


def role_of(source: Source, node: ast.AST) -> Role | None:
    """The part that an expression plays; None where that is nothing that others play too."""
    known = source.about[node]
    parent, field = known.parent, known.field
    if isinstance(parent, ast.Call) and field == "args":
        name = short(parent.func).rpartition(".")[2]
        return ("argument", name, next(i for i, a in enumerate(parent.args) if a is node)) if name else None
    if isinstance(parent, ast.keyword):
        return "keyword", parent.arg or "**"
    if isinstance(parent, ast.If | ast.While | ast.IfExp) and field == "test":
        return ("test",)
    if isinstance(parent, ast.Expr) and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return ("added",) if node.func.attr in ADDS else None
    if isinstance(parent, ast.Return):
        return ("return",)
    if isinstance(parent, ast.Assign) and field == "value":
        return "assign", short(parent.targets[0])
    if isinstance(parent, ast.Compare) and field == "comparators":
        return "compared", short(parent.left)
    if isinstance(parent, ast.Subscript) and field == "slice":
        return "index", short(parent.value)
    if isinstance(parent, ast.For) and field == "iter":
        return ("iter",)
    return None


@functools.lru_cache(maxsize=16)
def roles_of(source: Source) -> dict[Role, dict[str, Example]]:
    """(function or ANYWHERE, role) -> text -> example, in the order of the file."""
    found: dict[Role, dict[str, Example]] = {}
    for node, (start, end) in source.spans.items():
        if end - start > LONGEST or source.about[node].freedom != CODE or not isinstance(node, ast.expr):
            continue
        role = role_of(source, node)
        if role is None or isinstance(node, ast.Slice | ast.Lambda | ast.GeneratorExp):
            continue
        text = source.text[start:end]
        if "\n" in text or node in source.shy:
            continue
        names = frozenset(item.id for item in ast.walk(node) if isinstance(item, ast.Name))
        example = Example(level(node, text), names)
        for where in (source.about[node].scope.name, ANYWHERE):
            found.setdefault((where, *role), {}).setdefault(text, example)
    return found
