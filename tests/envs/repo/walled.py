"""What does the tier without namespaces do, inside the outer box? Prints one JSON object.

`walled.py PART`: a function of this file. Not a test file: test_landlock.py starts it in a throw-away box
(tests/attacks/outer.py), for the hostile samples kill and fill whatever they reach.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from torture import GOOD, SAMPLES

from sixkeys.envs.repo import runner, sandbox
from sixkeys.envs.repo.project import read
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
ACTS = """
import ctypes, fcntl, os, signal, socket, pytest
facts = FACTS
file, folder, client = facts["file"], facts["folder"], facts["client"]
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
def asks_for_signals():
    out, into = os.pipe()
    fcntl.fcntl(out, fcntl.F_SETOWN, client)
    fcntl.fcntl(out, 10, signal.SIGUSR1)
    fcntl.fcntl(out, fcntl.F_SETFL, os.O_ASYNC)
    os.write(into, b"x")
    raise OSError("whether it came is seen outside")
def by_path_only():
    return os.open("key", os.O_RDONLY, dir_fd=os.open(folder, os.O_PATH))
def again_for_reading():
    return os.open(f"/proc/self/fd/{os.open(file, os.O_PATH)}", os.O_RDONLY)
WAYS = [
    lambda: open(file), lambda: open(file, "w"), lambda: os.truncate(file, 0), lambda: os.unlink(file),
    lambda: os.rename(file, "here"), lambda: os.rename("data.py", folder + "/there"),
    lambda: os.link(file, "linked"), lambda: os.symlink("x", folder + "/x"),
    lambda: os.mkfifo(folder + "/x"), lambda: os.mkdir(folder + "/x"), lambda: os.rmdir(folder),
    lambda: os.chmod(file, 0o600), lambda: os.chmod(folder, 0o700),
    lambda: os.chown(file, -1, -1), lambda: os.utime(file), lambda: os.setxattr(file, "user.x", b"x"),
    lambda: os.listxattr(file), lambda: os.execv(file, [file]),
    lambda: (os.chdir(folder), os.listdir("."))[1],
    lambda: os.listdir("/proc/self/root" + folder), lambda: open("/proc/self/root" + file), by_path_only,
    again_for_reading, lambda: open(f"/proc/{client}/root{file}"), lambda: os.listdir(f"/proc/{client}/cwd/"),
    lambda: os.readlink(f"/proc/{client}/exe"), lambda: open(f"/proc/{client}/timerslack_ns", "w"),
    lambda: open("/proc/self/oom_score_adj", "w"), lambda: os.mkdir("/tmp/x"), lambda: open("/tmp/x", "w"),
    lambda: os.rename(os.environ["TMPDIR"], "/tmp/moved"), lambda: os.rmdir(os.environ["TMPDIR"]),
    lambda: os.kill(client, 0), lambda: os.kill(client, signal.SIGUSR1), asks_for_signals,
    lambda: os.killpg(os.getpgid(client), signal.SIGUSR1),
    lambda: signal.pidfd_send_signal(os.pidfd_open(client), signal.SIGUSR1),
    lambda: checked(libc.sigqueue(client, signal.SIGUSR1, None)), lambda: os.setpgid(client, 0),
    lambda: os.setpriority(os.PRIO_PROCESS, client, 1), lambda: os.sched_setaffinity(client, {0}),
    lambda: socket.socket(socket.AF_UNIX), lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    lambda: os.openpty(), lambda: open("/dev/tty"), lambda: open("/dev/shm/x", "w"),
    lambda: os.listdir("/dev"), lambda: os.memfd_create("x"), lambda: checked(libc.fanotify_init(0, 0)),
]
@pytest.mark.parametrize("number", range(len(WAYS)))
def test_it(number):
    with pytest.raises(OSError):
        WAYS[number]()
"""
SWAPS = """
import os
def test_it():
    facts, here = FACTS, os.getcwd()
    os.rename(here, here + ".moved")
    os.symlink(facts["folder"], here)
    os._exit(0)
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


def reaches() -> dict[str, Any]:
    """Which of many ways to change or signal what is the user's own get through, and whether it changed."""
    home = Path(os.environ["HOME"])
    folder = home / "folder"
    folder.mkdir(parents=True)
    (folder / "key").write_text("secret")
    folder.chmod(0o500)
    os.setpgid(0, 0)
    facts = {"file": str(folder / "key"), "folder": str(folder), "client": os.getpid()}
    heard: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    tree = {"test_x.py": ACTS.replace("FACTS", repr(facts)), "data.py": ""}
    before = state(folder)
    with Runner(1, "landlock") as made:
        result = made.run(tree)
    root = Path(os.environ["TMPDIR"], "project")
    root.mkdir()
    (root / "data.py").write_text("VALUE = 7\n")
    (root / "test_x.py").write_text("import data\ndef test_it(): assert data.VALUE == 7\n")
    with Runner(1, "landlock", project=read(root)) as made:
        made.run({"test_x.py": SWAPS.replace("FACTS", repr(facts))})
        after = made.run({}).passed
    return {
        "through": [test.node for test in result.outcomes if test.outcome != "passed"],
        "tried": len(result.outcomes), "same": state(folder) == before, "heard": heard, "after": after,
        "text": (folder / "key").read_text(),
    }  # fmt: skip


def state(folder: Path) -> list[tuple[Any, ...]]:
    """What can be seen of a folder and of what is in it, but for when it was last read."""
    seen = [os.stat(path) for path in (folder, *sorted(folder.iterdir()))]
    return [(each.st_mode, each.st_uid, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for each in seen]


HOLES = {
    "signals": ("landlock.py", "SCOPES = 0b11, 0b11", "SCOPES = 0b11, 0"),
    "the run's own layer": ("keeper.py", "self.rooms.landlock.narrow(self.settings)", "pass"),
    "sockets": ("warm.py", "filters.install(filters.unshared(os.uname().machine))", "pass"),
    "rights and times": ("syscalls.py", "sorted({**CHANGED[machine], **CHANGED_EVERYWHERE}.values())", "()"),
    "the disk": ("watch.py", "if filled := self.filled()", "if filled := ''"),
}
"""What is left open -> which line of the tier is taken away."""


def leaky() -> dict[str, Any]:
    """What is said of tiers that have a hole each."""
    said = {}
    for hole, (name, line, without) in HOLES.items():
        copy = Path(tempfile.mkdtemp(), "repo")
        shutil.copytree(runner.__file__.rpartition("/")[0], copy)
        text = (copy / name).read_text()
        (copy / name).write_text(text.replace(line, without) * (text.count(line) == 1))
        vars(sandbox)["HERE"] = copy
        try:
            Runner(1, "landlock").close()
        except sandbox.IsolationError as error:
            said[hole] = str(error)
    return said


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
