"""What else do repairs do differently? The function that they change is called with inputs near the tests'.

In: rivals that pass the same tests, a function, tests that call it. Out: for each rival, what the function
gives for each input. A test file (nearby.py) is run behind those tests: real pytest, the same sandbox. What
the code under test says there only orders repairs that have passed.

Not covered: what a function does to its arguments or elsewhere; arguments that cannot be copied; lines of
results that span several.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from importlib.resources import files as resources

from sixkeys.envs.repo.canaries import beside
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.swap import Room

ARROW = " -> "
ERROR = re.compile(r"[A-Z]\w*(Error|Exception|Exit|Interrupt|Iteration|Warning)")
"""What is told of a call that raised."""


def behaviour(
    runner: Runner, files: Mapping[str, str], path: str, room: Room, tests: Sequence[str], seconds: float
) -> dict[str, str]:
    """A call near those that `tests` make, as text -> what it gives, as text; of the function `room` of the
    file `path`, where `files` are changed. Nothing where nothing isolates: a function may do harm with inputs
    that nobody wrote."""
    if runner.launcher.tier == "none":
        return {}
    place, test = beside(tests, f"z{secrets.token_hex(4)}")
    text = resources("sixkeys.envs.repo").joinpath("nearby.py").read_text("utf-8")
    text += f"\n\n{test} = check\nbegin({path!r}, {room.names[-1]!r}, {room.mark})\n"
    run = runner.submit({**files, place: text}, [*tests, place], seconds, urgent=True).result()
    file = place.rpartition("/")[2]
    said = [t.message for t in run.outcomes if t.node.partition("::")[0].rpartition("/")[2] == file]
    lines = (line for message in said for line in message.splitlines() if ARROW in line)
    told = (line.removeprefix("Failed: ").partition(ARROW) for line in lines)
    return {call: gives for call, _, gives in told}


def kept(one: Mapping[str, str], was: Mapping[str, str]) -> float:
    """From 0 to 1: the share of calls for which `one` gives what was given before, errors not counted; 1
    where there are none."""
    same = [one[call] == gave for call, gave in was.items() if call in one and not ERROR.fullmatch(gave)]
    return sum(same) / len(same) if same else 1.0


def unlike(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """A call for which `one` gives something else than `other`, in words; empty where none is known."""
    found = ((call, gives, other[call]) for call, gives in one.items() if other.get(call, gives) != gives)
    return next((f"{call} gives {gives}, not {instead}" for call, gives, instead in found), "")
