"""`sixkeys report`: a saved report again, as a table and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sixkeys.cli.common import console, parse, say


@dataclass(frozen=True)
class Options:
    """What may be said to `sixkeys report`."""

    report: Annotated[Path, tyro.conf.Positional] = Path("report.json")
    """a report that `sixkeys bench` wrote"""
    html: Path | None = None
    """write its page here"""


def main(arguments: list[str]) -> int:
    """Prints the table, and writes the page where asked."""
    options = parse(Options, "report", arguments, "Show a saved report.")
    from sixkeys.bench.report import read_json
    from sixkeys.bench.show import table, write_html

    report = read_json(options.report)
    console.print(table(report))
    if options.html:
        write_html(report, options.html)
        say(f"page: {options.html.resolve()}")
    return 0
