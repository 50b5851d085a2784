"""May this key be pressed? Guards made from plain rules. They learn nothing and hold in both modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sixkeys.contract import Moment

Test = Callable[[Moment, int], bool]
"""(moment, seat) -> whether the rule applies there."""


@dataclass(frozen=True)
class Rule:
    """Forbids one key wherever `when` holds.

    >>> Rule(5, "never revert here", lambda now, seat: True).forbids(None, 0, 5)
    'never revert here'
    """

    key: int
    reason: str
    when: Test

    def forbids(self, now: Moment, seat: int, action: int) -> str | None:
        return self.reason if action == self.key and self.when(now, seat) else None


def cell_ahead(key: int, kind: int, row: int, column: int, reason: str) -> Rule:
    """Forbids `key` where the patch shows `kind` at [row, column]: never walk into what is known to kill."""
    return Rule(key, reason, lambda now, seat: int(now.observation["patch"][seat, row, column, 0]) == kind)
