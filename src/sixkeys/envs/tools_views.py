"""What is seen of a bench? The patch, a row of nine cells a thing, and the screen for a person.

Rows 0 to 2 are lamps: one cell for each role, unit and case (identity 1 to 27). Kind is 1, plus 1 where it is
looked for (what the recipe needs next, or the place to be filled), plus 2 where it is under the cursor (what
an operation gives, what a value is); state 1 where it belongs to the goal. Looked for and under the cursor
are the same thing where every lamp has kind 1 or 4.

Row 3 is what the cursor is on: TOOL, its number and what its last call came to, or VALUE, its case and 1
where it is stale plus 2 where it was turned down; then its kind; for an operation its places, state 1 where
the shelf can fill them; in the last cells the error of the last key and READY where CALL would run. Row 4 is
the open operation: its number, what it gives, each place and what is in it. Row 5 is the recipe: state 1
done, 2 wanted next. Rows 6 to 8 are the view: the ring from the cursor on; the letters of what the cursor is
on; or the log, three cells a call.
A kind is (6 + role, unit, _), a value on the ring (6 + role, unit, case + 5 if stale).
"""

from __future__ import annotations

from sixkeys.contract import SIDE
from sixkeys.envs.tools_bench import Bench
from sixkeys.envs.tools_operations import CASES, ERRORS, ROLES, UNITS, Kind, Operation, Value

TOOL, ROLE, VALUE, ERROR, READY, LETTER = 5, 6, 21, 22, 23, 24
"""Kinds of cells; 1 to 4 are lamps, ROLE to 20 roles."""
LAMPS = len(ROLES) + len(UNITS) + len(CASES) - 2
MARKS = ("", "worked", "refused", "stale result", "of another order")
_BLANK = bytes(3)
_DARK = b"".join(bytes((1, lamp, 0)) for lamp in range(1, LAMPS + 1))
_ROLE = {role: place for place, role in enumerate(ROLES)}
_UNIT = {unit: place for place, unit in enumerate(UNITS)}


def patch(bench: Bench) -> bytes:
    """The 9 x 9 x 3 bytes of the patch."""
    return _lamps(bench) + _row(_cursor(bench)) + _row(_open(bench)) + _row(_recipe(bench)) + _view(bench)


def _row(cells: list[bytes], rows: int = 1) -> bytes:
    """Cells as whole rows; those that find no room are left out."""
    size = 3 * SIDE * rows
    return b"".join(cells)[:size].ljust(size, b"\0")


def _kind(kind: Kind, state: int = 0) -> bytes:
    return bytes((ROLE + _ROLE[kind.role], _UNIT[kind.unit], state))


def _value(value: Value) -> bytes:
    return _kind(value.kind, value.case + 5 * value.stale)


def _places(kind: Kind, case: int) -> list[int]:
    """Where the lamps of a kind are, and that of its case if there is one."""
    places = [_ROLE[kind.role]]
    if kind.unit:
        places.append(len(ROLES) - 1 + _UNIT[kind.unit])
    if case:
        places.append(len(ROLES) + len(UNITS) - 2 + case)
    return places


def _lamps(bench: Bench) -> bytes:
    lamps, under, case = bytearray(_DARK), bench.under(), bench.task.case
    tool = isinstance(under, Operation)
    wanted: Kind | None = bench.wanted
    if bench.opened is not None:
        wanted = None if bench.full else bench.operation.places[len(bench.filled)]
    for place in _places(wanted, 0 if tool else case) if wanted else ():
        lamps[3 * place] += 1
    for place in _places(under.gives, 0) if tool else _places(under.kind, under.case):
        lamps[3 * place] += 2
    for place in _places(bench.task.steps[-1], case):
        lamps[3 * place + 2] = 1
    return bytes(lamps)


def _cursor(bench: Bench) -> list[bytes]:
    under = bench.under()
    if isinstance(under, Operation):
        cells = [bytes((TOOL, under.number, bench.marks[bench.cursor])), _kind(under.gives)]
        cells += [_kind(place, place in bench.right) for place in under.places]
    else:
        state = under.stale + 2 * (under in bench.turned_down)
        cells = [bytes((VALUE, under.case, state)), _kind(under.kind)]
    cells += [_BLANK] * (7 - len(cells))
    return [*cells, bytes((ERROR * (bench.error > 0), bench.error, 0)), bytes((READY * bench.full, 0, 0))]


