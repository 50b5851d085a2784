"""What is open this time? A fresh small project with failing tests and no menu of repairs, from a seed alone.

A task is made of drafts, as the projects of `bugs.py` are, one assertion a test. Which tests fail and which
lines they run is found by running the generated text here: it is ours, and no filling of a template can loop.
A task is kept only if its repair is among the edits of the workbench. Not covered: classes, and modules that
import in circles.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from sixkeys.envs.repo.bodies import FORMS
from sixkeys.envs.repo.chance import Chance
from sixkeys.envs.repo.cursor import fresh
from sixkeys.envs.repo.drafts import RIGHT, Draft, Filled, draft
from sixkeys.envs.repo.edits import line_edit
from sixkeys.envs.repo.families import HELDOUT, TRAINED, Template, hosts, parse, trained_templates
from sixkeys.envs.repo.ground import At, Fault, Rank, Tree, by_hand
from sixkeys.envs.repo.names import NOUNS, Names
from sixkeys.envs.repo.oracle import plan
from sixkeys.envs.repo.tracer import NAME, Tracer

ATTEMPTS = 400
LONGEST = 40
"""Keys that the oracle's way may have."""
OWN_IMPORT = re.compile(r"^from \w+ import .*$", re.M)


class OpenTask(NamedTuple):
    """A project to repair. It is repaired when all `tests` pass; mending every fault is one way to that."""

    family: str
    files: dict[str, str]
    tests: tuple[str, ...]
    faults: tuple[Fault, ...]
    failing: dict[frozenset[str], tuple[str, ...]]
    """Functions that were mended -> the tests that fail then."""
    tree: Tree
    """The project as it stands at the beginning, with which tests run which lines, and its history."""
    keys: tuple[int, ...] = ()
    """The shortest way to the repair."""


class Part(NamedTuple):
    """One function of a project: its text now, its right text, and the bodies of its tests."""

    name: str
    now: str
    sound: str
    tests: tuple[str, ...] = ()
    file: int = 0
    calls: str = ""
    """A function of the project that it calls."""


def generate(family: str, seed: int, heldout: bool = False, rank: Rank = by_hand) -> OpenTask:
    """The task of `family` that belongs to `seed`, bit for bit; `heldout`: of bugs and templates that
    training never sees; `rank` orders the edits of its tree. Raises ValueError on an unknown family."""
    if family not in FAMILIES:
        raise ValueError(f"unknown open family {family!r}; possible: {', '.join(FAMILIES)}")
    chance = Chance((seed, zlib.crc32(f"open_{family}_{heldout}".encode())))
    for _ in range(ATTEMPTS):
        names = Names(chance)
        parts = FAMILIES[family](chance, names, heldout)
        task = _project(chance, names, family, chance.shuffled(parts), rank) if parts else None
        if task is not None:
            return task
    raise RuntimeError(f"no task of family {family!r} in {ATTEMPTS} attempts from seed {seed}")


# --- parts ---


def _part(made: Draft, filled: Filled = RIGHT) -> Part:
    tests = tuple(made.asserts([case])[0] for case in made.cases)
    return Part(made.name, made.source(filled), made.source(), tests)


def _some(chance: Chance, names: Names, count: int, taken: Sequence[Template] = ()) -> list[Part]:
    """`count` sound functions."""
    found: list[Part] = []
    for template in chance.shuffled([t for t in trained_templates() if t not in taken]):
        made = draft(chance, template, names) if len(found) < count else None
        found += [_part(made)] if made else []
    return found


def _broken(chance: Chance, names: Names, heldout: bool) -> Part | None:
    """A function with one bug that its cases find."""
    family = chance.pick(HELDOUT if heldout else TRAINED)
    made = draft(chance, chance.pick(hosts(family)), names)
    wrong = [
        {place: filling}
        for place, slot in enumerate(made.slots if made else ())
        for filling in range(1, len(slot.fillings))
        if slot.family == family
    ]
    bug = next((filled for filled in chance.shuffled(wrong) if made and not made.passes(filled)), None)
    return _part(made, bug) if made and bug else None


def _caller(chance: Chance, names: Names, part: Part) -> tuple[Part, Part]:
    """The part in a second file without its tests, and a function of the first one that calls it and is
    tested in its place."""
    name, inner = names.function(), names.variable()
    head = re.match(r"def \w+\((.*)\):", part.now)
    given = [item.split("=")[0] for item in (head.group(1) if head else "").split(", ")]
    call, number = f"{part.name}({', '.join(given)})", chance.between(2, 9)
    body, wrap = chance.pick((
        (f"    return [{call}]\n", "[{}]"),
        (f"    {inner} = {call}\n    return ({inner}, {number})\n", f"({{}}, {number})"),
        (f"    {inner} = {call}\n    return [{inner}, {inner}]\n", "[{0}, {0}]"),
    ))  # fmt: skip
    text = f"def {name}({', '.join(given)}):\n{body}"
    tests = [test.rstrip("\n").split(" == ", 1) for test in part.tests]
    tested = tuple(f"{left.replace(part.name, name)} == {wrap.format(right)}\n" for left, right in tests)
    return Part(name, text, text, tested, 0, part.name), part._replace(tests=(), file=1)


