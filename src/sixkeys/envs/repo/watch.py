"""What does a run do, seen from outside? Its records, its text, its memory, its end.

Runs inside the sandbox, in the warm parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NamedTuple

LINUX = sys.platform == "linux"
TEXT_KEPT = 16_000
COLD_TEXT_KEPT = 1 << 20
LOOK_SECONDS = 0.1
"""How often the memory and the records of a run are looked at."""
MANY = 1 << 15
"""Bytes of records between two looks, half a pipe, from which on every record wakes the parent."""
LEAST_LEFT = 8
"""A run that grows beyond its limit in memory that no process holds may not leave less than this part of the
machine's."""
OUTCOMES = ("passed", "failed", "skipped", "xfailed", "xpassed")


def processes() -> list[int]:
    """The ids of all processes in sight."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def below(pid: int) -> list[int]:
    """The ids of all processes that descend from `pid`."""
    parents = {each: _parent(each) for each in processes()}
    found: list[int] = []
    front = {pid}
    while front := {each for each, parent in parents.items() if parent in front}:
        found += front
    return found


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def threads_of(uid: int) -> int:
    """How many threads of a user are in sight: what the kernel counts against a limit on processes."""
    mine = (entry.path for entry in os.scandir("/proc") if entry.name.isdigit() and _owner(entry) == uid)
    return sum(map(_threads, mine))


def _owner(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat().st_uid
    except OSError:
        return None


def _threads(path: str) -> int:
    try:
        return len(os.listdir(f"{path}/task"))
    except OSError:
        return 0


class Room(NamedTuple):
    """What a folder and the file system it lies in hold, in bytes and entries."""

    folder: str
    entries: int
    size: int
    left: int
    """Bytes that the file system has left, of `total`."""
    total: int
    closed: bool
    """Whether something below could not be looked into."""


def holds(folder: str) -> Room:
    """Counts a folder, by walking; it may change meanwhile. Blocks count, not lengths."""
    entries = size = 0
    closed, inside = False, [folder]
    while inside:
        try:
            with os.scandir(inside.pop()) as found:
                for entry in found:
                    with contextlib.suppress(FileNotFoundError):
                        size += 512 * entry.stat(follow_symlinks=False).st_blocks
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        inside.append(entry.path)
        except PermissionError:
            closed = True
        except OSError:
            continue
    space = os.statvfs(folder)
    unit = space.f_frsize
    return Room(folder, entries, size, space.f_bavail * unit, space.f_blocks * unit, closed)


class Watch:
    """What a run does, seen from outside. Keeps state: what was read from the run so far."""

    def __init__(
        self, pid: int, records: int, text: int, limits: dict[str, int], cold: bool, folders: list[str],
        shared: Room | None = None,
    ):  # fmt: skip
        """folders: where the run may write, if these are file systems of its own; shared: what its one folder
        held before, if it is not."""
        self.pid, self.limits, self.folders, self.shared = pid, limits, folders, shared
        self.walk = time.monotonic() + LOOK_SECONDS
        self.before = {folder: entries(folder) for folder in folders}
        self.machine = machine() if LINUX else {}
        self.sources = {records: "records", text: "text"}
        self.raw = bytearray()
        self.text = bytearray()
        self.kept = COLD_TEXT_KEPT if cold else TEXT_KEPT
        self.amount = 0
        self.ended = self.eager = False
        self.looked = time.monotonic()
        for source in self.sources:
            os.set_blocking(source, False)
        self.exit = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None

    def until(self, deadline: float, channel: socket.socket) -> tuple[str, str]:
        """The status of the run and in words why; returns as soon as it is known.

        Records are only looked at now and then or when the run is over, unless they are many: to be woken
        for each one costs more than the run itself. A run whose pipe is full waits for the next look. A run
        is over when it closes its pipe of records, some milliseconds before its process is gone.
        """
        pause = LOOK_SECONDS if self.exit is not None else 0.01
        while True:
            left = deadline - time.monotonic()
            poll = select.poll()
            for source, kind in self.sources.items():
                poll.register(source, select.POLLIN if kind == "text" or self.eager else 0)
            for descriptor in (channel.fileno(), *([] if self.exit is None else [self.exit])):
                poll.register(descriptor, select.POLLIN)
            ready = [descriptor for descriptor, _ in poll.poll(1e3 * max(0.0, min(left, pause)))]
            if channel.fileno() in ready:
                return "alone", "the client is gone"
            gone = self.exit in ready if self.exit is not None else _exited(self.pid)
            before = len(self.raw)
            for source in list(self.sources) if gone or not ready or left <= 0 else ready:
                if source in self.sources:
                    self.read(source)
            self.eager = self.eager or len(self.raw) - before > MANY
            if self.ended:
                for source in list(self.sources):
                    self.read(source)
                return "finished", ""
            if left <= 0:
                return "timeout", "the run took longer than its limit"
            if self.amount > self.limits["output"]:
                return "flood", f"the run wrote more than {self.limits['output']} bytes of output"
            if gone:
                return self.why()
            if self.too_large():
                return "crashed", f"the run used more than {self.limits['resident']} bytes of memory"
            if any(entries(folder) - self.before[folder] > self.limits["entries"] for folder in self.folders):
                return "flood", f"the run made more than {self.limits['entries']} files"
            if filled := self.filled():
                return "flood", filled

    def read(self, source: int) -> None:
        """Takes what is there, up to the limit on output."""
        while self.amount <= self.limits["output"]:
            try:
                piece = os.read(source, 1 << 16)
            except BlockingIOError:
                return
            if not piece:
                os.close(source)
                del self.sources[source]
                return
            self.amount += len(piece)
            if self.sources[source] == "text":
                self.text += piece
                del self.text[: -self.kept]
            else:
                self.raw += piece
                self.ended = b'{"end":' in self.raw[-80:]

    def records(self) -> list[dict[str, Any]] | None:
        """The whole records that came; None where one is no record of child.py's."""
        found, at = [], 0
        while at + 4 <= len(self.raw):
            size = int.from_bytes(self.raw[at : at + 4], "big")
            body = bytes(self.raw[at + 4 : at + 4 + size])
            if len(body) < size:
                break
            try:
                found.append(json.loads(body))
            except (ValueError, RecursionError):
                return None
            if not sound(found[-1]):
                return None
            at += 4 + size
        return found

    def why(self) -> tuple[str, str]:
        """A run that ended by itself, without its End record."""
        info = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if info is None:
            return "crashed", "the process ended"
        if info.si_code == os.CLD_EXITED:
            return "crashed", f"the process ended by itself (exit code {info.si_status})"
        name = signal.Signals(info.si_status).name
        if name == "SIGXFSZ":
            return "flood", f"the run wrote more than {self.limits['file']} bytes to one file"
        if name == "SIGXCPU":
            return "timeout", "the run used more CPU seconds than its limit"
        return "crashed", f"the process was killed by {name}"

    def too_large(self) -> bool:
        """Whether the run's processes together hold too much; pages that forks share are counted once."""
        if not LINUX or time.monotonic() - self.looked < LOOK_SECONDS:
            return False
        self.looked = time.monotonic()
        mine = processes() if os.getpid() == 1 else below(os.getpid())
        limit = self.limits["resident"]
        if sum(map(resident, mine)) > limit and sum(map(proportional, mine)) > limit:
            return True
        now = machine()
        taken = {name: abs(now[name] - self.machine[name]) for name in now}
        left = now["MemAvailable"] * LEAST_LEFT > now["MemTotal"]
        return (taken["MemAvailable"] > limit and not left) or (
            taken["Shmem"] > limit and any(map(shares, mine))
        )

    def filled(self) -> str:
        """What the run has too much of in a folder whose file system is others' too; empty if nothing.

        A walk over many files takes long: it may have a tenth of the time.
        """
        began = time.monotonic()
        if self.shared is None or began < self.walk:
            return ""
        now = holds(self.shared.folder)
        self.walk = time.monotonic() + max(LOOK_SECONDS, 10 * (time.monotonic() - began))
        if now.closed:
            return "the run closed a folder, so that what it holds cannot be counted"
        if now.entries - self.shared.entries > self.limits["entries"]:
            return f"the run made more than {self.limits['entries']} files"
        if now.size - self.shared.size > self.limits["disk"]:
            return f"the run wrote more than {self.limits['disk']} bytes to the disk"
        taken = self.shared.left - now.left
        if taken > self.limits["disk"] and now.left * LEAST_LEFT < now.total:
            return "the disk is nearly full, and the run may have filled it"
        return ""

    def close(self) -> None:
        for descriptor in (*self.sources, *([] if self.exit is None else [self.exit])):
            os.close(descriptor)


