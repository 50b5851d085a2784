"""What happens in one run? The fork takes its limits and its files, and pytest goes on with them.

Runs inside the sandbox, in the fork. Streams records to the warm parent, each length-prefixed JSON: `start`
(a node id), `report` (node id, phase, outcome, seconds, message, text), `collected` (node ids) and, last,
`end`. Most trees go on in the session that the parent began; a tree with its own configuration gets a
session of its own. The parent compiles test files ahead (Library); it runs none of them, and what a fork
does to its copy ends with the fork.

Not covered: plugins of a repository's environment are not loaded, and the terminal reporter counts no tests.
"""

from __future__ import annotations

import ast
import ctypes
import importlib
import io
import itertools
import json
import linecache
import os
import re
import resource
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple, NoReturn

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
FRESH = "import runpy, sys; path = sys.argv[1]; runpy.run_path(path, run_name='__main__')"
"""Runs this file in a new interpreter with the tree first on the import path, as `python -m pytest` does."""
FILES_KNOWN, LEARNT_AT_ONCE = 128, 1 << 15
"""How many test files the warm parent knows, and how many characters of them it compiles for one run."""
PLAIN, PLAIN_DEPTH = re.compile(r"(?:[ -~]{0,299}[!-~]\n|\n)*"), 20
"""What a plain text consists of, and how deep its brackets may nest."""
OTHERWISE_COMPILED = "enable_assertion_pass_hook"
"""The one setting of pytest that changes how it compiles asserts."""
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
MESSAGE_KEPT, TEXT_KEPT = 600, 6000
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


def rehearse(base: str) -> None:
    """One small session in the parent, so that whatever pytest imports or fills when first used is there."""
    folder = os.path.join(base, "rehearsal")
    os.makedirs(folder)
    with open(os.path.join(folder, "test_rehearsal.py"), "w") as file:
        file.write(SAMPLE)
    before, path = (os.dup(1), os.dup(2)), sys.path[:]
    empty = os.open(os.devnull, os.O_WRONLY)
    for target in (1, 2):
        os.dup2(empty, target)
    os.chdir(folder)
    pytest.main(arguments())
    sys.stdout.flush()
    for target, saved in zip((1, 2), before, strict=True):
        os.dup2(saved, target)
        os.close(saved)
    os.close(empty)
    sys.modules.pop("test_rehearsal", None)
    sys.path[:] = path
    sys.path_importer_cache.clear()


class Known(NamedTuple):
    """What is known of the text of a test file."""

    code: CodeType
    """Compiled, with pytest's rewritten asserts."""
    statements: list[int]
    """Where its statements begin, as pytest counts them."""


class Library:
    """Test files that were seen before, compiled. Keeps state: what is known of them, the oldest first.

    Filled in the warm parent, which parses and compiles but never runs anything; read in its forks, whose
    writes stay their own. A file is found by its path and its whole text only.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self.known: dict[tuple[str, bytes], Known | None] = {}
        self.statements: dict[str, list[int]] = {}
        self.active = True

    def learn(self, files: dict[str, str]) -> bool:
        """Compiles the test files of a tree that are new and plain; whether there was one."""
        self.active = not any(OTHERWISE_COMPILED in text for text in files.values())
        room, learnt = LEARNT_AT_ONCE, False
        for name, text in files.items():
            base = os.path.basename(name)
            if not (base.endswith("_test.py") or (base.startswith("test_") and base.endswith(".py"))):
                continue
            key = os.path.join(self.folder, name), text.encode(errors="replace")
            if key in self.known:
                self.known[key] = self.known.pop(key)
            elif len(text) <= room and plain(text):
                room, learnt = room - len(text), True
                self.add(*key)
        return learnt

    def add(self, path: str, source: bytes) -> None:
        """Compiles one, and never again where that is broken off; the oldest goes where there are many."""
        self.known[path, source] = None
        known = self.known[path, source] = compiled(path, source)
        if known is not None:
            self.statements[as_shown(source)] = known.statements
        if len(self.known) > FILES_KNOWN:
            oldest = next(iter(self.known))
            del self.known[oldest]
            self.statements.pop(as_shown(oldest[1]), None)

    def install(self) -> None:
        """Makes pytest ask here first, where it would compile a test file or look up a line of one."""
        code: Any = importlib.import_module("_pytest._code.code")
        rewrite: Any = importlib.import_module("_pytest.assertion.rewrite")
        read, find, statement_range = rewrite._read_pyc, code.findsource, code.getstatementrange_ast

        def known_or_read(path: Path, *others: Any) -> CodeType | None:
            known = self.known.get((str(path), path.read_bytes())) if self.active else None
            return read(path, *others) if known is None else known.code

        def found(what: Any) -> Any:
            return lines_of(what, find) if isinstance(what, CodeType) else find(what)

        def ranged(line: int, text: Any, assertion: bool = False, astnode: Any = None) -> Any:
            if astnode is None and (begins := self.statements.get(str(text))) is not None:
                astnode = types.SimpleNamespace(_pytest_statement_linenos=begins)
            return statement_range(line, text, assertion, astnode)

        rewrite._read_pyc, rewrite.traverse_node = known_or_read, placed
        code.findsource, code.getstatementrange_ast = found, ranged


def as_shown(source: bytes) -> str:
    """A known text as pytest's own tracebacks hold it."""
    return source.decode().removesuffix("\n")


