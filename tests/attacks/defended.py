"""Does the product's own sandbox stop every escape? Runs them all there, as whoever starts this.

In: nothing. Out, from `attack` or as one JSON object a line: what each escape said, and what was found changed
afterwards. `python defended.py` is how an ordinary user does it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from escapes import LEAVE, LEFT_ALONE, LOUD, REACH, texts
from outer_inside import serve

import sixkeys
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.runner import Runner, RunResult
from sixkeys.envs.repo.sandbox import Limits

SMALL = Limits(
    memory=512 << 20, resident=384 << 20, processes=16, descriptors=256, entries=3000, file=4 << 20,
    disk=16 << 20, output=1 << 20,
)  # fmt: skip
INNOCENT = {"test_innocent.py": "def test_good(): assert 1\ndef test_bad(): assert [1] == [2]\n"}
EXPECTED = {"test_innocent.py::test_good": "passed", "test_innocent.py::test_bad": "failed"}
REPOSITORY = {"data.py": "VALUE = 7\n", "part/keep.txt": "kept\n"}
CALL = """import json, os, pytest
FACTS = json.load(open("facts.json"))
FACTS["root"] = os.getcwd() if FACTS["live"] else os.environ["TMPDIR"]
import {module} as escapes

@pytest.mark.parametrize("name", {names})
def test_it(name):
    try:
        done = getattr(escapes, {prefix!r} + name)(FACTS)
    except Exception as error:
        pytest.skip(repr(error))
    assert not done, "ESCAPED"
"""
"""Stopped: skipped, or passed. A run that was ended stopped it, too."""


def tests_of(module: str, names: list[str], prefix: str = "") -> dict[str, str]:
    """The tests of some escapes."""
    return {"test_it.py": CALL.format(module=module, names=names, prefix=prefix)}


class Attack:
    """One series of runs on one runner. Keeps state: what was said so far."""

    def __init__(self, runner: Runner, facts: dict[str, Any], live: bool):
        self.runner, self.live = runner, live
        self.files = {**texts(), "facts.json": json.dumps({**facts, "live": live, "scratch": "scratch"})}
        self.files |= {"scratch/keep": ""} | ({} if live else REPOSITORY)
        self.said: dict[str, str] = {}
        self.broken: list[str] = []

    def run(self, files: dict[str, str], seconds: float = 20.0) -> RunResult:
        return self.runner.run({**self.files, **files}, ["test_it.py"], seconds)

    def note(self, names: list[str], result: RunResult) -> None:
        """What became of each: escaped, or how it was stopped."""
        for name in names:
            test = next((test for test in result.outcomes if f"[{name}]" in test.node), None)
            escaped = test is not None and "ESCAPED" in test.message
            how = test.outcome if test is not None and result.status == "finished" else result.status
            self.said[name] = "escaped" if escaped else how

    def innocent(self, after: str) -> None:
        result = self.runner.run(INNOCENT, ["test_innocent.py"], 20.0)
        if {test.node: test.outcome for test in result.outcomes} != EXPECTED or result.status != "finished":
            self.broken.append(f"{after}: {result}")

    def reach(self) -> None:
        self.note(REACH, self.run(tests_of("escape_reach", REACH)))
        self.innocent("reach")

    def leave(self) -> None:
        """Each leaves, then a later run looks for it."""
        import escape_leave

        alone = [name for name in LEAVE if name in LEFT_ALONE or name in escape_leave.INSIDE]
        together = [name for name in LEAVE if name not in alone]
        for names in (together, *([name] for name in alone)):
            self.run(tests_of("escape_leave", names, "leave_"))
            self.note(names, self.run(tests_of("escape_leave", names, "find_")))
        self.innocent("leave")

    def loud(self) -> None:
        for name in LOUD:
            self.note([name], self.run(tests_of("escape_loud", [name]), 1.5))
            self.innocent(name)


@contextlib.contextmanager
def baits() -> Iterator[dict[str, Any]]:
    """Things outside that must stay as they are, readable and writable by anybody here."""
    with tempfile.TemporaryDirectory(prefix="sixkeys-bait-") as folder:
        home, outside = Path(folder, "home"), Path(folder, "home", "outside")
        outside.mkdir(parents=True)
        for path, mode in ((folder, 0o755), (home, 0o755), (outside, 0o777)):
            os.chmod(path, mode)
        secret = home / secrets.token_hex(8)
        secret.write_text("secret")
        (outside / "victim.txt").write_text("victim")
        os.chmod(outside / "victim.txt", 0o666)
        facts = {
            "secret": str(secret), "home": str(home), "outside": str(outside), "programs": "/sixkeys",
            "packages": sysconfig.get_path("purelib"), "variable": "SIXKEYS_BAIT",
            "abstract": secrets.token_hex(8), "package": str(Path(sixkeys.__file__).parent),
            "limits": SMALL._asdict(), "seconds": 1.5, "patience": 0.6, "cores": os.cpu_count(),
        }  # fmt: skip
        os.environ["SIXKEYS_BAIT"] = "secret"
        doors = serve(facts)
        yield facts
        for door in doors:
            door.close()
        del os.environ["SIXKEYS_BAIT"]


def changed(facts: dict[str, Any]) -> list[str]:
    """What is not as it was outside."""
    outside = Path(facts["outside"])
    found = [f"{outside}/{name}" for name in os.listdir(outside) if name not in ("victim.txt", "service")]
    found += [] if (outside / "victim.txt").read_text() == "victim" else ["victim.txt was changed"]
    return found + [str(path) for path in Path(facts["packages"]).glob("sixkeys_escape*")]


def below(pid: int) -> int:
    """How many processes descend from this one."""
    parents = {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit():
                row = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                parents[int(entry)] = int(row[1])
    found, front = 0, {pid}
    while front := {child for child, parent in parents.items() if parent in front}:
        found += len(front)
    return found


def attack(live: bool, loud: bool) -> dict[str, Any]:
    """All escapes in one runner: what each said, what broke, what changed, what is left."""
    with baits() as facts, tempfile.TemporaryDirectory(prefix="sixkeys-repository-") as folder:
        for name, text in REPOSITORY.items():
            Path(folder, name).parent.mkdir(exist_ok=True)
            Path(folder, name).write_text(text)
        with Runner(1, limits=SMALL, project=read(folder) if live else None) as runner:
            series = Attack(runner, facts, live)
            series.innocent("start")
            before = below(runner.workers[0].process.pid)
            series.reach()
            series.leave()
            if loud:
                series.loud()
            until = time.monotonic() + 10.0
            while (left := below(runner.workers[0].process.pid) - before) and time.monotonic() < until:
                series.innocent("end")
        return {
            "said": series.said, "broken": series.broken, "changed": changed(facts), "left": left,
            "uid": os.geteuid(), "isolation": runner.isolation,
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(attack(live="live" in sys.argv, loud="loud" in sys.argv)))
