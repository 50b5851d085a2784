"""Are streams what they say: their order by a number, their boundaries told or not?"""

import numpy as np
import pytest

from sixkeys.training.regimes import COURSES, TWENTY, stream


def test_every_course_has_the_length_of_its_name_and_no_task_twice():
    assert len(TWENTY) == len(set(TWENTY)) == 20
    assert len(COURSES["cl100"].tasks) == len(set(COURSES["cl100"].tasks)) == 100
    assert len(stream("cl20x3", 0, 60).taught) == 60


def test_an_order_is_a_permutation_that_its_number_names():
    orders = [stream("cl20", order, 200).taught for order in (0, 1, 2, 1)]
    assert orders[0] == tuple(range(20))
    assert orders[1] == orders[3] != orders[2]
    assert all(sorted(order) == list(range(20)) for order in orders)
    again = stream("cl20x3", 1, 600).taught
    assert again == orders[1] * 3


def test_stages_share_the_updates():
    found = stream("short", 0, 85)
    stages = [found.stage(update) for update in range(85)]
    assert stages == sorted(stages)
    assert set(np.bincount(stages)) == {14, 15}
    assert [update for update in range(85) if found.ends(update)] == [
        update for update in range(85) if update == 84 or stages[update] != stages[update + 1]
    ]


def test_only_known_boundaries_are_told_and_gradual_ones_overlap():
    rng = np.random.default_rng(0)
    known, hidden, gradual = (stream("short", 0, 6000, how) for how in ("known", "hidden", "gradual"))
    assert [known.told(u) for u in (0, 999, 1000)] == [0, 0, 1]
    assert hidden.told(0) is gradual.told(0) is None
    for found in (known, hidden):
        assert {found.draw(u, rng) for u in range(1000)} == {0}
    early = {gradual.draw(u, rng) for u in range(500)}
    late = [gradual.draw(u, rng) for u in range(900, 1000)]
    assert early == {0}
    assert set(late) == {0, 1}
    assert 30 < sum(late) < 65
    assert {gradual.draw(u, rng) for u in range(5500, 6000)} == {5}


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="possible: short, cl20"):
        stream("cl21", 0, 100)
    with pytest.raises(ValueError, match="5 updates for 6 stages"):
        stream("short", 0, 5)
