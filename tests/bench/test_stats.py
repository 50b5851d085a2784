"""Intervals and the IQM against scipy and against definitions."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sixkeys.bench import stats

FINITE = st.floats(-1e6, 1e6)


@given(arrays(np.float64, st.integers(1, 60), elements=FINITE))
def test_iqm_is_the_quarter_trimmed_mean(values):
    assert stats.iqm(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25), rel=1e-9, abs=1e-6)


def test_iqm_by_head_and_over_the_last_axis():
    assert stats.iqm(np.array([0.0, 1, 2, 30])) == 1.5
    assert stats.iqm(np.array([[0.0, 1, 2, 30], [4, 4, 4, 4]])).tolist() == [1.5, 4]


@given(st.integers(1, 400), st.data())
def test_wilson_equals_scipy(trials, data):
    successes = data.draw(st.integers(0, trials))
    ours = stats.wilson(successes, trials)
    theirs = scipy.stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (ours.value, ours.low, ours.high) == pytest.approx((successes / trials, theirs.low, theirs.high))


def test_wilson_of_nothing_is_empty_and_nonsense_is_refused():
    assert stats.wilson(0, 0) == stats.Measure(None, None, None)
    with pytest.raises(ValueError, match="4 successes of 3 trials"):
        stats.wilson(4, 3)


def test_bootstrap_of_a_mean_agrees_with_scipy():
    sample = np.random.default_rng(0).exponential(3.0, 200)
    ours = stats.stratified_bootstrap([sample])
    theirs = scipy.stats.bootstrap((sample,), np.mean, method="percentile", n_resamples=2000, rng=1)
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.value == pytest.approx(sample.mean())
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.06 * width)


def test_bootstrap_of_a_ratio_agrees_with_scipy():
    random = np.random.default_rng(3)
    bottom = random.integers(1, 20, 150).astype(float)
    top = random.binomial(bottom.astype(int), 0.3).astype(float)
    ours = stats.stratified_bootstrap([np.stack([top, bottom], 1)], stats.ratio)
    theirs = scipy.stats.bootstrap(
        (top, bottom), lambda t, b, axis: t.sum(axis) / b.sum(axis), paired=True, method="percentile",
        n_resamples=2000, rng=1,
    ).confidence_interval  # fmt: skip
    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(top.sum() / bottom.sum())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.06 * width)


def test_strata_keep_their_weight():
    """Two constant strata: redrawn inside themselves the mean never moves; mixed together it would."""
    strata = [np.zeros(50), np.ones(50)]
    assert stats.stratified_bootstrap(strata) == stats.Measure(0.5, 0.5, 0.5)
    mixed = stats.stratified_bootstrap([np.concatenate(strata)])
    assert mixed.low < 0.45
    assert mixed.high > 0.55


def test_stratified_interval_matches_the_normal_one():
    """Standard error of a stratified mean by its formula: sqrt(sum of (n_i / N)^2 s_i^2 / n_i)."""
    random = np.random.default_rng(5)
    strata = [random.normal(0, 1, 400), random.normal(10, 3, 200)]
    error = np.sqrt(sum((len(s) / 600) ** 2 * s.var() / len(s) for s in strata))
    ours = stats.stratified_bootstrap(strata)
    assert (ours.high - ours.low) / 2 == pytest.approx(1.96 * error, rel=0.08)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        measure = stats.stratified_bootstrap([random.normal(1.0, 2.0, 80)])
        hits += measure.low <= 1.0 <= measure.high
    assert 0.88 <= hits / 200 <= 0.99


def test_empty_strata_carry_nothing_and_the_seed_fixes_the_draw():
    sample = np.arange(30.0)
    assert stats.stratified_bootstrap([np.zeros(0)]) == stats.Measure()
    assert stats.stratified_bootstrap([np.zeros(0), sample]) == stats.stratified_bootstrap([sample])
    assert stats.stratified_bootstrap([sample], seed=1) == stats.stratified_bootstrap([sample], seed=1)
    assert stats.stratified_bootstrap([sample], seed=1) != stats.stratified_bootstrap([sample], seed=2)
