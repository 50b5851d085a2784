"""Does planning pay? The shipped agent with and without advice: the same unseen episodes, unmasked.

    python scripts/planning_pays.py grid_mixed --episodes 100 --coefs 0.3 1 3 --planners search

Prints a row an arm: pass rate and keys with 95 % intervals, the difference in keys and in passes to acting
without a planner (paired over episodes), keys imagined for each key pressed, seconds.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from sixkeys import build
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.metrics import steps_to_pass
from sixkeys.bench.stats import stratified_bootstrap, wilson
from sixkeys.bench.suite import find
from sixkeys.cli.common import compiled_once
from sixkeys.contract import Seen, Thought


class Counted:
    """A thinker whose imagined keys are counted. Keeps state: the counts."""

    def __init__(self, thinker: Any):
        self.thinker, self.imagined = thinker, []

    def begin(self, seats: int, seed: int) -> Any:
        return self.thinker.begin(seats, seed)

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        """The same thought."""
        thought, mind = self.thinker.think(seen, mind)
        self.imagined.append(thought.imagined.mean())
        return thought, mind


def main() -> None:
    """Plays every arm of one case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", help="a case of the ladder: grid_mixed, minigrid_doorkey, b1")
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--coefs", type=float, nargs="+", default=[0.3, 1.0, 3.0])
    parser.add_argument("--planners", nargs="+", default=["search"])
    parser.add_argument("--simulations", type=int, nargs="+", default=[32], help="0: the gate decides")
    options = parser.parse_args()
    compiled_once()
    case, base = find(options.case), None
    arms = [("rollouts", 0.0, 32)] + [
        (planner, coef, n)
        for planner in options.planners
        for coef in options.coefs
        for n in options.simulations
    ]
    for planner, coef, simulations in arms:
        agent, _ = build.load_agent(None, True, coef, planner=planner, simulations=simulations)
        thinker = Counted(agent)
        pools = build.evaluation_pools(f"{case.world}:{case.task}", case.seats)
        start = time.perf_counter()
        got = evaluate(thinker, pools, options.episodes, masked=False)
        seconds, base = time.perf_counter() - start, base or got
        rate = wilson(int(got.success.sum()), len(got.success))
        keys = stratified_bootstrap([steps_to_pass(got)])
        fewer = stratified_bootstrap([steps_to_pass(got) - steps_to_pass(base)])
        more = stratified_bootstrap([got.success.astype(float) - base.success])
        name = f"{planner} {coef:g} x{simulations or 'gate'}" if coef else "no planner"
        print(
            f"{case.name:16} {name:18} passed {show(rate)} keys {show(keys)} d keys {show(fewer)} "
            f"d passed {show(more)} imagined {np.mean(thinker.imagined):.1f} seconds {seconds:.0f}",
            flush=True,
        )


def show(measure: Any) -> str:
    """A value and its interval."""
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]"


if __name__ == "__main__":
    main()
