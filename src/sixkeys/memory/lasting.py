"""What happened when I saw something like this, in this run or an earlier one? A `Memory` on a store.

In: moments, keys. Out: the nearest entries of the same world, float32 [seats, 4, 8] = (similarity, outcome
times trust, which key). It reads what keys did, never what the interface offers.

Not covered: a run that goes on from a checkpoint finds what was written after it, too.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from sixkeys.contract import RECALLED, Moment
from sixkeys.memory.likeness import Likeness
from sixkeys.memory.semantic import Claim, Evidence, count, facts, phase_of
from sixkeys.memory.store import Entry, Store

ALIKE = 0.999
"""From this likeness on two observations are the same case: one channel of one cell makes it 0.996."""
RIVALS = 8
"""How many known cases are compared with a new one."""


class Deed(NamedTuple):
    """A key of the episode that is going on."""

    vector: np.ndarray
    key: int
    phase: int
    reward: float
    invalid: bool


class Lasting:
    """Entries and facts of `worlds`, the name of each seat's world. Keeps state: the store, open episodes.

    An episode is written when it ends. A deed enters if nothing like it is known, or if what is known came
    out otherwise; else what is known gains weight. What came out otherwise loses weight.
    """

    def __init__(self, store: Store, worlds: Sequence[str]):
        self.store, self.worlds, self.likeness = store, tuple(worlds), Likeness()
        self.open: list[list[Deed]] = [[] for _ in self.worlds]
        self.lock = threading.Lock()

    def recall(self, moment: Moment) -> np.ndarray:
        recalled = np.zeros((len(moment.begun), *RECALLED), np.float32)
        vectors = self.likeness.vectors(moment.observation)
        with self.lock:
            for world in dict.fromkeys(self.worlds):
                seats = [seat for seat, name in enumerate(self.worlds) if name == world]
                answers = self.store.nearest(vectors[seats], RECALLED[0], world)
                for seat, found in zip(seats, answers, strict=True):
                    for place, one in enumerate(found):
                        recalled[seat, place, 0] = one.likeness
                        recalled[seat, place, 1] = one.entry.outcome * one.entry.weight
                        recalled[seat, place, 2 + int(one.entry.deed.removeprefix("key "))] = 1.0
        return recalled

    def remember(self, before: Moment, action: np.ndarray, after: Moment) -> None:
        vectors = self.likeness.vectors(before.observation)
        ended = after.outcome.terminated | after.outcome.truncated
        for seat, deeds in enumerate(self.open):
            if after.begun[seat]:
                deeds.clear()
                continue
            phase = int(before.observation["ids"][seat, 2])
            done = after.outcome
            reward, invalid = float(done.reward[seat]), bool(done.invalid[seat])
            deeds.append(Deed(vectors[seat], int(action[seat]), phase, reward, invalid))
            if ended[seat]:
                with self.lock:
                    last = int(after.observation["ids"][seat, 2])
                    self._close(self.worlds[seat], deeds, last, bool(done.success[seat]))
                deeds.clear()

    def close(self) -> None:
        """Closes the store; an episode that is going on is not kept."""
        self.store.close()

    def _close(self, world: str, deeds: Sequence[Deed], last: int, success: bool) -> None:
        """Writes an episode: facts, then deeds."""
        ways = [Claim(*fact[:3]) for fact in facts(self.store, "way", f"{world}, ")]
        count(self.store, distilled(world, deeds, last, ways))
        live(self.store, [entry_of(world, deed, success) for deed in deeds])


def entry_of(world: str, deed: Deed, success: bool) -> Entry:
    """A deed of an episode that has ended: 1 in a solved one, -1 in an unsolved one or for a key that was not
    valid."""
    outcome = 1.0 if success and not deed.invalid else -1.0
    said = "not valid" if deed.invalid else "solved" if success else "not solved"
    text = f"phase {deed.phase}: {said}" + f", reward {deed.reward:g}" * (deed.reward != 0)
    return Entry(world, f"key {deed.key}", outcome, text, deed.vector)


def live(store: Store, entries: Sequence[Entry]) -> None:
    """Compares entries of one world with what is known, weighs that, and keeps what is new or came out
    otherwise."""
    if not entries:
        return
    vectors = np.array([entry.vector for entry in entries], np.float32)
    between = vectors @ vectors.T
    held, broke, fresh = Counter[int](), Counter[int](), list[int]()
    for number, near in enumerate(store.nearest(vectors, RIVALS, entries[0].world)):
        entry = entries[number]
        same = [one.entry for one in near if one.likeness >= ALIKE]
        same += [entries[other] for other in fresh if between[number, other] >= ALIKE]
        same = [other for other in same if other.deed == entry.deed]
        agreeing = [other for other in same if other.outcome * entry.outcome > 0]
        held.update(other.id for other in agreeing if other.id)
        broke.update(other.id for other in same if other.id and other.outcome * entry.outcome <= 0)
        if not agreeing:
            fresh.append(number)
    store.weigh(set(held), set(broke))
    store.add([entries[number] for number in fresh])


def distilled(
    world: str, deeds: Sequence[Deed], last: int, ways: Collection[Claim] = ()
) -> dict[Claim, Evidence]:
    """What an episode says of its world: which keys were valid in which phase, and which led to another one;
    `ways` that are known already break where their key led elsewhere."""
    phases = [deed.phase for deed in deeds[1:]] + [last]
    held, broke, options = Counter[Claim](), Counter[Claim](), set(ways)
    for deed, there in zip(deeds, phases, strict=True):
        about = phase_of(world, deed.phase)
        (broke if deed.invalid else held)[Claim("key", about, f"key {deed.key} is valid")] += 1
        if there != deed.phase:
            options.add(Claim("way", about, f"key {deed.key} leads to phase {there}"))
    for deed, there in zip(deeds, phases, strict=True):
        about, key = phase_of(world, deed.phase), f"key {deed.key} "
        for claim in options:
            if claim.about == about and claim.claim.startswith(key):
                (held if claim.claim == f"{key}leads to phase {there}" else broke)[claim] += 1
    return {claim: Evidence(held[claim], broke[claim]) for claim in {**held, **broke}}
