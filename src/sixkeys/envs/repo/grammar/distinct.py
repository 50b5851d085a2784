"""Are two edits the same change, and does it compile? Answered by tokens where possible, by parsing where
not."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from bisect import bisect_left

from sixkeys.envs.repo.grammar.site import Proposal
from sixkeys.envs.repo.grammar.sites import Source
from sixkeys.envs.repo.grammar.syntax import BRACKETS, TOKEN, normal, sieved, tokens

HAZARD = re.compile(r"\b(?:return|yield|await|break|continue|nonlocal|global|async|case|except)\b|:=|\*")
"""Words that do not compile everywhere."""
FAR = 1000
"""Longer than what stands behind a statement on its last line."""
Key = tuple[int, int, tuple[str, ...]]
Raw = list[tuple[int, int, str]]
"""Twice the offset where a token starts, the offset where it ends, its text. A new line begins half
a character before its first one."""


class Distinct:
    """Remembers the edits of one file and refuses the second of two that leave the same syntax tree.

    A file is a row of tokens without what the tree does not know (grouping brackets, spaces, comments), and
    with the indentation of each line. An edit is the difference of two rows, made as short as can be. Unequal
    rows are taken for unequal trees; where rows are equal the trees are compared.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        raw = _row(source)
        kept = sieved(text for _, _, text in raw)
        self.places = [raw[place][0] for place, _ in kept]
        self.ends = [raw[place][1] for place, _ in kept]
        self.row = [text for _, text in kept]
        self.seen: dict[Key, list[Proposal]] = {}

    def admits(self, edit: Proposal) -> bool:
        """Does this edit compile, is it neither idle nor admitted before? If so it is admitted now."""
        if edit.text == self.source.text[edit.start : edit.end]:
            return False
        key = self.key(edit)
        known = self.seen.get(key, ())
        if any(edit[:3] == other[:3] for other in known):
            return False
        rivals = [*known, Proposal(edit.start, edit.start, "", "")] if not (key[1] or key[2]) else known
        if any(self.same(edit, other) for other in rivals) or not self.sound(edit):
            return False
        self.seen[key] = [*known, edit]
        return True

    # --- rows ---

    def key(self, edit: Proposal) -> Key:
        """The first token that differs, how many are replaced, and by which."""
        first, last, new = self.cut(edit)
        row, length = self.row, len(self.row)
        while first < length:
            if first < last and new and new[0] == row[first]:
                first, new = first + 1, new[1:]
            elif first < last < length and not new and row[first] == row[last]:
                first, last = first + 1, last + 1
            elif first == last and new and new[0] == row[last]:
                new, first, last = (*new[1:], row[last]), first + 1, last + 1
            else:
                break
        while new and last > first and new[-1] == row[last - 1]:
            new, last = new[:-1], last - 1
        return first, last - first, new

    def cut(self, edit: Proposal) -> Key:
        """Which tokens an edit replaces and by which. One that it only touches is replaced whole."""
        text = self.source.text
        start, end, new = edit[:3]
        if self.lines(edit):
            return bisect_left(self.places, 2 * start - 1), bisect_left(self.places, 2 * end - 1), _whole(new)
        first, last = bisect_left(self.places, 2 * start), bisect_left(self.places, 2 * end)
        if first and self.ends[first - 1] > start:
            begin, stop = self.places[first - 1] // 2, self.ends[first - 1]
            whole = text[begin:start] + new + text[min(end, stop) : stop]
            return first - 1, max(first, last), (normal(whole),)
        return first, last, tokens(new)

    def lines(self, edit: Proposal) -> bool:
        """Are whole lines replaced by whole lines?"""
        start, end, new = edit[:3]
        text, breaks = self.source.text, ("\n", "\r")
        if new.startswith(breaks) and start == len(text):
            return True
        whole = end == len(text) or (text[end - 1 : end] in breaks and end > 0) or end == 0
        begins = start == 0 or text[start - 1] in breaks
        return begins and whole and (not new or new.endswith(breaks) or end == len(text))

    # --- trees ---

    def same(self, one: Proposal, other: Proposal) -> bool:
        """Do two edits leave the same tree?"""
        old = [self.source.text[edit.start : edit.end] for edit in (one, other)]
        if not any("(" in text for text in (one.text, other.text, *old)):
            return True  # rows are equal, and nothing is grouped in another way
        unit = self.unit(min(one.start, other.start), max(one.end, other.end), False)
        texts = [self.changed(unit, edit) for edit in (one, other)]
        return texts[0] == texts[1] or dumped(texts[0]) == dumped(texts[1])

    def sound(self, edit: Proposal) -> bool:
        """Does the file compile with this edit? Families see to that, but for edits that they want checked
        and for names that are declared global or nonlocal."""
        declared = self.source.declared
        old = self.source.text[edit.start : edit.end]
        named = declared and not declared.isdisjoint(re.findall(r"\w+", f"{old} {edit.text}"))
        if not edit.checked and not named:
            return True
        if named or self.lines(edit) or HAZARD.search(f"{old} {edit.text}"):
            return compiles(self.changed(self.unit(edit.start, edit.end, True), edit), True)
        return compiles(self.changed(self.unit(edit.start, edit.end, False), edit), False)

    def unit(self, start: int, end: int, function: bool) -> tuple[int, int]:
        """The lines of the smallest statement around two offsets, or of the outermost function."""
        found, items = (0, len(self.source.text)), list(self.source.tree.body)
        while items:
            inner: list[ast.stmt] = []
            for item in items:
                if self.source.spans[item][1] + FAR < start:
                    continue
                first = self.source.line_start(self.source.outset(item))
                last = self.source.line_end(self.source.spans[item][1])
                if first <= start and end <= last and self.alone(item, first, last):
                    ends_early = end == last and start == last
                    found = found if ends_early else (first, last)
                    outermost = function and isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
                    stop = ends_early or outermost
                    inner = [] if stop else [s for s in ast.iter_child_nodes(item) if isinstance(s, ast.stmt)]
                    break
            items = inner
        return found

    def alone(self, item: ast.stmt, first: int, last: int) -> bool:
        start, stop = self.source.outset(item), self.source.spans[item][1]
        text = self.source.text
        tail = text[stop:last].strip()
        alone = not text[first:start].strip(" \t\f") and (not tail or tail[0] == "#")
        return (
            alone
            and not text.startswith("elif", start)
            and text[max(0, first - 3) : first].rstrip("\r\n")[-1:] != "\\"
        )

    def changed(self, unit: tuple[int, int], edit: Proposal) -> str:
        """The unit with the edit made, as a module of its own."""
        text = self.source.text
        start, end = unit
        piece = text[start : edit.start] + edit.text + text[edit.end : max(end, edit.end)]
        return f"if 1:\n{piece}\n" if text[start : start + 1] in (" ", "\t") else piece.removeprefix("\ufeff")


