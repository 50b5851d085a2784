"""May a run tell us what it likes? Its records, its text and its coverage are the code's under test."""

from __future__ import annotations

import base64
import re
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.localise import coverage
from sixkeys.envs.repo.outcomes import RunResult, read_cold, shown
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import IsolationError
from sixkeys.envs.repo.watch import sound

FORGE = """
import json, os
def test_it():
    body = {body}
    for fd in range(3, 200):
        try:
            if os.readlink(f"/proc/self/fd/{{fd}}").startswith("pipe:"):
                os.write(fd, len(body).to_bytes(4, "big") + body)
        except OSError:
            continue
"""
FORGED = [
    b"5", b"[]", b"{}", b'{"report": 3}', b'{"report": ["a", "call", "odd", 1, "", ""]}',
    b'{"report": ["a", "call", "passed", "1", "", ""]}', b'{"report": ["a", "call", "passed", NaN, "", ""]}',
    b'{"collected": 5}', b'{"collected": [[]]}', b'{"end": [3]}', b'{"lines": [["a", ["b"]]]}',
    b'{"covered": ["a"]}', b'{"start": 1}', b'{"start": "a", "end": 0}', b"[" * 100_000,
    b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}", b"\xff",
]  # fmt: skip
HONEST = [
    {"start": "a"}, {"collected": ["a", "b"]}, {"report": ["a", "call", "passed", 0.5, "", ""]},
    {"covered": ["a", "eA=="]}, {"lines": [["a.py", [1, 2]]]}, {"end": 0},
]  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    try:
        with Runner(1) as found:
            yield found
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("body", FORGED)
def test_a_record_that_pytest_never_sends_is_a_crash_of_the_run_and_of_nothing_else(
    runner: Runner, body: bytes
):
    worker = runner.workers[0].process.pid
    result = runner.run({"test_x.py": FORGE.format(body=repr(body))}, seconds=20.0)
    assert (result.status, result.passed) == ("crashed", False)
    assert runner.run({"test_good.py": "def test_good(): pass\n"}, seconds=20.0).passed
    assert runner.workers[0].process.pid == worker


def test_records_that_are_sent_are_sound():
    assert all(sound(record) for record in HONEST)
    assert not any(sound({**record, "other": 1}) for record in HONEST)


def test_no_character_of_a_run_acts_on_a_terminal(runner: Runner):
    text = r"\x1b]52;c;ZXZpbA==\x07\x1b[2J\r\x9b31m\u202e\ud800 left"
    files = {
        "test_x.py": f"def test_it():\n    raise ValueError({text!r}.encode().decode('unicode_escape'))\n"
    }
    result = runner.run(files, seconds=20.0)
    told = result.outcomes[0].message + result.output
    assert "left" in told
    assert re.findall(r"[^\n\t\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\U0010ffff]", told) == []
    assert told.encode()


@given(st.text())
def test_text_that_is_only_shown_stays(text: str):
    assert len(shown(text)) == len(text)
    assert shown(shown(text)) == shown(text)
    if text.isprintable():
        assert shown(text) == text


DONE = re.compile(r"^(\S+\.py::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b")
SUMMARY = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS) (\S+\.py(?:::.+?)?)(?: - (.*))?$")
WORDS = st.sampled_from(
    ["a.py", "::", "test", "[x y]", " ", "PASSED", "FAILED", " - ", "SKIPPED", "E", "ERROR"]
)


@given(st.lists(WORDS, max_size=9).map("".join))
def test_a_line_of_a_cold_run_means_what_its_grammar_says(line: str):
    result = read_cold({"text": line, "detail": "", "status": "crashed", "seconds": 0.0})
    done, summed = DONE.match(line), SUMMARY.match(line)
    kind = {"PASSED": "passed", "FAILED": "failed", "ERROR": "error", "SKIPPED": "skipped"}
    found = [(test.node, test.outcome) for test in result.outcomes]
    if done:
        assert found == [(done[1], kind[done[2]])]
    elif summed:
        assert found == [(summed[2], kind[summed[1]])]
        assert result.outcomes[0].message == (summed[3] or "")


@pytest.mark.parametrize(
    "line",
    [
        "x.py::" * 200_000, "x.py::" + " " * 1_000_000 + "y", "PASSED " + "x.py::" * 200_000,
        "= " + " in 1s" * 200_000, "=" * 1_000_000, "collected " + "9" * 1_000_000 + " items",
        "= in 1s" + " =" * 500_000 + "y",
    ],
)  # fmt: skip
def test_a_long_line_is_read_in_one_pass(line: str):
    """Read by trying every way to split it, each of these would take hours."""
    message = {"text": f"{line}\nt.py::test_a PASSED\n", "detail": "", "status": "timeout", "seconds": 0.0}
    result = read_cold(message)
    assert result.status == "timeout"
    assert ("t.py::test_a", "passed") in {(test.node, test.outcome) for test in result.outcomes}


def test_coverage_that_unfolds_without_end_is_cut():
    bomb = base64.b64encode(zlib.compress(bytes([1]) * (64 << 20))).decode()
    result = RunResult(
        (), "finished", 0.0, "", {"t": bomb, "u": "no base64", "v": "AAAA"}, (("a.py", (3, 4)),)
    )
    tracemalloc.start()
    found = coverage(result)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tests == {("a.py", 3): {"t"}, ("a.py", 4): {"t"}}
    assert peak < 8 << 20
