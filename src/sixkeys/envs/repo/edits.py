"""How is a repository changed? By replace-edits on whole texts: applied, undone, shown as a unified diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

Files = Mapping[str, str]
"""Relative path -> text."""


class EditError(ValueError):
    """The edit does not fit these files; the message says what was looked for and what stands there."""


@dataclass(frozen=True)
class RepoEdit:
    """Replaces `old` by `new` in the file `path`.

    `line` is 1-based: `old` must stand at the beginning of that line (an empty `old` inserts there). Without
    a line `old` must stand exactly once in the file, and may not be empty.
    """

    path: str
    line: int | None
    old: str
    new: str

    def apply(self, files: Files) -> dict[str, str]:
        """New files with the edit made; raises EditError where `old` is missing or ambiguous."""
        text = _text(files, self.path)
        start = self._start(text)
        return {**files, self.path: text[:start] + self.new + text[start + len(self.old) :]}

    def anchored(self, files: Files) -> RepoEdit:
        """The same edit with a line number and whole lines from their beginning on, so that `inverse` is
        exact."""
        text = _text(files, self.path)
        start = self._start(text)
        begin = text.rfind("\n", 0, start) + 1
        head = text[begin:start]
        line = text.count("\n", 0, begin) + 1
        return replace(self, line=line, old=head + self.old, new=head + self.new)

    def inverse(self, files: Files) -> RepoEdit:
        """The edit that takes `self.apply(files)` back to `files`."""
        edit = self.anchored(files)
        return replace(edit, old=edit.new, new=edit.old)

    def diff(self, files: Files, context: int = 3) -> str:
        """A unified diff of the one file, `context` lines around the change; empty where nothing changes."""
        before, after = _text(files, self.path), self.apply(files)[self.path]
        lines = difflib.unified_diff(
            _lines(before), _lines(after),
            f"a/{self.path}", f"b/{self.path}", n=context,
        )  # fmt: skip
        return "".join(
            line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
        )

    def _start(self, text: str) -> int:
        if self.line is not None:
            return self._start_of_line(text, self.line)
        found = text.count(self.old) if self.old else 0
        first = text.find(self.old)
        if found != 1 or text.find(self.old, first + 1) >= 0:
            raise EditError(
                f"{self.path}: {self.old!r} stands there {found} times, not once; give a line number"
            )
        return first

    def _start_of_line(self, text: str, line: int) -> int:
        starts = line_starts(text)
        if not 1 <= line <= len(starts):
            raise EditError(f"{self.path} has lines 1 to {len(starts)}, the edit asks for line {line}")
        start = starts[line - 1]
        if not text.startswith(self.old, start):
            there = text[start : start + max(len(self.old), 1)]
            raise EditError(f"{self.path}:{line} begins with {there!r}, the edit expects {self.old!r}")
        return start


@lru_cache(maxsize=64)
def line_starts(text: str) -> tuple[int, ...]:
    """Where each line begins; kept for the last texts, since thousands of edits of one file ask."""
    return (0, *(found.end() for found in re.finditer("\n", text)))


def line_edit(path: str, before: str, after: str) -> RepoEdit:
    """The smallest whole-line edit that takes the text `before` of `path` to `after`; at least one old line
    is kept in `old` where there is one, so that a pure insertion still shows what it stands before."""
    old, new = _lines(before), _lines(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    if old and head == len(old) and not before.endswith("\n"):
        head -= 1  # an unended last line has no line after it to stand on
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if tail and (len(old) - tail == head or len(new) - tail == head):
        tail -= 1
    return RepoEdit(
        path, head + 1, "".join(old[head : len(old) - tail]), "".join(new[head : len(new) - tail])
    )


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only a newline ends one: a form feed or a carriage return stands inside it."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _text(files: Files, path: str) -> str:
    if path not in files:
        raise EditError(f"no file {path!r}; possible: {', '.join(sorted(files)) or 'none'}")
    return files[path]
