"""What can be done with a value? Tools of the standard library on a desk with files, a store and sheets.

A value has a kind (role and unit), belongs to a case, and may be stale. Each tool is a real function that is
really called: a search through files, regular expressions, dictionaries, exact fractions, calendar dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

ROLES = (
    "word", "path", "text", "code", "name", "label", "price", "count", "total", "length", "mass", "date",
    "days", "due", "weekday",
)  # fmt: skip
UNITS = ("", "cents", "euros", "m", "cm", "ft", "g", "kg", "lb")
CASES = ("", "A", "B", "C", "D")
"""What a value belongs to: an order, by letter."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ERRORS = ("", "missing", "wrong kind", "wrong unit", "mixed orders", "not wanted")
MISSING, WRONG_KIND, WRONG_UNIT, MIXED, NOT_WANTED = 1, 2, 3, 4, 5


class Kind(NamedTuple):
    """What sort of value it is."""

    role: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.role} in {self.unit}" if self.unit else self.role


_MEASURED = {"price": UNITS[1:3], "total": UNITS[1:3], "length": UNITS[3:6], "mass": UNITS[6:9]}
KINDS = tuple(Kind(role, unit) for role in ROLES for unit in _MEASURED.get(role, ("",)))
"""All 21 kinds, by role."""


class Value(NamedTuple):
    """Something on the shelf. Two are the same where all four fields are."""

    kind: Kind
    case: int
    data: Any
    stale: bool = False
    """It came from an outdated row, or from a value that did."""

    def __str__(self) -> str:
        exact = self.data.denominator == 1 if isinstance(self.data, Fraction) else True
        return str(self.data) if exact else f"{float(self.data):.4f}"


class Row(NamedTuple):
    """A row of a sheet."""

    code: str
    data: Any
    outdated: bool


class Desk(NamedTuple):
    """What the tools reach."""

    files: dict[str, str]
    """Path -> the one line in it."""
    owners: dict[str, int]
    """Path -> the case that it belongs to."""
    store: dict[tuple[str, str], Any]
    """(code, role) -> data, the key-value store."""
    sheets: dict[str, list[Row]]
    """Role -> rows; a look-up takes the first one that fits, outdated or not."""


class ToolError(Exception):
    """A tool refused. `number` is a place in ERRORS."""

    def __init__(self, number: int):
        super().__init__(ERRORS[number])
        self.number = number


class Answer(NamedTuple):
    """What a tool found."""

    data: Any
    case: int = 0
    """Where it is not the case of what went in."""
    stale: bool = False


class Operation(NamedTuple):
    """One thing that a tool does."""

    number: int
    """From 1 on: a place in OPERATIONS, plus 1."""
    tool: str
    title: str
    places: tuple[Kind, ...]
    """What it takes."""
    gives: Kind
    run: Callable[..., Answer]
    """(desk, data of each place) -> answer; LookupError where it finds nothing."""


def call(operation: Operation, desk: Desk, values: Sequence[Value]) -> Value:
    """Runs it on `values`, one a place. Raises ToolError on what does not fit and on what is not there."""
    for place, value in zip(operation.places, values, strict=True):
        if value.kind.role != place.role:
            raise ToolError(WRONG_KIND)
        if value.kind.unit != place.unit:
            raise ToolError(WRONG_UNIT)
    if len({value.case for value in values}) > 1:
        raise ToolError(MIXED)
    try:
        answer = operation.run(desk, *(value.data for value in values))
    except LookupError as error:
        raise ToolError(MISSING) from error
    stale = answer.stale or any(value.stale for value in values)
    return Value(operation.gives, answer.case or values[0].case, answer.data, stale)


def _search(contents: bool) -> Callable[..., Answer]:
    def run(desk: Desk, word: str) -> Answer:
        found = [path for path, line in desk.files.items() if word in (line if contents else path)]
        return Answer(found[0], desk.owners[found[0]])

    return run


def _read(desk: Desk, path: str) -> Answer:
    return Answer(desk.files[path])


