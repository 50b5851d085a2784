"""How does a run go on in a repository that is kept? pytest waits before the repository's first line.

That is before the first conftest; where there is none, and nothing else of the repository can be imported
before, it is where pytest would collect: most of a short run lies before that.

Runs inside the sandbox: in the warm parent up to where it waits, then in the fork of a run.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest

LIVE = ["--tb=short", "--no-header", "-p", "no:cacheprovider", "-p", "no:sixkeys"]
"""What pytest is started with in a repository."""
GO_ON = "--continue-on-collection-errors"
"""In a repository, a file that cannot be collected does not keep the others from being run."""


TAME = {"testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "markers",
        "minversion", "xfail_strict", "strict_markers", "strict_config"}  # fmt: skip
"""Settings of a repository by which pytest imports nothing and starts nothing before it collects."""
PASSIVE = {"anyio", "hypothesis", "jaxtyping", "platformdirs", "pytest-mock", "pytest-xdist", "sixkeys",
           "typeguard"}  # fmt: skip
"""Plugins that, without options of their own, do nothing before pytest collects."""


class Hands(NamedTuple):
    """What makes helpers of a run that goes on in a repository."""

    child: Any
    """The module child.py."""
    tracer: Callable[[], Any]
    """A Tracer, where the run is to tell which statements each test ran."""
    variants: Callable[[Any, list[dict], float], Any]
    """A plugin that tries variants."""


class Waiting:
    """A plugin that stops pytest where it would run the first line of the repository.

    `serve` returns in each fork: a request and the descriptors on which to report and print. `plain`: there
    is no conftest.
    """

    def __init__(self, serve: Callable[[], tuple[dict, int, int]], hands: Hands, plain: bool):
        self.serve, self.hands, self.plain = serve, hands, plain
        self.reporter: Any = None
        """In a fork, who reports."""
        self.preparse: Any = None

    def start(self) -> int:
        """In a fork pytest's exit code; comes back in the parent only where pytest cannot wait."""
        manager: Any = pytest.PytestPluginManager
        self.preparse = manager.consider_preparse

        def without_plugins(this: Any, args: list[str], **how: Any) -> None:
            refuse_plugins(args)
            self.preparse(this, args, **how)

        manager.consider_preparse = without_plugins
        try:
            return int(pytest.main(LIVE, plugins=[self]))
        finally:
            manager.consider_preparse = self.preparse

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config, args: list[str]) -> Any:
        if self.reporter is None:
            pytest.PytestPluginManager.consider_preparse = self.preparse
        self.plain = self.plain and tame(early_config)
        if self.reporter is None and not self.plain:
            request, records, text = self.serve()
            self.reporter = settled(request, records, text, self.hands)
            if configured(request, self.hands.child.CONFIGURED):
                whole(request, self.reporter, self.hands)
            early_config.known_args_namespace.file_or_dir = request["tests"]
            args += request["options"]
            for plugin in plugins(request, self.reporter, self.hands):
                early_config.pluginmanager.register(plugin)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if self.reporter is None:
            config = session.config
            request, records, text = self.serve()
            capture: Any = config.pluginmanager.getplugin("capturemanager")
            capture.stop_global_capturing()
            for descriptor in kept_open(config):
                os.dup2(text, descriptor)
            self.reporter = settled(request, records, text, self.hands)
            new = (os.path.basename(name) == "conftest.py" for name in request["files"])
            if request["select"] or any(new) or configured(request, self.hands.child.CONFIGURED):
                whole(request, self.reporter, self.hands)
            for plugin in plugins(request, self.reporter, self.hands):
                config.pluginmanager.register(plugin)
            capture.start_global_capturing()
            self.hands.child.renew(session)
            config.option.continue_on_collection_errors = True
            config.option.maxfail = int(request["first"])
            config.args = request["tests"] or config.args


def tame(config: pytest.Config) -> bool:
    """Whether pytest gets as far as collecting with nothing of the repository's in it."""
    plugins = {info.project_name.lower() for _, info in config.pluginmanager.list_plugin_distinfo()}
    settings = config._inicfg if hasattr(config, "_inicfg") else config.inicfg
    return settings.keys() <= TAME and plugins <= PASSIVE


