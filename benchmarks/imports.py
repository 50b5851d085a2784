"""How much does `import sixkeys` cost? Wall time of fresh processes, as a ratio to `import numpy`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

STATEMENTS = {"nothing": "pass", "numpy": "import numpy", "sixkeys": "import sixkeys", "jax": "import jax"}
ROUNDS = 11


def seconds(statement: str) -> float:
    """Wall time of a fresh interpreter that runs `statement`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Takes turns, so that a busy moment of the machine hits every statement alike; reports medians."""
    for statement in STATEMENTS.values():
        seconds(statement)
    rounds = [{name: seconds(statement) for name, statement in STATEMENTS.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(turn[name] for turn in rounds) for name in STATEMENTS}
    for name, median in medians.items():
        print(
            f"python -c '{STATEMENTS[name]}': {1000 * median:.0f} ms, {median / medians['numpy']:.2f} x numpy"
        )
    verdict = "within" if medians["sixkeys"] < 0.15 else "ABOVE"
    print(f"import sixkeys, interpreter included: {verdict} the limit of 150 ms")


if __name__ == "__main__":
    main()
