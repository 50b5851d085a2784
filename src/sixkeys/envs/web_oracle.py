"""Which key next, by a task's recipe? Steps of web_tasks.py against the ring of a page.

For each step the shorter way around the ring to the element that it names, then the key that does it. The
recipes' order of steps is fixed, so a sequence is shortest among those that keep it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

NEXT, PREVIOUS, PRESS, TYPE, SUBMIT = 0, 1, 2, 3, 5
_WHAT = re.compile(r"(.*?)(?:([=^~@&%])(\d)|(\*))?")


class Element(NamedTuple):
    """One element of the ring, as the page shows it."""

    kind: str
    text: str
    near: str
    """The text of the smallest part of the page around it that says more than it."""
    value: str
    names: str
    """Its id, classes and placeholder."""
    on: bool
    pressed: bool


class Named(Protocol):
    """A value of the task."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...


class Advice(NamedTuple):
    """A key, and how many of the recipe's steps are behind once it is pressed."""

    key: int
    done: int


def matches(what: str, ring: Sequence[Element], values: Sequence[Named]) -> list[int]:
    """Places in the ring of the elements that WHAT of a recipe names, in order."""
    first, bar, rest = what.partition("|")
    if bar:
        return matches(first, ring, values) or matches(rest, ring, values)
    found = _WHAT.fullmatch(what)
    base, relation, index, any_value = found.groups() if found else (what, None, None, None)
    texts = [value.text.casefold() for value in values]
    if what.startswith("#"):
        return [at for at, element in enumerate(ring) if element.kind == texts[int(what[1:])]]
    like = [at for at, element in enumerate(ring) if not base or _is(element, base)]
    if any_value:
        exact = [value.text for value in values]
        return [at for at in like if ring[at].text in exact and not ring[at].pressed]
    if relation is None:
        return like
    number = int(index or 0)
    if number >= len(values):
        return []
    text, name = texts[number], values[number].name.casefold()
    if relation == "%":
        return like[int(text) - 1 : int(text)]
    holds = {
        "=": lambda element: element.text == values[number].text,
        "^": lambda element: element.text.casefold().startswith(text),
        "~": lambda element: text in element.text.casefold(),
        "@": lambda element: text in element.near.casefold(),
        "&": lambda element: name in element.near.casefold(),
    }[relation]
    return [at for at in like if holds(ring[at])]


def _is(element: Element, base: str) -> bool:
    return base in (element.kind, element.text.casefold(), *element.names.casefold().split())


def next_key(
    steps: Sequence[str], ring: Sequence[Element], focus: int, values: Sequence[Named], typing: int
) -> Advice | None:
    """The next key of a recipe whose first step is the present one; None where it says nothing."""
    for number, step in enumerate(steps):
        verb, _, what = step.partition(" ")
        if verb == "submit":
            return Advice(SUBMIT, number + 1)
        if verb == "type":
            value, _, what = what.partition(" ")
            text = values[int(value)].text if int(value) < len(values) else ""
            named = matches(what, ring, values)
            places = [at for at in named if ring[at].value != text]
            if named and not places:
                continue
            return _go(places, len(ring), focus, Advice(TYPE, (number + 1) * (typing == int(value))))
        places = matches(what, ring, values)
        if verb == "seek":
            if matches(steps[number + 1].partition(" ")[2], ring, values):
                continue
            places = [at for at in places if not (ring[at].pressed or ring[at].on)]
        elif what.endswith("*") and not places:
            continue
        stays = verb == "seek" or what.endswith("*")
        return _go(places, len(ring), focus, Advice(PRESS, number if stays else number + 1))
    return None


def _go(places: Sequence[int], count: int, focus: int, then: Advice) -> Advice | None:
    """The shorter way around the ring to the first of `places`, and there `then`."""
    if not places:
        return None
    ahead = (places[0] - focus) % count
    if not ahead:
        return then
    return Advice(NEXT if ahead <= count - ahead else PREVIOUS, 0)


def keys_of_recipe(steps: Sequence[str], ring: Sequence[Element], values: Sequence[Named], most: int) -> int:
    """Keys of a recipe on a page that shows all it needs from the start; -1 where that is not so."""
    here, focus, typing, count = list(ring), 0, 0, 0
    while steps:
        advice = next_key(steps, here, focus, values, typing)
        count += 1
        if advice is None or count > most or steps[0].startswith("seek"):
            return -1
        if advice.key in (NEXT, PREVIOUS):
            focus = (focus + (1 if advice.key == NEXT else -1)) % len(here)
        elif advice.key == PRESS:
            here[focus] = here[focus]._replace(pressed=True)
        elif advice.key == TYPE:
            here[focus] = here[focus]._replace(value=values[typing].text)
            typing = (typing + 1) % len(values)
        steps = steps[advice.done :]
    return count or -1
