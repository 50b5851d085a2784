"""What batches say of candidates is what runs of their own say."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

from sixkeys.envs.repo.attempts import Attempts, changed
from sixkeys.envs.repo.diagnosis import Diagnosis, diagnose, editable
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.hands import Hand, hands
from sixkeys.envs.repo.project import read
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.swap import Swaps

SHOP = """from __future__ import annotations

import functools

TABLE = {}


def rate(name):
    return 3 if name == "a" else 2


RATE = rate("a")


def kept(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)

    return inner


class Base:
    def total(self, x):
        return x + 1


class Shop(Base):
    __secret = 5

    def total(self, x):
        found = super().total(x)
        return found - self.__secret

    @staticmethod
    @kept
    def twice(x):
        return x * 3

    @property
    def name(self):
        return "shop"

    def each(self, xs):
        for x in xs:
            yield x + 2

    async def later(self, x):
        return x - 1


if True:

    def guarded(x):
        def inside(y):
            return y + 2
        return inside(x)


def short(x): return x + 2
"""
TESTS = """import asyncio

import pytest

from shop import RATE, Shop, guarded, short


def test_rate():
    assert RATE == 2


def test_total():
    assert Shop().total(10) == 16


def test_twice():
    assert Shop.twice(4) == 8


def test_name():
    assert Shop().name == "shopping"


def test_each():
    assert list(Shop().each([1, 2])) == [2, 3]


def test_later():
    assert asyncio.run(Shop().later(3)) == 4


def test_guarded():
    assert guarded(1) == 2


def test_short():
    assert short(1) == 2


def test_fine():
    assert Shop().total(0) <= 5
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    root: Path = tmp_path_factory.mktemp("shop")
    (root / "shop.py").write_text(SHOP)
    (root / "test_shop.py").write_text(TESTS)
    with Runner(2, project=read(root)) as runner:
        diagnosis = diagnose(runner)
        assert len(diagnosis.failing) == 8
        assert runner.project is not None
        yield runner, diagnosis, editable(runner.project)


def sample(diagnosis: Diagnosis, sources: dict[str, str], each: int = 10) -> list[Hand]:
    """The first few candidates of every line."""
    found: dict[int, list[Hand]] = {}
    for hand in (hand for stage in range(3) for hand in hands(diagnosis, sources, stage=stage)):
        found.setdefault(hand.candidate.line, []).append(hand)
    return [hand for line in sorted(found) for hand in found[line][:each]]


def test_what_a_batch_says_is_what_a_run_says(shop):
    runner, diagnosis, sources = shop
    chosen = sample(diagnosis, sources)
    attempts = Attempts(runner, diagnosis, {}, sources)
    quick = [hand for hand in chosen if attempts._variant(hand) is not None]
    assert len(quick) > 60, "most edits of functions are tried together"
    said = {id(a.hand): a.passed for a in attempts.tried(chosen, lambda: time.monotonic() + 300.0)}
    assert len(said) == len(chosen)
    tickets = [runner.submit(changed(h, sources), attempts.probes(h), 30.0) for h in quick]
    for hand, ticket in zip(quick, tickets, strict=True):
        result = ticket.result()
        green = sum(test.outcome == "passed" for test in result.outcomes)
        expected = green if result.status == "finished" else 0
        assert said[id(hand)] == expected, (hand.candidate, result.output)
    assert len({said[id(hand)] for hand in quick}) > 1, "some pass and some do not"


def test_what_ran_at_import_is_tried_in_a_run_of_its_own(shop):
    runner, diagnosis, sources = shop
    attempts = Attempts(runner, diagnosis, {}, sources)
    lines = dict(enumerate(SHOP.splitlines(), 1))
    early = next(line for line, text in lines.items() if "return 3 if" in text)
    some = [hand for hand in sample(diagnosis, sources, 99) if hand.candidate.line == early]
    assert some
    assert all(attempts._variant(hand) is None for hand in some)
    passed = [a for a in attempts.tried(some, lambda: time.monotonic() + 300.0) if a.passed]
    assert passed, "the rate can be repaired where it is computed"


