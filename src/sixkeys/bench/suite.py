"""What is measured, and what is enough? A ladder of cases from simple to complex; gates are data on a case.

Worlds are names here: whoever builds pools knows what stands behind `world` and `task`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sixkeys.bench.metrics import DEFINITIONS, Summary

Mode = Literal["masked", "unmasked"]
MODES: tuple[Mode, ...] = ("masked", "unmasked")
AGENT = "agent"
CONTROLS = ("random", "no_op", "oracle", "shuffled")
"""Who stands beside the agent in every row."""
THINKERS = (AGENT, *CONTROLS)

PLANNER = "planner"
"""Goals and skills from `planning/`, with nothing learned; it plays the cases whose gates name it."""

Summaries = Mapping[tuple[str, Mode], Summary]
"""(thinker, mode) -> its summary."""


@dataclass(frozen=True)
class Gate:
    """What a thinker must reach. With `minus` the measure is the difference to that other thinker."""

    metric: str
    mode: Mode
    at: Literal["at_least", "at_most"]
    value: float
    thinker: str = AGENT
    minus: str | None = None

    def __post_init__(self) -> None:
        if self.metric not in DEFINITIONS:
            raise ValueError(f"unknown metric {self.metric!r}; possible: {', '.join(DEFINITIONS)}")

    def __str__(self) -> str:
        sign = ">=" if self.at == "at_least" else "<="
        whose = self.thinker + (f" - {self.minus}" if self.minus else "")
        return f"{whose}: {self.mode} {self.metric} {sign} {self.value:g}"


class GateResult(NamedTuple):
    """A gate's verdict. `value` is None where nothing was measured, and then the gate has not been passed."""

    gate: Gate
    value: float | None
    passed: bool


@dataclass(frozen=True)
class Case:
    """One rung's task: what is played, how often, and what is enough. Higher rungs are harder."""

    name: str
    world: str
    task: str
    rung: int
    episodes: int = 300
    seats: int = 32
    gates: tuple[Gate, ...] = ()


def at_least(metric: str, mode: Mode, value: float) -> Gate:
    """The agent's `metric` in `mode` is `value` or more."""
    return Gate(metric, mode, "at_least", value)


def at_most(metric: str, mode: Mode, value: float) -> Gate:
    """The agent's `metric` in `mode` is `value` or less."""
    return Gate(metric, mode, "at_most", value)


READING = Gate("pass_rate", "unmasked", "at_least", 0.3, minus="shuffled")
"""Choosing well needs reading: the agent stands clearly above itself when it reads another seat's content."""


def _passes(value: float) -> tuple[Gate, ...]:
    return (at_least("pass_rate", "masked", value), at_least("pass_rate", "unmasked", value))


def _planned(value: float) -> tuple[Gate, ...]:
    return (Gate("pass_rate", "unmasked", "at_least", value, PLANNER),)


def _learnt_and_planned(value: float) -> tuple[Gate, ...]:
    return (at_least("pass_rate", "unmasked", value), *_planned(value))


