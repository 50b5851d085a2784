"""Which tasks does the computer set? A seed in; a computer, what is wanted and the clauses that say so out.

A family is a list of clauses, each a pair: where what is needed is found, and where it goes or what is to be
done. Sources and targets are drawn one by one, so what a held-out family needs is known from others, put
together anew.
"""

from __future__ import annotations

from sixkeys.envs.computer.apps import Changes, Spot, command_changes
from sixkeys.envs.computer.content import FILES, content
from sixkeys.envs.computer.machine import CONFIRM, OPEN, REPAIR, TAKE_BACK, Clause, Stop, Task
from sixkeys.envs.computer.symbols import EMPTY, NOTHING, TOTAL, Act, App, Cell, Kind, Label, Verb
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
"""Training family -> (source, target) of each clause; a source is "" or one that `Draft.source` knows, a
target is a method of `Draft`."""
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
LINES = {
    "mail": range(1, Label.WISH), "wish": (Label.WISH,), "title": (Label.TITLE,),
    "line": range(1, Label.WISH), "order": (Label.ORDER,),
}  # fmt: skip
"""Source -> labels of the lines that fit."""
ICONS = 5
"""Icons on the desktop: those needed, the terminal, others."""


def draw(task: str, seed: int) -> Task:
    """The episode of a task of TASKS that belongs to `seed`."""
    chance = Chance(seed)
    family = chance.pick(FAMILIES) if task == MIXED else task
    draft = Draft(chance)
    for source, target in RECIPES.get(family) or HELD_OUT[family]:
        getattr(draft, target)(draft.source(source) if source else None)
    needed = {App.TERMINAL, *(stop.place[0] for clause in draft.clauses for stop in clause.stops)}
    others = chance.shuffled([app for app in range(App.FILES, App.TERMINAL) if app not in needed])
    icons = chance.shuffled([*sorted(needed), *others[: ICONS - len(needed)]])
    return Task(
        family, draft.content._replace(icons=tuple(icons)), draft.state, draft.past,
        draft.right or draft.state, draft.wanted, tuple(draft.clauses),
    )  # fmt: skip


def _value(source: Stop) -> int:
    """The number or name that is copied there."""
    return source.clip[2][1] if source.clip else 0


