"""How does success fall as the needed plan grows? Chains of 12 to 3,000 keys, with and without goals and
skills.

    python scripts/ladder.py runs/ladder.jsonl

Every arm plays the same evaluation episodes. `goals + skills` plans by subgoals and lets skills press the
keys; `skills` does what is nearest and was not tried, wanted or not; `goals` has the plans but steps straight
at its targets instead of searching a way; `random` presses one of the keys that are offered. The others do
not see what is offered. Blocks of episodes are kept, a line each, and not done again. Prints a table and
draws docs/ladder.svg.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.table import Table

from sixkeys import build
from sixkeys.bench.controls import RandomKeys
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.stats import Measure, wilson
from sixkeys.cli.common import bar, console, parse, say
from sixkeys.contract import Thinker
from sixkeys.envs.chains import LENGTHS
from sixkeys.planning.pilot import Pilot

ARMS: dict[str, Callable[[], Thinker]] = {
    "goals + skills": Pilot,
    "skills": lambda: Pilot(goals=False),
    "goals": lambda: Pilot(skills=False),
    "random": RandomKeys,
}
EPISODES = {12: 100, 50: 100, 100: 100, 300: 100, 1000: 40, 3000: 20}
COLOURS = ("#1b7f5c", "#c8642a", "#5a55b0", "#808080")
WIDE, HIGH, EDGE = 640, 360, 56


@dataclass(frozen=True)
class Options:
    """What is played."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    lengths: tuple[int, ...] = LENGTHS
    arms: tuple[str, ...] = tuple(ARMS)
    picture: Path = Path("docs/ladder.svg")
    """the figure that is drawn"""


def main() -> None:
    """Goes on where it was stopped, then shows all that is there."""
    options = parse(Options, "ladder", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    wanted = [
        (length, arm, block)
        for length in options.lengths
        for arm in options.arms
        for block in range(EPISODES[length] // size(length))
    ]
    found = gone_on(options.results, wanted, "length", played)
    console.print(table(found))
    options.picture.write_text(drawn(found))
    say(f"{options.picture}: success against plan length")


def gone_on(results: Path, wanted: Sequence[tuple], first: str, play: Callable[..., dict]) -> list[dict]:
    """All rows: those of before, and a new one of each of `wanted`, (`first`, arm, block), that is not
    there."""
    found = rows(results)
    known = {(row[first], row["arm"], row["block"]) for row in found}
    with results.open("a", encoding="utf-8") as file, bar() as progress:
        shown = progress.add_task("blocks", total=len(wanted), note="")
        for what in wanted:
            progress.update(shown, note=f"{first} {what[0]}, {what[1]}")
            if what not in known:
                found.append(play(*what))
                file.write(json.dumps(found[-1]) + "\n")
                file.flush()
            progress.advance(shown)
    return found


def size(length: int) -> int:
    """Episodes of one block, played side by side."""
    return 20 if length <= 300 else 4


def played(length: int, arm: str, block: int) -> dict:
    """One block of evaluation episodes; `block` names the list of their seeds."""
    seats, began = size(length), time.perf_counter()
    pools = build.evaluation_pools(f"chains:chain_{length}", seats)
    done = evaluate(ARMS[arm](), pools, seats, arm == "random", block)
    columns = {"success": done.success, "keys": done.steps, "oracle": done.oracle_steps, "seed": done.seed}
    episodes = [dict(zip(columns, map(int, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    seconds = round(time.perf_counter() - began, 2)
    return {"length": length, "arm": arm, "block": block, "seconds": seconds, "episodes": episodes}


def rows(path: Path) -> list[dict]:
    """What was played before."""
    return [json.loads(row) for row in path.read_text("utf-8").splitlines()] if path.exists() else []


def episodes_of(found: Sequence[Mapping], length: int, arm: str) -> list[Mapping]:
    """All episodes of one arm on one length."""
    return [e for row in found if (row["length"], row["arm"]) == (length, arm) for e in row["episodes"]]


def success(found: Sequence[Mapping], length: int, arm: str) -> Measure:
    """The share of episodes that were solved, with its 95 % interval (Wilson)."""
    episodes = episodes_of(found, length, arm)
    return wilson(sum(e["success"] for e in episodes), len(episodes))


def table(found: Sequence[Mapping]) -> Table:
    """Arms x lengths: success with its interval, and the keys of solved episodes beside the oracle's."""
    shown = Table("chain", "arm", "episodes", "success", "95 %", "keys / oracle", "ms / key")
    for length, arm in sorted({(row["length"], row["arm"]) for row in found}, key=_order):
        episodes, measure = episodes_of(found, length, arm), success(found, length, arm)
        solved = [e["keys"] / e["oracle"] for e in episodes if e["success"]]
        seconds = sum(row["seconds"] for row in found if (row["length"], row["arm"]) == (length, arm))
        keys = sum(e["keys"] for e in episodes)
        shown.add_row(
            str(length), arm, str(len(episodes)), f"{measure.value:.3f}",
            f"{measure.low:.3f} to {measure.high:.3f}", f"{np.mean(solved):.2f}" if solved else "-",
            f"{1000 * seconds / keys:.2f}",
        )  # fmt: skip
    return shown


def _order(what: tuple[int, str]) -> tuple[int, int]:
    return what[0], list(ARMS).index(what[1])


def drawn(found: Sequence[Mapping]) -> str:
    """The figure: success against keys of a shortest way (logarithmic), a line an arm, intervals as bars."""
    left, right = log10(min(LENGTHS)), log10(max(LENGTHS))

    def x(length: float) -> float:
        return EDGE + (log10(length) - left) / (right - left) * (WIDE - 2 * EDGE - 90)

    def y(share: float) -> float:
        return HIGH - EDGE - share * (HIGH - 2 * EDGE)

    parts = [f'<rect width="{WIDE}" height="{HIGH}" fill="white"/>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(_line([(x(12), y(share)), (x(3000), y(share))], "#dddddd", 1))
        parts.append(_text(x(12) - 10, y(share) + 4, f"{share:g}", "end"))
    parts += [_text(x(length), HIGH - EDGE + 20, f"{length:,}") for length in LENGTHS]
    parts.append(_text(x(190), HIGH - 12, "keys of a shortest way"))
    parts.append(_text(EDGE - 30, 26, "success, with 95 % intervals (Wilson)", "start"))
    for place, (arm, colour) in enumerate(zip(ARMS, COLOURS, strict=True)):
        measured = [(n, success(found, n, arm)) for n in LENGTHS if episodes_of(found, n, arm)]
        points = [(x(n) + 3 * place - 4, m) for n, m in measured]
        parts.append(_line([(at, y(m.value or 0)) for at, m in points], colour, 2))
        parts += [_line([(at, y(m.low or 0)), (at, y(m.high or 0))], colour, 1) for at, m in points]
        parts += [
            f'<circle cx="{at:.1f}" cy="{y(m.value or 0):.1f}" r="3" fill="{colour}"/>' for at, m in points
        ]
        parts.append(_text(WIDE - EDGE - 66, EDGE + 60 + 20 * place, arm, "start", colour))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" '
        f'font-family="sans-serif" font-size="12">\n{body}\n</svg>\n'
    )


def _line(points: Sequence[tuple[float, float]], colour: str, width: int) -> str:
    joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "#333333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


if __name__ == "__main__":
    main()
