"""Fixtures found by a `dir` that remembers are those that pytest finds by looking at every name."""

import functools
import types
from collections.abc import Callable

import _pytest.fixtures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixkeys.envs.repo.holders import Holders, may_be_fixture


@pytest.fixture
def plain() -> int:
    return 1


@pytest.fixture(name="other")
def named() -> int:
    return 2


def wrapped(function: Callable) -> Callable:
    @functools.wraps(function)
    def inner(*args: object) -> object:
        return function(*args)

    return inner


def helper() -> None: ...


KINDS = {
    "plain": plain, "named": named, "wrapped": wrapped(plain), "static": staticmethod(plain),
    "twice": wrapped(wrapped(named)), "helper": helper, "helper_wrapped": wrapped(helper), "number": 3,
    "type": int, "partial": functools.partial(helper), "module": types,
}  # fmt: skip
FIXTURES = {"plain", "named", "wrapped", "static", "twice"}


def module(names: set[str]) -> types.ModuleType:
    made = types.ModuleType("made")
    vars(made).update({name: KINDS[name] for name in names})
    return made


def found(names: object, holder: types.ModuleType) -> set[str]:
    """Which of the names pytest itself would take for a fixture, or warn of."""
    manager = _pytest.fixtures.FixtureManager
    definition = _pytest.fixtures.FixtureFunctionDefinition
    return {
        name
        for name in names  # type: ignore[union-attr]
        if type(getattr(holder, name)) is definition
        or manager._find_wrapped_fixture_def(None, vars(holder).get(name)) is not None  # type: ignore[arg-type]
    }


@given(
    st.sets(st.sampled_from(sorted(KINDS))),
    st.dictionaries(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS))),
)
def test_nothing_that_pytest_would_find_is_left_out(first: set[str], later: dict[str, str]):
    holders, holder = Holders(), module(first)
    assert found(holders(holder), holder) == found(dir(holder), holder) == first & FIXTURES
    holders.open = False
    for name, kind in later.items():
        setattr(holder, name, KINDS[kind])
    assert found(holders(holder), holder) == found(dir(holder), holder)


def test_what_was_not_seen_is_told_whole():
    holders = Holders()
    holders.open = False
    assert holders(types) == dir(types)


def test_what_makes_its_names_up_is_never_remembered():
    class Made:
        def __dir__(self) -> list[str]:
            return ["up"]

    holders, lazy = Holders(), types.ModuleType("lazy")
    lazy.__getattr__ = lambda name: plain  # type: ignore[method-assign]
    for holder in (Made(), lazy):
        assert holders(holder) == dir(holder)
    assert not holders.seen


def test_an_object_is_asked_for_what_its_class_has():
    class Plugin:
        fixture = plain

        def hook(self) -> None: ...

    plugin = Plugin()
    plugin.own = plain  # type: ignore[attr-defined]
    assert Holders()(plugin) == ["fixture"]
    assert may_be_fixture(Plugin, "fixture")
    assert not may_be_fixture(Plugin, "own")


def test_names_without_fixtures_are_left_out():
    assert Holders()(module({"helper", "number", "type", "partial", "module", "helper_wrapped"})) == []