# --- families ---


def _single(chance: Chance, names: Names, heldout: bool) -> list[Part] | None:
    """One bug; of a regression it is also known what the last commit changed."""
    bug = _broken(chance, names, heldout)
    return [bug, *_some(chance, names, chance.between(1, 3))] if bug else None


def _multi(chance: Chance, names: Names, heldout: bool) -> list[Part] | None:
    """Tests call functions of one file; the bug is in the file below, which no traceback names."""
    bug = _broken(chance, names, heldout)
    if bug is None or re.search(r"=", bug.now.partition("\n")[0]):
        return None
    inner = [bug, *_some(chance, names, chance.between(1, 2))]
    pairs = [_caller(chance, names, part) for part in inner]
    rest = [part._replace(file=2) for part in _some(chance, names, 1)]
    return [part for pair in pairs for part in pair] + rest


def _two(chance: Chance, names: Names, heldout: bool) -> list[Part] | None:
    one, two = _broken(chance, names, heldout), _broken(chance, names, heldout)
    if one is None or two is None:
        return None
    return [one, two._replace(file=chance.between(0, 1)), *_some(chance, names, 1)]


def _refactor(chance: Chance, names: Names, heldout: bool) -> list[Part] | None:
    """Behaviour is right and stays; one test asks for another shape."""
    templates = hosts(chance.pick(HELDOUT)) if heldout else trained_templates()
    made = draft(chance, chance.pick(templates), names)
    if made is None:
        return None
    part = chance.pick(SHAPES)(chance, names, _part(made), made)
    return [*part, *_some(chance, names, chance.between(1, 2), [made.template])] if part else None


def _missing(chance: Chance, names: Names, heldout: bool) -> list[Part] | None:
    """A function has no body. Every fifth form is kept for held-out tasks."""
    forms = [form for index, form in enumerate(FORMS) if (index % 5 == 4) == heldout]
    _, form, kinds = chance.pick(forms)
    given = ["$a", "$b"][: len(kinds.split())]
    body = f"return {form.format(*given)}"
    empty = chance.pick(("pass", "return None"))
    text = f"def $f({', '.join(given)}):\n    «missing_return:{body}|{empty}»\n"
    made = draft(chance, parse(kinds, text), names)
    return [_part(made, {0: 1}), *_some(chance, names, chance.between(1, 3))] if made else None


def _printed(chance: Chance, names: Names, part: Part, made: Draft) -> list[Part]:
    """A stray print must go."""
    head, _, body = part.now.partition("\n")
    now = f"{head}\n    print({part.name!r})\n{body}"
    test = f'    assert "print" not in {part.name}.__code__.co_names\n'
    return [] if "print" in body else [part._replace(now=now, tests=(*part.tests, test))]


def _wrapped(chance: Chance, names: Names, part: Part, made: Draft) -> list[Part]:
    """A conversion that changes nothing must go."""
    kinds = {type(case.expected) for case in made.cases}
    kind = next(iter(kinds)).__name__
    ends = re.search(r"    return (\w+)\n\Z", part.now)
    if len(kinds) > 1 or kind not in ("list", "int", "str", "dict") or kind in part.now or not ends:
        return []
    now = part.now[: ends.start()] + f"    return {kind}({ends.group(1)})\n"
    test = f'    assert "{kind}" not in {part.name}.__code__.co_names\n'
    return [part._replace(now=now, tests=(*part.tests, test))]


def _defaulted(chance: Chance, names: Names, part: Part, made: Draft) -> list[Part]:
    """The last parameter must get a default."""
    found = re.match(r"def \w+\((?:.*, )?(\w+)\):", part.now)
    if found is None:
        return []
    value = chance.pick(("0", "1", "None", "True"))
    head = part.now[: found.end(1)] + f"={value}" + part.now[found.end(1) :]
    test = f'    assert signature({part.name}).parameters["{found.group(1)}"].default is {value}\n'
    if value in "01":
        test = test.replace(" is ", " == ")
    return [part._replace(sound=head, tests=(*part.tests, test))]


def _replaced(chance: Chance, names: Names, part: Part, made: Draft) -> list[Part]:
    """A function that calls an old one must call the new one, which does the same."""
    caller, inner = _caller(chance, names, part)
    new = names.function()
    text = inner.now.replace(part.name, new)
    test = f'    assert "{part.name}" not in {caller.name}.__code__.co_names\n'
    mended = caller._replace(sound=caller.now.replace(part.name, new), tests=(*caller.tests, test))
    return [mended, inner._replace(file=0), Part(new, text, text)]


SHAPES: tuple[Callable[..., list[Part]], ...] = (_printed, _wrapped, _defaulted, _replaced)
FAMILIES: Mapping[str, Callable[[Chance, Names, bool], list[Part] | None]] = {
    "single": _single, "multi": _multi, "regression": _single, "refactor": _refactor, "two": _two,
    "missing": _missing,
}  # fmt: skip


