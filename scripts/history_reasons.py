"""Why was this bug not fixed, and which edit would have been needed? The fix that people made, compared.

In: the files before and after that fix, the queue of candidates, what was tried. Out: one word, a sentence,
and the edits that the fix is made of. A candidate is the fix if it leaves the same syntax tree, docstrings
aside.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from sixkeys.envs.repo.grammar import Candidate, Lexicon, candidates
from sixkeys.envs.repo.hands import STAGES, extents, words

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
AROUND = 1
"""Lines before and after the changed ones from which an insertion may start."""
PREFIX = re.compile(r"\b[rRbBuUfF]{1,2}(?=['\"])")
LINES = STAGES[-1][1]
UNSEEN = f"its lines are not among the first {LINES}"
WORD = re.compile(r"\w+|[^\w\s'\"\\(),]")
ALL = 100_000
"""More candidates than a line has."""


class Attempt(NamedTuple):
    """A search that has ended, and the fix that people made."""

    old: Mapping[str, str]
    """The sources that the fix changed, as they were: path -> text."""
    new: Mapping[str, str]
    """The same as the fix left them."""
    sources: Mapping[str, str]
    """All that may be edited."""
    queue: Sequence[Candidate]
    """In the order of the search."""
    messages: Sequence[str]
    """What the failing tests said."""
    tried: Mapping[Candidate, str]
    """Candidate -> what its run said."""


class Told(NamedTuple):
    """What stood in the way."""

    why: str
    """several files | several edits | no candidate | cut | line | late | refused | elsewhere"""
    reason: str
    human: str
    """The fix that people made, in one line of at most 200 characters."""
    needs: tuple[str, ...]
    """The changes of the syntax tree that the fix is made of."""


def told(attempt: Attempt) -> Told:
    """What stood in the way of the fix that people made; true as well where another one was found."""
    paths = [path for path in attempt.old if not same(attempt.old[path], attempt.new[path])]
    human = one_line("; ".join(diff(attempt.old[path], attempt.new[path]) for path in paths), 200)
    needs = tuple(need for path in paths for need in differences(attempt.old[path], attempt.new[path]))
    shut = [path for path in paths if path not in attempt.sources]
    if len(paths) != 1 or shut:
        what = f"{', '.join(shut)} may not be changed" if shut else f"needs changes in {len(paths)} files"
        return Told("several files" if not shut else "elsewhere", f"{what}: {listing(needs)}", human, needs)
    path, (why, reason) = paths[0], one_file(attempt, paths[0], needs)
    near = set(changed_lines(attempt.old[path], attempt.new[path]))
    seen = any(one.edit.path == path and one.line in near for one in attempt.queue)
    blind = "failing tests run no line of the sources" if not attempt.queue else UNSEEN
    return Told(why, reason if seen or why == "line" else f"{reason}; {blind}", human, needs)


def one_file(attempt: Attempt, path: str, needs: Sequence[str]) -> tuple[str, str]:
    """`why` and `reason` of a fix of one file."""
    old, new = attempt.old[path], attempt.new[path]
    mine = [one for one in attempt.queue if one.edit.path == path]
    right = first_of(mine, old, [new])[0]
    if right is not None:
        rank = attempt.queue.index(right) + 1
        place = f"the right candidate ({right.kind}) is number {rank} of {len(attempt.queue)}"
        if right in attempt.tried:
            return "refused", f"{place}; it was tried, its test said: {attempt.tried[right]}"
        return "late", f"{place}; {len(attempt.tried)} were tried within the budget"
    pieces = parts(old, new)
    usual, more = (offered(attempt, path, most) for most in (200, ALL))
    whole, *each = first_of(usual, old, [new, *pieces])
    if whole is not None:
        return "line", f"{UNSEEN} ({whole.kind}, {needed(needs)})"
    whole = first_of(more, old, [new])[0]
    if whole is not None:
        return (
            "cut",
            f"the right candidate ({whole.kind}) is beyond the first 200 of its line, {needed(needs)}",
        )
    if len(pieces) < 2:
        return "no candidate", f"no candidate reaches it: {needed(needs)}"
    lacks = [
        need
        for piece, one in zip(pieces, each, strict=True)
        if one is None
        for need in differences(old, piece)
    ]
    have = len(each) - each.count(None)
    also = f"; it lacks {listing(lacks)}" if lacks else ""
    return "several edits", f"needs {len(pieces)} edits, the grammar has {have} of them{also}"


def needed(needs: Sequence[str]) -> str:
    """The edit that is needed, in words."""
    return f"needs {listing(needs)}"


def listing(needs: Sequence[str]) -> str:
    """Changes with how often they come, at most six."""
    counted = Counter(needs)
    names = [name if count == 1 else f"{name} ({count} times)" for name, count in counted.items()]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


# --- candidates ---


def offered(attempt: Attempt, path: str, most: int) -> Iterator[Candidate]:
    """The candidates for all that the fix touches, at most so many for a line."""
    old, lexicon = attempt.old[path], Lexicon.of(attempt.sources)
    lines = changed_lines(old, attempt.new[path])
    yield from candidates(path, old, lexicon, lines, words(attempt.messages), most)


def first_of(options: Iterable[Candidate], old: str, wanted: Sequence[str]) -> list[Candidate | None]:
    """For each wanted text the first candidate that makes `old` the same program, or None.

    Most are told from it by the words and marks that they add and take away, without parsing.
    """
    found: list[Candidate | None] = [None] * len(wanted)
    marks = [vocabulary(plain(text), plain(old)) for text in wanted]
    for candidate in options:
        edit = candidate.edit
        mark = vocabulary(edit.new, edit.old)
        for place, text in enumerate(wanted):
            if found[place] is None and mark == marks[place]:
                made = edit.apply({edit.path: old})[edit.path]
                found[place] = candidate if same(made, text) else None
        if None not in found:
            break
    return found


def vocabulary(one: str, other: str) -> tuple[Counter[str], Counter[str]]:
    """Words and marks that `one` has more often than `other`, and the other way round.

    Left out is what the same tree may be written with or without: brackets, commas, quotes, prefixes.
    """
    mine, theirs = (Counter(WORD.findall(PREFIX.sub("", text))) for text in (one, other))
    return mine - theirs, theirs - mine


def changed_lines(old: str, new: str) -> list[int]:
    """The lines of `old` that differ, with the statements around them and their neighbours, 1-based."""
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    found: set[int] = set()
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found.update(range(start + 1 - AROUND, end + 1 + AROUND))
    for first, last in extents(old).items():
        if not found.isdisjoint(range(first, last + 1)):
            found.update(range(first, last + 1))
    return sorted(found)


# --- texts and trees ---


def program(tree: ast.Module) -> ast.Module:
    """The tree without docstrings and the version's number; changed in place."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    tree.body = [
        one for one in tree.body if not (isinstance(one, ast.Assign) and "'__version__'" in ast.dump(one))
    ]
    return tree


