"""Can this repository be repaired without a menu? A Gymnasium environment: a fresh project, six keys that
walk over its lines and the edits of each, real pytest.

`open_<family>` for each family of `open_tasks`, `open_mixed` for any of them; with `_heldout` behind, of bugs
and templates that training never sees (`open_heldout` is the mixture). Reward: -0.02 a key, +1 when a run of
the tree passes by the verdict; marks of edits that were tried are worth nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sixkeys.contract import Observation, WorldSpec, descriptor
from sixkeys.envs.repo import workbench_views as views
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.cursor import NO_OP, RUN_TESTS, WORKBENCH_KEYS, Bench, fresh
from sixkeys.envs.repo.env import Pending, RepoEnv
from sixkeys.envs.repo.failure import Failure, failure, steady
from sixkeys.envs.repo.ground import Rank, by_hand
from sixkeys.envs.repo.notes import Journal
from sixkeys.envs.repo.open_tasks import FAMILIES, OpenTask, generate
from sixkeys.envs.repo.oracle import plan
from sixkeys.envs.repo.runner import Runner, RunResult
from sixkeys.envs.repo.sweep import Sweep, begun
from sixkeys.envs.repo.verdict import judge
from sixkeys.envs.repo.views import FAILURE_ROOM, SENSES

WORLD = 4
KEY_COST = 0.02
POOLS = {"mixed": tuple(FAMILIES)} | {name: (name,) for name in FAMILIES}
TASKS = (*(f"open_{name}" for name in POOLS), "open_heldout", *(f"open_{name}_heldout" for name in FAMILIES))


class WorkbenchEnv(RepoEnv):
    """A generated repository under the six keys of a workbench. Keeps state: task, bench, journal, the last
    failure. `rank` orders the edits of a line, by default the grammar's hand-set weights."""

    key_cost = KEY_COST
    menu: Bench

    def __init__(
        self, task: str = "open_mixed", runner: Runner | None = None, isolation: str = "auto",
        max_steps: int = 60, rank: Rank = by_hand, render_mode: str | None = None,
    ):  # fmt: skip
        spec = WorldSpec("workbench", WORLD, WORKBENCH_KEYS, max_steps, senses=SENSES)
        super().__init__(task, TASKS, runner, isolation, render_mode, spec)
        self.rank, self.heldout = rank, task.endswith("_heldout")
        self.pool = POOLS[task.removeprefix("open").removesuffix("_heldout").removeprefix("_") or "mixed"]
        self.env_desc = descriptor(
            size=1, length=min(1.0, max_steps / 100), partial_view=1, text=1, code=1, undo=1, hidden_menu=1
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """A fresh project, made from the seed alone."""
        super().reset(seed=seed)
        seed = int(self.np_random.integers(1 << 30)) if seed is None else seed
        self.family = Chance((seed, 1)).pick(self.pool)
        task = self.task = generate(self.family, seed, self.heldout, self.rank)
        self.menu, self.files, self.journal = fresh(task.tree), task.files, Journal()
        self.way: list[int] | None = list(task.keys)
        self.last: Failure | None = None
        self.sweep: Sweep | None = None
        return self._begin()

    def oracle(self) -> int:
        """The next key of a shortest way to the known repair. Privileged."""
        task = self._task()
        if not self.way:
            self.way = plan(self.menu, task.faults, task.failing)
        return self.way[0] if self.way else NO_OP

    def oracle_steps(self) -> int:
        """How many keys that way has from the start of the episode."""
        return len(self._task().keys)

    def screen(self) -> str:
        """The current view as text for a person, and the last notes of the journal."""
        return views.screen(self._sight())

    def _task(self) -> OpenTask:
        if self.task is None:
            raise RuntimeError("no episode yet: call reset first")
        return self.task

    def _follow(self, key: int) -> None:
        """The way that is known goes on if its next key was pressed, and is lost otherwise."""
        self.way = self.way[1:] if self.way and self.way[0] == key else None

    def _press(self, key: int) -> None:
        before, self.menu = self.menu.edits, self.menu.press(key)
        self.files = dict(self.menu.tree.files)
        self.journal = self.journal.changed(before, self.menu.edits)
        if key != NO_OP:
            self._follow(key)

    def _ask(self, runner: Runner) -> Pending:
        """A run of the tree, or of the edits below the cursor where the tree was run."""
        menu = self.menu
        self.sweep = None
        if not menu.tested:
            return super()._ask(runner)
        at, scope = menu.top.item.at, menu.scope()
        self.sweep = begun(runner, menu.tree, menu.failing, self._task().tests, at, scope)
        return self.sweep

    def _hear(self, result: RunResult) -> None:
        """Takes in a run: of the tree, or of edits that were tried."""
        if result.status == "refused":
            raise RuntimeError(f"the tests were not run: {result.output}")
        sweep, self.sweep = self.sweep, None
        if sweep is None:
            self._heard(result)
            self._follow(RUN_TESTS)
            return
        found = sweep.marks(result, self._task().files)
        self.menu = self.menu.marked(found)
        self.journal = self.journal.tried(sweep.at, [made.standing for made in found.values()])
        self.way = None

    def _heard(self, result: RunResult) -> None:
        """Which tests fail, by the verdict, and what the first of them says."""
        task, tree = self._task(), self.menu.tree
        self.output = steady(result.output)
        outcomes = {outcome.node: outcome for outcome in result.outcomes}
        bad = [test for test in task.tests if test not in outcomes or outcomes[test].outcome != "passed"]
        test = next((test for test in bad if test in outcomes), "")
        message = outcomes[test].message if test else f"{result.status}\n{self.output}"
        names = [function.name for function in tree.functions if function.path in tree.sources]
        self.last = failure(test, message, self.output, names, self.files, FAILURE_ROOM)
        passed = judge(task.files, self.files, task.tests, result).passed
        failing = () if passed else tuple(bad) or task.tests
        self.menu = self.menu.ran(failing, passed)
        self.journal = self.journal.ran(failing, len(task.tests))

    def _sight(self) -> views.Sight:
        return views.Sight(self.menu, self.last, self.journal, self.output)

    def _observation(self) -> Observation:
        sight = self._sight()
        return Observation(
            patch=views.patch(views.lines(sight)),
            energy=np.array([1 - self.keys / self.max_steps], np.float32),
            ids=np.array([WORLD, 0, self.menu.phase, 0], np.int32),
            env_desc=self.env_desc.copy(),
            senses=views.senses(sight),
        )
