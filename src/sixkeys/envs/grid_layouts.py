"""What does a grid episode look like at its start? Seeds in, solvable 10 x 10 layouts out, all rows at once.

Chance is counter-based: every number is a hash of (seed, draw number), so an episode depends on its seed
alone, whichever seats begin with it. Floor plans (walls and passages) come from a table of all there are.
Here also stands the vocabulary of cells, which the MiniGrid adapter shares.

Why every layout can be solved: the line down a middle column has a passage, the wall across (where there is
one) has a passage on either side, and loose pillars and lava stand alone, with eight cells around each that
are neither, so they can be walked around. Keys and batteries block the way but can be taken from any cell
next to them; they lie on the start's side of the line and the goal lies on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

UNKNOWN, FLOOR, WALL, DOOR_CLOSED, DOOR_OPEN, KEY, LAVA, GOAL, ENERGY, AGENT = range(10)
"""Kinds of cells: channel 0 of a patch. Channel 1 is a colour from 1 on, 0 for none; on the agent it is the
sum of 2 ** (colour - 1) over the keys it carries. Channel 2 is 1 on a locked door, and on the agent the kind
of the cell beneath it."""
BALL, BOX, CARPET = 10, 11, 12
"""Kinds that only MiniGrid has."""

GRID = 10
"""The grid is GRID x GRID cells, the outermost ones wall."""
PAD = 4
"""Unknown cells around the grid, so that a 9 x 9 view never leaves the array."""
WIDE = GRID + 2 * PAD
MAX_STEPS = 64
GAIN = 40
"""Keys that one battery adds to the budget."""
COLOURS = 5

NORTH, EAST, SOUTH, WEST = -WIDE, 1, WIDE, -1
AROUND = np.array([NORTH, EAST, SOUTH, WEST])
"""Steps to the four neighbours in a flat padded grid, in the order of the keys."""


@dataclass(frozen=True)
class Regime:
    """How hard the rooms are. Raises ValueError on what is not possible, and says what is."""

    walls: float = 0.15
    """Share of the places for loose pillars that hold one."""
    lava: float = 0.25
    """The same for loose lava, in the families that have it."""
    slip: float = 0.0
    """Chance that a step goes a quarter turn to the left or right of where it was meant to."""
    view: int = 7
    """Cells on a side of what is seen around the agent: 3, 5, 7 or 9."""
    colours: tuple[int, ...] = (1, 2, 3, 4, 5)
    """The colours, of 1 to 5, that keys and doors may have: leave some out to test on colours never seen."""

    def __post_init__(self) -> None:
        for name in ("walls", "lava", "slip"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name}={share!r} is not a share; choose a number from 0 to 1")
        if self.view not in (3, 5, 7, 9):
            raise ValueError(f"view={self.view!r} is not possible; choose 3, 5, 7 or 9")
        known = set(range(1, COLOURS + 1))
        if (
            not self.colours
            or len(set(self.colours)) < len(self.colours)
            or not known.issuperset(self.colours)
        ):
            raise ValueError(
                f"colours={self.colours!r} is not possible; choose distinct ones of 1 to {COLOURS}"
            )


class Recipe(NamedTuple):
    """What a family's layouts are made of; 0 means without."""

    divider: int = 0
    """Kind of the line down the middle column: WALL or LAVA."""
    across: int = 0
    """1: a second wall crosses it, which makes four rooms."""
    door: int = 0
    """1: the passages of the divider are locked doors; the key of the first one lies on the start's side."""
    item: int = 0
    """KEY or ENERGY: what has to be taken on the way."""
    loose: int = 0
    """WALL or LAVA: what the loose cells are made of."""
    lowest: int = 1
    """The first row in which start, item and goal may be; 5 keeps them away from a passage in row 1."""


RECIPES = {
    "grid_empty": Recipe(),
    "grid_rooms": Recipe(divider=WALL, across=1, loose=WALL),
    "grid_key": Recipe(divider=WALL, door=1, item=KEY, loose=WALL),
    "grid_lava": Recipe(divider=LAVA, loose=LAVA),
    "grid_forage": Recipe(divider=WALL, item=ENERGY, loose=WALL, lowest=5),
    "grid_house": Recipe(divider=WALL, across=1, door=1, item=KEY, loose=LAVA),
}
"""Family -> recipe. A family's number in `ids` is its place here, from 1 on."""
FAMILIES = tuple(RECIPES)


class Layouts(NamedTuple):
    """Starts of n episodes, a row an episode."""

    cells: np.ndarray
    """uint32 [n, 324]: padded grid, flat, no agent; a cell is kind + 256 * colour + 65536 * state."""
    start: np.ndarray
    """int64 [n]: where the agent stands, an index into `cells`."""
    budget: np.ndarray
    """int64 [n]: keys that may be pressed before any battery is taken."""


