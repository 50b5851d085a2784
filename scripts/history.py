"""How many bugs that people really made does `fix` repair? Each is attempted and reported, one by one.

    git clone --mirror https://github.com/pytoolz/toolz mirrors/toolz       (each repository of the list)
    python scripts/history.py runs/history/agent.jsonl mirrors/* --python PYTHON --budget 60

The list is `history.toml`, made by `history_list.py`; none of the libraries' code is in it. For each bug a
folder is made: the revision before the fix, with the tests of the fix. What must turn green, and stay so, are
the tests in the files that the fix changed that pass with it; the rest of the suite is looked at afterwards.
PYTHON is one with pytest and what the suites import. Where a bug is not fixed, the fix that people made is
compared with the candidates, and the row says what was missing (`history_reasons.py`). Results are kept a
line each; what is there already is not done again.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro
from history_reasons import Attempt, listing, one_line, same, told

from sixkeys import build
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.hands import STAGES, hands
from sixkeys.envs.repo.outcomes import RunResult
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.repair import Diagnosis, RepairError, Search, diagnose, editable
from sixkeys.envs.repo.runner import Runner

LIST = Path(__file__).with_name("history.toml")
HEAD = """| bug | fixed | seconds | tried | what was found, or what is missing |
|---|---|---|---|---|"""
SUITE_SECONDS = 120.0
"""What the tests of one bug may take, and the whole suite."""


@dataclass(frozen=True)
class Options:
    """What is attempted."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    gitroots: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """git directories or clones that hold the histories; none: only show what is there"""
    python: str = ""
    """the Python that runs the suites; else this one"""
    budget: float = 60.0
    """seconds that one repair may take, diagnosis and proof included"""
    only: str = ""
    """only bugs of this library"""
    page: Path | None = None
    """a Markdown file whose table is written anew; what stands above the table is kept"""


class Bug(NamedTuple):
    """One entry of the list."""

    library: str
    repository: str
    fix: str
    """The commit that fixed it; its first parent is the revision with the bug."""
    date: str
    subject: str
    sources: tuple[str, ...]
    """Source files that the fix changed."""
    lines: int
    """How many of their lines; not comments, not empty ones."""
    tests: tuple[str, ...]
    """Test files that the fix changed and that pytest runs."""
    fails: tuple[str, ...]
    """Node ids that fail before and pass after; none where a bug of BugsInPy could not be shown."""
    bugsinpy: str = ""

    @property
    def name(self) -> str:
        return f"{self.library}@{self.fix[:8]}"


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "history", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = {row["name"] for row in rows(options.results)}
    bugs = [bug for bug in listed(LIST) if options.only in ("", bug.library)] if options.gitroots else []
    with bar() as progress:
        task = progress.add_task("bugs", total=len(bugs), note="")
        for bug in bugs:
            if bug.name not in done:
                row = attempt(bug, options)
                with options.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            progress.update(task, advance=1, note=bug.name)
    show(rows(options.results))
    if options.page is not None:
        told, *_ = options.page.read_text().partition(HEAD)
        options.page.write_text("\n".join([told + HEAD, *map(entry, rows(options.results)), ""]))


def rows(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def listed(path: Path) -> list[Bug]:
    """The bugs of the list, in its order."""
    found: list[dict[str, Any]] = tomllib.loads(path.read_text())["bug"]
    for one in found:
        one.update({key: tuple(value) for key, value in one.items() if isinstance(value, list)})
    return [Bug(**one) for one in found]


# --- git ---


def git(root: Path, *words: str) -> bytes:
    """What git says; raises CalledProcessError where it refuses."""
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout


def root_of(commit: str, roots: Sequence[Path]) -> Path:
    """The git directory that has this commit. Raises ValueError where none has."""
    for root in roots:
        known = subprocess.run(["git", "-C", str(root), "cat-file", "-e", f"{commit}^{{commit}}"], stderr=-3)
        if not known.returncode:
            return root
    raise ValueError(f"no git directory of {len(roots)} has the commit {commit}; clone its repository")


def is_test(path: str) -> bool:
    """Whether a file of a repository belongs to its tests."""
    name = path.rsplit("/", 1)[-1]
    return bool(re.search(r"(^|/)(tests?|testing)/", path) or re.match(r"(tests?(_.*)?|.*_test)\.py$", name))


def changes(root: Path, commit: str) -> list[tuple[str, str]]:
    """(A, D or M, path) of each file that a commit changes."""
    said = git(root, "diff", "--name-status", "--no-renames", "-z", f"{commit}^1", commit).decode()
    words = said.split("\0")
    return list(zip(words[0:-1:2], words[1::2], strict=False))


def shown(root: Path, revision: str, path: str) -> str:
    """The text of a file at a revision."""
    return git(root, "show", f"{revision}:{path}").decode()


def lay(root: Path, commit: str, folder: Path) -> dict[str, str]:
    """Writes the revision before `commit` with the tests of `commit` into an empty folder.

    Gives the Python sources that the fix changed, as they are after it: path -> text.
    """
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", f"{commit}^1"))) as archive:
        archive.extractall(folder, filter="data")
    fixed = {}
    for change, path in changes(root, commit):
        if is_test(path) and change == "D":
            (folder / path).unlink(missing_ok=True)
        elif is_test(path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(git(root, "show", f"{commit}:{path}"))
        elif path.endswith(".py") and change != "D" and path != "setup.py":
            fixed[path] = shown(root, commit, path)
    return fixed


class Bench(NamedTuple):
    """A bug, ready to be worked on."""

    runner: Runner
    sources: Mapping[str, str]
    fixed: Mapping[str, str]
    """Changed sources only, as the fix left them."""
    before: RunResult
    """What the tests of the fix say without it."""
    tests: tuple[str, ...]
    """Node ids in the changed test files that pass with the fix."""
    fails: tuple[str, ...]
    """Those of them that do not pass without it."""


@contextmanager
def bench(root: Path, commit: str, tests: Sequence[str], python: str, workers: int) -> Iterator[Bench]:
    """The buggy revision in warm workers. Raises ValueError where its tests do not show the bug."""
    with tempfile.TemporaryDirectory(prefix="history-") as name:
        folder = Path(name).resolve() / "repository"
        folder.mkdir()
        fixed = lay(root, commit, folder)
        (folder / ".git").mkdir()  # the root, whatever else lies there
        project = read(folder, python)
        with build.repository_runner(project, workers) as runner:
            after = runner.run(fixed, tests, SUITE_SECONDS)
            if after.status == "crashed":  # one test ended the run: go on with those before it
                tests = [test.node for test in after.outcomes if test.outcome == "passed"]
                after = runner.run(fixed, tests, SUITE_SECONDS) if tests else after
            green = passing(after)
            if after.status != "finished" or not green:
                raise ValueError(f"the tests of the fix do not run after it: {tail(after)}")
            before = runner.run({}, tests, SUITE_SECONDS)
            red = green - passing(before)
            fickle = red - passing(runner.run(fixed, sorted(red), SUITE_SECONDS)) if red else set()
            steady = [test.node for test in after.outcomes if test.node in green - fickle]
            fails = tuple(node for node in steady if node in red)
            yield Bench(runner, project.sources(), fixed, before, tuple(steady), fails)


def passing(run: RunResult) -> set[str]:
    """Node ids that passed in a run that came to its end."""
    ended = run.status == "finished"
    return {test.node for test in run.outcomes if ended and test.outcome == "passed"}


def tail(run: RunResult) -> str:
    """Why a run shows nothing, in one line."""
    said = [test.message for test in run.outcomes if test.message] or run.output.strip().splitlines()
    return one_line(f"{run.status}; {said[-1] if said else 'no tests'}", 160)


# --- one bug ---


def attempt(bug: Bug, options: Options) -> dict[str, Any]:
    """One bug, tried and explained; the row of the results."""
    row: dict[str, Any] = {
        "name": bug.name, "library": bug.library, "fix": bug.fix, "bugsinpy": bug.bugsinpy, "date": bug.date,
        "subject": bug.subject, "sources": bug.sources, "lines": bug.lines, "budget": options.budget,
        "fixed": False, "held": None, "same": False, "seconds": None, "tried": 0, "candidates": 0,
        "failing": 0, "found": "",
    }  # fmt: skip
    root = root_of(bug.fix, options.gitroots)
    try:
        with bench(root, bug.fix, bug.tests, options.python, 2) as place:
            if not place.fails or not set(bug.fails) <= set(place.fails):
                missed = sorted(set(bug.fails) - set(place.fails))[:3]
                text = f"these do not fail before and pass after, as they should: {missed}"
                text = text if missed else "no test fails before and passes after with this Python"
                return row | unsearched(place, "not shown", text)
            return row | repair(place, options.budget)
    except (ValueError, RuntimeError) as error:
        return row | {"why": "not shown", "reason": one_line(str(error), 300), "human": "", "needs": ()}


def repair(place: Bench, budget: float) -> dict[str, Any]:
    """The search as `fix` makes it, its proof, and why it failed where it did."""
    runner, began = place.runner, time.monotonic()
    try:
        diagnosis = diagnose(runner, place.tests, SUITE_SECONDS)
    except RepairError as error:
        return unsearched(place, "no diagnosis", str(error))
    search = Search(runner, place.tests, began + budget, build.code_rank())
    for _ in search.run(diagnosis):
        pass
    best, fixed = search.best, False
    if best is not None:
        fixed = search.confirm(best)[1].passed and not best.left
    row = {
        "fixed": fixed, "seconds": round(time.monotonic() - began, 2), "tried": len(search.journal),
        "candidates": search.total, "failing": len(diagnosis.failing),
        "found": " | ".join(one_line(f"{h.candidate.before} -> {h.candidate.after}", 200)
                            for h in (best.hands if best else ())),
    }  # fmt: skip
    if fixed and best is not None:
        row["held"] = holds(place, best.files)
        row["same"] = all(
            same(best.files.get(path, old), place.fixed[path]) for path, old in changed(place).items()
        )
    why = told(explained(place, diagnosis, search))._asdict()
    return row | why | ({"why": "fixed"} if fixed else {})


def unsearched(place: Bench, why: str, text: str) -> dict[str, Any]:
    """What is said of a bug that could not be searched for, with what would have been needed."""
    what = told(Attempt(changed(place), place.fixed, place.sources, (), (), {}))
    return what._replace(why=why, reason=f"{one_line(text, 160)}; {listing(what.needs)}")._asdict()


def holds(place: Bench, files: Mapping[str, str]) -> bool | None:
    """Whether tests of the whole suite that pass with the fix pass with the repair; None: it does not end."""
    human = place.runner.run(place.fixed, (), SUITE_SECONDS)
    if human.status != "finished":
        return None
    return passing(human) <= passing(place.runner.run(files, (), SUITE_SECONDS))


def changed(place: Bench) -> dict[str, str]:
    """The sources that the fix changed, before it."""
    return {path: place.sources[path] for path in place.fixed if path in place.sources}


def explained(place: Bench, diagnosis: Diagnosis, search: Search) -> Attempt:
    """What the reasons are found from."""
    sources, failing = editable(search.project), set(diagnosis.failing)
    stages = [hands(diagnosis, sources, search.rank, stage) for stage in range(len(STAGES))]
    queue = [hand.candidate for stage in stages for hand in stage]
    messages = [test.message for test in diagnosis.run.outcomes if test.node in failing]
    tried = {one.hand.candidate: one.said for one in search.journal}
    return Attempt(changed(place), place.fixed, sources, queue, messages, tried)


# --- the table ---


def entry(row: Mapping[str, Any]) -> str:
    """A row of the page."""

    def plain(text: str) -> str:
        return " ".join(text.replace("|", "\\|").split())

    held = {True: "rest of the suite passes", False: "rest of the suite fails", None: "rest unknown"}
    found = f"yes ({'as people did, ' * row['same']}{held[row['held']]})" if row["fixed"] else "no"
    label = f" (BugsInPy {row['bugsinpy']})" if row["bugsinpy"] else ""
    what = f"found `{plain(row['found'])}`; person: " if row["fixed"] else ""
    seconds = "-" if row["seconds"] is None else f"{row['seconds']:.0f}"
    return f"| {row['name']}{label} | {found} | {seconds} | {row['tried']} | {what}{plain(row['reason'])} |"


def show(found: Collection[Mapping[str, Any]]) -> None:
    """A line a bug, then counts."""
    for row in found:
        held = {True: "holds", False: "breaks the rest", None: "rest unknown"}[row["held"]]
        how = "as people did" if row["same"] else "otherwise"
        what = f"fixed ({how}, {held})" if row["fixed"] else row["reason"]
        label = f" [{row['bugsinpy']}]" if row["bugsinpy"] else ""
        seconds = f"{row['seconds']:.0f} s" if row["seconds"] is not None else "-"
        tried = f"{row['tried']} tried of {row['candidates']}"
        say(f"{row['name']}{label} {row['date']} {seconds}, {tried}: {what}")
        say(f"    {row['human']}")
    for name in [*sorted({row["library"] for row in found}), "all"]:
        some = [row for row in found if name in ("all", row["library"])]
        fixed = [row for row in some if row["fixed"]]
        say(
            f"{name:16} {len(fixed)}/{len(some)} fixed, {sum(row['held'] is True for row in fixed)} hold, "
            f"{sum(row['same'] for row in fixed)} as people did"
        )
    for why, count in Counter(row["why"] for row in found).most_common():
        say(f"{count:4} {why}")
    lacking = Counter(need for row in found if row["why"] != "fixed" for need in row["needs"])
    for needs, count in lacking.most_common(30):
        say(f"{count:4} {needs}")


if __name__ == "__main__":
    main()
