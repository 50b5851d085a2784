"""Does what one run lived serve the next, do lies sink, and do the facts say what happened?"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from sixkeys import build
from sixkeys.memory.lasting import Deed, Lasting, distilled, live
from sixkeys.memory.semantic import Claim, Evidence, count, customs, facts, known, note_customs, way
from sixkeys.memory.store import Entry, Store

WORLD = "grid:grid_key"


def pool_of(seats: int = 2, episodes: int = 3):
    """A pool that begins the same few episodes again and again."""
    config = build.run_config({"pool": {"worlds": [WORLD], "seats": [seats]}})
    return build.make_pool(config.pool, lambda seat, episode: 10 + seat + 2 * (episode % episodes))


def lived(memory: Lasting, turns: int, keys=None):
    """The pool's oracle, or `keys`, pressed for that many turns; what happened."""
    pool = pool_of(len(memory.worlds))
    now, steps = pool.reset(), []
    for turn in range(turns):
        pressed = pool.oracle() if keys is None else keys[turn]
        then = pool.step(pressed)
        memory.remember(now, pressed, then)
        steps.append((now, pressed, then))
        now = then
    pool.close()
    return steps


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.sqlite"


def test_the_next_run_recalls_what_this_one_did(path):
    with Store(path) as store:
        steps = lived(Lasting(store, [WORLD] * 2), 60)
    with Store(path) as store:
        memory, checked = Lasting(store, [WORLD] * 2), 0
        for now, pressed, then in steps[:4]:
            recalled = memory.recall(now)
            for seat in np.flatnonzero(~then.begun):
                near = recalled[seat][recalled[seat, :, 0] > 0.999]
                assert any(one[1] > 0.5 and one[2 + pressed[seat]] == 1 for one in near)
                checked += 1
        assert checked >= 6
        other = Lasting(store, ["grid:grid_empty"] * 2)
        assert not other.recall(steps[0][0]).any(), "another world's entries are not recalled"


def test_what_is_lived_again_gains_weight_and_is_not_written_again(path):
    with Store(path) as store:
        memory = Lasting(store, [WORLD] * 2)
        lived(memory, 80)
        before = store.latest(1000)
        lived(memory, 80)
        after = store.latest(1000)
        assert len(after) == len(before) > 5
        assert np.mean([e.weight for e in after]) > np.mean([e.weight for e in before]) > 2 / 3


def advice(recalled: np.ndarray) -> np.ndarray:
    """What entries of this very case say for each key, trust included."""
    return sum(one[1] * one[2:] for one in recalled if one[0] > 0.999) + np.zeros(6)


def test_a_poisoned_entry_sinks(path):
    """A lie says that a key that is not valid solves the episode; whoever follows memory tries it."""
    with Store(path) as store:
        memory, pool = Lasting(store, [WORLD]), pool_of(1, episodes=1)
        now, chance = pool.reset(), np.random.default_rng(1)
        lie = int(np.flatnonzero(~now.offered[0])[0])
        vector = memory.likeness.vectors(now.observation)[0]
        poison = store.add([Entry(WORLD, f"key {lie}", 1.0, "a lie", vector, held=3)])[0]
        weights, followed = [store.get([poison])[poison].weight], 0
        for _ in range(600):
            said = advice(memory.recall(now)[0])
            pressed = np.array([said.argmax()]) if said.max() > 0.3 else pool.oracle()
            followed += pressed[0] == lie
            pressed = chance.integers(0, 6, 1) if chance.random() < 0.3 else pressed
            then = pool.step(pressed)
            memory.remember(now, pressed, then)
            now = then
            weights.append(store.get([poison])[poison].weight)
        pool.close()
        assert followed > 0, "the lie was believed at first"
        assert weights[0] == 4 / 5
        assert all(later <= earlier for earlier, later in pairwise(weights))
        assert weights[-1] <= 1 / 2
        first = pool_of(1, episodes=1).reset()
        assert advice(memory.recall(first)[0])[lie] < 0, "the truth speaks louder"


def test_contradictions_weigh_the_minority_down(path):
    vector = np.eye(64, dtype=np.float32)[3]
    with Store(path) as store:
        for outcome in (1.0, -1.0, 1.0, 1.0, 1.0, -1.0):
            live(store, [Entry("w", "key 2", outcome, "", vector)])
        good, bad = sorted(store.latest(10), key=lambda entry: -entry.outcome)
        assert (good.held, good.broke) == (4, 2)
        assert (bad.held, bad.broke) == (2, 3)
        assert good.weight > bad.weight


