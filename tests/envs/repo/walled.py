"""What does the tier without namespaces do, inside the outer box? Prints one JSON object.

`walled.py PART`: a function of this file. Not a test file: test_landlock.py starts it in a throw-away box
(tests/attacks/outer.py), for the hostile samples kill and fill whatever they reach.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from torture import GOOD, SAMPLES

from sixkeys.envs.repo import runner, sandbox
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import Launcher

LEAVES = """
import ctypes, os, time
def leave(name):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
            ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
            os.closerange(0, 64)
            time.sleep(60)
        os._exit(0)
def test_it():
    leave("leftover")
    time.sleep({seconds})
"""
SEES = """
import errno, os, pytest
@pytest.mark.parametrize("path", {paths})
def test_it(path):
    with pytest.raises(PermissionError):
        os.listdir(path) if os.path.isdir(path) else open(path)
"""
CLIENT = "import walled; walled.long_run()"


def outcomes() -> dict[str, Any]:
    """Of each sample: its outcomes, its status, whether an innocent run after it passes."""
    found = {}
    with Runner(1, "landlock") as made:
        for name, sample in SAMPLES.items():
            result = made.run(sample.files, seconds=sample.seconds)
            said = {test.node: test.outcome for test in result.outcomes}
            found[name] = [said, result.status, made.run(GOOD).passed]
    return {"samples": found, "folders": folders()}


def doctor() -> dict[str, Any]:
    """What the command line prints where user namespaces are closed, and how it ends."""
    closed = Path(os.environ["TMPDIR"], "bwrap")
    closed.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    closed.chmod(0o755)
    os.environ["PATH"] = f"{closed.parent}:{os.environ['PATH']}"
    vars(sandbox)["bundled_bwrap"] = lambda: None
    from sixkeys.cli.doctor import main

    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main([])
    return {"code": code, "said": said.getvalue(), "uid": os.geteuid()}


def leftovers() -> dict[str, Any]:
    """Which processes are left after a run, and after each of those above it was killed while it ran."""
    found: dict[str, Any] = {}
    with Runner(1, "landlock") as made:
        result = made.run({"test_x.py": LEAVES.format(seconds=0)})
        found["a run"] = [result.passed, wait_for(False)]
        for who in ("warm parent", "guard"):
            ticket = made.submit({"test_x.py": LEAVES.format(seconds=30)}, seconds=20.0)
            guard = made.workers[0].process.pid
            present = wait_for(True)
            os.kill(children(guard)[0] if who == "warm parent" else guard, signal.SIGKILL)
            found[who] = [present, wait_for(False), ticket.result().status, made.run(GOOD).passed]
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT], env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    ) as client:
        present = wait_for(True, 20.0)
        client.kill()
        found["client"] = [present, wait_for(False)]
    return found


def long_run() -> None:
    """A run that lasts, with something that would outlive it."""
    with Runner(1, "landlock") as made:
        made.run({"test_x.py": LEAVES.format(seconds=30)}, seconds=40.0)


def secrets() -> dict[str, Any]:
    """Whether what this user, the tester and others have can be opened or listed."""
    home = Path(os.environ["HOME"])
    (home / "folder").mkdir(parents=True)
    mine = home / "folder" / "key"
    mine.write_text("secret")
    others = ["/etc", "/etc/passwd", "/", "/tmp", "/home", "/dev/shm", "/proc", "/proc/1/cmdline"]
    own = [f"/proc/{os.getpid()}/environ", f"/proc/{os.getpid()}/cmdline", __file__, sandbox.__file__]
    paths = [str(mine), str(home), str(home / "folder"), *filter(os.path.exists, others), *own]
    with Runner(1, "landlock") as made:
        result = made.run({"test_x.py": SEES.format(paths=paths)})
    opened = [test.node for test in result.outcomes if test.outcome != "passed"]
    return {"opened": opened, "tried": len(result.outcomes), "paths": len(paths)}


def refused() -> dict[str, Any]:
    """What a machine says whose Landlock holds no signals."""
    weak = Launcher(sandbox.LANDLOCK, None, True, "landlock", sandbox.landlock.lacking(5))
    vars(runner)["launchers"] = lambda: [weak]
    try:
        Runner(1)
    except sandbox.IsolationError as error:
        return {"said": str(error)}
    return {"said": ""}


def named(name: str) -> int:
    """How many processes gave themselves this name."""
    found = 0
    for pid in (entry for entry in os.listdir("/proc") if entry.isdigit()):
        with contextlib.suppress(OSError):
            found += Path(f"/proc/{pid}/comm").read_text().strip() == name
    return found


def children(pid: int) -> list[int]:
    """The ids of a process's children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(there: bool, seconds: float = 5.0) -> bool:
    """Whether the leftover is there, or gone, within some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (named("leftover") > 0) == there:
            return True
        time.sleep(0.02)
    return False


def folders() -> list[str]:
    """What runners left in the temporary folder."""
    return [name for name in os.listdir("/tmp") if name.startswith("sixkeys-")]


if __name__ == "__main__":
    print(json.dumps(vars()[sys.argv[1]]()))
