"""Are failures still heard? Canaries fail beside real tests and fall silent where pytest is patched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cheats import CHEATS, OTHER, PROJECT, SLUG, TESTS

from sixkeys.envs.repo.canaries import canaries, heard, module, sound
from sixkeys.envs.repo.outcomes import RunResult, TestOutcome
from sixkeys.envs.repo.runner import Runner

NEST = canaries(TESTS, ["calc.py"], PROJECT, "0badcafe")


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(1, seconds=20.0) as found:
        yield found


@pytest.mark.parametrize("cold", [False, True])
def test_every_canary_sings_in_an_honest_run(runner: Runner, cold: bool):
    run = (runner.cold if cold else runner.run)({**PROJECT, NEST.path: NEST.text})
    assert run.status == "finished", run.output
    rest, reasons = heard(NEST, run)
    assert reasons == ()
    assert sound(NEST, run) == NEST
    assert {test.node for test in rest.outcomes} == set(TESTS)
    assert len(run.outcomes) == len(TESTS) + len(NEST.birds)


@pytest.mark.parametrize(
    "name",
    [
        "Function.runtest",
        "TestReport",
        "CallInfo",
        "AssertionError",
        "sys.modules",
        "subclasses",
        "exec",
        "frames",
    ],
)
def test_a_patched_pytest_is_heard(runner: Runner, name: str):
    """Without the audit: the canaries alone."""
    run = runner.run({**CHEATS[f"patched: {name}"].on(PROJECT), NEST.path: NEST.text})
    rest, reasons = heard(NEST, run)
    assert {test.outcome for test in rest.outcomes} <= {"passed", "xfailed"}
    assert reasons != ()


def test_a_class_that_equals_everything_is_heard(runner: Runner):
    run = runner.run({**CHEATS["equal: something true"].on(PROJECT), NEST.path: NEST.text})
    assert [reason.partition("::")[2] for reason in heard(NEST, run)[1]] == [
        "test_z0badcafe6: it must be failed and passed"
    ]


def reported(change: dict[int, TestOutcome | None]) -> RunResult:
    """A run of the canaries alone, some of them otherwise."""
    outcomes = [TestOutcome(f"tests/{b.node}", b.outcome, 0.0, f"E: {b.says}") for b in NEST.birds]
    changed = [change.get(place, outcome) for place, outcome in enumerate(outcomes)]
    return RunResult(tuple(outcome for outcome in changed if outcome), "finished", 0.0, "")


def test_each_way_to_be_silent_is_named():
    node = f"tests/{NEST.birds[0].node}"
    assert heard(NEST, reported({}))[1] == ()
    assert "was not reported" in heard(NEST, reported({0: None}))[1][0]
    assert (
        "must be failed and passed" in heard(NEST, reported({0: TestOutcome(node, "passed", 0.0, "")}))[1][0]
    )
    assert (
        "in another way: no" in heard(NEST, reported({0: TestOutcome(node, "failed", 0.0, "no\nno")}))[1][0]
    )
    assert heard(NEST, reported({0: TestOutcome(node, "failed", 0.0, "Asser...")}))[1] == ()
    assert "no canary" in heard(NEST._replace(birds=()), reported({}))[1][0]
    assert len(sound(NEST, reported({0: None})).birds) == len(NEST.birds) - 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("src/a.py", "a"),
        ("src/a/b.py", "a.b"),
        ("a/__init__.py", "a"),
        ("lib/p/q/m.py", "p.q.m"),
        ("lib/p/__init__.py", "p"),
        ("free/m.py", "free.m"),
    ],
)
def test_modules_are_imported_from_their_outermost_package(path: str, name: str):
    assert (
        module(path, {"src/a/__init__.py", "a/__init__.py", "lib/p/__init__.py", "lib/p/q/__init__.py"})
        == name
    )


def test_names_follow_those_of_the_expected_tests():
    nest = canaries(["checks/check_b.py::A::check_it[1]", "checks/check_a.py::check_x"], [], {}, "12345678")
    assert nest.path == "checks/check_b_z12345678_check_b.py"
    assert nest.birds[0].node == "check_b_z12345678_check_b.py::check_it_z12345678_check_it1"
    assert NEST.path == "tests/test_z0badcafe.py"
    assert {OTHER, SLUG} < set(PROJECT)
