"""Is a candidate likelier where its like has fixed such a failure before, and by how much?"""

from __future__ import annotations

import pytest

from sixkeys.memory.repairs import LEAST, MOST, Attempt, Experience, failure_kind, mean
from sixkeys.memory.semantic import Evidence, facts
from sixkeys.memory.store import Store

FIX = Attempt("compare.swap", ">", ">=", "shop: shop.py total")
NAME = Attempt("name.other", "net", "gross", "shop: shop.py total")
TRIED = [Attempt("number.nudge", "1", str(n), "shop: shop.py total") for n in range(2, 62)]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "m.sqlite") as store:
        yield store


def test_a_mean_of_a_beta_distribution():
    assert mean(Evidence(0, 0), 0.25, 8) == 0.25
    assert mean(Evidence(6, 2), 0.25, 8) == 0.5


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("assert 4.9 == 0.0\n + where 4.9 = shipping(50.0)", "AssertionError"),
        ("TypeError: f() missing 1 required positional argument", "TypeError"),
        ("E   package.errors.ParseError: line 3", "ParseError"),
        ("", "AssertionError"),
    ],
)
def test_what_a_test_raised(message, kind):
    assert failure_kind(message) == kind


def test_nothing_is_known_at_first(store):
    assert Experience(store).factor("TypeError", FIX) == 1.0


def test_what_fixed_before_comes_first_and_what_was_tried_in_vain_later(store):
    Experience(store).learn("AssertionError", TRIED, [FIX], "test_total")
    after = Experience(store)
    same = after.factor("AssertionError", FIX)
    alike = after.factor("AssertionError", FIX._replace(before="<", after="<="))
    elsewhere = after.factor("TypeError", FIX._replace(before="<", after="<="))
    other = after.factor("AssertionError", NAME)
    vain = after.factor("AssertionError", TRIED[0])
    assert MOST >= same > alike > elsewhere > other == pytest.approx(1.0)
    assert 1.0 > vain >= LEAST


def test_a_name_that_was_written_before_is_likelier_than_another(store):
    Experience(store).learn("AssertionError", TRIED, [NAME], "test_total")
    after = Experience(store)
    again = after.factor("AssertionError", Attempt("argument.other", "x", "gross", "p"))
    assert again > 1.5 * after.factor("AssertionError", Attempt("argument.other", "x", "y", "p"))


def test_evidence_adds_up_and_a_word_that_fails_loses(store):
    for _ in range(2):
        Experience(store).learn("AssertionError", TRIED, [NAME], "test_total")
    told = {fact.claim: (fact.held, fact.broke) for fact in facts(store, "repair", "any failure")}
    assert told["any edit"] == (2, 120)
    assert told["name.other"] == (2, 0)
    assert told["number.nudge"] == (0, 120)
    assert told["net  ->  gross"] == (2, 0)
    assert not any(claim.startswith("write 2") for claim in told), "what never held is no claim"
    before = Experience(store).factor("TypeError", Attempt("x", "a", "gross", "p"))
    wrong = [Attempt("x", f"a{n}", "gross", "p") for n in range(40)]
    Experience(store).learn("TypeError", wrong, [FIX], "test_other")
    assert Experience(store).factor("TypeError", Attempt("x", "a", "gross", "p")) < before


def test_the_repair_can_be_found_by_its_words(store):
    Experience(store).learn("TypeError", TRIED, [FIX], "test_shop.py::test_total\nTypeError: no")
    (found,) = store.search("TypeError total shop")
    assert found.entry.deed == "compare.swap: >  ->  >= in shop: shop.py total"
    assert (found.entry.world, found.entry.outcome) == ("repair", 1.0)
