"""A repository whose pytest waits: configuration, conftests and tests are as pytest itself takes them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.runner import Runner

CALC = "def double(x):\n    return 2 * x\n"
TESTS = """\
import pytest
import unittest
from calc import double

def test_one(number):
    assert double(number) == 14

@pytest.mark.parametrize("x", ["a[b", "::", 3])
def test_many(x):
    assert double(x) == x + x

class TestInside:
    @pytest.mark.slow
    def test_two(self):
        assert double(1) == 2

    def test_three(self):
        assert double(1) == 3

class Old(unittest.TestCase):
    def test_four(self):
        self.assertEqual(double(2), 4)
"""
FILES = {
    "calc.py": CALC,
    "conftest.py": "import pytest\nfrom calc import double\n\n@pytest.fixture\ndef number():\n    return 7\n",
    "tests/test_calc.py": TESTS,
    "tests/conftest.py": "import calc\nassert calc.double(1) == 2, 'conftest'\n",
    "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["slow"]\naddopts = "--strict-markers"\n'
    'pythonpath = ["."]\n',
    "tests/test_broken.py": "import calc\ncalc.nothing\n",
    "other/pytest.ini": "[pytest]\npython_functions = check_*\n",
    "other/test_other.py": "def check_it():\n    assert True\n\ndef test_it():\n    assert False\n",
}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def cold(folder: Path, *tests: str) -> dict[str, str]:
    """What `python -m pytest` says, without this package's hand in it."""
    options = ["-rA", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment).stdout
    found = {}
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR"):
            found[rest.split(" - ")[0].rpartition("/")[2]] = word.lower()
    return found


def warm(runner: Runner, *tests: str, files: dict[str, str] | None = None) -> dict[str, str]:
    """Node ids without their folders -> outcomes."""
    run = runner.run(files or {}, tests, 60.0)
    return {test.node.rpartition("/")[2]: test.outcome for test in run.outcomes}


PLAIN = {
    **FILES,
    "conftest.py": "",
    "tests/test_calc.py": "import pytest\n\n@pytest.fixture\ndef number():\n    return 7\n\n" + TESTS,
    "tests/conftest.py": "",
    "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["slow"]\n',
}
"""The same with nothing that pytest would run before it collects, so that it waits there."""


@pytest.mark.parametrize("files", [FILES, PLAIN], ids=["conftests", "plain"])
@pytest.mark.parametrize(
    "tests",
    [
        (),
        ("tests",),
        ("tests/test_calc.py::test_one",),
        ("tests/test_calc.py::test_many[::]", "tests/test_calc.py::test_many[3]"),
        ("tests/test_calc.py::test_many",),
        ("tests/test_calc.py::TestInside::test_three", "tests/test_calc.py::Old::test_four"),
        ("tests/test_calc.py::TestInside", "tests/test_calc.py::TestInside::test_two"),
        ("tests/test_calc.py::test_one", "other"),
        ("other/test_other.py",),
    ],
)
def test_the_same_tests_with_the_same_outcomes_as_cold(
    tmp_path: Path, tests: tuple[str, ...], files: dict[str, str]
):
    folder = lay(tmp_path, {name: text for name, text in files.items() if text})
    with Runner(1, project=read(folder)) as runner:
        said = warm(runner, *tests)
    expected = cold(folder, *tests)
    assert said == expected
    assert said


def test_a_change_reaches_conftests_and_tests(tmp_path: Path):
    with Runner(1, project=read(lay(tmp_path, FILES))) as runner:
        node, name = "tests/test_calc.py::test_one", "test_calc.py::test_one"
        assert warm(runner, node) == {name: "passed"}
        assert warm(runner, node, files={"calc.py": CALC.replace("2", "3")}) != {name: "passed"}
        fixture = FILES["conftest.py"].replace("7", "8")
        assert warm(runner, node, files={"conftest.py": fixture}) == {name: "failed"}
        assert warm(runner, node) == {name: "passed"}


def test_a_text_with_doctests_is_known_in_every_kind_of_run(tmp_path: Path):
    pages = {"calc.py": CALC, "notes.md": ">>> 1 + 1\n2\n", "more.rst": ">>> 1 + 1\n3\n"}
    options = '[tool.pytest.ini_options]\naddopts = "--doctest-glob=*.md --doctest-glob=*.rst"\n'
    folder = lay(tmp_path, pages | {"pyproject.toml": options})
    expected = {"notes.md::notes.md": "passed", "more.rst::more.rst": "failed"}
    assert cold(folder) == expected
    with Runner(1, project=read(folder)) as runner:
        assert warm(runner) == expected
        assert {test.node: test.outcome for test in runner.cold({}, (), 60.0).outcomes} == expected


