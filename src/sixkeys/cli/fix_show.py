"""How is a repair shown? As lines for a terminal, one JSON object, one HTML page that needs nothing else."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from rich.syntax import Syntax

from sixkeys.cli.common import console, plain, say
from sixkeys.cli.fix_search import Outcome
from sixkeys.cli.fix_write import diff_of
from sixkeys.envs.repo.project import Project
from sixkeys.envs.repo.repair import Repair, Tried

UNPARSED = re.compile(r'File "([^"\n]+)", line (\d+)\n(?:.*\n){1,3}((?:Syntax|Indentation|Tab)Error: .*)')
BEST = 5
"""How many plausible repairs are shown."""
TELLING, WIDE = 4, 48
"""How many lines of the journal are told, and how much of the code in them."""
SAID = {"passed": "passed its test", "timeout": "did not end", "crashed": "crashed", "flood": "flooded",
        "0 failed": "ran no test"}  # fmt: skip
"""What the journal says of a run, in plain words; where a test failed, it still fails."""


class Check(NamedTuple):
    """One thing that speaks for a repair, or against it."""

    text: str
    held: bool


def headline(repair: Repair) -> str:
    """The repair in one line."""
    places = ", ".join(f"{hand.candidate.edit.path}:{hand.candidate.line}" for hand in repair.hands)
    return f"Fix {len(repair.fixed)} failing test{'s' * (len(repair.fixed) != 1)} ({places})"


def checks(outcome: Outcome, isolation: str) -> list[Check]:
    """Everything that was looked at before a repair is shown; what a verdict holds against it."""
    verdict, cold, repair = outcome.verdict, outcome.cold, outcome.repair
    if verdict is None or cold is None:
        return []
    if repair is None:
        last = cold.output.strip().splitlines()[-1:] if cold.status != "finished" else []
        reasons = [*verdict.reasons, *last]
        return [Check(f"a cold run did not confirm it: {reason}", False) for reason in reasons]
    failing = outcome.diagnosis.failing
    passed = {test.node for test in cold.outcomes if test.outcome == "passed"}
    before = [test.node for test in outcome.diagnosis.run.outcomes if test.outcome == "passed"]
    kept = sum(node in passed for node in before)
    return [
        Check(f"{len(repair.fixed)} of {len(failing)} failing tests pass", not repair.left),
        *(Check(f"still fails: {node}", False) for node in repair.left),
        Check(f"{kept} of {len(before)} tests that passed before still pass", kept == len(before)),
        Check(f"a cold pytest of the pristine tree with the change ran {len(cold.outcomes)} tests", True),
        Check("tests and configuration are untouched, and the audit of the change finds nothing", True),
        Check("tests that must fail still fail beside it", True),
        Check(f"isolation: {isolation}", isolation != "none"),
    ]


def unparsed(outcome: Outcome) -> list[str]:
    """Places that do not parse, for which tests fail, and what Python says there."""
    failing = set(outcome.diagnosis.failing)
    said = [test.message for test in outcome.diagnosis.run.outcomes if test.node in failing]
    found = [match for message in said for match in UNPARSED.findall(message)]
    return list(dict.fromkeys(f"{path}:{line}  {why}" for path, line, why in found))


def alternatives(outcome: Outcome) -> list[Repair]:
    """Other repairs that passed, the likeliest first."""
    repair, offered = outcome.repair, outcome.search.plausible if outcome.search else []
    return [other for other in offered if repair and other.files != repair.files][: BEST - 1]


def told(tried: Tried) -> str:
    """A line of the journal in a few words."""
    one = tried.hand.candidate
    before, after = (" ".join(text.split())[:WIDE] or "nothing" for text in (one.before, one.after))
    return f"{one.edit.path}:{one.line}  {before}  ->  {after}"


def story(outcome: Outcome) -> list[str]:
    """The journal: its most telling lines, and what became of the others."""
    journal = outcome.search.journal if outcome.search else []
    chosen = outcome.repair.hands if outcome.repair else ()
    close = [tried for tried in journal if tried.said == "passed"]
    kept = [tried for tried in close if tried.hand in chosen]
    met = [tried for tried in close if tried.hand not in chosen][:TELLING]
    lines = [f"{told(tried)}: kept" for tried in kept]
    rivals = [hand for other in alternatives(outcome) for hand in other.hands]
    ends = ("passed its test, but did not stand up to all", "plausible too")
    lines += [f"{told(tried)}: {ends[tried.hand in rivals]}" for tried in met]
    rest = Counter(SAID.get(tried.said, "still failed") for tried in journal)
    rest[SAID["passed"]] -= len(kept) + len(met)
    others = [f"{count} {said}" for said, count in rest.most_common() if count > 0]
    return lines + [f"others: {', '.join(others)}"] * bool(others)


def show(outcome: Outcome, project: Project, isolation: str, seconds: float) -> None:
    """What became of it, for a person."""
    repair, diagnosis = outcome.repair, outcome.diagnosis
    if not diagnosis.failing:
        say(f"Nothing fails: {len(diagnosis.run.outcomes)} tests ran.", style="green")
        for node in diagnosis.flaky:
            say(f"  flaky: {node} failed and then passed")
        return
    if repair is not None:
        show_diff(diff_of(project, repair.files))
        say(f"Verdict: {headline(repair)}.", style="bold green")
    else:
        say(
            "No repair was found. More --budget tries more; --test narrows what must turn green.",
            style="bold",
        )
        for line in unparsed(outcome):
            say(f"  it does not parse, and that is for you to mend: {line}")
    for check in checks(outcome, isolation):
        say(f"  {'✔' if check.held else '✘'} {check.text}", style="" if check.held else "red")
    say(f"Journal: {len(outcome.search.journal if outcome.search else ())} candidates in {seconds:.1f} s")
    for line in story(outcome):
        say(f"  {line}")
    for number, other in enumerate(alternatives(outcome), 2):
        say(f"Plausible too, number {number}: {headline(other)}", style="bold")
        if other.unlike:
            say(f"  there, {other.unlike}")
        show_diff(diff_of(project, other.files))


def show_diff(text: str) -> None:
    """A diff in colours, without the carriage returns of Windows."""
    console.print(Syntax(plain(text.replace("\r\n", "\n")), "diff", background_color="default"))


def record(outcome: Outcome, project: Project, code: int, isolation: str, seconds: float) -> dict[str, Any]:
    """The outcome as plain data."""
    repair, diagnosis = outcome.repair, outcome.diagnosis
    why = {test.node: test.message for test in diagnosis.run.outcomes}
    return {
        "schema": 1, "code": code, "root": str(project.root), "seconds": round(seconds, 2),
        "python": ".".join(map(str, project.interpreter.version)), "isolation": isolation,
        "tests": len(diagnosis.run.outcomes), "suite_seconds": round(diagnosis.run.seconds, 2),
        "failing": diagnosis.failing, "flaky": diagnosis.flaky, "left_out": project.left_out,
        "messages": {node: why.get(node, "") for node in diagnosis.failing},
        "suspects": [suspect._asdict() for suspect in diagnosis.suspects[:20]],
        "headline": headline(repair) if repair else "",
        "diff": diff_of(project, repair.files) if repair else "",
        "fixed": repair.fixed if repair else (), "left": repair.left if repair else diagnosis.failing,
        "checks": [check._asdict() for check in checks(outcome, isolation)],
        "alternatives": [
            {"headline": headline(other), "diff": diff_of(project, other.files), "unlike": other.unlike}
            for other in alternatives(outcome)
        ],
        "journal": [
            {
                "path": tried.hand.candidate.edit.path, "line": tried.hand.candidate.line,
                "kind": tried.hand.candidate.kind, "before": tried.hand.candidate.before,
                "after": tried.hand.candidate.after, "said": tried.said,
            }
            for tried in (outcome.search.journal if outcome.search else ())
        ],
    }  # fmt: skip


def page(facts: dict[str, Any]) -> str:
    """One self-contained HTML page of a `record`; all is escaped: names in a repository may be hostile."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_printable
    )
    return environment.from_string(files("sixkeys.cli").joinpath("fix.html").read_text("utf-8")).render(
        facts=facts
    )


def _printable(value: Any) -> Any:
    return plain(value) if type(value) is str else value


def page_place(root: Path) -> Path:
    """Where a repository's page goes when nothing is said: the user's cache, never the repository itself."""
    name = f"{root.name[:60]}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}.html"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "sixkeys" / "fix"
    if cache.is_relative_to(root):
        cache = Path(tempfile.gettempdir()).resolve() / f"sixkeys-{os.getuid()}"
    return cache / name


def write_page(facts: dict[str, Any], path: Path, quiet: bool = False) -> None:
    """Writes a whole page or none, readable by its owner only; says where it is, or why it is not."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(page(facts))
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        say(f"Full report: could not be written to {path}: {error.strerror}")
    else:
        if not quiet:
            say(f"Full report: {path}")
