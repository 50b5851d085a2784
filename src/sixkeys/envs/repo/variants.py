"""Which of many small changes make tests pass? Tests are collected once; each change is tried in a fork.

Runs inside the sandbox, in the fork of a run. A change is the new text of one function: in its fork every
function object with the old code gets the new one, as if it had been written so. Where changes name probes,
tests of which one must pass for the others to matter, many are screened first, one after the other in one
fork, by calling the tests; what passes a probe there and breaks nothing is tried like any other, by pytest in
a fork of its own. Streams one record a change, `variant`: its number, how many of its tests passed, in a word
what ended it, and a sign a test that was run.

Not covered: what the old code did before the first test, and functions that are made while a test runs (the
asker must try such changes in a run of their own); what a change's tests leave in the folder, the next sees;
what a screened change leaves in the memory of its process, the next screened one sees.
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
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest

PR_SET_PDEATHSIG = 1
GREEN = ("passed", "xfailed")
BROKE = "broke"
"""A probe passes and a test that is no probe fails: seen by the screen."""
UNFIT = "unfit"
"""The change cannot be tried this way: its tests or its function are not there before the tests run."""
QUICK = 0.2
"""The share of its limit that a change may take where it is screened: without pytest around it."""
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
        hopeless = Screen(self.variants, self.seconds, known, items).hopeless()
        for number, variant in enumerate(self.variants):
            chosen = [items[node] for node in variant["tests"] if node in items]
            if number in hopeless:
                answer = (0, hopeless[number], "-" * variant["probes"])
            else:
                answer = self.tried(variant, chosen, known) if chosen else (0, UNFIT, "")
            self.reporter.send({"variant": [number, *answer]})
        self.reporter.end(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail") and report.skipped
        self.green = self.green and (report.passed or expected) and not (report.skipped and not expected)

    def tried(self, variant: dict, items: list, known: Functions) -> tuple[int, str, str]:
        """How many of the tests passed, what ended it: passed, failed, timeout, crashed or unfit, and `.` or
        `-` for each test."""
        change = Change.of(variant, known)
        if change is None:
            return 0, UNFIT, ""
        said, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(said)
            alone(self.seconds)
            if not change.made():
                os._exit(0)
            self.run(items, told, variant.get("probes", 0))
            os._exit(0)
        os.close(told)
        signs, ended = heard(pid, said, WALL * (self.seconds + 1.0))
        os.close(said)
        passed = signs.count(".")
        return passed, "passed" if passed == len(items) else ended, signs

    def run(self, items: list, told: int, probes: int) -> None:
        """Runs the tests; writes a byte for each. Where none of the first `probes` passes, the others are not
        run."""
        some = not probes
        for place, (item, after) in enumerate(zip(items, [*items[1:], None], strict=True)):
            if place == probes and not some:
                return
            self.green = True
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            some |= self.green
            os.write(told, b"." if self.green else b"-")


class Change(NamedTuple):
    """A variant, ready to be put on."""

    olds: list[FunctionType]
    code: CodeType
    head: CodeType | None
    """The whole text's code, where the function's head changes too."""

    @classmethod
    def of(cls, variant: dict, known: Functions) -> "Change | None":
        """None where it cannot be tried by giving functions other code."""
        path = os.path.join(os.getcwd(), variant["path"])
        olds = known.get((path, variant["line"], variant["names"][-1]), [])
        try:
            whole = compiled(variant, path)
            code = inner(whole, variant["names"])
        except (SyntaxError, ValueError, LookupError):
            return None
        if not olds or any(len(old.__code__.co_freevars) != len(code.co_freevars) for old in olds):
            return None
        return cls(olds, code, whole if variant.get("head") else None)

    def made(self) -> bool:
        """Puts it on; False where the changed head of a function cannot be run."""
        for old in self.olds:
            if self.head is not None:
                space = {**old.__globals__}
                try:
                    exec(self.head, space)
                except Exception:
                    return False
                new = space[self.code.co_name]
                old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
            old.__code__ = self.code
        return True


class Screen:
    """Which variants let no probe pass, or break something? Keeps state: what is known, up to which one."""

    def __init__(self, variants: list[dict], seconds: float, known: Functions, items: dict[str, Any]):
        self.variants, self.seconds, self.known, self.items = variants, QUICK * seconds, known, items
        self.signs = ""
        """One a variant: `-` no probe passes, `b` one does and a test that is no probe fails, `.` anything
        else, `t` and `c` for a fork that it ended."""

    def hopeless(self) -> dict[int, str]:
        """Numbers of variants that need not be tried by pytest -> what ended them."""
        if not self.variants or not all(map(self.callable, self.variants)):
            return {}
        while len(self.signs) < len(self.variants):
            self.some()
        ends = {"-": "failed", "b": BROKE, "t": "timeout", "c": "crashed"}
        return {number: ends[sign] for number, sign in enumerate(self.signs) if sign in ends}

    def callable(self, variant: dict) -> bool:
        """Are all its tests plain functions that take nothing and to which no fixture is done?"""
        return bool(variant.get("probes")) and all(
            (item := self.items.get(node)) is not None
            and type(item) is pytest.Function
            and not item.fixturenames
            and item.cls is None
            for node in variant["tests"]
        )

    def some(self) -> None:
        """Screens variants in one fork until all are done or one has ended it."""
        said, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(said)
            alone(self.seconds)
            mute()
            for variant in self.variants[len(self.signs) :]:
                signal.setitimer(signal.ITIMER_PROF, self.seconds)
                os.write(told, self.sign(variant))
            os._exit(0)
        os.close(told)
        left = len(self.variants) - len(self.signs)
        signs, ended = heard(pid, said, WALL * (self.seconds * left + 1.0))
        os.close(said)
        self.signs += signs
        if len(self.signs) < len(self.variants):
            self.signs += "t" if ended == "timeout" else "c"

    def sign(self, variant: dict) -> bytes:
        """Puts a variant on, calls its probes, takes it off."""
        change = Change.of(variant, self.known)
        if change is None:
            return b"."
        before = [(old, old.__code__, old.__defaults__, old.__kwdefaults__) for old in change.olds]
        tests, probes = [self.items[node].obj for node in variant["tests"]], variant["probes"]
        passed = change.made() and any(map(quiet, tests[:probes]))
        broke = passed and not all(map(quiet, tests[probes:]))
        for old, code, defaults, named in before:
            old.__code__, old.__defaults__, old.__kwdefaults__ = code, defaults, named
        return b"b" if broke else b"." if passed else b"-"


def quiet(test: Callable[[], object]) -> bool:
    """Does a test function return?"""
    try:
        test()
    except BaseException:
        return False
    return True


def mute() -> None:
    """What is printed goes nowhere."""
    empty = os.open(os.devnull, os.O_RDWR)
    for target in (1, 2):
        os.dup2(empty, target)
    sys.stdout = sys.stderr = os.fdopen(empty, "w")


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
        found = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name]
        if not found:
            raise LookupError(name)
        code = found[0]
    return code


def alone(seconds: float) -> None:
    """A session of its own, a death signal, a limit of CPU seconds, and one behind that cannot be lifted."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 2))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def heard(pid: int, said: int, seconds: float) -> tuple[str, str]:
    """What a fork wrote and how it ended, within `seconds`; nothing of it is left then."""
    os.set_blocking(said, False)
    signs, deadline, ended = "", time.monotonic() + seconds, ""
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
        signs = os.read(said, 1 << 12).decode(errors="replace")
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if exit_ is not None:
        os.close(exit_)
    return signs, ended
