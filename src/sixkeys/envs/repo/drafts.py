"""What does a generated function do? A template with its names, numbers and test cases given, and a quick
check of any way to fill its slots."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

from sixkeys.envs.repo.arguments import Arguments
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.families import NAME, Slot, Template
from sixkeys.envs.repo.names import Names, syllables

CASES = 5
"""Calls that the tests make of each function."""

Filled = Mapping[int, int]
"""Slot -> filling, for the slots that are not filled rightly."""
RIGHT: Filled = {}


class Case(NamedTuple):
    """One assertion as data: `function(*arguments) == expected`."""

    arguments: tuple[Any, ...]
    expected: Any


class Draft(NamedTuple):
    """A function of a generated project: `texts[0] slots[0] texts[1] ...` with names and numbers put in."""

    name: str
    template: Template
    values: dict[str, Any]
    texts: tuple[str, ...]
    slots: tuple[Slot, ...]
    cases: tuple[Case, ...] = ()

    def source(self, filled: Filled = RIGHT) -> str:
        """The function's text with some slots filled wrongly."""
        return _join(self.texts, self.slots, filled)

    def passes(self, filled: Filled) -> bool:
        """Are all cases answered rightly? Any exception is a failure, as it is in a test."""
        run = _ready(self.template, filled, self.values)
        try:
            return all(run(*_copied(case.arguments)) == case.expected for case in self.cases)
        except Exception:
            return False

    def asserts(self, cases: Sequence[Case]) -> list[str]:
        """The cases as lines of a test."""
        return [
            f"    assert {self.name}({', '.join(map(repr, case.arguments))}) == {case.expected!r}\n"
            for case in cases
        ]


def draft(chance: Chance, template: Template, names: Names) -> Draft | None:
    """The template with new names and numbers; None where no cases were found that tell anything."""
    numbers = iter(chance.shuffled(range(2, 10)))
    given, values = {}, {}
    for name in template.names:
        if name[0] in "NW":
            values[name] = next(numbers) if name[0] == "N" else syllables(chance, 1)
            given[name] = repr(values[name])
        else:
            given[name] = names.function() if name == "f" else names.variable()

    def name_all(text: str) -> str:
        return NAME.sub(lambda match: given[match.group(1)], text)

    texts = tuple(map(name_all, template.texts))
    slots = tuple(Slot(slot.family, tuple(map(name_all, slot.fillings))) for slot in template.slots)
    made = Draft(given["f"], template, values, texts, slots)
    cases = _cases(chance, made)
    return made._replace(cases=cases) if cases else None


def _cases(chance: Chance, made: Draft) -> tuple[Case, ...]:
    """Different calls that the right function answers, not all alike; empty where none are found."""
    run = _ready(made.template, RIGHT, made.values)
    constants = [value for value in made.values.values() if isinstance(value, int)]
    found: dict[str, Case] = {}
    for _ in range(3 * CASES):
        arguments = Arguments(chance, constants).draw(made.template.arguments)
        try:
            found.setdefault(repr(arguments), Case(arguments, run(*_copied(arguments))))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            continue
        if len(found) == CASES:
            break
    cases = tuple(found.values())
    return cases if len({repr(case.expected) for case in cases}) > 1 else ()


def _join(texts: Sequence[str], slots: Sequence[Slot], filled: Filled) -> str:
    parts = [texts[0]]
    for index, slot in enumerate(slots):
        parts += slot.fillings[filled.get(index, 0)], texts[index + 1]
    return "".join(parts)


def _ready(template: Template, filled: Filled, values: Mapping[str, Any]) -> Any:
    """The function of a template, ready to call; its numbers and words are globals, and what it prints goes
    nowhere."""
    space: dict[str, Any] = {f"_{name}": value for name, value in values.items()}
    space["print"] = lambda *_: None
    exec(_code(template, tuple(sorted(filled.items()))), space)
    return space["_f"]


@functools.lru_cache(maxsize=8192)
def _code(template: Template, filled: tuple[tuple[int, int], ...]) -> CodeType:
    """Compiled once for all names: `$name` is `_name` here, which changes nothing that the function does."""
    return compile(
        NAME.sub(r"_\1", _join(template.texts, template.slots, dict(filled))), "<generated>", "exec"
    )


def _copied(arguments: tuple[Any, ...]) -> list[Any]:
    return [type(value)(value) if isinstance(value, list | dict) else value for value in arguments]