def _row(source: Source) -> Raw:
    """The tokens of a file, its strings one each, wherever the syntax tree says that they end."""
    row: Raw = []
    text, place = source.text, 0
    for string in source.strings:
        start, end = source.spans[string]
        if start < place:
            continue
        row += _lexed(text, place, start, not place)
        line = text[source.line_start(start) : start]
        if (not line.strip() and row and row[-1][2] in "¶") or not row:
            row.append((2 * source.line_start(start) - 1, start, "¶" + line))
        value = string.value if isinstance(string, ast.Constant) else text[start:end]
        row.append((2 * start, end, repr(value)))
        place = end
    return row + _lexed(text, place, len(text), not place)


def _lexed(text: str, start: int, end: int, fresh: bool) -> Raw:
    """The tokens between two offsets. Each line outside of brackets begins with its indentation."""
    row: Raw = []
    depth, last = 0, start
    for found in TOKEN.finditer(text, start, end):
        token = found.group()
        if token[0] == "#":
            continue
        gap = text[last : found.start()]
        if depth <= 0 and (fresh or "\n" in gap or "\r" in gap) and "\\" not in gap:
            line = (
                max(text.rfind("\n", start, found.start()), text.rfind("\r", start, found.start())) + 1
                or start
            )
            row.append((2 * line - 1, line, "¶" + text[line : found.start()]))
        fresh = False
        depth += BRACKETS.get(token, 0)
        row.append((2 * found.start(), found.end(), token))
        last = found.end()
    return row


@functools.lru_cache(maxsize=5000)
def _whole(text: str) -> tuple[str, ...]:
    """The tokens of whole lines."""
    return tuple(token for _, token in sieved(token for _, _, token in _lexed(text, 0, len(text), True)))


def dumped(text: str) -> str:
    """The tree of `text` without positions; something unlike any tree where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"no tree: {text}"


def compiles(text: str, fully: bool) -> bool:
    """Does `text` compile without a warning, or at least parse?"""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, "", "exec", 0 if fully else ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, SyntaxWarning, DeprecationWarning, ValueError, RecursionError, MemoryError):
        return False
    return True
