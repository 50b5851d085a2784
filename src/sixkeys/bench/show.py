"""How is a report shown to people? One self-contained HTML page, and one table for a terminal."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined
from rich import box
from rich.table import Table
from rich.text import Text

from sixkeys.bench.report import GapRow, GateRow, Report, Row, write_text
from sixkeys.bench.suite import MODES, THINKERS


class Line(NamedTuple):
    """One thinker's line in a case's table."""

    thinker: str
    masked: Row | None
    unmasked: Row | None
    gap: GapRow | None


class Block(NamedTuple):
    """One case, ready to be shown."""

    case: str
    world: str
    task: str
    rung: int
    episodes: int
    lines: list[Line]
    gates: list[GateRow]


def blocks(report: Report) -> list[Block]:
    """The report by case, in its own order; thinkers in the order of THINKERS, others after them."""
    order = {name: place for place, name in enumerate(THINKERS)}
    found = []
    for case in dict.fromkeys(row.case for row in report.rows):
        rows = {(row.thinker, row.mode): row for row in report.rows if row.case == case}
        gaps = {row.thinker: row for row in report.gaps if row.case == case}
        names = sorted({thinker for thinker, _ in rows}, key=lambda name: (order.get(name, len(order)), name))
        lines = [Line(n, rows.get((n, "masked")), rows.get((n, "unmasked")), gaps.get(n)) for n in names]
        one = next(iter(rows.values()))
        gates = [gate for gate in report.gates if gate.case == case]
        found.append(Block(case, one.world, one.task, one.rung, one.episodes, lines, gates))
    return found


def write_html(report: Report, path: Path) -> None:
    """Writes one page that needs nothing but itself: no network, no other file."""
    write_text(path, page(report))


def page(report: Report) -> str:
    """The HTML page. Everything from the report is escaped: code under test may contain anything."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "number": number}
    template = environment.from_string(
        files("sixkeys.bench").joinpath("page.html").read_text(encoding="utf-8")
    )
    return template.render(report=report, blocks=blocks(report), data=embed(report))


def embed(report: Report) -> str:
    """What the page's script needs, as JSON that cannot leave its script element: it holds no <, > or &."""
    text = report.model_dump_json(include={"curves", "replays"})
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def percent(value: float | None, signed: bool = False, digits: int = 1) -> str:
    """0.983 -> 98.3; nothing measured -> a dash."""
    return "–" if value is None else f"{100 * value:{'+' if signed else ''}.{digits}f}"


def number(value: float | None, digits: int = 2) -> str:
    """4.2 -> 4.20; nothing measured -> a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def table(report: Report) -> Table:
    """Cases x masked/unmasked x thinkers for a terminal: pass rate in %, its interval, keys to pass."""
    title = "pass rate % [95 % interval], keys to pass (a failure counts its cap)"
    shown = Table(title=title, title_justify="left", box=box.HORIZONTALS, show_edge=False, padding=0)
    for name in ("case", "who", *(f"Eval[{mode}]" for mode in MODES)):
        shown.add_column(Text(name), no_wrap=True)
    for name in ("oracle", "invalid"):
        shown.add_column(Text(name), justify="right")
    for block in blocks(report):
        for line in block.lines:
            extra = (number(_value(line, "oracle_steps"), 1), number(_value(line, "invalid_mass"), 3))
            first = block.case if line is block.lines[0] else ""
            cells = (first, line.thinker, _cell(line.masked), _cell(line.unmasked), *extra)
            shown.add_row(*map(Text, cells), style="bold" if line.thinker == "agent" else "")
        shown.add_section()
    shown.caption = "oracle: keys of a shortest solution; invalid: unmasked invalid mass"
    shown.caption_justify = "left"
    return shown


def _value(line: Line, metric: str) -> float | None:
    row = line.unmasked or line.masked
    return row.metrics[metric].value if row else None


def _cell(row: Row | None) -> str:
    if row is None:
        return "–"
    rate, steps = row.metrics["pass_rate"], row.metrics["mean_steps_to_pass"]
    span = f"[{percent(rate.low, digits=0)},{percent(rate.high, digits=0)}]"
    return f"{percent(rate.value):>5} {span:<8} {number(steps.value, 1):>4}"
