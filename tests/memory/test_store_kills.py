"""What is left when a process that writes is killed? All entries that it said were kept, and whole ones."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from sixkeys.memory import semantic
from sixkeys.memory.store import Store

WRITER = """
import sys
import numpy as np
from sixkeys.memory.semantic import Claim, Evidence, count
from sixkeys.memory.store import Entry, Store
store = Store(sys.argv[1], exact=50)
number = len(store.get(range(1, 100_000)))
store.nearest(np.eye(64)[:1], 1)
while True:
    number += 1
    vector = np.random.default_rng(number).standard_normal(64)
    print("written", store.add([Entry("w", f"key {number % 6}", 1.0, f"n{number} " + "x" * 9000, vector)])[0])
    count(store, {Claim("key", "w, phase 0", "key 1 is valid"): Evidence(1, 0)})
    print("counted", number, flush=True)
"""
MAKER = """
import sys
from sixkeys.memory.store import Store
for number in range(100_000):
    print(number, flush=True)
    Store(f"{sys.argv[1]}/{number}.sqlite").close()
"""


def killed(script: str, argument: Path, seconds: float) -> list[str]:
    """Runs a script, kills it that long after its first line; the whole lines that it printed."""
    command = [sys.executable, "-c", script, str(argument)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = process.stdout.readline()
        assert first, process.stderr.read().decode()
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    return [line.decode() for line in (first + rest).splitlines(keepends=True) if line.endswith(b"\n")]


def test_a_kill_loses_at_most_the_entry_that_is_being_written(tmp_path):
    path, kept, chance = tmp_path / "m.sqlite", 0, random.Random(6)
    for _ in range(6):
        said = killed(WRITER, path, chance.uniform(0.0, 0.4))
        written = max(int(line.split()[1]) for line in said if line.startswith("written"))
        with Store(path, exact=50) as store:
            assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            store.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
            entries = store.get(range(1, 100_000))
            assert sorted(entries) == list(range(1, len(entries) + 1))
            assert written <= len(entries) <= written + 1
            assert len(entries) >= kept
            for number, entry in entries.items():
                assert entry.text == f"n{number} " + "x" * 9000
            last = entries[len(entries)]
            assert store.nearest(last.vector[None], 1)[0][0].entry.id == last.id
            assert [found.entry.id for found in store.search(f"n{last.id}")][-1:] == [last.id]
            (fact,) = semantic.facts(store)
            assert fact.held in range(len(entries) - 12, len(entries) + 1), "one a kill may be lost"
            kept = len(entries)
    assert kept > 6


def test_a_kill_while_a_store_is_made_leaves_one_that_can_be_used(tmp_path):
    chance = random.Random(7)
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir()
        last = int(killed(MAKER, folder, chance.uniform(0.0, 0.1))[-1])
        with Store(folder / f"{last}.sqlite") as store:
            assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert store.latest(1) == []


def test_two_processes_write_to_one_store(tmp_path):
    script = WRITER.replace("while True", "for _ in range(40)")
    commands = [[sys.executable, "-c", script, str(tmp_path / "m.sqlite")]] * 2
    running = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for c in commands]
    for process in running:
        assert (process.communicate(timeout=120)[1], process.returncode) == (b"", 0)
    with sqlite3.connect(tmp_path / "m.sqlite") as db:
        assert db.execute("SELECT count(*), count(DISTINCT id) FROM entries").fetchone() == (80, 80)
        assert db.execute("SELECT held FROM facts").fetchone() == (80,)
    db.close()
