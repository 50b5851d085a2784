"""How far is the search for a repair? What `--test` asks for, diagnosis, candidates, confirmation, live."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from sixkeys import build
from sixkeys.cli.common import Rate, console, say
from sixkeys.contract import Language
from sixkeys.envs.repo.hands import Habit
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.repair import Diagnosis, Repair, Search, State, diagnose
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.verdict import Verdict

SHOWN = 10
"""How many failing tests are named."""


class Outcome(NamedTuple):
    """What became of a search."""

    diagnosis: Diagnosis
    search: Search | None = None
    verdict: Verdict | None = None
    """Of the cold run, where there was a candidate to confirm."""
    cold: RunResult | None = None

    @property
    def repair(self) -> Repair | None:
        """The repair that a cold run confirmed."""
        return self.search.best if self.search and self.verdict and self.verdict.passed else None


class Selection(NamedTuple):
    """What `--test` asks for."""

    tests: tuple[str, ...]
    """Files and node ids, relative to the repository."""
    options: tuple[str, ...]
    """-k and -m with their expressions."""


def selection(words: Sequence[str], root: Path) -> Selection:
    """`--test` as pytest would read it; paths may be relative to the repository or to where we stand.

    Raises ValueError where a file is not there, or where another option is given.
    """
    pieces: list[str] = []
    for word in words:
        whole = pieces[-1:] in (["-k"], ["-m"]) or os.path.lexists(root / word.partition("::")[0])
        try:
            pieces += [word] if whole else shlex.split(word)
        except ValueError as error:
            raise ValueError(f"--test {word}: {error}") from error
    tests, options, rest = [], [], iter(pieces)
    for piece in rest:
        if piece[:2] in ("-k", "-m"):
            expression = piece[2:].removeprefix("=") or next(rest, "")
            if not expression:
                raise ValueError(f'--test {piece} needs an expression, as in --test "{piece} name"')
            options += [piece[:2], expression]
        elif piece.startswith("-"):
            raise ValueError(f"--test {piece}: possible are files, node ids, -k EXPRESSION, -m EXPRESSION")
        else:
            tests.append(_inside(piece, root))
    return Selection(tuple(tests), tuple(options))


def _inside(piece: str, root: Path) -> str:
    path, colons, name = piece.partition("::")
    for folder in (root, Path.cwd()):
        there = Path(os.path.abspath(folder / path))
        if there.exists() and there.is_relative_to(root):
            return there.relative_to(root).as_posix() + colons + name
    raise ValueError(f"--test {piece}: there is no {path} in {root}")


def chosen(runner: Runner, wanted: Selection, seconds: float) -> tuple[str, ...]:
    """The files or node ids to run. Raises ValueError where pytest refuses an expression or nothing fits."""
    if not wanted.options:
        return wanted.tests
    words = shlex.join([*wanted.options, *wanted.tests])
    found = runner.select(wanted.tests, wanted.options, seconds)
    if found.status != "finished":
        raise ValueError(f"--test {words}: {found.output.strip().splitlines()[-1]}")
    if not found.outcomes:
        raise ValueError(f"--test {words}: no test fits")
    return tuple(test.node for test in found.outcomes)


class Left(ProgressColumn):
    """Time to the last candidate or to the end of the budget, whichever comes first."""

    def render(self, task: Task) -> Text:
        until = task.fields["until"]
        if until is None:
            return Text()
        left = until - time.monotonic()
        seconds = max(0, int(left if task.time_remaining is None else min(left, task.time_remaining)))
        return Text(f"ETA {seconds // 60}:{seconds % 60:02}", style="progress.remaining")


def live() -> Progress:
    """A bar with candidates a second, the time left, the best so far and what is tried."""
    note = TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=16), MofNCompleteColumn(), Rate(), Left(), note,
        console=console, expand=True,
    )  # fmt: skip


def attempt(
    runner: Runner,
    wanted: Selection,
    seconds: float,
    suite_seconds: float,
    quiet: bool,
    language: Language | None = None,
    habit: Habit | None = None,
) -> Outcome:
    """Diagnosis, search for `seconds`, confirmation; the suite may take `suite_seconds` once."""
    with live() as progress:
        progress.disable = quiet
        task = progress.add_task("tests", total=None, note="running them once, traced", until=None)
        tests = chosen(runner, wanted, suite_seconds)
        diagnosis = diagnose(runner, tests, suite_seconds)
        if not diagnosis.failing:
            progress.live.transient = progress.disable = True
            progress.live.stop()
            return Outcome(diagnosis)
        if not quiet:
            introduce(diagnosis)
        until = time.monotonic() + seconds
        search = Search(runner, tests, until, build.code_rank(), language, habit)
        progress.update(task, description="candidates", completed=0, until=until, note="")
        for state in search.run(diagnosis):
            progress.update(task, total=state.candidates, completed=state.tried, note=noted(state, diagnosis))
        progress.update(task, until=None, note="")
        if search.best is None:
            return Outcome(diagnosis, search)
        progress.update(task, note="confirming in a fresh interpreter")
        cold, verdict = search.confirm(search.best)
        progress.update(task, note="")
        return Outcome(diagnosis, search, verdict, cold)


def noted(state: State, diagnosis: Diagnosis) -> str:
    """The best so far, and what was tried last."""
    best = state.best and f"best so far fixes {len(state.best.fixed)} of {len(diagnosis.failing)}; "
    return f"{best or ''}{state.note}"


def introduce(diagnosis: Diagnosis) -> None:
    """What fails, and which lines are suspicious."""
    say(f"{len(diagnosis.failing)} of {len(diagnosis.run.outcomes)} tests fail:")
    for node in diagnosis.failing[:SHOWN]:
        say(f"  {node}")
    if len(diagnosis.failing) > SHOWN:
        say(f"  and {len(diagnosis.failing) - SHOWN} others")
    for node in diagnosis.flaky[:SHOWN]:
        say(f"  flaky, so left alone: {node} failed and then passed")
    say("Suspicious lines:" if diagnosis.suspects else "No line that may be changed is suspicious.")
    for suspect in diagnosis.suspects[:3]:
        say(f"  {suspect.path}:{suspect.line}  {'; '.join(suspect.reasons)}")
