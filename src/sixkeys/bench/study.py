"""Does a part earn its place? A study trains arms that differ in named settings and benches them together.

Data only: which worlds, how many keys, which settings each arm changes, which seeds, which cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Settings = Mapping[str, Any]
"""Dotted names of settings of a run -> values, for example `{"brain.use_self": False}`."""


def settings(**values: Any) -> Settings:
    """`settings(brain__use_self=False)` -> `{"brain.use_self": False}`, read-only."""
    return MappingProxyType({name.replace("__", "."): value for name, value in values.items()})


@dataclass(frozen=True)
class Arm:
    """One contestant of a study."""

    name: str
    changes: Settings = field(default_factory=settings)
    trained_as: str = ""
    """Name of the arm whose weights act here; empty: its own. For arms that differ only in acting."""


@dataclass(frozen=True)
class Study:
    """A question that takes training to answer."""

    name: str
    worlds: tuple[str, ...]
    seats: tuple[int, ...]
    base: Settings
    arms: tuple[Arm, ...] = (Arm("agent"),)
    seeds: tuple[int, ...] = (0, 1, 2)
    cases: tuple[str, ...] = ()
    episodes: int = 0
    """Episodes a case, mode and training seed; 0: as many as the case itself asks for."""

    def changes(self, arm: Arm, seed: int) -> dict[str, Any]:
        """Every setting of one run of this study, dotted."""
        whole = {"pool.worlds": self.worlds, "pool.seats": self.seats, "learn.seed": seed}
        return {**whole, **self.base, **arm.changes}


ABLATIONS = (
    Arm("agent"),
    Arm("no_barrier", settings(learn__invalid_action_coef=0.0)),
    Arm("no_mask_dropout", settings(learn__action_mask_dropout=0.0)),
    Arm("no_planner", settings(brain__planning_coef=0.0), trained_as="agent"),
    Arm("no_self", settings(brain__use_self=False)),
    Arm("no_workspace", settings(brain__use_workspace=False)),
)
B1 = settings(
    brain__use_self=True,
    brain__planning_coef=0.30,
    learn__rl_steps=36_000,
    learn__stage1_updates=20,
    learn__entropy_coef=0.02,
    learn__replay_rows=8,
)
"""The roadmap's gate names the first two."""
OPEN = settings(
    brain__use_self=True,
    learn__rl_steps=40_000,
    learn__stage1_updates=10,
    learn__learning_rate=1e-3,
    learn__entropy_coef=0.02,
    learn__replay_rows=8,
)
"""Trained on the families and bugs open to training; every case is of bugs and templates held out from it."""
GRID = settings(
    learn__rl_steps=700_000, learn__learning_rate=1.5e-3, learn__novelty_coef=0.03, learn__replay_rows=8
)
TOGETHER = settings(
    learn__rl_steps=900_000,
    learn__learning_rate=1.5e-3,
    learn__novelty_coef=0.03,
    learn__replay_rows=8,
)
MIXED = settings(
    pool__at_once=2,
    learn__rl_steps=2_400_000,
    learn__stage1_updates=60,
    learn__learning_rate=1.5e-3,
    learn__novelty_coef=0.03,
    learn__replay_rows=8,
)
"""Two of four fast worlds between two updates, the repository's menus beside them."""
ALONE = settings(
    learn__rl_steps=300_000, learn__learning_rate=1.5e-3, learn__stage1_updates=30, learn__replay_rows=8
)
"""One world, for what it takes alone."""
WEB = settings(
    learn__rl_steps=40_000,
    learn__learning_rate=1.5e-3,
    learn__stage1_updates=10,
    learn__entropy_coef=0.02,
    learn__replay_rows=8,
)
"""Real pages in a real browser: few keys a second."""
MAZE = settings(
    learn__learning_rate=1.5e-3,
    learn__stage1_updates=0,
    learn__unroll=16,
    learn__replay_rows=8,
    learn__taught_coef=1.0,
    learn__teacher="planner",
    learn__greedy_share=0.5,
)
"""What must be explored, taught by a planner that sees what the agent sees, and that greedy loops too."""
MAZES = {
    "corridor": ("KeyCorridorS3R3-v0", 500_000, "brain.use_familiar"),
    "memory": ("MemoryS13-v0", 500_000, "brain.use_aim"),
    "rooms": ("MultiRoom-N4-S5-v0", 500_000, ""),
    "locked": ("LockedRoom-v0", 800_000, ""),
    "obstructed": ("ObstructedMaze-2Dlh-v0", 800_000, "brain.use_familiar"),
}
"""Study -> task of MiniGrid, keys, and what its agent has besides: what was shown to help there."""
COMPUTER_HELD_OUT = (
    "computer_note_form", "computer_mail_rename", "computer_cell_note", "computer_report_long",
    "computer_tidy_long",
)  # fmt: skip
MIXED_WORLDS = (
    "grid:grid_mixed", "minigrid:MiniGrid-DoorKey-5x5-v0", "tools:tools_mixed", "computer:computer_mixed",
    "repo:proc_mixed_loop",
)  # fmt: skip
GRID_CASES = ("grid_empty", "grid_rooms", "grid_key", "grid_lava", "grid_forage", "grid_house", "grid_mixed")

STUDIES: Mapping[str, Study] = MappingProxyType(
    {
        study.name: study
        for study in (
            Study(
                "b1", ("repo:proc_mixed_loop",), (16,), B1, ABLATIONS,
                cases=("b1", "b1_heldout"), episodes=100,
            ),
            Study(
                "open", ("workbench:open_mixed",), (16,), OPEN,
                cases=("open_multi", "open_regression", "open_refactor", "open_two"), episodes=200,
            ),
            Study(
                "doorkey", ("minigrid:MiniGrid-DoorKey-5x5-v0",), (16,), settings(learn__rl_steps=100_000),
                cases=("minigrid_doorkey",),
            ),
            Study("grid", ("grid:grid_mixed",), (16,), GRID, cases=GRID_CASES),
            Study(
                "together", ("grid:grid_mixed", "minigrid:MiniGrid-DoorKey-5x5-v0", "repo:proc_mixed_loop"),
                (16, 3, 2), TOGETHER,
                cases=("grid_mixed", "minigrid_doorkey", "b1", "b1_heldout"),
            ),
            Study("tools", ("tools:tools_mixed",), (32,), ALONE, cases=("tools_mixed", "tools_heldout")),
            Study(
                "computer", ("computer:computer_mixed",), (32,), ALONE,
                cases=("computer_mixed", *COMPUTER_HELD_OUT),
            ),
            *(
                Study(
                    name, (f"minigrid:MiniGrid-{task}",), (16,),
                    MappingProxyType({**MAZE, "learn.rl_steps": keys, **({extra: True} if extra else {})}),
                    cases=(f"minigrid_{name}",),
                )
                for name, (task, keys, extra) in MAZES.items()
            ),
            Study("web", ("web:web_mixed",), (8,), WEB),
            Study(
                "mixed", MIXED_WORLDS, (16,) * 5, MIXED,
                cases=(
                    "grid_mixed", "minigrid_doorkey", "tools_mixed", "tools_heldout", "computer_mixed",
                    *COMPUTER_HELD_OUT, "b1", "b1_heldout",
                ),
            ),
        )
    }
)  # fmt: skip
