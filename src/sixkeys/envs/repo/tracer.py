"""Which statements did each test run? Source files are compiled with a mark before every statement.

Runs inside the sandbox, in a fork. A mark is one store into a bytearray, so a traced run takes hardly longer
on any Python. Test files are not traced: pytest compiles those itself.
"""

import ast
import base64
import builtins
import importlib.machinery
import os
import zlib
from types import CodeType
from typing import Any

NAME = "__sixkeys_seen__"
BODIES = ("body", "orelse", "finalbody")


class Tracer:
    """Marks and what they stand for. Keeps state: which marks were passed since the last test began."""

    def __init__(self, folder: str):
        self.folder = folder + os.sep
        self.seen = bytearray()
        self.lines: list[tuple[str, list[int]]] = []
        """(path in the repository, the line of each mark in it), in the order of the marks."""

    def install(self) -> None:
        """From now on every file of the repository that is imported is marked."""
        setattr(builtins, NAME, self.seen)
        loader: Any = importlib.machinery.SourceFileLoader
        plain = loader.get_code

        def marked_or_plain(this: Any, name: str) -> CodeType | None:
            path = this.get_filename(name)
            if path.startswith(self.folder):
                try:
                    return self.marked(path, this.get_data(path))
                except (SyntaxError, ValueError, RecursionError):
                    return plain(this, name)
            return plain(this, name)

        loader.get_code = marked_or_plain

    def marked(self, path: str, source: bytes) -> CodeType:
        """A file compiled with marks; raises what `compile` raises."""
        tree = ast.parse(source, path)
        lines: list[int] = []
        for node in list(ast.walk(tree)):
            for name in BODIES:
                body = getattr(node, name, None)
                if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                    setattr(node, name, self._with_marks(body, lines))
        code = compile(tree, path, "exec", dont_inherit=True)
        self.seen.extend(bytes(len(lines)))
        self.lines.append((path.removeprefix(self.folder), lines))
        return code

    def _with_marks(self, body: list[ast.stmt], lines: list[int]) -> list[ast.stmt]:
        marked: list[ast.stmt] = []
        for place, statement in enumerate(body):
            text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not (future or (place == 0 and text)):
                number = ast.Constant(len(self.seen) + len(lines))
                target = ast.Subscript(ast.Name(NAME, ast.Load()), number, ast.Store())
                mark = ast.copy_location(ast.Assign([target], ast.Constant(1)), statement)
                marked.append(ast.fix_missing_locations(mark))
                lines.append(statement.lineno)
            marked.append(statement)
        return marked

    def begin(self) -> None:
        """A test begins: no mark was passed yet."""
        self.seen[:] = bytes(len(self.seen))

    def taken(self) -> str:
        """The marks passed since then: a byte each, compressed, as base64 text."""
        return base64.b64encode(zlib.compress(bytes(self.seen), 1)).decode()
