"""Is this a table of data? One that the file had before, longer now, or one more of the same shape.

In: nodes of a piece of code, before and after, and the file before. Out: nodes that lie in such tables. What
programs know about the world stands in tables, and tests ask for their entries: an entry more is no special
case. A table counts if many of its keys were keys of one table before, and if the edit asks for it nowhere
where it was not asked for.

Not covered: tables of fewer keys, and those that one entry an assignment fills.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

MANY = 8
"""Keys that make a table."""


def keys(node: ast.AST) -> frozenset[object]:
    """The keys of a dictionary, or first parts of pairs, that are spelled out."""
    named: list[ast.AST | None] = []
    if isinstance(node, ast.Dict):
        named = [*node.keys]
    elif isinstance(node, ast.List | ast.Tuple):
        named = [pair.elts[0] for pair in node.elts if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
    return frozenset(part.value for part in named if isinstance(part, ast.Constant))


@lru_cache(maxsize=256)
def long(text: str) -> tuple[frozenset[object], ...]:
    """The keys of every table of a file that has many; none where it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(found for found in map(keys, ast.walk(tree)) if len(found) >= MANY)


def asked(nodes: Iterable[tuple[str, ast.AST]]) -> Counter[str]:
    """How often each name, or attribute, is read."""
    read = [node for _, node in nodes if isinstance(getattr(node, "ctx", None), ast.Load)]
    return Counter(getattr(node, "id", getattr(node, "attr", "")) for node in read)


def inside(gone: list, fresh: list, before: str) -> Iterator[int]:
    """The ids of nodes that lie in tables of data among those of `fresh`; as for answers.copied."""
    found = [node for _, node in fresh if any(len(keys(node) & old) >= MANY for old in long(before))]
    if not found:
        return
    more = asked(fresh) - asked(gone)
    given = [node for _, node in fresh if isinstance(node, ast.Assign | ast.AnnAssign)]
    for node in found:
        holders = [one for one in given if any(part is node for part in ast.walk(one))]
        names = {getattr(target, "id", getattr(target, "attr", "")) for one in holders
                 for target in getattr(one, "targets", [getattr(one, "target", None)])}  # fmt: skip
        if names and "" not in names and not names & set(more):
            yield from map(id, ast.walk(node))
