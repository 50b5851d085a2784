"""What is wanted this time? Recipes of one to six calls, and desks on which they work, with traps.

A recipe is a set of operations that leads from given values to one wanted value. All recipes of a family are
listed once; a seed picks one, invents two orders (cases), lays out the desk and breaks what is to be broken.
The truth is computed from the invented facts, never by the tools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.tools_operations import (
    CASES,
    KEPT,
    KINDS,
    OPERATIONS,
    TWINS,
    WEEKDAYS,
    Desk,
    Kind,
    Operation,
    Row,
    Value,
)

MENU, LONG_MENU = 6, 7
"""At most so many operations stand on the menu; the second where a recipe has more than four calls."""
ALL_TOOLS = frozenset({"search", "text", "table", "arithmetic", "convert", "dates"})


class Family(NamedTuple):
    """Which recipes, and how much is broken."""

    tools: frozenset[str]
    """What may be used; the store comes in as the other way to what is in sheets."""
    must: frozenset[str]
    """What has to be used."""
    calls: tuple[int, int]
    """Least and most."""
    novel: bool = False
    """Look-ups and dates together, which no training recipe has; else never both."""
    faults: tuple[float, float] = (0.35, 0.0)
    """Chance that the first, and every further, step with two ways has one broken way."""


def _family(tools: str, must: str, calls: tuple[int, int]) -> Family:
    return Family(frozenset(tools.split()), frozenset(must.split()), calls)


TRAINED = {
    "tools_convert": _family("convert", "convert", (1, 2)),
    "tools_lookup": _family("table convert", "table", (1, 2)),
    "tools_search": _family("search text", "search", (1, 3)),
    "tools_text": _family("text table", "text", (1, 3)),
    "tools_dates": _family("dates text", "dates", (1, 3)),
    "tools_sums": _family("arithmetic table convert text", "arithmetic", (2, 3)),
    "tools_chain": _family("search text table arithmetic convert", "text", (3, 4)),
}
"""Families of the training mix."""
HELDOUT = {
    "tools_novel": Family(ALL_TOOLS, frozenset({"table", "dates"}), (2, 4), novel=True),
    "tools_faults": Family(ALL_TOOLS, frozenset({"table", "search"}), (4, 4), faults=(1.0, 1.0)),
    "tools_long": Family(ALL_TOOLS, frozenset({"text"}), (5, 6)),
}
"""Families that no training episode comes from: another pair of tools, a fault at every step, more calls."""
FAMILIES = TRAINED | HELDOUT
MIXED, UNSEEN = "tools_mixed", "tools_heldout"
POOLS = {name: (name,) for name in FAMILIES} | {MIXED: tuple(TRAINED), UNSEEN: tuple(HELDOUT)}
"""Task -> the families that it draws from."""


class Task(NamedTuple):
    """One episode's beginning."""

    family: str
    case: int
    steps: tuple[Kind, ...]
    """The recipe: what to get, in an order that works; the last one is wanted."""
    uses: tuple[tuple[Kind, ...], ...]
    """What each step is made from."""
    truth: Mapping[Kind, Value]
    """Every kind's true value for `case`."""
    menu: tuple[Operation, ...]
    shelf: tuple[Value, ...]
    desk: Desk


def _leans_on(kind: Kind, other: Kind, made: Mapping[Kind, Operation]) -> bool:
    """Whether `kind` is `other` or is made from it."""
    return kind == other or (kind in made and any(_leans_on(p, other, made) for p in made[kind].places))


def _grown(recipe: frozenset[int], tools: frozenset[str]) -> Iterator[frozenset[int]]:
    """The recipe with one call more: a value that was given is made, too. An empty one begins anywhere."""
    made = {OPERATIONS[number - 1].gives: OPERATIONS[number - 1] for number in recipe}
    taken = {place for operation in made.values() for place in operation.places}
    for operation in OPERATIONS:
        fits = operation.gives in taken - made.keys() if recipe else True
        circular = any(_leans_on(place, operation.gives, made) for place in operation.places)
        if operation.tool in tools and operation.number not in TWINS.values() and fits and not circular:
            yield recipe | {operation.number}


