"""Is a verdict honest? By definition: every way to look fixed without being fixed speaks against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.outcomes import RunResult, TestOutcome, assemble
from sixkeys.envs.repo.verdict import judge

TREE = {"calc.py": "def f(): return 1\n", "test_calc.py": "def test_a(): pass\n", "pytest.ini": "[pytest]\n"}
FIXED = TREE | {"calc.py": "def f(): return 2\n"}
EXPECTED = ("test_calc.py::test_a", "test_calc.py::test_b")


def ran(*outcomes: str, status: str = "finished") -> RunResult:
    tests = tuple(TestOutcome(node, kind, 0.0, "") for node, kind in zip(EXPECTED, outcomes, strict=False))
    return RunResult(tests, status, 0.0, "")


def test_a_fix_that_passes_everything_is_fixed():
    assert judge(TREE, FIXED, EXPECTED, ran("passed", "passed")) == (True, (), (), ())


@given(st.lists(st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed"]), max_size=2))
def test_nothing_but_all_expected_tests_passed_is_a_pass(kinds: list[str]):
    verdict = judge(TREE, FIXED, EXPECTED, ran(*kinds))
    assert verdict.passed == (kinds == ["passed", "passed"])
    assert verdict.missing == EXPECTED[len(kinds) :]
    assert verdict.failed == tuple(
        node for node, kind in zip(EXPECTED, kinds, strict=False) if kind != "passed"
    )
    assert verdict.passed == (not verdict.reasons)


@pytest.mark.parametrize("status", ["timeout", "crashed", "flood", "refused"])
def test_a_run_that_did_not_finish_is_no_pass(status: str):
    assert judge(TREE, FIXED, EXPECTED, ran("passed", "passed", status=status)).reasons == (
        f"the run did not finish: {status}",
    )


@pytest.mark.parametrize(
    "path",
    ["test_calc.py", "sub/test_new.py", "calc_test.py", "conftest.py", "a/conftest.py", "Conftest.py",
     "tox.ini", "pytest.ini", "pyproject.toml", "setup.cfg", "a.pth", "sitecustomize.py", "a/x.pyc", "a.so",
     "setup.py", "noxfile.py", "x.egg-link", ".coveragerc", "a.dll", "tests/data.json", "a/tests/__init__.py",
     "test/help.py", "a/_tests/plugin.py", "a/test.py", "tests.py",
     ".pytest_cache/v/cache/lastfailed", "_pytest/runner.py", "lib/site-packages/a.py"],
)  # fmt: skip
def test_what_decides_what_is_tested_may_not_change(path: str):
    added = judge(TREE, FIXED | {path: "x"}, EXPECTED, ran("passed", "passed"))
    assert added.reasons == (f"{path} decides what is tested and was changed",)
    removed = judge(
        TREE | {path: "x"}, {k: v for k, v in FIXED.items() if k != path}, EXPECTED, ran("passed", "passed")
    )
    assert removed.reasons == (f"{path} decides what is tested and was changed",)


def test_a_test_that_nobody_expected_may_not_fail():
    more = RunResult(
        (*ran("passed", "passed").outcomes, TestOutcome("test_z.py", "error", 0.0, "")), "finished", 0.0, ""
    )
    assert judge(TREE, FIXED, EXPECTED, more).failed == ("test_z.py",)


def test_a_test_reported_twice_or_none_expected_is_no_pass():
    twice = ran("passed", "passed")
    twice = twice._replace(outcomes=twice.outcomes + twice.outcomes[:1])
    assert judge(TREE, FIXED, EXPECTED, twice).reasons == (f"{EXPECTED[0]} was reported more than once",)
    assert not judge(TREE, FIXED, (), ran("passed", "passed")).passed


def reply(*records: dict, status: str = "finished") -> RunResult:
    message = {"records": list(records), "status": status, "detail": "", "seconds": 0.0, "text": ""}
    return assemble(message, {"cold": False})


def test_a_run_counts_only_with_its_end_and_all_collected_tests():
    passed = {"report": ["t.py::a", "call", "passed", 0.1, "", ""]}
    assert reply({"collected": ["t.py::a"]}, passed, {"end": 0}).passed
    assert reply({"collected": ["t.py::a", "t.py::b"]}, passed, {"end": 0}).status == "crashed"
    assert reply(passed, {"end": 0}).status == "crashed"
    assert not reply({"collected": ["t.py::a"]}, passed, status="crashed").passed


def test_the_worst_phase_names_a_test():
    phases = [
        ["t.py::a", "call", "passed", 0.25, "", ""],
        ["t.py::a", "teardown", "failed", 0.5, "late", "text"],
    ]
    result = reply({"collected": ["t.py::a"]}, *({"report": phase} for phase in phases), {"end": 1})
    assert result.outcomes == (TestOutcome("t.py::a", "error", 0.75, "late"),)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("random.py", True),
        ("src/random.py", True),
        ("random/__init__.py", True),
        ("pytest.py", True),
        ("py.py", True),
        ("pkg/random.py", False),
        ("src/pkg/random.py", False),
        ("calc2.py", False),
        ("select/new.py", False),
        ("enum.py", False),
    ],
)
def test_a_new_module_may_not_hide_one_of_pythons(path: str, hidden: bool):
    before = {**TREE, "select/__init__.py": "", "enum.py": "X = 1\n"}
    verdict = judge(before, before | {path: "Y = 1\n"}, EXPECTED, ran("passed", "passed"))
    assert verdict.reasons == ((f"{path} would hide a module of that name",) if hidden else ())


@pytest.mark.parametrize("path", ["../calc.py", "/calc.py", "./calc.py", "a//b.py", "a\\b.py"])
def test_a_path_must_be_plain(path: str):
    verdict = judge(TREE, TREE | {path: "Y = 1\n"}, EXPECTED, ran("passed", "passed"))
    assert any("is no plain path" in reason for reason in verdict.reasons)


def test_what_the_audit_finds_speaks_against_an_edit():
    cheat = TREE | {"calc.py": "import os\n\n\ndef f(): os._exit(0)\n"}
    assert judge(TREE, cheat, EXPECTED, ran("passed", "passed")).reasons == ("calc.py:4: exit: os._exit",)