def plain(text: str) -> bool:
    """Whether a text is tame enough for the warm parent's parser: ASCII, short lines, shallow, no tricks."""
    steps = (1 if bracket in "([{" else -1 for bracket in re.findall(r"[][(){}]", text))
    tame = text.isascii() and "coding" not in text[:700] and PLAIN.fullmatch(text) is not None
    return tame and max(map(abs, itertools.accumulate(steps)), default=0) < PLAIN_DEPTH


def compiled(path: str, source: bytes) -> Known | None:
    """What pytest would make of a test file; None where that fails or warns: the run says so itself."""
    from _pytest._code.source import _statement_linenos
    from _pytest.assertion.rewrite import rewrite_asserts

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(source, filename=path)
            statements = _statement_linenos(tree)
            rewrite_asserts(tree, source, path)
            return Known(compile(tree, path, "exec", dont_inherit=True), statements)
    except (Exception, Warning):
        return None


def placed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes at and below `node` that lack a place in the text: what pytest's traverse_node is for.

    Whoever asks gives each the place of one and the same assert; what is below a node without a place gets
    that place here, which is faster.
    """
    given = getattr(node, "lineno", None) is None
    yield node
    place = {name: getattr(node, name, None) for name in ast.stmt._attributes} if given else {}
    nodes = [node]
    while nodes:
        node = nodes.pop()
        inside = vars(node)
        for value in inside.values():
            if isinstance(value, list):
                nodes += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                nodes.append(value)
        if "lineno" not in inside and "lineno" in node._attributes:
            if given:
                inside.update(place)
            else:
                yield node


def lines_of(code: CodeType, otherwise: Callable[[Any], Any]) -> Any:
    """pytest's findsource for code of an existing file, without a look at every module there is."""
    from _pytest._code.source import Source

    path, lines = code.co_filename, []
    if path.endswith(".py") and os.path.exists(path):
        linecache.checkcache(path)
        lines = linecache.getlines(path)
    if not 0 < code.co_firstlineno <= len(lines):
        return otherwise(code)
    source = Source()
    source.lines, source.raw_lines = [line.rstrip() for line in lines], lines
    return source, code.co_firstlineno - 1


def enter(base: str, limits: dict[str, int], seconds: float) -> None:
    """The fork's first act: a session of its own, a death signal, hard limits, its folder."""
    os.setsid()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    wanted = {
        resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: int(seconds) + 2, resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_NPROC: limits["processes"], resource.RLIMIT_AS: limits["memory"],
    }  # fmt: skip
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
    os.chdir(os.path.join(base, "repo"))


def write(files: dict[str, str]) -> None:
    """Writes the run's tree into the present folder."""
    made = {""}
    for name, content in files.items():
        folder = os.path.dirname(name)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(name, "w", encoding="utf-8", newline="") as file:
            file.write(content)


class Stage:
    """A plugin that stops pytest where it would collect. `serve` returns in each fork."""

    def __init__(self, serve: Callable[[], tuple[dict, int, int]]):
        self.serve = serve
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
            self.reporter.process = os.getpid()
            begin(session, request, self.reporter, text)


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
        options = ["-v", "-rA", "--tb=short", "--color=no", "-p", "no:cacheprovider"]
        os.execv(sys.executable, [sys.executable, "-c", COLD, *options, *tests])
    if shadowed(files):
        os.set_inheritable(reporter.records, True)
        os.execv(sys.executable, [sys.executable, "-c", FRESH, __file__, str(reporter.records), *tests])
    sys.path.insert(0, os.getcwd())
    if any(os.path.basename(name) in CONFIGURED for name in files):
        reporter.whole_session(tests)
    capture.start_global_capturing()
    from _pytest.assertion import pytest_collection as renew

    renew(session)
    session.config.args = tests or [os.getcwd()]


def shadowed(files: dict[str, str]) -> bool:
    """Whether the tree has a module whose name is taken by one that is imported already."""
    tops = {name.partition("/")[0].removesuffix(".py") for name in files if name.endswith(".py")}
    return any(name in sys.modules for name in tops)


class Reporter:
    """A plugin that streams what happens to the descriptor `records`; copies of the process stay silent."""

    def __init__(self, records: int):
        self.records = records
        self.process = os.getpid()

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
        self.send({"end": code})
        os._exit(0)

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        if isinstance(collector, pytest.File):
            self.send({"start": collector.nodeid})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.report(report, "collect", 0.0)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.send({"collected": [item.nodeid for item in session.items]})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.send({"start": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.report(report, report.when or "call", report.duration)

    def report(self, report: Any, phase: str, seconds: float) -> None:
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if report.skipped else "xpassed"
        message = text = ""
        if report.failed:
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