_ONE, _TWO = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def _mix(x: np.ndarray) -> np.ndarray:
    """splitmix64's finaliser (Steele, Lea, Flood 2014), on uint64 arrays; 0 -> 0."""
    x = (x ^ (x >> np.uint64(30))) * _ONE
    x = (x ^ (x >> np.uint64(27))) * _TWO
    return x ^ (x >> np.uint64(31))


def chance(seeds: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """int64 in [0, 2**31): the numbers `draws` (from 1 on) of the streams of `seeds`, broadcast together."""
    streams = _mix(seeds.astype(np.uint64) + _STEP)
    return (_mix(streams + draws.astype(np.uint64) * _STEP) >> np.uint64(33)).astype(np.int64)


CHANCE = 1 << 31
FAMILY_DRAW, SLIP_DRAWS = 1, 1024
"""Draw numbers: the family of a mixed episode; the first one of its keys. A layout's lie between."""
PLAN_DRAWS = 5
_DRAWS = np.arange(2, 2 + PLAN_DRAWS + GRID * GRID)

_ROW, _COLUMN = np.divmod(np.arange(GRID * GRID), GRID)
_EDGE = GRID - 1
_BLANK, _SOLID, _DIVIDER, _FIRST_DOOR, _OTHER_DOOR, _ITEM, _LOOSE, _TARGET = range(8)
"""What a cell is for, before a recipe and colours say what it is made of."""
_LEFT, _NEITHER, _RIGHT = 3 << 29, 1 << 29, 0
"""Highest bits of a cell's rank: cells left of the line sort last, cells right of it first."""


class _Library(NamedTuple):
    """Every floor plan of every family, a row a plan."""

    roles: np.ndarray
    """uint8 [plans, 100]: _BLANK, _SOLID, _DIVIDER or a door."""
    ranks: np.ndarray
    """uint32 [plans, 100]: side of the line where start, item or goal may be, and the cell's own number."""
    places: np.ndarray
    """bool [plans, 100]: far enough from every wall for a loose cell."""
    passage: np.ndarray
    """int64 [plans]: row of the upper passage."""
    first: np.ndarray
    """int64 [families + 1]: where a family's plans begin."""
    count: np.ndarray
    """int64 [families + 1]"""


def _plans(recipe: Recipe) -> list[tuple[int, int, int, int, int, int]]:
    """All (column, row, upper, lower, left, right): lines, and passages in them; row or column 0 is none."""
    columns, inner = range(3, 7), range(1, _EDGE)
    if not recipe.across:
        upper = [1] if recipe.lowest > 1 or not recipe.divider else inner
        return [(column, 0, passage, 0, 0, 0) for column in columns for passage in upper]
    return [
        (column, row, upper, lower, left, right)
        for column in columns for row in range(3, 7)
        for upper in range(1, row) for lower in (0, *range(row + 1, _EDGE))
        for left in range(1, column) for right in range(column + 1, _EDGE)
    ]  # fmt: skip


def _drawn(recipe: Recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One family's roles, ranks, places and passages, as in _Library."""
    column, row, upper, lower, left, right = np.array(_plans(recipe)).T[:, :, None]
    line = (column == _COLUMN) & (recipe.divider > 0)
    across = (row == _ROW) & (row > 0) & (left != _COLUMN) & (right != _COLUMN)
    roles = np.where(line, _DIVIDER, np.where(across, _SOLID, _BLANK))
    roles = np.where(line & (upper == _ROW), _FIRST_DOOR, roles)
    roles = np.where(line & (lower == _ROW) & (lower > 0), _OTHER_DOOR, roles)
    roles[:, (_ROW % _EDGE == 0) | (_COLUMN % _EDGE == 0)] = _SOLID
    side = np.where(column > _COLUMN, _LEFT, np.where(column < _COLUMN, _RIGHT, _NEITHER))
    side = np.where((roles == _BLANK) & (recipe.lowest <= _ROW), side, _NEITHER)
    inner = (np.minimum(_ROW, _COLUMN) >= 2) & (np.maximum(_ROW, _COLUMN) <= _EDGE - 2)
    apart = (abs(_COLUMN - column) >= 2) | (recipe.divider == 0)
    places = inner & apart & (abs(_ROW - row) >= 2) & (recipe.loose > 0)
    return roles.astype(np.uint8), (side + np.arange(GRID * GRID)).astype(np.uint32), places, upper[:, 0]


@cache
def _library() -> _Library:
    families = [_drawn(recipe) for recipe in RECIPES.values()]
    count = np.array([0, *(len(family[0]) for family in families)])
    roles, ranks, places, passage = (np.concatenate(column) for column in zip(*families, strict=True))
    return _Library(roles, ranks, places, passage, np.cumsum(count) - count, np.maximum(count, 1))


@cache
def _materials() -> np.ndarray:
    """int64 [families + 1, 8]: what each role is made of, by family; colours come on top."""
    table = [[FLOOR, WALL, 0, FLOOR, FLOOR, FLOOR, FLOOR, GOAL]]
    for recipe in RECIPES.values():
        door = DOOR_CLOSED + 65536 if recipe.door else FLOOR
        table.append([FLOOR, WALL, recipe.divider, door, door, recipe.item or FLOOR, recipe.loose, GOAL])
    return np.array(table)


def _turned() -> np.ndarray:
    """int64 [8, 100]: where each cell goes in a padded grid under the eight turns and mirrorings."""
    place = (np.arange(GRID)[:, None] + PAD) * WIDE + np.arange(GRID) + PAD
    turns = [np.rot90(square, turn) for square in (place, place.T) for turn in range(4)]
    return np.stack([turn.ravel() for turn in turns])


_TURNED = _turned()
_LATTICES = np.array(
    [[(_ROW + down) % 2 + (_COLUMN + along) % 2 == 0] for down in (0, 1) for along in (0, 1)]
)[:, 0]
"""bool [4, 100]: places for loose cells, never two side by side or corner to corner."""


def _loose(
    places: np.ndarray, draws: np.ndarray, scores: np.ndarray, families: np.ndarray, regime: Regime
) -> np.ndarray:
    """bool [n, 100]: which places hold a loose cell."""
    shares = np.array([0, *(regime.lava if r.loose == LAVA else regime.walls for r in RECIPES.values())])
    return places & _LATTICES[draws & 3] & ((scores & 0xFFFF) < (shares * 0x10000)[families, None])


def _palette(draws: np.ndarray, families: np.ndarray, regime: Regime) -> np.ndarray:
    """int64 [n, 8]: cells by role, with colours: one for the first door and its key, one for the other door.

    Where the regime has only one colour the other door is a wall.
    """
    palette, colours = _materials()[families], np.array(regime.colours)
    doors = palette[:, _FIRST_DOOR] != FLOOR
    first = draws[0] % len(colours)
    other = (first + 1 + draws[1] % max(1, len(colours) - 1)) % len(colours)
    palette[:, _FIRST_DOOR] += 256 * doors * colours[first]
    palette[:, _ITEM] += 256 * doors * colours[first]
    palette[:, _OTHER_DOOR] += 256 * doors * colours[other]
    if len(colours) == 1:
        palette[doors, _OTHER_DOOR] = WALL
    return palette


def _budget(passage: np.ndarray, start: np.ndarray, goal: np.ndarray, families: np.ndarray) -> np.ndarray:
    """int64 [n]: the whole budget, or with a battery one key less than the shortest way without it needs.

    That way goes up to the passage in row 1 and back down, so it is never shorter than the sum below; the
    battery, which lies in the four lowest rows as start and goal do, is always nearer.
    """
    (start_row, start_column), (goal_row, goal_column) = np.divmod(start, GRID), np.divmod(goal, GRID)
    way = start_row + goal_row - 2 * passage + goal_column - start_column
    return np.where(_materials()[families, _ITEM] == ENERGY, way - 1, MAX_STEPS)


def layouts(seeds: np.ndarray, families: np.ndarray, regime: Regime) -> Layouts:
    """Starts of episodes from `seeds` (int64 [n], not negative) and family numbers (int64 [n], 1 to 6)."""
    rows, library = np.arange(len(seeds)), _library()
    scores = chance(seeds[:, None], _DRAWS)
    draws, scores = scores[:, :PLAN_DRAWS].T, scores[:, PLAN_DRAWS:]
    plan = library.first[families] + draws[0] % library.count[families]
    roles, ranks = library.roles[plan], library.ranks[plan]
    loose = _loose(library.places[plan], draws[1], scores, families, regime)
    roles[loose] = _LOOSE
    ranks += (scores >> 16 << 7).astype(np.uint32)
    ranks[loose] = _NEITHER
    ranks.sort(axis=1)
    start, item, goal = (ranks[:, [-1, -2, 0]] & 127).astype(np.int64).T
    roles[rows, item], roles[rows, goal] = _ITEM, _TARGET
    turned = _TURNED[draws[2] & 7]
    cells = np.zeros((len(seeds), WIDE * WIDE), np.uint32)
    cells[rows[:, None], turned] = _palette(draws[3:], families, regime)[rows[:, None], roles]
    return Layouts(cells, turned[rows, start], _budget(library.passage[plan], start, goal, families))
