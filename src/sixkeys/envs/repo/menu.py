"""What do the six keys do when repairs stand on a menu? Phases, what is offered, and the shortest way to the
end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sixkeys.contract import KEYS

MENU_KEYS = ("NO_OP", "RUN_TESTS", "APPLY_A", "APPLY_B", "CYCLE_PATCHES", "REVERT")
NO_OP, RUN_TESTS, APPLY_A, APPLY_B, CYCLE_PATCHES, REVERT = range(KEYS)
UNTESTED, CHOOSING, PATCHED, FAILED, FIXED = range(5)
"""Phases: nothing was run yet (loop only); a pair stands on offer; a patch is on; it is on and its run
failed; done."""
PHASES = ("untested", "choosing", "patched", "failed", "fixed")
VIEWS = ("focus", "patches", "files", "output")
"""What NO_OP cycles through. It begins with the focus snippet, because the pair on offer is always shown
beside it."""


class Menu(NamedTuple):
    """Where an episode stands. Pressing a key makes a new one.

    With `loop` the candidates are hidden until the first run has failed; without it they are there from the
    start, and one run of the unedited tree is offered besides.
    """

    loop: bool
    candidates: int
    phase: int = CHOOSING
    pair: int = 0
    applied: int | None = None
    tried: frozenset[int] = frozenset()
    tested: bool = False
    view: int = 0

    @property
    def pairs(self) -> int:
        return (self.candidates + 1) // 2

    @property
    def open(self) -> bool:
        """Do the candidates stand there?"""
        return self.phase != UNTESTED

    @property
    def fixed(self) -> bool:
        return self.phase == FIXED

    def candidate(self, key: int) -> int | None:
        """The candidate that APPLY_A or APPLY_B stands for; None where the last pair has no second one."""
        index = 2 * self.pair + key - APPLY_A
        return index if index < self.candidates else None

    def offered(self) -> np.ndarray:
        """bool [6]: the keys that do something now."""
        keys = {
            UNTESTED: [RUN_TESTS],
            CHOOSING: [APPLY_A, CYCLE_PATCHES] + ([] if self.tested else [RUN_TESTS]),
            PATCHED: [RUN_TESTS, REVERT],
            FAILED: [REVERT],
            FIXED: [],
        }[self.phase]
        mask = np.zeros(KEYS, bool)
        mask[[NO_OP, *keys]] = True
        mask[APPLY_B] = self.phase == CHOOSING and self.candidate(APPLY_B) is not None
        return mask

    def press(self, key: int) -> Menu:
        """The menu after a key; a key that is not offered changes nothing, RUN_TESTS waits for `ran`."""
        if not self.offered()[key]:
            return self
        if key == NO_OP:
            return self._replace(view=(self.view + 1) % len(VIEWS))
        if key in (APPLY_A, APPLY_B):
            return self._replace(phase=PATCHED, applied=self.candidate(key))
        if key == CYCLE_PATCHES:
            return self._replace(pair=(self.pair + 1) % self.pairs)
        if key == REVERT:
            return self._replace(phase=CHOOSING, applied=None)
        return self

    def ran(self, passed: bool) -> Menu:
        """The menu after a run."""
        if passed:
            return self._replace(phase=FIXED, tested=True)
        if self.applied is None:
            return self._replace(phase=CHOOSING, tested=True)
        return self._replace(phase=FAILED, tested=True, tried=self.tried | {self.applied})

    def oracle(self, right: int) -> int:
        """The next key of a shortest way to the candidate `right` and its run."""
        if self.phase == UNTESTED:
            return RUN_TESTS
        if self.phase == CHOOSING:
            pair, second = divmod(right, 2)
            return APPLY_A + second if pair == self.pair else CYCLE_PATCHES
        if self.phase == FIXED:
            return NO_OP
        return RUN_TESTS if self.applied == right and self.phase == PATCHED else REVERT

    def shortest(self, right: int) -> int:
        """How many keys that way has."""
        menu, keys = self, 0
        while menu.phase != FIXED:
            key = menu.oracle(right)
            menu = menu.ran(menu.applied == right) if key == RUN_TESTS else menu.press(key)
            keys += 1
        return keys


def fresh(loop: bool, candidates: int) -> Menu:
    """The menu at the beginning of an episode."""
    return Menu(loop, candidates, UNTESTED if loop else CHOOSING)
