"""Do replace-edits apply, undo and show themselves exactly? Checked against plain string work and a reader of
diffs."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.edits import EditError, RepoEdit, line_edit

TEXTS = st.lists(st.text(alphabet="ab= \n\r\f", max_size=8), max_size=6).map("\n".join)


def read_diff(diff: str, before: str) -> str:
    """Applies a unified diff to `before`, by the format's definition."""
    lines = io.StringIO(before, newline="\n").readlines()
    result, at = [], 0
    for row in io.StringIO(diff, newline="\n"):
        header = re.match(r"@@ -(\d+)(?:,(\d+))? ", row)
        if header:
            start = int(header[1]) - (header[2] != "0")
            result += lines[at:start]
            at = start
        elif row[:3] not in ("---", "+++"):
            if row[0] in " -":
                assert lines[at] == row[1:] or lines[at] + "\n" == row[1:]
                at += 1
            if row[0] in " +":
                result.append(row[1:])
    return "".join(result + lines[at:])


@given(TEXTS, TEXTS)
def test_line_edit_takes_one_text_to_the_other_and_back(before: str, after: str) -> None:
    files = {"a.py": before, "b.py": "kept"}
    edit = line_edit("a.py", before, after)
    assert edit.apply(files) == {"a.py": after, "b.py": "kept"}
    assert edit.inverse(files).apply(edit.apply(files)) == files
    assert files["a.py"] == before


@given(st.text("abc\n", max_size=20), st.data())
def test_unique_text_is_replaced_and_the_inverse_restores_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    new = data.draw(st.text("abcd\n", max_size=6))
    edit = RepoEdit("a.py", None, text[start:stop], new)
    places = [i for i in range(len(text)) if text.startswith(edit.old, i)]
    if not edit.old or len(places) != 1:
        with pytest.raises(EditError, match="stands there"):
            edit.apply({"a.py": text})
        return
    changed = edit.apply({"a.py": text})
    assert changed == {"a.py": text[:start] + new + text[stop:]}
    assert edit.inverse({"a.py": text}).apply(changed) == {"a.py": text}


@given(TEXTS, TEXTS)
def test_a_diff_read_by_its_format_gives_the_changed_text(before: str, after: str) -> None:
    diff = line_edit("a.py", before + "\n", after + "\n").diff({"a.py": before + "\n"})
    assert read_diff(diff, before + "\n") == after + "\n"


def test_diff_of_one_line_is_minimal() -> None:
    edit = RepoEdit("m.py", 2, "    return 1\n", "    return 2\n")
    diff = edit.diff({"m.py": "def f():\n    return 1\n"}, context=0)
    assert diff == "--- a/m.py\n+++ b/m.py\n@@ -2 +2 @@\n-    return 1\n+    return 2\n"


def test_a_missing_last_newline_is_told() -> None:
    assert RepoEdit("m.py", None, "1", "2").diff({"m.py": "x = 1"}).count("\\ No newline at end of file") == 2


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (RepoEdit("n.py", 1, "x", "y"), "no file 'n.py'; possible: m.py"),
        (RepoEdit("m.py", 9, "x", "y"), "lines 1 to 3, the edit asks for line 9"),
        (RepoEdit("m.py", 2, "z", "y"), "m.py:2 begins with 'x', the edit expects 'z'"),
        (RepoEdit("m.py", None, "z", "y"), "stands there 0 times"),
        (RepoEdit("m.py", None, "x", "y"), "stands there 2 times"),
    ],
)
def test_an_edit_that_does_not_fit_says_what_stands_there(edit: RepoEdit, words: str) -> None:
    with pytest.raises(EditError, match=re.escape(words)):
        edit.apply({"m.py": "x = 1\nx = 2\n"})


def test_an_insertion_keeps_the_line_it_stands_before() -> None:
    assert line_edit("m.py", "a\nb\nc\n", "a\nnew\nb\nc\n") == RepoEdit("m.py", 2, "b\n", "new\nb\n")
