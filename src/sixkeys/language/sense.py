"""Does a change make sense where it stands? Names that are bound there, calls of as many arguments as they
take, statements that do something.

In: a file's text and tokens. Out: what its tree says of names and signatures, and which calls a row of tokens
makes. Not covered: names that arrive by `import *`, and functions of other files, but for how many arguments
they are given here.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

OPEN, CLOSE = frozenset("([{"), frozenset(")]}")
BUILT_IN = frozenset(dir(builtins))
CONSTRUCTOR = "__init__"
FIRST = ("self", "cls")
"""Parameters that a caller does not give."""
EFFECTS = frozenset(("(", "=", ":", *keyword.kwlist)) - {
    "not",
    "and",
    "or",
    "is",
    "in",
    "None",
    "True",
    "False",
}
"""Tokens without one of which a statement does nothing."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Call = tuple[str, int]
"""Who is called, with how many arguments."""


class Named(NamedTuple):
    """What a name is where it is said."""

    unbound: bool
    """Nothing gives it a value: neither the functions around, nor the module, nor Python."""
    late: bool
    """The function around gives it a value further down only."""
    local: bool
    """The functions around give it a value."""
    read: int
    """How often the functions around read it."""


class Room(NamedTuple):
    """A function, or the module: its lines from 1 on, who binds what where, who reads what how often."""

    first: int
    last: int
    bound: defaultdict[str, list[int]]
    read: Counter[str]


class Sense:
    """What a file's tree says. Of a file that does not parse only the calls are known."""

    def __init__(self, text: str, tokens: Sequence[str]):
        self.calls = calls(tokens)
        self.takes: dict[str, tuple[float, float]] = {}
        """Function -> the fewest and the most arguments that it takes, by its signatures in this file."""
        self.rooms = [Room(1, text.count("\n") + 1, defaultdict(list), Counter())]
        """The module, and every function of it."""
        self.parsed = True
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._walk(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError):
            self.parsed = False

    def _walk(self, tree: ast.Module) -> None:
        """Every node of a tree, with the room that it is in and the class whose body holds it."""
        waiting: list[tuple[ast.AST, Room, str]] = [(tree, self.rooms[0], "")]
        while waiting:
            node, room, owner = waiting.pop()
            for name, line in _binds(node):
                room.bound[name].append(line)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                room.read[node.id] += 1
            if isinstance(node, Function):
                room = Room(node.lineno, node.end_lineno or node.lineno, defaultdict(list), Counter())
                self.rooms.append(room)
                for arg in _arguments(node.args):
                    room.bound[arg.arg].append(node.lineno)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._signed(owner if node.name == CONSTRUCTOR else node.name, node.args)
            owner = node.name if isinstance(node, ast.ClassDef) else ""
            waiting.extend((child, room, owner) for child in ast.iter_child_nodes(node))

    def _signed(self, name: str, given: ast.arguments) -> None:
        some = [*given.posonlyargs, *given.args]
        own = len(some) - (bool(some) and some[0].arg in FIRST)
        needs = own - len(given.defaults) + sum(default is None for default in given.kw_defaults)
        most = inf if given.vararg or given.kwarg else own + len(given.kwonlyargs)
        few, many = self.takes.get(name, (inf, 0))
        self.takes[name] = (min(few, max(needs, 0)), max(many, most))

    def around(self, line: int) -> list[Room]:
        """The module and the functions around a line, the innermost last."""
        return [room for room in self.rooms if room.first <= line <= room.last]

    def named(self, rooms: Sequence[Room], line: int, name: str) -> Named:
        """What a name is, said on this line, `rooms` around it."""
        inner = [room for room in rooms[1:] if name in room.bound]
        shared = not self.parsed or name in self.rooms[0].bound or name in BUILT_IN
        late = bool(inner) and all(min(room.bound[name]) > line for room in inner)
        read = sum(room.read[name] for room in rooms[1:])
        return Named(not inner and not shared, late, bool(inner), read)

    def refuses(self, call: Call) -> bool:
        """Whether no signature in this file takes so many arguments."""
        few, many = self.takes.get(call[0], (0, inf))
        return not few <= call[1] <= many


def _binds(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The names that a node gives a value, with its line."""
    line = getattr(node, "lineno", 1)
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, line
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, line
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield (alias.asname or alias.name).split(".")[0], line
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name, line
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        for name in node.names:
            yield name, 1


def _arguments(given: ast.arguments) -> Iterator[ast.arg]:
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (arg for arg in (given.vararg, given.kwarg) if arg)


def calls(tokens: Sequence[str]) -> Counter[Call]:
    """Which calls a row of tokens makes, each as often as it does; not those that it does not close."""
    found: Counter[Call] = Counter()
    stack: list[tuple[str, int]] = []
    commas: list[int] = []
    for at, token in enumerate(tokens):
        if token in OPEN:
            before = tokens[at - 1] if at else ""
            called = token == "(" and before.isidentifier() and not keyword.iskeyword(before)
            defined = at > 1 and tokens[at - 2] in ("def", "class")
            stack.append((before if called and not defined else "", at))
            commas.append(0)
        elif token == "," and commas:
            commas[-1] += 1
        elif token in CLOSE and stack:
            (name, begun), many = stack.pop(), commas.pop()
            if name:
                empty = at == begun + 1
                found[name, many + (not empty) - (tokens[at - 1] == ",")] += 1
    return found


def idle(tokens: Sequence[str]) -> bool:
    """Whether a whole statement of these tokens would do nothing, such as a name that stands alone."""
    return bool(tokens) and not EFFECTS.intersection(tokens) and tokens[0][0] not in "'\""


def names(tokens: Sequence[str], before: str = "", after: str = "") -> list[str]:
    """The names among tokens that say a variable: no attributes, no keywords of calls or of Python. `before`,
    `after`: the tokens beside them."""
    row = [before, *tokens, after]
    return [
        token
        for left, token, right in zip(row, row[1:], row[2:], strict=False)
        if token.isidentifier() and not keyword.iskeyword(token) and left != "." and right != "="
    ]
