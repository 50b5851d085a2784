"""Which small repairs of a file are plausible? All of them as edits, place by place, the likely ones first.

In: a file's text, what the repository says elsewhere (`Lexicon`), words of the failing assertion. Out: edits
that replace spans of the text, each of which compiles, and no two of which leave the same syntax tree.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.edits import EditError, RepoEdit
from sixkeys.envs.repo.grammar import (
    calls,
    conditions,
    elements,
    elsewhere,
    given,
    insertions,
    known,
    names,
    operators,
    statements,
    values,
    wraps,
)  # fmt: skip
from sixkeys.envs.repo.grammar.distinct import Distinct
from sixkeys.envs.repo.grammar.kinds import FADING, MOST, USUAL, WEIGHTS
from sixkeys.envs.repo.grammar.lexicon import Lexicon, Signature
from sixkeys.envs.repo.grammar.site import Proposal, Site
from sixkeys.envs.repo.grammar.sites import PATTERN, Source, read

Family = Callable[[Site], Iterator[Proposal]]
FAMILIES: tuple[Family, ...] = (
    *names.FAMILIES, *calls.FAMILIES, *values.FAMILIES, *conditions.FAMILIES, *operators.FAMILIES,
    *wraps.FAMILIES, *statements.FAMILIES, *insertions.FAMILIES, *elsewhere.FAMILIES, *elements.FAMILIES,
    *known.FAMILIES, *given.FAMILIES,
)  # fmt: skip
LITERAL = ("'", '"', "[", "{", "-", "(", "f'", 'f"', "b'", 'b"', "r'", 'r"', *"0123456789")
VALUES = ("None", "True", "False")
PATTERNS: tuple[Family, ...] = (values.numbers, values.strings, names.attributes)
"""What may be changed in a pattern of a match statement."""


class Candidate(NamedTuple):
    """A repair that may be tried."""

    edit: RepoEdit
    kind: str
    """Family and way, such as `compare.swap`; the keys of `kinds.WEIGHTS`."""
    line: int
    """Where the changed place begins, 1-based."""
    function: str
    """Qualified name of the function (or class) that holds the place; empty at the top of the module."""
    before: str
    after: str
    start: int = 0
    """Where `before` begins, in characters of the file."""


def candidates(
    path: str,
    source: str,
    lexicon: Lexicon,
    lines: Collection[int] | None = None,
    pieces: Sequence[str] = (),
    most: int = 800,
) -> Iterator[Candidate]:
    """All repairs of the file `path` with the text `source`, line by line, the likely ones of a line first.

    Only places that begin on one of `lines`, where given. `pieces` are words of the failing assertion (names,
    numbers, contents of strings) that may be written into the code. At most `most` for a line. Raises
    SyntaxError where the file does not parse.
    """
    parsed = read(source)
    distinct = Distinct(parsed)
    pieces = tuple(dict.fromkeys(pieces))
    wanted = sorted(parsed.by_line if lines is None else set(lines) & parsed.by_line.keys())
    for line in wanted:
        found = [
            (weight, proposal, node)
            for node in parsed.by_line[line]
            for weight, proposal in _proposed(Site(parsed, node, lexicon, pieces))
        ]
        found.sort(key=lambda item: -item[0])
        given, room = Counter[str](), most
        for _, proposal, node in found:
            kind = proposal.kind
            if room and given[kind] < MOST.get(kind, USUAL) and distinct.admits(proposal):
                given[kind] += 1
                room -= 1
                yield _candidate(path, parsed, proposal, node)


def _proposed(site: Site) -> Iterator[tuple[float, Proposal]]:
    """What all families say of one place, with weights."""
    families = PATTERNS if site.known.freedom == PATTERN else FAMILIES
    for family in families:
        for rank, proposal in enumerate(family(site)):
            if _fits(site, proposal):
                yield WEIGHTS[proposal.kind] / (1 + FADING * rank), proposal


def _fits(site: Site, proposal: Proposal) -> bool:
    """May this be written here? Not everything may stand in a pattern or in an f-string, and Python warns of
    literals that are called, indexed, or compared by identity."""
    text, parent = proposal.text, site.parent
    if not site.allows(text):
        return site.known.freedom == PATTERN
    if proposal.start != site.source.spans[site.node][0]:
        return True
    if isinstance(parent, ast.Compare):
        literal = text.startswith(LITERAL)
        return not (literal and any(isinstance(op, ast.Is | ast.IsNot) for op in parent.ops))
    if site.field == "func" or (isinstance(parent, ast.Subscript) and site.field == "value"):
        bare = text.strip("()")
        return not bare.startswith((*LITERAL[:5], *LITERAL[6:])) and bare not in VALUES and bare != ""
    return True


def _candidate(path: str, source: Source, proposal: Proposal, node: ast.AST) -> Candidate:
    start, end, text, kind, _ = proposal
    begin = source.text.rfind("\n", 0, start) + 1
    head = source.text[begin:start]
    line = bisect_right(source.feeds, start)
    before = source.text[start:end]
    edit = RepoEdit(path, line, head + before, head + text)
    about = source.about[node]
    return Candidate(edit, kind, source.line(source.spans[node][0]), about.scope.name, before, text, start)


def compose(first: RepoEdit, second: RepoEdit, files: Mapping[str, str]) -> tuple[RepoEdit, RepoEdit]:
    """Two edits of the same files as one change: to be applied one after the other, in the order given back.

    The later place comes first, so that the lines of the other one still hold. Raises EditError where they
    touch the same text, or do not fit the files.
    """
    if first.path != second.path:
        return first, second
    spans = [(_changed(edit, files), edit) for edit in (first, second)]
    (one, earlier), (two, later) = sorted(spans, key=lambda item: item[0])
    if one[1] > two[0] or one == two:
        raise EditError(f"{first.path}: both edits change what stands between {two[0]} and {one[1]}")
    return later, earlier


def _changed(edit: RepoEdit, files: Mapping[str, str]) -> tuple[int, int]:
    """The offsets between which an edit changes the text of its file."""
    edit.apply(files)
    anchored = edit.anchored(files)
    text = files[edit.path]
    start = 0
    for _ in range((anchored.line or 1) - 1):
        start = text.index("\n", start) + 1
    old, new = anchored.old, anchored.new
    same = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    return start + same, start + len(old)


__all__ = ["Candidate", "Lexicon", "Signature", "candidates", "compose"]
