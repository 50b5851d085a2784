"""`sixkeys doctor`: does the sandbox hold here? It tries, and prints what held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.table import Table

from sixkeys.cli.common import console, parse, say


@dataclass(frozen=True)
class Options:
    """What `sixkeys doctor` is asked."""

    isolation: Literal["auto", "bwrap", "landlock", "none"] = "auto"
    """which tier to try; else the best that holds here"""


def main(arguments: list[str]) -> int:
    """Exit code 1 where a forbidden act succeeded or no sandbox can be had."""
    options = parse(
        Options, "doctor", arguments, "Try forbidden acts inside the sandbox and print what held."
    )
    from sixkeys.envs.repo.doctor import doctor
    from sixkeys.envs.repo.sandbox import weaknesses

    checks = doctor(options.isolation)
    shown = Table("forbidden act", "held", "what happened")
    for check in checks:
        shown.add_row(check.name, "[green]yes[/]" if check.held else "[red]NO[/]", check.detail)
    console.print(shown)
    weaker = weaknesses(checks[0].detail)
    if weaker:
        say("Weaker than bubblewrap, for want of namespaces:")
    for weakness in weaker:
        say(f"- {weakness}")
    well = all(check.held for check in checks)
    say(
        "The sandbox holds."
        if well
        else "The sandbox does NOT hold: sixkeys refuses to run code under test here."
    )
    return 0 if well else 1
