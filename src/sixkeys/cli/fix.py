"""`sixkeys fix PATH`: turn a failing test green, offline, with proof."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from sixkeys.cli.common import parse, say, store_path

if TYPE_CHECKING:
    from sixkeys.envs.repo.project import Project
    from sixkeys.envs.repo.repair import Repair
    from sixkeys.memory.repairs import Experience

EXPLAIN = """Turn a failing test green, offline, with proof.

The repository is copied into a sandbox; likely small repairs are tried there under its own pytest, the most
suspicious lines first. What is shown passed a cold run of the pristine tree with the change. Your files are
not touched unless you say --apply or --branch.

  sixkeys fix .                                  show a repair as a diff
  sixkeys fix . --test tests/test_dates.py       only these tests
  sixkeys fix . --test "-k dates -m 'not slow'"  those that pytest would choose
  sixkeys fix . --apply                          and change the files
  sixkeys fix . --branch repair                  or commit it to a new branch, the working tree untouched
  sixkeys fix . --memory                         try first what fixed such failures before
  sixkeys fix . --watch                          again whenever a file is saved
  pytest --sixkeys                               the same after a failing run of pytest

Exit codes: 0 fixed, 1 no repair found, 2 a wrong request or a suite that cannot be run, 3 nothing fails,
4 some failing tests were fixed and some still fail, 130 interrupted.
"""
FIXED, NOT_FOUND, NOTHING_FAILS, IN_PART = 0, 1, 3, 4
LOOK_SECONDS = 0.5
"""How often --watch looks at the files."""


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys fix`."""

    path: Annotated[Path, tyro.conf.Positional] = Path()
    """the repository, or a file in it"""
    test: tuple[str, ...] = ()
    """only these tests: files, node ids, and pytest's -k EXPRESSION and -m EXPRESSION, in quotes or not"""
    budget: float = 120.0
    """seconds that the search may take"""
    suite_seconds: float = 300.0
    """seconds that the whole suite may take once"""
    apply: bool = False
    """change the files; each must still be as it was read"""
    branch: str = ""
    """commit the repair to a new branch of this name, on top of HEAD; the working tree is not touched"""
    watch: bool = False
    """run again whenever a file of the repository is saved, until Ctrl-C"""
    diff: bool = False
    """print the diff only, ready for `git apply`"""
    json: bool = False
    """print one JSON object instead of text"""
    report: Path | None = None
    """write the HTML report here; else into your cache folder (not with --diff or --json)"""
    python: str = ""
    """the Python that runs the tests; else the repository's .venv, else this one"""
    language: str = ""
    """a language model that proposes lines, too: MODULE:NAME of a `sixkeys.contract.Language`"""
    memory: bool = False
    """try first what fixed such failures before, and remember the repair; see `sixkeys memory`"""
    store: Path | None = None
    """the file of memories for --memory; else the user's, ~/.local/state/sixkeys/memory.sqlite"""
    workers: int = 2
    """warm test runners side by side"""
    isolation: Literal["auto", "bwrap", "landlock", "none"] = "auto"
    """what keeps code under test in; `landlock` is weaker, `none` runs it with your rights"""


def main(arguments: list[str]) -> int:
    """Searches, shows and, where asked to, applies; the exit code says what became of it."""
    words = [f" {word}" if word[:2] in ("-k", "-m") else word for word in arguments]
    options = parse(Options, "fix", words, EXPLAIN)
    if options.store and not options.memory:
        raise ValueError("--store names the file of memories for --memory, which was not given")
    if options.apply and options.branch:
        raise ValueError("--apply changes the files, --branch does not; give one of them")
    if options.watch and options.branch:
        raise ValueError("--watch would need a new branch each time; give --apply, or one of the two alone")
    return watch(options) if options.watch else once(options)


