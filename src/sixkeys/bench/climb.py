"""How does a case get its numbers? Every contestant plays it, masked and unmasked, over the same episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sixkeys.bench.controls import Contestant, MakePool, NoOp, RandomKeys, Shuffled, oracle, plain
from sixkeys.bench.evaluate import Evaluation, evaluate
from sixkeys.bench.metrics import Summary, summarise
from sixkeys.bench.suite import AGENT, MODES, Case, Mode, Summaries
from sixkeys.contract import Thinker
from sixkeys.loop import Habits


class Result(NamedTuple):
    """What one contestant did on one case in one mode; one evaluation for each of its training seeds."""

    case: Case
    thinker: str
    mode: Mode
    seeds: tuple[int, ...]
    evaluations: tuple[Evaluation, ...]
    summary: Summary


class Doing(NamedTuple):
    """How far a climb is, for a progress bar."""

    case: str
    thinker: str
    mode: Mode
    seed: int
    done: int
    episodes: int


Field = Mapping[str, Mapping[int, Contestant]]
"""name of a contestant -> training seed -> who comes."""


def field(agents: Mapping[int, Thinker]) -> Field:
    """The agent of each training seed and the controls, of which `shuffled` is the first seed's agent."""
    controls = {"random": {0: plain(RandomKeys())}, "no_op": {0: plain(NoOp())}, "oracle": {0: oracle}}
    if not agents:
        return controls
    first, blind = next(iter(agents.items()))
    shuffled = {first: plain(Shuffled(blind))}
    return {AGENT: {seed: plain(agent) for seed, agent in agents.items()}, **controls, "shuffled": shuffled}


def climb(
    case: Case,
    contestants: Field,
    make_pool: MakePool,
    habits: Habits = Habits(),
    frames: Mapping[str, int] | None = None,
    progress: Callable[[Doing], None] | None = None,
) -> Iterator[Result]:
    """Yields a result for every contestant and mode. All play the list of episodes of seed 0.

    `frames` says of whose first training seed how many episodes are kept step by step: `{"agent": 3}`.
    """
    kept = frames or {}

    def play(name: str, mode: Mode, seed: int, contestant: Contestant, keep: int) -> Evaluation:
        def tell(done: int, episodes: int) -> None:
            if progress:
                progress(Doing(case.name, name, mode, seed, done, episodes))

        thinker, make = contestant(make_pool)
        hints = mode == "masked"
        return evaluate(thinker, make, case.episodes, hints, habits=habits, frames=keep, progress=tell)

    for name, seeds in contestants.items():
        for mode in MODES:
            evaluations = tuple(
                play(name, mode, seed, contestant, 0 if order else kept.get(name, 0))
                for order, (seed, contestant) in enumerate(seeds.items())
            )
            yield Result(case, name, mode, tuple(seeds), evaluations, summarise(*evaluations))


def summaries(results: Sequence[Result], case: Case) -> Summaries:
    """The summaries of one case, for `suite.judge`."""
    return {
        (result.thinker, result.mode): result.summary for result in results if result.case.name == case.name
    }
