"""What happens in one run? The fork takes its limits and its files, and pytest goes on with them.

Runs inside the sandbox, in the fork. Streams records to the warm parent, each length-prefixed JSON: `start`
(a node id), `report` (node id, phase, outcome, seconds, message, text), `collected` (node ids), `covered` and
`lines` (what a traced run passed) and, last, `end`. Most trees go on in the session that the parent began; a
tree with its own configuration gets one of its own; a repository that the parent keeps goes on where pytest's
start waits. The parent compiles files ahead (library.py); what a fork does to its copy ends with the fork.

Not covered: without a repository of its own no plugin is loaded; the terminal reporter counts no tests.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import re
import resource
import signal
import sys
import tokenize
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import pytest

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
CONFIGURED = ("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml",
              "tox.ini", "setup.cfg", "setup.py")  # fmt: skip
"""Files that pytest itself reads before it collects."""
UNUSED = ("junitxml", "pastebin", "stepwise", "setuponly", "setupplan", "faulthandler")
"""Built-in plugins that cannot change an outcome."""
UNSEEN = ("pytest_runtest_logstart", "pytest_runtest_logreport")
"""What pytest's terminal reporter would do at each test, only to print where nobody looks."""
COLD = (
    "import runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); sys.argv[0] = 'pytest'; "
    "runpy.run_module('pytest', run_name='__main__', alter_sys=True)"
)
"""`python -m pytest` with the one difference that a file over the limit ends it, as in a warm run."""
SUBTESTS = ("-o", "verbosity_subtests=0") if pytest.version_tuple >= (9,) else ()
"""No line for each subtest that passes: there may be thousands."""
COLD_OPTIONS = (
    "-v",
    "-rA",
    "--tb=short",
    "--color=no",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:sixkeys",
    *SUBTESTS,
)
FRESH = "import runpy, sys; path = sys.argv[1]; runpy.run_path(path, run_name='__main__')"
"""Runs this file in a new interpreter with the tree first on the import path, as `python -m pytest` does."""
LIBC = ctypes.CDLL(None)
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}|(?<=\.\.\.)x?[0-9a-f]{1,16}(?=>)")
MESSAGE_KEPT, TEXT_KEPT = 600, 6000
TOLD = 40
"""How many failing tests of a run say how they failed: to make that text may take longer than to run them."""
SAMPLE = """import pytest

@pytest.fixture
def numbers(): return [1, 2, 3]

@pytest.mark.parametrize("left", [1, 2])
def test_one(left, numbers, tmp_path, capsys):
    print(left)
    assert numbers == [1, 2, left]

def test_two():
    with pytest.raises(ValueError):
        raise ValueError("no")
    assert pytest.approx(0.1) == 0.2 and {"a": 1} == {"a": 2}
"""


def arguments() -> list[str]:
    """What pytest is started with."""
    options = ["--tb=short", "-p", "no:cacheprovider"]
    return options + [word for name in UNUSED for word in ("-p", f"no:{name}")]


def rehearse(base: str, options: list[str]) -> int:
    """One small session in the parent, so that whatever pytest imports or fills when first used is there;
    gives pytest's exit code, which is 1 where all is well."""
    folder = os.path.join(base, "rehearsal")
    os.makedirs(folder)
    with open(os.path.join(folder, "test_rehearsal.py"), "w") as file:
        file.write(SAMPLE)
    before, path = (os.dup(1), os.dup(2)), sys.path[:]
    empty = os.open(os.devnull, os.O_WRONLY)
    for target in (1, 2):
        os.dup2(empty, target)
    os.chdir(folder)
    try:
        code = int(pytest.main(options))
        sys.stdout.flush()
    finally:
        for target, saved in zip((1, 2), before, strict=True):
            os.dup2(saved, target)
            os.close(saved)
        os.close(empty)
    sys.modules.pop("test_rehearsal", None)
    sys.path[:] = path
    sys.path_importer_cache.clear()
    return code


def enter(repo: str, limits: dict[str, int]) -> None:
    """The fork's first act: a session of its own, a death signal, hard limits, its folder."""
    os.setsid()
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = {"CORE": 0, "FSIZE": limits["file"], "NPROC": limits["processes"], "AS": limits["memory"],
              "NOFILE": limits["descriptors"]}  # fmt: skip
    for name, value in wanted.items():
        limit(name, value)
    os.chdir(repo)


def limit(name: str, value: int) -> None:
    """Sets a limit for good, or leaves one that is lower."""
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def write(files: dict[str, str]) -> None:
    """Writes the run's tree into the present folder."""
    made = {""}
    for name, content in files.items():
        folder = os.path.dirname(name)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(name, "wb") as file:
            file.write(encoded(name, content))


def encoded(name: str, content: str) -> bytes:
    """A file's bytes: UTF-8, or what a Python file itself declares."""
    body = content.encode()
    if name.endswith(".py") and b"coding" in body[:700]:
        with contextlib.suppress(SyntaxError, UnicodeError, LookupError):
            return content.encode(tokenize.detect_encoding(io.BytesIO(body).readline)[0])
    return body


class Stage:
    """A plugin that stops pytest where it would collect. `serve` returns in each fork."""

    def __init__(self, serve: Callable[[], tuple[dict, int, int]], variants: Callable[..., Any]):
        self.serve, self.variants = serve, variants
        self.open = True
        self.reporter = Reporter(-1)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if self.open:
            self.open = False
            terminal: Any = session.config.pluginmanager.getplugin("terminalreporter")
            terminal._tw._file = io.StringIO()
            for name in UNSEEN:
                getattr(session.config.hook, name)._remove_plugin(terminal)
            session.config.pluginmanager.register(self.reporter)
            sys.stdout.flush()
            request, self.reporter.records, text = self.serve()
            self.reporter.process, self.reporter.asked = os.getpid(), asked(request["tests"])
            begin(session, request, self.reporter, text)
            self.reporter.brief = request["brief"]
            if request["variants"]:
                plugin = self.variants(self.reporter, request["variants"], request["each"])
                session.config.pluginmanager.register(plugin)


