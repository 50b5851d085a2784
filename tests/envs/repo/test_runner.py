"""Does a warm run say what a cold `python -m pytest` says, whatever the code does, and leave nothing behind?

The expected answers are written down (torture.py); a cold run in a fresh interpreter, read from its own text,
must give them too. Every hostile sample runs inside the sandbox only.
"""

from __future__ import annotations

import os
import re
import threading
import time
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


ASSERTS = """import calc

def test_call(): assert calc.half(
    3
) == [1,
      2], "why"

class TestMore:
    def test_chain(self):
        for i in range(3):
            assert 0 <= i < 2 and (half := calc.half(i)) in (0, 1), f"{half}"

    def test_raises(self):
        with open("missing") as file:
            assert file

def test_deep(): calc.divide(1)
"""
CALC = "def half(x): return x // 2\ndef divide(x):\n    return (x /\n        0)\n"


@pytest.mark.parametrize("escape", ["", "\nassert '\\d' == '\\d'\n", "\nassert (1, 2)\n"])
def test_a_test_file_compiled_ahead_says_what_one_compiled_in_the_run_says(runner: Runner, escape: str):
    text = ASSERTS + escape
    ahead = runner.run({"test_x.py": text, "calc.py": CALC})
    again = runner.run({"test_x.py": text, "calc.py": CALC})
    inside = runner.run({"test_x.py": text + "# not ASCII: \u00e9\n", "calc.py": CALC})
    assert [test.outcome for test in inside.outcomes] == ["failed"] * 4, inside.output
    for result in (ahead, again):
        assert [test._replace(seconds=0.0) for test in result.outcomes] == [
            test._replace(seconds=0.0) for test in inside.outcomes
        ]
        said, wanted = (re.sub("0x[0-9a-f]+", "0x", each.output) for each in (result, inside))
        assert said == wanted


def test_a_run_cannot_change_what_is_known_of_a_test_file(runner: Runner):
    victim = {"test_victim.py": "def test_it(): assert 1 == 2\n"}
    assert outcomes(runner.run(victim)) == {"test_victim.py::test_it": "failed"}
    poison = """
from _pytest.assertion import rewrite
def test_it():
    library = next(cell.cell_contents for cell in rewrite._read_pyc.__closure__
                   if hasattr(cell.cell_contents, "known"))
    keys = [key for key in library.known if key[0].endswith("test_victim.py")]
    assert keys
    code = compile("def test_it(): pass", keys[0][0], "exec")
    for key in keys:
        library.known[key] = library.known[key]._replace(code=code)
"""
    assert runner.run({"test_x.py": poison}).passed
    assert outcomes(runner.run(victim)) == {"test_victim.py::test_it": "failed"}


@pytest.mark.parametrize(
    "text",
    [
        "if x == 1: pass\n" + "elif x == 2: pass\n" * 3000,
        "x = (1" + "\n+ 1" * 15_000 + ")\n",
        "x = \\\n" + "-\\\n" * 15_000 + "1\n",
        "x = \\\n" + "not \\\n" * 9_000 + "1\n",
        "assert (1" + "\nand f(2)" * 3_000 + ")\n",
        "x" + "\\\n.y" * 12_000 + "\n",
        "x = " + "(\n" * 5_000 + "\n",
        "x = " + "[" * 150 + "]" * 150 + "\n",
        "def f():\n" + "".join(" " * i + "if x:\n" for i in range(1, 90)) + " " * 90 + "pass\n",
    ],
    ids=["elif", "plus", "minus", "not", "and", "dots", "open", "nested", "indented"],
)
def test_a_text_that_is_hard_to_parse_does_no_harm_to_the_worker(runner: Runner, text: str):
    process = runner.workers[0].process
    result = runner.run({"test_x.py": text}, seconds=1.0)
    assert result.status in ("finished", "crashed", "timeout"), result.output
    assert not result.passed
    assert runner.workers[0].process is process
    assert runner.run(GOOD).passed


def test_a_file_that_is_rewritten_before_its_import_counts_as_it_is_then(runner: Runner):
    first = "open('test_b.py', 'w').write('def test_b(): assert 2 == 3')\ndef test_a(): pass\n"
    files = {"test_a.py": first, "test_b.py": "def test_b(): assert 1\n"}
    for _ in range(2):
        assert outcomes(runner.run(files)) == {"test_a.py::test_a": "passed", "test_b.py::test_b": "failed"}


def test_more_records_than_a_pipe_holds_all_arrive(runner: Runner):
    many = "import pytest\n@pytest.mark.parametrize('i', range(700))\ndef test_it(i): assert i != 650\n"
    result = runner.run({"test_x.py": many}, seconds=60.0)
    kinds = [test.outcome for test in result.outcomes]
    assert (result.status, len(kinds), kinds.count("passed"), kinds[650]) == ("finished", 700, 699, "failed")


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


def test_a_run_that_is_dropped_is_forgotten_or_ended_and_the_others_go_on():
    hang = {"test_hang.py": "def test():\n    while True: pass\n"}
    with Runner(1, seconds=300.0) as runner:
        assert runner.run(GOOD).passed
        begun, waits, quick = runner.submit(hang), runner.submit(hang), runner.submit(GOOD)
        runner.wait(begun, time.monotonic() + 0.3)
        assert begun.answer is None
        runner.drop(waits)
        runner.drop(begun)
        assert quick.result().passed
        assert begun.answer is waits.answer is None
        runner.drop(quick)
    runner.drop(begun)


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
    with pytest.raises(ValueError, match="possible: auto, bwrap, landlock, none"):
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
