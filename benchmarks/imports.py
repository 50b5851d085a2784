"""How much does `import sixkeys` cost? Wall time of fresh interpreters, as a ratio to `import numpy`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from turns import console, table, take_turns

STATEMENTS = ("pass", "import numpy", "import sixkeys", "import jax")
LIMIT = 0.15


def starts_a_second(statement: str) -> float:
    """How many fresh interpreters that run `statement` fit into a second."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return 1 / (time.perf_counter() - start)


def main() -> None:
    """Prints the table and whether the import stays below the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="interpreters started for each statement (11)")
    parser.add_argument("--quick", action="store_true", help="3 rounds: for a look, not for a claim")
    options = parser.parse_args()
    for statement in STATEMENTS:
        starts_a_second(statement)
    contestants = {statement: lambda s=statement: starts_a_second(s) for statement in STATEMENTS}
    rates = take_turns(contestants, 3 if options.quick else options.rounds)
    console.print(table("Fresh interpreters", "starts/s", rates, "import sixkeys"))
    median = statistics.median(1 / rate for rate in rates["import sixkeys"])
    word = "[green]within[/]" if median < LIMIT else "[red]ABOVE[/]"
    console.print(
        f"import sixkeys, interpreter included: {1000 * median:.0f} ms, {word} {1000 * LIMIT:.0f} ms"
    )


if __name__ == "__main__":
    main()
