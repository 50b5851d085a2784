"""What does our search cost beside bare `mctx`? Simulations a second with the same network, turn by turn.

`mctx` is called as its authors show: `gumbel_muzero_policy` on a batch of seats, whose recurrent function is
the shipped world model. Ours adds validity, risk and PUCT below the root, and is written for one seat.
Then the latency of a whole decision (percept to key) with 32 simulations, without a planner beside it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from turns import console, quantiles, ratio, rounds_of, table, take_turns, verdict

from sixkeys import build
from sixkeys.cli.common import compiled_once
from sixkeys.contract import RECALLED, WORDS, Seen, observation_space

TARGET = 0.9


def moment(seats: int, senses: int) -> Seen:
    """What thinkers see: one drawn observation a seat, no hints."""
    space = observation_space(senses)
    space.seed(0)
    samples = [space.sample() for _ in range(seats)]
    observation: Any = {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}
    every = np.ones((seats, 6), bool)
    recalled, words = np.zeros((seats, *RECALLED), np.float32), np.zeros((seats, WORDS), np.int32)
    return Seen(observation, np.ones(seats, bool), every, ~every, recalled, words)


def searches(agent: Any, seats: int, simulations: int) -> dict[str, Callable[[], Any]]:
    """Ours and theirs, compiled, each a function that searches once from the same roots."""
    import jax
    import mctx

    from sixkeys.agent.agent import plain
    from sixkeys.planning.search import search

    brain = agent.brain
    seen, mind = plain(moment(seats, brain.config.senses)), agent.begin(seats, 0)
    pondered = jax.jit(lambda brain: jax.vmap(brain.ponder)(seen, mind))(brain)
    effort, roots = brain.effort(simulations), pondered.root

    def ours(brain: Any, roots: Any, key: Any) -> Any:
        keys = jax.random.split(key, seats)
        return jax.vmap(lambda root, own: search(brain.imagine, root, own, effort))(roots, keys)

    def theirs(brain: Any, roots: Any, key: Any) -> Any:
        def expand(model: Any, noise: Any, action: Any, belief: Any) -> tuple:
            then = jax.vmap(model.imagine)(belief, action, jax.random.split(noise, seats))
            output = mctx.RecurrentFnOutput(
                reward=then.reward, discount=then.discount, prior_logits=then.logits, value=then.value
            )
            return output, then.belief

        root = mctx.RootFnOutput(prior_logits=roots.logits, value=roots.value, embedding=roots.belief)
        depth = min(simulations, effort.horizon)
        return mctx.gumbel_muzero_policy(
            brain, key, root, expand, simulations, max_depth=depth
        ).action_weights

    key, compiled = jax.random.PRNGKey(0), {"sixkeys": jax.jit(ours), "mctx": jax.jit(theirs)}
    return {name: lambda f=f: jax.block_until_ready(f(brain, roots, key)) for name, f in compiled.items()}


def simulations_a_second(once: Callable[[], Any], simulations: int, seconds: float) -> float:
    """Searches for about `seconds`."""
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        once()
        count += simulations
    return count / passed


def decisions(agent: Any, times: int) -> list[float]:
    """Seconds of whole decisions of one seat."""
    seen, mind, found = moment(1, agent.brain.config.senses), agent.begin(1, 0), []
    for _ in range(times):
        start = time.perf_counter()
        _, mind = agent.think(seen, mind)
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    """Prints simulations a second at 1 and 64 seats, and the latency of decisions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--simulations", type=int, default=32, help="of a search (32)")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contestant is measured (9)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (1.0)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.2 s: for a look, not for a claim")
    options = parser.parse_args()
    rounds, seconds = (3, 0.2) if options.quick else (options.rounds, options.seconds)
    compiled_once()
    bare, _ = build.load_agent(None, greedy=True)
    planning, _ = build.load_agent(None, True, 1.0, planner="search", simulations=options.simulations)
    for seats in (1, 64):
        with console.status(f"compiling for {seats} seats"):
            found = searches(planning, seats, options.simulations)
            for once in found.values():
                once()
        work = seats * options.simulations
        rates = take_turns(
            {name: lambda f=f, n=work: simulations_a_second(f, n, seconds) for name, f in found.items()},
            rounds,
        )
        console.print(
            table(f"{seats} seats, {options.simulations} simulations", "simulations/s", rates, "sixkeys")
        )
        console.print(
            verdict(f"sixkeys against mctx, {seats} seats", ratio(rates, "sixkeys", "mctx"), TARGET)
        )
    contestants = {"no planner": bare, f"{options.simulations} simulations": planning}
    for agent in contestants.values():
        decisions(agent, 2)
    latency = rounds_of({name: lambda a=a: decisions(a, 30) for name, a in contestants.items()}, rounds)
    console.print(quantiles("A decision of one seat, milliseconds", latency))


if __name__ == "__main__":
    main()