def test_an_urgent_run_comes_before_those_that_wait(tmp_path: Path):
    with Runner(1, project=read(lay(tmp_path, FILES))) as runner:
        tests = ["tests/test_calc.py::test_one"]
        assert runner.run({}, tests, 60.0).passed, "the worker is ready"
        first, waits = runner.submit({}, tests, 60.0), runner.submit({}, tests, 60.0)
        assert runner.submit({}, tests, 60.0, urgent=True).result().passed
        assert first.answer is not None
        assert waits.answer is None
        assert waits.result().passed


def test_a_brief_run_ends_as_any_other_and_does_not_say_how(tmp_path: Path):
    with Runner(1, project=read(lay(tmp_path, FILES))) as runner:
        full = runner.run({}, ["tests"], 60.0)
        brief = runner.submit({}, ["tests"], 60.0, brief=True).result()
    assert [(t.node, t.outcome) for t in brief.outcomes] == [(t.node, t.outcome) for t in full.outcomes]
    assert "assert 2 == 3" in full.output
    assert "assert 2 == 3" not in brief.output


def test_a_changed_configuration_is_read(tmp_path: Path):
    changed = FILES["pyproject.toml"].replace('["slow"]', "[]")
    with Runner(1, project=read(lay(tmp_path, FILES))) as runner:
        assert len(warm(runner, "tests")) == 8
        run = runner.run({"pyproject.toml": changed}, ["tests"], 60.0)
        assert not run.passed
        assert "slow" in run.output


@pytest.mark.parametrize("addopts", ["-p calc", "-pcalc", r"\u002dp calc", "--unknown-option"])
def test_options_that_cannot_wait(tmp_path: Path, addopts: str):
    """A plugin of the repository's own is imported in each run, never by what outlives a run."""
    files = {**FILES, "pyproject.toml": FILES["pyproject.toml"].replace("--strict-markers", addopts)}
    broken = "import os\nif os.getpid() == 1: raise SystemExit('imported by the first process')\n" + CALC
    folder = lay(tmp_path, {**files, "calc.py": broken})
    with Runner(1, project=read(folder)) as runner:
        run = runner.run({}, ["tests/test_calc.py::test_one"], 60.0)
        if addopts == "--unknown-option":
            assert not run.passed
            assert "unrecognized arguments: --unknown-option" in run.output
        else:
            assert run.passed, run.output


SUBTESTS = """import unittest


class TestParts(unittest.TestCase):
    def test_some(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertNotEqual(number, 2)

    def test_all(self):
        for number in range(500):
            with self.subTest(number=number):
                self.assertGreaterEqual(number, 0)

    def test_left(self):
        for number in range(2):
            with self.subTest(number=number):
                self.skipTest("later")
"""


def test_parts_of_a_test_are_not_tests(tmp_path: Path):
    folder = lay(tmp_path, {"test_parts.py": SUBTESTS})
    with Runner(1, project=read(folder)) as runner:
        warm, cold = runner.run({}, (), 60.0), runner.cold({}, (), 60.0)
    for result in (warm, cold):
        assert result.status == "finished"
        assert {test.node: test.outcome for test in result.outcomes} == {
            "test_parts.py::TestParts::test_some": "failed",
            "test_parts.py::TestParts::test_all": "passed",
            "test_parts.py::TestParts::test_left": "passed",
        }


def test_what_a_session_that_was_begun_cannot_know_is_known(tmp_path: Path):
    """A conftest and a configuration that come with the run, and pytest's own choice of tests."""
    with Runner(1, project=read(lay(tmp_path, {n: t for n, t in PLAIN.items() if t}))) as runner:
        node, name = "tests/test_calc.py::test_one", "test_calc.py::test_one"
        assert warm(runner, node) == {name: "passed"}
        patch = "import calc\ncalc.double = lambda x: 14 if x == 7 else 0\n"
        assert warm(runner, "tests/test_calc.py::TestInside::test_two", files={"conftest.py": patch}) == {
            "test_calc.py::TestInside::test_two": "failed"
        }
        other = {"pytest.ini": "[pytest]\npython_functions = check_*\n"}
        assert warm(runner, "tests", files=other).keys() & {name} == set()
        chosen = runner.select([], ["-m", "slow"], 60.0)
        assert [t.node for t in chosen.outcomes if "::" in t.node] == [
            "tests/test_calc.py::TestInside::test_two"
        ]
        ended = runner.submit({}, ["tests"], 60.0, first=True).result()
        assert [test.outcome in ("failed", "error") for test in ended.outcomes].count(True) == 1


def test_a_crash_is_told_where_it_belongs(tmp_path: Path):
    """What the interpreter says as it dies is the run's text, and counts against its limit."""
    dies = "import ctypes\n\ndef test_it():\n    ctypes.string_at(1)\n"
    with Runner(1, project=read(lay(tmp_path, {"test_dies.py": dies}))) as runner:
        run = runner.run({}, (), 60.0)
    assert run.status == "crashed"
    assert "Fatal Python error: Segmentation fault" in run.output
