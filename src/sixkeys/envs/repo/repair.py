"""Which small change turns the failing tests green? Try the likely ones, keep what the verdict accepts.

In: a project, a runner that keeps it, and how much time there is. Out: progress, and at last a `Repair`. A
candidate first meets one failing test that runs its line, then all failing tests, then the whole suite; the
verdict decides, and a cold run of the pristine tree with the change confirms it. Nothing is written outside
the sandbox.
"""

from __future__ import annotations

import ast
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import WEIGHTS, Candidate, Lexicon, candidates
from sixkeys.envs.repo.localise import Coverage, Suspect, coverage, suspects
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.project import Project
from sixkeys.envs.repo.runner import Runner, Ticket
from sixkeys.envs.repo.verdict import Verdict, judge, protected

LINES = 60
"""How many suspicious lines are worked on."""
PATIENCE = 0.98
"""How much less likely the next candidate of a line is than the one before it."""
SHORTEST = 1.0
"""Seconds that a test has at least before it counts as hanging."""
SLOWER = 10
"""How many times longer than before a run may take."""
AHEAD = 3
"""Runs asked for ahead, a worker."""
WORD, WORDS = re.compile(r"""('[^'\n]*'|"[^"\n]*")|([A-Za-z_]\w*|\d+(?:\.\d+)?)"""), 40
"""What counts as a word of a failing assertion, and how many are used."""
GREEN = ("passed", "xfailed", "skipped")

Rank = Callable[[Sequence[Candidate]], Sequence[float]]
"""Candidates -> how plausible each is; multiplied with how suspicious its line is."""


class Diagnosis(NamedTuple):
    """What is wrong, before anything was changed."""

    run: RunResult
    failing: tuple[str, ...]
    """Node ids that failed twice."""
    flaky: tuple[str, ...]
    """Node ids that failed and then passed."""
    covered: Coverage
    suspects: tuple[Suspect, ...]


class Hand(NamedTuple):
    """A candidate and how much is expected of it."""

    candidate: Candidate
    suspect: Suspect
    weight: float


class Tried(NamedTuple):
    """A line of the journal: what was tried and what the run said."""

    hand: Hand
    said: str


class Repair(NamedTuple):
    """A change of the tree and what became of it."""

    edits: tuple[RepoEdit, ...]
    files: Mapping[str, str]
    """Changed files only: path -> new text."""
    fixed: tuple[str, ...]
    left: tuple[str, ...]
    """Node ids that still fail."""
    verdict: Verdict
    hands: tuple[Hand, ...]


class State(NamedTuple):
    """How far a search is, for whoever watches."""

    phase: str
    tried: int
    candidates: int
    note: str
    best: Repair | None


class RepairError(RuntimeError):
    """There is nothing to repair, or no way to; the message says why and what to do."""


def diagnose(
    runner: Runner, tests: Sequence[str] = (), seconds: float = 120.0, files: Mapping[str, str] | None = None
) -> Diagnosis:
    """Runs the suite once, traced, and its failing tests again. Raises RepairError where it does not end."""
    changed, project = files or {}, runner.project
    if project is None:
        raise ValueError("this runner keeps no project; make one with Runner(project=...)")
    run = runner.submit(changed, tests, seconds, trace=True).result()
    if run.status != "finished":
        raise RepairError(unfinished(run, seconds))
    if not run.outcomes:
        raise RepairError(f"no tests ran; give the files of some with --test\n{run.output[-1500:]}")
    bad = [test.node for test in run.outcomes if test.outcome in ("failed", "error")]
    again = runner.run(changed, bad, seconds) if bad else run
    green = {test.node for test in again.outcomes if test.outcome in GREEN}
    failing = tuple(node for node in bad if node not in green)
    covered = coverage(run)
    found = suspects(run, covered, failing, editable(project))
    return Diagnosis(run, failing, tuple(node for node in bad if node in green), covered, tuple(found))


def unfinished(run: RunResult, seconds: float) -> str:
    """Why a suite that did not end cannot be worked on, and what to do."""
    last = run.output.strip().splitlines()[-1:] or [""]
    if run.status == "timeout":
        return (
            f"the tests did not end within {seconds:.0f} seconds ({last[0]}); "
            "narrow them with --test, or give more time with --suite-seconds"
        )
    return f"the tests cannot be run: {run.status} ({last[0]})\n{run.output[-1500:]}"


def editable(project: Project) -> dict[str, str]:
    """The sources that a repair may change: no tests, no configuration."""
    folders = ("tests/", "test/", "testing/", "docs/")
    return {
        name: text
        for name, text in project.sources().items()
        if not protected(name) and not any(f"/{name}".find(f"/{folder}") >= 0 for folder in folders)
    }


