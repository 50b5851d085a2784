"""How much faster is a warm run than a cold `python -m pytest`? Same tests, same sandbox, turn by turn.

Every run gets a new project of five functions and five tests; every other one has a failing test, and each
verdict is checked. A cold run's time is taken inside the sandbox, from the start of the interpreter to its
end, so that starting the sandbox is not held against it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import count

import numpy as np
from rich.progress import track
from rich.table import Table
from turns import Ratio, console, ratio, verdict

from sixkeys.envs.repo.runner import Runner, run_cold

TESTS = 5
WARM_RUNS = 5
"""Warm runs for each cold one."""
TARGET = 10


def project(number: int) -> dict[str, str]:
    """A module with five functions and a test for each; in odd projects the last one is wrong."""
    names = [f"f{number}_{i}" for i in range(TESTS)]
    source = "".join(f"def {name}(a, b):\n    return a * {i} + b\n\n" for i, name in enumerate(names))
    tests = f"from calc import {', '.join(names)}\n\n"
    for i, name in enumerate(names):
        right = 3 * i + 4 + (number % 2 if i == TESTS - 1 else 0)
        tests += f"def test_{name}():\n    assert {name}(3, 4) == {right}\n\n"
    return {"calc.py": source, "test_calc.py": tests}


def checked(number: int, kinds: list[str]) -> None:
    """Raises SystemExit where a run did not say what is known."""
    wanted = ["passed"] * (TESTS - 1) + ["failed" if number % 2 else "passed"]
    if kinds != wanted:
        raise SystemExit(f"project {number} gave {kinds}, not {wanted}")


def warm(runner: Runner, number: int) -> float:
    """Seconds of one warm run, as the caller sees them."""
    files, began = project(number), time.perf_counter()
    result = runner.run(files)
    seconds = time.perf_counter() - began
    checked(number, [test.outcome for test in result.outcomes])
    return seconds


def cold(runner: Runner, number: int) -> float:
    """Seconds of one cold run, without the start of its sandbox."""
    result = run_cold(project(number), runner=runner)
    checked(number, [test.outcome for test in result.outcomes])
    return result.seconds


def latency(runner: Runner, rounds: int) -> Ratio:
    """Prints how long warm and cold runs take; gives how many times faster warm is, round by round."""
    seconds: dict[str, list[float]] = {"warm": [], "cold": []}
    rates: dict[str, list[float]] = {"warm": [], "cold": []}
    numbers = count()
    for _ in track(range(rounds), f"{rounds} rounds", console=console, transient=True):
        turn = {
            "warm": [warm(runner, next(numbers)) for _ in range(WARM_RUNS)],
            "cold": [cold(runner, next(numbers))],
        }
        for name, values in turn.items():
            seconds[name] += values
            rates[name].append(1 / statistics.median(values))
    shown = Table("", "runs", "median", "95th percentile", title=f"A run of {TESTS} tests, in milliseconds")
    for name, values in seconds.items():
        median, high = 1e3 * np.quantile(values, (0.5, 0.95))
        shown.add_row(name, str(len(values)), f"{median:.1f}", f"{high:.1f}")
    console.print(shown)
    return ratio(rates, "warm", "cold")


def throughput(runner: Runner, runs: int) -> float:
    """Runs a second with all tickets queued at once."""
    began = time.perf_counter()
    for ticket in [runner.submit(project(number)) for number in range(runs)]:
        ticket.result()
    return runs / (time.perf_counter() - began)


def main() -> None:
    """Prints the table, whether the target is reached, and runs a second with one and two workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help=f"{WARM_RUNS} warm runs, one cold (30)")
    parser.add_argument("--quick", action="store_true", help="4 rounds: for a look, not for a claim")
    options = parser.parse_args()
    rounds = 4 if options.quick else options.rounds
    runs = WARM_RUNS * rounds
    with Runner(1) as one, Runner(2) as two:
        console.print(f"isolation: {one.isolation}")
        for runner in (one, two):
            throughput(runner, 10)
        times = latency(one, rounds)
        single, double = throughput(one, runs), throughput(two, runs)
    more = f"{double:.1f} with 2 workers ({double / single:.2f}x)"
    console.print(f"runs a second: {single:.1f} with 1 worker, {more}")
    console.print(verdict("a warm run against a cold one", times, TARGET))


if __name__ == "__main__":
    main()