def kept_open(config: pytest.Config) -> list[int]:
    """Descriptors that pytest has made of the one on which errors are printed."""
    from _pytest.faulthandler import fault_handler_stderr_fd_key

    found = config.stash.get(fault_handler_stderr_fd_key, None)
    return [] if found is None else [found]


def configured(request: dict, names: Iterable[str]) -> bool:
    """Whether a run needs a configuration of its own: it changes one, or its tests lie below another."""
    names = set(names) - {"conftest.py", "setup.py"}
    if any(os.path.basename(name) in names for name in request["files"]):
        return True
    below = {os.path.dirname(test.partition("::")[0]) for test in request["tests"]}
    return any(os.path.exists(os.path.join(folder, name)) for folder in below - {""} for name in names)


def refuse_plugins(args: list[str]) -> None:
    """Raises UsageError for options, as pytest has read them, that import a module before any conftest."""
    words = iter(args)
    for word in words:
        name = (word[2:] or next(words, "")) if word.startswith("-p") else "no:"
        if not name.strip().startswith("no:"):
            raise pytest.UsageError(f"plugin {name} may be the repository's own: it is for the run to import")


def live(request: dict, records: int, text: int, hands: Hands) -> None:
    """The fork of a parent that keeps a repository, where pytest could not wait: a whole session."""
    whole(request, settled(request, records, text, hands), hands)


def whole(request: dict, reporter: Any, hands: Hands) -> None:
    """A whole session in the fork, or in a new Python, which ends it."""
    reporter.end(int(pytest.main(LIVE + request["options"], plugins=plugins(request, reporter, hands))))


def plugins(request: dict, reporter: Any, hands: Hands) -> list[Any]:
    """Who reports, and who tries variants, where there are some."""
    if not request["variants"]:
        return [reporter]
    return [reporter, hands.variants(reporter, request["variants"], request["each"])]


def settled(request: dict, records: int, text: int, hands: Hands) -> Any:
    """Some files of the repository change, output goes where it is read; who reports then. Where a fork is no
    place for a run, another Python begins here."""
    child = hands.child
    child.write(request["files"])
    for target in (1, 2):
        os.dup2(text, target)
    os.close(text)
    sources = os.path.join(os.getcwd(), "src")
    if os.path.isdir(sources):
        os.environ["PYTHONPATH"] = sources
        sys.path.insert(0, sources)
    if request["cold"]:
        options = [*child.COLD_OPTIONS, GO_ON, *request["select"], *request["tests"]]
        os.execv(sys.executable, [sys.executable, "-c", child.COLD, *options])
    if request["fresh"]:
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps({**request, "files": [*request["files"]]}).encode())
            file.seek(0)
            for descriptor in (records, file.fileno()):
                os.set_inheritable(descriptor, True)
            words = [__file__, str(records), str(file.fileno())]
            os.execv(sys.executable, [sys.executable, "-c", child.FRESH, *words])
    return reporting(request, records, hands)


def reporting(request: dict, records: int, hands: Hands) -> Any:
    """Who reports, where the repository is found, and what pytest is asked for."""
    child = hands.child
    sys.path.insert(0, os.getcwd())
    tracer = hands.tracer() if request["trace"] else None
    reporter = child.Reporter(records, tracer, request["tests"], request["brief"])
    if reporter.tracer is not None:
        reporter.tracer.install()
    chosen = ["--collect-only", *request["select"]] if request["select"] else []
    request["options"] = [GO_ON, *["-x"] * request["first"], *chosen, *request["tests"]]
    return reporter


def anew(records: int, asked: int) -> None:
    """A run in a Python of its own, whose request is read from the descriptor `asked`."""
    load = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "warm.py"))["load"]
    child, tracer, variants = load("child"), load("tracer"), load("variants")
    with os.fdopen(asked, "rb") as file:
        request = json.load(file)
    hands = Hands(child, lambda: tracer.Tracer(os.getcwd()), variants.Variants)
    whole(request, reporting(request, records, hands), hands)


if __name__ == "__main__":
    anew(int(sys.argv[2]), int(sys.argv[3]))