def hands(diagnosis: Diagnosis, sources: Mapping[str, str], rank: Rank | None = None) -> list[Hand]:
    """Every candidate of the most suspicious lines, the most promising first. A file that does not parse has
    none."""
    lexicon = Lexicon.of(sources)
    failing = set(diagnosis.failing)
    pieces = words(test.message for test in diagnosis.run.outcomes if test.node in failing)
    found: list[Hand] = []
    worst = max((suspect.score for suspect in diagnosis.suspects), default=1.0) or 1.0
    by_line: dict[tuple[str, int], Suspect] = {}
    for suspect in diagnosis.suspects[:LINES]:
        last = extents(sources[suspect.path]).get(suspect.line, suspect.line)
        for line in range(suspect.line, last + 1):
            by_line.setdefault((suspect.path, line), suspect)
    for path in dict.fromkeys(path for path, _ in by_line):
        lines = sorted(line for other, line in by_line if other == path)
        met: dict[Suspect, int] = {}
        try:
            options = list(candidates(path, sources[path], lexicon, lines, pieces))
        except SyntaxError:
            continue
        for candidate, score in zip(options, (rank or by_hand)(options), strict=True):
            suspect = by_line[path, candidate.line]
            order = met[suspect] = met.get(suspect, -1) + 1
            found.append(Hand(candidate, suspect, suspect.score / worst * score * PATIENCE**order))
    return sorted(found, key=lambda hand: -hand.weight)


def by_hand(options: Sequence[Candidate]) -> list[float]:
    """How plausible each kind of edit is, by the grammar's hand-set weights."""
    return [WEIGHTS[candidate.kind] for candidate in options]


def words(messages: Iterable[str]) -> tuple[str, ...]:
    """Contents of quotes, numbers and names in what failing tests say; the first WORDS different ones."""
    found: dict[str, None] = {}
    for message in messages:
        for quoted, plain in WORD.findall(message):
            text = quoted[1:-1] if quoted else plain
            if text and len(text) <= 80:
                found.setdefault(text)
    return tuple(found)[:WORDS]


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