class Draft:
    """An episode in the making. Keeps state: the computer, the clauses so far, and files they leave alone.

    The methods without an underscore but `source` are targets: they say where it goes and add the clause.
    """

    def __init__(self, chance: Chance):
        self.chance = chance
        self.content, self.state = content(chance)
        self.wanted = dict(self.state)
        self.right: Changes | None = None
        self.past: list[Changes] = []
        self.clauses: list[Clause] = []
        self.free = chance.shuffled([slot for slot, file in enumerate(self.content.files) if not file.copy])

    def source(self, name: str) -> Stop:
        """The stop where what is needed is copied: a sheet's cell or total, a line of a file or of a mail."""
        chance, labels = self.chance, LINES.get(name, ())
        if name in ("cell", "total"):
            column, numbers = chance.pick(list(self.content.sheet.items()))
            row = TOTAL if name == "total" else chance.pick(list(numbers))
            value = sum(numbers.values()) if name == "total" else numbers[row]
            clip = ((Kind.COLUMN, column), (Kind.ROW, row), (Kind.VALUE, value))
            return Stop((App.SHEET, column), (Kind.ROW, row), OPEN, clip)
        if name in ("line", "order"):
            slot = self.free[0]
            place, owner = (App.EDITOR, slot), (Kind.NAME, self.state["name", slot, 0])
            lines = self.content.files[slot].lines
        else:
            person, lines = chance.pick(list(self.content.mails.items()))
            place, owner = (App.MAIL, person), (Kind.PERSON, person)
        label, what, value = chance.pick([line for line in lines if line.label in labels])
        if name == "line":
            value = (Kind.VALUE, self.state["line", self.free[0], label])
        return Stop(place, (Kind.LABEL, label), OPEN, (owner, what, value))

    def _add(
        self, verb: int, source: Stop | None, stop: Stop, says: tuple[Cell, Cell, Cell], changes: Changes
    ) -> None:
        """A clause; `says` is what it says of the target: what to open, which line, what value."""
        asked, stops = EMPTY, (stop,)
        if source is not None and source.clip is not None:
            asked, stops = ((Kind.APP, source.place[0]), source.clip[0], source.cell), (source, stop)
        self.clauses.append(Clause(verb, asked, ((Kind.APP, stop.place[0]), *says), changes, stops))
        self.wanted |= changes

    def _paste(self, source: Stop, place: tuple[int, ...], owner: Cell, cell: Cell, spot: Spot) -> None:
        stop = Stop(place, cell, CONFIRM)
        self._add(Verb.COPY, source, stop, (owner, cell, NOTHING), {spot: _value(source)})

    def field(self, source: Stop) -> None:
        label = self.chance.pick([f for f in self.content.fields if not self.wanted["field", f, 0]])
        self._paste(source, (App.FORM,), NOTHING, (Kind.LABEL, label), ("field", label, 0))

    def reply(self, source: Stop) -> None:
        person = self.chance.pick(list(self.content.mails))
        cell = (Kind.ACTION, Act.REPLY)
        self._paste(source, (App.MAIL, person), (Kind.PERSON, person), cell, ("reply", person, 0))

    def edit(self, source: Stop) -> None:
        slot = self.free[0]
        labels = [line.label for line in self.content.files[slot].lines if line.label != Label.ORDER]
        label, name = self.chance.pick(labels), (Kind.NAME, self.state["name", slot, 0])
        self._paste(source, (App.EDITOR, slot), name, (Kind.LABEL, label), ("line", slot, label))

    def send(self, source: None) -> None:
        filled = {label: self.wanted["field", label, 0] for label in self.content.fields}
        changes: Changes = {("sent", label, 0): value for label, value in filled.items() if value}
        stop = Stop((App.FORM,), (Kind.ACTION, Act.SEND), CONFIRM)
        self._add(Verb.SEND, source, stop, (NOTHING, stop.cell, NOTHING), changes)

    def setting(self, source: Stop) -> None:
        """The one that the source speaks of, which has to be read."""
        what = source.clip[1] if source.clip else NOTHING
        stop = Stop((App.SETTINGS,), what, CONFIRM)
        self._add(Verb.SET, source, stop, EMPTY, {("setting", what[1], 0): _value(source)})

    def choose(self, source: None) -> None:
        settings = self.content.settings
        same = [s for s in settings if self.wanted["setting", s, 0] == self.state["setting", s, 0]]
        setting = self.chance.pick(same)
        value = self.chance.pick([v for v in settings[setting] if v != self.state["setting", setting, 0]])
        stop = Stop((App.SETTINGS, setting), (Kind.VALUE, value), CONFIRM)
        says = ((Kind.SETTING, setting), NOTHING, stop.cell)
        self._add(Verb.SET, source, stop, says, {("setting", setting, 0): value})

    def command(self, source: Stop) -> None:
        """The one that the source orders, which has to be read."""
        what = source.clip[1] if source.clip else NOTHING
        changes = command_changes(self.wanted, what[1])
        self._add(Verb.RUN, source, Stop((App.TERMINAL,), what, CONFIRM), EMPTY, changes)

    def _ranked(self) -> tuple[int, Cell]:
        """A file that is first or last by age or size, no longer free, and the cell that says so."""
        files = self.content.files
        ranks = [(slot, (Kind.AGE, files[slot].age)) for slot in self.free]
        ranks += [(slot, (Kind.SIZE, files[slot].size)) for slot in self.free]
        slot, rank = self.chance.pick([pair for pair in ranks if pair[1][1] in (1, FILES)])
        self.free.remove(slot)
        return slot, rank

    def rename(self, source: Stop) -> None:
        slot, rank = self._ranked()
        stop = Stop((App.FILES, slot), (Kind.ACTION, Act.RENAME), CONFIRM)
        says = (rank, stop.cell, NOTHING)
        self._add(Verb.RENAME, source, stop, says, {("name", slot, 0): _value(source)})

    def retitle(self, source: None) -> None:
        slot, rank = self._ranked()
        name = self.chance.pick(self.content.spare)
        stop = Stop((App.FILES, slot, Act.RENAME), (Kind.NAME, name), CONFIRM)
        says = (rank, (Kind.ACTION, Act.RENAME), stop.cell)
        self._add(Verb.RENAME, source, stop, says, {("name", slot, 0): name})

    def delete(self, source: None) -> None:
        slot = next(slot for slot, file in enumerate(self.content.files) if file.copy)
        stop = Stop((App.FILES, slot, Act.DELETE), (Kind.ACTION, Act.YES), CONFIRM)
        says = ((Kind.COPY, 1), (Kind.ACTION, Act.DELETE), NOTHING)
        self._add(Verb.DELETE, source, stop, says, {("name", slot, 0): 0})

    def undo(self, source: None) -> None:
        """Mistakes made before the start, the first of them a deletion, which only `undo` takes back."""
        chance, settings = self.chance, list(self.content.settings)
        self.right = dict(self.state)
        for setting in settings[: chance.between(0, 2)]:
            self.past.append({("setting", setting, 0): self.state["setting", setting, 0] % 9 + 1})
        spots: list[Spot] = [("setting", settings[-1], 0), ("field", self.content.fields[0], 0)]
        spots.append(("reply", chance.pick(list(self.content.mails)), 0))
        mistakes = {("name", chance.pick(self.free), 0): 0}
        for spot in chance.shuffled(spots)[: chance.between(1, 2)]:
            mistakes[spot] = self.state[spot] % 9 + 1
        self.past += [{spot: self.state[spot]} for spot in mistakes]
        self.state |= mistakes
        self._add(
            Verb.UNDO, source, TAKE_BACK, REPAIR.target[1:], {spot: self.right[spot] for spot in mistakes}
        )
