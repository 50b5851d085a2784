"""The keys are exchanged in mid-life: how soon is the agent as good again, and what of the old ones?

    python scripts/train_arm.py mixed agent 0          (and 1, and 2; or any other weights)
    python scripts/new_keys.py runs/new_keys.jsonl runs/studies/mixed/agent/seed*

Each CHECKPOINT plays its own interface, then one whose keys are in another order, then its own again, in one
mind and without hints; weights never change. `told`: the descriptor says the number of the interface;
`untold`: nothing does. `plain` is the agent alone. A line a checkpoint, world, interface and way: pass rates
by blocks of 32 episodes, and the keys pressed until a block reaches nine tenths of the score with its own
interface. What is there is not done again.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from sixkeys.cli.common import bar, compiled_once, parse, say

WAYS = ("plain", "told", "untold")
BLOCK = 32
"""Episodes a block."""
ENOUGH = 0.9
"""Share of the score with the own interface that counts as regained."""


@dataclass(frozen=True)
class Options:
    """What is tried."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    checkpoints: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """weights of training seeds; none: only show what is there"""
    worlds: tuple[str, ...] = ("grid:grid_mixed", "tools:tools_mixed", "computer:computer_mixed")
    interfaces: tuple[int, ...] = (1, 2)
    """numbers of other orders of the keys, 1 to 16"""
    blocks: int = 4
    """blocks of 32 episodes with each interface"""


class Kept:
    """A Thinker that keeps its mind from one evaluation to the next and counts keys. `told`: whether it may
    know which interface it is."""

    def __init__(self, thinker: Any, told: bool):
        self.thinker, self.told, self.mind, self.keys = thinker, told, None, 0

    def begin(self, seats: int, seed: int) -> Any:
        if self.mind is None:
            self.mind = self.thinker.begin(seats, seed)
        return self.mind

    def think(self, seen: Any, mind: Any) -> tuple[Any, Any]:
        from sixkeys.agent.interface import TOLD

        if not self.told:
            card = seen.observation["env_desc"].copy()
            card[:, TOLD] = 0
            seen = seen._replace(observation={**seen.observation, "env_desc": card})
        thought, self.mind = self.thinker.think(seen, mind)
        self.keys += len(thought.action)
        return thought, self.mind


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "new_keys", None, __doc__ or "")
    compiled_once()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    found = rows(options.results)
    done = {(row["checkpoint"], row["world"], row["interface"], row["way"]) for row in found}
    wanted = [(path, world, number, way) for path in options.checkpoints for world in options.worlds
              for number in options.interfaces for way in WAYS]  # fmt: skip
    with bar() as progress:
        task = progress.add_task("new keys", total=len(wanted), note="")
        for path, world, number, way in wanted:
            if (str(path), world, number, way) not in done:
                row = {"checkpoint": str(path), "world": world, "interface": number, "way": way}
                row |= lived(path, world, number, way, options.blocks)
                with options.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            progress.update(task, advance=1, note=f"{world} {way}")
    show(rows(options.results))


def rows(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def lived(path: Path, world: str, number: int, way: str, blocks: int) -> dict[str, Any]:
    """Own keys, other keys, own keys again."""
    from sixkeys import build
    from sixkeys.agent.interface import Accustomed
    from sixkeys.bench.evaluate import evaluate
    from sixkeys.training.checkpoint import load

    saved = load(path)
    agent, _ = build.agent_from(saved, greedy=True)
    thinker = Kept(agent if way == "plain" else Accustomed(agent), way != "untold")
    passed, keys = [], []
    for place in (world, f"{world}~keys{number}", world):
        passed.append([])
        keys.append([])
        for block in range(blocks):
            before = thinker.keys
            played = evaluate(thinker, build.evaluation_pools(place, 16), BLOCK, masked=False, seed=block)
            passed[-1].append(float(played.success.mean()))
            keys[-1].append(thinker.keys - before)
    return {"passed": passed, "keys": keys, "trained": saved.meta["keys"]}


def regained(row: dict[str, Any]) -> int | None:
    """Keys pressed with the other interface until a block is as good as it should be; None: never."""
    own, (_, other, _), total = statistics.mean(row["passed"][0]), row["passed"], 0
    for share, keys in zip(other, row["keys"][1], strict=True):
        total += keys
        if share >= ENOUGH * own:
            return total
    return None


def show(found: list[dict[str, Any]]) -> None:
    """A line a world and way: scores before, with other keys (all blocks, then the last) and with the own
    keys again; the worst of what was pressed until the score was regained, and its share of training."""
    for world in dict.fromkeys(row["world"] for row in found):
        for way in WAYS:
            some = [row for row in found if (row["world"], row["way"]) == (world, way)]
            if not some:
                continue
            own, other, again = (
                statistics.mean(statistics.mean(r["passed"][n]) for r in some) for n in range(3)
            )
            last = statistics.mean(row["passed"][1][-1] for row in some)
            counts = [regained(row) for row in some]
            known = [count for count in counts if count is not None]
            share = max((c / row["trained"] for c, row in zip(counts, some, strict=True) if c), default=0.0)
            say(
                f"{world:26} {way:7} own {own:.3f}, other {other:.3f} (last block {last:.3f}), own again "
                f"{again:.3f}; regained in {len(known)} of {len(some)}"
                + (f", at most {max(known)} keys, {100 * share:.2f} % of training" if known else "")
            )


if __name__ == "__main__":
    main()
