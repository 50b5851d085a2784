"""Which candidates are there, and in which order are they tried? Suspicion of the line times plausibility.

In: a diagnosis, the sources that may change, a function that ranks a file's candidates. Out: a list, the most
promising first.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sixkeys.contract import Language
from sixkeys.envs.repo.diagnosis import Diagnosis
from sixkeys.envs.repo.grammar import WEIGHTS, Candidate, Lexicon, candidates
from sixkeys.envs.repo.localise import Suspect
from sixkeys.envs.repo.outcomes import UNSAID
from sixkeys.envs.repo.proposed import proposed

STAGES = ((0, 10), (10, 25), (25, 60), (60, 110), (110, 160))
"""Suspicious lines, from which to which, whose candidates are made one after the other."""
TURNS = (150, 450, 900, 1500, 3000)
"""How many candidates are tried before those of the next lines are made."""
TRUST, SHARED = 4.0, 0.6
"""A candidate's weight is how suspicious its line is to the power TRUST, times its score, over all scores of
its line to the power SHARED."""
USUAL = 9.0
"""The weight by hand of a kind that the grammar does not know."""
PATIENCE = 0.98
"""How much less likely the next candidate of a line is than the one before it, by hand."""
WORD, WORDS = re.compile(r"""('[^'\n]*'|"[^"\n]*")|([A-Za-z_]\w*|\d+(?:\.\d+)?)"""), 40
"""What counts as a word of a failing assertion, and how many are used."""

Rank = Callable[[str, Sequence[Candidate], Sequence[str]], Sequence[float]]
"""Text of a file, candidates of it line by line, words of the failing assertion -> how plausible each is."""


Habit = Callable[[str, Candidate], float]
"""What a failing test says, a candidate -> how many times likelier than usual it is, by what fixed failures
before."""


class Hand(NamedTuple):
    """A candidate and how much is expected of it."""

    candidate: Candidate
    suspect: Suspect
    weight: float


def hands(
    diagnosis: Diagnosis,
    sources: Mapping[str, str],
    rank: Rank | None = None,
    stage: int = 0,
    language: Language | None = None,
) -> list[Hand]:
    """Every candidate of some suspicious lines, the most promising first. A file that does not parse has
    none. What a language proposes for the first stage's suspects stands among them."""
    start, stop = STAGES[stage]
    lexicon = Lexicon.of(sources)
    failing = set(diagnosis.failing)
    messages = {test.message for test in diagnosis.run.outcomes if test.node in failing} - {UNSAID}
    pieces = words(sorted(messages, key=shortest))
    found: list[Hand] = []
    worst = max((suspect.score for suspect in diagnosis.suspects), default=1.0) or 1.0
    by_line: dict[tuple[str, int], Suspect] = {}
    done: set[tuple[str, int]] = set()
    ends = {path: extents(sources[path]) for path in {s.path for s in diagnosis.suspects[:stop]}}
    for order, suspect in enumerate(diagnosis.suspects[:stop]):
        for line in range(suspect.line, ends[suspect.path].get(suspect.line, suspect.line) + 1):
            if order < start:
                done.add((suspect.path, line))
            elif (suspect.path, line) not in done:
                by_line.setdefault((suspect.path, line), suspect)
    for path in dict.fromkeys(path for path, _ in by_line):
        lines = sorted(line for other, line in by_line if other == path)
        try:
            options = list(candidates(path, sources[path], lexicon, lines, pieces))
        except SyntaxError:
            continue
        if language is not None and stage == 0:
            own = [suspect.line for suspect in diagnosis.suspects[:stop] if suspect.path == path]
            options += proposed(language, path, sources[path], own, pieces)
        scores = (rank or by_hand)(sources[path], options, pieces)
        rivals: defaultdict[Suspect, float] = defaultdict(float)
        for candidate, score in zip(options, scores, strict=True):
            rivals[by_line[path, candidate.line]] += float(score)
        for candidate, score in zip(options, scores, strict=True):
            suspect = by_line[path, candidate.line]
            trust = (suspect.score / worst) ** TRUST / rivals[suspect] ** SHARED
            found.append(Hand(candidate, suspect, trust * float(score)))
    return sorted(found, key=lambda hand: -hand.weight)


def by_hand(text: str, options: Sequence[Candidate], pieces: Sequence[str]) -> list[float]:
    """How plausible each kind of edit is, by the grammar's hand-set weights; less for each before it."""
    met = Counter[int]()
    found = []
    for option in options:
        found.append(WEIGHTS.get(option.kind, USUAL) * PATIENCE ** met[option.line])
        met[option.line] += 1
    return found


def words(messages: Iterable[str]) -> tuple[str, ...]:
    """Contents of quotes, numbers and names in what failing tests say; the first WORDS different ones."""
    found: dict[str, None] = {}
    for message in messages:
        for quoted, plain in WORD.findall(message):
            text = quoted[1:-1] if quoted else plain
            if text and len(text) <= 80:
                found.setdefault(text)
    return tuple(found)[:WORDS]


def shortest(message: str) -> tuple[int, str]:
    """Short messages first: a long one quotes whole texts."""
    return len(message), message


def extents(text: str) -> dict[int, int]:
    """First line of a statement -> its last one; of one that has a body, the last line before that."""
    found: dict[int, int] = {}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            found[node.lineno] = max(found.get(node.lineno, 0), last)
    return found
