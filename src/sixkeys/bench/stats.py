"""How sure is a number? 95 % intervals: Wilson for proportions, percentile bootstrap for the rest. IQM.

A stratum is one training seed: episodes are drawn again inside their stratum, so every seed keeps its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import ConfigDict

CONFIDENCE = 0.95
"""Share of repetitions whose interval holds the true value."""
RESAMPLES = 2000
Z = 1.959963984540054
"""Standard normal quantile at (1 + CONFIDENCE) / 2."""
_BLOCK = 250

Statistic = Callable[[np.ndarray], np.ndarray]
"""[resamples, episodes] or [resamples, episodes, columns] -> [resamples]."""


@dataclass(frozen=True)
class Measure:
    """A value with its 95 % interval, in the value's unit; all None where there was nothing to measure."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    value: float | None = None
    low: float | None = None
    high: float | None = None


def iqm(values: Float[np.ndarray, "*batch episodes"]) -> np.ndarray:
    """Interquartile mean over the last axis: the mean without the lowest and highest quarter.

    Agarwal et al., 2021, "Deep RL at the edge of the statistical precipice". `iqm([0, 1, 2, 30])` is 1.5.
    """
    ordered = np.sort(values, axis=-1)
    cut = ordered.shape[-1] // 4
    return ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1)


def mean(values: np.ndarray) -> np.ndarray:
    """Mean over episodes: [resamples, episodes] -> [resamples]."""
    return values.mean(axis=1)


def ratio(columns: np.ndarray) -> np.ndarray:
    """Sum of column 0 over sum of column 1: [resamples, episodes, 2] -> [resamples]."""
    top, bottom = columns[..., 0].sum(axis=1), columns[..., 1].sum(axis=1)
    return top / bottom


def wilson(successes: int, trials: int) -> Measure:
    """A proportion with its Wilson score interval (Wilson, 1927): `wilson(10, 10)` is 1 with [0.722, 1]."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials; need 0 <= successes <= trials")
    if trials == 0:
        return Measure()
    share, shrink = successes / trials, Z * Z / trials
    centre = (share + shrink / 2) / (1 + shrink)
    half = Z * np.sqrt(share * (1 - share) / trials + shrink / (4 * trials)) / (1 + shrink)
    low = 0.0 if successes == 0 else float(centre - half)
    high = 1.0 if successes == trials else float(centre + half)
    return Measure(share, low, high)


def stratified_bootstrap(strata: Sequence[np.ndarray], statistic: Statistic = mean, seed: int = 0) -> Measure:
    """`statistic` of all strata together ([episodes] or [episodes, columns]), drawn again in each stratum.

    Where every episode is equal the interval has no width: that says nothing about episodes never seen.
    Empty strata carry nothing; with no episode at all the measure is empty.
    """
    filled = [np.asarray(stratum, np.float64) for stratum in strata if len(stratum)]
    if not filled:
        return Measure()
    value = statistic(np.concatenate(filled)[None])[0]
    random = np.random.default_rng(seed)
    blocks = [statistic(_draw(filled, random)) for _ in range(RESAMPLES // _BLOCK)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(blocks), [tail, 1 - tail])
    return Measure(float(value), float(low), float(high))


def _draw(strata: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    drawn = [stratum[random.integers(0, len(stratum), (_BLOCK, len(stratum)))] for stratum in strata]
    return np.concatenate(drawn, axis=1)
