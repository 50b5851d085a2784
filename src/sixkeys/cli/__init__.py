"""What can be typed? `sixkeys COMMAND`; each command has a module of its own, imported when asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper

COMMANDS = {
    "fix": "turn a failing test of a repository green, offline, with proof",
    "train": "learn in one or more worlds, with checkpoints, from scratch or from where it stopped",
    "bench": "climb the ladder of cases, masked and unmasked, beside its controls; one JSON, one HTML page",
    "report": "show a saved report.json as a table, or make its HTML page again",
    "play": "press the six keys of a world yourself, or --watch the agent press them",
    "memory": "show, search or forget what training runs and repairs have left in memory",
    "doctor": "try a dozen forbidden acts inside the sandbox and print what held",
}
"""Name of a command -> what it is for. The module is `sixkeys.cli.NAME`, its function `main`."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 well, 1 a gate or check failed, 2 a wrong request."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0 if given else 2
    name, rest = given[0], given[1:]
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if name not in COMMANDS:
        print(f"sixkeys: there is no command {name!r}; possible: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return import_module(f"sixkeys.cli.{name}").main(rest)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        from sixkeys.cli.common import plain

        print(f"sixkeys {name}: {plain(str(text))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"sixkeys {name}: stopped", file=sys.stderr)
        return 130


def usage() -> str:
    """The help text of `sixkeys` alone."""
    lines = [f"  {name:<8} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: sixkeys COMMAND [OPTIONS]     (sixkeys COMMAND --help explains its options)",
            "",
            "One small agent, six keys, many worlds; always measured masked and unmasked.",
            "",
            *lines,
            "",
            "try:  sixkeys fix PATH          sixkeys bench --quick          sixkeys play grid:grid_key",
        ]
    )
