"""A whole report from the corridor, for the tests of reports and pages."""

from __future__ import annotations

import numpy as np
from corridor import Reader, make_pool

from sixkeys.bench.climb import climb, field
from sixkeys.bench.report import Curve, LifeRow, Report, assemble, life_row
from sixkeys.bench.suite import READING, THINKERS, Case, at_least, at_most

CASE = Case(
    "corridor", "toy", "corridor", 1, 24, 8,
    (at_least("pass_rate", "unmasked", 0.95), at_most("mean_steps_to_pass", "masked", 2), READING),
)  # fmt: skip
HOSTILE = (
    "</script><script>document.title='broken'</script><!-- & \u2028 \"quoted\" 'text' "
    "<img src=x onerror=alert(1)>"
)


def report(frames: int = 2, case: Case = CASE) -> Report:
    """Two training seeds of a reader, every control, two curves, hostile text wherever text may come from."""
    results = list(
        climb(case, field({0: Reader(), 1: Reader()}), make_pool, frames=dict.fromkeys(THINKERS, frames))
    )
    axis = tuple(float(10_000 * step) for step in range(12))
    curves = [
        Curve(
            chart="Pass rate", name=f"seed {seed}", x_label="environment steps", y_label="share", x=axis,
            y=tuple(min(1.0, 0.09 * step + 0.05 * seed) for step in range(12)),
        )
        for seed in (0, 1)
    ]  # fmt: skip
    config = {"eval_policy": "greedy", "note": HOSTILE}
    return assemble(results, "none", config, curves, [HOSTILE], created="2026-01-02T03:04:05+00:00")


def a_life() -> LifeRow:
    """Two tasks, the first of which is half forgotten; what was never measured is left out."""
    matrix = np.array([[0.9, np.nan], [0.5, 0.8]])
    told = {"stream": HOSTILE, "arm": "ours", "seed": 0, "boundaries": "known", "memory_bytes": 1000}
    return life_row(matrix, (0, 1), (0.1, 0.2), ("first", "second"), **told)
