"""Which line is to blame? Lines that failing tests run and passing tests do not, and lines in tracebacks.

In: a traced run of the whole suite, the sources, the ids of the failing tests. Out: suspicious lines, worst
first, each with reasons a person can read. The coverage part is Ochiai's coefficient (Abreu et al. 2007):
failing tests that run the line / sqrt(failing tests * tests that run the line).

Not covered: a line that never ran can only be blamed by a traceback, or as a neighbour of one that did.
"""

from __future__ import annotations

import base64
import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sixkeys.envs.repo.outcomes import RunResult

FRAME = re.compile(r"^(?:E\s+File \"|\s*File \"|)([^\s\":]+\.py)(?:\", line |:)(\d+)\b", re.MULTILINE)
RAISED, PASSED_THROUGH = 0.5, 0.15
"""Added for the innermost line of a traceback and for an outer one."""
COMMON = 3
"""A line that only some of the failing tests run is less suspicious by its share to this power: one mistake
is likelier than several."""
IMPORTED = 0.3
"""How much less suspicious a line is that ran at import than one that every test runs."""


class Suspect(NamedTuple):
    """A line and how suspicious it is."""

    path: str
    line: int
    score: float
    """From 0 up; only the order means something."""
    reasons: tuple[str, ...]


class Coverage(NamedTuple):
    """Which tests ran a line: (path, line) -> node ids."""

    tests: Mapping[tuple[str, int], frozenset[str]]
    early: frozenset[tuple[str, int]] = frozenset()
    """Lines that ran before the first test, when modules were imported."""

    def of(self, path: str, first: int, last: int) -> set[str]:
        """The tests that ran any of the lines `first` to `last` of a file."""
        return {test for line in range(first, last + 1) for test in self.tests.get((path, line), ())}


def coverage(result: RunResult) -> Coverage:
    """What a traced run says of each line."""
    places = [(path, line) for path, lines in result.lines for line in lines]
    found: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for node, packed in result.covered.items():
        try:
            seen = zlib.decompressobj().decompress(base64.b64decode(packed), len(places) or 1)
        except (ValueError, zlib.error):
            continue
        at = seen.find(1)
        while at >= 0:
            if at < len(places):
                found[places[at]].add(node)
            at = seen.find(1, at + 1)
    early = frozenset(place for place, tests in found.items() if "" in tests)
    return Coverage(
        {place: frozenset(tests - {""}) for place, tests in found.items() if tests != {""}}, early
    )


def suspects(
    result: RunResult, covered: Coverage, failing: Collection[str], sources: Collection[str]
) -> list[Suspect]:
    """Suspicious lines of `sources` (paths that may be edited), worst first.

    result: the run whose texts hold the tracebacks of the failing tests.
    """
    scores: dict[tuple[str, int], float] = {}
    reasons: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    failed = set(failing)
    for place, tests in covered.tests.items():
        bad = len(tests & failed)
        if bad and place[0] in sources:
            scores[place] = bad / math.sqrt(len(failed) * len(tests)) * (bad / len(failed)) ** COMMON
            reasons[place].append(
                f"run by {bad} of {len(failed)} failing and {len(tests) - bad} passing tests"
            )
    every = sum(test.outcome in ("passed", "failed", "error") for test in result.outcomes)
    for place in covered.early - covered.tests.keys():
        if place[0] in sources and failed:
            scores[place] = IMPORTED * math.sqrt(len(failed) / max(every, len(failed)))
            reasons[place].append("run once, when it was imported")
    for place, (inner, outer) in frames(result.texts, sources).items():
        scores[place] = scores.get(place, 0.0) + RAISED * (inner > 0) + PASSED_THROUGH * (outer > 0)
        reasons[place].append("the traceback ends here" if inner else "the traceback passes here")
    found = [Suspect(*place, score, tuple(reasons[place])) for place, score in scores.items()]
    return sorted(found, key=lambda suspect: (-suspect.score, suspect.path, suspect.line))


def frames(texts: Iterable[str], sources: Collection[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """(path, line) -> in how many tracebacks it is the innermost line of `sources`, and an outer one. What
    another program wrote counts where a message quotes it."""
    inner: Counter[tuple[str, int]] = Counter()
    outer: Counter[tuple[str, int]] = Counter()
    for text in texts:
        met = [(path, int(line)) for path, line in FRAME.findall(text.replace("\\n", "\n"))]
        mine = [(own, line) for path, line in met if (own := known(path, sources))]
        if mine:
            inner[mine[-1]] += 1
            outer.update(mine[:-1])
    return {place: (inner[place], outer[place]) for place in inner.keys() | outer.keys()}


def known(path: str, sources: Collection[str]) -> str:
    """The path of the repository that a traceback means, or ''."""
    if path in sources:
        return path
    return next((source for source in sources if path.endswith("/" + source)), "")
