"""What is broken this time? A fresh small project, its tests, one bug and six candidate repairs, from a seed
alone."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.drafts import RIGHT, Draft, Filled, draft
from sixkeys.envs.repo.edits import RepoEdit, line_edit
from sixkeys.envs.repo.families import FAMILIES, hosts, trained_templates
from sixkeys.envs.repo.names import NOUNS, Names

ATTEMPTS = 200
INSIDE = (2, 3)
"""How many of the wrong candidates change the broken function: least, most."""
FUNCTIONS = (3, 5)
"""How many functions a project has: least, most."""


class Place(NamedTuple):
    """Where a function stands: its lines are `first` to `last`, 1-based, both included."""

    name: str
    path: str
    first: int
    last: int


class Task(NamedTuple):
    """A project to repair. `candidates[right]` is the only edit that makes all of `tests` pass."""

    family: str
    files: dict[str, str]
    tests: tuple[str, ...]
    """Node ids of all tests, as pytest names them."""
    candidates: tuple[RepoEdit, ...]
    right: int
    functions: tuple[Place, ...]

    def function_of(self, edit: RepoEdit) -> str:
        """The name of the function that `edit` changes; empty where it changes none."""
        inside = [
            p.name for p in self.functions if p.path == edit.path and p.first <= (edit.line or 0) <= p.last
        ]
        return inside[0] if inside else ""


class Change(NamedTuple):
    """A candidate before it has a place: the function that it rewrites, how that is filled then, and the
    edit's family."""

    function: int
    filled: Filled
    family: str


def generate(family: str, seed: int, candidates: int = 6) -> Task:
    """The task of `family` that belongs to `seed`; the same seed gives the same task, bit for bit.

    Raises ValueError on an unknown family or on a number of candidates that is not 2 to 12.
    """
    if family not in FAMILIES:
        raise ValueError(f"unknown bug family {family!r}; possible: {', '.join(FAMILIES)}")
    if not 2 <= candidates <= 12:
        raise ValueError(f"a task has 2 to 12 candidates, not {candidates}")
    chance = Chance((seed, zlib.crc32(family.encode())))
    for _ in range(ATTEMPTS):
        task = _attempt(chance, family, candidates)
        if task is not None:
            return task
    raise RuntimeError(
        f"no task of family {family!r} in {ATTEMPTS} attempts from seed {seed}; its templates need work"
    )


def _attempt(chance: Chance, family: str, candidates: int) -> Task | None:
    """A task, or None where the dice fell so that no bug or too few wrong candidates fail the tests."""
    names = Names(chance)
    broken = draft(chance, chance.pick(hosts(family)), names)
    bug = _bug(chance, broken, family) if broken else None
    if broken is None or bug is None:
        return None
    inside = _wrong_inside(chance, broken, bug, min(chance.between(*INSIDE), candidates - 1))
    if len(inside) < min(INSIDE[0], candidates - 1):
        return None
    functions = [broken, *_others(chance, broken, family, names)]
    wrong = inside + _wrong_outside(chance, functions, family, candidates - 1 - len(inside))
    if len(wrong) < candidates - 1:
        return None
    right = Change(0, RIGHT, family)
    changes = chance.shuffled([right, *wrong])
    return _project(chance, family, names, functions, bug, changes)._replace(right=changes.index(right))


def _others(chance: Chance, broken: Draft, family: str, names: Names) -> list[Draft]:
    """Two to four functions of other templates; the first can carry the family's bug too."""
    first = chance.pick([template for template in hosts(family) if template is not broken.template])
    rest = [t for t in chance.shuffled(trained_templates()) if t not in (first, broken.template)]
    count = chance.between(*FUNCTIONS) - 1
    made: list[Draft] = []
    for template in [first, *rest]:
        new = draft(chance, template, names)
        if new is not None:
            made.append(new)
        if len(made) == count:
            break
    return made


def _refills(function: Draft, index: int) -> list[Change]:
    """Every way to fill one slot of the right function, number `index`, wrongly."""
    return [
        Change(index, {place: filling}, slot.family)
        for place, slot in enumerate(function.slots)
        for filling in range(1, len(slot.fillings))
    ]