_seen: dict[str, tuple[str, str]] = {}


def _known(text: str) -> tuple[str, str]:
    """The dump and the code of a text that is asked for again and again."""
    if text not in _seen:
        tree = program(ast.parse(text))
        _seen[text] = ast.dump(tree), ast.unparse(tree)
    return _seen[text]


def plain(text: str) -> str:
    """The code as Python would write it, without comments and docstrings."""
    return _known(text)[1]


def same(one: str, other: str) -> bool:
    """Whether two texts say the same program, docstrings aside. `other` is remembered."""
    try:
        return ast.dump(program(ast.parse(one))) == _known(other)[0]
    except SyntaxError:
        return False


def hunks(old: str, new: str) -> Iterator[tuple[str, str]]:
    """(`old` with one hunk of the difference alone, that hunk in one line without comments) in turn."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    for tag, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            sides = (before[start:end], after[first:last])
            said = ["".join(line for line in side if not line.strip().startswith("#")) for side in sides]
            yield "".join([*before[:start], *sides[1], *before[end:]]), one_line(" -> ".join(said), 400)


def parts(old: str, new: str) -> list[str]:
    """`old` with one hunk of the difference each, where each is a program; else `new` alone."""
    found = [text for text, _ in hunks(old, new)]
    return [text for text in found if not same(text, old)] if all(map(parses, found)) else [new]


def parses(text: str) -> bool:
    """Whether this is Python."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def diff(old: str, new: str) -> str:
    """Hunks that change the program, old -> new, with a bar between them."""
    return " | ".join(said for text, said in hunks(old, new) if not same(text, old))


def one_line(text: str, most: int) -> str:
    """The text without line breaks, cut where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."


# --- what a fix is made of ---


def differences(old: str, new: str) -> list[str]:
    """The changes of the syntax tree from `old` to `new`, in words without names and values."""
    return list(_of_nodes(*(program(ast.parse(text)) for text in (old, new))))


def _of_nodes(old: ast.AST, new: ast.AST) -> Iterator[str]:
    one, other = ast.dump(old), ast.dump(new)
    if one == other:
        return
    if one in other or other in one:
        inside = one in other
        yield f"{_kind(old)} put into {_kind(new)}" if inside else f"{_kind(new)} taken out of {_kind(old)}"
        return
    if _kind(old) != _kind(new):
        yield f"{_kind(old)} becomes {_kind(new)}"
        return
    for name in old._fields:
        one, other = getattr(old, name, None), getattr(new, name, None)
        yield from _of_fields(f"{type(old).__name__}.{name}", one, other)


def _of_fields(place: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, ast.AST) and isinstance(new, ast.AST):
        yield from _of_nodes(old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(place, old, new)
    elif isinstance(old, ast.AST) or isinstance(new, ast.AST):
        node = new if isinstance(new, ast.AST) else old
        yield f"{'new' if node is new else 'lost'} {_kind(node)} as {place}"
    elif old != new or type(old) is not type(new):
        yield f"other {place.replace('Constant.value', type(new).__name__)}"


def _of_lists(place: str, old: list, new: list) -> Iterator[str]:
    """Items are paired where they are equal, then in order where as many of a kind stand on both sides."""
    sides = [
        [ast.dump(item) if isinstance(item, ast.AST) else repr(item) for item in side] for side in (old, new)
    ]
    for tag, start, end, first, last in SequenceMatcher(None, *sides, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, come = old[start:end], new[first:last]
        for one, other in _paired(gone, come):
            if one is None:
                yield f"new {_kind(other)} in {place}"
            elif other is None:
                yield f"lost {_kind(one)} in {place}"
            else:
                yield from _of_fields(place, one, other)


def _paired(gone: Sequence[Any], come: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    if len(gone) == len(come):
        return list(zip(gone, come, strict=True))
    found, left = [], list(come)
    for one in gone:
        alike = [other for other in left if type(other) is type(one) and _kind(other) == _kind(one)]
        best = max(alike, key=lambda other: _likeness(one, other), default=None)
        if best is not None:
            left.remove(best)
        found.append((one, best))
    return [*found, *((None, other) for other in left)]


def _likeness(one: Any, other: Any) -> float:
    sides = [ast.dump(item) if isinstance(item, ast.AST) else repr(item) for item in (one, other)]
    return SequenceMatcher(None, *sides, autojunk=False).quick_ratio()


def _kind(node: Any) -> str:
    """A node's type; of a constant its value's, of a statement that only computes its expression's."""
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.Expr):
        return f"{type(node.value).__name__} statement"
    return type(node).__name__
