"""Where can a file be changed? Its syntax tree with spans counted in characters, parents, scopes and
blocks."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

Definition = ast.FunctionDef | ast.AsyncFunctionDef
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SHY = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Starred)
SCOPED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")
BLOCKS = frozenset({"body", "orelse", "finalbody"})
HIDDEN = frozenset(
    {"annotation", "returns", "type_params", "type_comment", "format_spec", "ctx", "op", "ops"}
)
"""Fields whose code is left as it is; operators have no position and are found beside their operands."""
CODE, FORMATTED, PATTERN, UNSEEN = range(4)
"""How free a place is: any code, inside of an f-string, a value to match, never changed."""


@dataclass(eq=False)
class Scope:
    """A function, class or module, and the names that it binds and reads, in order."""

    name: str
    node: ast.AST
    outer: Scope | None
    bound: dict[str, None] = field(default_factory=dict)
    read: dict[str, None] = field(default_factory=dict)
    generator: bool = False

    @property
    def function(self) -> Definition | None:
        """The function, where this scope is one."""
        return self.node if isinstance(self.node, Definition) else None

    @functools.cached_property
    def visible(self) -> dict[str, None]:
        """Names that can be read here, the nearest first."""
        found, scope = dict(self.bound), self.outer
        while scope is not None:
            if not isinstance(scope.node, ast.ClassDef):
                found.update(scope.bound)
            scope = scope.outer
        return found

    @property
    def klass(self) -> ast.ClassDef | None:
        """The class whose method this is, or that this is."""
        scope: Scope | None = self
        while scope is not None and not isinstance(scope.node, ast.ClassDef):
            scope = scope.outer
        return scope.node if scope and isinstance(scope.node, ast.ClassDef) else None


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all parameters, in order."""
    listed = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs]
    return [item.arg for item in [*listed, arguments.kwarg] if item]


def is_part(node: ast.AST) -> bool:
    """Is this an expression or a part of one?"""
    return not isinstance(node, ast.stmt | ast.mod)


class Block:
    """The statements that stand under one header."""

    def __init__(self, owner: ast.AST, name: str, items: list[ast.stmt]) -> None:
        self.owner, self.name, self.items = owner, name, items


@dataclass(eq=False)
class Node:
    """What is known of one node of the tree besides itself."""

    parent: ast.AST | None
    field: str
    scope: Scope
    statement: ast.stmt | None
    freedom: int
    depth: int


