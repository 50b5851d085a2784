"""Does a run of thousands of keys keep its memory flat, and does a killed one go on bit for bit?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / "long_run.py"), str(folder), *more]


def run(folder: Path, *more: str) -> dict:
    """The books of a run that goes to its end."""
    done = subprocess.run(command(folder, *more), capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def killed(folder: Path, *more: str) -> None:
    """Starts a run and kills it once it has saved."""
    process = subprocess.Popen(command(folder, *more), stdout=subprocess.DEVNULL)
    while not (folder / "run.npz").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def same(one: dict, other: dict) -> bool:
    return {**one, "memory": 0} == {**other, "memory": 0}


def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    more = ("--length", "400", "--keys", "450", "--every", "50")
    whole = run(tmp_path / "whole", *more)
    killed(tmp_path / "killed", *more)
    assert same(run(tmp_path / "killed", *more), whole)
    assert (whole["keys"], whole["complaints"], len(whole["memory"])) == (450, [], 9)


def test_repairs_in_a_row_are_gone_on_with_too(tmp_path: Path) -> None:
    """A chain of repository tasks, real pytest at every other key, by the shipped agent."""
    more = ("--world", "repo:proc_mixed_loop~chain20", "--keys", "60", "--every", "20")
    whole = run(tmp_path / "whole", *more)
    killed(tmp_path / "killed", *more)
    assert same(run(tmp_path / "killed", *more), whole)
    assert (whole["keys"], whole["ended"]) == (60, False)


@pytest.mark.slow
def test_five_thousand_keys_in_one_episode(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", "--trace")
    assert whole["keys"] == 5000
    assert whole["complaints"] == []
    held = [kib for _, kib, _ in whole["memory"]]
    assert max(held[1:]) - held[0] < 1024, "KiB that Python holds"
    process = [kib for _, _, kib in whole["memory"]]
    assert process[-1] - process[1] < 16 * 1024, "KiB of the process"
    killed(tmp_path / "killed")
    assert same(run(tmp_path / "killed"), whole)
