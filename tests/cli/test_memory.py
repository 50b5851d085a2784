"""What does a person see who remembers repairs, looks at them and forgets them? Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sixkeys.memory.semantic import facts
from sixkeys.memory.store import Entry, Store

SHOP = """def total(prices, limit):
    return sum(price for price in prices if price < limit)


def cheap(prices, limit):
    return [price for price in prices if price <= limit]
"""
TESTS = """from shop import cheap, total


def test_total():
    assert total([1, 2, 3], 3) == 6
    assert total([1, 2, 3], 2) == 3
    assert total([5, 4], 1) == 0


def test_cheap():
    assert cheap([1, 2, 3], 2) == [1, 2]
"""


def type_in(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sixkeys.cli", *map(str, words)]
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=wide)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "shop.py").write_text(SHOP)
    (root / "test_shop.py").write_text(TESTS)
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


def test_a_repair_is_remembered_shown_found_and_forgotten(shop, tmp_path, own_cache):
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    store = tmp_path / "state" / "sixkeys" / "memory.sqlite"
    assert type_in("fix", shop, "--diff", **state).returncode == 0
    assert not store.exists(), "off unless asked for"
    done = type_in("fix", shop, "--diff", "--memory", **state)
    assert (done.returncode, done.stderr) == (0, "")
    assert "+    return sum(price for price in prices if price <= limit)" in done.stdout

    shown = type_in("memory", **state)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"{store}: " in shown.stdout
    assert "entries: repair 1" in shown.stdout
    assert "What fixes what" in shown.stdout
    assert "<  ->  <=" in shown.stdout
    assert "compare." in shown.stdout

    found = type_in("memory", "search", "test_total", **state)
    assert found.returncode == 0
    assert "e1 " in found.stdout
    assert type_in("memory", "search", "nobody", "said", "this", **state).returncode == 1

    gone = type_in("memory", "forget", "e1", "f1", **state)
    assert (gone.returncode, gone.stdout) == (0, "forgotten: 1 entries and 1 facts\n")
    assert type_in("memory", "search", "test_total", **state).returncode == 1
    assert b"test_total" not in store.read_bytes()
    assert type_in("memory", "forget", "--world", "repair", **state).returncode == 0
    assert type_in("memory", **state).returncode == 1, "nothing is left to show"


def test_a_training_leaves_facts_that_the_next_one_adds_to(tmp_path):
    store, tiny = tmp_path / "life.sqlite", (
        "--worlds", "grid:grid_empty", "--seats", 4, "--width", 16, "--hidden", 16, "--slots", 2,
        "--horizon", 3, "--rollouts", 2, "--unroll", 8, "--replay-rows", 2, "--replay-size", 8,
        "--stage1-updates", 0, "--rl-steps", 4 * 8 * 12, "--eval-episodes", 0,
    )  # fmt: skip
    pressed = []
    for turn in range(2):
        folder = tmp_path / str(turn)
        done = type_in("train", *tiny, "--memory-path", store, "--checkpoint-path", folder)
        assert done.returncode == 0, done.stderr
        with Store(store) as kept:
            pressed.append(sum(fact.held + fact.broke for fact in facts(kept, "key", "grid:grid_empty")))
            assert set(kept.worlds()) == {"grid:grid_empty"}
    assert 0 < pressed[0] < pressed[1]
    shown = type_in("memory", "--store", store, "--kind", "key")
    assert "Which keys are valid" in shown.stdout
    assert "grid:grid_empty, phase 0" in shown.stdout
    assert "is valid" in shown.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show",), "there is no memory at"),
        (("search",), "search needs words"),
        (("forget",), "forget needs numbers such as e12 or f3"),
        (("forget", "12"), "'12' is no number of a memory"),
        (("show", "TypeError"), "did you mean: sixkeys memory search TypeError"),
        (("dream",), "dream"),
    ],
)
def test_a_wrong_request_is_told_without_a_traceback(words, said, tmp_path):
    path = tmp_path / "m.sqlite"
    if words != ("show",):
        Store(path).close()
    done = type_in("memory", *words, "--store", path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_something_else_is_no_memory(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine\n" * 100)
    done = type_in("memory", "--store", path)
    assert done.returncode == 2
    assert "cannot be read as a memory" in done.stderr
    assert path.read_text() == "mine\n" * 100
    done = type_in("fix", tmp_path, "--store", path)
    assert "--memory, which was not given" in done.stderr


def test_a_terminal_is_not_commanded_by_what_was_remembered(tmp_path):
    with Store(tmp_path / "m.sqlite") as store:
        store.add([Entry("w", "key 1", 1.0, "\x1b[2Jgone [red]red[/red]")])
    done = type_in("memory", "--store", tmp_path / "m.sqlite")
    assert "\x1b[2J" not in done.stdout
    assert "\\x1b[2Jgone [red]red[/red]" in done.stdout


def test_looking_at_memories_loads_no_jax(tmp_path):
    Store(tmp_path / "m.sqlite").close()
    script = (
        "import sys; from sixkeys.cli import main\n"
        "main(sys.argv[1:])\n"
        "print('loaded', sorted({'jax', 'jaxlib', 'equinox', 'optax', 'usearch'} & set(sys.modules)))"
    )
    for do in (("show",), ("search", "word"), ("forget", "e1")):
        command = [sys.executable, "-c", script, "memory", *do, "--store", str(tmp_path / "m.sqlite")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.stdout.endswith("loaded []\n"), done.stdout + done.stderr


def test_who_met_exchanged_keys_before_knows_them_and_a_person_reads_what_it_knows(tmp_path):
    from sixkeys.envs.changed import key_order

    file, pressed = tmp_path / "memory.sqlite", []
    words = ("play", "grid:grid_rooms~keys2", "--watch", "--pause", "0", "--memory", "--store", file)
    for _ in range(2):
        done = type_in(*words)
        assert done.returncode == 0, done.stdout[-300:] + done.stderr
        pressed.append(int(done.stdout.rpartition("solved after ")[2].split()[0]))
    shortest = int(done.stdout.rpartition("shortest solution has ")[2].split()[0])
    assert pressed[0] > pressed[1]
    assert pressed[1] <= shortest + 2
    shown = type_in("memory", "show", "--kind", "custom", "--store", file).stdout
    moves = [(key, deed) for key, deed in enumerate(key_order(2)) if deed in (1, 2, 3, 4)]
    for key, deed in moves:
        assert f"key {key} does what key {deed} does" in shown
    assert "interface 2" in shown


def test_a_memory_of_keys_is_refused_where_keys_are_as_ever(tmp_path):
    done = type_in("play", "grid:grid_rooms", "--watch", "--memory", "--store", tmp_path / "memory.sqlite")
    assert done.returncode == 2
    assert "keys were exchanged" in done.stderr
    assert not list(tmp_path.iterdir())