@dataclass(eq=False)
class Source:
    """A parsed file. Offsets count characters of `text`."""

    text: str
    tree: ast.Module
    starts: list[int]
    about: dict[ast.AST, Node] = field(default_factory=dict)
    spans: dict[ast.AST, tuple[int, int]] = field(default_factory=dict)
    by_line: defaultdict[int, list[ast.AST]] = field(default_factory=lambda: defaultdict(list))
    blocks: dict[ast.stmt, Block] = field(default_factory=dict)
    strings: list[ast.AST] = field(default_factory=list)
    shy: set[ast.AST] = field(default_factory=set)
    """Expressions with a part that cannot stand everywhere."""
    feeds: list[int] = field(default_factory=list)
    """Where lines begin as `RepoEdit` counts them: behind newlines only."""
    declared: set[str] = field(default_factory=set)
    """Names that are declared global or nonlocal anywhere; changing their uses may not compile."""

    def piece(self, node: ast.AST) -> str:
        """The code of a node."""
        start, end = self.spans[node]
        return self.text[start:end]

    def line(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect_right(self.starts, offset)

    def line_start(self, offset: int) -> int:
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of `offset` ends, its end-of-line mark included."""
        index = bisect_right(self.starts, offset)
        return self.starts[index] if index < len(self.starts) else len(self.text)

    def indent(self, statement: ast.AST) -> str | None:
        """What stands before the statement on its line; None where that is not only white space."""
        start = self.outset(statement)
        before = self.text[self.line_start(start) : start]
        return before if not before.strip(" \t\f") else None

    def outset(self, statement: ast.AST) -> int:
        """Where a statement begins, decorators included."""
        first = getattr(statement, "decorator_list", None)
        if not first:
            return self.spans[statement][0]
        return self.text.rindex("@", 0, self.spans[first[0]][0])

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parents of a node, the nearest first."""
        parent = self.about[node].parent
        while parent is not None:
            yield parent
            parent = self.about[parent].parent

    @functools.cached_property
    def newline(self) -> str:
        """How this file ends its lines."""
        found = re.search(r"\r?\n", self.text)
        return found.group() if found else "\n"

    @functools.cached_property
    def attributes(self) -> dict[str, dict[str, int]]:
        """What is read or written on a receiver, `receiver` -> name -> how often."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for node in self.spans:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found[node.value.id][node.attr] += 1
        return found


@functools.lru_cache(maxsize=16)
def read(text: str) -> Source:
    """Parses a file; raises SyntaxError (or ValueError, for a null byte) where Python does."""
    marked = text.startswith("\ufeff")
    tree = ast.parse(text[1:] if marked else text)
    starts = [0] + [found.end() for found in re.finditer(r"\r\n|\r|\n", text)]
    source = Source(text, tree, starts)
    source.feeds = [0] + [found.end() for found in re.finditer("\n", text)]
    _Walk(source, marked).run()
    return source


class _Walk:
    """One pass over the tree, with a stack of its own: code may be nested deeper than Python calls may."""

    def __init__(self, source: Source, marked: bool) -> None:
        self.source = source
        self.marked = marked
        text, starts = source.text, [*source.starts, len(source.text)]
        plain = text.isascii()
        self.wide = {} if plain else {
            number: line.encode()
            for number in range(1, len(starts))
            if not (line := text[starts[number - 1] : starts[number]]).isascii()
        }  # fmt: skip

    def offset(self, line: int, column: int) -> int:
        start = self.source.starts[line - 1]
        if line == 1 and self.marked:
            return start + 1 + len(self.wide[1][3:][:column].decode())
        if line in self.wide:
            return start + len(self.wide[line][:column].decode(errors="replace"))
        return start + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node that has a position stands."""
        line, column, last, end = (getattr(node, name) for name in POSITION)
        return self.offset(line, column), self.offset(last, end)

    def run(self) -> None:
        top = Scope("", self.source.tree, None)
        self.source.about[self.source.tree] = Node(None, "", top, None, CODE, 0)
        stack = list(reversed(self.children(self.source.tree, top, None, CODE, 0)))
        while stack:
            node, known = stack.pop()
            self.source.about[node] = known
            if hasattr(node, "lineno"):
                self.place(node, known)
            scope, statement, depth = known.scope, known.statement, known.depth
            if isinstance(node, ast.stmt):
                statement, depth = node, depth + 1
            self.names(node, known)
            if isinstance(node, SHY):
                self.source.shy.add(node)
                self.source.shy.update(itertools.takewhile(is_part, self.source.above(node)))
            if isinstance(node, SCOPED):
                name = f"{scope.name}.{node.name}" if scope.name else node.name
                scope = Scope(name, node, scope)
            stack += reversed(self.children(node, scope, statement, known.freedom, depth))

    def children(
        self, node: ast.AST, scope: Scope, statement: ast.stmt | None, freedom: int, depth: int
    ) -> list[tuple[ast.AST, Node]]:
        found, outer = [], self.source.about[node].scope
        outside = isinstance(node, SCOPED)
        for name in node._fields:
            value = getattr(node, name, None)
            if value is None:
                continue
            inner = scope if not outside or name == "body" else outer
            if isinstance(value, ast.AST):
                free = self.freedom(node, name, value, freedom)
                if isinstance(value, ast.arguments) and outside:
                    self.parameters(value, scope)
                found.append((value, Node(node, name, inner, statement, free, depth)))
            elif isinstance(value, list):
                if name in BLOCKS and value and isinstance(value[0], ast.stmt):
                    block = Block(node, name, value)
                    self.source.blocks.update(dict.fromkeys(value, block))
                for item in value:
                    if isinstance(item, ast.AST):
                        free = self.freedom(node, name, item, freedom)
                        found.append((item, Node(node, name, inner, statement, free, depth)))
        return found

    def freedom(self, parent: ast.AST, name: str, node: ast.AST, now: int) -> int:
        """How free `node` is as `parent.name`, where the parent is as free as `now`."""
        if now == UNSEEN or name in HIDDEN:
            return UNSEEN
        if isinstance(parent, ast.JoinedStr):
            return UNSEEN if isinstance(node, ast.Constant) or now == FORMATTED else FORMATTED
        if isinstance(parent, ast.FormattedValue):
            return FORMATTED if self.trusted(node) else UNSEEN
        if isinstance(node, ast.pattern):
            return PATTERN
        docstring = isinstance(parent, ast.Expr) and isinstance(node, ast.Constant)
        return UNSEEN if docstring or isinstance(parent, ast.MatchMapping) else now

    def trusted(self, node: ast.AST) -> bool:
        """Is the position of what stands between the braces of an f-string right? Not always before
        Python 3.12."""
        start, end = self.span(node)
        text = self.source.text
        if text[:start].rstrip()[-1:] != "{" or "\n" in text[start:end]:
            return False
        if sys.version_info >= (3, 12):
            return True
        try:
            return ast.dump(ast.parse(text[start:end], mode="eval").body) == ast.dump(node)
        except SyntaxError:
            return False

    def place(self, node: ast.AST, known: Node) -> None:
        if known.freedom == UNSEEN and not isinstance(node, ast.expr):
            return
        in_text = isinstance(known.parent, ast.JoinedStr | ast.FormattedValue)
        if (in_text and known.freedom == UNSEEN) or isinstance(node, ast.FormattedValue):
            return
        start, end = self.span(node)
        self.source.spans[node] = (start, end)
        text = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        )
        if text and known.freedom != FORMATTED:
            self.source.strings.append(node)
        if known.freedom != UNSEEN:
            self.source.by_line[self.source.line(start)].append(node)

    def parameters(self, arguments: ast.arguments, scope: Scope) -> None:
        scope.bound.update(dict.fromkeys(parameters(arguments)))

    def names(self, node: ast.AST, known: Node) -> None:
        """Notes what the node binds or reads."""
        scope = known.scope
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.read[node.id] = None
            elif not self.in_comprehension(node):
                scope.bound[node.id] = None
        elif isinstance(node, SCOPED):
            scope.bound[node.name] = None
        elif isinstance(node, ast.alias) and node.name != "*":
            scope.bound[(node.asname or node.name).partition(".")[0]] = None
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            scope.bound[node.name] = None
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self.source.declared.update(node.names)
        elif isinstance(node, ast.Yield | ast.YieldFrom):
            scope.generator = True

    def in_comprehension(self, node: ast.AST) -> bool:
        for parent in self.source.above(node):
            if isinstance(parent, ast.comprehension):
                return True
            if isinstance(parent, ast.stmt | ast.NamedExpr):
                return False
        return False
