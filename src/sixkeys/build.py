"""Who meets whom? The only place that names the rooms together: settings -> worlds, pool, agent, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym

from sixkeys.contract import Language, Thinker, World, episode_seed
from sixkeys.envs import registry
from sixkeys.envs.changed import changed
from sixkeys.envs.pool import GymWorld, Pool, SeedOf
from sixkeys.loop import Habits

if TYPE_CHECKING:
    from sixkeys.agent.agent import Agent
    from sixkeys.bench.climb import Field
    from sixkeys.bench.suite import Case
    from sixkeys.envs.repo.grammar import Candidate
    from sixkeys.envs.repo.hands import Habit, Rank
    from sixkeys.envs.repo.project import Project
    from sixkeys.envs.repo.repair import Repair, Search
    from sixkeys.envs.repo.runner import Runner
    from sixkeys.memory.repairs import Attempt, Experience
    from sixkeys.memory.store import Store
    from sixkeys.training.checkpoint import Checkpoint
    from sixkeys.training.config import PoolConfig, RunConfig
    from sixkeys.training.train import Track

SENSES = {"repo": 64, "workbench": 64}
"""Sense tokens that a world speaks, for those that speak: repositories, whose tests run in the sandbox."""
SLOW = {*SENSES, "web"}
"""Worlds that wait for something else: a test suite, a browser."""


def make_world(world: str, seats: int, isolation: str = "auto") -> World:
    """`"grid:grid_key"`, `"repo:proc_mixed_loop"`, `"gym:CartPole-v1"`, `"zoo:mpe2.simple_spread_v3"`.

    `"grid:grid_key~keys3"`, `"grid:grid_key~sparse"`: the same, changed (envs/changed.py).
    seats: 0 is one game, which has more seats than one only where it has more agents. Raises ValueError with
    the possible names on an unknown world.
    """
    plain, *changes = world.split("~")
    if changes:
        return reduce(lambda inner, how: changed(how, inner), changes, make_world(plain, seats, isolation))
    name, _, task = world.partition(":")
    if not task or name not in registry.WORLDS:
        possible = ", ".join(f"{n}:TASK" for n in registry.WORLDS)
        raise ValueError(f"unknown world {world!r}; possible: {possible}, for example grid:grid_mixed")
    kind = registry.load(name)
    if not isinstance(kind, type):
        return kind(task, seats)
    seats = max(1, seats)
    if not issubclass(kind, gym.Env):
        return kind(task, seats)
    settings: dict[str, Any] = {"task": task, "isolation": isolation} if name in SENSES else {"task": task}
    if name == "workbench":
        settings["rank"] = code_rank()
    return GymWorld([kind(**settings) for _ in range(seats)])


def senses_of(worlds: Sequence[str]) -> int:
    """How many sense tokens an agent must read to live in these worlds."""
    return max(SENSES.get(world.partition(":")[0], 0) for world in worlds)


def make_pool(config: PoolConfig, seed_of: SeedOf, senses: int = 0, isolation: str = "auto") -> Pool:
    """A pool of all worlds of `config`. Raises ValueError where worlds and seats do not pair up."""
    if len(config.worlds) != len(config.seats):
        raise ValueError(
            f"{len(config.worlds)} worlds but {len(config.seats)} numbers of seats; give one for each world"
        )
    pairs = zip(config.worlds, config.seats, strict=True)
    return Pool([make_world(world, seats, isolation) for world, seats in pairs], seed_of, senses)


def training_pool(config: RunConfig) -> Pool:
    """The pool of a run; its episodes never touch evaluation seeds."""
    base = config.learn.seed
    return make_pool(
        config.pool,
        lambda seat, episode: episode_seed(base, seat, episode),
        config.brain.senses,
        config.isolation,
    )


def training_tracks(config: RunConfig) -> list[Track]:
    """The pools of a run: one of all worlds or, where worlds are drawn (`at_once`), one a world.

    There rewards are scaled by what random keys and an oracle reach, and slow worlds are played beside the
    others. A planner that teaches is named with each. Raises ValueError where worlds, seats and weights do
    not pair up.
    """
    tracks = _tracks(config)
    if not config.learn.taught_coef or config.learn.teacher == "oracle":
        return tracks
    from sixkeys.planning.pilot import Pilot

    return [track._replace(teacher=Pilot()) for track in tracks]


def _tracks(config: RunConfig) -> list[Track]:
    from sixkeys.bench.reach import reach
    from sixkeys.training.train import Track

    if config.learn.stage4_updates:
        from sixkeys.training.regimes import COURSES

        tasks = COURSES[config.life.stream].tasks
        lives = {"worlds": tasks, "seats": config.pool.seats[:1] * len(tasks), "weights": (), "at_once": 1}
        config = config.model_copy(update={"pool": config.pool.model_copy(update=lives)})
    if not config.pool.at_once:
        return [Track(training_pool(config))]
    worlds, seats = config.pool.worlds, config.pool.seats
    weights = config.pool.weights or (1.0,) * len(worlds)
    if not len(worlds) == len(seats) == len(weights):
        raise ValueError(f"{len(worlds)} worlds, {len(seats)} seats, {len(weights)} weights; give one each")
    slow = [world.partition(":")[0] in SLOW for world in worlds]
    fast = [world for world, late in zip(worlds, slow, strict=True) if not late]
    tracks, first = [], 0
    for world, count, weight, late in zip(worlds, seats, weights, slow, strict=True):
        senses = senses_of(fast) if fast and not late else config.brain.senses

        def pool(world: str = world, count: int = count, first: int = first, senses: int = senses) -> Pool:
            def seed_of(seat: int, episode: int) -> int:
                return episode_seed(config.learn.seed, first + seat, episode)

            return Pool([make_world(world, count, config.isolation)], seed_of, senses)

        trial = pool()
        scale = reach(trial).scale
        trial.close()
        tracks.append(Track(pool(), weight, scale, late and not all(slow)))
        first += count
    return tracks


def evaluation_pools(world: str, seats: int, isolation: str = "auto") -> Callable[[SeedOf], Pool]:
    """What `bench.evaluate` asks for: a function that makes the pool once it has the seeds."""
    return lambda seed_of: Pool([make_world(world, seats, isolation)], seed_of)


def planners(case: Case) -> Field:
    """The planner (goals and skills, nothing learned) as a contestant, where a gate of the case names it."""
    from sixkeys.bench.controls import plain
    from sixkeys.bench.suite import PLANNER
    from sixkeys.planning.pilot import Pilot

    named = any(PLANNER in (gate.thinker, gate.minus) for gate in case.gates)
    return {PLANNER: {0: plain(Pilot())}} if named else {}


def habits(config: RunConfig, resume: Mapping[str, Mapping] | None = None) -> Habits:
    """Memory, language and guards of a run; memories are restored from a checkpoint's components.

    Raises ValueError where a file of memories is wanted and worlds are drawn, since then seats come and go.
    """
    if config.memory_path:
        from sixkeys.memory.lasting import Lasting
        from sixkeys.memory.store import Store

        if config.pool.at_once:
            raise ValueError("--memory-path needs all worlds in every update; leave out --at-once")
        pairs = zip(config.pool.worlds, config.pool.seats, strict=True)
        worlds = [world for world, seats in pairs for _ in range(seats)]
        return Habits(memory=Lasting(Store(config.memory_path), worlds))
    if not config.memory:
        return Habits()
    from sixkeys.memory.episodic import Episodic

    memory = Episodic(sum(config.pool.seats))
    if resume and "memory" in resume:
        memory.restore(resume["memory"])
    return Habits(memory=memory)


def run_config(data: Mapping) -> RunConfig:
    """A saved config, checked."""
    from sixkeys.training.config import RunConfig, read

    return read(RunConfig, data)


def repository_runner(project: Project, workers: int = 2, isolation: str = "auto") -> Runner:
    """Warm workers that keep a repository, read by `envs.repo.project.read`; a context manager."""
    from sixkeys.envs.repo.runner import Runner

    return Runner(workers, isolation, project=project)


def code_rank() -> Rank:
    """What ranks candidates by the network that is shipped (language/code.py)."""
    from sixkeys.envs.repo.grammar import WEIGHTS
    from sixkeys.language import code

    def rank(text: str, options: Sequence[Candidate], pieces: Sequence[str]) -> list[float]:
        starts = [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
        changes = [
            code.Change(
                o.kind, starts[(o.edit.line or 1) - 1] + len(o.edit.old) - len(o.before),
                o.before, o.after, WEIGHTS.get(o.kind, 5.0),
            )
            for o in options
        ]  # fmt: skip
        return code.rank(text, changes, pieces).tolist()

    return rank


def habit(experience: Experience, root: Path) -> Habit:
    """What orders the candidates of a repository at `root` by what fixed failures before."""
    from sixkeys.memory.repairs import failure_kind

    return lambda says, candidate: experience.factor(failure_kind(says), _attempt(candidate, root))


def learn_repair(experience: Experience, root: Path, search: Search, repair: Repair) -> None:
    """Remembers a proved repair, and what was tried in vain before it."""
    from sixkeys.memory.repairs import failure_kind

    kept = [hand.candidate for hand in repair.hands]
    tried = [one.hand.candidate for one in search.journal if one.said != "passed"]
    says = search.first.says(search.first.failing[0])
    text = "\n".join([*repair.fixed[:5], says])
    experience.learn(
        failure_kind(says),
        (_attempt(candidate, root) for candidate in tried if candidate not in kept),
        [_attempt(candidate, root) for candidate in kept],
        text,
    )


def _attempt(candidate: Candidate, root: Path) -> Attempt:
    from sixkeys.memory.repairs import Attempt

    place = f"{root.name}: {candidate.edit.path} {candidate.function}".rstrip()
    return Attempt(candidate.kind, candidate.before, candidate.after, place)


def language(name: str) -> Language:
    """The `contract.Language` that a dotted path names, as in `my_models:local`; a class or a function is
    called without arguments. Raises ValueError where it is not there or cannot fill in a line."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"no language at {name!r} ({error}); give one as MODULE:NAME") from error
    if isinstance(found, type) or not isinstance(found, Language):
        found = found() if callable(found) else found
    if not isinstance(found, Language):
        raise ValueError(f"{name} has no method fill(before, line, after, words); see contract.Language")
    return found