# --- a project ---


def _project(chance: Chance, names: Names, family: str, parts: Sequence[Part], rank: Rank) -> OpenTask | None:
    """Lays the parts out in files, and finds what its tests say of it; None where they say nothing."""
    modules = [f"{names.module()}.py" for _ in range(3)]
    where = {part.name: modules[part.file] for part in parts}
    files: dict[str, str] = {}
    for index, path in enumerate(modules):
        mine = [part for part in parts if part.file == index]
        needs = [(where[p.calls], p.calls) for p in mine if p.calls and where[p.calls] != path]
        if mine:
            files[path] = _imports(needs) + "\n\n".join(part.now for part in mine)
    tested = [(part, body) for part in chance.shuffled(parts) for body in part.tests]
    text, tests = _tests(chance, tested, where, f"test_{names.module()}.py")
    files[tests[0].partition("::")[0]] = text
    bad = [part for part in parts if part.now != part.sound]
    faults = tuple(Fault(part.name, where[part.name], part.sound) for part in bad)
    failing, first = {}, trial(files, tests)
    for mended in [some for size in range(len(bad) + 1) for some in combinations(bad, size)]:
        tree = dict(files)
        for part in mended:
            tree[where[part.name]] = tree[where[part.name]].replace(part.now, part.sound)
        failing[frozenset(part.name for part in mended)] = trial(tree, tests).failed
    whole = frozenset(part.name for part in bad)
    if failing[whole] or not all(failed for done, failed in failing.items() if done != whole):
        return None
    if family == "multi" and first.raised:
        return None
    changed = _history(files, where, parts) if family == "regression" else frozenset()
    task = OpenTask(family, files, tests, faults, failing, Tree(files, first.covered, changed, rank))
    keys = plan(fresh(task.tree), task.faults, task.failing)
    return None if keys is None or len(keys) > LONGEST else task._replace(keys=tuple(keys))


def _imports(needs: Sequence[tuple[str, str]]) -> str:
    rows = [f"from {path.removesuffix('.py')} import {name}\n" for path, name in sorted(set(needs))]
    return "".join(rows) + "\n\n" * bool(rows)


def _tests(
    chance: Chance, tested: Sequence[tuple[Part, str]], where: Mapping[str, str], path: str
) -> tuple[str, tuple[str, ...]]:
    """The text of the test file and the ids of its tests, one assertion each."""
    rows = [_imports([(where[part.name], part.name) for part, _ in tested]).rstrip("\n") + "\n"]
    if any("signature(" in body for _, body in tested):
        rows.insert(0, "from inspect import signature\n\n")
    found: defaultdict[str, list[str]] = defaultdict(list)
    nouns = chance.shuffled(NOUNS)
    for part, body in tested:
        name = f"test_{part.name}_{nouns[len(found[part.name])]}"
        found[part.name].append(name)
        rows.append(f"\n\ndef {name}():\n{body}")
    return "".join(rows), tuple(f"{path}::{name}" for all_of in found.values() for name in all_of)


def _history(files: Mapping[str, str], where: Mapping[str, str], parts: Sequence[Part]) -> frozenset[At]:
    """Lines that the red commit wrote: those of the bug, and a sound function that came with it."""
    found: set[At] = set()
    came = next(part for part in parts if part.now == part.sound)
    for part in [part for part in parts if part.now != part.sound] + [came]:
        path = where[part.name]
        edit = line_edit(path, "" if part is came else part.sound, part.now)
        start = files[path].partition(part.now)[0].count("\n") + (edit.line or 1)
        found |= {(path, line) for line in range(start, start + max(1, edit.new.count("\n")))}
    return frozenset(found)


class Trial(NamedTuple):
    """What tests say of a tree."""

    failed: tuple[str, ...]
    covered: dict[At, frozenset[str]]
    raised: bool
    """Did a test fail by anything but an assertion?"""


def trial(files: Mapping[str, str], tests: Sequence[str]) -> Trial:
    """Runs the tests here and now. Only for text that was generated here."""
    tracer, own = Tracer(""), tests[0].partition("::")[0]
    space: dict[str, Any] = {NAME: tracer.seen, "print": lambda *_: None}
    for path in sorted(files, key=lambda path: path == own):
        plain = OWN_IMPORT.sub(lambda match: match.group() * (" inspect " in match.group()), files[path])
        exec(plain if path == own else tracer.marked(path, plain.encode()), space)
    failed, raised = [], False
    covered: defaultdict[At, set[str]] = defaultdict(set)
    places = [(path, line) for path, lines in tracer.lines for line in lines]
    for test in tests:
        tracer.begin()
        try:
            space[test.partition("::")[2]]()
        except Exception as error:
            failed.append(test)
            raised |= not isinstance(error, AssertionError)
        for place, seen in zip(places, tracer.seen, strict=True):
            if seen:
                covered[place].add(test)
    return Trial(tuple(failed), {at: frozenset(found) for at, found in covered.items()}, raised)
