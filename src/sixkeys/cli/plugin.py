"""`pytest --sixkeys`: what would turn this failing run green? A pytest plugin, asleep without that option.

After a run with failures `sixkeys fix` is started, in a process of its own, on the tests that pytest ran:
those that passed guard those that failed. It says its diff and its verdict in pytest's summary. Runs inside
our own sandbox never load this plugin.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Two options; without them nothing happens."""
    group = parser.getgroup("sixkeys")
    group.addoption("--sixkeys", action="store_true", help="after failures, look for a repair and show it")
    group.addoption("--sixkeys-apply", action="store_true", help="the same, and change the files")


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Looks for a repair where a test failed."""
    apply = config.getoption("sixkeys_apply")
    if not (config.getoption("sixkeys") or apply):
        return
    if not any(terminalreporter.stats.get(kind) for kind in ("failed", "error")):
        return
    terminalreporter.section("sixkeys fix", sep="=")
    command = [sys.executable, "-m", "sixkeys.cli", "fix", str(config.rootpath), "--python", sys.executable]
    command += ["--apply"] * apply + tests(config)
    if terminalreporter.isatty:
        terminalreporter.flush()
        subprocess.run(command, stdin=subprocess.DEVNULL)
        return
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            terminalreporter.write_line(line.rstrip())


def tests(config: Any) -> list[str]:
    """`--test` with what pytest was asked to run; nothing where that is everything."""
    found: list[str] = []
    for argument in config.args:
        path, colons, name = argument.partition("::")
        full = os.path.realpath(config.invocation_params.dir / path)
        if full != os.path.realpath(config.rootpath) or colons:
            found.append(f"{full}{colons}{name}")
    for option, expression in (("-k", config.option.keyword), ("-m", config.option.markexpr)):
        found += [option, expression] if expression else []
    return ["--test", *found] if found else []
