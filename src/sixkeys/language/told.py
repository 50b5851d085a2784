"""What is there to say of a change, in numbers? What the network reads besides the tokens.

In: a page, a change of it, how usual rows of tokens are in Python. Out: DENSE numbers of about one. They are
told, not judged: which of them speak for a change is learnt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log1p

from sixkeys.language import usual
from sixkeys.language.page import Change, Page, Row, Span, Step, parts, share, shared, step_of, tokens_of
from sixkeys.language.sense import Call, Named, calls, idle, names
from sixkeys.language.usual import FLOW, Count

QUOTES = ("'", '"')
DENSE = 46 + 3 * (2 * FLOW + 2) + 28
LETTERS = 3
"""A word that is misspelt is longer."""
MANY = 3.0
"""What stands for the least of no counts: as if it were said often."""


class Reader:
    """Tells changes of one page; remembers what several of them have in common."""

    def __init__(self, page: Page, known: Count):
        self.page, self.known = page, known
        self.flows: dict[Row, tuple[float, ...]] = {}
        self.names: dict[tuple[int, str], Named] = {}

    def told(self, change: Change) -> tuple[Step, list[str], list[str], list[float]]:
        """What is really changed, the tokens that are added and removed, and the numbers."""
        span = self.page.span(change.start, change.start + len(change.before))
        step = step_of(change, span)
        added, removed = without(step.new, step.old), without(step.old, step.new)
        numbers = _plain(self.page, change, span, step, added, removed)
        old, new = (self._flow((*step.around[:2], *said, *step.around[2:])) for said in (step.old, step.new))
        numbers += [*old, *new, *(b - a for a, b in zip(old, new, strict=True))]
        return step, added, removed, numbers + self._sense(change, span, step, added, removed)

    def _flow(self, row: Row) -> tuple[float, ...]:
        if row not in self.flows:
            page = self.page
            fours = [page.count(four) for four in zip(*(row[skip:] for skip in range(4)), strict=False)][:16]
            here, python = usual.flow(row, page.count), usual.flow(usual.plain(row), self.known)
            found = (*here, *python, sum(fours) / max(len(fours), 1), min(fours, default=0.0))
            self.flows[row] = tuple(number / 3 for number in found)
        return self.flows[row]

    def _sense(
        self, change: Change, span: Span, step: Step, added: Sequence[str], removed: Sequence[str]
    ) -> list[float]:
        """Does the statement make sense, before and after: calls, names, effects, words?"""
        left, right = span.sides
        whole = (*left, *tokens_of(change.before), *right), (*left, *tokens_of(change.after), *right)
        made = calls(whole[1])
        return [
            *self._calls(made - span.calls, 0), *self._calls(span.calls - made, 1),
            *self._names(span, step.new, step.around), *self._names(span, step.old, step.around),
            float(idle(whole[0])), float(idle(whole[1])),
            *self._words(added, 0), *self._words(removed, 1), *self._spelling(added, removed),
        ]  # fmt: skip

    def _calls(self, some: Counter[Call], own: int) -> list[float]:
        """Are so many arguments given to these elsewhere, in the file and in Python, less `own` times here;
        do the file's signatures refuse it?"""
        if not some:
            return [0.0, MANY / 3, MANY / 3, 0.0]
        sense = self.page.sense
        here = min(log1p(max(0, sense.calls[call] - own * count)) for call, count in some.items())
        python = min(self.known(usual.arity(*call)) for call in some)
        return [1.0, here / 3, python / 3, float(any(sense.refuses(call) for call in some))]

    def _names(self, span: Span, said: Row, around: Row) -> list[float]:
        """Is one of these names bound nowhere, further down only, here and never read, read often?"""
        found = [self._named(span, name) for name in names(said, around[1], around[2])]
        if not found:
            return [0.0] * 5
        own = [name for name in found if name.local]
        told = (
            [name.unbound for name in found], [name.late for name in found], own,
            [not name.read for name in own], [name.read == 1 for name in own],
        )  # fmt: skip
        return [float(any(some)) for some in told]

    def _named(self, span: Span, name: str) -> Named:
        key = span.number, name
        if key not in self.names:
            self.names[key] = self.page.sense.named(span.rooms, span.number, name)
        return self.names[key]

    def _words(self, some: Sequence[str], own: int) -> list[float]:
        """How often the file and Python say the rarest of the words in these tokens; the file, the rarest of
        the strings."""
        said = {word for token in some for word in parts(token) if word[0].isalpha()}
        strings = [token for token in some if token[0] in QUOTES]
        return [
            min((log1p(max(0, self.page.words[word] - own)) for word in said), default=MANY) / 3,
            min((self.known(usual.word(word)) for word in said), default=MANY) / 3,
            min((log1p(max(0, self.page.often[token] - own)) for token in strings), default=MANY) / 3,
        ]  # fmt: skip

    def _spelling(self, added: Sequence[str], removed: Sequence[str]) -> list[float]:
        """Is a strange word made a known one that is spelt nearly so, or the reverse?"""
        old, new = ({word for token in some for word in parts(token)} for some in (removed, added))
        gone, fresh = old - new, new - old
        if len(gone) != 1 or len(fresh) != 1 or not _near(one := min(gone), other := min(fresh)):
            return [0.0, 0.0]
        was = self.page.words[one] > 1 or self.known(usual.word(one)) > 0
        will = self.page.words[other] > 0 or self.known(usual.word(other)) > 0
        return [float(will and not was), float(was and not will)]