LADDER: tuple[Case, ...] = (
    Case("grid_empty", "grid", "grid_empty", 1, gates=_passes(0.95)),
    Case("grid_rooms", "grid", "grid_rooms", 2, gates=_passes(0.95)),
    Case("grid_key", "grid", "grid_key", 2, gates=_passes(0.95)),
    Case("grid_lava", "grid", "grid_lava", 2, gates=_passes(0.95)),
    Case("grid_forage", "grid", "grid_forage", 3, gates=_passes(0.9)),
    Case("grid_house", "grid", "grid_house", 3, gates=_passes(0.9)),
    Case("grid_mixed", "grid", "grid_mixed", 3, gates=_passes(0.9)),
    Case("minigrid_empty", "minigrid", "MiniGrid-Empty-5x5-v0", 1, 200, 16, _passes(0.95)),
    Case("minigrid_doorkey", "minigrid", "MiniGrid-DoorKey-5x5-v0", 3, 200, 16, _passes(0.95)),
    *(
        Case(f"minigrid_{name}", "minigrid", f"MiniGrid-{task}", 5, 100, 20, _learnt_and_planned(value))
        for name, task, value in (
            ("corridor", "KeyCorridorS3R3-v0", 0.8), ("memory", "MemoryS13-v0", 0.95),
            ("rooms", "MultiRoom-N4-S5-v0", 0.8), ("locked", "LockedRoom-v0", 0.5),
            ("obstructed", "ObstructedMaze-2Dlh-v0", 0.3),
        )
    ),
    Case("tools_mixed", "tools", "tools_mixed", 3, gates=_passes(0.8)),
    Case("tools_heldout", "tools", "tools_heldout", 5),
    *(
        Case(f"chain_{length}", "chains", f"chain_{length}", 5, episodes, 20, _planned(value))
        for length, episodes, value in (
            (12, 100, 0.95), (50, 100, 0.95), (100, 100, 0.9), (300, 100, 0.8), (1000, 40, 0.5)
        )
    ),
    Case("computer_mixed", "computer", "computer_mixed", 4, gates=_passes(0.8)),
    *(
        Case(f"computer_{family}", "computer", f"computer_{family}", 5, 200)
        for family in ("note_form", "mail_rename", "cell_note", "report_long", "tidy_long")
    ),
    Case(
        "b1", "repo", "proc_mixed_loop", 4, 300, 16,
        (
            at_least("pass_rate", "unmasked", 0.95),
            at_least("pass_rate", "masked", 0.98),
            at_most("mean_steps_to_pass", "unmasked", 8),
            at_most("mean_steps_to_pass", "masked", 8),
            READING,
        ),
    ),
    Case(
        "b1_heldout", "repo", "proc_heldout_loop", 5, 300, 16,
        (at_least("pass_rate", "unmasked", 0.85), READING),
    ),
    Case("open", "workbench", "open_mixed", 6, 300, 16, _passes(0.9)),
    Case("open_heldout", "workbench", "open_heldout", 6, 300, 16, _passes(0.9)),
    *(
        Case(f"open_{family}", "workbench", f"open_{family}_heldout", 6, 200, 16, _passes(0.9))
        for family in ("multi", "regression", "refactor", "two")
    ),
)  # fmt: skip
"""Every case, from simple to complex."""
QUICK_EPISODES = 16
QUICK_CASES = ("grid_empty", "grid_key", "grid_mixed", "minigrid_doorkey", "b1", "b1_heldout")
"""What a quick climb plays: one case of every kind that the shipped agent was trained on."""


def quick(case: Case) -> Case:
    """The same case on few episodes and at most 16 seats: for a look, not for a claim."""
    return replace(case, episodes=min(case.episodes, QUICK_EPISODES), seats=min(case.seats, 16))


def ladder(in_short: bool = False) -> tuple[Case, ...]:
    """All cases, or in short a few episodes of QUICK_CASES, in the order of their rungs."""
    cases = sorted(LADDER, key=lambda case: case.rung)
    if in_short:
        return tuple(quick(case) for case in cases if case.name in QUICK_CASES)
    return tuple(cases)


def find(name: str) -> Case:
    """The case with this name or task; raises KeyError with the possible names and the nearest one."""
    for case in LADDER:
        if name in (case.name, case.task):
            return case
    names = [case.name for case in LADDER]
    near = difflib.get_close_matches(name, [*names, *(case.task for case in LADDER)], 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise KeyError(f"unknown case {name!r}; {hint}possible: {', '.join(names)}")


def judge(case: Case, summaries: Summaries) -> list[GateResult]:
    """Each gate's verdict. A gate holds against the measured value, not against an end of its interval."""
    return [_judge(gate, summaries) for gate in case.gates]


def _judge(gate: Gate, summaries: Summaries) -> GateResult:
    value = _value(summaries, gate.thinker, gate)
    if value is not None and gate.minus:
        other = _value(summaries, gate.minus, gate)
        value = None if other is None else value - other
    if value is None:
        return GateResult(gate, None, False)
    above = round(value - gate.value, 9)
    return GateResult(gate, value, above >= 0 if gate.at == "at_least" else above <= 0)


def _value(summaries: Summaries, thinker: str, gate: Gate) -> float | None:
    summary = summaries.get((thinker, gate.mode))
    return None if summary is None else summary.measures()[gate.metric].value
