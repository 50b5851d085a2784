"""Does planning pay? An agent with and without advice: the same unseen episodes, unmasked.

    python scripts/planning_pays.py grid_mixed --episodes 100 --coefs 0.3 1 3 --planners search
    python scripts/planning_pays.py tools_mixed --checkpoints runs/studies/tools/agent/seed*
    python scripts/planning_pays.py tools:tools_mixed~chain10 --coefs --checkpoints runs/mixed
    python scripts/planning_pays.py grid_lava --sample --coefs 3 --risks 0,1 1,0.5 4,0.1

Prints a row an arm: pass rate, keys, keys that did harm, each with 95 % intervals over episodes, stratified
by training seed; the difference in keys and in passes to acting without a planner, paired over episodes; keys
imagined for each key pressed, milliseconds a key, and what the same time brings: episodes passed a second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sixkeys import build
from sixkeys.bench.evaluate import Evaluation, evaluate
from sixkeys.bench.metrics import steps_to_pass
from sixkeys.bench.stats import ratio, stratified_bootstrap, wilson
from sixkeys.bench.suite import find
from sixkeys.cli.common import compiled_once

FEARS = 8
"""Draws of what an imagined key may bring, whose worst counts as its risk."""


class Arm(NamedTuple):
    """One way of acting."""

    planner: str
    coef: float
    simulations: int
    risk: tuple[float, float]
    """What a risk of 1 costs, and the largest risk that is taken while there is a smaller one."""

    @property
    def name(self) -> str:
        if not self.coef:
            return "no planner"
        cost, limit = self.risk
        return f"{self.planner} {self.coef:g} x{self.simulations or 'gate'} risk {cost:g},{limit:g}"


def main() -> None:
    """Plays every arm of one case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", help="a case of the ladder: grid_mixed, tools_mixed, b1; or a world's name")
    parser.add_argument(
        "--checkpoints", nargs="+", default=[None], help="one a training seed; else the shipped"
    )
    parser.add_argument("--episodes", type=int, default=100, help="of each arm and training seed")
    parser.add_argument("--coefs", type=float, nargs="*", default=[0.3, 1.0, 3.0])
    parser.add_argument("--planners", nargs="+", default=["search"])
    parser.add_argument("--simulations", type=int, nargs="+", default=[32], help="0: the gate decides")
    parser.add_argument("--risks", type=pair, nargs="+", default=[(1.0, 0.5)], help="COEF,LIMIT; 0,1: none")
    parser.add_argument("--sample", action="store_true", help="keys are drawn, not the likeliest")
    options = parser.parse_args()
    compiled_once()
    arms = [Arm("rollouts", 0.0, 32, (1.0, 0.5))] + [
        Arm(planner, coef, simulations, risk)
        for planner in options.planners
        for coef in options.coefs
        for simulations in options.simulations
        for risk in options.risks
    ]
    compare(options.case, arms, options.checkpoints, options.episodes, options.sample)


def compare(
    case: str, arms: Sequence[Arm], checkpoints: Sequence[str | None], episodes: int, sample: bool
) -> None:
    """Plays all arms and prints a row each; the first is what the others are compared with."""
    bare: list[Evaluation] = []
    for arm in arms:
        start = time.perf_counter()
        got = [played(arm, case, checkpoint, episodes, sample) for checkpoint in checkpoints]
        keys = sum(int(one.steps.sum()) for one in got)
        row(case, arm, got, bare or got, 1000 * (time.perf_counter() - start) / keys)
        bare = bare or got


def pair(text: str) -> tuple[float, float]:
    """`1,0.5` as two numbers."""
    one, other = map(float, text.split(","))
    return one, other


def played(arm: Arm, case: str, checkpoint: str | None, episodes: int, sample: bool) -> Evaluation:
    """All episodes of one arm by the agent of one training seed."""
    world, seats = world_of(case)
    agent, _ = build.load_agent(
        checkpoint, not sample, arm.coef, planner=arm.planner, simulations=arm.simulations,
        risk_coef=arm.risk[0], risk_limit=arm.risk[1], fears=FEARS,
    )  # fmt: skip
    pools = build.evaluation_pools(world, seats)
    return evaluate(agent, pools, episodes, masked=False)


def world_of(name: str) -> tuple[str, int]:
    """A case's world and seats; 16 seats of a world that is no case."""
    if ":" in name:
        return name, 16
    case = find(name)
    return f"{case.world}:{case.task}", case.seats


def row(case: str, arm: Arm, got: Sequence[Evaluation], bare: Sequence[Evaluation], cost: float) -> None:
    """Prints an arm."""
    success = np.concatenate([one.success for one in got])
    every, pairs = stratified_bootstrap, list(zip(got, bare, strict=True))
    shown = {
        "passed": wilson(int(success.sum()), len(success)),
        "keys": every([steps_to_pass(one) for one in got]),
        "d passed": every([one.success.astype(float) - old.success for one, old in pairs]),
        "d keys": every([steps_to_pass(one) - steps_to_pass(old) for one, old in pairs]),
        "harm": every([one.harm for one in got]),
    }
    words = " ".join(f"{name} {m.value:.4f} [{m.low:.4f}, {m.high:.4f}]" for name, m in shown.items())
    imagined = every([np.stack([one.imagined, one.steps], 1) for one in got], ratio).value
    rate = 1000 * success.sum() / (cost * sum(one.steps.sum() for one in got))
    spent = f"imagined {imagined:.1f} ms a key {cost:.2f} passed a second {rate:.2f}"
    print(f"{case:26} {arm.name:32} {words} {spent}", flush=True)


if __name__ == "__main__":
    main()
