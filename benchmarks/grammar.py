"""How fast are edits found? Candidates of files of the standard library, in seconds of one core.

Parsing a file with `ast` is timed beside it, as a measure of the machine. So is libcst's, where that is
installed: a grammar on concrete syntax trees pays it before its first candidate.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rich.table import Table
from turns import console

from sixkeys.envs.repo.grammar import Lexicon, candidates
from sixkeys.envs.repo.grammar.sites import read

MODULES = ("bisect", "textwrap", "shlex", "configparser", "argparse")


def seconds(act: Callable[[], object], rounds: int) -> float:
    """The median processor time of one call."""
    times = []
    for _ in range(rounds):
        read.cache_clear()
        began = time.process_time()
        act()
        times.append(time.process_time() - began)
    return statistics.median(times)


def longest(source: str) -> range:
    """The lines of a function of middling length: of those with 8 to 30 lines, the longest."""
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    sizes = [(size, n) for n in found if 8 <= (size := (n.end_lineno or n.lineno) - n.lineno + 1) <= 30]
    size, function = max(sizes, key=lambda pair: pair[0])
    return range(function.lineno, function.lineno + size)


def main() -> None:
    """Prints a row for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, of which the median counts (5)")
    rounds = parser.parse_args().rounds
    shown = Table("file", "lines", "candidates", "ms", "us each", "function", "ms", "ast, ms", "libcst, ms")
    for name in MODULES:
        shown.add_row(*row(name, rounds))
    console.print(shown)


def row(name: str, rounds: int) -> list[str]:
    """What is told of one file."""
    spec = importlib.util.find_spec(name)
    source = Path(str(spec and spec.origin)).read_text(encoding="utf-8")
    lexicon, lines = Lexicon.of({name + ".py": source}), longest(source)
    number = sum(1 for _ in candidates(name, source, lexicon))
    few = sum(1 for _ in candidates(name, source, lexicon, lines))
    whole = seconds(lambda: list(candidates(name, source, lexicon)), rounds)
    part = seconds(lambda: list(candidates(name, source, lexicon, lines)), rounds)
    plain = seconds(lambda: ast.parse(source), rounds)
    slow = "absent"
    if importlib.util.find_spec("libcst"):
        libcst = importlib.import_module("libcst")
        slow = f"{1e3 * seconds(lambda: libcst.parse_module(source), rounds):.0f}"
    return [
        name, str(source.count("\n")), str(number), f"{1e3 * whole:.0f}", f"{1e6 * whole / number:.0f}",
        f"{few} on {len(lines)} lines", f"{1e3 * part:.0f}", f"{1e3 * plain:.1f}", slow,
    ]  # fmt: skip


if __name__ == "__main__":
    main()
