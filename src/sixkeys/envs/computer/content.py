"""What is on a computer before anybody touches it? Chance in; mails, files, a sheet and the rest out.

Numbers of mails, files and cells are of ranges apart (20 to 31, 10 to 19, 1 to 9), so one that is pasted
always changes something.
"""

from __future__ import annotations

from sixkeys.envs.computer.apps import Changes, Content, File, Line
from sixkeys.envs.computer.symbols import NOTHING, TOTAL, WORDS, Command, Kind, Label
from sixkeys.envs.repo.chance import Chance

FILES = 5


PLAIN = {Kind.LABEL: Label.WISH - 1, Kind.ROW: TOTAL - 1}
"""The last identity of those kinds whose others are special."""


def few(chance: Chance, count: int, kind: int) -> list[int]:
    """`count` different identities of a kind, in any order."""
    return chance.shuffled(range(1, PLAIN.get(kind, len(WORDS[kind])) + 1))[:count]


def content(chance: Chance) -> tuple[Content, Changes]:
    """A computer without icons, and the state it starts in."""
    names = few(chance, FILES + 4, Kind.NAME)
    state: Changes = {("name", slot, 0): names[slot] for slot in range(FILES)}
    settings = {setting: tuple(chance.shuffled(range(1, 10))[:4]) for setting in few(chance, 4, Kind.SETTING)}
    state |= {("setting", setting, 0): chance.pick(values) for setting, values in settings.items()}
    mails = _mails(chance, state, tuple(settings), names[FILES:])
    files = _files(chance, state)
    fields = tuple(few(chance, 4, Kind.LABEL))
    rows = few(chance, 3, Kind.ROW)
    sheet = {column: {row: chance.between(1, 9) for row in rows} for column in few(chance, 3, Kind.COLUMN)}
    commands = tuple(few(chance, 12, Kind.COMMAND))
    state |= {("reply", person, 0): 0 for person in mails}
    state |= {(area, label, 0): 0 for area in ("field", "sent") for label in fields}
    state |= {("run", command, 0): 0 for command in commands}
    return Content((), files, tuple(names[FILES:]), mails, fields, sheet, settings, commands), state


def _mails(
    chance: Chance, state: Changes, settings: tuple[int, ...], spare: list[int]
) -> dict[int, tuple[Line, ...]]:
    """Mails with two numbers, a wish for another value of a setting and a file's name each."""
    mails = {}
    for person, setting in zip(few(chance, 3, Kind.PERSON), chance.shuffled(settings), strict=False):
        lines = [
            Line(label, (Kind.LABEL, label), (Kind.VALUE, chance.between(20, 31)))
            for label in few(chance, 2, Kind.LABEL)
        ]
        wish = (state["setting", setting, 0] + chance.between(0, 7)) % 9 + 1
        lines.append(Line(Label.WISH, (Kind.SETTING, setting), (Kind.VALUE, wish)))
        lines.append(Line(Label.TITLE, (Kind.LABEL, Label.TITLE), (Kind.NAME, chance.pick(spare))))
        mails[person] = tuple(chance.shuffled(lines))
    return mails


def _files(chance: Chance, state: Changes) -> tuple[File, ...]:
    """Files with two numbers and a command each; one is a copy of an older one. Puts numbers into `state`."""
    ages, sizes = few(chance, FILES, Kind.AGE), few(chance, FILES, Kind.SIZE)
    copy, original = sorted(chance.shuffled(range(FILES))[:2], key=lambda slot: ages[slot])
    orders = [order for order in few(chance, FILES + 1, Kind.COMMAND) if order > Command.UNDO]
    texts = []
    for order in orders[:FILES]:
        lines = [Line(label, (Kind.LABEL, label), NOTHING) for label in few(chance, 2, Kind.LABEL)]
        lines.append(Line(Label.ORDER, (Kind.COMMAND, order), NOTHING))
        texts.append((tuple(chance.shuffled(lines)), chance.between(10, 19), chance.between(10, 19)))
    texts[copy] = texts[original]
    for slot, (lines, *numbers) in enumerate(texts):
        labels = [line.label for line in lines if line.label != Label.ORDER]
        state |= {("line", slot, label): number for label, number in zip(labels, numbers, strict=True)}
    return tuple(File(ages[slot], sizes[slot], slot == copy, texts[slot][0]) for slot in range(FILES))
