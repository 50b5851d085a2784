"""Can this repository be repaired without a menu? A Gymnasium environment: a fresh project, six keys that walk
over its lines and the edits of each, real pytest.

`open_<family>` for each family of `open_tasks`, `open_mixed` for any of them; with `_heldout` behind, of bugs
and templates that training never sees (`open_heldout` is the mixture). Reward: -0.02 a key, +1 when a run
passes by the verdict.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from sixkeys.contract import KEYS, Observation, WorldSpec, action_space, descriptor, observation_space
from sixkeys.envs.repo import workbench_views as views
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.cursor import FIXED, NO_OP, RUN_TESTS, WORKBENCH_KEYS, Bench, fresh
from sixkeys.envs.repo.env import METADATA, RUN_SECONDS, StepResult
from sixkeys.envs.repo.failure import Failure, failure, steady
from sixkeys.envs.repo.ground import Rank, by_hand
from sixkeys.envs.repo.notes import Journal
from sixkeys.envs.repo.open_tasks import FAMILIES, OpenTask, generate
from sixkeys.envs.repo.oracle import plan
from sixkeys.envs.repo.runner import Runner, RunResult, Ticket, shared_runner
from sixkeys.envs.repo.verdict import judge
from sixkeys.envs.repo.views import FAILURE_ROOM, SENSES

WORLD = 4
KEY_COST = 0.02
POOLS = {"mixed": tuple(FAMILIES)} | {name: (name,) for name in FAMILIES}
TASKS = tuple(f"open_{pool}" for pool in POOLS) + (
    "open_heldout",
    *(f"open_{name}_heldout" for name in FAMILIES),
)


class WorkbenchEnv(gym.Env):
    """A generated repository under the six keys of a workbench. Keeps state: the task, the bench, the journal.

    `step` is `begin` and `finish`, so that many environments can run their tests at the same time. `rank`
    orders the edits of a line, by default the grammar's hand-set weights.
    """

    metadata = METADATA

    def __init__(
        self, task: str = "open_mixed", runner: Runner | None = None, isolation: str = "auto",
        max_steps: int = 60, rank: Rank = by_hand, render_mode: str | None = None,
    ):  # fmt: skip
        if task not in TASKS:
            raise ValueError(f"unknown task {task!r}; possible: {', '.join(TASKS)}")
        if render_mode not in (None, "ansi"):
            raise ValueError(f"unknown render mode {render_mode!r}; possible: 'ansi' or None")
        self.task_name, self.max_steps, self.rank = task, max_steps, rank
        self.heldout = task.endswith("_heldout")
        self.pool = POOLS[task.removeprefix("open").removesuffix("_heldout").removeprefix("_") or "mixed"]
        self.runner, self.isolation, self.render_mode = runner, isolation, render_mode
        self.observation_space = observation_space(SENSES)
        self.action_space = action_space()
        self.world_spec = WorldSpec("workbench", WORLD, WORKBENCH_KEYS, max_steps, senses=SENSES)
        self.env_desc = descriptor(
            size=1, length=min(1.0, max_steps / 100), partial_view=1, text=1, code=1, undo=1, hidden_menu=1
        )
        self.task: OpenTask | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A fresh project, made from the seed alone."""
        super().reset(seed=seed)
        seed = int(self.np_random.integers(1 << 30)) if seed is None else seed
        self.family = Chance((seed, 1)).pick(self.pool)
        self.task = generate(self.family, seed, self.heldout, self.rank)
        self.bench: Bench = fresh(self.task.tree)
        self.way: list[int] | None = list(self.task.keys)
        self.journal = Journal()
        self.keys = 0
        self.last: Failure | None = None
        self.output = ""
        self.pressed: int | None = None
        self.ticket: Ticket | None = None
        return self._observation(), {"action_mask": self.bench.offered(), "oracle_steps": self.oracle_steps()}

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
        if self.pressed == RUN_TESTS and self.bench.offers(RUN_TESTS):
            if self.runner is None:
                self.runner = shared_runner(isolation=self.isolation)
            self.ticket = self.runner.submit(self.bench.tree.files, self.task.tests, seconds=RUN_SECONDS)

    def finish(self) -> StepResult:
        """What the key did: (observation, reward, terminated, truncated, info)."""
        if self.pressed is None:
            raise RuntimeError("no key was pressed: call begin first")
        key, self.pressed = self.pressed, None
        invalid = not self.bench.offers(key)
        info: dict[str, Any] = {"invalid": invalid, "family": self.family}
        if not invalid and key != NO_OP:
            self.way = self.way[1:] if self.way and self.way[0] == key else None
        if self.ticket is not None:
            result, self.ticket = self.ticket.result(), None
            self._hear(result)
            info["pytest"] = self.output
        elif not invalid:
            self._press(key)
        success = self.bench.phase == FIXED
        truncated = not success and self.keys >= self.max_steps
        info |= {"action_mask": self.bench.offered(), "success": success}
        return self._observation(), float(success) - KEY_COST, success, truncated, info

    def oracle(self) -> int:
        """The next key of a shortest way to the known repair. Privileged."""
        task = self._task()
        if not self.way:
            self.way = plan(self.bench, task.faults, task.failing)
        return self.way[0] if self.way else NO_OP

    def oracle_steps(self) -> int:
        """How many keys that way has from the start of the episode."""
        return len(self._task().keys)

    def screen(self) -> str:
        """The current view as text for a person."""
        return views.screen(self._sight())

    def render(self) -> str | None:
        """The screen, in render mode 'ansi'."""
        return self.screen() if self.render_mode == "ansi" else None

    def _task(self) -> OpenTask:
        if self.task is None:
            raise RuntimeError("no episode yet: call reset first")
        return self.task

    def _over(self) -> bool:
        return self.bench.phase == FIXED or self.keys >= self.max_steps

    def _press(self, key: int) -> None:
        before, self.bench = self.bench, self.bench.press(key)
        if len(self.bench.edits) > len(before.edits):
            self.journal = self.journal.applied(self.bench.edits[-1])
        if len(self.bench.edits) < len(before.edits):
            self.journal = self.journal.undone(before.edits[-1])

    def _hear(self, result: RunResult) -> None:
        """Takes in a run: which tests fail, by the verdict, and what the first of them says."""
        if result.status == "refused":
            raise RuntimeError(f"the tests were not run: {result.output}")
        task, tree = self._task(), self.bench.tree
        self.output = steady(result.output)
        outcomes = {outcome.node: outcome for outcome in result.outcomes}
        bad = [test for test in task.tests if test not in outcomes or outcomes[test].outcome != "passed"]
        said = next((outcomes[test] for test in bad if test in outcomes), None)
        names = [function.name for function in tree.functions if function.path in tree.sources]
        message = said.message if said else f"{result.status}\n{self.output}"
        self.last = failure(said.node if said else "", message, self.output, names, tree.files, FAILURE_ROOM)
        passed = judge(task.files, tree.files, task.tests, result).passed
        failing = () if passed else tuple(bad) or task.tests
        self.bench = self.bench.ran(failing, passed)
        self.journal = self.journal.ran(failing, len(task.tests))

    def _sight(self) -> views.Sight:
        return views.Sight(self.bench, self.last, self.journal, self.output)

    def _observation(self) -> Observation:
        sight = self._sight()
        return Observation(
            patch=views.patch(sight),
            energy=np.array([1 - self.keys / self.max_steps], np.float32),
            ids=np.array([WORLD, 0, self.bench.phase, 0], np.int32),
            env_desc=self.env_desc.copy(),
            senses=views.senses(sight),
        )
