"""Does `scripts/ladder.py` play what it says once, count it right, and draw it?"""

from __future__ import annotations

import io
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console
from scripted import script


@pytest.fixture(scope="module")
def ladder() -> ModuleType:
    return script("ladder")


def test_every_length_has_its_episodes_in_whole_blocks(ladder: ModuleType) -> None:
    assert ladder.EPISODES.keys() == set(ladder.LENGTHS)
    assert all(count % ladder.size(length) == 0 for length, count in ladder.EPISODES.items())


def test_what_was_played_is_not_played_again(
    ladder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    results, picture = tmp_path / "rows.jsonl", tmp_path / "figure.svg"
    monkeypatch.setitem(ladder.EPISODES, 12, 40)
    monkeypatch.setattr(
        sys,
        "argv",
        ["ladder", str(results), "--lengths", "12", "--arms", "random", "--picture", str(picture)],
    )
    ladder.main()
    once = results.read_text()
    ladder.main()
    assert results.read_text() == once
    rows = [json.loads(row) for row in once.splitlines()]
    assert [(row["length"], row["arm"], row["block"]) for row in rows] == [
        (12, "random", 0),
        (12, "random", 1),
    ]
    seeds = [episode["seed"] for row in rows for episode in row["episodes"]]
    assert len(set(seeds)) == 40
    assert min(seeds) >= 1 << 30
    assert capsys.readouterr().out.count("│ random") == 2
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")


def test_the_table_counts_by_hand(ladder: ModuleType) -> None:
    episodes = [{"success": 1, "keys": 20, "oracle": 10, "seed": 1}] * 3
    episodes += [{"success": 0, "keys": 32, "oracle": 10, "seed": 2}]
    rows = [{"length": 12, "arm": "skills", "block": 0, "seconds": 0.092, "episodes": episodes}]
    console = Console(file=io.StringIO(), record=True, width=100)
    console.print(ladder.table(rows))
    cells = [cell.strip() for cell in console.export_text().splitlines()[3].strip("│┃").split("│")]
    assert cells == ["12", "skills", "4", "0.750", "0.301 to 0.954", "2.00", "1.00"]
