"""Does the menu offer what it says, and is the oracle's way a shortest one? A breadth-first search
answers."""

from __future__ import annotations

import pytest

from sixkeys.contract import KEYS
from sixkeys.envs.repo.menu import FIXED, MENU_KEYS, RUN_TESTS, Menu, fresh


def offers(menu: Menu) -> set[str]:
    return {name for name, on in zip(MENU_KEYS, menu.offered(), strict=True) if on}


def follow(menu: Menu, right: int, key: int) -> Menu:
    """One key of a world in which only `right` passes."""
    if key == RUN_TESTS and menu.offered()[key]:
        return menu.ran(menu.applied == right)
    return menu.press(key)


def search(menu: Menu, right: int) -> int:
    """How many keys the shortest way has: all ways, breadth first."""
    edge, seen, keys = {menu}, {menu}, 0
    while not any(state.phase == FIXED for state in edge):
        edge = {follow(state, right, key) for state in edge for key in range(KEYS)} - seen
        seen |= edge
        keys += 1
    return keys


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("candidates", [2, 5, 6])
def test_the_oracle_is_as_short_as_any_way(loop: bool, candidates: int) -> None:
    for right in range(candidates):
        menu = fresh(loop, candidates)
        assert menu.shortest(right) == search(menu, right)
        wrong = (right + 1) % candidates
        for _ in range(50):
            if menu.applied is not None or menu.phase == FIXED:
                break
            menu = follow(menu, right, menu.oracle(wrong))
        assert menu.applied == wrong
        for state in (menu, menu.ran(False)):
            steps, now = 0, state
            while now.phase != FIXED:
                now, steps = follow(now, right, now.oracle(right)), steps + 1
            assert steps == search(state, right)


def test_every_phase_offers_its_own_keys() -> None:
    menu = fresh(True, 6)
    assert offers(menu) == {"NO_OP", "RUN_TESTS"}
    menu = menu.ran(False)
    assert offers(menu) == {"NO_OP", "APPLY_A", "APPLY_B", "CYCLE_PATCHES"}
    menu = menu.press(3)
    assert menu.applied == 1
    assert offers(menu) == {"NO_OP", "RUN_TESTS", "REVERT"}
    failed = menu.ran(False)
    assert offers(failed) == {"NO_OP", "REVERT"}
    assert failed.tried == {1}
    back = failed.press(5)
    assert offers(back) == {"NO_OP", "APPLY_A", "APPLY_B", "CYCLE_PATCHES"}
    assert (back.pair, back.applied, back.tried) == (0, None, {1})
    assert offers(menu.ran(True)) == {"NO_OP"}


def test_without_the_loop_the_menu_is_there_from_the_start() -> None:
    menu = fresh(False, 6)
    assert offers(menu) == {"NO_OP", "RUN_TESTS", "APPLY_A", "APPLY_B", "CYCLE_PATCHES"}
    assert offers(menu.ran(False)) == {"NO_OP", "APPLY_A", "APPLY_B", "CYCLE_PATCHES"}


def test_pairs_wrap_and_a_lone_last_candidate_has_no_b() -> None:
    menu = fresh(False, 5)
    walked = [menu := menu.press(4) for _ in range(3)]
    assert [step.pair for step in walked] == [1, 2, 0]
    assert "APPLY_B" not in offers(walked[1])
    assert walked[1].press(3) == walked[1]


def test_a_key_that_is_not_offered_changes_nothing() -> None:
    states = [
        fresh(True, 6),
        fresh(True, 6).ran(False),
        fresh(False, 6).press(2),
        fresh(False, 6).press(2).ran(False),
    ]
    for state in states:
        for key in range(KEYS):
            if not state.offered()[key]:
                assert state.press(key) == state
