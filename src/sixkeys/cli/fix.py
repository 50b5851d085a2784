"""`sixkeys fix PATH`: turn a failing test green, offline, with proof."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.syntax import Syntax

from sixkeys import build
from sixkeys.cli.common import bar, console, parse, say

EXPLAIN = """Turn a failing test green, offline, with proof.

The repository is copied into a sandbox; likely small repairs are tried there under its own pytest, the most
suspicious lines first. What is shown passed a cold run of the pristine tree with the change. Your files are
not touched unless you say --apply or --branch.

  sixkeys fix .                                  show a repair as a diff
  sixkeys fix . --test tests/test_dates.py       only these tests
  sixkeys fix . --apply                          and change the files
  sixkeys fix . --branch repair                  or commit it to a new branch, the working tree untouched

Exit codes: 0 fixed, 1 no repair found, 2 a wrong request or a suite that cannot be run, 3 nothing fails,
4 some failing tests were fixed and some still fail, 130 interrupted.
"""
FIXED, NOT_FOUND, NOTHING_FAILS, IN_PART = 0, 1, 3, 4


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys fix`."""

    path: Annotated[Path, tyro.conf.Positional] = Path()
    """the repository, or a file in it"""
    test: tuple[str, ...] = ()
    """only these test files or node ids"""
    budget: float = 120.0
    """seconds that the search may take"""
    suite_seconds: float = 300.0
    """seconds that the whole suite may take once"""
    apply: bool = False
    """change the files; each must still be as it was read"""
    branch: str = ""
    """commit the repair to a new branch of this name, on top of HEAD; the working tree is not touched"""
    diff: bool = False
    """print the diff only, ready for `git apply`"""
    json: bool = False
    """print one JSON object instead of text"""
    python: str = ""
    """the Python that runs the tests; else the repository's .venv, else this one"""
    workers: int = 2
    """warm test runners side by side"""
    isolation: Literal["auto", "bwrap", "none"] = "auto"
    """what keeps code under test in; `none` runs it with your rights"""


def main(arguments: list[str]) -> int:
    """Searches, shows and, where asked to, applies; the exit code says what became of it."""
    options = parse(Options, "fix", arguments, EXPLAIN)
    if options.apply and options.branch:
        raise ValueError("--apply changes the files, --branch does not; give one of them")
    quiet, began = options.json or options.diff, time.monotonic()
    from sixkeys.envs.repo.project import read

    project = read(options.path, options.python)
    if not quiet:
        python = project.interpreter
        version = ".".join(map(str, python.version))
        say(f"{project.root}: {len(project.files)} files, Python {version}, pytest {python.pytest}")
    with build.repository_runner(project, options.workers, options.isolation) as runner:
        outcome = attempt(runner, options, quiet)
        outcome["seconds"] = round(time.monotonic() - began, 2)
        outcome["isolation"] = runner.isolation
    show(outcome, project, options)
    repair = outcome["repair"]
    if repair is not None and options.apply:
        apply(project, repair.files)
        if not quiet:
            say(f"Changed {', '.join(repair.files)}.")
    if repair is not None and options.branch:
        commit = branch(project, repair.files, options.branch, headline(repair))
        if not quiet:
            say(f"Committed as {commit[:10]} on branch {options.branch}.")
    return outcome["code"]


def attempt(runner: Any, options: Options, quiet: bool) -> dict[str, Any]:
    """Diagnosis, search, confirmation."""
    from sixkeys.envs.repo.repair import Search, diagnose

    found: dict[str, Any] = {"repair": None, "cold": None, "search": None, "diagnosis": None}
    with bar() as progress:
        progress.disable = quiet
        task = progress.add_task("tests", total=None, note="running the suite once, traced")
        diagnosis = found["diagnosis"] = diagnose(runner, options.test, options.suite_seconds)
        if not diagnosis.failing:
            return {**found, "code": NOTHING_FAILS}
        search = found["search"] = Search(runner, options.test, time.monotonic() + options.budget)
        progress.update(task, description="candidates", completed=0, note="")
        for state in search.run(diagnosis):
            progress.update(task, total=state.candidates, completed=state.tried, note=state.note)
        if search.best is None:
            return {**found, "code": NOT_FOUND}
        progress.update(task, note="confirming in a fresh interpreter")
        found["cold"], verdict = search.confirm(search.best, diagnosis)
    if not verdict.passed:
        return {**found, "code": NOT_FOUND}
    return {**found, "repair": search.best, "code": IN_PART if search.best.left else FIXED}


def diff_of(project: Any, files: dict[str, str]) -> str:
    """The change as one unified diff, line ends as they are."""
    from sixkeys.envs.repo.edits import line_edit

    before = {path: project.files[path].decode() for path in files}
    return "".join(line_edit(path, before[path], after).diff(before) for path, after in files.items())


