"""Who starts, watches and ends each run inside the sandbox? The warm parent, one fork a run.

In: requests on file descriptor 0, a socket, each a length-prefixed JSON message. Out: one reply a request.
It has pytest imported and stands inside pytest's own `pytest_collection` in an empty folder; each run is a
fork that goes on from there with its own files (child.py). Or it is `live`: it keeps one repository, which
the first request brings, with what that imports from elsewhere already imported, and each run is a fork with
a session of its own and some files changed. Under bubblewrap this process is pid 1 of its
namespace: code under test cannot stop it, and when a run ends every other process of the namespace is
killed. Under Landlock it is walled off from what is above and below it, which comes to the same
(landlock.py).

Not covered: a run's records come from the process that also runs the code under test.
"""

import contextlib
import ctypes
import fcntl
import functools
import gc
import importlib
import importlib.metadata
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import pytest

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
LINUX = sys.platform == "linux"
UNCLEAN = 70
"""Exit code of a parent that could not empty its folder; no run was begun since."""
LEARN_SECONDS = 0.5
"""CPU time that the warm parent spends at most on the test files of one run."""
COUNT_SECONDS = 5.0
"""How old the count of the user's other processes may be when a run begins."""
IMPORT_SECONDS = 20.0
"""Wall time that the imports ahead of all runs of a repository may take together."""


def keep(settings: dict, rooms: SimpleNamespace) -> NoReturn:
    """Serves runs until the client is gone. Never returns here; in each fork pytest goes on and exits.

    rooms: the modules `child`, `holders`, `landlock`, `library`, `live`, `syscalls`, `tracer`, `tree`,
    `variants` and `watch` of this folder.
    """
    channel = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 100))
    empty = os.open(os.devnull, os.O_RDWR)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    harden(settings["tier"])
    keeper, child = Keeper(settings, channel, rooms), rooms.child
    keeper.holders.install()
    if settings["live"]:
        keeper.rehearse(rooms.live.LIVE)
        keeper.move_in(keeper.receive())
        keeper.live()
    child.rehearse(settings["base"], child.arguments())
    keeper.clean()
    keeper.library.install()
    pytest.main(child.arguments(), plugins=[child.Stage(keeper.serve, rooms.variants.Variants)])
    sys.exit("pytest ended before the first request")