def _extract(pattern: str, make: Callable[[str], Any]) -> Callable[..., Answer]:
    compiled = re.compile(pattern)

    def run(desk: Desk, text: str) -> Answer:
        found = compiled.search(text)
        if found is None:
            raise LookupError(pattern)
        return Answer(make(found[1]))

    return run


def _plain(function: Callable[..., Any]) -> Callable[..., Answer]:
    return lambda desk, *data: Answer(function(*data))


def _stored(role: str) -> Callable[..., Answer]:
    return lambda desk, code: Answer(desk.store[code, role])


def _looked_up(role: str) -> Callable[..., Answer]:
    def run(desk: Desk, code: str) -> Answer:
        found = [row for row in desk.sheets[role] if row.code == code]
        return Answer(found[0].data, stale=found[0].outdated)

    return run


_SIZES = {
    "cents": Fraction(1, 100), "euros": Fraction(1), "m": Fraction(1), "cm": Fraction(1, 100),
    "ft": Fraction("0.3048"), "g": Fraction(1), "kg": Fraction(1000), "lb": Fraction("453.59237"),
}  # fmt: skip
"""Each unit in the base unit of its quantity; feet and pounds are exact by definition."""
_CONVERSIONS = (
    ("price", "cents", "euros"), ("price", "euros", "cents"), ("total", "cents", "euros"),
    ("length", "m", "cm"), ("length", "cm", "ft"), ("length", "m", "ft"),
    ("mass", "g", "kg"), ("mass", "kg", "lb"), ("mass", "g", "lb"),
)  # fmt: skip
KEPT = (Kind("name"), Kind("price", "cents"), Kind("length", "m"), Kind("mass", "g"), Kind("days"))
"""What the sheets and the store know of a code."""


def _convert(source: str, target: str) -> Callable[..., Answer]:
    return _plain(lambda amount: Fraction(amount) * _SIZES[source] / _SIZES[target])


def _operations() -> tuple[Operation, ...]:
    word, path, text, code, count = (Kind(role) for role in ("word", "path", "text", "code", "count"))
    day, days, due = Kind("date"), Kind("days"), Kind("due")
    rows: list[tuple[str, str, tuple[Kind, ...], Kind, Callable[..., Answer]]] = [
        ("search", "find in contents", (word,), path, _search(contents=True)),
        ("search", "find in file names", (word,), path, _search(contents=False)),
        ("text", "read file", (path,), text, _read),
        ("text", "code in text", (text,), code, _extract(r"([A-Z]{2}-\d+)", str)),
        ("text", "count in text", (text,), count, _extract(r"(\d+) x", int)),
        ("text", "date in text", (text,), day, _extract(r"(\d{4}-\d\d-\d\d)", date.fromisoformat)),
        ("text", "make label", (Kind("name"), code), Kind("label"),
         _plain(lambda name, code: f"{name.upper()} {code}")),
        *(("table", f"sheet: {kind.role}", (code,), kind, _looked_up(kind.role)) for kind in KEPT),
        *(("store", f"store: {kind.role}", (code,), kind, _stored(kind.role)) for kind in KEPT),
        *(("arithmetic", f"price x count ({unit})", (Kind("price", unit), count), Kind("total", unit),
           _plain(lambda price, count: price * count)) for unit in ("cents", "euros")),
        *(("convert", f"{role}: {a} to {b}", (Kind(role, a),), Kind(role, b), _convert(a, b))
          for role, a, b in _CONVERSIONS),
        ("dates", "date + days", (day, days), due, _plain(lambda day, days: day + timedelta(days=days))),
        ("dates", "days between", (day, due), days, _plain(lambda day, due: (due - day).days)),
        ("dates", "weekday of due", (due,), Kind("weekday"), _plain(lambda due: WEEKDAYS[due.weekday()])),
    ]  # fmt: skip
    return tuple(Operation(number, *row) for number, row in enumerate(rows, 1))


OPERATIONS = _operations()
TWINS = {1: 2} | {8 + place: 8 + place + len(KEPT) for place in range(len(KEPT))}
"""Number of an operation -> that of another way to the same value; either may be broken."""
