"""Does a rule forbid exactly what it says?"""

from sixkeys import build
from sixkeys.contract import episode_seed
from sixkeys.loop import Habits, turn
from sixkeys.safety.rules import Rule, cell_ahead


def test_a_rule_forbids_its_key_where_it_applies():
    rule = Rule(2, "no", lambda now, seat: seat == 1)
    assert [rule.forbids(None, seat, 2) for seat in range(3)] == [None, "no", None]
    assert rule.forbids(None, 1, 3) is None


def test_a_guard_against_lava_holds_over_a_random_walk():
    """Random keys die in lava; the same keys under four rules never do."""
    from sixkeys.bench.controls import RandomKeys

    lava = 6
    north, east, south, west = (3, 4), (4, 5), (5, 4), (4, 3)
    places = enumerate((north, east, south, west), start=1)
    rules = [cell_ahead(key, lava, *place, "lava ahead") for key, place in places]
    deaths = {}
    for name, guards in (("free", ()), ("guarded", rules)):
        config = build.run_config({"pool": {"worlds": ["grid:grid_lava"], "seats": [16]}})
        pool = build.make_pool(config.pool, lambda seat, episode: episode_seed(3, seat, episode))
        now, thinker = pool.reset(), RandomKeys()
        mind, dead = thinker.begin(pool.seats, 0), 0
        for _ in range(150):
            step, mind = turn(pool, now, thinker, mind, True, Habits(guards=guards))
            now = step.then
            dead += int((now.outcome.terminated & ~now.outcome.success).sum())
        deaths[name] = dead
    assert deaths["free"] > 20
    assert deaths["guarded"] == 0
