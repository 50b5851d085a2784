"""What is missing in this list, and which letter in this string? One element, one letter, more or less."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable, Iterator
from itertools import chain, islice, permutations

from sixkeys.envs.repo.grammar.elsewhere import NEAR, words
from sixkeys.envs.repo.grammar.site import Proposal, Site
from sixkeys.envs.repo.grammar.sites import CODE
from sixkeys.envs.repo.grammar.values import written

LONGEST = 30
"""Longer strings are not respelt."""
NAMES, PAIRS = 10, 40
"""At most so many names are tried as an element, and so many pairs of words of the failing test."""
SIGNS = "\\?*+^$.()[]|"
"""Of regular expressions."""
MARKS = " ,.:-_/s%\n"
PATTERN = re.compile(r"[\\*+?^$|\[\]]")


def elements(site: Site) -> Iterator[Proposal]:
    """One more element at the end of a list, a tuple, a set or a dict; one less."""
    node = site.node
    if not site.free or not site.loads or not isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        return
    items = node.values if isinstance(node, ast.Dict) else node.elts
    if not items or any(item is not None and item not in site.source.spans for item in items):
        return
    last = site.span(items[-1])[1]
    said = {site.code(item) for item in items}
    for text in dict.fromkeys(_pairs(site, node) if isinstance(node, ast.Dict) else _values(site, items)):
        if text not in said:
            yield Proposal(last, last, f", {text}", "element.add", True)
    if len(items) > 1:
        yield Proposal(site.span(items[-2])[1], last, "", "element.drop", True)
    if len(items) > 1 and not isinstance(node, ast.Dict):
        yield Proposal(site.span(items[0])[0], site.span(items[1])[0], "", "element.drop", True)


def _values(site: Site, items: list[ast.expr]) -> Iterator[str]:
    """What an element may say: what goes on with the others, what the failing test says, what is near."""
    last = items[-1]
    if isinstance(last, ast.Constant) and type(last.value) is int:
        before = items[-2].value if len(items) > 1 and isinstance(items[-2], ast.Constant) else None
        yield str(2 * last.value - before if type(before) is int else last.value + 1)
    if isinstance(last, ast.Constant) and isinstance(last.value, int | float):
        yield from (piece for piece in site.pieces if piece.isdigit())
    elif isinstance(last, ast.Constant) and isinstance(last.value, str):
        yield from (written(site.code(last), piece) for piece in site.pieces)
        yield from (written(site.code(last), value) for value in site.lexicon.strings[:NAMES])
    else:
        yield from (piece for piece in site.pieces if piece in site.scope.visible)
        yield from site.locals[:NAMES]
        yield from words(site.source, site.scope.function).values[:NEAR]
        yield from site.nearby[:NAMES]
        yield from ("None", "0", "1")


def _pairs(site: Site, node: ast.Dict) -> Iterator[str]:
    """A pair of a dict whose key is a word of the failing test or a name of the function."""
    key, value = node.keys[-1], node.values[-1]
    if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
        return
    for name in dict.fromkeys([*site.pieces, *site.locals]):
        if name.isidentifier() and name in site.scope.visible:
            yield f"{written(site.code(key), name)}: {name}"
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        for one, two in islice(permutations(site.pieces, 2), PAIRS):
            yield f"{written(site.code(key), one)}: {written(site.code(value), two)}"


def spelling(site: Site) -> Iterator[Proposal]:
    """A string with one letter more or less, or with two neighbours swapped; one that is said elsewhere is
    known."""
    node = site.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or site.known.freedom != CODE:
        return
    own, value = site.text, node.value
    if not 0 < len(value) <= LONGEST or "\n" in own or own[-3:] in ("'''", '"""'):
        return
    said = frozenset(site.lexicon.strings)
    for text in dict.fromkeys(respelt(value, said.union(site.pieces))):
        yield site.put(written(own, text), "string.known" if text in said else "string.letter")


def respelt(value: str, known: frozenset[str]) -> Iterable[str]:
    """Neighbours of a string, the likelier first: those that are known, then those with two letters swapped,
    with one more at an end, with one less, with one more inside."""
    places = range(len(value) + 1)
    extra = SIGNS + MARKS if PATTERN.search(value) else MARKS

    def more(at: int, letters: str) -> Iterator[str]:
        return (value[:at] + letter + value[at:] for letter in letters)

    swapped = [value[:at] + value[at + 1] + value[at] + value[at + 2 :] for at in places[:-2]]
    less = [value[:at] + value[at + 1 :] for at in places[:-1]]
    whole = chain.from_iterable(more(at, string.printable) for at in places)
    complete = [text for text in chain(swapped, whole) if text in known]
    ends = chain(more(len(value), extra), more(0, extra))
    inside = chain.from_iterable(more(at, extra + value[at - 1]) for at in places[1:-1])
    case = string.ascii_uppercase if value.isupper() else string.ascii_lowercase
    letters = chain(more(len(value), case), more(0, case))
    return (text for text in chain(complete, swapped, ends, less, inside, letters) if text != value)


FAMILIES = (elements, spelling)
