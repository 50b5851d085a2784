"""Are repairs that pass the same tests told apart by what else they do? With real pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.behaviour import behaviour, kept, unlike
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate
from sixkeys.envs.repo.hands import Hand
from sixkeys.envs.repo.localise import Suspect
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.repair import SHY, Repair, Search, compared, diagnose
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


calls = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y", "ValueError"]), max_size=3)


@given(calls, calls)
def test_what_is_kept_is_a_share_of_calls_that_gave_something(
    one: dict[str, str], was: dict[str, str]
) -> None:
    share = kept(one, was)
    gave = [call for call in was if call in one and was[call] != "ValueError"]
    assert share * max(len(gave), 1) == pytest.approx(sum(one[c] == was[c] for c in gave) if gave else 1)
    assert kept(was, was) == 1.0


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


def test_nothing_is_called_where_nothing_isolates(tmp_path: Path) -> None:
    """A function that writes beside itself what it is called with: never anything but what tests say."""
    log = tmp_path / "called.txt"
    text = f"def clean(name):\n    open({str(log)!r}, 'a').write(name + chr(10))\n    return name\n"
    project = tmp_path / "project"
    project.mkdir()
    (project / "clean.py").write_text(text)
    (project / "test_clean.py").write_text(
        "from clean import clean\n\ndef test_clean():\n    assert clean('a b') == 'a b'\n"
    )
    with Runner(1, "none", seconds=30.0, project=read(project)) as runner:
        room = Swaps("clean.py", text).room(2, 2)
        assert room is not None
        assert behaviour(runner, {}, "clean.py", room, ["test_clean.py::test_clean"], 20.0) == {}
        assert runner.run({}, ["test_clean.py"]).passed
    assert log.read_text() == "a b\n"


def rival(weight: float) -> Repair:
    edit = RepoEdit("a.py", 1, "a", "b")
    hand = Hand(Candidate(edit, "kind", 1, "", "a", "b"), Suspect("a.py", 1, 1.0, ()), weight)
    return Repair((edit,), {"a.py": str(weight)}, (), (), Verdict(True, (), (), ()), (hand,))


def test_the_one_that_leaves_most_alone_comes_first_and_others_say_why() -> None:
    """By weight 5, 4, 3: the first changes three calls of four, the others change one, and the same."""
    was = {"f(1)": "a", "f(2)": "a", "f(3)": "a", "f(4)": "a", "f(5)": "TypeError"}
    bold, shy = {**was, "f(1)": "b", "f(2)": "b", "f(3)": "b"}, {**was, "f(1)": "b", "f(5)": "c"}
    ordered = compared([rival(5), rival(4), rival(3)], [bold, shy, shy, was])
    assert [repair.files["a.py"] for repair in ordered] == ["4", "3", "5"]
    assert [repair.keeps for repair in ordered] == [0.75, 0.75, 0.25]
    assert [repair.unlike for repair in ordered] == ["", "", "f(2) gives b, not a"]
    weights = [weight * keep**SHY for weight, keep in ((4, 0.75), (3, 0.75), (5, 0.25))]
    alike, total = weights[0] + weights[1], sum(weights)
    shares = [alike / total, alike / total, weights[2] / total]
    assert [repair.confidence for repair in ordered] == pytest.approx(shares)


def test_without_behaviours_weights_decide() -> None:
    ordered = compared([rival(1), rival(3)], [])
    assert [(r.files["a.py"], r.confidence, r.unlike) for r in ordered] == [("3", 0.75, ""), ("1", 0.25, "")]
