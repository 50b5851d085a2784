"""How are many candidates tried? In batches that share one collection where only a function changes, else a
run each.

In: candidates in an order, the diagnosis they come from. Out: each with how many of its tests passed. Nothing
is judged here: what passes must pass a run of its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from sixkeys.envs.repo.diagnosis import Diagnosis
from sixkeys.envs.repo.hands import Hand
from sixkeys.envs.repo.outcomes import UNFIT, RunResult
from sixkeys.envs.repo.runner import Runner, Ticket
from sixkeys.envs.repo.swap import Room, Swaps

FIRST, MOST = 6, 48
"""Candidates in the first batch and in the largest."""
SHORTEST, SLOWER, SLOW = 0.6, 10, 2
"""CPU seconds that a candidate has at least; how many times longer than before its tests may take, those of
more than a second for each second more."""
LONGEST = 30.0
"""CPU seconds of a batch all of whose candidates hang."""
START, COLLECT = 20.0, 4.0
"""Seconds by the clock, and CPU seconds, that collecting tests may take."""
MOST_OF = 0.9
"""Which share of a file's passing tests says how long a test of it may take."""
PROBES, ANY, FELLERS = 2, 6, 3
"""Failing tests that are run for a candidate, and for one whose line no test runs; tests that felled others
before it, at most."""


class Attempt(NamedTuple):
    """A candidate that was tried."""

    hand: Hand
    passed: int
    """How many of its tests passed, those not counted that passed before."""
    said: str
    """How it went, in a word or two."""
    whole: bool = False
    """Whether all of them did."""


class Air(NamedTuple):
    """A run that was asked for, and for whom."""

    hands: tuple[Hand, ...]
    ticket: Ticket
    together: bool


