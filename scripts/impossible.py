"""Does `fix` know when not to? Tasks that nothing can solve; each is searched for as a user would.

    python scripts/impossible.py runs/repairs/impossible.jsonl LIBRARY... --tasks 10

A LIBRARY is an unpacked source distribution with its tests. A task is one of two, in turn:
`contradiction`, a test that says of the same call another value than its neighbour does; `flipped`, a test
whose expected value was changed in place. Nothing is broken, so a "fix" is an error: of a contradiction
always, of a flipped test where the sound test then fails. Results are kept, a line each, and not done again.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from sixkeys import build
from sixkeys.bench.stats import wilson
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.project import Project, read
from sixkeys.envs.repo.repair import Search, diagnose


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    libraries: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """folders of libraries; none: only show what is there"""
    tasks: int = 10
    """tasks a library"""
    budget: float = 60.0
    """seconds that one search may take"""


class Task(NamedTuple):
    """A test file that asks for what cannot be."""

    kind: str
    path: str
    line: int
    text: str
    before: str
    after: str


def main() -> None:
    """Goes on where it was stopped, then says how often something was called fixed."""
    options = parse(Options, "impossible", None, __doc__ or "")
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = {(row["library"], row["number"]) for row in rows(options.results)}
    with bar() as progress:
        for folder in options.libraries:
            project = read(folder)
            task = progress.add_task(folder.name, total=options.tasks, note="")
            for number, one in zip(range(options.tasks), tasks(project), strict=False):
                if (folder.name, number) not in done:
                    row = {"library": folder.name, "number": number, "kind": one.kind, "path": one.path,
                           "line": one.line, "before": one.before, "after": one.after}  # fmt: skip
                    row |= tried(project, one, options.budget)
                    with options.results.open("a") as file:
                        file.write(json.dumps(row) + "\n")
                progress.advance(task)
    show(rows(options.results))


def rows(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def tasks(project: Project) -> Iterator[Task]:
    """Tasks of a library, kinds in turn, from assertions drawn by chance."""
    places = [
        (path, node, literal)
        for path, text in sorted(project.sources().items())
        if Path(path).name.startswith("test") or Path(path).name.endswith("_test.py")
        for test in ast.walk(ast.parse(text))
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test") and not test.decorator_list
        for node in test.body
        if (literal := expected(node))
    ]
    chance = Chance([0x1709])
    for turn, (path, node, literal) in enumerate(chance.shuffled(places)):
        kind = ("contradiction", "flipped")[turn % 2]
        yield made(kind, path, project.sources()[path], node, literal)


def expected(node: ast.stmt) -> ast.Constant | None:
    """The literal of `assert SOMETHING == LITERAL` or `self.assertEqual(SOMETHING, LITERAL)`, on one line."""
    literal: ast.expr | None = None
    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
        literal = node.test.comparators[0] if isinstance(node.test.ops[0], ast.Eq) else None
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and len(node.value.args) == 2:
        func = node.value.func
        literal = (
            node.value.args[1] if isinstance(func, ast.Attribute) and func.attr == "assertEqual" else None
        )
    fit = isinstance(literal, ast.Constant) and isinstance(literal.value, (str, int, float))
    return literal if fit and node.lineno == node.end_lineno else None


def made(kind: str, path: str, text: str, node: ast.stmt, literal: ast.Constant) -> Task:
    """One task: the assertion with another value, beside the sound one or instead of it."""
    value: Any = literal.value
    other = (
        (not value) if isinstance(value, bool) else value + 7 if not isinstance(value, str) else f"{value}_q"
    )
    lines = text.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()
    changed = line[: literal.col_offset] + repr(other).encode() + line[literal.end_col_offset :]
    lines[node.lineno - 1] = changed.decode() + (line.decode() if kind == "contradiction" else "")
    return Task(kind, path, node.lineno, "".join(lines), repr(value), repr(other))


def tried(project: Project, task: Task, budget: float) -> dict[str, Any]:
    """One search; what it called fixed, and whether that holds under the sound tests."""
    spoiled = project._replace(files={**project.files, task.path: task.text.encode()})
    began, found, holds = time.monotonic(), None, None
    with build.repository_runner(spoiled, 2, "auto") as runner:
        diagnosis = diagnose(runner, (), 300.0)
        search = Search(runner, (), began + budget, build.code_rank())
        for _ in search.run(diagnosis):
            pass
        found = search.best
        if found is not None and not search.confirm(found)[1].passed:
            found = None
        if found is not None:
            sound = {**found.files, task.path: project.sources()[task.path]}
            holds = runner.run(sound, (), 300.0).passed
    return {
        "failing": len(diagnosis.failing), "tried": len(search.journal), "holds": holds,
        "fixed": found is not None and not found.left, "in_part": found is not None and bool(found.left),
        "seconds": round(time.monotonic() - began, 2),
        "confidence": found.confidence if found else None,
        "edits": [list(h.candidate[1:2] + h.candidate[4:6]) for h in (found.hands if found else ())],
    }  # fmt: skip


def show(found: list[dict[str, Any]]) -> None:
    """A line a kind."""
    for kind in sorted({row["kind"] for row in found}):
        some = [row for row in found if row["kind"] == kind and row["failing"]]
        wrong = [row for row in some if row["fixed"] and not row["holds"]]
        share = wilson(len(wrong), len(some)) if some else None
        say(f"{kind:15} {len(wrong)} of {len(some)} wrongly called fixed {share}")


if __name__ == "__main__":
    main()
