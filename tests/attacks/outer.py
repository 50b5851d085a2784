"""Where may a bait be shown to work? In a throw-away box made with `bwrap` alone, and nowhere else.

Own pid, mount, network, ipc and uts namespaces, nothing of the machine but its programs, read-only, a small
file system in memory, limits on memory, processes, files and CPU seconds, an unprivileged user, a wall limit
that ends all of it. None of the product's defences is in it: no filter on system calls, no warm parent, no
cleaning. What runs in it is outer_inside.py, or a tier of the product's own that makes no namespaces itself:
there it may be attacked as an ordinary user, with nothing of the machine in reach.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from escapes import HERE

from sixkeys.envs.repo import sandbox
from sixkeys.envs.repo.interpreter import here

NOBODY = 65533
MEGABYTE = 1 << 20
BOX_LIMITS = {"as": 2048 * MEGABYTE, "nproc": 160, "fsize": 64 * MEGABYTE, "cpu": 40, "core": 1}
HOME = "/home/victim"
SECONDS = 150.0


def argv(
    program: Sequence[str] = ("/baits/outer_inside.py",), shown: Sequence[str] = (),
    disk: int = 96 * MEGABYTE, rooted: bool = False,
) -> list[str] | None:  # fmt: skip
    """The command line of the box, whose Python runs `program`; None where it cannot be made here.

    shown: folders of this machine that are seen there too, read-only, in their own place; rooted: who is root
    outside stays it, as root of a container does, with few of its rights.
    """
    found, prlimit, setpriv = sandbox.launchers(), shutil.which("prlimit"), shutil.which("setpriv")
    if not found or prlimit is None or setpriv is None:
        return None
    as_root = os.geteuid() == 0
    words = [str(found[0].bwrap), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
             "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]  # fmt: skip
    kept = ("SETUID", "SETGID", *(("CHOWN", "DAC_OVERRIDE", "KILL") if rooted else ()))
    words += (
        [word for name in kept for word in ("--cap-add", f"CAP_{name}")] if as_root else ["--unshare-user"]
    )
    words += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            words += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            words += ["--ro-bind", name, name]
    words += ["--perms", "0755", "--dir", "/etc", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    # before what is shown, which may lie below one of them
    for name in ("/tmp", "/home", "/dev/shm"):
        words += ["--perms", "1777", "--size", str(disk), "--tmpfs", name]
    for path in (*here().paths, *shown):
        for parent in reversed(Path(path).parents):
            words += [] if str(parent) in ("/", "/usr") else ["--perms", "0755", "--dir", str(parent)]
        words += ["--ro-bind", path, path]
    words += ["--ro-bind", str(HERE), "/baits"]
    words += ["--symlink", "/home/passwd", "/etc/passwd", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in {"PATH": "/usr/bin:/bin", "HOME": HOME, "TMPDIR": "/tmp"}.items():
        words += ["--setenv", name, value]
    words += ["--", prlimit, *(f"--{name}={value}" for name, value in BOX_LIMITS.items()), "--"]
    if as_root and not rooted:
        words += [
            setpriv,
            f"--reuid={NOBODY}",
            f"--regid={NOBODY}",
            "--clear-groups",
            "--inh-caps=-all",
            "--",
        ]
    return [*words, sys.executable, "-B", "-s", *program]


def tried(names: list[str], facts: dict[str, Any]) -> dict[str, str]:
    """What each bait said in one box: "worked", or why not; without an answer where the box did not live."""
    command = argv()
    assert command is not None
    given = {"names": names, "home": HOME, "abstract": "bait", **facts}
    try:
        done = subprocess.run(
            [*command, json.dumps(given)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        said = done.stdout or json.dumps(["box", done.stderr[-1500:]])
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode()
    return dict(json.loads(line) for line in said.splitlines() if line.startswith("["))
