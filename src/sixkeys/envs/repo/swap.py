"""Can this edit be tried by giving one function other code? What `variants.py` needs for that.

In: a file's text, an edit of it. Out: the new text of the outermost function that holds the edit, inside
headers that stand for what is around it; None where the edit touches more than a function's body.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.ClassDef, ast.If, ast.Try, ast.With, ast.For, ast.While)


class Room(NamedTuple):
    """One outermost function of a file. Lines are 1-based."""

    names: tuple[str, ...]
    """Of the classes around it, and its own."""
    headers: str
    """Lines that stand for what is around it."""
    mark: int
    """The line that its code says it begins on: that of its first decorator."""
    first: int
    """The line of its `def`."""
    body: int
    """The first line of its body."""
    last: int


class Swaps:
    """The functions of one file whose code can be changed alone. `SyntaxError` where it does not parse."""

    def __init__(self, path: str, text: str):
        self.path, self.lines = path, text.splitlines(keepends=True)
        tree = ast.parse(text)
        self.future = [
            name.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module == "__future__"
            for name in node.names
        ]
        self.rooms = list(self._rooms(tree.body, (), ""))

    def _rooms(self, body: Sequence[ast.stmt], names: tuple[str, ...], headers: str) -> Iterator[Room]:
        for node in body:
            if isinstance(node, Function):
                inside = node.body[0]
                before = self.lines[inside.lineno - 1].encode()[: inside.col_offset]
                if inside.lineno > node.lineno and not before.strip():
                    mark = min([node.lineno, *(item.lineno for item in node.decorator_list)])
                    last = node.end_lineno or inside.lineno
                    yield Room((*names, node.name), headers, mark, node.lineno, inside.lineno, last)
            elif isinstance(node, BLOCKS):
                name = (node.name,) if isinstance(node, ast.ClassDef) else ()
                head = f"class {name[0]}:" if name else "if 1:"
                inner = f"{headers}{' ' * node.col_offset}{head}\n"
                for part in ("body", "orelse", "finalbody"):
                    yield from self._rooms(getattr(node, part, []), (*names, *name), inner)

    def room(self, first: int, last: int) -> Room | None:
        """The function whose body holds these lines."""
        return next((room for room in self.rooms if room.body <= first and last <= room.last), None)

    def plain(self, first: int, last: int) -> Room | None:
        """The function of the module, without decorators, that holds these lines, its head included."""
        free = (room for room in self.rooms if not room.headers and room.mark == room.first)
        return next((room for room in free if room.first <= first and last <= room.last), None)

    def ending(self, edit: RepoEdit) -> Room | None:
        """The function whose last lines the edit replaces, or behind which it puts lines that are its own."""
        first = edit.line or 1
        after = first + edit.old.count("\n")
        found = (room for room in self.rooms if room.body <= min(first, room.last) and after == room.last + 1)
        room = next(found, None) if edit.old.endswith("\n") or not edit.old else None
        deep = room and all(_depth(row) > _depth(self.lines[room.first - 1]) for row in _rows(edit.new))
        return room if deep else None

    def variant(
        self, candidate: Candidate, tests: Sequence[str], heads: bool = False
    ) -> dict[str, Any] | None:
        """What `Runner.submit` takes as a variant, its tests included; None where there can be none. `heads`:
        the head of a function may change, too, where nothing but its parameters' defaults is run."""
        edit = candidate.edit
        first = edit.line or 1
        last = first + edit.old.count("\n")
        room = self.room(first, last) or self.ending(edit)
        head = room is None and heads
        room = self.plain(first, last) if head else room
        if room is None:
            return None
        inside = "".join(self.lines[room.first - 1 : room.last])
        start = sum(map(len, self.lines[room.first - 1 : first - 1]))
        if not inside.startswith(edit.old, start):
            return None
        text = inside[:start] + edit.new + inside[start + len(edit.old) :]
        return {
            "path": self.path, "names": list(room.names), "line": room.mark, "future": self.future,
            "source": f"{room.headers}{text}\n", "tests": list(tests), "head": head,
        }  # fmt: skip


def _rows(text: str) -> list[str]:
    return [row for row in text.split("\n") if row.strip()]


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip())
