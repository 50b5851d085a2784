"""Can this repository be repaired? A Gymnasium environment: a fresh project, six candidate patches, six keys,
real pytest.

`proc_<family>` shows the candidates from the start, `proc_<family>_loop` after the first failing run;
`proc_mixed` draws one of the families open to training, `proc_heldout` one of the four others. Reward: -0.05
a key, +1 when a run passes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from sixkeys.contract import KEYS, Observation, WorldSpec, action_space, descriptor, observation_space
from sixkeys.envs.repo import views
from sixkeys.envs.repo.bugs import Task, generate
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.failure import Failure, failure, steady
from sixkeys.envs.repo.families import FAMILIES, HELDOUT, TRAINED
from sixkeys.envs.repo.menu import FIXED, MENU_KEYS, RUN_TESTS, Menu, fresh
from sixkeys.envs.repo.runner import Runner, RunResult, shared_runner
from sixkeys.envs.repo.verdict import judge

WORLD = 3
KEY_COST = 0.05
RUN_SECONDS = 20.0
"""Time limit of one run: far above what a generated project needs, so that a busy machine does not fail a
right patch."""

POOLS: dict[str, tuple[str, ...]] = {"mixed": TRAINED, "heldout": HELDOUT} | {
    name: (name,) for name in FAMILIES
}
"""Middle part of a task's name -> the families that it draws from."""
TASKS = tuple(f"proc_{pool}{ending}" for pool in POOLS for ending in ("_loop", ""))

METADATA: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 4}
StepResult = tuple[Observation, float, bool, bool, dict[str, Any]]


class Interface(Protocol):
    """Where an episode stands: what is offered, and whether it is fixed."""

    @property
    def fixed(self) -> bool: ...

    def offered(self) -> np.ndarray: ...


class Pending(Protocol):
    """A run that was asked for."""

    def result(self) -> RunResult: ...


class RepoEnv(gym.Env, ABC):
    """What both interfaces of a repository share. Keeps state: keys pressed, the run in the air.

    `step` is `begin` and `finish`, so that many environments can run their tests at the same time. `runner`
    is used where given; otherwise the process's shared one is started at the first run. `success` is the
    runner's verdict that every test known from generation passed.
    """

    metadata = METADATA
    key_cost: float
    task: Any
    menu: Interface
    family: str
    output: str
    files: dict[str, str]

    def __init__(
        self, task: str, tasks: Sequence[str], runner: Runner | None, isolation: str, render_mode: str | None,
        spec: WorldSpec,
    ):  # fmt: skip
        if task not in tasks:
            raise ValueError(f"unknown task {task!r}; possible: {', '.join(tasks)}")
        if render_mode not in (None, "ansi"):
            raise ValueError(f"unknown render mode {render_mode!r}; possible: 'ansi' or None")
        self.task_name, self.world_spec, self.max_steps = task, spec, spec.max_steps
        self.runner, self.isolation, self.render_mode = runner, isolation, render_mode
        self.observation_space = observation_space(spec.senses)
        self.action_space = action_space()
        self.task = None

    @abstractmethod
    def screen(self) -> str:
        """The current view as text for a person."""

    @abstractmethod
    def oracle_steps(self) -> int:
        """How many keys a shortest solution has from the start of the episode."""

    @abstractmethod
    def _press(self, key: int) -> None:
        """What an offered key does that is not a run."""

    def _ask(self, runner: Runner) -> Pending:
        """Asks for what RUN_TESTS runs now."""
        return runner.submit(self.files, self.task.tests, seconds=RUN_SECONDS)

    @abstractmethod
    def _hear(self, result: RunResult) -> None:
        """Takes in a run."""

    @abstractmethod
    def _observation(self) -> Observation: ...

    def _begin(self) -> tuple[Observation, dict[str, Any]]:
        """The first observation of an episode whose task is there, and its info."""
        self.keys, self.output = 0, ""
        self.pressed: int | None = None
        self.ticket: Pending | None = None
        return self._observation(), {"action_mask": self.menu.offered(), "oracle_steps": self.oracle_steps()}

    def step(self, action: int) -> StepResult:
        """Presses one key and waits for what it does."""
        self.begin(action)
        return self.finish()

    def begin(self, action: int) -> None:
        """Presses one key; a run of the tests is only started. `finish` must follow."""
        if self.task is None or self.pressed is not None or self._over():
            raise RuntimeError(
                "begin needs an episode that goes on and no key in the air: call reset or finish first"
            )
        if not 0 <= int(action) < KEYS:
            raise ValueError(f"key {action!r} does not exist; possible: 0 to {KEYS - 1}")
        self.pressed = int(action)
        self.keys += 1
        if self.pressed == RUN_TESTS and self.menu.offered()[RUN_TESTS]:
            if self.runner is None:
                self.runner = shared_runner(isolation=self.isolation)
            self.ticket = self._ask(self.runner)

    def finish(self) -> StepResult:
        """What the key did: (observation, reward, terminated, truncated, info)."""
        if self.pressed is None:
            raise RuntimeError("no key was pressed: call begin first")
        key, self.pressed = self.pressed, None
        invalid = not self.menu.offered()[key]
        info: dict[str, Any] = {"invalid": invalid, "family": self.family}
        if self.ticket is not None:
            result, self.ticket = self.ticket.result(), None
            self._hear(result)
            info["pytest"] = self.output
        elif not invalid:
            self._press(key)
        success = self.menu.fixed
        truncated = not success and self.keys >= self.max_steps
        info |= {"action_mask": self.menu.offered(), "success": success}
        return self._observation(), float(success) - self.key_cost, success, truncated, info

    def render(self) -> str | None:
        """The screen, in render mode 'ansi'."""
        return self.screen() if self.render_mode == "ansi" else None

    def _over(self) -> bool:
        return self.menu.fixed or self.keys >= self.max_steps


