"""Does `scripts/kills.py` find what it looks for, and does a short run of it find nothing?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scripted import SCRIPTS, script

from sixkeys.training.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def kills() -> ModuleType:
    return script("kills")


def checkpoint(step: int = 7, update: int = 7, count: int = 7, keys: int = 100) -> Checkpoint:
    parts = {
        "carry": {"keys": np.array(keys)},
        "sampler": {"update": np.array(update)},
        "optimizer": {"1/count": np.array(count), "1/mu/weight": np.zeros(3, np.float32)},
    }
    return Checkpoint(Path("step_00000007"), step, parts, {"keys": 100})


def test_a_checkpoint_that_agrees_with_itself_and_with_what_was_reported_is_well(kills):
    assert kills.disagreements(checkpoint(), 7) == []
    assert kills.disagreements(checkpoint(), 6) == []


@pytest.mark.parametrize(
    ("saved", "reported", "named"),
    [
        (checkpoint(), 8, "lies behind step 8"),
        (checkpoint(update=6), 7, "sampler/update is 6"),
        (checkpoint(count=8), 7, "optimizer/1/count is 8"),
        (checkpoint(keys=99), 7, "carry/keys is 99"),
    ],
)
def test_a_part_of_another_update_is_found(kills, saved, reported, named):
    found = kills.disagreements(saved, reported)
    assert len(found) == 1
    assert named in found[0]


def test_two_sets_of_arrays_differ_where_a_bit_a_type_or_a_name_does(kills):
    a = {"brain": {"w": np.array([1.0, np.nan]), "same": np.zeros(2)}, "carry": {"n": np.array(1, np.int64)}}
    b = {"brain": {"w": np.array([1.0, np.nan]), "same": np.zeros(2)}, "carry": {"n": np.array(1, np.int64)}}
    assert kills.differences(a, b) == []
    b["brain"]["same"][1] = -0.0
    b["carry"] = {"n": np.array(1, np.int32), "more": np.zeros(1)}
    assert kills.differences(a, b) == ["brain/same", "carry/more", "carry/n"]


def test_the_published_step_is_read_from_the_pointer(kills, tmp_path):
    assert kills.published(tmp_path) == 0
    (tmp_path / "latest").write_text("step_00000012-1\nabc\n")
    assert kills.published(tmp_path) == 12


@pytest.mark.slow
def test_three_kills_are_survived(tmp_path):
    command = [
        sys.executable,
        str(SCRIPTS / "kills.py"),
        "--kills",
        "3",
        "--starting",
        "0.3",
        "--folder",
        str(tmp_path / "run"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    counts = re.match(
        r"3 kills \((\d+) while saving, (\d) while starting\), (\d) resumes, 4 checkpoints equal", last
    )
    assert counts is not None, last
    assert int(counts[2]) + int(counts[3]) == 3


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    command = [sys.executable, str(SCRIPTS / "kills.py"), "--folder", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "exists; name a new folder" in done.stderr
