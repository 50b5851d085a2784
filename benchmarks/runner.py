"""How much faster is a warm run than a cold `python -m pytest`? Same tests, same sandbox, turn by turn.

Every run gets a project of five functions and five tests with another edit in it; every other one has a
failing test, and each verdict is checked. All tests are run, and the failing one alone, warm and cold; and
warm all tests of a project that was never seen. A cold run's time is taken
inside the sandbox, from the start of the interpreter to its end, so that starting the sandbox is not held
against it, nor what empties its folders afterwards; a warm run's time is what a caller waits who asks a
worker that is idle, as it is while an agent thinks. Runs a second are of runs back to back.
"""

from __future__ import annotations

import argparse
import time
from itertools import count

from turns import Seconds, console, quantiles, rounds_of, times, verdict

from sixkeys.envs.repo.runner import Runner, run_cold

TESTS = 5
WARM_RUNS = 5
"""Warm runs for each cold one."""
IDLE = 0.05
"""Seconds after which a worker has emptied its folders."""
TARGETS = {"all tests": 12.0, "the failing test": 18.0}


def project(number: int, new: bool = False) -> dict[str, str]:
    """A module with five functions and a test for each; an edit makes the last one wrong in odd projects, and
    right in another way in even ones. A new one has other names."""
    names = [f"f{number if new else 0}_{i}" for i in range(TESTS)]
    source = "".join(f"def {name}(a, b):\n    return a * {i} + b\n\n" for i, name in enumerate(names))
    source = source.removesuffix("\n\n") + f" + {number} * {number % 2}\n"
    tests = f"from calc import {', '.join(names)}\n\n"
    for i, name in enumerate(names):
        tests += f"def test_{name}():\n    assert {name}(3, 4) == {3 * i + 4}\n\n"
    return {"calc.py": source, "test_calc.py": tests}


def checked(number: int, kinds: list[str], alone: bool) -> None:
    """Raises SystemExit where a run did not say what is known."""
    wanted = ["passed"] * (TESTS - 1) * (not alone) + ["failed" if number % 2 else "passed"]
    if kinds != wanted:
        raise SystemExit(f"project {number} gave {kinds}, not {wanted}")


def tests_of(alone: bool) -> list[str]:
    """The last test, which fails in odd projects; or none, which stands for all."""
    return [f"test_calc.py::test_f0_{TESTS - 1}"] if alone else []


def warm(runner: Runner, number: int, alone: bool = False, new: bool = False) -> float:
    """Seconds of one warm run, as the caller sees them."""
    files = project(number, new)
    time.sleep(IDLE)
    began = time.perf_counter()
    result = runner.run(files, tests_of(alone))
    seconds = time.perf_counter() - began
    checked(number, [test.outcome for test in result.outcomes], alone)
    return seconds


def cold(runner: Runner, number: int, alone: bool = False) -> float:
    """Seconds of one cold run, without the start of its sandbox."""
    result = run_cold(project(number), tests_of(alone), runner=runner)
    checked(number, [test.outcome for test in result.outcomes], alone)
    return result.seconds


def latency(runner: Runner, rounds: int) -> Seconds:
    """How long each kind of run takes, round by round; the failing test alone is run where one fails."""
    numbers = count()

    def fails() -> int:
        return 2 * next(numbers) + 1

    kinds = {
        "all tests, warm": lambda: [warm(runner, next(numbers)) for _ in range(WARM_RUNS)],
        "all tests never seen, warm": lambda: [
            warm(runner, next(numbers), new=True) for _ in range(WARM_RUNS)
        ],
        "all tests, cold": lambda: [cold(runner, next(numbers))],
        "the failing test, warm": lambda: [warm(runner, fails(), True) for _ in range(WARM_RUNS)],
        "the failing test, cold": lambda: [cold(runner, fails(), True)],
    }
    return rounds_of(kinds, rounds)


def throughput(runner: Runner, runs: int) -> float:
    """Runs a second with all tickets queued at once."""
    began = time.perf_counter()
    for ticket in [runner.submit(project(number, True)) for number in range(runs)]:
        ticket.result()
    return runs / (time.perf_counter() - began)


def main() -> None:
    """Prints the table, whether the targets are reached, and runs a second with one and two workers."""
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
        seconds = latency(one, rounds)
        single, double = throughput(one, runs), throughput(two, runs)
    more = f"{double:.1f} with 2 workers ({double / single:.2f}x)"
    console.print(f"runs a second: {single:.1f} with 1 worker, {more}")
    console.print(quantiles(f"A run of {TESTS} tests, and of the failing one, in milliseconds", seconds))
    for kind, target in TARGETS.items():
        console.print(
            verdict(f"{kind}, warm against cold", times(seconds, f"{kind}, warm", f"{kind}, cold"), target)
        )


if __name__ == "__main__":
    main()