def begin(session: pytest.Session, request: dict, reporter: Reporter, text: int) -> None:
    """The fork goes on: cold in a new interpreter, in a session of its own, or in the one that was begun."""
    files, tests = request["files"], request["tests"]
    write(files)
    capture: Any = session.config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()
    for target in (1, 2):
        os.dup2(text, target)
    os.close(text)
    if request.get("cold"):
        os.execv(sys.executable, [sys.executable, "-c", COLD, *COLD_OPTIONS, *tests])
    if shadowed(files):
        os.set_inheritable(reporter.records, True)
        os.execv(sys.executable, [sys.executable, "-c", FRESH, __file__, str(reporter.records), *tests])
    sys.path.insert(0, os.getcwd())
    if any(os.path.basename(name) in CONFIGURED for name in files):
        reporter.whole_session(tests)
    capture.start_global_capturing()
    renew(session)
    session.config.args = tests or [os.getcwd()]


def renew(session: pytest.Session) -> None:
    """What pytest's assertions do where it collects, once more: their place may have been before the fork."""
    from _pytest.assertion import pytest_collection

    pytest_collection(session)


def shadowed(files: dict[str, str]) -> bool:
    """Whether the tree has a module whose name is taken by one that is imported already."""
    tops = {name.partition("/")[0].removesuffix(".py") for name in files if name.endswith(".py")}
    return any(name in sys.modules for name in tops)


class Reporter:
    """A plugin that streams what happens to the descriptor `records`; copies of the process stay silent."""

    def __init__(self, records: int, tracer: Any = None, tests: Sequence[str] = (), brief: bool = False):
        self.records, self.tracer, self.brief = records, tracer, brief
        self.process, self.failures = os.getpid(), 0
        self.asked = asked(tests)

    def send(self, record: dict) -> None:
        if os.getpid() != self.process:
            return
        data = json.dumps(record).encode()
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(self.records, data) :]

    def whole_session(self, tests: list[str]) -> NoReturn:
        """A session from its very start, which reads the tree's own configuration."""
        self.end(int(pytest.main([*arguments(), *tests], plugins=[self])))

    def end(self, code: int) -> NoReturn:
        if self.tracer is not None:
            self.send({"lines": self.tracer.lines})
        self.send({"end": code})
        os.close(self.records)
        os._exit(0)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, name: str) -> list | None:
        """Where single tests were asked for, the others of their file or class need not be made."""
        names = self.asked.get(collector.nodeid)
        return None if names is None or name in names else []

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        if isinstance(collector, pytest.File):
            self.send({"start": collector.nodeid})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.report(report, "collect", 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Any:
        try:
            return (yield)
        except pytest.UsageError as error:
            self.send({"usage": str(error)})
            raise

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self.brief:
            # a plugin that measures coverage would make a candidate take twice as long
            sys.settrace(None)
        self.send({"collected": [item.nodeid for item in session.items]})
        if self.tracer is not None:
            self.send({"covered": ["", self.tracer.taken()]})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> None:
        if self.brief or self.failures >= TOLD:
            item.repr_failure = unsaid

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.send({"start": nodeid})
        if self.tracer is not None:
            self.tracer.begin()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if self.tracer is not None:
            self.send({"covered": [nodeid, self.tracer.taken()]})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if type(report).__name__ == "SubtestReport" and not report.failed:
            return
        self.report(report, report.when or "call", report.duration)

    def report(self, report: Any, phase: str, seconds: float) -> None:
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if report.skipped else "xpassed"
        message = text = ""
        if report.failed:
            self.failures += 1
            text = report.longreprtext + "".join(
                f"\n--- {name} ---\n{body}" for name, body in report.sections if phase in name
            )
            message = crash_text(report)
        self.send(
            {"report": [report.nodeid, phase, outcome, seconds, message[:MESSAGE_KEPT], text[-TEXT_KEPT:]]}
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.end(int(exitstatus))


def unsaid(*_: Any, **__: Any) -> str:
    """What stands for a failure's text, which takes longer to make than most tests to run."""
    return "failed"


def asked(tests: Sequence[str]) -> dict[str, set[str]]:
    """Node id of a file or class -> names in it that were asked for; one asked for as a whole is left out."""
    found: dict[str, set[str]] = {}
    if not all("::" in test for test in tests):
        return found
    for test in tests:
        parts = test.partition("[")[0].split("::")
        for depth in range(1, len(parts)):
            found.setdefault("::".join(parts[:depth]), set()).add(parts[depth])
    return {node: names for node, names in found.items() if node not in tests}


def crash_text(report: Any) -> str:
    """Why a test failed, in a few lines that are the same in every run: no addresses, no folders."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        text = crash.message
    else:
        lines = report.longreprtext.splitlines()
        text = "\n".join(line[1:].strip() for line in lines if line.startswith("E ")) or "\n".join(lines[-3:])
    text = text.replace(os.getcwd() + os.sep, "").replace("\nUse -v to get more diff", "").strip()
    return ADDRESS.sub("0x...", text)


if __name__ == "__main__":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    Reporter(int(sys.argv[2])).whole_session(sys.argv[3:])
