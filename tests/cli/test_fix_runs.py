"""What of `sixkeys fix` goes on for long: an interrupt, --watch, and `pytest --sixkeys`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from shops import CALC, RIGHT, SHOP, all_bytes, lay

SOURCE = Path(__file__).parents[2] / "src"
pytestmark = pytest.mark.usefixtures("own_cache")


def start(root: Path, python: str, *words: str) -> subprocess.Popen[str]:
    """`sixkeys fix` in a process group of its own, with a folder for temporary files of its own."""
    temporary = root.parent / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "sixkeys.cli", "fix", str(root), "--python", python, *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip


def until(process: subprocess.Popen[str], words: str) -> str:
    """What is said up to the line with these words; fails where they never come."""
    said, guard = "", threading.Timer(240, process.kill)
    guard.start()
    for line in process.stdout or ():
        said += line
        if words in line:
            break
    guard.cancel()
    if words in said:
        return said
    pytest.fail(f"{words!r} was never said: {said}{process.communicate()[1]}")


def concerned(root: Path) -> list[str]:
    """Processes that name this folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found += [words.decode(errors="replace")] if os.fsencode(root) in words else []
    return found


def gone(root: Path) -> None:
    """Looks until the kernel has done away with what was killed; fails where something lives on."""
    for _ in range(1000):
        if not concerned(root):
            return
        os.sched_yield()
    assert concerned(root) == []


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, python: str):
    body = "".join(f"    if x == {n}:\n        x = x + {n}\n" for n in range(60))
    tree = {"calc.py": f"def f(x):\n{body}    return x\n", "pytest.ini": "[pytest]\n"}
    tree["test_calc.py"] = "from calc import f\n\n\ndef test_f():\n    assert f(1) == f(1) + 1\n"
    root = lay(tmp_path / "shop", tree)
    process = start(root, python, "--apply")
    until(process, "Suspicious lines")
    assert concerned(root)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, said + errors
    assert "stopped" in errors
    assert "Traceback" not in errors
    gone(root)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert all_bytes(root) == {name: text.encode() for name, text in tree.items()}


def test_watch_runs_again_when_a_file_is_saved(tmp_path: Path, python: str):
    root = lay(tmp_path / "shop", {**SHOP, "calc.py": RIGHT})
    process = start(root, python, "--watch", "--apply")
    assert "Nothing fails: 2 tests ran." in until(process, "Waiting for a change")
    (root / "calc.py").write_text(CALC)
    assert "Verdict: Fix 1 failing test (calc.py:3)." in until(process, "Changed calc.py.")
    assert "Nothing fails: 2 tests ran." in until(process, "Nothing fails")
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert (root / "calc.py").read_text() == RIGHT
    gone(root)


def test_pytest_offers_a_repair_after_a_failing_run(tmp_path: Path):
    root = lay(tmp_path, SHOP)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-k",
        "high",
    ]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *words], cwd=root, capture_output=True, text=True, env=environment)

    assert "sixkeys fix" not in run().stdout
    applied = run("--sixkeys-apply")
    assert applied.returncode == pytest.ExitCode.TESTS_FAILED
    assert "+        return high" in applied.stdout
    assert "Verdict: Fix 1 failing test (calc.py:3)." in applied.stdout
    assert "1 of 1 failing tests pass" in applied.stdout
    assert (root / "calc.py").read_text() == RIGHT
    green = run("--sixkeys")
    assert (green.returncode, "sixkeys fix" in green.stdout) == (0, False)


def test_the_plugin_brings_nothing_heavy_with_it():
    script = (
        "import sys; before = set(sys.modules); import sixkeys.cli.plugin; print(set(sys.modules) - before)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert not {"rich", "tyro", "numpy", "gymnasium", "jinja2", "jax", "pytest"} & set(eval(said))
