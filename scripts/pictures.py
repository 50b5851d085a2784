"""Draw what a person sees of each world: `docs/worlds.svg`, the screens of `sixkeys play` side by side.

    python scripts/pictures.py

Evaluation episode 0 of each world, after some keys of its oracle. A world whose packages or browser are not
here is left out, and said.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from sixkeys import build
from sixkeys.cli.common import parse, say
from sixkeys.contract import episode_seed

WORLDS = {
    "grid:grid_house": 6, "minigrid:MiniGrid-DoorKey-5x5-v0": 3, "tools:tools_chain": 8,
    "computer:computer_mail_form": 8, "repo:proc_mixed_loop": 1, "workbench:open_mixed": 3,
    "web:email-inbox-delete": 1, "gym:CartPole-v1": 0,
}  # fmt: skip
"""World -> how many keys of its oracle are pressed before it is drawn."""
WIDTH, COLUMN = 164, 80


@dataclass(frozen=True)
class Options:
    """Where to."""

    picture: Path = Path("docs/worlds.svg")
    """the file that is written"""


def main() -> None:
    """Writes the picture."""
    options = parse(Options, "pictures", None, __doc__ or "")
    console = Console(record=True, width=WIDTH, force_terminal=True, file=io.StringIO())
    panels = []
    for name, keys in WORLDS.items():
        try:
            panels.append(Panel(Text(screen(name, keys)), title=f"sixkeys play {name}", width=COLUMN))
        except (ImportError, RuntimeError, ValueError) as error:
            say(f"{name} is left out: {error}")
    console.print(Columns(panels))
    console.save_svg(str(options.picture), title="one agent, six keys, many worlds")
    say(f"{options.picture}: {len(panels)} worlds")


def screen(name: str, keys: int) -> str:
    """What a person sees after some keys of the oracle."""
    world, row = build.make_world(name, 1), np.ones(1, bool)
    try:
        world.reset(row, np.array([episode_seed(0, 0, 0, test=True)]))
        for _ in range(keys):
            world.step(world.oracle(), row)
        return world.screen(0)
    finally:
        world.close()


if __name__ == "__main__":
    main()
