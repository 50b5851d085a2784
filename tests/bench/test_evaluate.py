"""Evaluation on the corridor, whose episodes can be counted by head."""

import numpy as np
import pytest
from corridor import (
    CAP,
    FORWARD,
    LEFT_DOOR,
    LOOK,
    RIGHT_DOOR,
    Corridor,
    Endless,
    HintFollower,
    Reader,
    colour_of,
    length_of,
    make_pool,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.bench.controls import NoOp, Oracle, RandomKeys, Shuffled
from sixkeys.bench.evaluate import evaluate, seed_at
from sixkeys.contract import TEST_SEEDS
from sixkeys.envs.pool import Pool


def _pool(seats):
    return lambda seed_of: Pool([Corridor(seats)], seed_of)


def _lengths(episodes, seed=0):
    return np.array([length_of(seed_at(seed, index)) for index in range(episodes)])


@pytest.mark.parametrize("masked", [True, False])
def test_oracle_takes_the_shortest_way_everywhere(masked):
    oracle = Oracle()
    found = evaluate(oracle, oracle.watch(make_pool), 50, masked)
    assert found.success.all()
    assert found.steps.tolist() == found.oracle_steps.tolist() == (_lengths(50) + 1).tolist()
    assert found.invalid.sum() == found.invalid_mass.sum() == 0
    assert found.ret.tolist() == [1.0] * 50
    assert found.cap.tolist() == [CAP] * 50
    assert found.family.tolist() == [f"length_{n}" for n in _lengths(50)]
    assert set(found.world) == {"corridor1"}
    assert (found.seed >= TEST_SEEDS).all()


def test_no_op_runs_into_the_cap():
    found = evaluate(NoOp(), make_pool, 20, True)
    assert not found.success.any()
    assert found.steps.tolist() == [CAP] * 20
    assert found.ret.sum() == 0


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 25), st.integers(0, 5))
def test_every_episode_of_the_list_counts_once_whatever_the_seats(seats, episodes, seed):
    """A reader's result depends on the episode alone, so any number of seats gives the same columns."""
    found = evaluate(Reader(), _pool(seats), episodes, False, seed=seed)
    assert found.seed.tolist() == [seed_at(seed, index) for index in range(episodes)]
    assert found.steps.tolist() == (_lengths(episodes, seed) + 1).tolist()
    assert found.success.all()


class Left(Reader):
    """Solves where the left door is right; elsewhere it waits for the cap: solved episodes are short."""

    def think(self, seen, mind):
        thought, mind = super().think(seen, mind)
        left = seen.observation["patch"][:, 4, 4, 1] == 1
        return thought._replace(action=np.where(left, thought.action, 0).astype(np.int32)), mind


def test_short_episodes_are_not_favoured():
    """Were episodes taken as they end, quick successes would crowd out the slow failures."""
    found = evaluate(Left(), _pool(8), 40, False)
    expected = [colour_of(seed_at(0, index)) == 1 for index in range(40)]
    assert found.success.tolist() == expected
    assert 0.2 < np.mean(expected) < 0.8


def test_seats_of_several_worlds_stay_in_their_rows():
    def two_worlds(seed_of):
        return Pool([Corridor(2, world=1), Corridor(1, world=2)], seed_of)

    found = evaluate(Reader(), two_worlds, 9, False)
    assert found.world.tolist() == ["corridor1", "corridor1", "corridor2"] * 3


class Pair(HintFollower):
    """Keeps every `offered` it was shown."""

    def __init__(self):
        self.shown = []

    def think(self, seen, mind):
        self.shown.append(seen.offered.copy())
        return super().think(seen, mind)


def test_unmasked_the_hints_are_out_of_reach():
    thinker = Pair()
    blind = evaluate(thinker, make_pool, 24, False)
    assert all(shown.all() for shown in thinker.shown)
    assert (blind.invalid == blind.steps).all(), "it presses the last offered key, so LOOK, which never is"
    led = evaluate(thinker, make_pool, 24, True)
    assert led.invalid.sum() == 0
    assert led.success.any()


class Always(Reader):
    def __init__(self, key):
        self.key = key

    def think(self, seen, mind):
        return self.thought(seen, np.full(len(seen.begun), self.key)), mind


def test_invalid_keys_and_invalid_mass_by_head():
    """FORWARD for ever: `length` valid keys, then invalid ones. Free mass: 0.9 on FORWARD, 0.02 elsewhere.

    Offered at the start: WAIT, FORWARD (0.08 is off); between: BACK too (0.06); at the end WAIT, BACK and
    both doors (0.92).
    """
    found = evaluate(Always(FORWARD), make_pool, 16, False)
    lengths = _lengths(16)
    assert found.invalid.tolist() == (CAP - lengths).tolist()
    expected = (0.08 + 0.06 * (lengths - 1) + 0.92 * (CAP - lengths)) / CAP
    assert found.invalid_mass == pytest.approx(expected, abs=1e-6)
    assert evaluate(Always(LOOK), make_pool, 3, True).invalid.tolist() == [CAP] * 3


