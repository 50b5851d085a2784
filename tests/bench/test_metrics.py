"""Metrics from hand-made evaluations whose answers are sums one can do by head."""

import numpy as np
import pytest

from sixkeys.bench.evaluate import Evaluation
from sixkeys.bench.metrics import DEFINITIONS, Summary, gap, summarise


def _evaluation(success, steps, invalid=None, mass=None, cap=10, oracle=3, seeds=None):
    n = len(success)
    return Evaluation(
        success=np.array(success, bool), steps=np.array(steps), cap=np.full(n, cap),
        oracle_steps=np.full(n, oracle), invalid=np.array(invalid or [0] * n),
        invalid_mass=np.array(mass or [0.0] * n), ret=np.array(success, float),
        family=np.array(["a", "b"] * n)[:n], world=np.full(n, "w"),
        seed=np.arange(n) if seeds is None else seeds, violations=np.zeros(n, int), harm=np.arange(n),
        imagined=2 * np.array(steps),
    )  # fmt: skip


def test_every_number_by_head():
    found = summarise(
        _evaluation([1, 1, 0, 1], [3, 5, 2, 4], invalid=[0, 1, 2, 4], mass=[0.0, 0.2, 0.5, 0.75])
    )
    value = {name: measure.value for name, measure in found.measures().items()}
    assert value["pass_rate"] == 0.75
    assert value["mean_steps_to_pass"] == (3 + 5 + 10 + 4) / 4, "a failure after 2 keys counts with its cap"
    assert value["oracle_steps"] == 3
    assert value["extra_actions"] == (0 + 2 + 1) / 3
    assert value["extra_actions_capped"] == (0 + 2 + 7 + 1) / 4
    assert value["invalid_rate"] == 7 / 14
    assert value["invalid_mass"] == pytest.approx((0 * 3 + 0.2 * 5 + 0.5 * 2 + 0.75 * 4) / 14)
    assert value["mean_return"] == 0.75
    assert value["iqm_return"] == 1.0
    assert value["violations"] == 0
    assert value["harm"] == (0 + 1 + 2 + 3) / 4
    assert value["imagined"] == 2
    assert [(f.name, f.episodes, f.pass_rate.value) for f in found.families] == [("a", 2, 0.5), ("b", 2, 1.0)]


def test_definitions_and_measures_are_the_same_set():
    measures = [name for name, kind in Summary.__annotations__.items() if "Measure" in str(kind)]
    assert list(DEFINITIONS) == measures
    assert all(DEFINITIONS.values())


def test_a_failure_that_took_more_keys_than_the_cap_counts_them():
    found = summarise(_evaluation([0, 1], [14, 12]))
    assert found.mean_steps_to_pass.value == 13


def test_several_training_seeds_are_strata():
    found = summarise(_evaluation([1] * 20, [4] * 20), _evaluation([0] * 20, [10] * 20))
    assert found.seed_pass_rates == (1.0, 0.0)
    assert found.episodes == 40
    assert (found.mean_steps_to_pass.low, found.mean_steps_to_pass.value, found.mean_steps_to_pass.high) == (
        7,
        7,
        7,
    )
    assert found.pass_rate.low < 0.5 < found.pass_rate.high


def test_nothing_solved_leaves_extra_actions_empty():
    assert summarise(_evaluation([0, 0], [10, 10])).extra_actions.value is None
    with pytest.raises(ValueError, match="no evaluation"):
        summarise()


def test_gap_is_masked_minus_unmasked_and_paired():
    masked, unmasked = _evaluation([1, 1, 1, 0], [3, 3, 3, 10]), _evaluation([1, 0, 1, 0], [3, 10, 5, 10])
    found = gap([masked], [unmasked])
    assert found.pass_rate.value == 0.25
    assert found.mean_steps_to_pass.value == (0 - 7 - 2 + 0) / 4
    assert gap([masked], [masked]).pass_rate.high == 0
    with pytest.raises(ValueError, match="same seeds"):
        gap([masked], [_evaluation([1] * 4, [3] * 4, seeds=np.arange(4) + 9)])