def once(options: Options) -> int:
    """One search; the exit code."""
    quiet, began = options.json or options.diff, time.monotonic()
    from sixkeys import build
    from sixkeys.cli.fix_search import attempt, selection
    from sixkeys.envs.repo.project import read
    from sixkeys.envs.repo.runner import Runner

    language = build.language(options.language) if options.language else None
    project = read(options.path, options.python)
    wanted = selection(options.test, project.root)
    if options.branch:
        from sixkeys.cli.fix_write import branch_possible

        branch_possible(project.root, options.branch)
    if not quiet:
        python = project.interpreter
        version = ".".join(map(str, python.version))
        say(f"{project.root}: {len(project.files)} files, Python {version}, pytest {python.pytest}")
        for left in project.left_out[:5]:
            say(f"  not copied: {left}")
    with contextlib.ExitStack() as stack:
        experience = stack.enter_context(remembered(options.store)) if options.memory else None
        habit = build.habit(experience, project.root) if experience else None
        runner = stack.enter_context(Runner(options.workers, options.isolation, project=project))
        outcome = attempt(runner, wanted, options.budget, options.suite_seconds, quiet, language, habit)
        isolation = "; every run begins in a new Python: ".join(filter(None, (runner.isolation, runner.note)))
        if experience and outcome.search and outcome.repair:
            build.learn_repair(experience, project.root, outcome.search, outcome.repair)
    from sixkeys.cli.fix_show import page_place, record, show, write_page
    from sixkeys.cli.fix_write import diff_of

    repair, seconds = outcome.repair, time.monotonic() - began
    code = NOTHING_FAILS if not outcome.diagnosis.failing else NOT_FOUND
    code = code if repair is None else IN_PART if repair.left else FIXED
    facts = record(outcome, project, code, isolation, seconds)
    if options.json:
        print(json.dumps(facts, indent=2))
    elif options.diff and repair is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(diff_of(project, repair.files).encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    elif not quiet:
        show(outcome, project, isolation, seconds)
    if options.report or (outcome.diagnosis.failing and not quiet):
        write_page(facts, options.report or page_place(project.root), quiet)
    if repair is not None:
        keep(options, project, repair, quiet)
    return code


@contextlib.contextmanager
def remembered(path: Path | None) -> Iterator[Experience]:
    """What is known of repairs, from the file at `path` or the user's own."""
    from sixkeys.memory.repairs import Experience
    from sixkeys.memory.store import Store

    with Store(store_path(path)) as store:
        yield Experience(store)


def keep(options: Options, project: Project, repair: Repair, quiet: bool) -> None:
    """Applies or commits, where asked to."""
    from sixkeys.cli.fix_show import headline
    from sixkeys.cli.fix_write import apply, branch, uncommitted

    said = ""
    if options.apply:
        apply(project, repair.files)
        said = f"Changed {', '.join(repair.files)}."
    elif options.branch:
        mine = uncommitted(project.root, list(repair.files))
        commit = branch(project, repair.files, options.branch, headline(repair))
        said = f"Committed as {commit[:10]} on branch {options.branch}."
        said += f" It has your uncommitted changes of {', '.join(mine)} too." * bool(mine)
    if said and not quiet:
        say(said)


def watch(options: Options) -> int:
    """Runs again after every change of the files; ends by Ctrl-C, or at once where nothing can run."""
    from sixkeys.envs.repo.project import root_of
    from sixkeys.envs.repo.repair import RepairError

    root, begun = root_of(options.path.expanduser().resolve()), False
    while True:
        before = stamps(root)
        try:
            once(options)
        except RepairError as error:
            say(f"sixkeys fix: {error}")
        except (ValueError, OSError, RuntimeError) as error:
            if not begun:
                raise
            say(f"sixkeys fix: {error}")
        begun, now, later = True, before, before
        say("Waiting for a change of the files; Ctrl-C ends.", style="dim")
        while now == before or now != later:
            time.sleep(LOOK_SECONDS)
            now, later = stamps(root), now


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """When each file of the repository was changed, and how large it is."""
    from sixkeys.envs.repo.project import listed

    found = {}
    for name in listed(root):
        with contextlib.suppress(OSError):
            state = os.lstat(root / name)
            found[name] = state.st_mtime_ns, state.st_size
    return found
