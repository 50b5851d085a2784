"""Which tasks does the computer set? A seed in; a computer, what is wanted and the clauses that say so out.

A family is a list of clauses, each a pair: where what is needed is found, and where it goes or what is to be
done. Sources and targets are drawn one by one, so what a held-out family needs is known from others, put
together anew.
"""

from __future__ import annotations

from collections.abc import Callable

from sixkeys.envs.computer.apps import (
    EMPTY,
    Changes,
    Clip,
    Content,
    File,
    Line,
    Spot,
    command_changes,
)
from sixkeys.envs.computer.machine import CONFIRM, OPEN, REPAIR, Clause, Stop, Task
from sixkeys.envs.computer.symbols import (
    ACTION,
    AGE,
    APP,
    COLUMN,
    COLUMNS,
    COMMAND,
    COMMANDS,
    COPY,
    DELETE,
    DO_COPY,
    DO_DELETE,
    DO_RENAME,
    DO_RUN,
    DO_SEND,
    DO_SET,
    DO_UNDO,
    EDITOR,
    FILES,
    FORM,
    LABEL,
    LABELS,
    MAIL,
    NAME,
    NAMES,
    NOTHING,
    ORDER,
    PEOPLE,
    PERSON,
    RENAME,
    REPLY,
    ROW,
    ROWS,
    SEND,
    SETTING,
    SETTING_KINDS,
    SETTINGS,
    SHEET,
    SIZE,
    TERMINAL,
    TITLE,
    TOTAL,
    VALUE,
    WISH,
    YES,
    Cell,
)
from sixkeys.envs.repo.chance import Chance

Recipe = tuple[tuple[str, str], ...]
RECIPES: dict[str, Recipe] = {
    "computer_mail_form": (("mail", "field"), ("", "send")),
    "computer_rename": (("", "retitle"),),
    "computer_sum": (("total", "reply"),),
    "computer_undo": (("", "undo"),),
    "computer_setting": (("wish", "setting"),),
    "computer_duplicate": (("", "delete"),),
    "computer_command": (("order", "command"),),
    "computer_cell": (("cell", "field"),),
    "computer_note": (("mail", "edit"),),
    "computer_choose": (("", "choose"),),
}
"""Training family -> (source, target) of each clause; methods of `Draft`, "" for no source."""
HELD_OUT: dict[str, Recipe] = {
    "computer_note_form": (("line", "field"), ("", "send")),
    "computer_mail_rename": (("title", "rename"),),
    "computer_cell_note": (("cell", "edit"),),
    "computer_report_long": (("total", "field"), ("mail", "field"), ("", "send"), ("", "choose")),
    "computer_tidy_long": (("", "delete"), ("", "retitle"), ("wish", "setting"), ("", "choose")),
}
"""Families that the mixed task never draws."""
FAMILIES = tuple(RECIPES)
MIXED = "computer_mixed"
"""The task that draws one of FAMILIES for each episode."""
TASKS = (*FAMILIES, *HELD_OUT, MIXED)
FILE_COUNT, ICONS = 5, 5
PLACES: dict[str, int] = {
    "mail": MAIL, "wish": MAIL, "title": MAIL, "reply": MAIL, "total": SHEET, "cell": SHEET, "line": EDITOR,
    "edit": EDITOR, "order": EDITOR, "field": FORM, "send": FORM, "setting": SETTINGS, "choose": SETTINGS,
    "command": TERMINAL, "undo": TERMINAL, "rename": FILES, "retitle": FILES, "delete": FILES,
}  # fmt: skip
"""The application of each source and target."""

Found = tuple[tuple[Stop, ...], tuple[Cell, Cell, Cell], Clip]
"""A source: the stop that copies it, what the task says of it, what is copied."""


def draw(task: str, seed: int) -> Task:
    """The episode of a task of TASKS that belongs to `seed`."""
    chance = Chance(seed)
    family = chance.pick(FAMILIES) if task == MIXED else task
    recipe = RECIPES.get(family) or HELD_OUT[family]
    draft = Draft(chance, recipe)
    for source, target in recipe:
        found: Found = getattr(draft, source)() if source else ((), (NOTHING,) * 3, EMPTY)
        getattr(draft, target)(found)
    return Task(
        family, draft.content, draft.state, draft.past, draft.right or draft.state, draft.wanted,
        tuple(draft.clauses),
    )  # fmt: skip