def without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """`some` less `others`, each as often as it is said more often."""
    left = list(others)
    found = []
    for token in some:
        if token in left:
            left.remove(token)
        else:
            found.append(token)
    return found


def _plain(
    page: Page, change: Change, span: Span, step: Step, added: list[str], removed: list[str]
) -> list[float]:
    """Lengths, likeness, how often the words are said elsewhere and beside what, what the assertion says."""
    before, after = change.before, change.after
    old, new = step.old, step.new
    longest = max(len(before), len(after), 1)
    names = [token for token in added if token.isidentifier()]
    gone = [token for token in removed if token.isidentifier()]
    often = [page.often[name] for name in names]
    left2, left, right, right2 = step.around
    first_new, last_new = (new[0], new[-1]) if new else (right, left)
    first_old, last_old = (old[0], old[-1]) if old else (right, left)
    single = len(names) == 1 == len(gone)
    more, inside = _growth(before, after), span.function
    counts = [
        len(before), len(after), min(often, default=2), max(often, default=2),
        min((page.often[name] for name in gone), default=2), page.pairs[left, first_new],
        page.pairs[last_new, right], page.pairs[left, first_old], page.pairs[last_old, right],
        page.triples[left2, left, first_new], page.triples[left2, left, first_old],
        page.triples[last_new, right, right2], page.triples[last_old, right, right2],
        min((inside[name] for name in names), default=2), max((inside[name] for name in names), default=2),
        min((inside[name] for name in gone), default=2), sum(inside.values()) / 20,
    ]  # fmt: skip
    return [
        *(log1p(count) / 3 for count in counts), log1p(change.prior), len(added) / 8, len(removed) / 8,
        shared(before, after) / longest, shared(before[::-1], after[::-1]) / longest,
        share(names, span.near), share(names, span.line), share(added, page.said),
        share(removed, page.said), share([word for token in added for word in parts(token)], page.said),
        float(abs(more) == 1), float(more != 0), float(before[:1] in QUOTES and after[:1] in QUOTES),
        float(not new), float(not old), float(not names), float(single),
        _alike(names[0], gone[0]) if single else 0.0, span.said,
        float(any(name in span.parameters and inside[name] <= 1 for name in names)),
        float(any(name in span.parameters for name in gone)),
        float(any(span.line[name] > 1 for name in gone)),
        float(any(name in span.near and span.line[name] == 0 for name in names)),
        float(right == "("), *_defined(page, names), *_defined(page, gone), float(left == "."),
    ]  # fmt: skip


def _defined(page: Page, names: Sequence[str]) -> tuple[float, float]:
    """Is any of the names a function or class of this file, is any a variable or an argument by name?"""
    stated = any(page.pairs["def", name] or page.pairs["class", name] for name in names)
    return float(stated), float(any(page.pairs[name, "="] for name in names))


def _alike(one: str, other: str) -> float:
    """Which share of the longer name the two begin and end with alike."""
    return (shared(one, other) + shared(one[::-1], other[::-1])) / max(len(one), len(other))


def _near(one: str, other: str) -> bool:
    """Whether two words differ in two neighbouring letters at most."""
    longer = max(len(one), len(other))
    return longer > LETTERS and shared(one, other) + shared(one[::-1], other[::-1]) >= longer - 2


def _growth(before: str, after: str) -> int:
    """By how much a whole number grows; 0 where either is none."""
    return int(after) - int(before) if before.isdecimal() and after.isdecimal() else 0
