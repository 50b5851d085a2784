"""Does the product's own sandbox stop every escape? Runs them all there, as whoever starts this.

Out, from `attack` or as one JSON object: what each escape said, and what was found changed afterwards.
`python defended.py [TIER [reach]]` is how an ordinary user does it; `reach` is without a repository.
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

from escapes import LEAVE, LEFT_ALONE, LOUD, REACH, WHERE, texts
from outer_inside import serve

import sixkeys
from sixkeys.envs.repo import runner
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import Limits

SMALL = Limits(
    memory=512 << 20, resident=192 << 20, processes=16, descriptors=256, entries=3000, file=4 << 20,
    disk=16 << 20, output=1 << 20,
)  # fmt: skip
REPOSITORY = {**texts(), "data.py": "VALUE = 7\n", "part/keep.txt": "kept\n", "scratch/keep": ""}
EXPECTED = {"test_good": "passed", "test_bad": "failed"}
"""The innocent tests at the beginning of every run."""
SECONDS = 1.2
SETTLED = 0.5
"""Seconds after a run until what it was is gone: it is killed before it is answered, but not waited for."""
LONGER = dict.fromkeys((name for name in LOUD if "memory" in name or "forks" in name), 15.0)
"""Wall limits of loud runs: those that hold much take a moment to do so."""
CALL = """import json, os, pytest
FACTS = json.load(open("facts.json"))
FACTS["root"] = os.getcwd() if FACTS["live"] else os.environ["TMPDIR"]
def test_good():
    import data
    assert data.VALUE == 7

def test_bad():
    assert [1] == [2]

@pytest.mark.parametrize("module, name", {calls})
def test_it(module, name):
    try:
        done = getattr(__import__(module), name)(FACTS)
    except Exception as error:
        assert module == "escape_loud" or getattr(error, "errno", 0) != 24, "no descriptor left to try with"
        pytest.skip(repr(error))
    assert not done, "ESCAPED"
"""
"""Stopped: skipped, or passed. A run that was ended stopped it, too. One that found no file descriptor left
was not tried: an escape before it kept them all."""


class Attack:
    """One series of runs on one runner. Keeps state: what was said so far, and what innocent tests said."""

    def __init__(self, runner: Runner, facts: dict[str, Any], live: bool):
        self.runner = runner
        self.files = {"facts.json": json.dumps({**facts, "live": live, "scratch": "scratch"})}
        self.files |= {} if live else REPOSITORY
        self.said: dict[str, str] = {}
        self.broken: list[str] = []

    def run(self, *names: str, seconds: float = 30.0) -> None:
        """Innocent tests, then the functions of these names."""
        calls = [(WHERE[name], name) for name in names]
        files = {**self.files, "test_it.py": CALL.format(calls=calls)}
        result = self.runner.run(files, ["test_it.py"], seconds)
        innocent = {test.node.rpartition("::")[2]: test.outcome for test in result.outcomes}
        if result.status == "finished" and {name: innocent.get(name) for name in EXPECTED} != EXPECTED:
            self.broken.append(f"{calls[:1]}: {result}")
        for module, name in calls:
            test = next((test for test in result.outcomes if test.node.endswith(f"[{module}-{name}]")), None)
            escaped = test is not None and test.outcome == "failed"
            how = test.outcome if test is not None and result.status == "finished" else result.status
            self.said[name] = "escaped" if escaped else how
        if result.status != "finished" and calls:
            self.run()
        elif result.status != "finished":
            self.broken.append(f"innocent tests alone: {result}")

    def reach(self) -> None:
        self.run(*REACH)

    def leave(self) -> None:
        """Each run looks for what the run before it left, and leaves something of its own."""
        from escape_stay import INSIDE as inside

        together = [name for name in LEAVE if name not in LEFT_ALONE and name not in inside]
        before: list[str] = []
        for names in (together, *([name] for name in LEFT_ALONE), []):
            self.run(*before, *(f"leave_{name}" for name in names))
            before = [f"find_{name}" for name in names]
        for name in inside:
            self.run(f"leave_{name}")
            self.run(f"find_{name}")

    def loud(self) -> None:
        for name in LOUD:
            self.run(name, seconds=LONGER.get(name, SECONDS))


@contextlib.contextmanager
def baits(isolation: str) -> Iterator[dict[str, Any]]:
    """Things outside that must stay as they are, readable and writable by anybody here."""
    programs = "/sixkeys" if isolation == "bwrap" else str(Path(runner.__file__).parent)
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
            "secret": str(secret), "home": str(home), "outside": str(outside), "programs": programs,
            "packages": sysconfig.get_path("purelib"), "variable": "SIXKEYS_BAIT",
            "abstract": secrets.token_hex(8), "package": str(Path(sixkeys.__file__).parent),
            "limits": SMALL._asdict(), "seconds": SECONDS, "patience": 4.0, "cores": os.cpu_count(),
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


def attack(live: bool, isolation: str = "bwrap") -> dict[str, Any]:
    """The escapes in one runner of a tier: what each said, what broke, what changed, what is left.

    live: of a repository, where more outlives a run; else only those that reach something at once.
    """
    with baits(isolation) as facts, tempfile.TemporaryDirectory(prefix="sixkeys-repository-") as folder:
        for name, text in REPOSITORY.items():
            Path(folder, name).parent.mkdir(exist_ok=True)
            Path(folder, name).write_text(text)
        with Runner(1, isolation, limits=SMALL, project=read(folder) if live else None) as found:
            series = Attack(found, facts, live)
            series.run()
            time.sleep(SETTLED)
            before = below(found.workers[0].process.pid)
            series.reach()
            if live:
                series.leave()
                series.loud()
            until = time.monotonic() + 10.0
            while (left := below(found.workers[0].process.pid) - before) and time.monotonic() < until:
                series.run()
        return {
            "said": series.said, "broken": series.broken, "changed": changed(facts), "left": left,
            "uid": os.geteuid(), "isolation": found.isolation,
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(attack(live="reach" not in sys.argv, isolation=(*sys.argv[1:], "bwrap")[0])))
