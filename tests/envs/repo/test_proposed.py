"""Do a language's lines become candidates, kept as they should be, and do they repair?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from sixkeys import build
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.proposed import KIND, MOST, proposed
from sixkeys.envs.repo.repair import Search, diagnose
from sixkeys.envs.repo.runner import Runner

TEXT = "def roman(n):\n\tif n:\n\t\treturn str(n)  # so far\n\treturn ''\n"
TESTS = """from roman import roman


def test_roman():
    assert [roman(n) for n in (1, 2, 3)] == ["I", "II", "III"]


def test_nothing():
    assert roman(0) == ""
"""


class Table:
    """A language that knows answers by heart, and remembers what it was asked."""

    def __init__(self, answers: dict[str, list[str]]):
        self.answers, self.asked = answers, []

    def fill(self, before: str, line: str, after: str, words: Sequence[str]) -> Iterable[str]:
        self.asked.append((before, line, after, tuple(words)))
        return self.answers.get(line, [])


def simple() -> Table:
    return Table({"return str(n)  # so far": ["return 'I' * n"]})


def test_what_is_asked_and_what_is_kept() -> None:
    answers = ["return (", "return str(n)", "return n", "return   n", "x = 1\nreturn x\n"]
    table = Table({"return str(n)  # so far": answers})
    found = list(proposed(table, "roman.py", TEXT, [3, 1], ("I",)))
    assert [(c.kind, c.line, c.after) for c in found] == [
        (KIND, 3, "return n"),
        (KIND, 3, "x = 1\n\t\treturn x"),
    ]
    assert table.asked[0] == (
        "def roman(n):\n\tif n:\n", "return str(n)  # so far", "\treturn ''\n", ("I",)
    )  # fmt: skip
    for candidate in found:
        after = candidate.edit.apply({"roman.py": TEXT})["roman.py"]
        start, before = candidate.start, candidate.before
        assert after == TEXT[:start] + candidate.after + TEXT[start + len(before) :]
        assert compile(after, "roman.py", "exec")


def test_at_most_so_many_are_read() -> None:
    table = Table({"return str(n)  # so far": [f"return {n}" for n in range(10 * MOST)]})
    assert len(list(proposed(table, "roman.py", TEXT, [3], ()))) == MOST


@pytest.mark.slow
def test_a_proposed_line_repairs(tmp_path: Path) -> None:
    (tmp_path / "roman.py").write_text(TEXT)
    (tmp_path / "test_roman.py").write_text(TESTS)
    table = simple()
    with Runner(1, project=read(tmp_path)) as runner:
        diagnosis = diagnose(runner)
        search = Search(runner, (), time.monotonic() + 60, build.code_rank(), table)
        for _ in search.run(diagnosis):
            pass
        assert search.best is not None
        assert KIND in {repair.hands[0].candidate.kind for repair in search.plausible}
        assert search.confirm(search.best)[1].passed
    assert "III" in table.asked[0][3]


def test_a_language_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert callable(build.language("test_proposed:simple").fill)
    for name in ("test_proposed", "test_proposed:absent", "no_such_module:x", "test_proposed:TEXT"):
        with pytest.raises(ValueError, match=r"MODULE:NAME|contract.Language"):
            build.language(name)