@cache
def recipes(name: str) -> tuple[frozenset[int], ...]:
    """Every recipe of a family, as numbers of operations."""
    family, level, found = FAMILIES[name], {frozenset[int]()}, []
    for calls in range(1, family.calls[1] + 1):
        level = {more for recipe in level for more in _grown(recipe, family.tools)}
        if calls >= family.calls[0]:
            found += sorted(level, key=sorted)
    return tuple(recipe for recipe in found if _belongs(recipe, family))


def _belongs(recipe: frozenset[int], family: Family) -> bool:
    tools = {OPERATIONS[number - 1].tool for number in recipe}
    return family.must <= tools and ({"table", "dates"} <= tools) == family.novel


@cache
def _ordered(recipe: frozenset[int]) -> tuple[Operation, ...]:
    """The recipe's operations, each after those that it needs."""
    made = {OPERATIONS[number - 1].gives: OPERATIONS[number - 1] for number in sorted(recipe)}
    order: list[Operation] = []

    def visit(operation: Operation) -> None:
        for place in operation.places:
            if place in made:
                visit(made[place])
        if operation not in order:
            order.append(operation)

    taken = {place for operation in made.values() for place in operation.places}
    visit(next(operation for kind, operation in made.items() if kind not in taken))
    return tuple(order)


_WORDS = ("amber", "birch", "coral", "delta", "ember", "flint", "grove", "haven", "ivory", "jasper", "koala",
          "lotus", "maple", "nova", "onyx", "pearl")  # fmt: skip
_NAMES = ("bolt", "hinge", "lamp", "valve", "wheel", "spring", "bracket", "cable", "filter", "gasket",
          "lever", "motor", "nozzle", "pulley", "sensor", "switch")  # fmt: skip
_DAY = date(2024, 1, 1).toordinal()

Facts = dict[Kind, Any]


def _invented(chance: Chance, word: str, name: str, folder: str, number: int) -> Facts:
    """All that is true of one order."""
    code = f"{chance.pick('ABCDEFGH')}{chance.pick('KLMNPRST')}-{number}"
    count, cents, days = chance.between(2, 60), chance.between(15, 9000), chance.between(3, 60)
    metres, grams = Fraction(chance.between(5, 900), 10), chance.between(20, 9000)
    day = _DAY + chance.between(0, 1400)
    line = f"{date.fromordinal(day).isoformat()}: {count} x {code}, {word}"
    data = (
        word, f"{folder}/{word}-{number}.txt", line, code, name, f"{name} {code}".upper(),
        cents, Fraction(cents, 100), count, cents * count, Fraction(cents * count, 100),
        metres, metres * 100, metres * 10000 / 3048,
        grams, Fraction(grams, 1000), Fraction(grams * 100000, 45359237),
        date.fromordinal(day), days, date.fromordinal(day + days), WEEKDAYS[(day + days - 1) % 7],
    )  # fmt: skip
    return dict(zip(KINDS, data, strict=True))


def _desk(chance: Chance, cases: dict[int, Facts], case: int, broken: set[int]) -> Desk:
    """Files, store and sheets of both orders, with the operations in `broken` broken for `case`."""
    desk, mine = Desk({}, {}, {}, {kind.role: [] for kind in KEPT}), cases[case]
    word, path, text = mine[Kind("word")], Kind("path"), Kind("text")
    if 1 in broken:
        mine[text] = mine[text].replace(f", {word}", "")
    if 2 in broken:
        other = next(facts for number, facts in cases.items() if number != case)
        mine[path], other[path] = (f.replace(word, "note") if word in f else f"{f[:-4]}-{word}.txt"
                                   for f in (mine[path], other[path]))  # fmt: skip
    for number, facts in cases.items():
        desk.files[facts[path]], desk.owners[facts[path]] = facts[text], number
        for place, kind in enumerate(KEPT):
            rows, code = desk.sheets[kind.role], facts[Kind("code")]
            if number == case and 8 + place in broken:
                old = next(f for n, f in cases.items() if n != case)[kind]
                rows.append(Row(code, old, True))
            rows.append(Row(code, facts[kind], False))
            if number != case or TWINS[8 + place] not in broken:
                desk.store[code, kind.role] = facts[kind]
    return desk


