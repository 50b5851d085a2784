"""How many of the same bugs does a public search-based repair tool mend? FixKit's GenProg, as it comes.

    python -m venv FIXKIT && FIXKIT/bin/pip install fixkit==0.0.1 tests4py==1.0.0
    FIXKIT/bin/pip install "sflkit==0.2.20" text-unidecode
    python scripts/public_tool.py runs/repairs/public.jsonl FIXKIT/bin/python LIBRARY... --bugs 5

Bugs, seen and held-out tests are those of scripts/repairs.py. The tool gets the seen tests, the seconds that
`fix` gets, two workers and the population, generations and rate of its own tests and README; it runs in a
namespace of its own. (0.0.1 asks for a newer sflkit than it can import, hence the second line.) Results are
kept a line each; what is there is not done again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from injury import Injury
from repairs import BUDGET, Bench, bugs, prepare, rows
from repairs import Options as Bugs

from sixkeys.bench.stats import wilson
from sixkeys.cli.common import bar, parse, say
from sixkeys.envs.repo.sandbox import bundled_bwrap

DRIVER = """
import json, pathlib, random, sys
from fixkit.fitness.metric import Fitness
from fixkit.genetic.transform import MutationTransformer
from fixkit.localization.coverage import CoverageLocalization
from fixkit.repair.pygenprog import PyGenProg

source, out, package, tests, kept, seed = json.loads(sys.stdin.read())
random.seed(seed)
tried = pathlib.Path(out, "tried")
run = Fitness.run
def counted(self, *args, **kwargs):
    with tried.open("a") as file:
        file.write("x")
    return run(self, *args, **kwargs)
Fitness.run = counted
where = CoverageLocalization(source, cov=package, metric="Ochiai", tests=tests, out=out)
tool = PyGenProg.from_source(
    src=source, excludes=kept, localization=where, population_size=40, max_generations=10, w_mut=0.06,
    workers=2, out=out)
best = max(tool.repair(), key=lambda one: one.fitness, default=None)
if best is not None and best.fitness >= 1 - 1e-8:
    MutationTransformer().transform(best, pathlib.Path(out, "mended"))
"""
"""The tool used as its README does, reading its task from stdin; each run of the tests leaves a mark."""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    results: Annotated[Path, tyro.conf.Positional]
    """where results are kept, one JSON object a line"""
    python: Annotated[Path, tyro.conf.Positional]
    """the interpreter that has the tool"""
    libraries: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """folders of libraries; none: only show what is there"""
    bugs: int = 5
    """bugs a library"""
    seed: int = 0
    """of the list of bugs, of the held-out tests and of the tool"""
    budget: float = BUDGET
    """seconds that one repair may take"""


def main() -> None:
    """Goes on where it was stopped, then prints the table."""
    options = parse(Options, "public_tool", None, __doc__ or "")
    done = {(row["library"], row["seed"]) for row in rows(options.results)}
    with bar() as progress:
        for folder in options.libraries:
            task = progress.add_task(folder.name, total=options.bugs, note="")
            bench = prepare(folder, options.seed)
            try:
                for seed, path, injury in bugs(bench, folder.name, Bugs(options.results, (), options.bugs)):
                    if (folder.name, seed) not in done:
                        row = {"library": folder.name, "seed": seed, "kind": injury.kind}
                        row |= mended(bench, path, injury, options)
                        with options.results.open("a") as file:
                            file.write(json.dumps(row) + "\n")
                    progress.update(task, advance=1, note=injury.kind)
            finally:
                bench.runner.close()
    show(rows(options.results))


def mended(bench: Bench, path: str, injury: Injury, options: Options) -> dict[str, Any]:
    """One search of the tool, in a copy of the hurt library."""
    with tempfile.TemporaryDirectory() as scratch:
        source, out = Path(scratch, "source"), Path(scratch, "out")
        out.mkdir()
        for name, text in {**bench.project.files, path: injury.text.encode()}.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(text)
        kept = [name for name in bench.project.files if name.endswith(".py") and name not in bench.lines]
        task = [str(source), str(out), path.split("/")[0].removesuffix(".py"), list(bench.seen), kept,
                options.seed]  # fmt: skip
        began, late, said = time.monotonic(), False, ""
        try:
            done = subprocess.run(
                boxed(options.python, scratch), input=json.dumps(task), timeout=options.budget,
                capture_output=True, text=True, cwd=scratch, check=False)  # fmt: skip
            said = "" if done.returncode == 0 else done.stderr[-300:]
        except subprocess.TimeoutExpired:
            late = True
        seconds, tried = time.monotonic() - began, out / "tried"
        runs = len(tried.read_text()) if tried.exists() else 0
        row: dict[str, Any] = {"seconds": round(seconds, 2), "tried": runs, "late": late, "said": said}
        row |= judged(bench, out / "mended")
    hurt = bench.runner.run({path: injury.text}, bench.seen, 120.0)
    return row | {"failing": sum(test.outcome in ("failed", "error") for test in hurt.outcomes)}


def boxed(python: Path, scratch: str) -> list[str]:
    """The command of the driver in a namespace that sees the machine read-only, without a network."""
    binary = str(python.absolute().parent)
    box = shutil.which("bwrap") or bundled_bwrap() or "bwrap"
    return [
        "prlimit", "--fsize=1000000000", box, "--unshare-all", "--die-with-parent",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm",
        "--bind", scratch, scratch, "--setenv", "PATH", f"{binary}:/usr/bin:/bin",
        "--setenv", "TMPDIR", scratch, "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        str(python.absolute()), "-c", DRIVER]  # fmt: skip


def judged(bench: Bench, mended: Path) -> dict[str, Any]:
    """Whether what the tool left passes the tests it saw, and those it didn't."""
    if not mended.exists():
        return {"fixed": False, "held_out": None}
    files = {name: (mended / name).read_text() for name in bench.lines}
    passed = {}
    for name, tests in (("fixed", bench.seen), ("held_out", bench.hidden)):
        run = bench.runner.run(files, tests, 300.0)
        green = {test.node for test in run.outcomes if test.outcome == "passed"}
        passed[name] = run.status == "finished" and set(tests) <= green
    return passed


def show(found: list[dict[str, Any]]) -> None:
    """A line a library, and all; what made no test fail was no bug."""
    found = [row for row in found if row["failing"]]
    for name in [*sorted({row["library"] for row in found}), "all"]:
        some = [row for row in found if name in ("all", row["library"])]
        fixed = [row for row in some if row["fixed"]]
        share, late = wilson(len(fixed), len(some)), sum(row["late"] for row in some)
        say(
            f"{name:24} {len(fixed)}/{len(some)} mended [{share.low:.2f}, {share.high:.2f}], "
            f"{sum(row['held_out'] for row in fixed)} hold on hidden tests, {late} "
            f"ran out of time, {sum(bool(row['said']) for row in some)} broke off; "
            f"{sum(row['tried'] for row in some) / len(some):.0f} runs of the tests each"
        )


if __name__ == "__main__":
    main()
