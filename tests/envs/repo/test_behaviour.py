"""Are repairs that pass the same tests told apart by what else they do? With real pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.behaviour import agreement, behaviour, unlike
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.hands import Hand
from sixkeys.envs.repo.localise import Suspect
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.repair import Repair, Search, compared, diagnose
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.swap import Swaps
from sixkeys.envs.repo.verdict import Verdict

SHAPES = """class Box:
    def __init__(self, width):
        self.width = width

    def scaled(self, by, *, plus=0):
        return self.width * by + plus


def evens(limit):
    for number in range(limit):
        if number % 2 == 0:
            yield number


def first(words, *others, **named):
    return words[0] + len(others) + len(named)


def slow(count):
    while count != 4:
        pass
    return count
"""
TESTS = """from shapes import Box, evens, first, slow


def test_scaled():
    assert Box(3).scaled(2) == 6
    assert Box(3).scaled(2, plus=1) == 7


def test_evens():
    assert list(evens(5)) == [0, 2, 4]


def test_first():
    assert first([1, 2], 3, more=4) == 3


def test_slow():
    assert slow(4) == 4
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    root = tmp_path_factory.mktemp("shapes")
    (root / "shapes.py").write_text(SHAPES)
    (root / "test_shapes.py").write_text(TESTS)
    with Runner(1, seconds=30.0, project=read(root)) as made:
        yield made


def does(runner: Runner, inside: str, test: str, text: str = SHAPES) -> dict[str, str]:
    """Of the function that holds a piece of text."""
    line = SHAPES[: SHAPES.index(inside)].count("\n") + 1
    room = Swaps("shapes.py", SHAPES).room(line, line)
    assert room is not None
    return behaviour(runner, {"shapes.py": text}, "shapes.py", room, [f"test_shapes.py::{test}"], 20.0)


def test_a_function_is_called_as_tests_do_and_near_it(runner: Runner) -> None:
    found = does(runner, "return words", "test_first")
    assert found["first([1, 2], 3, more=4)"] == "3"
    assert found["first([], 3, more=4)"] == "IndexError"
    assert found["first([2, 1], 3, more=4)"] == "4"
    assert all(eval(call, {"first": lambda w, *o, **n: w[0] + len(o) + len(n)}) == int(gives)
               for call, gives in found.items() if gives != "IndexError")  # fmt: skip


def test_methods_and_generators_are_called_too(runner: Runner) -> None:
    scaled = does(runner, "return self", "test_scaled")
    assert {gives for call, gives in scaled.items() if call.endswith(", 2, plus=0)")} == {"6"}
    assert {gives for call, gives in scaled.items() if call.endswith(", 3, plus=1)")} == {"10"}
    assert does(runner, "yield", "test_evens")["evens(6)"] == "[0, 2, 4]"


def test_what_does_not_end_is_left(runner: Runner) -> None:
    found = does(runner, "while", "test_slow")
    assert (found["slow(4)"], found["slow(5)"]) == ("4", "TimeoutError")


def test_changes_are_told_apart_by_an_example(runner: Runner) -> None:
    other = does(runner, "yield", "test_evens", SHAPES.replace("% 2 == 0", "in (0, 2, 4)"))
    same = does(runner, "yield", "test_evens", SHAPES.replace("% 2 == 0", "% 2 < 1"))
    was = does(runner, "yield", "test_evens")
    assert same == was
    assert unlike(same, was) == ""
    assert other["evens(5)"] == was["evens(5)"]
    assert unlike({"f(1)": "2", "f(2)": "3"}, {"f(2)": "4", "f(1)": "2"}) == "f(2) gives 3, not 4"


calls = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@given(calls, st.lists(st.tuples(st.floats(0.1, 9), calls), max_size=4))
def test_agreement_is_a_share(one: dict[str, str], voices: list[tuple[float, dict[str, str]]]) -> None:
    share = agreement(one, voices)
    assert 0 <= share <= 1 + 1e-9
    assert agreement(one, [(weight, one) for weight, _ in voices]) == pytest.approx(1.0)
    assert agreement({}, voices) == 1.0


LATER = """def total(one, other):
    return one - other
"""
LATERS = """from total import total


def test_equal():
    assert total(2, 2) == 4


def test_none():
    assert total(0, 0) == 0
"""


def test_repairs_that_do_the_same_count_as_one(tmp_path: Path) -> None:
    (tmp_path / "total.py").write_text(LATER)
    (tmp_path / "test_total.py").write_text(LATERS)
    with Runner(2, seconds=30.0, project=read(tmp_path)) as runner:
        search = Search(runner, (), 1e12)
        for _ in search.run(diagnose(runner)):
            pass
    found = {repair.files["total.py"].splitlines()[1].strip(): repair for repair in search.plausible}
    one, other = found["return one + other"], found["return one - -other"]
    assert (one.unlike, other.unlike) == ("", "")
    assert one.confidence == other.confidence > one.hands[0].weight / (2 * one.hands[0].weight)


def rival(weight: float) -> Repair:
    edit = RepoEdit("a.py", 1, "a", "b")
    hand = Hand(Candidate(edit, "kind", 1, "", "a", "b"), Suspect("a.py", 1, 1.0, ()), weight)
    return Repair((edit,), {"a.py": str(weight)}, (), (), Verdict(True, (), (), ()), (hand,))


def test_the_one_that_does_as_most_do_comes_first_and_others_say_why() -> None:
    """Three rivals by weight 5, 4, 3: the first does otherwise than the other two, and than what was."""
    lone, two, too = {"f(1)": "x", "f(2)": "x"}, {"f(1)": "y", "f(2)": "x"}, {"f(1)": "y", "f(2)": "x"}
    ordered = compared([rival(5), rival(4), rival(3)], [lone, two, too, {"f(1)": "y", "f(2)": "z"}])
    assert [repair.files["a.py"] for repair in ordered] == ["4", "5", "3"]
    assert [repair.unlike for repair in ordered] == ["", "f(1) gives x, not y", ""]
    voices = 5 + 4 + 3 + 4
    alone = 5 * (5 / voices + 12 / voices) / 2
    many = [weight * (11 / voices + 12 / voices) / 2 for weight in (4, 3)]
    total = alone + sum(many)
    shares = [sum(many) / total, alone / total, sum(many) / total]
    assert [repair.confidence for repair in ordered] == pytest.approx(shares)


def test_without_behaviours_weights_decide() -> None:
    ordered = compared([rival(1), rival(3)], [])
    assert [(r.files["a.py"], r.confidence, r.unlike) for r in ordered] == [("3", 0.75, ""), ("1", 0.25, "")]
