"""What fixed what before? How many times likelier than usual a candidate repair is, by evidence counted.

In: what was tried for a failure and what turned out to be its repair. Out: a factor for a candidate's rank, 1
where nothing is known. Each rate is a mean of a Beta distribution whose prior is the rate one level up: of a
kind of edit for this kind of failure by that of the kind for all others, that by the rate of any edit.

Not covered: where a bug is; the search knows that better. Evidence of all repositories counts alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sixkeys.memory.semantic import Claim, Evidence, count, known
from sixkeys.memory.store import Entry, Store

WORLD, ANY = "repair", "any failure"
RAISED = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning|Exit|Iteration))\b")
NAME = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?")
KIND, OTHER, WORD, CHANGE = 30.0, 60.0, 8.0, 3.0
"""How many candidates the prior counts for: of a kind of edit for this failure and for others, a word that is
written or taken away, a whole change."""
START = 0.01
"""Rate of any edit where nothing is known."""
LEAST, MOST = 0.25, 40.0
"""Limits of the factor."""
NONE = Evidence(0, 0)
WIDE = 80
"""Characters of code in a claim."""


class Attempt(NamedTuple):
    """A candidate, in words."""

    kind: str
    before: str
    after: str
    place: str
    """Repository, file and function."""


def failure_kind(message: str) -> str:
    """What a failing test raised: the name of the exception, or AssertionError."""
    found = RAISED.search(message)
    return found[1] if found else "AssertionError"


def coarse(failure: str, attempt: Attempt) -> list[Claim]:
    """Claims that every candidate counts for."""
    return [
        Claim(WORLD, ANY, "any edit"),
        Claim(WORLD, ANY, attempt.kind),
        Claim(WORLD, failure, attempt.kind),
    ]


def words(attempt: Attempt) -> list[Claim]:
    """Claims of the names and numbers that it writes or takes away."""
    before, after = set(NAME.findall(attempt.before)), set(NAME.findall(attempt.after))
    found = [Claim(WORLD, ANY, f"write {word[:WIDE]}") for word in sorted(after - before)]
    return found + [Claim(WORLD, ANY, f"take away {word[:WIDE]}") for word in sorted(before - after)]


def change(attempt: Attempt) -> Claim:
    """The claim of the very same change."""
    before, after = (" ".join(text.split())[:WIDE] or "nothing" for text in (attempt.before, attempt.after))
    return Claim(WORLD, ANY, f"{before}  ->  {after}")


def mean(evidence: Evidence, prior: float, strength: float) -> float:
    """The mean of a Beta distribution: a prior rate that counts for `strength` candidates, and evidence."""
    return (evidence.held + strength * prior) / (evidence.held + evidence.broke + strength)


class Experience:
    """What a store knows of repairs. Keeps state: the evidence as it was when this was made, the store."""

    def __init__(self, store: Store):
        self.store = store
        self.known: Mapping[Claim, Evidence] = known(store, WORLD)
        self.usual = mean(self.known.get(Claim(WORLD, ANY, "any edit"), NONE), START, 1 / START)

    def factor(self, failure: str, attempt: Attempt) -> float:
        """How many times likelier than any candidate it is to fix this kind of failure."""
        if not self.known:
            return 1.0
        _, kind, here = (self.known.get(claim, NONE) for claim in coarse(failure, attempt))
        others = Evidence(kind.held - here.held, kind.broke - here.broke)
        rate = mean(here, mean(others, self.usual, OTHER), KIND) / self.usual
        told = [mean(self.known[claim], self.usual, WORD) for claim in words(attempt) if claim in self.known]
        told.append(mean(self.known.get(change(attempt), NONE), self.usual, CHANGE))
        return min(max(rate * max(told) / self.usual, LEAST), MOST)

    def learn(self, failure: str, tried: Iterable[Attempt], repair: Sequence[Attempt], text: str) -> None:
        """Counts a proved repair and what was `tried` in vain before it; keeps it as an entry that says
        `text`. Words and changes only count against a claim that held before."""
        held, broke = Counter[Claim](), Counter[Claim]()
        for attempt in repair:
            claims = [*coarse(failure, attempt), *words(attempt), change(attempt)]
            held.update(dict.fromkeys(claims, 1))
        for attempt in tried:
            fine = [*words(attempt), change(attempt)]
            broke.update([*coarse(failure, attempt), *(c for c in fine if c in self.known or c in held)])
        count(self.store, {c: Evidence(held[c], broke[c]) for c in {**held, **broke}})
        deeds = (f"{one.kind}: {change(one).claim} in {one.place}" for one in repair)
        self.store.add([Entry(WORLD, deed, 1.0, f"{failure}\n{text}") for deed in deeds])
        self.known = known(self.store, WORLD)
