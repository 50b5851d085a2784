"""Is the guilty line near the top, with reasons? Against Ochiai's formula worked out by hand."""

from __future__ import annotations

import base64
import math
import zlib

from sixkeys.envs.repo.localise import RAISED, coverage, frames, suspects
from sixkeys.envs.repo.outcomes import RunResult


def packed(*marks: int) -> str:
    return base64.b64encode(zlib.compress(bytes(marks))).decode()


LINES = (("a.py", (1, 2, 3)), ("b.py", (7,)))
RUN = RunResult(
    (), "finished", 0.0, "",
    {"t::bad": packed(1, 0, 1, 0), "t::worse": packed(1, 1, 0, 0), "t::good": packed(1, 0, 0, 1)}, LINES,
    texts=("____ t::bad ____\ntest_a.py:3: in bad\n    f()\na.py:3: in f\nE   ValueError",),
)  # fmt: skip


def test_coverage_is_read_back():
    tests = coverage(RUN).tests
    assert tests == {
        ("a.py", 1): {"t::bad", "t::worse", "t::good"}, ("a.py", 2): {"t::worse"}, ("a.py", 3): {"t::bad"},
        ("b.py", 7): {"t::good"},
    }  # fmt: skip
    assert coverage(RUN).of("a.py", 2, 3) == {"t::bad", "t::worse"}


def test_scores_are_ochiai_and_a_traceback_adds_to_them():
    found = suspects(RUN, coverage(RUN), ["t::bad", "t::worse"], ["a.py", "b.py"])
    scores = {(s.path, s.line): s.score for s in found}
    assert scores == {
        ("a.py", 1): 2 / math.sqrt(2 * 3),
        ("a.py", 2): 1 / math.sqrt(2 * 1) / 8,
        ("a.py", 3): 1 / math.sqrt(2 * 1) / 8 + RAISED,
    }
    assert [s.line for s in found] == [1, 3, 2]
    assert found[1].reasons == ("run by 1 of 2 failing and 0 passing tests", "the traceback ends here")


def test_only_what_may_be_edited_is_suspected():
    assert suspects(RUN, coverage(RUN), ["t::bad"], ["b.py"]) == []


def test_frames_of_several_tracebacks_and_foreign_files():
    texts = (
        "____ one ____\ntest_x.py:1: in one\nsrc/pkg/m.py:10: in outer\nsrc/pkg/n.py:4: in inner\n"
        "/usr/lib/python3/json.py:3: in loads\nE   x\n",
        '____ two ____\nE     File "/home/me/repo/src/pkg/m.py", line 12\nE       def\nE   SyntaxError: no\n',
    )
    found = frames(texts, ["src/pkg/m.py", "src/pkg/n.py"])
    assert found == {("src/pkg/n.py", 4): (1, 0), ("src/pkg/m.py", 10): (0, 1), ("src/pkg/m.py", 12): (1, 0)}


def test_frames_that_another_program_wrote_and_a_message_quotes():
    text = """test_cli.py:3: in run\nE   OSError: b'Traceback:\\n  File "m.py", line 4, in f\\n    g()'"""
    assert frames([text], ["m.py"]) == {("m.py", 4): (1, 0)}
