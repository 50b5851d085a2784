"""Which of many small changes make tests pass? Tests are collected once; each change is tried in a fork.

Runs inside the sandbox, in the fork of a run. A change is the new text of one function: in its fork every
function object with the old code gets the new one, as if it had been written so. Streams one record a change,
`variant`: its number, how many of its tests passed, and in a word what ended it.

Not covered: what the old code did before the first test, and functions that are made while a test runs (the
asker must try such changes in a run of their own); what a change's tests leave in the folder, the next sees.
"""

import __future__

import contextlib
import ctypes
import gc
import os
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from types import CodeType, FunctionType
from typing import Any

import pytest

PR_SET_PDEATHSIG = 1
GREEN = ("passed", "xfailed")
UNFIT = "unfit"
"""The change cannot be tried this way: its tests or its function are not there before the tests run."""
WALL = 3.0
"""How many times its CPU limit a change may take by the clock, and as many seconds more."""

Functions = dict[tuple[str, int, str], list[FunctionType]]


class Variants:
    """A plugin that tries changes where pytest would run the tests. Keeps state: how the last test went."""

    def __init__(self, reporter: Any, variants: list[dict], seconds: float):
        self.reporter, self.variants, self.seconds = reporter, variants, seconds
        self.green = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        items = {item.nodeid: item for item in session.items}
        known = functions()
        gc.collect()
        gc.freeze()
        for number, variant in enumerate(self.variants):
            chosen = [items[node] for node in variant["tests"] if node in items]
            answer = self.tried(variant, chosen, known) if chosen else (0, UNFIT)
            self.reporter.send({"variant": [number, *answer]})
        self.reporter.end(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail") and report.skipped
        self.green = self.green and (report.passed or expected) and not (report.skipped and not expected)

    def tried(self, variant: dict, items: list, known: Functions) -> tuple[int, str]:
        """How many of the tests passed, and what ended it: passed, failed, timeout, crashed or unfit."""
        path = os.path.join(os.getcwd(), variant["path"])
        olds = known.get((path, variant["line"], variant["names"][-1]), [])
        try:
            code = inner(compiled(variant, path), variant["names"])
        except (SyntaxError, ValueError, LookupError):
            return 0, UNFIT
        if not olds or any(len(old.__code__.co_freevars) != len(code.co_freevars) for old in olds):
            return 0, UNFIT
        said, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(said)
            alone(self.seconds)
            for old in olds:
                old.__code__ = code
            self.run(items, told)
            os._exit(0)
        os.close(told)
        passed, ended = heard(pid, said, WALL * (self.seconds + 1.0))
        os.close(said)
        return passed, "passed" if passed == len(items) else ended

    def run(self, items: list, told: int) -> None:
        """Runs the tests; writes a byte for each that passes."""
        for item, after in zip(items, [*items[1:], None], strict=True):
            self.green = True
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.green:
                os.write(told, b".")


def compiled(variant: dict, path: str) -> CodeType:
    """A variant's source as a module's code, under the future of its file."""
    flags = 0
    for name in variant["future"]:
        flags |= getattr(__future__, name).compiler_flag
    return compile(variant["source"], path, "exec", flags, True)


def functions() -> Functions:
    """Every function object that there is, by its code's file, first line and name."""
    found: Functions = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            code = thing.__code__
            found[code.co_filename, code.co_firstlineno, code.co_name].append(thing)
    return found


def inner(code: CodeType, names: list[str]) -> CodeType:
    """The code of a function inside a module's, by the names of the classes around it and its own."""
    for name in names:
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return code


def alone(seconds: float) -> None:
    """A session of its own, a death signal, a limit of CPU seconds, and one behind that cannot be lifted."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 2))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def heard(pid: int, said: int, seconds: float) -> tuple[int, str]:
    """How many bytes a fork wrote and how it ended, within `seconds`; nothing of it is left then."""
    os.set_blocking(said, False)
    count, deadline, ended = 0, time.monotonic() + seconds, ""
    exit_ = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    while not ended:
        left = deadline - time.monotonic()
        watched = [said] if exit_ is None else [exit_]
        select.select(watched, [], [], max(0.0, min(left, 0.01 if exit_ is None else left)))
        info = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if info is not None:
            limit = info.si_code != os.CLD_EXITED and info.si_status in (signal.SIGPROF, signal.SIGXCPU)
            ended = "failed" if info.si_code == os.CLD_EXITED else "timeout" if limit else "crashed"
        elif left <= 0:
            ended = "timeout"
    with contextlib.suppress(BlockingIOError):
        count = len(os.read(said, 1 << 12))
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if exit_ is not None:
        os.close(exit_)
    return count, ended
