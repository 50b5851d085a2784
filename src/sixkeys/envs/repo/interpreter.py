"""Which Python runs the code under test, and what of this machine must it see? Its own files, and no more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

SCHEMES = ("stdlib", "platstdlib", "purelib", "platlib")
QUESTION = f"""
import json, os, sys, sysconfig
try:
    import pytest
    version = pytest.__version__
except ImportError:
    version = ""
print(json.dumps([sys.version_info[:2], version, sys.prefix, sys.base_prefix,
                  [sysconfig.get_path(name) for name in {SCHEMES!r}]]))
"""
OLDEST, OLDEST_PYTEST = (3, 10), (7, 3)
ASK_SECONDS = 60.0


class Interpreter(NamedTuple):
    """A Python and the files and folders outside /usr that it and its packages need, parents first."""

    executable: str
    version: tuple[int, int]
    pytest: str
    """The version of its pytest; empty where it has none."""
    paths: tuple[str, ...]


class InterpreterError(ValueError):
    """This Python cannot run the tests; the message says why and what to do."""


def here() -> Interpreter:
    """The Python that runs this line."""
    import pytest

    folders = [sysconfig.get_path(name) for name in SCHEMES]
    paths = needed(sys.executable, sys.prefix, sys.base_prefix, folders)
    return Interpreter(sys.executable, sys.version_info[:2], pytest.__version__, paths)


def ask(executable: str) -> Interpreter:
    """Another Python, asked by starting it; raises InterpreterError where it or its pytest is too old, or it
    has none."""
    try:
        said = subprocess.run(
            [executable, "-I", "-c", QUESTION],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=True,
        )
        version, pytest, prefix, base, folders = json.loads(said.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, IndexError) as error:
        detail: Any = getattr(error, "stderr", "") or error
        why = f"{executable} does not answer as a Python would: {str(detail).strip()}"
        raise InterpreterError(f"{why}; give another with --python") from error
    if tuple(version) < OLDEST:
        raise InterpreterError(
            f"{executable} is Python {version[0]}.{version[1]}; 3.{OLDEST[1]} or newer is needed"
        )
    if not pytest:
        raise InterpreterError(
            f"{executable} has no pytest; install it there: {executable} -m pip install pytest"
        )
    if tuple(map(int, re.findall(r"\d+", pytest)[:2])) < OLDEST_PYTEST:
        raise InterpreterError(
            f"{executable} has pytest {pytest}; {OLDEST_PYTEST[0]}.{OLDEST_PYTEST[1]} or newer is needed: "
            f"{executable} -m pip install --upgrade pytest"
        )
    return Interpreter(executable, tuple(version), pytest, needed(executable, prefix, base, folders))


def needed(executable: str, prefix: str, base: str, folders: list[str]) -> tuple[str, ...]:
    """The files and folders outside /usr that a Python needs, none inside another, parents first."""
    program = Path(executable)
    wanted = {program.parent, program.resolve().parent, *map(Path, folders)}
    for root in {prefix, base, str(Path(base).resolve())}:
        wanted |= {Path(root) / name for name in ("bin", "lib", "lib64", "pyvenv.cfg")}
    there = sorted(str(path) for path in wanted if path.exists())
    kept: list[str] = []
    for path in there:
        if not any(path == parent or path.startswith(parent + os.sep) for parent in ["/usr", *kept]):
            kept.append(path)
    return tuple(kept)
