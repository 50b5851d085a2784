"""How fast do we learn beside others? Keys a second on MiniGrid DoorKey-5x5, turn by turn, 16 seats each.

Ours runs with the settings of the study `doorkey`. Stable-Baselines3's A2C (MLP policy) and sb3-contrib's
RecurrentPPO (MLP and LSTM, as wide as our belief) see our patch, flattened, in the same training episodes.
What can be set alike is taken from the study: unroll, discount, GAE, learning rate, weights of value and
entropy; RecurrentPPO keeps its own rollouts of 128 keys a seat and its own epochs. Ours does more for each
key: it learns a world model with validity and risk, a self-model, and from replay, and acts through a
workspace; the others learn a policy and a value. `--to-success` asks what that buys: keys until 0.95 of
unseen episodes are solved.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.table import Table
from turns import console, missing, ratio, table, take_turns

from sixkeys import build
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.study import STUDIES
from sixkeys.cli.common import compiled_once
from sixkeys.cli.study import configure
from sixkeys.contract import CELL_SIZES, KEYS, Seen, Thought

if TYPE_CHECKING:
    import gymnasium as gym

    from sixkeys.training.config import RunConfig

STUDY = STUDIES["doorkey"]
WORLD = STUDY.worlds[0]
OURS, A2C_NAME, RECURRENT = "sixkeys", "SB3 A2C", "RecurrentPPO"
EPISODES, SOLVED = 200, 0.95
ROLLOUT = 128
"""sb3-contrib's own number of keys a seat between updates of RecurrentPPO."""


class Learner(NamedTuple):
    """Something that learns when asked to."""

    learn: Callable[[int], int]
    """Presses at least so many keys and learns from them; returns how many it pressed."""
    thinker: Callable[[], Any]
    """What it has become, choosing greedily."""


def ours(config: RunConfig) -> Learner:
    """Our training, as `sixkeys train` runs it, without saving."""
    from sixkeys.agent.agent import Agent
    from sixkeys.training.train import train

    snapshots = train(config, build.training_pool(config), build.habits(config))
    last: list[Any] = []

    def learn(keys: int) -> int:
        before = last[-1].keys if last else 0
        for snapshot in snapshots:
            last[:] = [snapshot]
            if snapshot.keys - before >= keys:
                break
        return last[-1].keys - before

    return Learner(learn, lambda: Agent(last[-1].brain, greedy=True))


class Rival:
    """A model of Stable-Baselines3 as a Thinker that reads the flattened patch. Keeps state: it."""

    def __init__(self, model: Any):
        self.model = model

    def begin(self, seats: int, seed: int) -> None:
        return None

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        """The key of largest probability in every seat."""
        patch = flat(seen.observation["patch"])
        action, mind = self.model.predict(patch, mind, seen.begun, deterministic=True)
        free, unknown = np.eye(KEYS, dtype=np.float32)[action], np.zeros(len(action), np.float32)
        return Thought(action.astype(np.int32), free, unknown, free, unknown), mind


def flat(patch: np.ndarray) -> np.ndarray:
    """uint8 [..., 9, 9, 3] -> float32 [..., 243] in [0, 2): each channel over half of its size."""
    halves = np.array(CELL_SIZES, np.float32) / 2
    return (patch / halves).reshape(*patch.shape[:-3], -1).astype(np.float32)


def seat(config: RunConfig, number: int) -> gym.Env:
    """One seat of the same training episodes that ours sees; observation: the flattened patch."""
    import gymnasium as gym

    from sixkeys.contract import episode_seed
    from sixkeys.envs.minigrid import MiniGridEnv

    class Seat(gym.Wrapper):
        """Keeps state: how many episodes it has begun."""

        def __init__(self, env: gym.Env):
            super().__init__(env)
            self.episode = 0
            self.observation_space = gym.spaces.Box(0.0, 2.0, flat(env.observation_space["patch"].low).shape)

        def reset(self, **_: Any) -> tuple[np.ndarray, dict]:
            seed = episode_seed(config.learn.seed, number, self.episode)
            self.episode += 1
            observation, info = self.env.reset(seed=seed)
            return flat(observation["patch"]), info

        def step(self, action: Any) -> tuple[np.ndarray, Any, bool, bool, dict]:
            observation, *rest = self.env.step(action)
            return flat(observation["patch"]), *rest

    return Seat(MiniGridEnv(WORLD.partition(":")[2]))


