"""Is what a file is said to know true? Names of modules against the modules, facts against small files."""

from __future__ import annotations

import ast
import importlib

import pytest

from sixkeys.envs.repo.grammar import Lexicon, candidates
from sixkeys.envs.repo.grammar.facts import facts_of, held_name, last_name, tails_of, unread_in
from sixkeys.envs.repo.grammar.given import names_of
from sixkeys.envs.repo.grammar.known import neighbours, rewritten
from sixkeys.envs.repo.grammar.sites import read
from sixkeys.envs.repo.grammar.standard import HELD

TEXT = """import os
import re as regex
from datetime import datetime
from .near import far

LIMIT = 5
_hidden = 6


class Box:
    def fill(self, item, count):
        self.lid = self.size = item
        left, right = self.size.split(',', 1)
        return left

    def shut(self):
        return regex.match('a b', "wide", flags=LIMIT)
"""


def test_held_names_are_those_of_the_modules():
    """But for a few that another Python has and this one has not."""
    missing = []
    for dotted, names in HELD.items():
        try:
            holder = importlib.import_module(dotted)
        except ImportError:
            module, _, name = dotted.rpartition(".")
            holder = getattr(importlib.import_module(module), name)
        missing += [f"{dotted}.{name}" for name in names if not hasattr(holder, name)]
    assert len(HELD) > 50
    assert len(missing) < 0.03 * sum(map(len, HELD.values()))
    assert not [name for name in missing if name.startswith(("re.", "datetime.", "itertools.", "math."))]


def test_what_a_file_imports_binds_and_says():
    facts = facts_of(read(TEXT))
    assert facts.imported == {
        "os": "os", "regex": "re", "datetime": "datetime.datetime", "far": ".far",
    }  # fmt: skip
    assert set(facts.unread) == {"datetime", "os", "far", "_hidden", "Box"}
    assert facts.unread.index("os") < facts.unread.index("_hidden") < facts.unread.index("Box")
    assert set(facts.unread_attributes) == {"lid", "fill", "shut"}
    assert set(facts.strings) == {",", "a b", "wide"}
    assert set(facts.numbers) == {"1", "5", "6"}
    assert facts.keywords == ("flags",)
    assert facts.followers["size"] == ("split",)
    assert facts.words["limit"] == ("LIMIT", 2)


def test_what_a_function_never_reads():
    source = read(TEXT)
    fill = next(node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef))
    assert unread_in(fill) == ("count", "right")


def test_calls_behind_a_receiver():
    tails = tails_of(read(TEXT))
    assert tails["Box.fill", "*"] == (".split(',', 1)",)
    assert tails["*", "regex"] == (""".match('a b', "wide", flags=LIMIT)""",)
    assert names_of(".map(lambda x: x + y, z)") >= {"y", "z"}
    assert names_of(".get(key, [n for n in some])") == {"key", "some"}


@pytest.mark.parametrize(
    ("code", "held", "last"),
    [("os.path.join", "os.path.join", "join"), ("regex", "re", "regex"), ("far.x", ".far.x", "x"),
     ("a.b(1)[0]", "", "b"), ("datetime.now", "datetime.datetime.now", "now")],
)  # fmt: skip
def test_what_an_expression_stands_for(code, held, last):
    source = read(f"{TEXT}\n{code}\n")
    node = source.tree.body[-1]
    assert isinstance(node, ast.Expr)
    assert held_name(source, node.value) == held
    assert last_name(node.value) == last


def test_words_are_written_as_elsewhere():
    known = {"base": ("base", 3), "shutdown": ("Shutdown", 2), "shutdow": ("shutdow", 1)}
    found = list(rewritten("BASE shutdow", known))
    assert found[0] == "base shutdow"
    assert "BASE shutdown" in found
    assert "BASE Shutdown" in found


def test_neighbours_differ_by_one_letter():
    assert {"abc", "ba", "a", "b", "xab", "axb"} <= set(neighbours("ab"))
    assert all(abs(len(word) - 2) <= 1 for word in neighbours("ab"))


def test_a_misspelt_string_that_is_said_elsewhere_is_known():
    text = "def kind(x):\n    return x == 'decmial'\n\nNAMES = ['left', 'decimal']\n"
    found = {c.after: c.kind for c in candidates("a.py", text, Lexicon.of({"a.py": text}), [2])}
    assert found["'decimal'"] == "string.known"
    assert found["'decmil'"] == "string.letter"


def test_nothing_is_imported_to_know_a_module(tmp_path, monkeypatch):
    (tmp_path / "colorsys.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    text = "import colorsys, antigravity\n\n\ndef f(x):\n    return colorsys.x + antigravity.x\n"
    assert list(candidates("a.py", text, Lexicon.of({"a.py": text}), [5]))