def _bug(chance: Chance, function: Draft, family: str) -> Filled | None:
    """A wrong filling of one of the family's slots that fails the function's cases; None where there is
    none."""
    options = [change.filled for change in _refills(function, 0) if change.family == family]
    return next((filled for filled in chance.shuffled(options) if not function.passes(filled)), None)


def _wrong_inside(chance: Chance, function: Draft, bug: Filled, count: int) -> list[Change]:
    """Up to `count` changes of the broken function that still fail: first one at the bug's place and one at
    another."""
    changes = chance.shuffled(_refills(function, 0))
    same = [c for c in changes if c.filled.keys() == bug.keys() and c.filled != bug]
    other = [c._replace(filled={**bug, **c.filled}) for c in changes if c.filled.keys() != bug.keys()]
    texts = {function.source(), function.source(bug)}
    found: list[Change] = []
    for change in [*same[:1], *other[:1], *chance.shuffled(same[1:] + other[1:])]:
        source = function.source(change.filled)
        if len(found) < count and source not in texts and not function.passes(change.filled):
            texts.add(source)
            found.append(change)
    return found


def _wrong_outside(chance: Chance, functions: Sequence[Draft], family: str, count: int) -> list[Change]:
    """Up to `count` changes of functions that were right, which leave the bug as it is. One or two are of the
    bug's own family where that is possible, the others of other families; no place is changed twice."""
    changes = [
        change for index, function in enumerate(functions) if index for change in _refills(function, index)
    ]
    mixed = chance.shuffled(changes)
    alike = [change for change in mixed if change.family == family][: chance.between(1, 2)]
    different = [change for change in mixed if change.family != family]
    found: dict[tuple[int, ...], Change] = {}
    for change in alike + different:
        source = functions[change.function].source(change.filled)
        if source != functions[change.function].source():
            found.setdefault((change.function, *change.filled), change)
    return list(found.values())[:count]


def _project(
    chance: Chance,
    family: str,
    names: Names,
    functions: Sequence[Draft],
    bug: Filled,
    changes: Sequence[Change],
) -> Task:
    """Lays the functions out in one or two modules beside one test file, and gives the changes their
    places."""
    sources = [function.source(RIGHT if index else bug) for index, function in enumerate(functions)]
    order = chance.shuffled(range(len(functions)))
    cut = len(order) if chance.unit() < 0.6 else chance.between(1, len(order) - 1)
    modules = {f"{names.module()}.py": part for part in (order[:cut], order[cut:]) if part}
    places = [place for path, part in modules.items() for place in _places(path, part, functions, sources)]
    where = {place.name: place for place in places}
    edits = []
    for change in changes:
        place = where[functions[change.function].name]
        after = functions[change.function].source(change.filled)
        edit = line_edit(place.path, sources[change.function], after)
        edits.append(replace(edit, line=(edit.line or 1) + place.first - 1))
    test_path = f"test_{names.module()}.py"
    text, test_names = _tests(chance, functions, modules)
    files = {path: "\n\n".join(sources[index] for index in part) for path, part in modules.items()}
    tests = tuple(f"{test_path}::{name}" for name in test_names)
    return Task(family, {**files, test_path: text}, tests, tuple(edits), 0, tuple(places))


def _places(
    path: str, part: Sequence[int], functions: Sequence[Draft], sources: Sequence[str]
) -> list[Place]:
    places, line = [], 1
    for index in part:
        length = sources[index].count("\n")
        places.append(Place(functions[index].name, path, line, line + length - 1))
        line += length + 2
    return places


def _tests(
    chance: Chance, functions: Sequence[Draft], modules: Mapping[str, Sequence[int]]
) -> tuple[str, list[str]]:
    """The text of the test file and the names of its tests: two a function, the functions in random order."""
    lines = [
        f"from {path.removesuffix('.py')} import {', '.join(sorted(functions[i].name for i in part))}\n"
        for path, part in modules.items()
    ]
    test_names = []
    for function in chance.shuffled(functions):
        half = chance.between(1, len(function.cases) - 1)
        nouns = chance.shuffled(NOUNS)
        for cases, noun in ((function.cases[:half], nouns[0]), (function.cases[half:], nouns[1])):
            test_names.append(f"test_{function.name}_{noun}")
            lines += [f"\n\ndef {test_names[-1]}():\n", *function.asserts(cases)]
    return "".join(lines), test_names
