"""Does a trained agent work web pages better than random keys do? Each MiniWoB++ task, both, unseen episodes.

    python scripts/train_arm.py web agent 0
    python scripts/web_score.py runs/web_score.jsonl runs/studies/web/agent/seed0

Tasks that training drew from and tasks that it never saw; by the page's own reward. Results are kept, a line
a task, and not measured again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from sixkeys import build
from sixkeys.bench.controls import RandomKeys
from sixkeys.bench.evaluate import evaluate
from sixkeys.bench.stats import wilson
from sixkeys.cli.common import bar, compiled_once, parse, say
from sixkeys.envs.web_tasks import HELD_OUT, TRAINING


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    checkpoint: Annotated[Path, tyro.conf.Positional]
    """weights of the agent"""
    tasks: tuple[str, ...] = (*TRAINING, *HELD_OUT)
    """MiniWoB++ tasks"""
    episodes: int = 20
    """unseen episodes of each task"""
    seats: int = 4
    """browsers at once"""
    eval_policy: Literal["sample", "greedy"] = "sample"
    """how the agent chooses among its keys"""


def main() -> None:
    """Goes on where it was stopped, then prints the table: solved episodes, masks hidden."""
    options = parse(Options, "web_score", None, __doc__ or "")
    compiled_once()
    agent, _ = build.load_agent(options.checkpoint, options.eval_policy == "greedy")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    lines = options.results.read_text("utf-8").splitlines() if options.results.exists() else []
    rows = {row["task"]: row for row in map(json.loads, lines)}
    with options.results.open("a", encoding="utf-8") as file, bar() as progress:
        shown = progress.add_task("tasks", total=len(options.tasks), note="")
        for task in options.tasks:
            if task not in rows:
                pools = build.evaluation_pools(f"web:{task}", options.seats)
                rows[task] = {"task": task}
                for name, thinker in (("agent", agent), ("random", RandomKeys())):
                    found = evaluate(thinker, pools, options.episodes, False)
                    rows[task][name] = found.success.tolist()
                file.write(json.dumps(rows[task]) + "\n")
                file.flush()
            progress.update(shown, advance=1, note=task)
    for title, some in (("seen in training", TRAINING), ("held out", HELD_OUT)):
        report(title, [rows[task] for task in options.tasks if task in some])


def report(title: str, rows: list[dict]) -> None:
    """A line a task, then all of them."""
    if not rows:
        return
    for row in rows:
        say(f"{row['task']:28} {sum(row['agent'])} of {len(row['agent'])}, random {sum(row['random'])}")
    said = []
    for name in ("agent", "random"):
        solved = [one for row in rows for one in row[name]]
        share = wilson(sum(solved), len(solved))
        said.append(f"{name} {share.value:.3f} [{share.low:.3f}, {share.high:.3f}]")
    better = sum(sum(row["agent"]) > sum(row["random"]) for row in rows)
    say(f"{title}: {'; '.join(said)}; the agent is better on {better} of {len(rows)} tasks")


if __name__ == "__main__":
    main()