def _open(bench: Bench) -> list[bytes]:
    if bench.opened is None:
        return []
    operation = bench.operation
    cells = [bytes((TOOL, operation.number, len(bench.filled))), _kind(operation.gives)]
    for number, place in enumerate(operation.places):
        cells += [_kind(place), _value(bench.filled[number]) if number < len(bench.filled) else _BLANK]
    return cells


def _recipe(bench: Bench) -> list[bytes]:
    return [_kind(s, 1 if s in bench.right else 2 * (s == bench.wanted)) for s in bench.task.steps]


def ring(bench: Bench) -> list[Operation | Value]:
    """All that the cursor walks over, in its order."""
    return [*bench.shelf] if bench.opened is not None else [*bench.task.menu, *bench.shelf]


def _view(bench: Bench) -> bytes:
    cells: list[bytes] = []
    if bench.view == 0:
        things = ring(bench)
        for place in [*range(bench.cursor, len(things)), *range(bench.cursor)]:
            thing = things[place]
            tool = isinstance(thing, Operation)
            cells.append(bytes((TOOL, thing.number, bench.marks[place])) if tool else _value(thing))
    elif bench.view == 1:
        under = bench.under()
        text = under.title if isinstance(under, Operation) else str(under)
        codes = [ord(letter) - 32 for letter in text if " " <= letter <= "~"]
        cells = [bytes((LETTER, code % 32, code // 32)) for code in codes]
    else:
        for made in reversed(bench.log):
            result = bytes((ERROR, made.error, 0)) if made.result is None else _value(made.result)
            cells += [bytes((TOOL, made.operation.number, 0)), _value(made.values[0]), result]
    return _row(cells, 3)


def screen(bench: Bench, left: int) -> str:
    """The bench in words."""
    task, ring_ = bench.task, ring(bench)
    case = f"order {CASES[task.case]}"
    lines = [f"A bench of tools: {task.family}, {left} keys left", "", f"WANTED: {task.steps[-1]} of {case}"]
    signs = {
        step: "x" if step in bench.right else ">" if step == bench.wanted else " " for step in task.steps
    }
    lines += ["  by way of: " + "  ".join(f"[{sign}] {step}" for step, sign in signs.items()), ""]
    for place, thing in enumerate(ring_):
        if place == 0 and bench.opened is None:
            lines.append("TOOLS")
        if place == len(ring_) - len(bench.shelf):
            lines.append("SHELF, newest first")
        lines.append((" > " if place == bench.cursor else "   ") + _line(bench, place, thing))
    if bench.opened is not None:
        filled = [str(value) for value in bench.filled] + ["..."] * 2
        operation = bench.operation
        places = ", ".join(f"{k} = {v}" for k, v in zip(operation.places, filled, strict=False))
        lines += ["", f"OPEN: {operation.title} ({places})" + "  ready to CALL" * bench.full]
    if bench.error:
        lines += ["", f"REFUSED: {ERRORS[bench.error]}"]
    if bench.view:
        lines += ["", *_more(bench)]
    return "\n".join(lines)


def _line(bench: Bench, place: int, thing: Operation | Value) -> str:
    if isinstance(thing, Value):
        notes = "  STALE" * thing.stale + "  not wanted" * (thing in bench.turned_down)
        return f"{thing.kind!s:16} of order {CASES[thing.case]}  {thing}{notes}"
    takes = ", ".join(map(str, thing.places))
    mark = f"  ({MARKS[bench.marks[place]]})" if bench.marks[place] else ""
    return f"{thing.title:24} {takes} -> {thing.gives}{mark}"


def _more(bench: Bench) -> list[str]:
    """The second view says what the cursor is on, the third what was called."""
    if bench.view == 1:
        under = bench.under()
        return [f"UNDER THE CURSOR: {under.title if isinstance(under, Operation) else under}"]
    calls = [
        f"   {made.operation.title}({', '.join(map(str, made.values))}) = "
        f"{ERRORS[made.error] if made.result is None else made.result}"
        for made in bench.log
    ]
    return ["LOG", *calls]