def _exited(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def sound(record: Any) -> bool:
    """Whether a record is one that child.py sends: the code under test can write there, too."""
    if not isinstance(record, dict) or len(record) != 1:
        return False
    ((kind, value),) = record.items()
    if kind == "report":
        return (
            _are(str, value, 6, {3: (int, float)}) and value[2] in OUTCOMES and 0 <= value[3] < 1e9
        )  # a NaN is not
    if kind == "lines":
        return _are(list, value) and all(
            _are(str, pair, 2, {1: list}) and _are(int, pair[1]) for pair in value
        )
    if kind == "variant":
        return _are(int, value, 4, {2: str, 3: str}) and value[1] >= 0
    return (
        (kind in ("start", "usage") and isinstance(value, str))
        or (kind == "collected" and _are(str, value))
        or (kind == "covered" and _are(str, value, 2))
        or (kind == "end" and isinstance(value, int))
    )


def _are(kind: type, values: Any, count: int = -1, others: dict[int, Any] | None = None) -> bool:
    """Whether this is a list of `kind`, of `count` if that is given, with other kinds in some places."""
    wanted = others or {}
    return (
        isinstance(values, list)
        and count in (-1, len(values))
        and all(isinstance(value, wanted.get(place, kind)) for place, value in enumerate(values))
    )


def entries(folder: str) -> int:
    """How many files, folders and attributes a file system holds; 0 where the folder was moved."""
    try:
        space = os.statvfs(folder)
    except OSError:
        return 0
    return space.f_files - space.f_ffree


def machine() -> dict[str, int]:
    """Bytes of memory that the machine has, has left, and holds as shared."""
    with open("/proc/meminfo") as file:
        rows = dict(line.split(":") for line in file)
    return {name: 1024 * int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable", "Shmem")}


def shares(pid: int) -> bool:
    """Whether a process has memory that it may share without a file: its pages outlive their use unseen."""
    try:
        with open(f"/proc/{pid}/maps") as file:
            return any("/dev/zero" in line and "s" in line.split()[1] for line in file)
    except OSError:
        return False


def resident(pid: int) -> int:
    """Bytes of a process's pages that are no file's, shared ones too; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            rows = dict(line.split(":", 1) for line in file)
        return sum(1024 * int(rows[name].split()[0]) for name in ("RssAnon", "RssShmem"))
    except (OSError, ValueError, KeyError):
        return 0


def proportional(pid: int) -> int:
    """Bytes of a process's pages, each divided by how many share it; slower; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
