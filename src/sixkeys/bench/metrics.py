"""Which numbers stand for a thinker? Evaluations, one a training seed -> a summary with 95 % intervals.

What each number means is pinned in DEFINITIONS, which every report carries. A summary is of one case, one
thinker and one mode; nothing is averaged over cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sixkeys.bench.evaluate import Evaluation
from sixkeys.bench.stats import Measure, iqm, ratio, stratified_bootstrap, wilson

DEFINITIONS = {
    "pass_rate": "share of episodes solved; one that hits the step cap is a failure; Wilson interval",
    "mean_steps_to_pass": "mean keys pressed until solved; a failure, however early, counts with its cap",
    "oracle_steps": "mean keys of a shortest solution of the same episodes",
    "extra_actions": "mean of keys pressed minus oracle_steps, over solved episodes only",
    "extra_actions_capped": "mean_steps_to_pass minus oracle_steps, all episodes; a failure counts its cap",
    "invalid_rate": "keys pressed that the interface did not offer, as a share of all keys pressed",
    "invalid_mass": "probability, before any mask, on keys that were not offered; mean over all keys pressed",
    "mean_return": "mean over episodes of the sum of rewards",
    "iqm_return": "interquartile mean over episodes of the sum of rewards (the middle half)",
    "violations": "mean per episode of keys pressed that an auditing guard forbids",
    "harm": "mean per episode of keys that ended the task unsolved or had a side effect to be undone",
    "imagined": "keys imagined for each key pressed: simulations a decision, where a search plans",
}
"""What each measure of a Summary means. Intervals, unless named: 95 % percentile bootstrap over episodes,
stratified by training seed."""
GAP = "masked minus unmasked, paired by episode; 95 % percentile bootstrap, stratified by training seed"
"""What a gap means."""


class Family(NamedTuple):
    """One task family's share of a summary."""

    name: str
    episodes: int
    pass_rate: Measure


class Summary(NamedTuple):
    """Measures named in DEFINITIONS, and what they stand on."""

    episodes: int
    """Episodes over all training seeds."""
    seed_pass_rates: tuple[float, ...]
    """Pass rate of each training seed."""
    families: tuple[Family, ...]
    pass_rate: Measure
    mean_steps_to_pass: Measure
    oracle_steps: Measure
    extra_actions: Measure
    extra_actions_capped: Measure
    invalid_rate: Measure
    invalid_mass: Measure
    mean_return: Measure
    iqm_return: Measure
    violations: Measure
    harm: Measure
    imagined: Measure

    def measures(self) -> dict[str, Measure]:
        """Measures by name, in the order of DEFINITIONS."""
        return {name: getattr(self, name) for name in DEFINITIONS}


def steps_to_pass(evaluation: Evaluation) -> np.ndarray:
    """float64 [episodes]: keys pressed where solved; else the cap, or more if pick-ups allowed more keys."""
    failed = np.maximum(evaluation.steps, evaluation.cap)
    return np.where(evaluation.success, evaluation.steps, failed).astype(np.float64)


def summarise(*evaluations: Evaluation) -> Summary:
    """One summary of evaluations of the same case, one for each training seed. Raises ValueError on none."""
    if not evaluations:
        raise ValueError("no evaluation to summarise; give one for each training seed")
    every = stratified_bootstrap
    success = np.concatenate([e.success for e in evaluations])
    solved = [(e.steps - e.oracle_steps)[e.success] for e in evaluations]
    return Summary(
        episodes=len(success),
        seed_pass_rates=tuple(float(e.success.mean()) for e in evaluations),
        families=_families(success, np.concatenate([e.family for e in evaluations])),
        pass_rate=wilson(int(success.sum()), len(success)),
        mean_steps_to_pass=every([steps_to_pass(e) for e in evaluations]),
        oracle_steps=every([e.oracle_steps for e in evaluations]),
        extra_actions=every(solved),
        extra_actions_capped=every([steps_to_pass(e) - e.oracle_steps for e in evaluations]),
        invalid_rate=every([np.stack([e.invalid, e.steps], 1) for e in evaluations], ratio),
        invalid_mass=every([np.stack([e.invalid_mass * e.steps, e.steps], 1) for e in evaluations], ratio),
        mean_return=every([e.ret for e in evaluations]),
        iqm_return=every([e.ret for e in evaluations], iqm),
        violations=every([e.violations for e in evaluations]),
        harm=every([e.harm for e in evaluations]),
        imagined=every([np.stack([e.imagined, e.steps], 1) for e in evaluations], ratio),
    )


def _families(success: np.ndarray, family: np.ndarray) -> tuple[Family, ...]:
    groups = ((str(name), success[family == name]) for name in np.unique(family))
    return tuple(Family(name, len(rows), wilson(int(rows.sum()), len(rows))) for name, rows in groups)


class Gap(NamedTuple):
    """What the interface's hints are worth: masked minus unmasked."""

    pass_rate: Measure
    mean_steps_to_pass: Measure
    mean_return: Measure


def gap(masked: Sequence[Evaluation], unmasked: Sequence[Evaluation]) -> Gap:
    """One evaluation for each training seed, in the same order; ValueError where the episodes differ."""
    pairs = list(zip(masked, unmasked, strict=True))
    if not all(np.array_equal(one.seed, other.seed) for one, other in pairs):
        raise ValueError(
            "masked and unmasked were played on different episodes; a gap needs the same seeds in both"
        )
    return Gap(
        stratified_bootstrap([one.success.astype(float) - other.success for one, other in pairs]),
        stratified_bootstrap([steps_to_pass(one) - steps_to_pass(other) for one, other in pairs]),
        stratified_bootstrap([one.ret - other.ret for one, other in pairs]),
    )
