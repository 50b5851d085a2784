"""What does a grid look like to a person? One seat's cells in, text or a picture out."""

from __future__ import annotations

import numpy as np

from sixkeys.envs.grid_layouts import (
    AGENT,
    DOOR_CLOSED,
    DOOR_OPEN,
    ENERGY,
    FLOOR,
    GOAL,
    GRID,
    KEY,
    LAVA,
    PAD,
    WALL,
    WIDE,
)

TILE = 16
"""Pixels on a side of a cell."""
LEGEND = "@ you  # wall  a-e key  A-E locked door  ' open door  ~ lava  + battery  G goal"
_SIGNS = {FLOOR: ".", WALL: "#", DOOR_OPEN: "'", LAVA: "~", GOAL: "G", ENERGY: "+", AGENT: "@"}
_PAINT = {
    FLOOR: (236, 232, 222), WALL: (74, 78, 90), LAVA: (226, 88, 34), GOAL: (72, 160, 92),
    ENERGY: (240, 196, 48), AGENT: (30, 60, 170),
}  # fmt: skip
_COLOURS = ((0, 0, 0), (200, 40, 40), (40, 120, 200), (140, 70, 180), (20, 150, 140), (200, 130, 20))
_UNSEEN = 0.55
"""How bright the cells outside the view are."""


def square(cells: np.ndarray, at: int) -> np.ndarray:
    """uint32 [10, 10]: the grid out of its padding (`cells` uint32 [324]), the agent in it."""
    placed = cells.copy()
    placed[at] = AGENT
    return placed.reshape(WIDE, WIDE)[PAD : PAD + GRID, PAD : PAD + GRID]


def text(cells: np.ndarray, at: int, note: str) -> str:
    """The grid as GRID lines, then `note`, then the legend."""
    lines = ["".join(_sign(int(cell)) for cell in row) for row in square(cells, at)]
    return "\n".join([*lines, note, LEGEND])


def _sign(cell: int) -> str:
    kind, colour = cell & 255, cell >> 8 & 255
    if kind in (KEY, DOOR_CLOSED):
        return chr(ord("a" if kind == KEY else "A") + colour - 1)
    return _SIGNS.get(kind, "?")


def picture(cells: np.ndarray, at: int, view: int) -> np.ndarray:
    """uint8 [160, 160, 3]: the grid in colours; what lies outside the agent's view is darker."""
    grid = square(cells, at)
    image = np.zeros((GRID, GRID, TILE, TILE, 3), np.uint8)
    row, column = (place - PAD for place in divmod(at, WIDE))
    for r, c in np.ndindex(GRID, GRID):
        seen = max(abs(r - row), abs(c - column)) <= view // 2
        image[r, c] = _tile(int(grid[r, c])) * (1.0 if seen else _UNSEEN)
    return image.transpose(0, 2, 1, 3, 4).reshape(GRID * TILE, GRID * TILE, 3)


def _tile(cell: int) -> np.ndarray:
    """uint8 [16, 16, 3]: things smaller than a cell lie on floor; an open door is a frame."""
    kind, colour = cell & 255, cell >> 8 & 255
    tile = np.empty((TILE, TILE, 3), np.uint8)
    tile[:] = _PAINT[FLOOR] if kind in (KEY, DOOR_OPEN, ENERGY, AGENT) else _PAINT.get(kind, _COLOURS[colour])
    if kind == DOOR_OPEN:
        tile[:2] = tile[-2:] = tile[:, :2] = tile[:, -2:] = _COLOURS[colour]
    elif kind == DOOR_CLOSED:
        tile[7:10, 11:13] = _PAINT[FLOOR]
    elif kind == KEY:
        tile[4:9, 2:7] = tile[6:8, 7:14] = tile[8:11, 11:13] = _COLOURS[colour]
    elif kind == ENERGY:
        tile[3:13, 5:11] = tile[2:3, 7:9] = _PAINT[ENERGY]
    elif kind == AGENT:
        tile[3:13, 3:13] = _PAINT[AGENT]
    return tile