def _menu(
    chance: Chance, order: Sequence[Operation], family: Family
) -> tuple[tuple[Operation, ...], set[int]]:
    """What stands on the menu, and the numbers of the operations that are broken."""
    menu, broken, share = list(order), set(), family.faults[0]
    room = MENU if len(order) <= 4 else LONG_MENU
    for operation in chance.shuffled([o for o in order if o.number in TWINS]):
        twin = OPERATIONS[TWINS[operation.number] - 1]
        if len(menu) < room and (chance.unit() < 0.7 or share == 1):
            menu.append(twin)
            if chance.unit() < share:
                broken.add(chance.pick((operation, twin)).number)
                share = family.faults[1]
    roles = {kind.role for o in order for kind in (o.gives, *o.places)}
    near = [o for o in OPERATIONS if o not in menu and roles & {o.gives.role, *(p.role for p in o.places)}]
    wanted = chance.between(1, 2) if len(order) > 1 else chance.between(2, 3)
    menu += chance.shuffled(near)[: min(wanted, room - len(menu))]
    return tuple(chance.shuffled(menu)), broken


def generate(task: str, seed: int) -> Task:
    """The episode of a seed. Raises KeyError on an unknown task."""
    chance = Chance(seed)
    name = chance.pick(POOLS[task])
    family = FAMILIES[name]
    calls = chance.between(*family.calls)
    some = _by_calls(name)
    order = _ordered(chance.pick(some.get(calls) or some[max(some)]))
    menu, broken = _menu(chance, order, family)
    words, names = chance.shuffled(_WORDS)[:2], chance.shuffled(_NAMES)[:2]
    folders, first = chance.shuffled(("orders", "sales", "stock"))[:2], chance.between(10, 49)
    case, other = chance.shuffled(range(1, len(CASES)))[:2]
    numbers = (first, first + chance.between(1, 40))
    invented = [_invented(chance, *row) for row in zip(words, names, folders, numbers, strict=True)]
    cases = dict(zip((case, other), invented, strict=True))
    desk = _desk(chance, cases, case, broken)
    truth = {kind: Value(kind, case, data) for kind, data in cases[case].items()}
    steps = tuple(operation.gives for operation in order)
    shelf = _shelf(chance, order, truth, {k: Value(k, other, d) for k, d in cases[other].items()})
    return Task(name, case, steps, tuple(o.places for o in order), truth, menu, shelf, desk)


@cache
def _by_calls(name: str) -> dict[int, list[frozenset[int]]]:
    found: dict[int, list[frozenset[int]]] = {}
    for recipe in recipes(name):
        found.setdefault(len(recipe), []).append(recipe)
    return found


def _shelf(
    chance: Chance, order: Sequence[Operation], truth: Mapping[Kind, Value], other: Mapping[Kind, Value]
) -> tuple[Value, ...]:
    """What the recipe starts from, the same of the other order, something stale, something of no use."""
    made = {operation.gives for operation in order}
    given = list(dict.fromkeys(p for o in order for p in o.places if p not in made))
    shelf = [truth[kind] for kind in given] + [other[kind] for kind in chance.shuffled(given)[:2]]
    if chance.unit() < 0.3:
        kind = chance.pick(given)
        shelf.append(Value(kind, truth[kind].case, other[kind].data, stale=True))
    if chance.unit() < 0.3:
        shelf.append(other[order[-1].gives])
    return tuple(chance.shuffled(shelf))
