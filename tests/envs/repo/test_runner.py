"""Does a warm run say what a cold `python -m pytest` says, whatever the code does, and leave nothing behind?

The expected answers are written down (torture.py); a cold run in a fresh interpreter, read from its own text,
must give them too. Every hostile sample runs inside the sandbox only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from torture import GOOD, IT, SAMPLES, body

from sixkeys.envs.repo.runner import IsolationError, Runner, RunResult, TestOutcome, run_cold, shared_runner
from sixkeys.envs.repo.sandbox import Limits


def outcomes(result: RunResult) -> dict[str, str]:
    return {test.node: test.outcome for test in result.outcomes}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    try:
        with Runner(workers=1) as made:
            yield made
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_warm_run_gives_the_known_outcomes_and_leaves_nothing_behind(runner: Runner, name: str):
    sample = SAMPLES[name]
    result = runner.run(sample.files, seconds=sample.seconds)
    assert (outcomes(result), result.status) == (sample.outcomes, sample.status), result.output
    following = runner.run(GOOD)
    assert following.passed, following.output
    assert outcomes(following) == {"test_good.py::test_good": "passed"}


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.cold])
def test_a_cold_run_gives_the_same_outcomes(runner: Runner, name: str):
    sample = SAMPLES[name]
    seconds = 4.0 if sample.status == "timeout" else 20.0
    result = run_cold(sample.files, seconds=seconds, runner=runner)
    assert (outcomes(result), result.status) == (sample.outcomes, sample.status), result.output


def test_a_crash_names_the_test_that_ran(runner: Runner):
    result = runner.run(SAMPLES["os._exit"].files)
    assert not result.passed
    assert IT in result.output
    message = next(test.message for test in result.outcomes if test.node == IT)
    assert message == "the process ended by itself (exit code 0)"


def test_a_failure_says_values_without_addresses_or_folders(runner: Runner):
    files = {
        "calc.py": "def add(a, b):\n    return a - b\n",
        "test_x.py": "from calc import add\ndef test_it():\n    assert add(1, 2) == 3\n"
        "def test_object():\n    assert object() is None\ndef test_file():\n    open('missing')\n",
    }
    first, second = runner.run(files), runner.run(files)
    messages = [test.message for test in first.outcomes]
    assert messages[0] == "assert -1 == 3\n +  where -1 = add(1, 2)"
    assert messages[1].startswith("assert <object object at 0x...> is None")
    assert messages[2] == "FileNotFoundError: [Errno 2] No such file or directory: 'missing'"
    assert messages == [test.message for test in second.outcomes]
    assert "E   assert -1 == 3" in first.output
    assert "3 failed" in first.output


def test_an_edit_of_the_same_size_is_seen_at_once(runner: Runner):
    for operator, right in (("-", 1), ("+", 3), ("-", 1), ("*", 2)):
        files = {
            "calc.py": f"def f(a, b): return b {operator} a\n",
            "test_x.py": f"from calc import f\ndef test_it(): assert f(1, 2) == {right}\n",
        }
        assert runner.run(files).passed


@pytest.mark.parametrize(
    ("tests", "nodes"),
    [
        ((), ["test_a.py::test_1", "test_a.py::test_2[x]", "test_a.py::test_2[y]", "test_b.py::test_3"]),
        (("test_b.py",), ["test_b.py::test_3"]),
        (("test_a.py::test_2[y]", "test_b.py"), ["test_a.py::test_2[y]", "test_b.py::test_3"]),
    ],
)  # fmt: skip
def test_tests_may_be_chosen(runner: Runner, tests: tuple[str, ...], nodes: list[str]):
    files = {
        "test_a.py": "import pytest\ndef test_1(): pass\n"
        "@pytest.mark.parametrize('v', 'xy')\ndef test_2(v): pass\n",
        "test_b.py": "def test_3(): pass\n",
    }
    assert [test.node for test in runner.run(files, tests).outcomes] == nodes
    assert [test.node for test in run_cold(files, tests, runner=runner).outcomes] == nodes


def test_a_test_that_is_not_there_is_no_success(runner: Runner):
    result = runner.run(GOOD, ["test_good.py::test_none"])
    assert (result.passed, result.status, result.outcomes) == (False, "crashed", ())


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "", "a\0b"])
def test_a_path_outside_the_tree_is_refused(runner: Runner, path: str):
    result = runner.run({path: "x"})
    assert (result.status, result.passed) == ("refused", False)


def test_an_option_is_refused_as_a_test(runner: Runner):
    assert runner.run(GOOD, ["--pdb"]).status == "refused"


def test_runs_share_nothing(runner: Runner):
    leave = "open('left', 'w').close(); os.environ['LEFT'] = '1'"
    spy = "assert os.listdir() == ['test_x.py'] and 'mark' not in sys.modules and 'LEFT' not in os.environ"
    dirty = {"mark.py": "", "test_x.py": f"import mark, os\ndef test_it(): {leave}\n"}
    assert runner.run(dirty).passed
    assert runner.run({"test_x.py": f"import os, sys\ndef test_it(): {spy}\n"}).passed


def test_what_a_run_leaves_running_is_gone_in_the_next(runner: Runner):
    assert runner.run(SAMPLES["escapes its session"].files).passed
    count = "import os\ndef test_it(): assert len([n for n in os.listdir('/proc') if n.isdigit()]) == 2\n"
    assert runner.run({"test_x.py": count}).passed


def test_results_come_back_to_their_tickets_in_any_order():
    with Runner(workers=2, isolation="none") as runner:
        trees = [
            {"test_x.py": f"import time\ndef test_{i}(): time.sleep({0.2 if i == 0 else 0})\n"}
            for i in range(6)
        ]
        tickets = [runner.submit(tree) for tree in trees]
        for i in (5, 0, 3, 1, 2, 4):
            assert [test.node for test in tickets[i].result().outcomes] == [f"test_x.py::test_{i}"]


def test_threads_may_share_a_runner():
    found: dict[int, list[str]] = {}

    def work(i: int) -> None:
        found[i] = [test.node for test in runner.run({"test_x.py": f"def test_{i}(): pass\n"}).outcomes]

    with Runner(workers=2, isolation="none") as runner:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {i: [f"test_x.py::test_{i}"] for i in range(5)}


def test_a_worker_that_dies_is_replaced():
    with Runner(workers=1, isolation="none") as runner:
        ticket = runner.submit({"test_x.py": "import time\ndef test_it(): time.sleep(60)\n"}, seconds=60.0)
        while ticket not in runner.busy.values():
            runner._pump()
        runner.workers[0].process.kill()
        assert ticket.result().status == "crashed"
        assert runner.run(GOOD).passed
        runner.workers[0].process.kill()
        runner.workers[0].process.wait()
        assert runner.run(GOOD).passed


def test_without_isolation_limits_still_hold_and_the_report_says_so():
    with Runner(workers=1, isolation="none") as runner:
        assert runner.isolation == "none"
        for name in (
            "pass",
            "fail",
            "endless loop",
            "os._exit",
            "segfault",
            "100 MB of output",
            "fixtures",
            "escapes its session",
        ):
            sample = SAMPLES[name]
            result = runner.run(sample.files, seconds=sample.seconds)
            assert (outcomes(result), result.status) == (sample.outcomes, sample.status), (
                name,
                result.output,
            )
        base = runner.workers[0].base
        assert os.path.isdir(base)
    assert not os.path.exists(base)


def test_a_run_that_uses_too_much_memory_in_all_is_ended():
    limits = Limits(resident=200 << 20)
    code = """for _ in range(6):
    if os.fork() == 0:
        x = bytearray(os.urandom(1 << 20)) * 60; time.sleep(60)
