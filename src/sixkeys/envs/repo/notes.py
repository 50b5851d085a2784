"""What was supposed, what was tried, and did it help? An append-only journal; each claim names its run.

Not covered: why an edit helped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sixkeys.envs.repo import marks
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.ground import At

HYPOTHESIS, CHECK, PROGRESS, UNDONE, TRIED = "hypothesis", "check", "progress", "undone", "tried"


class Note(NamedTuple):
    """One line of the journal. `run` is the number of the run that showed it, or that it goes on from."""

    sort: str
    run: int
    text: str

    def __str__(self) -> str:
        return f"{self.sort}: {self.text} (run {self.run})"


class Journal(NamedTuple):
    """All notes of an episode, and how many tests failed in each run, the first of which has number 1."""

    notes: tuple[Note, ...] = ()
    failed: tuple[int, ...] = ()

    @property
    def gain(self) -> int:
        """How many tests fewer failed in the last run than in the one before; 0 where there were not two."""
        return self.failed[-2] - self.failed[-1] if len(self.failed) > 1 else 0

    def changed(self, before: tuple[RepoEdit, ...], after: tuple[RepoEdit, ...]) -> Journal:
        """An edit was made: its line is supposed to be to blame for what the last run showed. Or one was
        taken back."""
        if len(after) > len(before):
            edit = after[-1]
            return self._with(
                HYPOTHESIS, f"{edit.path}:{edit.line} is to blame, let it read {edit.new.strip()!r}"
            )
        if len(after) < len(before):
            edit = before[-1]
            return self._with(UNDONE, f"{edit.path}:{edit.line} reads {edit.old.strip()!r} again")
        return self

    def tried(self, at: At, standings: Sequence[int]) -> Journal:
        """Edits were tried for a line."""
        helps, mends = standings.count(marks.HELPS), standings.count(marks.MENDS)
        told = f"{len(standings)} edits of {at[0]}:{at[1]}, {mends} mend what runs it, {helps} help"
        return self._with(TRIED, told)

    def ran(self, failing: tuple[str, ...], tests: int) -> Journal:
        """The tests were run."""
        after = self._replace(failed=(*self.failed, len(failing)))
        first = f", first {failing[0]}" if failing else ""
        after = after._with(CHECK, f"{len(failing)} of {tests} tests fail{first}")
        if after.gain > 0:
            after = after._with(PROGRESS, f"{after.gain} fewer than in run {len(self.failed)}")
        return after

    def _with(self, sort: str, text: str) -> Journal:
        return self._replace(notes=(*self.notes, Note(sort, len(self.failed), text)))
