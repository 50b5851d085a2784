"""Are the measures of a life the papers' own? By hand, and by loops straight from their formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sixkeys.bench.forgetting import LIFE_DEFINITIONS, Life, life

SQUARE = st.integers(2, 6).flatmap(lambda n: arrays(float, (n, n), elements=st.floats(0, 1, width=32)))


def test_two_tasks_by_hand():
    found = life(np.array([[0.9, 0.2], [0.5, 0.8]]), before=(0.1, 0.1))
    assert found == pytest.approx(Life(0.65, 0.85, 0.4, 0.4, -0.4, 0.1, 0.1))
    assert tuple(LIFE_DEFINITIONS) == Life._fields


def test_three_tasks_by_hand_one_of_which_gets_better_first():
    matrix = np.array([[0.6, 0.0, 0.0], [0.8, 0.7, 0.3], [0.5, 0.9, 1.0]])
    found = life(matrix)
    assert found.average_performance == pytest.approx(0.8)
    assert found.learning_accuracy == pytest.approx((0.6 + 0.7 + 1.0) / 3)
    assert found.forgetting == pytest.approx(((0.8 - 0.5) + (0.7 - 0.9)) / 2)
    assert found.worst_forgetting == pytest.approx(0.3)
    assert found.backward_transfer == pytest.approx(((0.5 - 0.6) + (0.9 - 0.7)) / 2)
    assert np.isnan(found.forward_transfer)


def test_a_stream_that_comes_back_counts_a_task_from_when_it_is_first_taught():
    matrix = np.array([[0.8, 0.1], [0.2, 0.6], [0.9, 0.5]])
    found = life(matrix, taught=(0, 1, 0), before=(0.0, 0.05))
    assert found.average_performance == pytest.approx(0.7)
    assert found.learning_accuracy == pytest.approx((0.8 + 0.6 + 0.9) / 3)
    assert found.forgetting == pytest.approx(0.6 - 0.5), "task 0 is taught last, so only task 1 is older"
    assert found.backward_transfer == pytest.approx(0.5 - 0.6)
    assert found.forward_transfer == pytest.approx(0.1 - 0.05)


def test_what_was_not_measured_is_left_out():
    gap = float("nan")
    found = life(np.array([[0.9, gap, gap], [0.4, 0.8, gap], [0.3, gap, 0.7]]))
    assert found.average_performance == pytest.approx(0.5)
    assert found.forgetting == pytest.approx(0.6)
    one = life(np.array([[0.9]]), before=(0.1,))
    assert np.isnan([one.forgetting, one.worst_forgetting, one.backward_transfer, one.forward_transfer]).all()


def test_what_is_learnt_late_is_compared_with_what_is_learnt_early():
    own = np.linspace(1.0, 0.25, 25)
    found = life(np.diag(own))
    assert found.plasticity_lost == pytest.approx(own[:10].mean() - own[15:].mean())
    short = life(np.diag([0.9, 0.8, 0.3]))
    assert short.plasticity_lost == pytest.approx(0.9 - 0.3)
    assert np.isnan(life(np.array([[0.9]])).plasticity_lost)


@given(SQUARE, st.data())
def test_the_formulas_of_the_papers(matrix, data):
    """Lopez-Paz & Ranzato 2017, section 2, with R[T, i] etc. from 1; Chaudhry et al. 2018, section 3."""
    tasks = len(matrix)
    before = data.draw(arrays(float, tasks, elements=st.floats(0, 1, width=32)))

    def r(i: int, j: int) -> float:
        return matrix[i - 1, j - 1]

    acc = sum(r(tasks, i) for i in range(1, tasks + 1)) / tasks
    bwt = sum(r(tasks, i) - r(i, i) for i in range(1, tasks)) / (tasks - 1)
    fwt = sum(r(i - 1, i) - before[i - 1] for i in range(2, tasks + 1)) / (tasks - 1)
    f = [max(r(past, j) for past in range(1, tasks)) - r(tasks, j) for j in range(1, tasks)]
    found = life(matrix, before=before)
    assert found.average_performance == pytest.approx(acc)
    assert found.backward_transfer == pytest.approx(bwt)
    assert found.forward_transfer == pytest.approx(fwt)
    assert found.forgetting == pytest.approx(sum(f) / len(f))
    assert found.worst_forgetting == pytest.approx(max(f))


@given(SQUARE)
def test_a_stream_metric_of_avalanche_agrees_where_the_definitions_coincide(matrix):
    """Avalanche's StreamBWT: over earlier tasks, the last score minus the score when each was learnt."""
    initial, now = {}, {}
    for stage, row in enumerate(matrix):
        now = {task: float(score) for task, score in enumerate(row) if task <= stage}
        initial.setdefault(stage, now[stage])
    earlier = [task for task in now if task != len(matrix) - 1]
    stream = np.mean([now[task] - initial[task] for task in earlier])
    assert life(matrix).backward_transfer == pytest.approx(stream)


@pytest.mark.parametrize(
    ("matrix", "taught", "before", "words"),
    [
        (np.zeros((0, 2)), None, None, "shape"),
        (np.zeros((2, 3)), None, None, "every task"),
        (np.zeros((2, 2)), (0, 0), None, "every task"),
        (np.zeros((2, 2)), None, (0.1,), "1 scores before"),
    ],
)
def test_what_does_not_fit_is_refused(matrix, taught, before, words):
    with pytest.raises(ValueError, match=words):
        life(matrix, taught, before)
