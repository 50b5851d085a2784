"""How much was forgotten? A matrix of scores, task by task, in; the field's measures of a life out.

Row i of the matrix is the end of stage i, column j a task: `matrix[i, j]` is the score on task j after
stage i. Where every task is met once, in order, stage i teaches task i and the matrix is square. A score is
any number that is better when larger; nan stands for what was not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LIFE_DEFINITIONS = {
    "average_performance": "mean score over all tasks after the last stage (ACC of Lopez-Paz & Ranzato 2017)",
    "learning_accuracy": "mean over stages of the score on the stage's own task at its end "
    "(Riemer et al. 2019)",
    "forgetting": "mean over tasks not taught last of the best score before the last stage minus the score "
    "after it (Chaudhry et al. 2018)",
    "worst_forgetting": "the largest of the differences that forgetting is the mean of",
    "backward_transfer": "mean over tasks not taught last of the score after the last stage minus the score "
    "when the task was first learnt (BWT of Lopez-Paz & Ranzato 2017)",
    "forward_transfer": "mean over tasks not taught first of the score just before the task is first taught "
    "minus the score before anything was learnt (FWT of Lopez-Paz & Ranzato 2017)",
    "plasticity_lost": "learning accuracy of the first ten stages minus that of the last ten; of halves "
    "where there are fewer than twenty",
}
"""What each measure of a Life means. Nothing measured: nan, null in a report."""


class Life(NamedTuple):
    """Measures named in LIFE_DEFINITIONS, in the unit of the score."""

    average_performance: float
    learning_accuracy: float
    forgetting: float
    worst_forgetting: float
    backward_transfer: float
    forward_transfer: float
    plasticity_lost: float


EDGE = 10
"""Stages at either end of a life that are compared."""


def life(
    matrix: np.ndarray, taught: Sequence[int] | None = None, before: Sequence[float] | None = None
) -> Life:
    """The measures of one life; each has its definition and source in LIFE_DEFINITIONS.

    matrix: float [stages, tasks]. taught: int [stages], the task of each stage; without it, stage i teaches
    task i. before: float [tasks], scores before the first stage; without it forward transfer is nan.
    Of [[.9, .2], [.5, .8]] with before (.1, .1): average .65, learning .85, forgetting .4, backward -.4,
    forward .1, plasticity lost .1. Raises ValueError where the shapes do not fit, or where a task is never
    taught.
    """
    scores = np.asarray(matrix, float)
    stages = np.arange(len(scores)) if taught is None else np.asarray(taught)
    _check(scores, stages, before)
    last, own = scores[-1], scores[np.arange(len(scores)), stages]
    first = np.array([np.flatnonzero(stages == task)[0] for task in range(scores.shape[1])])
    older = np.flatnonzero(np.arange(scores.shape[1]) != stages[-1])
    best = np.array([np.max(_measured(scores[:-1, task]), initial=-np.inf) for task in older])
    lost = np.where(np.isfinite(best), best - last[older], np.nan)
    later = np.flatnonzero(first > 0)
    edge = min(EDGE, len(own) // 2)
    start = np.full(scores.shape[1], np.nan) if before is None else np.asarray(before, float)
    return Life(
        average_performance=_mean(last),
        learning_accuracy=_mean(own),
        forgetting=_mean(lost),
        worst_forgetting=float(np.max(_measured(lost))) if len(_measured(lost)) else np.nan,
        backward_transfer=_mean(last[older] - scores[first[older], older]),
        forward_transfer=_mean(scores[first[later] - 1, later] - start[later]),
        plasticity_lost=_mean(own[:edge]) - _mean(own[len(own) - edge :]),
    )


def _check(scores: np.ndarray, stages: np.ndarray, before: Sequence[float] | None) -> None:
    if scores.ndim != 2 or 0 in scores.shape:
        raise ValueError(f"a matrix of shape {scores.shape}; [stages, tasks] is needed, neither of them 0")
    if len(stages) != len(scores) or set(stages.tolist()) != set(range(scores.shape[1])):
        raise ValueError(
            f"stages teach {stages.tolist()}, but the matrix has {scores.shape[0]} stages and "
            f"{scores.shape[1]} tasks; give one task a stage, and every task at least once"
        )
    if before is not None and len(before) != scores.shape[1]:
        raise ValueError(f"{len(before)} scores before the first stage for {scores.shape[1]} tasks")


def _measured(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _mean(values: np.ndarray) -> float:
    """Mean of what was measured; nan where nothing was."""
    found = _measured(np.asarray(values, float))
    return float(found.mean()) if len(found) else float("nan")
