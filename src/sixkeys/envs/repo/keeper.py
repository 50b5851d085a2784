"""Who starts, watches and ends each run inside the sandbox? The warm parent, one fork a run.

In: requests on file descriptor 0, a socket, each a length-prefixed JSON message. Out: one reply a request.
It has pytest imported and stands inside pytest's own `pytest_collection` in an empty folder; each run is a
fork that goes on from there with its own files (child.py). Under bubblewrap this process is pid 1 of its
namespace: code under test cannot stop it, and when a run ends every other process of the namespace is
killed.

Not covered: a run's records come from the process that also runs the code under test.
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from types import ModuleType
from typing import Any, NoReturn

import pytest

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
LINUX = sys.platform == "linux"
TEXT_KEPT = 16_000
COLD_TEXT_KEPT = 1 << 20
UNCLEAN = 70
"""Exit code of a parent that could not empty its folder; no run was begun since."""
LEARN_SECONDS = 0.5
"""CPU time that the warm parent spends at most on the test files of one run."""
LOOK_SECONDS = 0.1
"""How often the memory and the records of a run are looked at."""
MANY = 1 << 15
"""Bytes of records between two looks, half a pipe, from which on every record wakes the parent."""


def keep(settings: dict, child: ModuleType) -> NoReturn:
    """Serves runs until the client is gone. Never returns here; in each fork pytest goes on and exits."""
    channel = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 100))
    empty = os.open(os.devnull, os.O_RDWR)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    harden(contained=settings["contained"])
    child.rehearse(settings["base"])
    keeper = Keeper(settings, channel, child)
    keeper.clean()
    keeper.library.install()
    pytest.main(child.arguments(), plugins=[child.Stage(keeper.serve)])
    sys.exit("pytest ended before the first request")


def harden(contained: bool) -> None:
    """No new privileges, no look into this process, and no orphan that could be lost."""
    if not LINUX:
        return
    control(PR_SET_NO_NEW_PRIVS, 1)
    control(PR_SET_DUMPABLE, 0)
    control(PR_SET_PDEATHSIG if contained else PR_SET_CHILD_SUBREAPER, signal.SIGKILL if contained else 1)


def control(option: int, value: int) -> None:
    """prctl; raises OSError where the kernel refuses."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


class TooLong(BaseException):
    """Raised in the middle of compiling, past every handler of ordinary errors."""


def too_long(*_: object) -> NoReturn:
    """A signal handler."""
    raise TooLong


class Keeper:
    """The parent of all runs. Keeps state: the channel to the client and what leads into the current run."""

    def __init__(self, settings: dict, channel: socket.socket, child: ModuleType):
        self.base: str = settings["base"]
        self.limits: dict[str, int] = settings["limits"]
        self.contained: bool = settings["contained"] and os.getpid() == 1
        self.scratch: list[str] = ["/dev/shm"] if settings["contained"] else []
        self.channel = channel
        self.child = child
        self.library = child.Library(os.path.join(self.base, "repo"))

    def serve(self) -> tuple[dict, int, int]:
        """Returns only in a fork: the request and the descriptors on which it reports and prints."""
        gc.collect()
        gc.freeze()
        self.reply(ready=True, uid=os.geteuid(), contained=self.contained)
        while True:
            request = self.receive()
            self.learn(request["files"])
            began = time.monotonic()
            records, records_in = os.pipe()
            text, text_in = os.pipe()
            pid = os.fork()
            if pid == 0:
                self.channel.close()
                for descriptor in (records, text):
                    os.close(descriptor)
                self.child.enter(self.base, self.limits, request["seconds"])
                return request, records_in, text_in
            os.close(records_in)
            os.close(text_in)
            watch = Watch(pid, records, text, self.limits, bool(request.get("cold")))
            status, detail = watch.until(began + request["seconds"], self.channel)
            if status == "alone":
                self.end(pid)
                os._exit(0)
            self.reply(
                status=status, detail=detail, seconds=time.monotonic() - began,
                records=watch.records(), text=watch.text.decode(errors="replace"),
            )  # fmt: skip
            self.end(pid)
            watch.close()
            self.clean()

    def learn(self, files: dict[str, str]) -> None:
        """Compiles new test files ahead, in bounded time; one that takes longer is left to the run."""
        before = signal.signal(signal.SIGVTALRM, too_long)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, LEARN_SECONDS)
            if self.library.learn(files):
                gc.collect()
                gc.freeze()
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        except TooLong:
            gc.collect()
        signal.signal(signal.SIGVTALRM, before)

    def receive(self) -> dict:
        return json.loads(self._exactly(int.from_bytes(self._exactly(4), "big")))

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            piece = self.channel.recv(min(count - len(parts), 1 << 20))
            if not piece:
                os._exit(0)
            parts += piece
        return bytes(parts)

    def reply(self, **message: Any) -> None:
        data = json.dumps(message).encode()
        try:
            self.channel.sendall(len(data).to_bytes(4, "big") + data)
        except OSError:
            os._exit(0)

    def end(self, pid: int) -> None:
        """Kills the run and whatever it left behind, and waits until all of it is gone."""
        if self.contained and os.getpid() == 1:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(-1, signal.SIGKILL)
            while _reap():
                continue
            return
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        while _reap(0 if _kill_children() else os.WNOHANG):
            continue

    def clean(self) -> None:
        """Leaves an empty folder for the next run; a folder that cannot be emptied ends this process."""
        try:
            for folder in (self.base, *self.scratch):
                for entry in os.scandir(folder):
                    _remove(entry.path, entry.is_dir(follow_symlinks=False))
            os.mkdir(os.path.join(self.base, "repo"))
            os.chdir(os.path.join(self.base, "repo"))
        except (OSError, RecursionError):
            os._exit(UNCLEAN)


