"""How is one warm process started, spoken to and ended? A program inside the sandbox and a socket to it.

Messages are JSON with four bytes of length before them. The client may have threads and is never forked.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sixkeys.envs.repo.interpreter import here
from sixkeys.envs.repo.project import Project
from sixkeys.envs.repo.sandbox import (
    Launcher,
    Limits,
    Place,
    command,
    counted_before,
    environment,
    place_inside,
    reads,
)

START_SECONDS = 60.0
UNCLEAN = 70
"""Exit code of a warm parent that could not empty its folder after a run; it has begun no other run."""
GRACE_SECONDS = 10.0
"""How much later than its limit a run may be answered before its worker is given up."""


def readable(workers: Sequence[Worker], seconds: float) -> list[Worker]:
    """The workers that have something to say, or have gone, within `seconds`."""
    poll = select.poll()
    for worker in workers:
        poll.register(worker.channel, select.POLLIN)
    said = {descriptor for descriptor, _ in poll.poll(seconds * 1000)}
    return [worker for worker in workers if worker.channel.fileno() in said]


class Worker:
    """One warm parent, seen from here. Keeps state: its process, its channel, its deadline."""

    def __init__(self, launcher: Launcher, limits: Limits, uid: int, project: Project | None = None):
        self.launcher, self.limits, self.uid, self.project = launcher, limits, uid, project
        self.ready = False
        self.note = ""
        """Why every run of this worker begins in a new Python, where that is so."""
        self.start()

    def start(self) -> None:
        """Starts the process; `ready` turns true when its first message is taken."""
        tier = self.launcher.tier
        uid = self.uid if tier in ("bwrap", "landlock") and not self.launcher.user_namespace else 0
        place = self._place(uid)
        self.base = place.base
        limits = self.limits._asdict()
        limits["processes"] += counted_before(self.launcher)
        settings = {"base": place.base, "repo": place.repo, "limits": limits, "tier": tier,
                    "contained": tier in ("bwrap", "landlock"), "live": self.project is not None,
                    "reads": reads(place) if tier == "landlock" else []}  # fmt: skip
        argv = command(self.launcher, self.limits, ["warm.py", json.dumps(settings), str(uid)], place)
        self.channel, theirs = socket.socketpair()
        descriptor, path = tempfile.mkstemp(prefix="sixkeys-worker-")
        os.unlink(path)
        self.errors = os.fdopen(descriptor, "w+b")
        with theirs:
            self.process = subprocess.Popen(
                argv, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self.errors,
                env=environment(place), cwd="/" if tier == "bwrap" else self.base,
                start_new_session=tier == "landlock",
            )  # fmt: skip
        self.raw = bytearray()
        self.ready = False
        self.deadline = time.monotonic() + START_SECONDS
        if self.project is not None:
            with contextlib.suppress(OSError):
                self._write(self.project.message())

    def _place(self, uid: int) -> Place:
        project = self.project
        if self.launcher.tier == "bwrap":
            return place_inside(project.interpreter, str(project.root)) if project else place_inside()
        base = os.path.realpath(tempfile.mkdtemp(prefix="sixkeys-run-"))
        if uid:
            os.chown(base, uid, uid)
        return Place(project.interpreter if project else here(), base, f"{base}/repo", bare=project is None)

    def send(self, request: Mapping[str, Any]) -> None:
        """Begins a run. Raises OSError where the process is gone."""
        self.deadline = time.monotonic() + request["seconds"] + GRACE_SECONDS
        self._write(request)

    def _write(self, message: Mapping[str, Any]) -> None:
        data = json.dumps(message).encode()
        self.channel.sendall(len(data).to_bytes(4, "big") + data)

    def take(self) -> dict[str, Any] | None:
        """Reads what is there; a message once it is whole. Raises EOFError where the process is gone."""
        piece = self.channel.recv(1 << 18)
        if not piece:
            raise EOFError
        self.raw += piece
        size = int.from_bytes(self.raw[:4], "big") if len(self.raw) >= 4 else len(self.raw)
        if len(self.raw) < 4 + size:
            return None
        message = json.loads(self.raw[4 : 4 + size])
        del self.raw[: 4 + size]
        return message

    def alive(self) -> bool:
        """Whether an idle worker is still there: nothing to read, not even its end."""
        return self.process.poll() is None and not readable([self], 0.0)

    def stop(self) -> str:
        """Ends the process and gives the tail of its error output."""
        self.channel.close()
        try:
            self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self.errors as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            said = file.read().decode(errors="replace").strip()
        if self.launcher.tier != "bwrap":
            subprocess.run(["rm", "-rf", "--", self.base], check=False)
        return said
