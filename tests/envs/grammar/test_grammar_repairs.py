"""Does the grammar reach what people would have written? Every repair of `repairs.py` is among the
candidates."""

from __future__ import annotations

import ast
import difflib
from itertools import zip_longest

import pytest
from repairs import REPAIRS, Repair

from sixkeys.envs.repo.grammar import Lexicon, candidates


def title(repair: Repair) -> str:
    """The first line that the repair writes, or else the first that it takes away."""
    lines = list(difflib.ndiff(repair.code.splitlines(), repair.wanted.splitlines()))
    return next(line[2:].strip() for sign in "+-" for line in lines if line[0] == sign)


@pytest.mark.parametrize("repair", REPAIRS, ids=title)
def test_the_repair_is_a_candidate(repair: Repair):
    files = {"code.py": repair.code, "beside.py": repair.beside}
    wanted = ast.dump(ast.parse(repair.wanted))
    lines = repair.code.splitlines()
    first = next(
        i for i, pair in enumerate(zip_longest(lines, repair.wanted.splitlines())) if len(set(pair)) == 2
    )
    near = range(first - 3, first + 6)
    found = candidates("code.py", repair.code, Lexicon.of(files), near, repair.pieces)
    assert any(ast.dump(ast.parse(c.edit.apply(files)["code.py"])) == wanted for c in found)


def test_there_are_sixty_repairs_and_all_are_changes():
    assert len(REPAIRS) >= 60
    assert all(ast.dump(ast.parse(r.code)) != ast.dump(ast.parse(r.wanted)) for r in REPAIRS)