def test_only_tests_in_reach_can_come_out_otherwise(shop):
    runner, diagnosis, sources = shop
    attempts = Attempts(runner, diagnosis, {}, sources)
    before = {test.node: test.outcome for test in diagnosis.run.outcomes}
    known = [(hand, attempts.reach(hand)) for hand in sample(diagnosis, sources)[::7]]
    assert any(reach is None for _, reach in known), "what ran at import may reach every test"
    inside = [(hand, reach) for hand, reach in known if reach is not None]
    assert any(0 < len(reach) < len(before) - 3 for _, reach in inside)
    changes = 0
    for hand, reach in inside:
        run = runner.run(changed(hand, sources), (), 60.0)
        after = {test.node: test.outcome for test in run.outcomes}
        other = {node for node in before if after.get(node) != before[node]}
        assert other <= set(reach), hand.candidate
        changes += len(other)
    assert changes


def test_what_felled_a_candidate_is_asked_of_the_next(shop):
    runner, diagnosis, sources = shop
    attempts = Attempts(runner, diagnosis, {}, sources)
    total, fine, twice = (f"test_shop.py::test_{name}" for name in ("total", "fine", "twice"))
    line = next(n for n, text in enumerate(SHOP.splitlines(), 1) if "return found - self" in text)
    here = [hand for hand in sample(diagnosis, sources, 99) if hand.candidate.line == line]
    assert attempts.probes(here[0]) == [total]
    attempts.felled([fine])
    attempts.felled([twice])
    assert attempts.probes(here[0]) == [total, fine], "those that run the line are asked, and no others"
    said, fooled = list(attempts.tried(here, lambda: time.monotonic() + 300.0)), 0
    for attempt in said:
        run = runner.run(changed(attempt.hand, sources), [total, fine], 60.0)
        green = {test.node for test in run.outcomes if test.outcome == "passed"}
        assert attempt.whole == (green == {total, fine}), attempt
        assert attempt.passed <= (total in green), "one that passed before does not count"
        fooled += green == {total}
    assert fooled


def test_hanging_and_dying_candidates_do_not_take_others_with_them(tmp_path: Path):
    (tmp_path / "calc.py").write_text(
        "import os\n\n\ndef f(n):\n    left = n\n    while left > 0:\n        left -= 1\n"
        "    if n < -5:\n        os._exit(0)\n    return n + 2\n"
    )
    (tmp_path / "test_calc.py").write_text("from calc import f\n\n\ndef test_f():\n    assert f(3) == 4\n")
    with Runner(2, project=read(tmp_path)) as runner:
        diagnosis = diagnose(runner)
        assert runner.project is not None
        sources = editable(runner.project)
        attempts = Attempts(runner, diagnosis, {}, sources)
        queue = hands(diagnosis, sources)
        ends = {"left -= 1": "pass", "n < -5": "n > -5", "n + 2": "n + 1"}
        chosen = []
        for before, after in ends.items():
            line = next(n for n, text in enumerate(sources["calc.py"].splitlines(), 1) if before in text)
            hand = next(hand for hand in queue if hand.candidate.line in (line, line - 1))
            old = sources["calc.py"].splitlines()[line - 1]
            edit = RepoEdit("calc.py", line, old, old.replace(before, after))
            start = sources["calc.py"].index(old)
            candidate = hand.candidate._replace(edit=edit, start=start, before=old, after=edit.new)
            chosen.append(hand._replace(candidate=candidate))
        said = [(a.passed, a.said) for a in attempts.tried(chosen, lambda: time.monotonic() + 300.0)]
    assert said == [(0, "timeout"), (0, "failed"), (1, "passed")]


def test_the_functions_of_a_file_are_found_with_what_is_around_them():
    swaps = Swaps("shop.py", SHOP)
    names = [room.names for room in swaps.rooms]
    assert ("Shop", "twice") in names
    assert ("guarded",) in names
    assert ("short",) not in names
    lines = SHOP.splitlines()
    for room in swaps.rooms:
        assert lines[room.first - 1].strip().startswith(("def ", "async def "))
        assert lines[room.mark - 1].strip().startswith(("def ", "async def ", "@"))
    twice = next(room for room in swaps.rooms if room.names[-1] == "twice")
    assert lines[twice.mark - 1].strip() == "@staticmethod"
    assert swaps.room(twice.first, twice.first) is None
    assert swaps.room(twice.body, twice.last + 1) is None
    assert isinstance(ast.parse(twice.headers + "        pass\n").body[0], ast.ClassDef)
