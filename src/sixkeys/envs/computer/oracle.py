"""Which key comes next? A machine in, the next key of a shortest solution that reads what the task names.

Each clause has stops in order; between them the way is the shortest. Privileged: it knows values before they
are read, but reads them all the same, for an agent has to. Where a side effect is outstanding, it takes
changes back first. From the start of an episode of one clause no solution with the same stops is shorter (the
tests search for one); of several clauses, or after wandering, it may be longer by a few keys.
"""

from __future__ import annotations

from sixkeys.envs.computer.machine import BACK, NEXT, NO_OP, OPEN, SWITCH, TAKE_BACK, Machine, Stop


def next_key(machine: Machine) -> int:
    """The next key; NO_OP where the task is solved."""
    if machine.solved:
        return NO_OP
    if machine.wrong:
        return _towards(machine, TAKE_BACK)
    clip = machine.store.clip
    return _towards(machine, next(s for s in machine.clause.stops if s.clip is None or s.clip != clip))


def keys(machine: Machine) -> int:
    """How many keys the oracle needs from here on."""
    ahead, pressed = machine.copy(), 0
    while not ahead.solved:
        ahead.press(next_key(ahead))
        pressed += 1
    return pressed


def _towards(machine: Machine, stop: Stop) -> int:
    """The next key on the way to a stop, whose last key is `stop.key`."""
    window, place = machine.windows[machine.front], stop.place
    if window[0].place != place[:1]:
        return _window(machine, place[:1])
    here = machine.level.place
    if here != place[: len(here)]:
        return BACK
    if here == place:
        wanted = next(at for at, item in enumerate(machine.items) if stop.cell in item.cells)
        return stop.key if machine.level.focus == wanted else NEXT
    inside = place[: len(here) + 1]
    return OPEN if machine.item.opens == inside else NEXT


def _window(machine: Machine, app: tuple[int, ...]) -> int:
    """The next key towards an application's window.

    Where the way leads over the icon at which the clause ends, that one is opened in passing if to come back
    would take longer: `OPEN`, `SWITCH`, later one more `SWITCH` instead of the rest of the round and `OPEN`.
    """
    places = [window[0].place for window in machine.windows]
    if app in places:
        return SWITCH
    if machine.front == 0:
        icons = [item.opens for item in machine.items]
        ahead = (icons.index(app) - machine.level.focus) % len(icons)
        last = machine.clause.stops[-1].place[:1]
        early = machine.item.opens == last and last not in places and ahead < len(icons) - 2
        return OPEN if ahead == 0 or early else NEXT
    return SWITCH if len(places) - machine.front <= len(machine.windows[machine.front]) else BACK
