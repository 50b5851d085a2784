"""Which sections does an episode have? Seeds in, whole chains out, all rows at once.

Middles are drawn until what is left can be one last section; that one is drawn among those that fit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sixkeys.contract import SIDE, TEST_SEEDS
from sixkeys.envs.chains_sections import COLOURS, LASTS, MIDDLES, SIZE, library
from sixkeys.envs.grid_layouts import CARPET, FLOOR, WALL, chance

TOLERANCE = 2
"""Keys by which a chain may be longer or shorter than its name says."""
PAD_CELLS = SIDE // 2
HIGH = SIZE + 2 * PAD_CELLS
LEFT_OVER, LEAST = 34, 10
"""At most so many keys are left for the last section, and at least."""
CARPETS = 8
"""One in so many floor cells has a pattern that means nothing."""
_SECTION_DRAWS, _TINT_DRAWS, _CARPET_DRAWS = 1, 1 << 12, 1 << 14


class Built(NamedTuple):
    """Starts of n episodes, a row an episode."""

    plan: np.ndarray
    """int64 [n, sections]: rows of the library, -1 after the last section."""
    cells: np.ndarray
    """uint32 [n, HIGH * wide]: padded chain, flat, no agent."""
    length: np.ndarray
    """int64 [n]: keys of a shortest way."""


def most(length: int) -> int:
    """At most so many sections has a chain of `length` keys."""
    return 1 + max(0, -(-(length - LEFT_OVER) // int(library().length[_middles(0)].min())))


def wide(sections: int) -> int:
    """Columns of a padded chain: a wall before the first section, and what a view may touch beyond."""
    return sections * SIZE + 1 + 2 * PAD_CELLS


def place(row: int, column: int, sections: int) -> int:
    """The index of a chain's cell in its padded, flat array."""
    return (row + PAD_CELLS) * wide(sections) + column + 1 + PAD_CELLS


def _middles(half: int) -> slice:
    first = half * (MIDDLES + LASTS)
    return slice(first, first + MIDDLES)


def drawn(seeds: np.ndarray, length: int, sections: int) -> tuple[np.ndarray, np.ndarray]:
    """int64 [n, sections] and [n]: rows of the library for chains of `length` keys, and their real length."""
    shelf, half = library(), (seeds >= TEST_SEEDS).astype(np.int64)
    first = half * (MIDDLES + LASTS)
    plan, rest = np.full((len(seeds), sections), -1, np.int64), np.full(len(seeds), length, np.int64)
    open_ = np.ones(len(seeds), bool)
    for number in range(sections):
        draw = chance(seeds, np.array(_SECTION_DRAWS + number))
        low, high, ends = np.zeros((3, len(seeds)), np.int64)
        for which in np.unique(half):
            rows, base = half == which, int(which) * (MIDDLES + LASTS)
            middles = shelf.length[base : base + MIDDLES]
            lasts = shelf.length[base + MIDDLES : base + MIDDLES + LASTS]
            ends[rows] = rest[rows] <= LEFT_OVER
            fits = np.searchsorted(middles, rest[rows] - LEAST, "right")
            from_ = np.searchsorted(lasts, rest[rows] - TOLERANCE, "left")
            to = np.searchsorted(lasts, rest[rows] + TOLERANCE, "right")
            low[rows] = np.where(ends[rows], MIDDLES + from_, 0)
            high[rows] = np.where(ends[rows], MIDDLES + to, fits)
        chosen = first + low + draw % np.maximum(high - low, 1)
        plan[open_, number] = chosen[open_]
        rest -= np.where(open_, shelf.length[chosen], 0)
        open_ &= ends == 0
    return plan, length - rest


def tint(seeds: np.ndarray, section: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The library's colours (1 to COLOURS; 0 stays) as an episode shows them in a section; shapes
    broadcast."""
    draw = chance(seeds, _TINT_DRAWS + section)
    return np.where(colour > 0, 1 + (draw + colour * (2 * (draw >> 8) + 1)) % COLOURS, 0)


def built(seeds: np.ndarray, length: int, sections: int) -> Built:
    """Chains of `length` keys from `seeds` (int64 [n], not negative)."""
    plan, keys = drawn(seeds, length, sections)
    count, numbers = len(seeds), np.arange(sections)
    cells = library().cells[np.maximum(plan, 0)]
    colour = tint(seeds[:, None, None], numbers[:, None], cells >> 8 & 255)
    cells = (cells & ~np.uint32(0xFF00)) + (colour << 8).astype(np.uint32)
    draws = chance(
        seeds[:, None, None], _CARPET_DRAWS + np.arange(sections * SIZE * SIZE).reshape(sections, -1)
    )
    patterned = (cells & 0xFFFF == FLOOR) & (draws % CARPETS == 0)
    cells[patterned] += (CARPET - FLOOR + (1 + (draws[patterned] >> 8) % COLOURS << 8)).astype(np.uint32)
    cells[:, 1::2] = _other_hall(cells[:, 1::2])
    cells[plan < 0] = 0
    whole = np.zeros((count, HIGH, wide(sections)), np.uint32)
    left = PAD_CELLS + 1
    rows = slice(PAD_CELLS, PAD_CELLS + SIZE)
    strip = cells.reshape(count, sections, SIZE, SIZE).transpose(0, 2, 1, 3).reshape(count, SIZE, -1)
    whole[:, rows, left : left + sections * SIZE] = strip
    whole[:, rows, PAD_CELLS] = WALL + (63 << 24)
    return Built(plan, whole.reshape(count, -1), keys)


def _other_hall(cells: np.ndarray) -> np.ndarray:
    """The hall's bit 1 becomes 2, so that two halls side by side are two rooms; walls and gates have both."""
    rooms = cells >> 24
    swapped = np.where((rooms & 3) == 1, rooms ^ 3, rooms)
    return ((cells & 0xFFFFFF) | (swapped << 24)).astype(np.uint32)