def shipped_weights() -> Path:
    """The checkpoint inside the package, trained by `scripts/train_shipped.py`."""
    return Path(str(files("sixkeys").joinpath("weights")))


def load_agent(
    path: Path | str | None = None, greedy: bool = False, planning_coef: float | None = None, **acting: Any
) -> tuple[Agent, RunConfig]:
    """The agent in a checkpoint (the shipped one by default) and the config it was trained with.

    `acting`: settings of the brain that change how it plans, for example `planner="search"`.
    """
    from sixkeys.training.checkpoint import load as load_checkpoint

    return agent_from(load_checkpoint(path or shipped_weights()), greedy, planning_coef, **acting)


def accustomed(agent: Agent, store: Store | None = None) -> Thinker:
    """The agent as one who finds out which key does what, where somebody has exchanged them; with a memory,
    as one who knows the interfaces that it has met before."""
    from sixkeys.agent.interface import Accustomed
    from sixkeys.memory.semantic import customs

    return Accustomed(agent, customs(store) if store is not None else None)


def keep_customs(store: Store, mind: Any) -> None:
    """Remembers what the mind of an accustomed thinker has found out of interfaces."""
    from sixkeys.agent.interface import settled
    from sixkeys.memory.semantic import note_customs

    note_customs(store, settled(mind))


def agent_from(
    saved: Checkpoint, greedy: bool = False, planning_coef: float | None = None, **acting: Any
) -> tuple[Agent, RunConfig]:
    """The agent in a loaded checkpoint and its config. Raises ValueError on settings that shape weights."""
    from sixkeys.agent.agent import Agent
    from sixkeys.agent.brain import Brain
    from sixkeys.agent.config import ACTING
    from sixkeys.training.trees import refill

    if not acting.keys() <= set(ACTING):
        raise ValueError(f"{sorted(acting)} must be settings of acting; possible: {', '.join(ACTING)}")
    data = saved.meta["config"]
    config = run_config({**data, "brain": {**data["brain"], **acting}})
    brain = refill(Brain(config.brain, 0), saved.components["brain"])
    return Agent(brain, greedy, planning_coef), config
