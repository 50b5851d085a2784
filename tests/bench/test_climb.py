"""A climb over the corridor: who plays what, and that all play the same."""

import pytest
from corridor import Reader, make_pool
from demo import CASE

from sixkeys.bench.climb import climb, field, summaries
from sixkeys.bench.suite import THINKERS, judge


@pytest.fixture(scope="module")
def results():
    told = []
    found = list(
        climb(CASE, field({0: Reader(), 7: Reader()}), make_pool, frames={"agent": 2}, progress=told.append)
    )
    return found, told


def test_everyone_plays_both_modes_on_the_same_episodes(results):
    found, _ = results
    assert [(r.thinker, r.mode) for r in found] == [
        (name, mode) for name in THINKERS for mode in ("masked", "unmasked")
    ]
    assert len({tuple(e.seed) for r in found for e in r.evaluations}) == 1
    assert {r.thinker: r.seeds for r in found}["agent"] == (0, 7)
    assert {r.thinker: r.seeds for r in found}["random"] == (0,)


def test_the_ranking_is_what_it_must_be(results):
    rate = {(r.thinker, r.mode): r.summary.pass_rate.value for r in results[0]}
    assert rate["oracle", "unmasked"] == rate["agent", "unmasked"] == 1
    assert rate["no_op", "masked"] == 0
    assert rate["random", "unmasked"] < rate["random", "masked"] < 1
    assert rate["shuffled", "unmasked"] < 0.8


def test_frames_come_from_whom_they_were_asked_of_and_the_first_training_seed_only(results):
    agent = next(r for r in results[0] if r.thinker == "agent")
    assert [len(e.replays) for e in agent.evaluations] == [2, 0]
    assert not any(e.replays for r in results[0] if r.thinker != "agent" for e in r.evaluations)


def test_progress_names_what_is_being_done(results):
    told = results[1]
    assert told[0].case == "corridor"
    assert told[0].thinker == "agent"
    assert told[-1]._replace(done=24, episodes=24) == told[-1]


def test_summaries_feed_the_judge(results):
    verdicts = judge(CASE, summaries(results[0], CASE))
    assert [v.passed for v in verdicts] == [True, False, verdicts[2].value >= 0.3]


def test_without_agents_only_controls_play():
    assert list(field({})) == ["random", "no_op", "oracle"]
