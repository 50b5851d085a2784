"""Is every kind of foreign observation written into the patch as documented?"""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.adapter_views import view_of


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 5))
def test_a_lone_thing_of_a_larger_grid_keeps_its_place(row: int, column: int, layer: int) -> None:
    grid = np.zeros((10, 10, 6), bool)
    grid[row, column, layer] = True
    patch = view_of(spaces.Box(0, 1, (10, 10, 6), bool))(grid)
    assert set(np.unique(patch[..., 0])) == {0, layer + 1}
    touched = np.argwhere(patch[..., 0])
    assert {tuple(place) for place in touched} == {
        (r, c) for r in (row - 1, row) for c in (column - 1, column) if 0 <= r < 9 and 0 <= c < 9
    }


def test_the_first_three_layers_of_a_cell_are_named_and_small_grids_lie_in_the_middle() -> None:
    grid = np.zeros((7, 7, 7), bool)
    grid[1, 2, [2, 4, 5, 6]] = True
    patch = view_of(spaces.Box(0, 1, grid.shape, bool))(grid)
    assert patch[2, 3].tolist() == [3, 5, 6]
    assert np.count_nonzero(patch) == 3


def test_an_image_is_the_mean_of_its_tiles() -> None:
    image = np.random.default_rng(0).integers(0, 256, (41, 67, 3), dtype=np.uint8)
    patch = view_of(spaces.Box(0, 255, image.shape, np.uint8))(image)
    for row in range(9):
        for column in range(9):
            tile = image[41 * row // 9 : 41 * (row + 1) // 9, 67 * column // 9 : 67 * (column + 1) // 9]
            for channel, levels in enumerate((32, 32, 16)):
                exact = tile[..., channel].mean() / 255 * levels
                assert patch[row, column, channel] == min(int(exact), levels - 1)


def test_a_grey_image_tells_levels_and_spread() -> None:
    image = np.zeros((90, 90, 1), np.uint8)
    image[:10, :10] = 255
    image[:10, 10:15] = 255
    patch = view_of(spaces.Box(0, 255, image.shape, np.uint8))(image)
    assert patch[0, 0].tolist() == [31, 0, 0]
    assert patch[0, 1].tolist() == [16, 31, 0]
    assert not patch[1:].any()


@given(st.lists(st.floats(-1, 1), min_size=100, max_size=100))
def test_more_numbers_than_cells_are_written_three_a_cell(values: list[float]) -> None:
    space = spaces.Box(-1.0, 1.0, (20, 5), np.float64)
    cells = view_of(space)(np.array(values).reshape(20, 5)).reshape(81, 3)
    tops = np.array([31, 31, 15])
    for place, value in enumerate(values):
        level = cells[place // 3, place % 3] / tops[place % 3]
        assert level == pytest.approx((value + 1) / 2, abs=0.51 / tops[place % 3])


def test_digits_and_flags_are_exact() -> None:
    discrete = view_of(spaces.Discrete(5000, start=-7))
    seen = {tuple(discrete(value - 7)[0, 0]) for value in range(5000)}
    assert len(seen) == 5000
    flags = view_of(spaces.MultiBinary(9))(np.array([1, 0, 0, 1, 0, 0, 0, 0, 1]))
    assert flags[:, 0, 0].tolist() == [31, 0, 0, 31, 0, 0, 0, 0, 31]


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (244,), np.float32),
        spaces.Box(0, 1, (8, 8, 20), bool),
        spaces.Tuple((spaces.Box(0, 9, (3, 3), np.int64), spaces.Box(0, 9, (3, 3), np.int64))),
        spaces.Sequence(spaces.Discrete(3)),
    ],
)
def test_what_does_not_fit_a_patch_says_what_to_do(space: spaces.Space) -> None:
    with pytest.raises(ValueError, match=r"wrap\(env, view=\.\.\.\)"):
        view_of(space)
