"""Does `sixkeys fix` do what it says and leave alone what it should? With real pytest and real git."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from shops import CALC, RIGHT, TESTS

from sixkeys.cli import main
from sixkeys.cli.fix import FIXED, NOT_FOUND, NOTHING_FAILS

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with a space in its path, a bug, and a change that is not committed."""
    root = tmp_path / "my shop"
    root.mkdir()
    (root / "calc.py").write_text(CALC)
    (root / "test_calc.py").write_text(TESTS)
    identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    (root / "notes.txt").write_text("not committed\n")
    return root


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


def state(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in root.iterdir() if p.is_file()}


def test_a_repair_is_shown_and_nothing_is_touched(shop: Path, capsys: pytest.CaptureFixture):
    before, status = state(shop), git(shop, "status", "--porcelain")
    assert main(["fix", str(shop)]) == FIXED
    said = capsys.readouterr().out
    assert "+        return high" in said
    assert "test_calc.py::test_high" in said
    assert "a cold pytest of the pristine tree with the change ran 2 tests" in said
    assert "isolation: bwrap" in said
    assert (state(shop), git(shop, "status", "--porcelain")) == (before, status)


def test_the_diff_alone_can_be_given_to_git(shop: Path, capfd: pytest.CaptureFixture):
    assert main(["fix", str(shop / "calc.py"), "--diff"]) == FIXED
    diff = capfd.readouterr().out
    subprocess.run(["git", "-C", str(shop), "apply"], input=diff, text=True, check=True)
    assert (shop / "calc.py").read_text() == RIGHT


def test_apply_changes_the_file_and_no_other(shop: Path, capsys: pytest.CaptureFixture):
    (shop / "calc.py").chmod(0o640)
    assert main(["fix", str(shop), "--apply"]) == FIXED
    assert (shop / "calc.py").read_text() == RIGHT
    assert (shop / "calc.py").stat().st_mode & 0o777 == 0o640
    assert git(shop, "status", "--porcelain").split() == ["M", "calc.py", "??", "notes.txt"]
    capsys.readouterr()
    assert main(["fix", str(shop)]) == NOTHING_FAILS
    assert capsys.readouterr().out.splitlines()[1:] == ["Nothing fails: 2 tests ran."]


def test_a_branch_is_made_beside_the_working_tree(shop: Path, monkeypatch: pytest.MonkeyPatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "me")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "me@example.org")
    before, head = state(shop), git(shop, "rev-parse", "HEAD")
    assert main(["fix", str(shop), "--branch", "repair"]) == FIXED
    assert git(shop, "show", "repair:calc.py") == RIGHT
    assert git(shop, "rev-parse", "repair^") == head
    assert git(shop, "diff", "--name-only", "main", "repair") == "calc.py\n"
    assert (state(shop), git(shop, "branch", "--show-current")) == (before, "main\n")


def test_json_is_one_object(shop: Path, capfd: pytest.CaptureFixture):
    assert main(["fix", str(shop), "--json", "--test", "-k high"]) == FIXED
    told = json.loads(capfd.readouterr().out)
    assert told["fixed"] == ["test_calc.py::test_high"]
    assert (told["left"], told["code"], told["schema"], told["tests"]) == ([], 0, 1, 1)
    assert all(check["held"] for check in told["checks"])
    assert "passed" in {line["said"] for line in told["journal"]}
    assert told["suspects"][0]["path"] == "calc.py"
    assert told["diff"].startswith("--- a/calc.py\n+++ b/calc.py\n")


def test_what_cannot_be_repaired_is_not_claimed(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "lib.py").write_text("def f():\n    return 1\n")
    (tmp_path / "test_lib.py").write_text(
        "from lib import f\n\n\ndef test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert f() == 2\n"
    )
    before = state(tmp_path)
    assert main(["fix", str(tmp_path), "--apply", "--budget", "6"]) == NOT_FOUND
    assert "No repair was found" in capsys.readouterr().out
    assert state(tmp_path) == before


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({}, [], "holds no Python file"),
        ({"a.py": "x = 1\n"}, ["--python", "/no/such/python"], "does not answer as a Python would"),
        ({"a.py": "x = 1\n"}, ["--apply", "--branch", "b"], "give one of them"),
        ({"a.py": "x = 1\n"}, [], "no tests ran"),
    ],
)
def test_what_cannot_be_worked_on_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture, files: dict[str, str], arguments: list[str], said: str
):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "setup.cfg").write_text("")
    assert main(["fix", str(tmp_path), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(shop: Path):
    from sixkeys.cli.fix_write import apply
    from sixkeys.envs.repo.project import read

    project = read(shop)
    (shop / "calc.py").write_text(CALC + "# mine\n")
    with pytest.raises(ValueError, match=r"calc\.py was changed since it was read"):
        apply(project, {"calc.py": RIGHT})
    assert (shop / "calc.py").read_text() == CALC + "# mine\n"
    assert sorted(os.listdir(shop)) == [".git", "calc.py", "notes.txt", "test_calc.py"]
