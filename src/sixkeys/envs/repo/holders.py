"""Which names of a plugin may be fixtures? Found once in the warm parent, not in every run anew.

Runs inside the sandbox: filled by the rehearsal in the warm parent, read in its forks. pytest looks at each
of some two thousand names of its own modules and plugins whenever a session starts, which takes longer than
most runs. Here it is told of those names only behind which a fixture may be, or that have another value than
they had then; of anything else it is told all, by `dir`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

MARK, DEFINITION = "_pytestfixturefunction", "FixtureFunctionDefinition"
"""What a fixture bears before pytest 8.4, and the class that it belongs to since."""
LAYERS = 100
"""How many wrappers a value may have; one with more may be anything."""


class Seen(NamedTuple):
    """A module or class as it was."""

    owner: ModuleType | type
    contents: list[dict[str, Any]]
    names: list[str]
    """Those that may be fixtures."""

    def names_now(self) -> list[str]:
        """Those that may be fixtures, and those with another value than they had."""
        changed = {
            name
            for now, then in zip(spaces(self.owner), self.contents, strict=True)
            if not same(now, then)
            for name in now
            if name not in then or now[name] is not then[name]
        }
        return sorted({*self.names, *changed}) if changed else self.names


class Holders:
    """Stands for `dir` where pytest looks for fixtures. Keeps state: what was seen, while `open`."""

    def __init__(self) -> None:
        self.seen: dict[int, Seen] = {}
        self.open = True

    def __call__(self, holder: object) -> list[str]:
        owner = holder if isinstance(holder, (ModuleType, type)) else type(holder)
        if self.open and id(owner) not in self.seen and simple(owner):
            names = [name for name in dir(owner) if may_be_fixture(owner, name)]
            self.seen[id(owner)] = Seen(owner, [*map(dict, spaces(owner))], names)
        seen = self.seen.get(id(owner))
        return dir(holder) if seen is None else seen.names_now()

    def install(self) -> None:
        """Makes pytest ask here."""
        fixtures: Any = importlib.import_module("_pytest.fixtures")
        fixtures.dir = self


def spaces(owner: ModuleType | type) -> Iterable[Mapping[str, Any]]:
    """Where its names are kept: its own dictionary, and a class's ancestors'."""
    return map(vars, owner.__mro__[:-1] if isinstance(owner, type) else [owner])


def simple(owner: ModuleType | type) -> bool:
    """Are its names those in its dictionaries, and its values what stands there?"""
    if isinstance(owner, ModuleType):
        return type(owner) is ModuleType and not {"__getattr__", "__dir__"} & vars(owner).keys()
    kind = type(owner)
    usual = kind.__getattribute__ is type.__getattribute__ and kind.__dir__ is type.__dir__
    return usual and not hasattr(kind, "__getattr__") and owner.__dir__ is object.__dir__


def same(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Are all values the same? They are compared by identity first, so that this is quick."""
    try:
        return bool(now == then)
    except Exception:
        return False


def may_be_fixture(owner: ModuleType | type, name: str) -> bool:
    """Is a fixture in the chain of wrappers behind this name, as it is stored or as it is got?"""
    try:
        stored = next(space[name] for space in spaces(owner) if name in space)
        return fixture_behind(stored) or fixture_behind(getattr(owner, name))
    except StopIteration:
        return False
    except Exception:
        return True


def fixture_behind(value: Any) -> bool:
    """Follows `__wrapped__` and `__func__` from a value inwards."""
    for _ in range(LAYERS):
        if type(value).__name__ == DEFINITION or hasattr(value, MARK):
            return True
        inner = getattr(value, "__wrapped__", None)
        value = getattr(value, "__func__", None) if inner is None else inner
        if value is None:
            return False
    return True
