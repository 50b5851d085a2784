"""How does a foreign observation become a patch? `view_of(space)` -> a function: observation -> [9, 9, 3].

Deterministic and without memory: the space alone fixes how every value is written.
- *Numbers* (Box of one axis, float tables, MultiDiscrete, MultiBinary): a share in [0, 1] of the space's
  bounds; without both bounds 0.5 + 0.5 x / (1 + |x|). Each number has 81 // numbers cells, at most 9 (a
  row): a thermometer whose cell j has kind rint(31 * clip(share * cells - j, 0, 1)), identity 1 + number %
  31, state floor(16 * share). From 82 to 243 numbers: three a cell (32, 32 and 16 levels); more are refused.
- *Grids* (bool or integers, a side up to 32; channels last, or first where that axis is the shortest): at
  most 3 channels are kind, identity and state, clipped to their sizes; up to 16 channels are layers: kind,
  identity and state are 1 + the first, second and third layer that is set. Larger than 9 x 9: largest value
  (any, of layers) in windows that overlap, so 10 x 10 still tells every place of a lone thing. Smaller: in
  the middle.
- *Images* (larger sides): means over 9 x 9 tiles; colours are 32, 32 and 16 levels of red, green, blue; of
  one channel or more than 3, kind is the level of their mean and identity that of its deviation in a tile.
- *Discrete*: one cell, in digits of base 32, 32, 16. *Text*: one cell a word, three hashes of it.
- *Dict, Tuple*: a grid or image takes the upper left 7 x 7 cells, all else the rows below and then the
  columns beside: Discretes, then numbers, then words as far as cells reach.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from sixkeys.contract import CELL_SIZES, SIDE, bucket

View = Callable[[Any], np.ndarray]
"""Observation -> uint8 [9, 9, 3]."""
CELLS = SIDE * SIDE
MASK = "action_mask"
"""The entry of an observation or an info that tells what is allowed; never written into a patch."""
BESIDE = 7
"""Side of a picture that shares the patch."""
LARGEST_GRID, MOST_LAYERS, UNBOUNDED = 32, 16, 1e6

_TOP = np.array(CELL_SIZES) - 1
_NUMBERS = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


class _Leaf(NamedTuple):
    """A part of a nested space that is not nested itself, and the keys that lead to it."""

    space: Any
    path: tuple

    def of(self, observation: Any) -> Any:
        for key in self.path:
            observation = observation[key]
        return observation


def view_of(space: spaces.Space) -> View:
    """The view of a space. Raises ValueError where a part of it cannot be written into a patch."""
    leaves = list(_leaves(space, ()))
    pictures = [leaf for leaf in leaves if _is_picture(leaf.space)]
    if len(pictures) > 1:
        raise _refusal(space, "it holds more than one picture")
    rest = [leaf for leaf in leaves if leaf not in pictures]
    side = BESIDE if rest else SIDE
    draw = _picture(pictures[0].space, side) if pictures else None
    beside = [row * SIDE + column for column in range(BESIDE, SIDE) for row in range(BESIDE)]
    free = np.array([*range(BESIDE * SIDE, CELLS), *beside] if draw else range(CELLS))
    writers = _writers(rest, free, space)

    def view(observation: Any) -> np.ndarray:
        patch = np.zeros((SIDE, SIDE, 3), np.uint8)
        if draw:
            drawn = draw(np.asarray(pictures[0].of(observation)))
            top, left = (0, 0) if rest else ((SIDE - drawn.shape[0]) // 2, (SIDE - drawn.shape[1]) // 2)
            patch[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
        cells = patch.reshape(CELLS, 3)
        for leaf, places, write in writers:
            written = write(leaf.of(observation))[: len(places)]
            cells[places[: len(written)]] = written
        return patch

    return view


def _refusal(space: Any, reason: str) -> ValueError:
    return ValueError(
        f"{space} cannot be seen in a patch of {SIDE} x {SIDE} cells: {reason}; possible: numbers, a grid, "
        "an image, words, or a function from observation to patch: wrap(env, view=...)"
    )


def _leaves(space: spaces.Space, path: tuple) -> Iterator[_Leaf]:
    if isinstance(space, spaces.Dict | spaces.Tuple):
        named = space.items() if isinstance(space, spaces.Dict) else enumerate(space)
        for key, part in named:
            if key != MASK:
                yield from _leaves(part, (*path, key))
    elif isinstance(space, _NUMBERS) or isinstance(space.sample(), str):
        yield _Leaf(space, path)
    else:
        raise _refusal(space, "its values are neither numbers nor text")


def _is_picture(space: Any) -> bool:
    if not isinstance(space, spaces.Box) or len(space.shape) not in (2, 3):
        return False
    return len(space.shape) == 3 or space.dtype.kind in "bui" or math.prod(space.shape) > 3 * CELLS


# --- numbers, digits, words ---


class _Writer(NamedTuple):
    """Where a leaf is written and what writes it: value -> uint8 [up to len(places), 3]."""

    leaf: _Leaf
    places: np.ndarray
    write: Callable[[Any], np.ndarray]


def _writers(leaves: list[_Leaf], free: np.ndarray, space: Any) -> list[_Writer]:
    digits = [leaf for leaf in leaves if isinstance(leaf.space, spaces.Discrete)]
    tables = [leaf for leaf in leaves if _bounds(leaf.space)]
    words = [leaf for leaf in leaves if leaf not in digits and leaf not in tables]
    count = sum(len(_bounds(leaf.space)[0]) for leaf in tables)
    room = len(free) - len(digits)
    each = 1 if words else min(SIDE, room // max(count, 1))
    made, at = [], 0
    for leaf in digits + tables + words:
        if leaf in digits:
            size, write = 1, _digits(leaf.space)
        elif leaf in tables:
            low, high = _bounds(leaf.space)
            size = -(-len(low) // 3) if count > room else len(low) * each
            write = _packed(low, high) if count > room else _thermometers(low, high, each)
        else:
            size, write = (len(free) - at) // (len(words) - words.index(leaf)), _words
        if at + size > len(free):
            raise _refusal(space, f"{count} numbers are more than three a cell in {room} cells")
        made.append(_Writer(leaf, free[at : at + size], write))
        at += size
    return made


def _bounds(space: Any) -> tuple[np.ndarray, ...]:
    """Lowest and highest value of each number, float64 [numbers] each; empty for what is no numbers."""
    if isinstance(space, spaces.Box):
        return space.low.ravel().astype(float), space.high.ravel().astype(float)
    if isinstance(space, spaces.MultiDiscrete):
        start = space.start.ravel().astype(float)
        return start, start + space.nvec.ravel() - 1
    if isinstance(space, spaces.MultiBinary):
        size = int(np.prod(space.shape))
        return np.zeros(size), np.ones(size)
    return ()


def _shares(low: np.ndarray, high: np.ndarray) -> Callable[[Any], np.ndarray]:
    bounded = (np.abs(low) < UNBOUNDED) & (np.abs(high) < UNBOUNDED)
    start = np.where(bounded, low, 0.0)
    width = np.where(bounded & (high > low), high - start, 1.0)

    def shares(value: Any) -> np.ndarray:
        x = np.asarray(value, np.float64).ravel()
        return np.clip(np.where(bounded, (x - start) / width, 0.5 + 0.5 * x / (1 + np.abs(x))), 0.0, 1.0)

    return shares


def _thermometers(low: np.ndarray, high: np.ndarray, each: int) -> Callable[[Any], np.ndarray]:
    shares, steps = _shares(low, high), np.arange(each)
    blank = np.zeros((len(low), each, 3), np.uint8)
    blank[..., 1] = (1 + np.arange(len(low)) % _TOP[1])[:, None]

    def write(value: Any) -> np.ndarray:
        share, cells = shares(value), blank.copy()
        cells[..., 0] = np.rint(_TOP[0] * np.clip(share[:, None] * each - steps, 0.0, 1.0))
        cells[..., 2] = np.minimum(share * CELL_SIZES[2], _TOP[2])[:, None]
        return cells.reshape(-1, 3)

    return write


def _packed(low: np.ndarray, high: np.ndarray) -> Callable[[Any], np.ndarray]:
    shares, size = _shares(low, high), -(-len(low) // 3)

    def write(value: Any) -> np.ndarray:
        padded = np.zeros(size * 3)
        padded[: len(low)] = shares(value)
        return np.rint(padded.reshape(size, 3) * _TOP).astype(np.uint8)

    return write


def _digits(space: spaces.Discrete) -> Callable[[Any], np.ndarray]:
    start = int(space.start)
    kinds, identities, states = CELL_SIZES

    def write(value: Any) -> np.ndarray:
        rest, kind = divmod(int(value) - start, kinds)
        return np.array([[kind, rest % identities, rest // identities % states]], np.uint8)

    return write


@lru_cache(maxsize=1024)
def _words(value: Any) -> np.ndarray:
    names = str(value).split()[:CELLS]
    made = [[bucket(f"{name} {c}", size) for c, size in enumerate(CELL_SIZES)] for name in names]
    return np.array(made, np.uint8).reshape(-1, 3)


# --- grids and images ---


def _picture(space: Any, side: int) -> Callable[[np.ndarray], np.ndarray]:
    """Array of the space -> uint8 [up to side, up to side, 3]."""
    shape = space.shape if len(space.shape) == 3 else (*space.shape, 1)
    first = len(space.shape) == 3 and shape[0] < min(shape[1:])
    height, width, layers = (*shape[1:], shape[0]) if first else shape

    def upright(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(array, 0, -1) if first else array.reshape(shape)

    if min(height, width) > LARGEST_GRID or (space.dtype.kind == "f" and layers <= 3):
        return _image(space, upright, (height, width, layers), side)
    if layers > MOST_LAYERS:
        raise _refusal(space, f"{layers} layers, at most {MOST_LAYERS}")
    pool = _Windows(height, width, side)
    if layers <= 3:

        def channels(array: np.ndarray) -> np.ndarray:
            cells = np.zeros((*pool.shape, 3), np.uint8)
            cells[..., :layers] = np.clip(pool(upright(array)), 0, _TOP[:layers])
            return cells

        return channels
    table, bits = _first_three(layers), 1 << np.arange(layers)
    return lambda array: table[pool(upright(array) != 0) @ bits]


def _first_three(layers: int) -> np.ndarray:
    """uint8 [2 ** layers, 3]: 1 + the numbers of the lowest three bits, 0 where there are fewer."""
    table = np.zeros((1 << layers, 3), np.uint8)
    rest = np.arange(1 << layers)
    for place in range(3):
        lowest = rest & -rest
        table[:, place] = np.minimum(np.where(lowest > 0, np.log2(np.maximum(lowest, 1)) + 1, 0), _TOP[place])
        rest = rest - lowest
    return table


class _Windows:
    """Largest value in the windows of a [height, width, layers] array, at most `side` x `side` of them."""

    def __init__(self, height: int, width: int, side: int):
        self.shape = (min(height, side), min(width, side))
        self._rows, self._columns = (None if size <= side else _reach(size, side) for size in (height, width))

    def __call__(self, array: np.ndarray) -> np.ndarray:
        if self._rows is not None:
            array = array[self._rows].max(axis=0)
        return array if self._columns is None else array[:, self._columns].max(axis=1)


def _reach(size: int, side: int) -> np.ndarray:
    """int [longest window, side]: window i goes from floor(i size / side) to ceil((i + 1) size / side)."""
    steps = np.arange(side)
    starts, ends = steps * size // side, -(-(steps + 1) * size // side)
    return np.minimum(starts + np.arange((ends - starts).max())[:, None], ends - 1)


def _image(
    space: Any, upright: Callable[[np.ndarray], np.ndarray], size: tuple[int, int, int], side: int
) -> Callable[[np.ndarray], np.ndarray]:
    height, width, layers = size
    rows, columns = (np.arange(min(side, n)) * n // min(side, n) for n in (height, width))
    area = (np.diff(np.append(rows, height))[:, None] * np.diff(np.append(columns, width)))[..., None]
    low, high = float(space.low.min()), float(space.high.max())
    if high - low > UNBOUNDED:
        raise _refusal(space, "an image needs bounds")

    def means(array: np.ndarray) -> np.ndarray:
        rowed = np.add.reduceat(array, rows, axis=0, dtype=np.float64)
        return np.add.reduceat(rowed, columns, axis=1) / area

    def colours(array: np.ndarray) -> np.ndarray:
        share = (means(upright(array)) - low) / (high - low)
        return np.minimum(share * CELL_SIZES, _TOP).astype(np.uint8)

    def greys(array: np.ndarray) -> np.ndarray:
        grey = (upright(array).mean(axis=-1, keepdims=True, dtype=np.float64) - low) / (high - low)
        mean, square = means(grey), means(grey**2)
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        cells = np.concatenate([mean, 2 * spread, np.zeros_like(mean)], axis=-1)
        return np.minimum(cells * CELL_SIZES, _TOP).astype(np.uint8)

    return colours if layers == 3 else greys