def test_facts_say_how_often_keys_were_valid(path):
    keys = np.random.default_rng(0).integers(0, 6, (300, 2))
    with Store(path) as store:
        steps = lived(Lasting(store, [WORLD] * 2), 300, keys)
        pressed, bad, open_deeds = Counter(), Counter(), {0: [], 1: []}
        for now, row, then in steps:
            for seat in (0, 1):
                if then.begun[seat]:
                    continue
                open_deeds[seat].append((int(now.observation["ids"][seat, 2]), int(row[seat]),
                                         bool(then.outcome.invalid[seat])))  # fmt: skip
                if then.outcome.terminated[seat] or then.outcome.truncated[seat]:
                    for phase, key, invalid in open_deeds[seat]:
                        pressed[phase, key] += 1
                        bad[phase, key] += invalid
                    open_deeds[seat] = []
        told = {fact[1:3]: (fact.held, fact.broke) for fact in facts(store, "key")}
        assert sum(bad.values()) > 0
        assert told == {
            (f"{WORLD}, phase {phase}", f"key {key} is valid"): (n - bad[phase, key], bad[phase, key])
            for (phase, key), n in pressed.items()
        }


def test_memory_never_reads_what_the_interface_offers(path, tmp_path):
    def told(where, blind):
        with Store(where) as store:
            memory, pool = Lasting(store, [WORLD] * 2), pool_of()
            now, recalled = pool.reset(), []
            for _ in range(60):
                keys = pool.oracle()
                then = pool.step(keys)
                shown = [m._replace(offered=np.zeros_like(m.offered)) if blind else m for m in (now, then)]
                memory.remember(shown[0], keys, shown[1])
                recalled.append(memory.recall(shown[1]))
                now = then
            pool.close()
            return np.array(recalled), [fact[:5] for fact in facts(store)]

    seen, blind = told(path, False), told(tmp_path / "blind.sqlite", True)
    np.testing.assert_array_equal(seen[0], blind[0])
    assert seen[1] == blind[1]


def deed(key: int, phase: int, invalid: bool = False) -> Deed:
    return Deed(np.zeros(64), key, phase, 0.0, invalid)


def test_an_episode_is_distilled_by_hand():
    about = "w, phase "
    found = distilled("w", [deed(1, 0), deed(1, 0, True), deed(2, 0), deed(4, 1)], 3)
    assert found == {
        Claim("key", f"{about}0", "key 1 is valid"): (1, 1),
        Claim("key", f"{about}0", "key 2 is valid"): (1, 0),
        Claim("key", f"{about}1", "key 4 is valid"): (1, 0),
        Claim("way", f"{about}0", "key 2 leads to phase 1"): (1, 0),
        Claim("way", f"{about}1", "key 4 leads to phase 3"): (1, 0),
    }
    ways = [claim for claim in found if claim.kind == "way"]
    later = distilled("w", [deed(2, 0), deed(4, 1)], 3, ways)
    assert later[Claim("way", f"{about}0", "key 2 leads to phase 1")] == (1, 0)
    stuck = distilled("w", [deed(2, 0), deed(2, 0)], 0, ways)
    assert stuck[Claim("way", f"{about}0", "key 2 leads to phase 1")] == (0, 2)


def test_a_way_is_the_shortest_of_trusted_steps(path):
    def step(phase: int, key: int, there: int) -> Claim:
        return Claim("way", f"w, phase {phase}", f"key {key} leads to phase {there}")

    with Store(path) as store:
        count(
            store,
            {step(0, 1, 1): Evidence(5, 1), step(1, 2, 2): Evidence(3, 0), step(2, 3, 3): Evidence(1, 0)},
        )
        count(store, {step(0, 5, 3): Evidence(1, 9), step(0, 4, 12): Evidence(2, 0)})
        assert way(store, "w", 0, 3) == [1, 2, 3]
        assert way(store, "w", 0, 12) == [4]
        assert way(store, "w", 2, 2) == []
        assert way(store, "w", 3, 0) is None
        assert way(store, "other", 0, 3) is None
        count(store, {step(0, 5, 3): Evidence(9, 0)})
        assert known(store, "way")[step(0, 5, 3)] == (10, 9)
        assert way(store, "w", 0, 3) == [5]


def test_worlds_that_are_drawn_are_refused(path):
    config = build.run_config({"pool": {"worlds": [WORLD, "grid:grid_empty"], "seats": [2, 2], "at_once": 1},
                               "memory_path": str(path)})  # fmt: skip
    with pytest.raises(ValueError, match="--memory-path needs all worlds"):
        build.habits(config)


def test_what_keys_do_is_known_until_it_has_broken_as_often(path):
    with Store(path) as store:
        note_customs(store, {2: {0: 4, 5: 1}, 12: {0: 3}})
        assert customs(store) == {2: {0: 4, 5: 1}, 12: {0: 3}}
        note_customs(store, {2: {0: 1, 3: 5}})
        assert customs(store) == {2: {0: 1, 3: 5, 5: 1}, 12: {0: 3}}, "4 held once and broke once"
        note_customs(store, {2: {0: 4}})
        assert customs(store)[2] == {0: 4, 3: 5, 5: 1}
        broken = next(fact for fact in facts(store, "custom") if fact.claim == "key 0 does what key 1 does")
        assert (broken.held, broken.broke) == (1, 1)