class Search:
    """The search for one repair. Keeps state: what was tried, the journal, the best so far."""

    def __init__(self, runner: Runner, tests: Sequence[str], deadline: float, rank: Rank | None = None):
        if runner.project is None:
            raise ValueError("this runner keeps no project; make one with Runner(project=...)")
        self.runner, self.tests, self.deadline, self.rank = runner, tuple(tests), deadline, rank
        self.project = runner.project
        self.pristine = self.project.sources()
        self.journal: list[Tried] = []
        self.best: Repair | None = None
        self.total = 0

    def run(self, diagnosis: Diagnosis) -> Iterator[State]:
        """Yields after every candidate; ends with the best repair in `best`, or none."""
        now: dict[str, str] = {}
        first = diagnosis
        while diagnosis.failing and time.monotonic() < self.deadline:
            found = yield from self._one(diagnosis, now, first)
            if found is None:
                return
            before = self.best
            now = {**now, **found.files}
            edits = (*(before.edits if before else ()), *found.edits)
            chosen = (*(before.hands if before else ()), *found.hands)
            self.best = found._replace(
                edits=edits, files=now, hands=chosen,
                fixed=tuple(node for node in first.failing if node not in found.left),
            )  # fmt: skip
            if not found.left:
                return
            diagnosis = diagnose(self.runner, self.tests, self._suite_seconds(first), now)

    def _suite_seconds(self, diagnosis: Diagnosis) -> float:
        return max(5.0, SLOWER * diagnosis.run.seconds)

    def _one(self, diagnosis: Diagnosis, now: Mapping[str, str], first: Diagnosis) -> Iterator[State]:
        """The first candidate that fixes a failing test and breaks none; soon after, one that fixes all."""
        sources = {**editable(self.project), **{n: t for n, t in now.items() if n in self.pristine}}
        queue = hands(diagnosis, sources, self.rank)
        self.total += len(queue)
        waiting: deque[tuple[Hand, dict[str, str], Ticket]] = deque()
        partial: Repair | None = None
        until, room = self.deadline, AHEAD * len(self.runner.workers)
        upcoming = iter(queue)
        while time.monotonic() < until:
            for hand in upcoming:
                files = {**now, **changed(hand, sources)}
                probe = self._probe(hand, diagnosis)
                waiting.append((hand, files, self.runner.submit(files, [probe], self._seconds(diagnosis))))
                if len(waiting) >= room:
                    break
            if not waiting:
                break
            hand, files, ticket = waiting.popleft()
            result = ticket.result()
            self.journal.append(Tried(hand, said(result)))
            if result.passed:
                repair = self._examine(hand, files, diagnosis, first)
                if repair is not None and not self._meet(hand, repair.left, diagnosis):
                    yield self._state(diagnosis, f"{hand.candidate.kind} in line {hand.candidate.line}")
                    return repair
                if repair is not None and (partial is None or len(repair.left) < len(partial.left)):
                    if partial is None:
                        until = min(until, time.monotonic() + (until - time.monotonic()) / 4)
                    partial = repair
            yield self._state(
                diagnosis, f"{hand.candidate.kind} in {hand.candidate.edit.path}:{hand.candidate.line}"
            )
        return partial

    def _meet(self, hand: Hand, left: Collection[str], diagnosis: Diagnosis) -> bool:
        """Whether a test that still fails runs the candidate's line: then there may be a better one."""
        meets = diagnosis.covered.tests.get((hand.suspect.path, hand.suspect.line), frozenset())
        return any(node in meets for node in left)

    def _state(self, diagnosis: Diagnosis, note: str) -> State:
        return State(f"{len(diagnosis.failing)} failing", len(self.journal), self.total, note, self.best)

    def _probe(self, hand: Hand, diagnosis: Diagnosis) -> str:
        """The quickest failing test that runs the candidate's line, or the first failing one."""
        seconds = {test.node: test.seconds for test in diagnosis.run.outcomes}
        meets = diagnosis.covered.tests.get((hand.suspect.path, hand.suspect.line), frozenset())
        options = [node for node in diagnosis.failing if node in meets] or list(diagnosis.failing[:1])
        return min(options, key=lambda node: seconds.get(node, 0.0))

    def _seconds(self, diagnosis: Diagnosis) -> float:
        failing = set(diagnosis.failing)
        return SHORTEST + SLOWER * sum(t.seconds for t in diagnosis.run.outcomes if t.node in failing)

    def _examine(
        self, hand: Hand, files: dict[str, str], diagnosis: Diagnosis, first: Diagnosis
    ) -> Repair | None:
        """All failing tests, then the whole suite, then the verdict; None where something else broke."""
        limit = self._suite_seconds(first)
        whole = self.runner.run(files, self.tests, limit)
        left = still_failing(whole, diagnosis.failing)
        verdict = self._judge(files, whole, left, first)
        if not verdict.passed or len(left) >= len(diagnosis.failing):
            return None
        fixed = tuple(node for node in diagnosis.failing if node not in left)
        return Repair((hand.candidate.edit,), files, fixed, left, verdict, (hand,))

    def _judge(
        self, files: Mapping[str, str], run: RunResult, left: Collection[str], first: Diagnosis
    ) -> Verdict:
        """Whether all that passed before passes, and all that failed but `left` and what is flaky."""
        excused = {*left, *first.flaky}
        expected = [t.node for t in first.run.outcomes if t.outcome == "passed" and t.node not in excused]
        expected += [node for node in first.failing if node not in excused and "::" in node]
        return judge(self.pristine, {**self.pristine, **files}, expected, run, excused)

    def confirm(self, repair: Repair, first: Diagnosis) -> tuple[RunResult, Verdict]:
        """A cold `python -m pytest` of the pristine tree with the change, and the verdict on it."""
        run = self.runner.cold(repair.files, self.tests, max(60.0, self._suite_seconds(first)))
        return run, self._judge(repair.files, run, repair.left, first)


def changed(hand: Hand, sources: Mapping[str, str]) -> dict[str, str]:
    """The one file that a candidate changes, as it is then."""
    edit = hand.candidate.edit
    return {edit.path: edit.apply({edit.path: sources[edit.path]})[edit.path]}


def still_failing(run: RunResult, failing: Collection[str]) -> tuple[str, ...]:
    """Those of `failing` that are not green in a run; a file is green if it was collected and none failed."""
    outcomes = {test.node: test.outcome for test in run.outcomes}
    left = []
    for node in failing:
        if "::" in node:
            green = outcomes.get(node) in GREEN
        else:
            inside = [outcome for other, outcome in outcomes.items() if other.startswith(f"{node}::")]
            green = node not in outcomes and "passed" in inside and set(inside) <= set(GREEN)
        if not green:
            left.append(node)
    return tuple(left)


def said(result: RunResult) -> str:
    """A run in a few words."""
    kinds = [test.outcome for test in result.outcomes]
    if result.status != "finished":
        return result.status
    return "passed" if result.passed else f"{kinds.count('failed') + kinds.count('error')} failed"