def _content(chance: Chance, recipe: Recipe) -> tuple[Content, Changes]:
    """A computer at random, with the applications that the recipe needs, and the state it starts in."""
    names = chance.shuffled(range(1, NAMES + 1))
    state: Changes = {("name", slot, 0): names[slot] for slot in range(FILE_COUNT)}
    spare = tuple(names[FILE_COUNT : FILE_COUNT + 4])
    choices = {
        setting: tuple(chance.shuffled(range(1, 10))[:4])
        for setting in chance.shuffled(range(1, SETTING_KINDS + 1))[:4]
    }
    state |= {("setting", setting, 0): chance.pick(values) for setting, values in choices.items()}
    wishes = chance.shuffled(list(choices))
    mails = {}
    for place, person in enumerate(chance.shuffled(range(1, PEOPLE + 1))[:3]):
        labels = chance.shuffled(range(1, LABELS + 1))[:2]
        lines = [Line(label, (LABEL, label), (VALUE, chance.between(20, 31))) for label in labels]
        now = state["setting", wishes[place], 0]
        wish = (now + chance.between(0, 7)) % 9 + 1
        lines.append(Line(WISH, (SETTING, wishes[place]), (VALUE, wish)))
        lines.append(Line(TITLE, (LABEL, TITLE), (NAME, chance.pick(spare))))
        mails[person] = tuple(chance.shuffled(lines))
        state["reply", person, 0] = 0
    files = _files(chance, state)
    fields = tuple(chance.shuffled(range(1, LABELS + 1))[:4])
    state |= {(area, label, 0): 0 for area in ("field", "sent") for label in fields}
    rows = chance.shuffled(range(1, ROWS + 1))[:3]
    sheet = {
        column: {row: chance.between(1, 9) for row in rows}
        for column in chance.shuffled(range(1, COLUMNS + 1))[:3]
    }
    commands = tuple(chance.shuffled(range(1, COMMANDS + 1)))
    state |= {("run", command, 0): 0 for command in commands}
    needed = {PLACES[name] for pair in recipe for name in pair if name} | {TERMINAL}
    others = chance.shuffled(sorted(set(range(FILES, TERMINAL + 1)) - needed))
    icons = chance.shuffled([*sorted(needed), *others][: max(ICONS, len(needed))])
    return Content(tuple(icons), files, spare, mails, fields, sheet, choices, commands), state


def _files(chance: Chance, state: Changes) -> tuple[File, ...]:
    """Files with two numbers and an order each; one is a copy of an older one."""
    ages, sizes = (chance.shuffled(range(1, FILE_COUNT + 1)) for _ in range(2))
    twins = sorted(chance.shuffled(range(FILE_COUNT))[:2], key=lambda slot: ages[slot])
    orders = chance.shuffled(range(3, COMMANDS + 1))
    texts = {}
    for slot in range(FILE_COUNT):
        labels = chance.shuffled(range(1, LABELS + 1))[:2]
        lines = [Line(label, (LABEL, label), NOTHING) for label in labels]
        lines.append(Line(ORDER, (COMMAND, orders[slot]), NOTHING))
        texts[slot] = tuple(chance.shuffled(lines)), [chance.between(10, 19) for _ in labels]
    texts[twins[0]] = texts[twins[1]]
    for slot, (lines, values) in texts.items():
        labels = [line.label for line in lines if line.label != ORDER]
        state |= {("line", slot, label): value for label, value in zip(labels, values, strict=True)}
    return tuple(File(ages[s], sizes[s], s == twins[0], texts[s][0]) for s in range(FILE_COUNT))


