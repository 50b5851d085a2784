"""How does each of many edits go? They are tried with the real tests, in one run that shares a collection.

In: a tree, the tests, candidates. Out: a mark for each. An edit that only changes a function, its head
included, is tried in the common run: first with the tests that fail, and only where one of them passes with
all others, by pytest in a fork of its own. What cannot be tried so has a run of its own. Nothing is judged
here but what the audit says of an edit that mends its line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.ground import At, Tree
from sixkeys.envs.repo.marks import MENDS, TRIED, Mark, mark
from sixkeys.envs.repo.outcomes import BROKE, UNFIT, RunResult, TestOutcome, Went
from sixkeys.envs.repo.runner import Runner, Ticket
from sixkeys.envs.repo.swap import Swaps
from sixkeys.envs.repo.verdict import judge

EACH = 0.15
"""CPU seconds that the tests may take with one edit on: a generated project takes a hundredth of that."""
ALONE = 32
"""Edits that have a run of their own, at most."""
SECONDS = 20.0
"""Limit of the common run by the clock, on top of what its edits may take, and of each other run."""


class Sweep(NamedTuple):
    """Edits that are being tried."""

    runner: Runner
    tree: Tree
    failing: tuple[str, ...]
    """The tests that fail without any of them."""
    tests: tuple[str, ...]
    """All tests, those that fail first."""
    at: At
    candidates: tuple[Candidate, ...]
    together: tuple[int, ...]
    """Numbers of candidates in the common run."""
    ticket: Ticket | None
    alone: dict[int, Ticket]
    """Number of a candidate -> its own run."""

    def result(self) -> RunResult:
        """Waits; `variants` says of each candidate, in order, how it went."""
        went: dict[int, Went] = {}
        status, output, seconds = "finished", "", 0.0
        if self.ticket is not None:
            run = self.ticket.result()
            status, output, seconds = run.status, run.output, run.seconds
            went = {n: w for n, w in zip(self.together, run.variants, strict=False) if w.ended != UNFIT}
        alone = dict(self.alone)
        for number in self.together:
            if number not in went and status != "refused" and len(alone) < ALONE:
                alone[number] = _alone(self.runner, self.tree, self.candidates[number], self.tests)
        went |= {number: _went(ticket.result(), self.tests) for number, ticket in alone.items()}
        missing = Went(0, UNFIT, "")
        variants = tuple(went.get(number, missing) for number in range(len(self.candidates)))
        return RunResult((), status, seconds, output, variants=variants)

    def marks(self, result: RunResult, pristine: Mapping[str, str]) -> dict[RepoEdit, Mark]:
        """The mark of each candidate that was tried; `pristine`: the files before any edit."""
        concerned, found = self.tree.concerned(self.at, self.failing), {}
        for candidate, went in zip(self.candidates, result.variants, strict=True):
            if went.ended == UNFIT:
                continue
            green = {test for test, sign in zip(self.tests, went.signs, strict=False) if sign == "."}
            after = {*self.tests} - green if green else {*self.failing}
            made = mark(self.at, self.failing, after, concerned)
            if went.ended == BROKE:
                made = made._replace(broken=1)
            if made.standing == MENDS and self._refused(candidate, pristine):
                made = made._replace(standing=TRIED)
            found[candidate.edit] = made
        return found

    def _refused(self, candidate: Candidate, pristine: Mapping[str, str]) -> bool:
        """Would the verdict not pass the tree with this edit on, whatever its tests say?"""
        edited = candidate.edit.apply(self.tree.files)
        green = tuple(TestOutcome(test, "passed", 0.0, "") for test in self.tests)
        return not judge(pristine, edited, self.tests, RunResult(green, "finished", 0.0, "")).passed


def begun(
    runner: Runner, tree: Tree, failing: Sequence[str], tests: Sequence[str], at: At,
    candidates: Sequence[Candidate],
) -> Sweep:  # fmt: skip
    """Asks for the runs and returns at once."""
    order = (*failing, *(test for test in tests if test not in failing))
    swaps: dict[str, Swaps] = {}
    together: dict[int, dict] = {}
    alone: dict[int, Ticket] = {}
    for number, candidate in enumerate(candidates):
        path = candidate.edit.path
        if path not in swaps:
            swaps[path] = Swaps(path, tree.files[path])
        variant = swaps[path].variant(candidate, order, heads=True)
        if variant is not None:
            together[number] = {**variant, "probes": len(failing)}
        elif len(alone) < ALONE:
            alone[number] = _alone(runner, tree, candidate, order)
    ticket = None
    if together:
        seconds = SECONDS + 2 * EACH * len(together)
        ticket = runner.submit(
            tree.files, order, seconds, variants=list(together.values()), each=EACH, cpu=seconds
        )
    return Sweep(runner, tree, tuple(failing), order, at, tuple(candidates), tuple(together), ticket, alone)


def _alone(runner: Runner, tree: Tree, candidate: Candidate, tests: Sequence[str]) -> Ticket:
    return runner.submit(candidate.edit.apply(tree.files), tests, SECONDS, cpu=2.0, brief=True)


def _went(run: RunResult, tests: Sequence[str]) -> Went:
    """A run of its own as if it had been one of many."""
    green = {test.node for test in run.outcomes if test.outcome == "passed"}
    signs = "".join(".-"[test not in green] for test in tests) if run.status == "finished" else ""
    return Went(signs.count("."), "passed" if run.passed else "failed", signs)
