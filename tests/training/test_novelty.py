"""Is every patch new exactly once an episode?"""

from types import SimpleNamespace

import numpy as np

from sixkeys.training.novelty import Novelty


def moment(values, begun=(False, False)):
    patch = np.zeros((2, 9, 9, 3), np.uint8)
    patch[:, 0, 0, 0] = values
    return SimpleNamespace(observation={"patch": patch}, begun=np.array(begun))


def test_first_sights_count_once_and_are_forgotten_at_a_beginning():
    novelty = Novelty(2)
    shown = [((1, 1), (True, True)), ((1, 2), (False,) * 2), ((3, 2), (False,) * 2), ((1, 4), (True, False)),
             ((3, 1), (False,) * 2)]  # fmt: skip
    seen = [novelty.look(moment(values, begun)).tolist() for values, begun in shown]
    assert seen == [[False, False], [False, True], [True, False], [False, True], [True, False]]
    other = Novelty(2)
    other.restore(novelty.state())
    assert other.seen == novelty.seen
