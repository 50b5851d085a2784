"""Which trees must every way of running pytest get right? Samples with their known answers, kind and hostile.

Not a test file: test_runner.py runs them, the hostile ones inside the sandbox only.
"""

from __future__ import annotations

from typing import NamedTuple

HEAD = "import ctypes, os, sys, time, pytest\n"
GOOD = {"test_good.py": "def test_good(): pass\n"}
IT, BEFORE, AFTER = "test_x.py::test_it", "test_x.py::test_before", "test_x.py::test_after"


class Sample(NamedTuple):
    """A tree, its outcomes and status; `cold` is False where pytest's text cannot name the test."""

    files: dict[str, str]
    outcomes: dict[str, str]
    status: str = "finished"
    seconds: float = 10.0
    cold: bool = True


def body(code: str, outcome: str, status: str = "finished", seconds: float = 10.0) -> Sample:
    """`code` as the middle one of three tests."""
    lines = code.replace("\n", "\n    ")
    text = f"{HEAD}def test_before(): pass\ndef test_it(tmp_path):\n    {lines}\ndef test_after(): pass\n"
    outcomes = {BEFORE: "passed", IT: outcome} | ({AFTER: "passed"} if status == "finished" else {})
    return Sample({"test_x.py": text}, outcomes, status, seconds)


def alone(text: str, outcomes: dict[str, str], status: str = "finished", cold: bool = True) -> Sample:
    """`text` as the whole of one test file."""
    return Sample({"test_x.py": HEAD + text}, outcomes, status, cold=cold)


def of(file: str, **outcomes: str) -> dict[str, str]:
    """Node ids of one file."""
    return {f"{file}::{name}": outcome for name, outcome in outcomes.items()}


PARAMETRISED = """
@pytest.mark.parametrize("a, b", [(1, 2), ("x y", "[z]"), (None, 3.5)])
def test_it(a, b): assert a != 1
@pytest.mark.skipif(True, reason="why")
def test_skipped(): pass
"""
XFAILED = """
@pytest.mark.xfail
def test_a(): assert 0
@pytest.mark.xfail
def test_b(): pass
@pytest.mark.xfail(strict=True)
def test_c(): pass
"""
UNITTEST = """
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 2)
    @unittest.skip("why")
    def test_b(self): pass
    @unittest.expectedFailure
    def test_c(self): assert 0
"""
CONFTEST = """
import pytest
@pytest.fixture
def three(): yield 3
@pytest.fixture
def broken(): raise ValueError("no")
@pytest.fixture
def late():
    yield 1
    raise ValueError("late")
"""
FIXTURES = """
from pkg.numbers import THREE
def test_fine(three): assert three == THREE
def test_broken(broken): pass
def test_late(late): pass
class TestMethods:
    def test_all(self, tmp_path, monkeypatch, capsys, caplog, recwarn):
        (tmp_path / "a").write_text("x")
        print(1)
        assert capsys.readouterr().out == "1\\n"
"""
FIXTURE_TREE = {
    "conftest.py": CONFTEST,
    "pkg/__init__.py": "",
    "pkg/numbers.py": "THREE = 3\n",
    "tests/test_x.py": FIXTURES,
}
SESSION = """
import pytest
made = []
@pytest.fixture(scope="session")
def shared():
    made.append(1)
    yield made
    raise ValueError("at the end")
@pytest.fixture(scope="module", autouse=True)
def each(shared): shared.append("module")
@pytest.fixture(scope="session", params=["x", "y"])
def kind(request): return request.param
"""
SESSION_TREE = {
    "conftest.py": SESSION,
    "test_x.py": "def test_it(shared, kind): assert shared == [1, 'module'] and kind == 'x'\n",
    "test_y.py": "def test_last(shared): assert shared == [1, 'module', 'module']\n",
}
MONKEYPATCHED = """
@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setattr(os, "sep", "!")
    monkeypatch.setenv("MARK", "1")
    monkeypatch.syspath_prepend("elsewhere")
def test_it(patched): assert (os.sep, os.environ["MARK"]) == ("!", "1")
def test_undone(): assert os.sep == "/" and "MARK" not in os.environ and "elsewhere" not in sys.path[0]
"""
HYPOTHESIS = """
from hypothesis import given, settings, strategies
@settings(database=None, derandomize=True, max_examples=20, deadline=None)
@given(strategies.integers())
def test_it(x): assert x < 100
@settings(database=None, derandomize=True, max_examples=20, deadline=None)
@given(strategies.lists(strategies.integers()))
def test_good(xs): assert sorted(xs) == sorted(sorted(xs))
"""
C_EXTENSIONS = """
import sqlite3, numpy
def test_it():
    base = sqlite3.connect(":memory:")
    assert base.execute("select 1 + 1").fetchone() == (2,)
    assert numpy.linalg.det(numpy.eye(3)) == 1.0
def test_bad(): numpy.zeros(2) @ numpy.zeros(3)
"""
THREADS = """
import threading
def test_it():
    found = []
    some = [threading.Thread(target=found.append, args=(i,)) for i in range(8)]
    for thread in some: thread.start()
    for thread in some: thread.join()
    assert sorted(found) == list(range(8))
def test_raises():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
"""
SAME_NAMES = {"a/test_x.py": "def test_a(): pass\n", "b/test_x.py": "def test_b(): pass\n"}
CONFIGURED = {
    "pytest.ini": "[pytest]\npython_files = check_*.py\n",
    "check_a.py": "def test_a(): pass\n",
    "test_b.py": "1/0\n",
}
SHADOWING = {"queue.py": "X = 1\n", "test_x.py": "import queue\ndef test_it(): assert queue.X == 1\n"}
STAYS = "import threading; threading.Thread(target=time.sleep, args=(2,)).start()"
STUBBORN = "while True:\n    try: os.fork()\n    except OSError: pass"
ESCAPE = """if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(100)
    os._exit(0)"""