class RepoToolEnv(RepoEnv):
    """A generated repository under the six keys of a menu. Keeps state: task, menu, what pytest said."""

    key_cost = KEY_COST
    menu: Menu

    def __init__(
        self, task: str = "proc_mixed_loop", runner: Runner | None = None, isolation: str = "auto",
        max_steps: int = 20, candidates: int = 6, render_mode: str | None = None,
    ):  # fmt: skip
        spec = WorldSpec("repo", WORLD, MENU_KEYS, max_steps, senses=views.SENSES)
        super().__init__(task, TASKS, runner, isolation, render_mode, spec)
        self.candidates = candidates
        self.loop = task.endswith("_loop")
        self.pool = POOLS[task.removeprefix("proc_").removesuffix("_loop")]
        self.env_desc = descriptor(
            size=candidates / 12, length=min(1.0, max_steps / 100), partial_view=1, text=1, code=1, undo=1,
            hidden_menu=float(self.loop),
        )  # fmt: skip

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A fresh project, made from the seed alone."""
        super().reset(seed=seed)
        seed = int(self.np_random.integers(1 << 30)) if seed is None else seed
        self.family = Chance((seed, 1)).pick(self.pool)
        self.task = generate(self.family, seed, self.candidates)
        self.edits = views.tokens_of(self.task)
        self.files = dict(self.task.files)
        self.menu = fresh(self.loop, self.candidates)
        self.first: Failure | None = None
        self.last: Failure | None = None
        return self._begin()

    def oracle(self) -> int:
        """The next key of a shortest solution. Privileged."""
        return self.menu.oracle(self._task().right)

    def oracle_steps(self) -> int:
        """How many keys a shortest solution has from the start of the episode."""
        return fresh(self.loop, self.candidates).shortest(self._task().right)

    def screen(self) -> str:
        """The current view as text for a person."""
        return views.screen(self._sight())

    def _task(self) -> Task:
        if self.task is None:
            raise RuntimeError("no episode yet: call reset first")
        return self.task

    def _press(self, key: int) -> None:
        """The menu moves on, and the files are as it says: the project, with the applied candidate on."""
        self.menu = self.menu.press(key)
        task = self._task()
        applied = self.menu.applied
        self.files = dict(task.files) if applied is None else task.candidates[applied].apply(task.files)

    def _hear(self, result: RunResult) -> None:
        """Takes in a run: the menu moves on, and the first failing test is what the agent reads of it."""
        if result.status == "refused":
            raise RuntimeError(f"the tests were not run: {result.output}")
        task = self._task()
        self.output = steady(result.output)
        outcomes = {outcome.node: outcome for outcome in result.outcomes}
        passed = [test for test in task.tests if test in outcomes and outcomes[test].outcome == "passed"]
        failing = [outcomes[test] for test in task.tests if test in outcomes and test not in passed]
        test, message = (
            (failing[0].node, failing[0].message) if failing else ("", f"{result.status}\n{self.output}")
        )
        names = [place.name for place in task.functions]
        self.last = failure(test, message, self.output, names, self.files, views.FAILURE_ROOM)
        if self.menu.applied is None:
            self.first = self.last
        self.menu = self.menu.ran(judge(task.files, self.files, task.tests, result).passed)

    def _sight(self) -> views.Sight:
        return views.Sight(
            self._task(), self.files, self.edits, self.menu, self.first, self.last, self.output
        )

    def _observation(self) -> Observation:
        sight = self._sight()
        return Observation(
            patch=views.patch(views.lines(sight)),
            energy=np.array([1 - self.keys / self.max_steps], np.float32),
            ids=np.array([WORLD, int(self.loop), min(self.menu.phase, FIXED), 0], np.int32),
            env_desc=self.env_desc.copy(),
            senses=views.senses(sight),
        )
