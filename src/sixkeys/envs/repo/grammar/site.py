"""What can be said about one place? A node, what surrounds it, and how a replacement is written there."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.grammar.lexicon import Lexicon
from sixkeys.envs.repo.grammar.sites import CODE, COMPREHENSIONS, Node, Source, parameters
from sixkeys.envs.repo.grammar.syntax import ATOM, TEST, TUPLE, level, open_ended, slot

SAFE_IN_TEXT = re.compile(r"[\w .,()\[\]+*/%-]*")
"""What may be written between the braces of an f-string in every version of Python."""
BLANK = " \t\r\n\f\\"
LITERALS = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, *COMPREHENSIONS)


class Proposal(NamedTuple):
    """The text from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str
    kind: str
    checked: bool = False
    """Must it be compiled before it is offered?"""


class Site:
    """A node of a file and all that the families of edits ask about it."""

    def __init__(
        self,
        source: Source,
        node: ast.AST,
        lexicon: Lexicon,
        pieces: Sequence[str],
        known: Node | None = None,
    ) -> None:
        self.source, self.node, self.lexicon, self.pieces = source, node, lexicon, pieces
        self.known = known or source.about[node]
        self.parent, self.field, self.scope = self.known.parent, self.known.field, self.known.scope

    @property
    def text(self) -> str:
        return self.source.piece(self.node)

    def code(self, node: ast.AST) -> str:
        return self.source.piece(node)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands together with the parentheses around it; those of a call are not its
        argument's."""
        start, end = self.source.spans[node]
        text, parent = self.source.text, self.source.about[node].parent
        if isinstance(parent, ast.Call | ast.ClassDef) and self.source.about[node].field != "func":
            text = text[: self.source.spans[parent][1] - 1] if isinstance(parent, ast.Call) else text[:end]
        while True:
            before, after = start - 1, end
            while before > 0 and text[before] in BLANK:
                before -= 1
            while after < len(text) and text[after] in BLANK:
                after += 1
            if before < 0 or text[before] != "(" or text[after : after + 1] != ")":
                return start, end
            start, end = before, after + 1

    def put(self, text: str, kind: str, strength: int = ATOM, node: ast.AST | None = None) -> Proposal:
        """`text`, which binds as `strength` says, for the node, in parentheses where it needs some."""
        node = node or self.node
        start, end = self.source.spans[node]
        return Proposal(start, end, self.fitted(text, strength, node), kind)

    def fitted(self, text: str, strength: int, node: ast.AST) -> str:
        if strength == ATOM and "\n" not in text and not isinstance(node, ast.GeneratorExp):
            return text
        known = self.source.about[node]
        if self.bare(node, known.parent):
            return f"({text})"
        loose = strength < slot(known.parent, known.field)
        if (loose and not self.enclosed(node, known.parent)) or open_ended(text):
            return f"({text})"
        return text

    def bare(self, node: ast.AST, parent: ast.AST | None) -> bool:
        """Is this a generator whose parentheses are those of the call?"""
        if not isinstance(node, ast.GeneratorExp) or not isinstance(parent, ast.Call):
            return False
        return self.source.spans[node][1] == self.source.spans[parent][1]

    def enclosed(self, node: ast.AST, parent: ast.AST | None) -> bool:
        """Does the node stand in parentheses of its own?"""
        if isinstance(parent, ast.Call | ast.keyword | ast.ClassDef | ast.arguments):
            return False
        start, end = self.source.spans[node]
        return self.source.text[start - 1 : start] == "(" and self.source.text[end : end + 1] == ")"

    def move(self, node: ast.AST, kind: str, target: ast.AST | None = None) -> Proposal:
        """The code of another node in place of this one."""
        text = self.code(node)
        return self.put(text, kind, level(node, text), target)

    def inner(self, node: ast.AST, strength: int) -> str:
        """The code of a node, fit to stand in an operation that binds with `strength`."""
        text = self.code(node)
        own = level(node, text)
        return f"({text})" if own < strength or isinstance(node, ast.NamedExpr) else text

    def argument(self, node: ast.AST) -> str:
        """The code of a node, fit to be an argument."""
        return self.inner(node, TEST) if not isinstance(node, ast.Starred) else self.code(node)

    def receiver(self, node: ast.AST) -> str:
        """The code of a node, fit to stand before a dot or a bracket."""
        text = self.inner(node, ATOM)
        return f"({text})" if open_ended(text) else text

    # --- names ---

    @functools.cached_property
    def nearby(self) -> list[str]:
        """Names that can be read here, those of comprehensions around first, then the function's, then the
        module's."""
        found: dict[str, None] = {}
        for parent in self.source.above(self.node):
            if isinstance(parent, COMPREHENSIONS):
                for generator in parent.generators:
                    found.update((n.id, None) for n in ast.walk(generator.target) if isinstance(n, ast.Name))
            elif isinstance(parent, ast.Lambda):
                found.update(dict.fromkeys(parameters(parent.args)))
            elif isinstance(parent, ast.stmt):
                break
        return list(found) + [name for name in self.scope.visible if name not in found]

    @functools.cached_property
    def locals(self) -> list[str]:
        """Names that the function itself binds or that belong to a comprehension around."""
        outer = len(self.scope.visible) - len(self.scope.bound)
        return self.nearby[: len(self.nearby) - outer] if outer else self.nearby

    def quiet(self, node: ast.AST) -> bool:
        """Can this expression be written anywhere else?"""
        return node not in self.source.shy and node in self.source.spans

    @property
    def loads(self) -> bool:
        """Is this an expression that is read, and may any other stand in its place?"""
        context = getattr(self.node, "ctx", None)
        return isinstance(self.node, ast.expr) and (context is None or isinstance(context, ast.Load))

    def statement_is(self, *kinds: type[ast.stmt]) -> bool:
        return isinstance(self.known.statement, kinds)

    @property
    def free(self) -> bool:
        return self.known.freedom == CODE

    def allows(self, text: str) -> bool:
        """May `text` be written at this place?"""
        return self.free or SAFE_IN_TEXT.fullmatch(text) is not None


def callee(call: ast.Call) -> str:
    """The last name of what is called; empty where that has none."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@functools.lru_cache(maxsize=50_000)
def likeness(one: str, other: str) -> float:
    """How alike two names look: 0 (nothing shared) to 1 (equal but for case)."""
    one, other = one.lower().strip("_"), other.lower().strip("_")
    if one == other:
        return 1.0
    shorter = min(len(one), len(other))
    head = 0
    while head < shorter and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < shorter - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    shared = set(one.split("_")) & set(other.split("_"))
    together = head + tail + max((len(word) for word in shared), default=0)
    if sorted(one) == sorted(other):
        together += len(one)
    return min(0.99, together / max(len(one), len(other), 1))


def alike(name: str, others: Iterable[str], most: int, least: float = 0.0) -> list[str]:
    """The `most` of `others` that look most like `name`; the earlier first where they look equally like."""
    scored = [(likeness(name, other), other) for other in dict.fromkeys(others) if other != name]
    ranked = sorted((pair for pair in scored if pair[0] >= least), key=lambda pair: -pair[0])
    return [other for _, other in ranked[:most]]


def first(items: Iterable[Proposal], most: int) -> Iterator[Proposal]:
    """At most `most` of the proposals."""
    for _, item in zip(range(most), items, strict=False):
        yield item


__all__ = ["ATOM", "LITERALS", "TEST", "TUPLE", "Proposal", "Site", "alike", "callee", "first", "likeness"]
