"""What need not be compiled in every run? Files that were seen before, found where pytest would compile them.

Runs inside the sandbox: filled in the warm parent, which parses and compiles but never runs anything, and
read in its forks, whose writes stay their own.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.machinery
import itertools
import linecache
import os
import re
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

FILES_KNOWN, LEARNT_AT_ONCE = 128, 1 << 15
"""How many test files the warm parent knows, and how many characters of them it compiles for one run."""
PLAIN, PLAIN_DEPTH = re.compile(r"(?:[ -~]{0,299}[!-~]\n|\n)*"), 20
"""What a plain text consists of, and how deep its brackets may nest."""
OTHERWISE_COMPILED = "enable_assertion_pass_hook"
"""The one setting of pytest that changes how it compiles asserts."""


class Known(NamedTuple):
    """What is known of the text of a test file."""

    code: CodeType
    """Compiled, with pytest's rewritten asserts."""
    statements: list[int]
    """Where its statements begin, as pytest counts them; none where it counts them each time anew."""


class Library:
    """Test files that were seen before, compiled. Keeps state: what is known of them, the oldest first.

    A file is found by its path and its whole text only.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self.known: dict[tuple[str, bytes], Known | None] = {}
        self.modules: dict[tuple[str, bytes], CodeType] = {}
        """The same files, and others, as a plain import compiles them."""
        self.statements: dict[str, list[int]] = {}
        self.active = True

    def heed(self, files: dict[str, str]) -> None:
        """In a run of this tree: what is known is of use only where pytest would compile it so."""
        self.active = not any(OTHERWISE_COMPILED in text for text in files.values())

    def learn(self, files: dict[str, str]) -> bool:
        """Compiles the test files of a tree that are new and plain; whether there was one."""
        room, learnt = LEARNT_AT_ONCE, False
        for name, text in files.items():
            if not name.endswith(".py") or not rewritten(name) or name.endswith("conftest.py"):
                continue
            key = os.path.join(self.folder, name), text.encode(errors="replace")
            if key in self.known:
                self.known[key] = self.known.pop(key)
            elif len(text) <= room and plain(text):
                room, learnt = room - len(text), True
                self.add(*key)
        return learnt

    def know(self, sources: dict[str, bytes]) -> None:
        """Compiles the Python files of a repository that stays: relative path -> bytes."""
        for name, source in sources.items():
            path = os.path.join(self.folder, name)
            with contextlib.suppress(Exception, Warning), warnings.catch_warnings():
                warnings.simplefilter("error")
                self.modules[path, source] = compile(source, path, "exec", dont_inherit=True)
            if rewritten(name):
                self.known[path, source] = compiled(path, source)

    def add(self, path: str, source: bytes) -> None:
        """Compiles one, and never again where that is broken off; the oldest goes where there are many."""
        self.known[path, source] = None
        known = self.known[path, source] = compiled(path, source)
        if known is not None and known.statements:
            self.statements[as_shown(source)] = known.statements
        if len(self.known) > FILES_KNOWN:
            oldest = next(iter(self.known))
            del self.known[oldest]
            self.statements.pop(as_shown(oldest[1]), None)

    def install(self) -> None:
        """Makes pytest ask here first, where it would compile a test file or look up a line of one."""
        code: Any = importlib.import_module("_pytest._code.code")
        rewrite: Any = importlib.import_module("_pytest.assertion.rewrite")
        read, find, statement_range = rewrite._read_pyc, code.findsource, code.getstatementrange_ast

        def known_or_read(path: Path, *others: Any) -> CodeType | None:
            known = self.known.get((str(path), path.read_bytes())) if self.active else None
            return read(path, *others) if known is None else known.code

        def found(what: Any) -> Any:
            return lines_of(what, find) if isinstance(what, CodeType) else find(what)

        def ranged(line: int, text: Any, assertion: bool = False, astnode: Any = None) -> Any:
            if astnode is None and (begins := self.statements.get(str(text))) is not None:
                astnode = types.SimpleNamespace(_pytest_statement_linenos=begins)
            return statement_range(line, text, assertion, astnode)

        loader: Any = importlib.machinery.SourceFileLoader
        get_code = loader.get_code

        def known_or_compiled(this: Any, name: str) -> CodeType | None:
            path = this.get_filename(name)
            if self.modules and path.startswith(self.folder + os.sep):
                found = self.modules.get((path, this.get_data(path)))
                if found is not None:
                    return found
            return get_code(this, name)

        loader.get_code = known_or_compiled
        rewrite._read_pyc, rewrite.traverse_node = known_or_read, placed
        code.findsource, code.getstatementrange_ast = found, ranged


def rewritten(name: str) -> bool:
    """Whether pytest would rewrite the asserts of a file of this name, if nothing else is configured."""
    base = os.path.basename(name)
    return base == "conftest.py" or base.endswith("_test.py") or base.startswith("test_")


def as_shown(source: bytes) -> str:
    """A known text as pytest's own tracebacks hold it."""
    return source.decode().removesuffix("\n")


def plain(text: str) -> bool:
    """Whether a text is tame enough for the warm parent's parser: ASCII, short lines, shallow, no tricks."""
    steps = (1 if bracket in "([{" else -1 for bracket in re.findall(r"[][(){}]", text))
    tame = text.isascii() and "coding" not in text[:700] and PLAIN.fullmatch(text) is not None
    return tame and max(map(abs, itertools.accumulate(steps)), default=0) < PLAIN_DEPTH


def compiled(path: str, source: bytes) -> Known | None:
    """What pytest would make of a test file; None where that fails or warns: the run says so itself."""
    from _pytest._code import source as texts
    from _pytest.assertion.rewrite import rewrite_asserts

    counted = getattr(texts, "_statement_linenos", lambda tree: [])  # only newer ones have it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(source, filename=path)
            statements = counted(tree)
            rewrite_asserts(tree, source, path)
            return Known(compile(tree, path, "exec", dont_inherit=True), statements)
    except (Exception, Warning):
        return None


def placed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes at and below `node` that lack a place in the text: what pytest's traverse_node is for.

    Whoever asks gives each the place of one and the same assert; what is below a node without a place gets
    that place here, which is faster.
    """
    given = getattr(node, "lineno", None) is None
    yield node
    place = {name: getattr(node, name, None) for name in ast.stmt._attributes} if given else {}
    nodes = [node]
    while nodes:
        node = nodes.pop()
        inside = vars(node)
        for value in inside.values():
            if isinstance(value, list):
                nodes += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                nodes.append(value)
        if "lineno" not in inside and "lineno" in node._attributes:
            if given:
                inside.update(place)
            else:
                yield node


def lines_of(code: CodeType, otherwise: Callable[[Any], Any]) -> Any:
    """pytest's findsource for code of an existing file, without a look at every module there is."""
    from _pytest._code.source import Source

    path, lines = code.co_filename, []
    if path.endswith(".py") and os.path.exists(path):
        linecache.checkcache(path)
        lines = linecache.getlines(path)
    if not 0 < code.co_firstlineno <= len(lines):
        return otherwise(code)
    source = Source()
    source.lines, source.raw_lines = [line.rstrip() for line in lines], lines
    return source, code.co_firstlineno - 1