ENDLESS_OUTPUT = """for fd in range(3, 60):
    try: os.write(fd, b'')
    except OSError: pass
while True: os.write(2, b'x' * 100_000)"""
MOVED = "os.rename(os.getcwd(), os.path.dirname(os.getcwd()) + '/moved'); os._exit(0)"
DEEP = "for _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\nos._exit(0)"
CLOSED = "os.mkdir('q'); open('q/f', 'w').close(); os.chmod('q', 0); os.chmod('.', 0); os._exit(0)"

KIND = {
    "pass": body("assert 1", "passed"),
    "fail": body("assert [1, 2] == [1, 3]", "failed"),
    "import error": Sample({"test_x.py": "import nowhere\n"}, {"test_x.py": "error"}),
    "syntax error": Sample({"test_x.py": "def f(:\n", **GOOD}, {"test_x.py": "error"}),
    "skip": body("pytest.skip('why')", "skipped"),
    "parametrised": alone(
        PARAMETRISED,
        {f"{IT}[1-2]": "failed", f"{IT}[x y-[z]]": "passed", f"{IT}[None-3.5]": "passed"}
        | of("test_x.py", test_skipped="skipped"),
    ),
    "xfail": alone(XFAILED, of("test_x.py", test_a="xfailed", test_b="xpassed", test_c="failed")),
    "unittest": alone(UNITTEST, of("test_x.py::T", test_a="failed", test_b="skipped", test_c="xfailed")),
    "fixtures": Sample(
        FIXTURE_TREE,
        of("tests/test_x.py", test_fine="passed", test_broken="error", test_late="error")
        | of("tests/test_x.py::TestMethods", test_all="passed"),
    ),
    "configuration": Sample(CONFIGURED, of("check_a.py", test_a="passed")),
    "broken conftest": Sample({"conftest.py": "1/0\n", **GOOD}, {}, "crashed"),
    "no tests": Sample({"a.py": "x = 1\n"}, {}),
    "two of a name": Sample(SAME_NAMES, {"b/test_x.py": "error"}),
    "hides a module": Sample(SHADOWING, {IT: "passed"}),
    "asyncio": body("import asyncio; asyncio.run(asyncio.sleep(0))", "passed"),
    "thread that stays": body(STAYS, "passed"),
    "threads": alone(THREADS, of("test_x.py", test_it="passed", test_raises="passed")),
    "hypothesis": alone(HYPOTHESIS, of("test_x.py", test_it="failed", test_good="passed")),
    "C extensions": alone(C_EXTENSIONS, of("test_x.py", test_it="passed", test_bad="failed")),
    "monkeypatch": alone(MONKEYPATCHED, of("test_x.py", test_it="passed", test_undone="passed")),
    "session fixtures": Sample(
        SESSION_TREE,
        {f"{IT}[x]": "passed", f"{IT}[y]": "failed", "test_y.py::test_last": "error"},
    ),
}
HOSTILE = {
    "endless loop": body("while True: pass", "error", "timeout", 1.0),
    "sys.exit": body("sys.exit(0)", "failed"),
    "sys.exit at import": alone("sys.exit(0)", {"test_x.py": "error"}, "crashed", cold=False),
    "os._exit": body("os._exit(0)", "error", "crashed"),
    "os._exit at import": alone("os._exit(0)", {"test_x.py": "error"}, "crashed", cold=False),
    "segfault": body("ctypes.string_at(0)", "error", "crashed"),
    "abort": body("os.abort()", "error", "crashed"),
    "kills itself": body("os.kill(os.getpid(), 9)", "error", "crashed"),
    "kills everything": body("os.kill(-1, 9)", "failed"),
    "kills its runner": body("os.kill(os.getppid(), 9)", "passed"),
    "interrupts": body("raise KeyboardInterrupt", "error", "crashed"),
    "100 MB of output": body("for _ in range(1000): print('x' * 100_000)", "error", "flood"),
    "endless output": body(ENDLESS_OUTPUT, "error", "flood"),
    "fork bomb": body("while True:\n    if os.fork() == 0: time.sleep(100)", "failed"),
    "stubborn fork bomb": body(STUBBORN, "error", "timeout", 1.0),
    "escapes its session": body(ESCAPE, "passed"),
    "memory": body("bytearray(1 << 33)", "failed"),
    "moves its folder": body(MOVED, "error", "crashed"),
    "deep folders": body(DEEP, "error", "crashed"),
    "closes its folder": body(CLOSED, "error", "crashed"),
}
SAMPLES = KIND | HOSTILE
