"""How does a plan become keys? Plan -> steps -> skills -> keys; every step is left by what proves it done.

A plan is data: it can be printed, saved as JSON, taken up again, and held against a trace of what was known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sixkeys.planning.atlas import Known
from sixkeys.planning.goals import Condition, Lore, Step
from sixkeys.planning.skills import SKILLS


class Plan(NamedTuple):
    """What is wanted, the steps there, and the step that is being done."""

    goal: Condition
    steps: tuple[Step, ...]
    at: int = 0


class Turn(NamedTuple):
    """What a plan says of one moment."""

    plan: Plan
    key: int | None
    """None where the plan is done or has failed."""
    failed: Condition | None
    """The condition that does not hold as it must."""


class Noted(NamedTuple):
    """One line of a trace: what was known when a key was chosen, under which plan."""

    known: Known
    plan: Plan


def advance(plan: Plan, known: Known, lore: Lore) -> Turn:
    """Leaves the steps that are proved done, checks what the next one needs, and asks its skill for a key."""
    while plan.at < len(plan.steps):
        step = plan.steps[plan.at]
        if lore.holds(step.proves, known):
            plan = plan._replace(at=plan.at + 1)
            continue
        broken = next((need for need in step.needs if not lore.holds(need, known)), None)
        if broken is not None:
            return Turn(plan, None, broken)
        skill = SKILLS[step.skill]
        if step.target is None or skill.over(known, step.target) or not skill.ready(known, step.target):
            return Turn(plan, None, step.proves)
        move = skill.move(known, step.target, lore.enters)
        if move is None:
            return Turn(plan, None, step.proves)
        return Turn(plan, lore.press(move, known), None)
    return Turn(plan, None, None)


def printed(plan: Plan) -> str:
    """A line a step, `>` before the one that is being done."""
    lines = [f"{_words(plan.goal)}:"]
    for number, step in enumerate(plan.steps):
        where = "somewhere" if step.target is None else f"at {step.target[0]},{step.target[1]}"
        needs = f", needs {' and '.join(map(_words, step.needs))}" if step.needs else ""
        mark = ">" if number == plan.at else " "
        lines.append(f"{mark} {number + 1} {step.skill} {where} until {_words(step.proves)}{needs}")
    return "\n".join(lines)


def _words(condition: Condition) -> str:
    return " ".join(map(str, condition))


def to_data(plan: Plan) -> dict[str, Any]:
    """Plain values for JSON."""
    steps = [
        {
            "skill": step.skill,
            "target": step.target and list(step.target),
            "needs": [list(need) for need in step.needs],
            "proves": list(step.proves),
        }
        for step in plan.steps
    ]
    return {"goal": list(plan.goal), "steps": steps, "at": plan.at}


def from_data(data: dict[str, Any]) -> Plan:
    """What `to_data` gave, from JSON. Raises ValueError on a skill that there is not."""
    unknown = {step["skill"] for step in data["steps"]} - SKILLS.keys()
    if unknown:
        raise ValueError(f"unknown skills {sorted(unknown)}; possible: {', '.join(SKILLS)}")
    steps = tuple(
        Step(
            step["skill"],
            tuple(step["target"]) if step["target"] else None,
            tuple(tuple(need) for need in step["needs"]),
            tuple(step["proves"]),
        )
        for step in data["steps"]
    )
    return Plan(tuple(data["goal"]), steps, data["at"])


def check(trace: Iterable[Noted], lore: Lore) -> list[str]:
    """What a trace does that its plans do not say, a sentence each; none where it follows them."""
    complaints: list[str] = []
    before: Plan | None = None
    for turn, (known, plan) in enumerate(trace):
        same = before is not None and (before.goal, before.steps) == (plan.goal, plan.steps)
        if same and before is not None:
            if plan.at < before.at:
                complaints.append(f"turn {turn}: the plan went back from step {before.at + 1}")
            left = plan.steps[before.at : plan.at][-1:]
            complaints += [
                f"turn {turn}: step {plan.at} was left, but not {_words(step.proves)}"
                for step in left
                if not lore.holds(step.proves, known)
            ]
        if plan.at < len(plan.steps):
            complaints += [
                f"turn {turn}: step {plan.at + 1} needs {_words(need)}"
                for need in plan.steps[plan.at].needs
                if not lore.holds(need, known)
            ]
        before = plan
    return complaints
