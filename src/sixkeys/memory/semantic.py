"""What is usually so? Facts that many episodes agree on, each with how often it held and how often not.

In: what held and what did not, by kind. Out: facts a person can read, rates, and ways from phase to phase.

| kind     | about             | claim                        | held                  | broke                |
|----------|-------------------|------------------------------|-----------------------|----------------------|
| `key`    | world, phase      | a key is valid               | pressed, it was       | pressed, it was not  |
| `way`    | world, phase      | a key leads to another phase | pressed, it did       | pressed, it did not  |
| `repair` | a kind of failure | a kind of edit fixes it      | it did, proved        | tried in vain        |
| `custom` | an interface      | a key does what another did  | found so in a run     | found otherwise      |
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sixkeys.memory.store import Store

LEAST = 0.5
"""How often a step must have held to be part of a way."""
STEP = re.compile(r"key (\d) leads to phase (\d+)")
DOES = re.compile(r"key (\d) does what key (\d) does")
INTERFACE = re.compile(r"interface (\d+)")


class Claim(NamedTuple):
    """What may be so."""

    kind: str
    about: str
    claim: str


class Fact(NamedTuple):
    """A claim and its evidence."""

    kind: str
    about: str
    claim: str
    held: int
    broke: int
    id: int = 0

    @property
    def rate(self) -> float:
        """How often it holds (Laplace's rule): 1/2 where nothing is known, 2/3 after it held once."""
        return (self.held + 1) / (self.held + self.broke + 2)


class Evidence(NamedTuple):
    """How often a claim held and broke, just now."""

    held: int
    broke: int


def count(store: Store, seen: Mapping[Claim, Evidence]) -> None:
    """Adds evidence, all in one transaction."""
    rows = [(*claim, *evidence, time.time()) for claim, evidence in seen.items()]
    with store.writing() as db:
        db.executemany(
            "INSERT INTO facts (kind, about, claim, held, broke, made) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, about, claim) DO UPDATE SET"
            " held = held + excluded.held, broke = broke + excluded.broke, made = excluded.made",
            rows,
        )


def facts(store: Store, kind: str = "", about: str = "") -> list[Fact]:
    """All facts, of a kind and about something (the beginning of it) where given; by what they are about, the
    surest first."""
    rows = store.db.execute(
        "SELECT kind, about, claim, held, broke, id FROM facts"
        " WHERE ? IN ('', kind) AND substr(about, 1, length(?)) = ?"
        " ORDER BY kind, about, (held + 1.0) / (held + broke + 2.0) DESC, id",
        (kind, about, about),
    )
    return [Fact(*row) for row in rows]


def known(store: Store, kind: str) -> dict[Claim, Evidence]:
    """All evidence of a kind, by claim."""
    return {Claim(*fact[:3]): Evidence(fact.held, fact.broke) for fact in facts(store, kind)}


def forget(store: Store, ids: Collection[int]) -> int:
    """Deletes facts; how many there were. New evidence begins at nothing."""
    with store.writing() as db:
        return sum(db.execute("DELETE FROM facts WHERE id = ?", (int(i),)).rowcount for i in ids)


def phase_of(world: str, phase: int) -> str:
    """What facts of a world's phase are about."""
    return f"{world}, phase {phase}"


def customs(store: Store) -> dict[int, dict[int, int]]:
    """Interface -> key -> what it does, as a key of the own interface; the surest claim of each key, where it
    held more often than not."""
    does: dict[int, dict[int, int]] = {}
    for fact in facts(store, "custom"):
        about, claim = INTERFACE.fullmatch(fact.about), DOES.fullmatch(fact.claim)
        if about and claim and fact.rate > LEAST:
            does.setdefault(int(about[1]), {}).setdefault(int(claim[1]), int(claim[2]))
    return does


def note_customs(store: Store, found: Mapping[int, Mapping[int, int]]) -> None:
    """Counts what keys were found to do; what was known otherwise of the same keys has broken."""
    seen: dict[Claim, Evidence] = {}
    for number, does in found.items():
        about = f"interface {number}"
        for fact in facts(store, "custom", about):
            claim = DOES.fullmatch(fact.claim)
            if fact.about == about and claim and does.get(int(claim[1]), int(claim[2])) != int(claim[2]):
                seen[Claim(*fact[:3])] = Evidence(0, 1)
        for key, deed in does.items():
            seen[Claim("custom", about, f"key {key} does what key {deed} does")] = Evidence(1, 0)
    count(store, seen)


def way(store: Store, world: str, start: int, goal: int) -> list[int] | None:
    """The fewest keys that lead from phase to phase, by steps that hold at least as often as not; None where
    no way is known. An empty list where `start` is the goal."""
    steps: dict[int, list[tuple[int, int]]] = {}
    for fact in facts(store, "way", f"{world}, phase "):
        found = STEP.fullmatch(fact.claim)
        if found and fact.held and fact.rate >= LEAST:
            here = int(fact.about.rpartition(" ")[2])
            steps.setdefault(here, []).append((int(found[1]), int(found[2])))
    reached: dict[int, list[int]] = {start: []}
    queue = deque([start])
    while queue and goal not in reached:
        here = queue.popleft()
        for key, there in steps.get(here, ()):
            if there not in reached:
                reached[there] = [*reached[here], key]
                queue.append(there)
    return reached.get(goal)