time.sleep(60)"""
    try:
        with Runner(workers=1, limits=limits) as runner:
            result = runner.run(body(code, "error").files, seconds=20.0)
    except IsolationError as error:
        pytest.skip(str(error))
    assert result.status == "crashed"
    assert "bytes of memory" in result.output


def test_passed_needs_a_test_that_passed_and_none_that_did_not():
    def made(status: str, *kinds: str) -> bool:
        tests = tuple(TestOutcome(f"t{i}", kind, 0.0, "") for i, kind in enumerate(kinds))
        return RunResult(tests, status, 0.0, "").passed

    assert made("finished", "passed", "xfailed")
    assert not any(
        made("finished", *kinds) for kinds in [(), ("xfailed",), ("passed", "skipped"), ("passed", "failed")]
    )
    assert not any(made(status, "passed") for status in ("timeout", "crashed", "flood", "refused"))


def test_a_runner_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="possible: auto, bwrap, none"):
        Runner(isolation="docker")
    with pytest.raises(ValueError, match="at least one"):
        Runner(workers=0)
    runner = Runner(workers=1, isolation="none")
    runner.close()
    with pytest.raises(RuntimeError, match="closed"):
        runner.run(GOOD)


def test_the_shared_runner_is_one():
    assert shared_runner(1, "none") is shared_runner(1, "none")
    assert shared_runner(1, "none").run(GOOD).passed
