"""Which small change turns the failing tests green? Candidates are tried, the most promising first.

In: a runner that keeps a project, its diagnosis. Out: states, as they come; at last the best repair, its
verdict, and a journal of what was tried.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import NamedTuple

from sixkeys.contract import Language
from sixkeys.envs.repo.attempts import Attempts, changed
from sixkeys.envs.repo.behaviour import behaviour, kept, unlike
from sixkeys.envs.repo.canaries import canaries, heard, sound
from sixkeys.envs.repo.diagnosis import Diagnosis, RepairError, diagnose, editable, still_failing
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.hands import TURNS, Habit, Hand, Rank, hands
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.outspoken import outspoken
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.verdict import Verdict, deciding, judge

__all__ = ["Diagnosis", "Repair", "RepairError", "Search", "State", "Tried", "diagnose", "editable"]

SUITE_SLOWER, ONCE = 10, 1.0
"""How many times longer than before tests may take; seconds that any run has."""
NEAR = 30
"""Passing tests that are run before the whole suite."""
AROUND, EXTRA = 8, 0.5
"""Tests near a repair that are run to compare its behaviour with others', and seconds that this may take
besides thrice theirs."""
SHY = 2.0
"""How much it counts that a repair leaves alone what no test complains of."""
PLAUSIBLE, MORE = 5, 1.5
"""How many repairs are looked for at most; seconds for which the search goes on after one, besides a quarter
of those that it took."""
LAST = 0.7
"""Share of the time for which a search goes on that has only found what mends some tests, if the others run
the same line."""


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
    confidence: float = 0.0
    """The share of those that do as it does of the weights of all repairs that pass, from 0 to 1; not
    calibrated."""
    keeps: float = 1.0
    """Of calls near those of the tests, the share for which it does as was done before."""
    unlike: str = ""
    """What it does otherwise than the likeliest one, by an example."""


class State(NamedTuple):
    """How far a search is, for whoever watches."""

    phase: str
    tried: int
    candidates: int
    note: str
    best: Repair | None


class Search:
    """The search for one repair. Keeps state: what was tried, the journal, the best so far."""

    first: Diagnosis
    """Of the tree as it was."""

    def __init__(
        self,
        runner: Runner,
        tests: Sequence[str],
        deadline: float,
        rank: Rank | None = None,
        language: Language | None = None,
        habit: Habit | None = None,
    ):
        if runner.project is None:
            raise ValueError("this runner keeps no project; make one with Runner(project=...)")
        self.runner, self.tests, self.deadline, self.rank = runner, tuple(tests), deadline, rank
        self.language, self.habit = language, habit
        self.project = runner.project
        self.pristine = self.project.sources()
        self.journal: list[Tried] = []
        self.best: Repair | None = None
        self.plausible: list[Repair] = []
        """All repairs that were found where the search ended, the likeliest first."""
        self.total = 0
        self.until = deadline

    def run(self, diagnosis: Diagnosis) -> Iterator[State]:
        """Yields after every candidate; ends with the best repair in `best`, or none."""
        now: dict[str, str] = {}
        self.first = diagnosis
        while diagnosis.failing:
            found = yield from self._one(diagnosis, now)
            if found is None:
                return
            before = self.best
            now = {**now, **found.files}
            edits = (*(before.edits if before else ()), *found.edits)
            chosen = (*(before.hands if before else ()), *found.hands)
            self.best = found._replace(
                edits=edits, files=now, hands=chosen,
                fixed=tuple(node for node in self.first.failing if node not in found.left),
            )  # fmt: skip
            if not found.left or time.monotonic() > self.deadline:
                return
            diagnosis = diagnose(self.runner, self.tests, self._suite_seconds(), now)

    def _suite_seconds(self) -> float:
        return max(5.0, SUITE_SLOWER * self.first.run.seconds)

    def _one(self, diagnosis: Diagnosis, now: Mapping[str, str]) -> Generator[State, None, Repair | None]:
        """The likeliest of the candidates that fix a failing test and break none; the search goes on for a
        while after the first."""
        sources = {**editable(self.project), **{n: t for n, t in now.items() if n in self.pristine}}
        attempts = Attempts(self.runner, diagnosis, now, sources)
        found: list[Repair] = []
        self.until, began = self.deadline, time.monotonic()
        for hand, passed, said, whole in attempts.tried(self.queue(diagnosis, sources), lambda: self.until):
            self.journal.append(Tried(hand, said))
            if whole or (passed and not found):
                files = {**now, **changed(hand, sources)}
                most = min((len(repair.left) for repair in found), default=len(diagnosis.failing))
                repair = self.examine(hand, files, diagnosis, attempts, most)
                if repair is not None:
                    self.until = min(self.until, time.monotonic() + self._patience(repair, diagnosis, began))
                    found.append(repair)
                    attempts.felled(repair.left)
            place = f"{hand.candidate.edit.path}:{hand.candidate.line}"
            yield self._state(diagnosis, f"{hand.candidate.kind} in {place}")
            if sum(not repair.left for repair in found) == PLAUSIBLE:
                break
        if not found:
            return None
        fewest = min(len(repair.left) for repair in found)
        rivals = [repair for repair in found if len(repair.left) == fewest]
        self.plausible = compared(rivals, self._behaviours(rivals, diagnosis, attempts, now))
        return self.plausible[0]

    def _behaviours(
        self, rivals: Sequence[Repair], diagnosis: Diagnosis, attempts: Attempts, now: Mapping[str, str]
    ) -> list[dict[str, str]]:
        """What the function that all rivals change does near its tests, in each of them and, last, as it was;
        nothing where they change several, or where time is short."""
        hands, rooms = [repair.hands[0] for repair in rivals], [attempts.room(r.hands[0]) for r in rivals]
        places = {(hand.candidate.edit.path, room) for hand, room in zip(hands, rooms, strict=True)}
        path, room = next(iter(places))
        if len(rivals) == 1 or len(places) > 1 or room is None:
            return []
        tests = list(dict.fromkeys(test for hand in hands for test in self._near(hand, diagnosis)[:AROUND]))
        each = EXTRA + 3 * sum(test.seconds for test in diagnosis.run.outcomes if test.node in tests)
        if time.monotonic() + each * (len(rivals) + 1) > self.deadline:
            return []
        trees = [*(repair.files for repair in rivals), now]
        return [behaviour(self.runner, files, path, room, tests, 2 * each) for files in trees]

    def queue(self, diagnosis: Diagnosis, sources: Mapping[str, str]) -> Iterator[Hand]:
        """The candidates, stage by stage: those of the next lines are made when TURNS of the others were
        tried, and stand among those that are left."""
        waiting: list[Hand] = []
        says = diagnosis.says(diagnosis.failing[0])
        for stage, turn in enumerate(TURNS):
            fresh = hands(diagnosis, sources, self.rank, stage, self.language)
            self.total += len(fresh)
            if self.habit:
                fresh = [h._replace(weight=h.weight * self.habit(says, h.candidate)) for h in fresh]
            waiting = sorted([*waiting, *fresh], key=lambda hand: -hand.weight)
            yield from waiting[:turn]
            del waiting[:turn]
        yield from waiting

    def _patience(self, repair: Repair, diagnosis: Diagnosis, began: float) -> float:
        """For how many seconds the search goes on after a repair: long where a test that still fails runs its
        line, for then there may be a better one."""
        suspect = repair.hands[0].suspect
        meets = diagnosis.covered.tests.get((suspect.path, suspect.line), frozenset())
        if any(node in meets for node in repair.left):
            return (self.deadline - began) * LAST
        return (time.monotonic() - began) / 4 + MORE

    def _state(self, diagnosis: Diagnosis, note: str) -> State:
        return State(f"{len(diagnosis.failing)} failing", len(self.journal), self.total, note, self.best)

    def examine(
        self,
        hand: Hand,
        files: dict[str, str],
        diagnosis: Diagnosis,
        attempts: Attempts,
        most: int,
    ) -> Repair | None:
        """The failing tests and some that run the line, then all tests that the change can reach, with new
        handlers handing on what tests say, then the verdict; None where something else broke, or `most` tests
        or more still fail."""
        if attempts.fellers and not self._asked(files, attempts.fellers).passed:
            return None
        near = self._asked(files, self._near(hand, diagnosis))
        bad = {test.node for test in near.outcomes if test.outcome in ("failed", "error")}
        broken = bad - {*diagnosis.failing, *self.first.flaky}
        left = still_failing(near, diagnosis.failing)
        if near.status != "finished" or broken or len(left) >= max(most, 1):
            attempts.felled(broken or left)
            return None
        reach = attempts.reach(hand)
        among = None if reach is None else {*diagnosis.failing, *reach}
        chosen = self.tests if among is None else sorted(among)
        whole = self._asked(outspoken(self.pristine, files, deciding(self.pristine)), chosen)
        left = still_failing(whole, diagnosis.failing)
        verdict = self._judge(files, whole, left, among)
        if not verdict.passed or len(left) >= max(most, 1):
            return None
        fixed = tuple(node for node in diagnosis.failing if node not in left)
        return Repair((hand.candidate.edit,), files, fixed, left, verdict, (hand,))

    def _asked(self, files: Mapping[str, str], tests: Sequence[str]) -> RunResult:
        """What these tests say, before anything else is run. They have SUITE_SLOWER times the seconds that
        they took, besides those of the whole suite for collecting them, and no longer than the search has."""
        before, named = self.first.run, set(tests)
        whole = not all("::" in test for test in tests) or not tests
        took = sum(test.seconds for test in before.outcomes if whole or test.node in named)
        cpu = min(self._suite_seconds(), ONCE + before.seconds + SUITE_SLOWER * took)
        wall = max(ONCE, self.deadline - time.monotonic())
        ticket = self.runner.submit(files, tests, wall, cpu=cpu, brief=True, urgent=True)
        self.runner.wait(ticket, self.deadline)
        if ticket.answer is None:
            self.runner.drop(ticket)
        return ticket.answer or RunResult((), "timeout", 0.0, "the search is over")

    def _near(self, hand: Hand, diagnosis: Diagnosis) -> list[str]:
        """The failing tests, and the quickest that run the line and passed."""
        meets = diagnosis.covered.tests.get((hand.suspect.path, hand.suspect.line), frozenset())
        beside = [t for t in diagnosis.run.outcomes if t.node in meets and t.outcome == "passed"]
        beside.sort(key=lambda test: test.seconds)
        return [*diagnosis.failing, *(test.node for test in beside[:NEAR])]

    def _judge(
        self,
        files: Mapping[str, str],
        run: RunResult,
        left: Collection[str],
        among: Collection[str] | None = None,
    ) -> Verdict:
        """Whether all that passed before passes, and all that failed but `left` and what is flaky; of the
        tests `among` where given."""
        excused = {*left, *self.first.flaky}
        expected = [test.node for test in self.first.run.outcomes if test.outcome == "passed"]
        expected += [node for node in self.first.failing if "::" in node]
        expected = [node for node in expected if node not in excused and (among is None or node in among)]
        return judge(self.pristine, {**self.pristine, **files}, expected, run, excused, spoken=True)

    def confirm(self, repair: Repair) -> tuple[RunResult, Verdict]:
        """A cold `python -m pytest` of the pristine tree with the change, and the verdict on it.

        Tests that must fail run along (canaries.py): those that do where nothing was changed must do so here.
        """
        expected = [test.node for test in self.first.run.outcomes]
        nest = canaries(expected, repair.files, self.pristine, secrets.token_hex(8))
        alone = {nest.path: nest.text}
        nest = sound(nest, self.runner.run(alone, [nest.path], 60.0))
        tests = [*self.tests, nest.path] if self.tests else ()
        limit = max(60.0, self._suite_seconds())
        run, against = heard(nest, self.runner.cold({**repair.files, **alone}, tests, limit))
        verdict = self._judge(repair.files, run, repair.left)
        return run, verdict._replace(passed=verdict.passed and not against, reasons=verdict.reasons + against)


def compared(rivals: Sequence[Repair], behaviours: Sequence[Mapping[str, str]]) -> list[Repair]:
    """The likeliest first: a rival's weight is its candidate's, times the power SHY of how far it leaves
    alone what no test complains of. `behaviours`: of each rival, and of what was before."""
    does = [*behaviours[: len(rivals)]] or [{}] * len(rivals)
    was = behaviours[-1] if behaviours else {}
    keeps = [kept(said, was) for said in does]
    weights = [r.hands[0].weight * keep**SHY for r, keep in zip(rivals, keeps, strict=True)]
    total = sum(weights) or 1.0
    order = sorted(range(len(rivals)), key=lambda place: -weights[place])

    def sure(place: int) -> float:
        alike = [w for other, w in enumerate(weights) if other == place or does[other] == does[place] != {}]
        return sum(alike) / total

    return [
        rivals[n]._replace(confidence=sure(n), keeps=keeps[n], unlike=unlike(does[n], does[order[0]]))
        for n in order
    ]
