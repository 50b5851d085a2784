"""Is every candidate sound? It applies, compiles, changes the tree as no other does, and can be undone."""

from __future__ import annotations

import ast
import bisect
import colorsys
import difflib
import fnmatch
import heapq
import random
import shlex
import sys
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tricky import GROUPS, MODERN, NEWER, TEXTS

from sixkeys.envs.repo.edits import EditError, RepoEdit
from sixkeys.envs.repo.grammar import Candidate, Lexicon, candidates, compose
from sixkeys.envs.repo.grammar.kinds import WEIGHTS

PIECES = ("foo", "12", "a b", "None", "first", "ValueError", "'")
PATH = "code.py"
MODULES = (bisect, colorsys, fnmatch, heapq, shlex, textwrap)
ALL = TEXTS | (NEWER if sys.version_info >= (3, 12) else {})


def found_in(source: str, lines: Sequence[int] | None = None) -> list[Candidate]:
    return list(candidates(PATH, source, Lexicon.of({PATH: source}), lines, PIECES))


def tree(source: str) -> str:
    return ast.dump(ast.parse(source.removeprefix("\ufeff")))


def changed(source: str, candidate: Candidate) -> str:
    return candidate.edit.apply({PATH: source})[PATH]


def compiles(source: str) -> bool:
    """Without a warning, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(source.encode(), PATH, "exec", dont_inherit=True)
        except (SyntaxError, Warning):
            return False
    return True


def faults(source: str, found: Sequence[Candidate]) -> list[tuple[str, Candidate]]:
    """Candidates that break a law, and which one."""
    broken = []
    trees = {tree(source)}
    for candidate in found:
        new = changed(source, candidate)
        if not compiles(new):
            broken.append(("does not compile", candidate))
            continue
        broken += [("changes nothing, or what another one does", candidate)] if tree(new) in trees else []
        trees.add(tree(new))
        if candidate.edit.inverse({PATH: source}).apply({PATH: new})[PATH] != source:
            broken.append(("is not undone", candidate))
        if not untouched(source, new, candidate):
            broken.append(("touches more", candidate))
    return broken


def untouched(source: str, new: str, candidate: Candidate) -> bool:
    """Is the new text the old one with `after` in place of `before`, which ends what the edit looks for?"""
    edit, before = candidate.edit, candidate.before
    start = sum(len(line) + 1 for line in source.split("\n")[: (edit.line or 1) - 1])
    start += len(edit.old) - len(before)
    end = start + len(before)
    return source[start:end] == before and new == source[:start] + candidate.after + source[end:]


@pytest.mark.parametrize("name", ALL)
def test_the_laws_hold_for_tricky_texts(name):
    source = ALL[name]
    found = found_in(source)
    chosen = found if len(found) < 150 else random.Random(name).sample(found, 150)
    assert faults(source, chosen) == []


def test_the_trees_of_a_whole_function_are_all_different():
    assert faults(GROUPS, found_in(GROUPS)) == []


@settings(max_examples=12)
@given(st.data())
def test_the_laws_hold_for_lines_of_the_standard_library(data):
    module = data.draw(st.sampled_from(MODULES))
    source = Path(str(module.__file__)).read_text()
    line = data.draw(st.integers(1, source.count("\n")))
    found = found_in(source, [line, line + 1])
    assert faults(source, found[:: 1 + len(found) // 15]) == []


NAMES = st.sampled_from(["a", "b", "size", "é"])
SIMPLE = st.one_of(NAMES, st.integers(0, 99).map(str), st.sampled_from(["None", "'x'", "[]", "f'{a}'"]))
EXPRESSIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "//", "%", "**", "<", "==", "and", "or", "if"]), inner
        ).map(lambda t: f"{t[0]} if a else {t[2]}" if t[1] == "if" else " ".join(t)),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"len({text})"),
        st.tuples(NAMES, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
        st.tuples(NAMES, inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]} for b in a if {t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"sum({t[0]} for b in a if {t[1]})"),
        inner.map(lambda text: f"(lambda b: {text})"),
    ),
    max_leaves=6,
)


@settings(max_examples=25)
@given(EXPRESSIONS)
def test_the_laws_hold_for_any_expression(expression):
    source = f"def f(a, b, size, é):\n    return {expression}\n"
    if compiles(source):
        assert faults(source, found_in(source, [2])[::4]) == []


def test_only_places_on_the_lines_asked_for():
    wanted = {17, 18, 30}
    found = found_in(MODERN, sorted(wanted))
    assert {candidate.line for candidate in found} <= wanted
    assert found == [candidate for candidate in found_in(MODERN) if candidate.line in wanted]


def test_a_candidate_names_its_function_and_what_it_changes():
    source = "class A:\n    def f(self, x):\n        return x < 1\n"
    found = {(c.function, c.kind, c.before, c.after) for c in found_in(source)}
    assert ("A.f", "compare.swap", "<", "<=") in found
    assert {function for function, *_ in found} <= {"A.f", "A", ""}


def test_a_star_that_is_imported_is_no_name():
    source = "try:\n    from os import *\nexcept ImportError:\n    path = None\n"
    found = found_in(source, [3])
    assert found
    assert faults(source, found) == []
    assert not [candidate for candidate in found if "*" in candidate.after]


def test_every_kind_has_a_weight():
    assert {candidate.kind for text in ALL.values() for candidate in found_in(text)} <= WEIGHTS.keys()


def test_comments_and_formatting_stay():
    source = "def f(a,b) :  # one\n    return a  <  b   # 'two'\n"
    diffs = [difflib.ndiff(source.split("\n"), changed(source, c).split("\n")) for c in found_in(source)]
    kept = [[line for line in diff if line.startswith("  ")] for diff in diffs]
    swaps = [changed(source, c) for c in found_in(source) if c.kind == "compare.swap"]
    assert "def f(a,b) :  # one\n    return a  <=  b   # 'two'\n" in swaps
    assert all(kept)


def test_a_file_that_does_not_parse_is_refused():
    with pytest.raises(SyntaxError):
        found_in("def f(:\n")


def test_the_lexicon_leaves_out_what_does_not_parse():
    lexicon = Lexicon.of({"a.py": "def f(:", "b.py": "def g(x, *, y=1): return x.z\ng(2, y=3)", "c.txt": "("})
    assert lexicon.functions["g"].names == ("x", "y")
    assert lexicon.keywords["g"]["y"] == ("3",)
    assert lexicon.attributes == {"z": 1}


# --- two edits as one ---

TWO = "def f(a, b):\n    c = a + b\n    return c\n"


def test_two_edits_are_applied_from_below():
    first, second = (
        RepoEdit(PATH, 2, "    c = a", "    c = b\n    c = a"),
        RepoEdit(PATH, 3, "    return c", "    return a"),
    )
    wanted = "def f(a, b):\n    c = b\n    c = a + b\n    return a\n"
    for pair in ((first, second), (second, first)):
        files = {PATH: TWO}
        for edit in compose(*pair, files):
            files = edit.apply(files)
        assert files[PATH] == wanted


def test_two_edits_of_one_line_go_together():
    first, second = (
        RepoEdit(PATH, 2, "    c = a", "    c = b"),
        RepoEdit(PATH, 2, "    c = a + b", "    c = a + a"),
    )
    files = {PATH: TWO}
    for edit in compose(first, second, files):
        files = edit.apply(files)
    assert "c = b + a" in files[PATH]


def test_edits_of_the_same_place_are_refused():
    first, second = (
        RepoEdit(PATH, 2, "    c = a", "    c = b"),
        RepoEdit(PATH, 2, "    c = a + b", "    c = 1"),
    )
    with pytest.raises(EditError, match="both edits change"):
        compose(first, second, {PATH: TWO})