def rival(kind: str, config: RunConfig, rollout: int = ROLLOUT) -> Learner:
    """A model of Stable-Baselines3 or sb3-contrib over as many seats; `rollout`: RecurrentPPO's."""
    from sb3_contrib import RecurrentPPO
    from stable_baselines3 import A2C
    from stable_baselines3.common.vec_env import DummyVecEnv

    learn, brain = config.learn, config.brain
    seats = DummyVecEnv([lambda n=n: seat(config, n) for n in range(config.pool.seats[0])])
    alike = {
        "gamma": brain.gamma, "gae_lambda": learn.gae_lambda, "max_grad_norm": learn.clip,
        "ent_coef": learn.entropy_coef, "vf_coef": learn.value_coef, "learning_rate": learn.learning_rate,
        "seed": learn.seed, "device": "cpu",
    }  # fmt: skip
    if kind == A2C_NAME:
        model = A2C("MlpPolicy", seats, n_steps=learn.unroll, **alike)
    else:
        wide = {"lstm_hidden_size": brain.hidden}
        model = RecurrentPPO("MlpLstmPolicy", seats, n_steps=rollout, policy_kwargs=wide, **alike)

    def go_on(keys: int) -> int:
        before = model.num_timesteps
        model.learn(keys, reset_num_timesteps=False)
        return model.num_timesteps - before

    return Learner(go_on, lambda: Rival(model))


def keys_a_second(learner: Learner, keys: int) -> float:
    """How fast it learns from at least `keys` keys."""
    start = time.perf_counter()
    return learner.learn(keys) / (time.perf_counter() - start)


def keys_to_success(
    name: str, learner: Learner, config: RunConfig, every: int, limit: int
) -> tuple[str, ...]:
    """A row: name, keys until SOLVED of unseen episodes are solved, share solved, minutes learning."""
    pools, keys, solved, seconds = build.evaluation_pools(WORLD, 16), 0, 0.0, 0.0
    with console.status("") as status:
        while solved < SOLVED and keys < limit:
            start = time.perf_counter()
            keys += learner.learn(every)
            seconds += time.perf_counter() - start
            solved = float(evaluate(learner.thinker(), pools, EPISODES, masked=False).success.mean())
            status.update(f"{name}: {keys:,} of at most {limit:,} keys, {solved:.2f} solved")
    reached = f"{keys:,}" if solved >= SOLVED else f"not in {keys:,}"
    return name, reached, f"{solved:.2f}", f"{seconds / 60:.1f}"


def main() -> None:
    """Prints the table of rates and, if asked, of keys to success."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant is measured (5)")
    parser.add_argument("--keys", type=int, default=6_000, help="keys of a measurement, or a bit more (6000)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch; small models like one (1)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 512 keys: a look, not a claim")
    parser.add_argument("--to-success", action="store_true", help="learn until 0.95 is solved; takes an hour")
    parser.add_argument("--every", type=int, default=20_000, help="keys between its evaluations (20000)")
    parser.add_argument("--limit", type=int, default=300_000, help="keys after which it gives up (300000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and training episodes (0)")
    options = parser.parse_args()
    absent = missing("torch", "stable_baselines3", "sb3_contrib")
    if absent:
        print(
            f"{', '.join(absent)} not installed: pip install --group peers (make bench does it)",
            file=sys.stderr,
        )
        sys.exit(2)
    import torch

    torch.set_num_threads(options.threads)
    compiled_once()
    config = configure(STUDY.changes(STUDY.arms[0], options.seed))
    rounds, keys = (2, 512) if options.quick else (options.rounds, options.keys)
    shorter = max(1, min(ROLLOUT, keys // config.pool.seats[0]))
    race(
        {OURS: ours(config), A2C_NAME: rival(A2C_NAME, config), RECURRENT: rival(RECURRENT, config, shorter)},
        rounds,
        keys,
    )
    if options.to_success:
        shown = Table(
            "", f"keys to {SOLVED} unmasked", "solved", "minutes", title=f"{EPISODES} unseen episodes"
        )
        for name in (OURS, A2C_NAME, RECURRENT):
            learner = ours(config) if name == OURS else rival(name, config)
            shown.add_row(*keys_to_success(name, learner, config, options.every, options.limit))
        console.print(shown)


def race(learners: dict[str, Learner], rounds: int, keys: int) -> None:
    """Prints how fast each learns, compilation and the first update left out."""
    with console.status("compiling"):
        for learner in learners.values():
            learner.learn(256)
    rates = take_turns({name: lambda x=x: keys_a_second(x, keys) for name, x in learners.items()}, rounds)
    console.print(table(f"Learning {WORLD}", "keys/s", rates, OURS))
    for name in (A2C_NAME, RECURRENT):
        times = ratio(rates, OURS, name)
        console.print(f"{OURS} learns from {times.median:.2f} times as many keys a second as {name}")


if __name__ == "__main__":
    main()