def harden(tier: str) -> None:
    """No new privileges, no look into this process, and no orphan that could be lost."""
    if not LINUX:
        return
    control(PR_SET_NO_NEW_PRIVS, 1)
    control(PR_SET_DUMPABLE, 0)
    if tier == "bwrap":
        control(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        control(PR_SET_CHILD_SUBREAPER, 1)
    if tier != "none":
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def control(option: int, value: int) -> None:
    """prctl; raises OSError where the kernel refuses."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


class TooLong(BaseException):
    """Raised in the middle of compiling, past every handler of ordinary errors."""


def too_long(*_: object) -> NoReturn:
    """A signal handler."""
    raise TooLong


class Fork(NamedTuple):
    """A run's process, as either side sees it."""

    pid: int
    """0 in the process itself."""
    asked: int
    """The pipe that brings a request to one that was made ahead of it."""
    records: int
    text: int


class Keeper:
    """The parent of all runs. Keeps state: the channel to the client and what leads into the current run."""

    def __init__(self, settings: dict, channel: socket.socket, rooms: SimpleNamespace):
        self.base: str = settings["base"]
        self.repo: str = settings["repo"]
        self.limits: dict[str, int] = settings["limits"]
        self.settings, self.tier = settings, settings["tier"]
        self.contained: bool = self.tier == "landlock" or (settings["contained"] and os.getpid() == 1)
        """Whether `kill(-1)` reaches what runs left behind, and nothing else."""
        self.scratch: list[str] = ["/dev/shm"] if self.tier == "bwrap" else []
        self.counted = -COUNT_SECONDS
        """When the user's processes were last counted."""
        self.empty: Any = None
        """What the folder holds before a run, where it is no file system of its own."""
        self.marks: dict[str, tuple] = {}
        """What the folders that are never removed looked like before the first run."""
        self.channel = channel
        self.rooms = rooms
        self.library = rooms.library.Library(self.repo)
        self.holders = rooms.holders.Holders()
        self.tree: Any = None
        self.note = ""
        """Why every run begins in a new Python, where that is so."""

    def rehearse(self, options: list[str]) -> None:
        """A session without the repository; where its own plugin is missed, only a new Python finds it."""
        try:
            code = self.rooms.child.rehearse(self.base, options)
            why = f"exit code {code}" if code > 1 else ""
        except (Exception, SystemExit) as error:
            why = f"{type(error).__name__}: {error}"
        if why:
            self.note = f"pytest does not start without the repository: {why}"

    def move_in(self, repository: dict) -> None:
        """Writes the repository's files, compiles its Python files, imports what it needs from elsewhere."""
        self.tree = self.rooms.tree.Tree(self.repo, repository["entries"])
        self.clean()
        self.library.know(self.tree.texts())
        self.library.install()
        self.note = self.note or imported_ahead(repository["modules"])

    def live(self) -> NoReturn:
        """Serves runs of the repository from inside a session, or from before it if that will not do."""
        live = self.rooms.live
        hands = live.Hands(self.rooms.child, self.tracer, self.rooms.variants.Variants)
        waiting = live.Waiting(self.serve, hands, not self.tree.has("conftest.py"))
        code = 0 if self.note else waiting.start()
        if waiting.reporter is not None:
            waiting.reporter.end(code)
        sys.exit(live.live(*self.serve(), hands))

    def tracer(self) -> Any:
        """Who marks the statements that a run passes."""
        return self.rooms.tracer.Tracer(self.repo)

    def serve(self) -> tuple[dict, int, int]:
        """Returns only in a fork: the request and the descriptors on which it reports and prints."""
        self.holders.open = False
        gc.collect()
        gc.freeze()
        self.reply(ready=True, uid=os.geteuid(), contained=self.contained, note=self.note)
        while True:
            fork = self.ahead()
            if fork is not None and fork.pid == 0:
                return self.handed(fork, received(functools.partial(os.read, fork.asked)))
            request = self.receive()
            request["cold"], request["fresh"] = bool(request.get("cold")), bool(self.note)
            self.count()
            made_ahead = fork is not None
            if fork is None:
                self.learn(request["files"])
                began, fork = time.monotonic(), self.fork()
                if fork.pid == 0:
                    return self.handed(fork, request)
            else:
                began = time.monotonic()
                send(fork.asked, request, UNCLEAN)
            os.close(fork.asked)
            pid = fork.pid
            folders = [self.base, self.repo, *self.scratch] if self.tier == "bwrap" else []
            watch = self.rooms.watch.Watch(
                pid, fork.records, fork.text, self.limits, request["cold"], folders, self.shared()
            )
            status, detail = watch.until(began + request["seconds"], self.channel)
            self.kill(pid)
            if status == "alone":
                self.end(pid)
                os._exit(0)
            found = watch.records()
            if found is None:
                status, detail = "crashed", "the run reported what pytest does not report"
            self.reply(
                status=status, detail=detail, seconds=time.monotonic() - began,
                records=found or [], text=watch.text.decode(errors="replace"), cold=request["cold"],
            )  # fmt: skip
            self.end(pid)
            watch.close()
            self.clean()
            if made_ahead:
                self.learn(request["files"])

    def ahead(self) -> Fork | None:
        """The process of the next run, where nobody waits for it yet and its limits cannot grow old."""
        waits = select.select([self.channel], [], [], 0.0)[0]
        return None if waits or self.tier != "bwrap" else self.fork()

    def fork(self) -> Fork:
        """Both sides return: the process of a run, which has nothing of this one's but what it may have."""
        pipes = [os.pipe() for _ in Fork._fields[1:]]
        pid = os.fork()
        ours, theirs = zip(*pipes[1:], strict=True)
        asked, ask = pipes[0]
        for descriptor in (ask, *ours) if pid == 0 else (asked, *theirs):
            os.close(descriptor)
        if pid:
            return Fork(pid, ask, *ours)
        self.channel.close()
        self.rooms.child.enter(self.repo, self.limits)
        if self.tier == "landlock":
            self.rooms.landlock.narrow(self.settings)
            self.rooms.syscalls.install(self.rooms.syscalls.unchanged(os.uname().machine))
        return Fork(0, asked, *theirs)

    def handed(self, fork: Fork, request: dict) -> tuple[dict, int, int]:
        """In the process of a run: from here on its time counts."""
        os.close(fork.asked)
        self.rooms.child.limit("CPU", int(request["cpu"]) + 2)
        self.library.heed(request["files"])
        return request, fork.records, fork.text

    def count(self) -> None:
        """Without a namespace the kernel counts the user's processes with the run's: the limit lies above."""
        if self.tier == "landlock" and time.monotonic() - self.counted > COUNT_SECONDS:
            self.counted = time.monotonic()
            own = self.settings["limits"]["processes"]
            self.limits = {**self.limits, "processes": own + self.rooms.watch.threads_of(os.getuid())}

    def shared(self) -> Any:
        """What the run's folder holds before it, where that lies in a file system of others'."""
        if self.tier == "landlock" and self.empty is None:
            self.empty = self.rooms.watch.holds(self.base)
        return self.empty

    def learn(self, files: dict[str, str]) -> None:
        """Compiles new test files ahead, in bounded time; one that takes longer is left to the runs."""
        if self.tree is not None:
            return
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
        return received(self.channel.recv)

    def reply(self, **message: Any) -> None:
        send(self.channel.fileno(), message)

    def kill(self, pid: int) -> None:
        """Kills the run, and in a namespace of its own whatever it left behind."""
        targets = [(os.kill, -1)] if self.contained else [(os.killpg, pid), (os.kill, pid)]
        for kill, target in targets:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(target, signal.SIGKILL)

    def end(self, pid: int) -> None:
        """Waits until the killed run and whatever it left behind is gone."""
        if self.contained:
            while _reap():
                continue
            return
        os.waitpid(pid, 0)
        while _reap(0 if self._kill_children() else os.WNOHANG):
            continue

    def clean(self) -> None:
        """Leaves the folders as a run must find them; where that cannot be done this process ends."""
        try:
            for folder in (self.base, *self.scratch):
                for entry in os.scandir(folder):
                    if self.tree is None or entry.path != self.repo:
                        self.rooms.tree.remove(entry.path, entry.is_dir(follow_symlinks=False))
            if os.path.islink(self.repo):
                os.unlink(self.repo)
            os.makedirs(self.repo, exist_ok=True)
            if self.tree is not None:
                self.tree.restore()
            for folder in (self.base, self.repo, *self.scratch):
                with contextlib.suppress(PermissionError):
                    os.utime(folder, (0.0, 0.0))
                marks = self.rooms.tree.marks(folder)
                if self.marks.setdefault(folder, marks) != marks:
                    os._exit(UNCLEAN)
            os.chdir(self.repo)
        except (OSError, RecursionError):
            os._exit(UNCLEAN)

    def _kill_children(self) -> bool:
        """Without a namespace orphans come to this process; kills its children, says whether there were
        any."""
        if not LINUX:
            return False
        found = False
        for pid in self.rooms.watch.processes():
            with contextlib.suppress(OSError, IndexError):
                with open(f"/proc/{pid}/stat") as file:
                    state = file.read().rpartition(")")[2].split()
                if int(state[1]) == os.getpid():
                    found = True
                    os.kill(pid, signal.SIGKILL)
        return found


def received(read: Callable[[int], bytes]) -> dict:
    """The next message that `read` brings in pieces; where its sender is gone this process ends."""

    def exactly(count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            piece = read(min(count - len(parts), 1 << 20))
            if not piece:
                os._exit(0)
            parts += piece
        return bytes(parts)

    return json.loads(exactly(int.from_bytes(exactly(4), "big")))


def send(descriptor: int, message: dict, code: int = 0) -> None:
    """Writes a message whole; where its reader is gone this process ends, with an exit code."""
    data = json.dumps(message).encode()
    view = memoryview(len(data).to_bytes(4, "big") + data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        os._exit(code)


def imported_ahead(modules: list[str]) -> str:
    """Imports modules and pytest's installed plugins once for all runs; why no run may fork then, or ''."""
    before = signal.signal(signal.SIGALRM, too_long)
    try:
        signal.setitimer(signal.ITIMER_REAL, IMPORT_SECONDS)
        for plugin in importlib.metadata.entry_points(group="pytest11"):
            if plugin.name != "sixkeys":
                attempt(plugin.module)
        for name in modules:
            attempt(name)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    except TooLong:
        pass
    signal.signal(signal.SIGALRM, before)
    threads = len(os.listdir("/proc/self/task")) if LINUX else threading.active_count()
    return f"what is imported keeps {threads - 1} threads running, which a fork would lose" * (threads > 1)


def attempt(name: str) -> None:
    """Imports a module; one that cannot be imported is left to the run."""
    try:
        importlib.import_module(name)
    except TooLong:
        raise
    except BaseException:
        sys.modules.pop(name, None)


def _reap(flags: int = 0) -> bool:
    try:
        return os.waitpid(-1, flags)[0] != 0
    except ChildProcessError:
        return False