def _remove(path: str, folder: bool) -> None:
    if not folder:
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        os.chmod(path, 0o700)
        for root, folders, _ in os.walk(path):
            for name in folders:
                if not os.path.islink(os.path.join(root, name)):
                    os.chmod(os.path.join(root, name), 0o700)
        shutil.rmtree(path)


def _reap(flags: int = 0) -> bool:
    try:
        return os.waitpid(-1, flags)[0] != 0
    except ChildProcessError:
        return False


def _kill_children() -> bool:
    """Without a namespace orphans come to this process; kills its children, says whether there were any."""
    if not LINUX:
        return False
    found = False
    for pid in processes():
        with contextlib.suppress(OSError, IndexError):
            with open(f"/proc/{pid}/stat") as file:
                state = file.read().rpartition(")")[2].split()
            if int(state[1]) == os.getpid():
                found = True
                os.kill(pid, signal.SIGKILL)
    return found


def processes() -> list[int]:
    """The ids of all processes in sight."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class Watch:
    """What a run does, seen from outside. Keeps state: what was read from the run so far."""

    def __init__(self, pid: int, records: int, text: int, limits: dict[str, int], cold: bool):
        self.pid, self.limits = pid, limits
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
        for each one costs more than the run itself. A run whose pipe is full waits for the next look.
        """
        pause = LOOK_SECONDS if self.exit is not None else 0.01
        while True:
            left = deadline - time.monotonic()
            watched = [source for source, kind in self.sources.items() if kind == "text" or self.eager]
            watched += [channel.fileno(), *([] if self.exit is None else [self.exit])]
            ready, _, _ = select.select(watched, [], [], max(0.0, min(left, pause)))
            if channel.fileno() in ready:
                return "alone", "the client is gone"
            gone = self.exit in ready if self.exit is not None else _exited(self.pid)
            before = len(self.raw)
            for source in list(self.sources) if gone or not ready or left <= 0 else ready:
                if source in self.sources:
                    self.read(source)
            self.eager = self.eager or len(self.raw) - before > MANY
            if self.ended:
                return "finished", ""
            if left <= 0:
                return "timeout", "the run took longer than its limit"
            if self.amount > self.limits["output"]:
                return "flood", f"the run wrote more than {self.limits['output']} bytes of output"
            if gone:
                return self.why()
            if self.too_large():
                return "crashed", f"the run used more than {self.limits['resident']} bytes of memory"

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

    def records(self) -> list:
        """The whole records that came."""
        found, at = [], 0
        while at + 4 <= len(self.raw):
            size = int.from_bytes(self.raw[at : at + 4], "big")
            body = bytes(self.raw[at + 4 : at + 4 + size])
            if len(body) < size:
                break
            with contextlib.suppress(ValueError):
                found.append(json.loads(body))
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
        mine = [pid for pid in processes() if os.getpid() == 1 or _session(pid) == self.pid]
        limit = self.limits["resident"]
        return sum(map(resident, mine)) > limit and sum(map(proportional, mine)) > limit

    def close(self) -> None:
        for descriptor in (*self.sources, *([] if self.exit is None else [self.exit])):
            os.close(descriptor)


def _exited(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def resident(pid: int) -> int:
    """Bytes of a process's own pages, those that it shares with its forks too; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, pages, shared = file.read().split()[:3]
        return (int(pages) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def proportional(pid: int) -> int:
    """Bytes of a process's pages, each divided by how many share it; slower; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