class Never:
    """A guard that would forbid the right door."""

    def forbids(self, now, seat, action):
        return "the right door is out of bounds" if action == 4 else None


def test_an_auditing_guard_counts_and_does_not_veto():
    found = evaluate(Reader(), make_pool, 16, False, audit=[Never()])
    right = np.array([colour_of(seed) == 2 for seed in found.seed])
    assert found.success.all()
    assert found.violations.tolist() == right.astype(int).tolist()
    assert evaluate(Reader(), make_pool, 4, False).violations.sum() == 0


class Stubborn(Reader):
    """Takes the left door whatever it reads."""

    def think(self, seen, mind):
        thought, mind = super().think(seen, mind)
        return thought._replace(
            action=np.where(thought.action == RIGHT_DOOR, LEFT_DOOR, thought.action)
        ), mind


def test_keys_that_do_harm_are_counted():
    found = evaluate(Stubborn(), make_pool, 16, False)
    assert found.harm.tolist() == (~found.success).astype(int).tolist()
    assert 0 < found.harm.sum() < 16
    assert not evaluate(Reader(), make_pool, 16, False).harm.any()


class Dreamer(Reader):
    """Tells that it imagines three keys for each that it presses."""

    def think(self, seen, mind):
        thought, mind = super().think(seen, mind)
        return thought._replace(imagined=np.full(len(thought.action), 3)), mind


def test_imagined_keys_are_counted_where_they_are_told():
    found = evaluate(Dreamer(), make_pool, 8, False)
    assert found.imagined.tolist() == (3 * found.steps).tolist()
    assert evaluate(Reader(), make_pool, 8, False).imagined.sum() == 0


def test_the_same_seed_gives_the_same_evaluation_and_another_seed_other_episodes():
    one, two = (evaluate(RandomKeys(), make_pool, 12, False, seed=3) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one[:-1], two[:-1], strict=True))
    assert evaluate(RandomKeys(), make_pool, 12, False, seed=4).seed.tolist() != one.seed.tolist()


def test_shuffled_reading_costs_the_reader_its_score():
    found = evaluate(Shuffled(Reader()), make_pool, 64, False)
    assert found.success.mean() < 0.8
    assert found.invalid.sum() > 0


def test_progress_tells_every_end_and_the_pool_is_closed():
    told, pools = [], []

    def keep(seed_of):
        pools.append(make_pool(seed_of))
        return pools[-1]

    evaluate(Reader(), keep, 13, True, progress=lambda done, episodes: told.append((done, episodes)))
    assert told[-1] == (13, 13)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert pools[0].worlds[0].closed


def test_refusals():
    with pytest.raises(ValueError, match="episodes is 0"):
        evaluate(Reader(), make_pool, 0, True)
    with pytest.raises(RuntimeError, match="never truncates"):
        evaluate(NoOp(), lambda seed_of: Pool([Endless(2)], seed_of), 2, True)


def test_replays_tell_the_episode_key_by_key():
    found = evaluate(Reader(), make_pool, 20, True, frames=3)
    assert len(found.replays) == 3
    for index, replay in enumerate(found.replays):
        length = length_of(found.seed[index])
        pressed = [frame.press.key for frame in replay.frames[:-1]]
        door = 2 + colour_of(found.seed[index])
        assert pressed == [FORWARD] * length + [door]
        assert [frame.press.name for frame in replay.frames[:-1]][-1] == replay.keys[door]
        assert replay.frames[-1].press is None
        assert [frame.screen.splitlines()[-1] for frame in replay.frames] == [
            f"place {n}" for n in [*range(length + 1), length]
        ]
        assert [frame.patch[4][4] for frame in replay.frames] == [[4, colour_of(found.seed[index]), 0]] * (
            length + 2
        )
        assert replay.frames[0].offered == [True, False, True, False, False, False]
        assert replay.frames[0].press.free[FORWARD] == pytest.approx(0.9)
        assert replay.frames[-2].press.reward == 1.0
        assert (replay.end, replay.oracle_steps, replay.seed) == ("solved", length + 1, found.seed[index])
        assert replay.frames[1].energy == pytest.approx(1 - 1 / CAP, abs=1e-4)


def test_replays_name_the_other_ends():
    assert {r.end for r in evaluate(NoOp(), make_pool, 2, True, frames=2).replays} == {"cap"}
    ends = {r.end for r in evaluate(HintFollower(), make_pool, 12, True, frames=12).replays}
    assert ends == {"solved", "died"}
    assert evaluate(Always(LOOK), make_pool, 1, True, frames=1).replays[0].frames[0].press.invalid


class Garbled(Corridor):
    def screen(self, seat):
        return "output \ud800 of a program"


def test_a_screen_that_utf_8_cannot_hold_does_not_lose_the_report():
    found = evaluate(Reader(), lambda seed_of: Pool([Garbled(2)], seed_of), 2, True, frames=1)
    assert found.replays[0].frames[0].screen == "output ? of a program"
