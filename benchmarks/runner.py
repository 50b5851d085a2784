"""How much faster is a warm run than a cold `python -m pytest`? Same tests, same sandbox, turn by turn.

Prints medians and 95th percentiles in milliseconds, the ratio, and runs a second with one and two workers.
The project is generated anew for every run; every other one has a failing test. A cold run's time is taken
inside, from the start of the interpreter to its end. Usage: python benchmarks/runner.py [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import time

from sixkeys.envs.repo.runner import Runner, run_cold

TESTS = 5
COLD_EVERY = 5


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


def line(name: str, seconds: list[float]) -> str:
    """A row of the table."""
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    median = statistics.median(ordered)
    return f"{name:6} median {median * 1e3:7.1f} ms   p95 {high * 1e3:7.1f} ms   n={len(ordered)}"


def latency(runner: Runner, runs: int) -> None:
    """Warm and cold turn by turn, so that both meet the same load."""
    warm: list[float] = []
    cold: list[float] = []
    for number in range(runs):
        began = time.perf_counter()
        result = runner.run(project(number))
        warm.append(time.perf_counter() - began)
        checked(number, [test.outcome for test in result.outcomes])
        if number % COLD_EVERY == 0:
            result = run_cold(project(number), runner=runner)
            cold.append(result.seconds)
            checked(number, [test.outcome for test in result.outcomes])
    print(line("warm", warm))
    print(line("cold", cold))
    print(f"ratio of medians {statistics.median(cold) / statistics.median(warm):.1f}x")


def throughput(runner: Runner, runs: int) -> float:
    """Runs a second with all tickets queued at once."""
    began = time.perf_counter()
    for ticket in [runner.submit(project(number)) for number in range(runs)]:
        ticket.result()
    return runs / (time.perf_counter() - began)


def main() -> None:
    """Prints the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with Runner(1) as one, Runner(2) as two:
        print(f"isolation: {one.isolation}; {TESTS} tests a run")
        for runner in (one, two):
            throughput(runner, 10)
        latency(one, runs)
        single, double = throughput(one, runs), throughput(two, runs)
    print(f"runs a second: {single:.1f} with 1 worker, {double:.1f} with 2 workers ({double / single:.2f}x)")


if __name__ == "__main__":
    main()