class Attempts:
    """Tries candidates of one diagnosis. Keeps state: which functions can be swapped, which runs are on."""

    def __init__(
        self, runner: Runner, diagnosis: Diagnosis, now: Mapping[str, str], sources: Mapping[str, str]
    ):
        self.runner, self.diagnosis, self.now, self.sources = runner, diagnosis, now, sources
        self.seconds = {test.node: test.seconds for test in diagnosis.run.outcomes}
        self.swaps: dict[str, Swaps | None] = {}
        self.known: set[tuple[str, int]] = set()
        """Path and hash of every text that was tried."""
        self.air: deque[Air] = deque()
        self.fellers: list[str] = []
        """Tests that failed where candidates passed theirs, the latest first."""

    def felled(self, tests: Collection[str]) -> None:
        """A candidate that passed its tests failed others: the quickest of them is run from now on, too."""
        if tests:
            quickest = min(tests, key=lambda node: self.seconds.get(node, 0.0))
            self.fellers = [quickest, *(test for test in self.fellers if test != quickest)][:FELLERS]

    def tried(self, queue: Iterable[Hand], until: Callable[[], float]) -> Iterator[Attempt]:
        """Every candidate's attempt, batch by batch, while the clock says less than `until`."""
        fresh, size = (hand for hand in queue if self._new(hand)), FIRST
        try:
            while time.monotonic() < until():
                while len(self.air) < 2 * len(self.runner.workers) and (some := list(islice(fresh, size))):
                    size = min(MOST, 2 * size)
                    self._launch(some)
                if not self.air:
                    return
                self.runner.wait(self.air[0].ticket, until())
                if self.air[0].ticket.answer is not None:
                    yield from self._answers(self.air.popleft())
        finally:
            for air in self.air:
                self.runner.drop(air.ticket)

    def _new(self, hand: Hand) -> bool:
        """Whether no candidate before left the same text."""
        candidate = hand.candidate
        path, end = candidate.edit.path, candidate.start + len(candidate.before)
        text = self.sources[path]
        key = path, hash(text[: candidate.start] + candidate.after + text[end:])
        if key in self.known:
            return False
        self.known.add(key)
        return True

    def _launch(self, hands: Sequence[Hand], together: bool = True) -> None:
        quick: list[tuple[Hand, dict]] = []
        for hand in hands:
            variant = self._variant(hand) if together else None
            if variant is None:
                tests = self.probes(hand)
                files = {**self.now, **changed(hand, self.sources)}
                limit = self._limit(tests)
                ticket = self.runner.submit(files, tests, START + 4 * limit, cpu=COLLECT + limit, brief=True)
                self.air.append(Air((hand,), ticket, False))
            else:
                quick.append((hand, variant))
        each = max((self._limit(variant["tests"]) for _, variant in quick), default=1.0)
        size = max(1, int(LONGEST / each))
        for first in range(0, len(quick), size):
            some = quick[first : first + size]
            tests = list(dict.fromkeys(node for _, variant in some for node in variant["tests"]))
            ticket = self.runner.submit(
                self.now, tests, START + 4 * each * len(some),
                variants=[variant for _, variant in some], each=each,
            )  # fmt: skip
            self.air.append(Air(tuple(hand for hand, _ in some), ticket, True))

    def _answers(self, air: Air) -> Iterator[Attempt]:
        result = air.ticket.result()
        if not air.together:
            green = sum(test.outcome in ("passed", "xfailed") for test in result.outcomes)
            tests = air.ticket.request["tests"]
            passed = self._counted(green if result.status == "finished" else 0, tests)
            yield Attempt(air.hands[0], passed, said(result), result.passed)
            return
        variants = air.ticket.request["variants"]
        for hand, (passed, ended, _), variant in zip(air.hands, result.variants, variants, strict=False):
            if ended == UNFIT:
                self._launch([hand], together=False)
            else:
                tests = variant["tests"]
                yield Attempt(hand, self._counted(passed, tests), ended, passed == len(tests))
        left = air.hands[len(result.variants) :]
        if left and not result.variants:
            self._launch(left, together=False)
        elif left:
            yield Attempt(left[0], 0, result.status)
            self._launch(left[1:])

    def _counted(self, passed: int, tests: Sequence[str]) -> int:
        """How many that failed before must be among the `passed` of these tests."""
        return max(0, passed - sum(test not in self.diagnosis.failing for test in tests))

    def probes(self, hand: Hand) -> list[str]:
        """The quickest failing test that runs the candidate's line, one that fails in another way, and those
        that felled others; where none runs it, some of all."""
        meets = self.diagnosis.covered.tests.get((hand.suspect.path, hand.suspect.line), frozenset())
        failing = self.diagnosis.failing
        options = [node for node in failing if node in meets]
        if not options:
            return list(failing[:ANY])
        options.sort(key=lambda node: self.seconds.get(node, 0.0))
        says = {test.node: test.message.partition(":")[0] for test in self.diagnosis.run.outcomes}
        others = [node for node in options if says.get(node) != says.get(options[0])]
        fellers = [node for node in self.fellers if node in meets]
        return [*dict.fromkeys([options[0], *others[: PROBES - 1], *fellers])]

    def _limit(self, tests: Sequence[str]) -> float:
        """CPU seconds: by how long these tests took, and most passing ones of their files."""
        files = {node.partition("::")[0] for node in tests}
        beside = sorted(
            test.seconds
            for test in self.diagnosis.run.outcomes
            if test.outcome == "passed" and test.node.partition("::")[0] in files
        )
        longest = max((self.seconds.get(node, 0.0) for node in tests), default=0.0)
        slow = SLOWER * min(longest, 1.0) + SLOW * max(longest - 1.0, 0.0)
        return SHORTEST + slow + 3 * (beside[int(MOST_OF * len(beside))] if beside else 0.0)

    def reach(self, hand: Hand) -> set[str] | None:
        """The tests that run the function whose body a candidate changes; None where it changes more."""
        if self._variant(hand) is None:
            return None
        room = self.room(hand)
        return self.diagnosis.covered.of(hand.candidate.edit.path, room.body, room.last) if room else None

    def _variant(self, hand: Hand) -> dict | None:
        """What a batch takes; None where the candidate must have a run of its own."""
        path = hand.candidate.edit.path
        if path not in self.swaps:
            try:
                self.swaps[path] = Swaps(path, self.sources[path])
            except (SyntaxError, ValueError, RecursionError):
                self.swaps[path] = None
        swaps = self.swaps[path]
        variant = swaps.variant(hand.candidate, self.probes(hand)) if swaps else None
        room, early = self.room(hand), self.diagnosis.covered.early
        if room and any((path, number) in early for number in range(room.body, room.last + 1)):
            return None
        return variant

    def room(self, hand: Hand) -> Room | None:
        """The function that holds a candidate's line, in a file that was read."""
        swaps, line = self.swaps[hand.candidate.edit.path], hand.candidate.edit.line or 1
        return swaps.room(line, line) if swaps else None


def changed(hand: Hand, sources: Mapping[str, str]) -> dict[str, str]:
    """The one file that a candidate changes, as it is then."""
    edit = hand.candidate.edit
    return {edit.path: edit.apply({edit.path: sources[edit.path]})[edit.path]}


def said(result: RunResult) -> str:
    """A run in a few words."""
    kinds = [test.outcome for test in result.outcomes]
    if result.status != "finished":
        return result.status
    return "passed" if result.passed else f"{kinds.count('failed') + kinds.count('error')} failed"