def headline(repair: Any) -> str:
    """The repair in one line."""
    places = ", ".join(f"{hand.candidate.edit.path}:{hand.candidate.line}" for hand in repair.hands)
    return f"Fix {len(repair.fixed)} failing test{'s' * (len(repair.fixed) != 1)} ({places})"


def show(outcome: dict[str, Any], project: Any, options: Options) -> None:
    """What became of it, for a person or as JSON."""
    repair, diagnosis, search = outcome["repair"], outcome["diagnosis"], outcome["search"]
    text = diff_of(project, dict(repair.files)) if repair else ""
    if options.json:
        print(json.dumps(record(outcome, text), indent=2))
        return
    if options.diff:
        print(text, end="")
        return
    if outcome["code"] == NOTHING_FAILS:
        flaky = f"; {len(diagnosis.flaky)} failed once and then passed" if diagnosis.flaky else ""
        say(f"Nothing fails: {len(diagnosis.run.outcomes)} tests ran{flaky}.")
        return
    for node in diagnosis.failing[:10]:
        say(f"  failing: {node}")
    say("Suspicious lines:")
    for suspect in diagnosis.suspects[:3]:
        say(f"  {suspect.path}:{suspect.line}  {'; '.join(suspect.reasons)}")
    tried = len(search.journal)
    say(f"{tried} candidates were tried in {outcome['seconds']:.1f} s.")
    if repair is None:
        say("No repair was found. More --budget tries more; --test narrows what must turn green.")
        return
    console.print(Syntax(text, "diff", background_color="default"))
    say(f"Verdict: {headline(repair)}.")
    before = sum(test.outcome == "passed" for test in diagnosis.run.outcomes)
    say(f"  passed before and still pass: {before} tests")
    say(f"  confirmed by a cold run of the pristine tree with it: {len(outcome['cold'].outcomes)} tests")
    say(f"  isolation: {outcome['isolation']}; tests and configuration untouched")
    for node in repair.left:
        say(f"  still fails: {node}")


def record(outcome: dict[str, Any], text: str) -> dict[str, Any]:
    """The outcome as plain data."""
    repair, diagnosis, search = outcome["repair"], outcome["diagnosis"], outcome["search"]
    journal = search.journal if search else []
    return {
        "schema": 1, "code": outcome["code"],
        "seconds": outcome["seconds"], "isolation": outcome["isolation"],
        "failing": diagnosis.failing, "flaky": diagnosis.flaky, "diff": text,
        "suspects": [suspect._asdict() for suspect in diagnosis.suspects[:20]],
        "fixed": repair.fixed if repair else (), "left": repair.left if repair else diagnosis.failing,
        "journal": [
            {
                "path": tried.hand.candidate.edit.path, "line": tried.hand.candidate.line,
                "kind": tried.hand.candidate.kind, "before": tried.hand.candidate.before,
                "after": tried.hand.candidate.after, "said": tried.said,
            }
            for tried in journal
        ],
    }  # fmt: skip


def apply(project: Any, files: dict[str, str]) -> None:
    """Writes the changed files, each at once or not at all; raises ValueError where one was changed since."""
    for path in files:
        if (project.root / path).read_bytes() != project.files[path]:
            raise ValueError(f"{path} was changed since it was read; nothing was written. Run fix again")
    for path, text in files.items():
        target = project.root / path
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            os.chmod(name, target.stat().st_mode & 0o7777)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise


def branch(project: Any, files: dict[str, str], name: str, message: str) -> str:
    """Commits the files to a new branch on top of HEAD with git's plumbing; gives the commit.

    Neither the working tree nor the index is touched. Raises ValueError where git refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GIT_INDEX_FILE": str(Path(folder) / "index")}

        def git(*words: str, given: bytes | None = None) -> str:
            command = ["git", "-C", str(project.root), *words]
            said = subprocess.run(command, input=given, capture_output=True, env=environment)
            if said.returncode:
                raise ValueError(f"git {words[0]} refused: {said.stderr.decode(errors='replace').strip()}")
            return said.stdout.decode().strip()

        git("check-ref-format", "--branch", name)
        git("read-tree", "HEAD")
        prefix = git("rev-parse", "--show-prefix")
        for path, text in files.items():
            mode = git("ls-files", "-s", "--", path).split(" ")[0] or "100644"
            blob = git("hash-object", "-w", "--stdin", given=text.encode())
            git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{prefix}{path}")
        commit = git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", message)
        git("update-ref", f"refs/heads/{name}", commit, "0" * len(commit))
        return commit
