"""How did edits go that were tried without being opened? A mark for each, and what marks say of a list.

A mark comes from a real run of the tests with the edit on (`sweep.py`). It is a hint: only a run of the tree
itself gives the verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.ground import At, Group, Scored

UNTRIED, TRIED, HELPS, MENDS = range(4)
"""Standings: nothing is known; it does not help, or breaks something; some failing tests pass and none that
passed fails; and so do all failing tests that run its function."""

Edits = tuple[RepoEdit, ...]
"""Edits that are on together, in their order."""


class Mark(NamedTuple):
    """How one edit went."""

    at: At
    """The line it was tried for."""
    failing: frozenset[str]
    """The tests that fail with it, as far as they were run; those that were not count as before."""
    fixed: int
    """How many that failed pass."""
    broken: int
    """How many that passed fail."""
    standing: int


def mark(
    at: At, before: Collection[str], after: Collection[str], concerned: Collection[str], refused: bool = False
) -> Mark:
    """The mark of an edit from the tests that failed before and fail with it; `concerned`: the failing ones
    that run its function; `refused`: the audit would not let it pass."""
    failing = frozenset(after)
    fixed, broken = len({*before} - failing), len(failing - {*before})
    standing = HELPS if fixed and not broken and not refused else TRIED
    if standing == HELPS and not failing & {*concerned}:
        standing = MENDS
    return Mark(at, failing, fixed, broken, standing)


class Marks(NamedTuple):
    """What is known of the tree with `on`."""

    on: Edits
    known: Mapping[Edits, Mark]
    swept: Mapping[tuple[Edits, At], int]
    """Lines whose edits were all tried -> the best standing among them."""

    def of(self, edit: RepoEdit) -> Mark | None:
        return self.known.get((*self.on, edit))

    def edit(self, edit: RepoEdit) -> int:
        """An edit's standing."""
        found = self.of(edit)
        return found.standing if found else UNTRIED

    def line(self, at: At) -> int:
        """A line's standing."""
        return self.swept.get((self.on, at), UNTRIED)

    def group(self, edits: Sequence[Scored]) -> int:
        """The best standing of some edits; of those that do not help, UNTRIED comes first."""
        found = {self.edit(scored.candidate.edit) for scored in edits}
        return max(found) if max(found) > TRIED else min(found)

    def sorted(self, groups: Sequence[Group]) -> list[Group]:
        """The same edits, those that turn most failing tests green first, those that do not help last."""
        if not any(on[:-1] == self.on for on in self.known):
            return list(groups)
        found = [Group(name, tuple(sorted(edits, key=self._worth))) for name, edits in groups]
        return sorted(found, key=lambda group: self._worth(group.edits[0]))

    def _worth(self, scored: Scored) -> tuple[int, int]:
        found = self.of(scored.candidate.edit)
        if found is None:
            return (-UNTRIED - TRIED, 0)
        return (-found.standing, -found.fixed) if found.standing > TRIED else (0, 0)

    def with_(self, new: Mapping[RepoEdit, Mark], line: At | None) -> Marks:
        """And with some more; `line`: whose edits these are, all that were to be tried."""
        known = {**self.known, **{(*self.on, edit): found for edit, found in new.items()}}
        best = max([TRIED, *(found.standing for found in new.values())])
        return Marks(self.on, known, self.swept if line is None else {**self.swept, (self.on, line): best})
