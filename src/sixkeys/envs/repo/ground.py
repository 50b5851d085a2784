"""What can be looked at and changed in a tree of files? Suspicious lines, edits of a line, hits of a search.

In: files, which test ran which line, which lines the last commit changed. Out: places with scores, edits in
groups, the likely ones first. Coverage is of the tree that was traced; an edit moves its lines along.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sixkeys.envs.repo.bodies import bodies
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import WEIGHTS, Candidate, Lexicon, candidates
from sixkeys.envs.repo.hands import Rank, words
from sixkeys.envs.repo.tokens import WORD, lex
from sixkeys.envs.repo.verdict import protected

At = tuple[str, int]
"""A line: path, number from 1."""
NEAR, NAMED, CHANGED = 0.3, 0.5, 0.5
"""A function's head has this share of its worst line's score; the score of a line that no failing test ran,
in a function that one names (twice that where the line has more of the test's words); what is added where the
last commit changed the line."""
TELLING = 3
"""Failing tests whose words are used."""
BODY = 9.0
"""The weight of a body for an empty function."""


class Fault(NamedTuple):
    """What is to be mended: a function and how it reads when it is right."""

    function: str
    path: str
    sound: str


class Function(NamedTuple):
    """Where a function stands: lines `first` to `last`, both included, and those that hold statements."""

    name: str
    path: str
    first: int
    last: int
    lines: tuple[int, ...]


class Scored(NamedTuple):
    """A candidate and what the rank function says of it."""

    candidate: Candidate
    score: float


class Group(NamedTuple):
    """Edits of one sort for one line, the likely ones first."""

    name: str
    edits: tuple[Scored, ...]


def by_hand(source: str, options: Sequence[Candidate], pieces: Sequence[str]) -> list[float]:
    """The grammar's hand-set weights."""
    return [WEIGHTS.get(option.kind, BODY) for option in options]


@dataclass(frozen=True, eq=False)
class Tree:
    """Files and what is known of them. What was worked out is kept in `found`, `known`, `blamed`, `said`."""

    files: Mapping[str, str]
    covered: Mapping[At, frozenset[str]]
    changed: frozenset[At] = frozenset()
    rank: Rank = by_hand
    found: dict[tuple, tuple[Candidate, ...]] = field(default_factory=dict, repr=False)
    known: dict[tuple, tuple[Group, ...]] = field(default_factory=dict, repr=False)
    blamed: dict[tuple[str, ...], dict[At, float]] = field(default_factory=dict, repr=False)
    said: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def sources(self) -> dict[str, str]:
        """The files that may be edited."""
        return {
            path: text for path, text in self.files.items() if path.endswith(".py") and not protected(path)
        }

    @cached_property
    def lexicon(self) -> Lexicon:
        return Lexicon.of(self.sources)

    @cached_property
    def parsed(self) -> dict[str, ast.Module]:
        return {path: ast.parse(text) for path, text in self.files.items() if path.endswith(".py")}

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions, those of the tests too."""
        return tuple(
            Function(
                node.name, path, node.lineno, node.end_lineno or node.lineno,
                tuple(sorted({n.lineno for n in ast.walk(node) if isinstance(n, ast.stmt)})),
            )
            for path, tree in self.parsed.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        )  # fmt: skip

    @cached_property
    def named(self) -> dict[tuple[str, str], Function]:
        """(path, name) -> the function."""
        return {(function.path, function.name): function for function in self.functions}

    def text(self, at: At) -> str:
        """The line that stands there; empty where there is none."""
        lines = self.files[at[0]].split("\n")
        return lines[at[1] - 1] if at[1] <= len(lines) else ""

    def test_text(self, test: str) -> str:
        """The body of a test function, by its node id."""
        path, _, name = test.partition("::")
        found = self.named.get((path, name.split("[")[0]))
        return "\n".join(self.files[path].split("\n")[found.first : found.last]) if found else ""

    def pieces(self, failing: tuple[str, ...]) -> tuple[str, ...]:
        """Words of the first failing tests: names, numbers, contents of strings."""
        if failing not in self.said:
            self.said[failing] = words(map(self.test_text, failing[:TELLING]))
        return self.said[failing]

    def concerned(self, at: At, failing: tuple[str, ...]) -> frozenset[str]:
        """The failing tests that run the function in which a line stands; where none does, all of them."""
        own = [f for f in self.functions if f.path == at[0] and f.first <= at[1] <= f.last]
        places = {(at[0], line) for function in own for line in function.lines} | {at}
        met = {test for place in places for test in self.covered.get(place, ())}
        return frozenset(met & {*failing}) or frozenset(failing)

    def suspects(self, failing: tuple[str, ...]) -> dict[At, float]:
        """Suspicious lines, worst first: Ochiai's coefficient, what failing tests name, what was changed."""
        if failing not in self.blamed:
            self.blamed[failing] = self._suspects(failing)
        return self.blamed[failing]

    def _suspects(self, failing: Collection[str]) -> dict[At, float]:
        failed, scores = set(failing), defaultdict[At, float](float)
        for at, tests in self.covered.items():
            if tests & failed and at[0] in self.sources:
                scores[at] = len(tests & failed) / (len(failed) * len(tests)) ** 0.5
        named = {word for test in failing for word in re.findall(r"[^\W\d]\w+", self.test_text(test))}
        for function in self.functions:
            worst = max((scores.get((function.path, line), 0.0) for line in function.lines), default=0.0)
            own = function.name in named and not worst and function.path in self.sources
            for line in function.lines if own else ():
                said = set(re.findall(r"\w+", self.text((function.path, line)))) - {function.name, "def"}
                scores[function.path, line] = NAMED * (1 + bool(said & named))
            if worst:
                scores[function.path, function.first] = NEAR * worst
        for at in self.changed if failed else ():
            scores[at] += CHANGED
        return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))

    def candidates(self, at: At, pieces: Sequence[str]) -> tuple[Candidate, ...]:
        """The edits of one line, in the grammar's order."""
        key = (at, tuple(pieces))
        if key not in self.found:
            path, source = at[0], self.sources.get(at[0], "")
            found = [*bodies(path, self.parsed[path], at[1], self.lexicon)] if source else []
            found += candidates(path, source, self.lexicon, [at[1]], pieces) if source else ()
            self.found[key] = tuple(found)
        return self.found[key]

    def options(self, at: At, pieces: Sequence[str]) -> tuple[Group, ...]:
        """The edits of one line in groups, both the likely ones first."""
        key = (at, tuple(pieces))
        if key not in self.known:
            found, source = self.candidates(at, pieces), self.sources.get(at[0], "")
            scored = sorted(map(Scored, found, self.rank(source, found, pieces)), key=lambda s: -s.score)
            groups: dict[str, list[Scored]] = {}
            for option in scored:
                groups.setdefault(option.candidate.kind.split(".")[0], []).append(option)
            self.known[key] = tuple(Group(name, tuple(edits)) for name, edits in groups.items())
        return self.known[key]

    def search(self, text: str) -> list[At]:
        """Lines that define or use what `text` names: functions of the project, or else its first name."""
        names = list(dict.fromkeys(word.text for word in lex(text) if word.kind == WORD))
        own = {function.name: function for function in self.functions if function.path in self.sources}
        found: dict[At, None] = {}
        for name in [name for name in names if name in own] or names[:1]:
            if name in own:
                found |= {(own[name].path, line): None for line in own[name].lines}
            for path, source in self.sources.items():
                uses = [n for n, row in enumerate(source.split("\n"), 1) if re.search(rf"\b{name}\b", row)]
                found |= {(path, line): None for line in uses}
        return list(found)

    def edited(self, edit: RepoEdit) -> Tree:
        """The tree with an edit made; what is known of lines below it moves along."""
        start, old, new = edit.line or 1, edit.old.count("\n"), edit.new.count("\n")

        def moved(at: At) -> At:
            if at[0] != edit.path or at[1] <= start:
                return at
            return (at[0], at[1] + new - old if at[1] >= start + old else min(at[1], start + new))

        covered: defaultdict[At, frozenset[str]] = defaultdict(frozenset)
        for at, tests in self.covered.items():
            covered[moved(at)] |= tests
        return Tree(edit.apply(self.files), dict(covered), frozenset(map(moved, self.changed)), self.rank)