class Draft:
    """An episode in the making. Keeps state: the computer, clauses so far, and what they have taken."""

    def __init__(self, chance: Chance, recipe: Recipe):
        self.chance = chance
        self.content, self.state = _content(chance, recipe)
        self.wanted = dict(self.state)
        self.right: Changes | None = None
        self.past: list[Changes] = []
        self.clauses: list[Clause] = []
        self.free = chance.shuffled([slot for slot, file in enumerate(self.content.files) if not file.copy])
        """Files that no clause renames or deletes."""

    # --- sources: what is needed, and where it is found ---

    def _written(self, fits: Callable[[Line], bool]) -> Found:
        """A fitting line of somebody's mail."""
        person = self.chance.pick(list(self.content.mails))
        line = self.chance.pick([line for line in self.content.mails[person] if fits(line)])
        clip = ((PERSON, person), line.what, line.value)
        stop = Stop((MAIL, person), (LABEL, line.label), OPEN, clip)
        return (stop,), ((APP, MAIL), (PERSON, person), (LABEL, line.label)), clip

    def mail(self) -> Found:
        return self._written(lambda line: line.label < WISH)

    def wish(self) -> Found:
        return self._written(lambda line: line.label == WISH)

    def title(self) -> Found:
        return self._written(lambda line: line.label == TITLE)

    def _row(self, total: bool) -> Found:
        column = self.chance.pick(list(self.content.sheet))
        numbers = self.content.sheet[column]
        row = TOTAL if total else self.chance.pick(list(numbers))
        value = sum(numbers.values()) if total else numbers[row]
        clip = ((COLUMN, column), (ROW, row), (VALUE, value))
        stop = Stop((SHEET, column), (ROW, row), OPEN, clip)
        return (stop,), ((APP, SHEET), (COLUMN, column), (ROW, row)), clip

    def total(self) -> Found:
        return self._row(True)

    def cell(self) -> Found:
        return self._row(False)

    def _noted(self, order: bool) -> Found:
        """A line of a file: its order or one of its numbers."""
        slot = self.free[-1]
        lines = [line for line in self.content.files[slot].lines if (line.label == ORDER) == order]
        line = self.chance.pick(lines)
        value = NOTHING if order else (VALUE, self.state["line", slot, line.label])
        name = (NAME, self.wanted["name", slot, 0])
        clip = (name, line.what, value)
        stop = Stop((EDITOR, slot), (LABEL, line.label), OPEN, clip)
        return (stop,), ((APP, EDITOR), name, (LABEL, line.label)), clip

    def line(self) -> Found:
        return self._noted(False)

    def order(self) -> Found:
        return self._noted(True)

    # --- targets: where it goes ---

    def _add(
        self, verb: int, found: Found, stop: Stop, cells: tuple[Cell, Cell, Cell, Cell], changes: Changes
    ) -> None:
        stops, source, _ = found
        self.clauses.append(Clause(verb, source, cells, changes, (*stops, stop)))
        self.wanted |= changes

    def field(self, found: Found) -> None:
        label = self.chance.pick([f for f in self.content.fields if not self.wanted["field", f, 0]])
        cells = ((APP, FORM), NOTHING, (LABEL, label), NOTHING)
        stop = Stop((FORM,), (LABEL, label), CONFIRM)
        self._add(DO_COPY, found, stop, cells, {("field", label, 0): found[2][2][1]})

    def send(self, found: Found) -> None:
        filled = {label: self.wanted["field", label, 0] for label in self.content.fields}
        changes: Changes = {("sent", label, 0): value for label, value in filled.items() if value}
        cells = ((APP, FORM), NOTHING, (ACTION, SEND), NOTHING)
        self._add(DO_SEND, found, Stop((FORM,), (ACTION, SEND), CONFIRM), cells, changes)

    def reply(self, found: Found) -> None:
        person = self.chance.pick(list(self.content.mails))
        cells = ((APP, MAIL), (PERSON, person), (ACTION, REPLY), NOTHING)
        stop = Stop((MAIL, person), (ACTION, REPLY), CONFIRM)
        self._add(DO_COPY, found, stop, cells, {("reply", person, 0): found[2][2][1]})

    def edit(self, found: Found) -> None:
        slot = self.free[0]
        label = self.chance.pick(
            [line.label for line in self.content.files[slot].lines if line.label != ORDER]
        )
        name = (NAME, self.wanted["name", slot, 0])
        cells = ((APP, EDITOR), name, (LABEL, label), NOTHING)
        stop = Stop((EDITOR, slot), (LABEL, label), CONFIRM)
        self._add(DO_COPY, found, stop, cells, {("line", slot, label): found[2][2][1]})

    def setting(self, found: Found) -> None:
        what, value = found[2][1:]
        cells = ((APP, SETTINGS), NOTHING, NOTHING, NOTHING)
        self._add(DO_SET, found, Stop((SETTINGS,), what, CONFIRM), cells, {("setting", what[1], 0): value[1]})

    def choose(self, found: Found) -> None:
        settings = self.content.settings
        same = [s for s in settings if self.wanted["setting", s, 0] == self.state["setting", s, 0]]
        setting = self.chance.pick(same)
        spot: Spot = ("setting", setting, 0)
        value = self.chance.pick([v for v in settings[setting] if v != self.wanted[spot]])
        cells = ((APP, SETTINGS), (SETTING, setting), NOTHING, (VALUE, value))
        self._add(DO_SET, found, Stop((SETTINGS, setting), cells[3], CONFIRM), cells, {spot: value})

    def command(self, found: Found) -> None:
        what = found[2][1]
        cells = ((APP, TERMINAL), NOTHING, NOTHING, NOTHING)
        changes = command_changes(self.wanted, what[1])
        self._add(DO_RUN, found, Stop((TERMINAL,), what, CONFIRM), cells, changes)

    def _ranked(self) -> tuple[int, Cell]:
        """A file that is first or last by age or size, no longer free, and the cell that says so."""
        ranks = [(AGE, 1), (AGE, FILE_COUNT), (SIZE, 1), (SIZE, FILE_COUNT)]
        files = self.content.files
        fitting = [
            (slot, rank) for rank in ranks for slot in self.free
            if rank[1] == (files[slot].age if rank[0] == AGE else files[slot].size)
        ]  # fmt: skip
        slot, rank = self.chance.pick(fitting)
        self.free.remove(slot)
        return slot, rank

    def rename(self, found: Found) -> None:
        slot, rank = self._ranked()
        cells = ((APP, FILES), rank, (ACTION, RENAME), NOTHING)
        stop = Stop((FILES, slot), (ACTION, RENAME), CONFIRM)
        self._add(DO_RENAME, found, stop, cells, {("name", slot, 0): found[2][2][1]})

    def retitle(self, found: Found) -> None:
        slot, rank = self._ranked()
        name = (NAME, self.chance.pick(self.content.spare))
        cells = ((APP, FILES), rank, (ACTION, RENAME), name)
        self._add(
            DO_RENAME, found, Stop((FILES, slot, RENAME), name, CONFIRM), cells, {("name", slot, 0): name[1]}
        )

    def delete(self, found: Found) -> None:
        slot = next(slot for slot, file in enumerate(self.content.files) if file.copy)
        cells = ((APP, FILES), (COPY, 1), (ACTION, DELETE), NOTHING)
        stop = Stop((FILES, slot, DELETE), (ACTION, YES), CONFIRM)
        self._add(DO_DELETE, found, stop, cells, {("name", slot, 0): 0})

    def undo(self, found: Found) -> None:
        """Mistakes made before the start, the first of them a deletion, which only `undo` takes back."""
        chance, self.right = self.chance, dict(self.state)
        settings = list(self.content.settings)
        for setting in settings[: chance.between(0, 2)]:
            old = self.state["setting", setting, 0] % 9 + 1
            self.past.append({("setting", setting, 0): old})
        spots: list[Spot] = [
            ("setting", settings[-1], 0), ("field", self.content.fields[0], 0),
            ("reply", chance.pick(list(self.content.mails)), 0),
        ]  # fmt: skip
        mistakes = {("name", chance.pick(self.free), 0): 0}
        mistakes |= {
            spot: self.state[spot] % 9 + 1 for spot in chance.shuffled(spots)[: chance.between(1, 2)]
        }
        self.past += [{spot: self.state[spot]} for spot in mistakes]
        self.state |= mistakes
        repaired = {spot: self.right[spot] for spot in mistakes}
        self._add(DO_UNDO, found, REPAIR.stops[0], REPAIR.target, repaired)
