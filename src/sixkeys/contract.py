"""What do the rooms say to each other? Words in, words out: types, spaces, protocols; numpy, gymnasium only.

Axes have names: `seats` (rows of a pool), 9 x 9 x 3 (cells of a patch), `senses` (sense tokens), 6 (keys).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NotRequired, Protocol, TypedDict, runtime_checkable

import numpy as np
from gymnasium import spaces

KEYS = 6
"""Every world has exactly six keys."""
SIDE = 9
"""A patch is SIDE x SIDE cells."""
CELL_SIZES = (32, 32, 16)
"""How many values each channel of a cell may take: kind, identity, state."""
IDS = 4
"""Columns of `ids`: world, task family, phase, seat."""
ID_SIZES = (16, 16, 16, 16)
DESCRIPTOR = 16
"""Entries of `env_desc`, each in [-1, 1]; named in DESCRIPTOR_NAMES, the rest are zero."""
DESCRIPTOR_NAMES = (
    "size", "length", "partial_view", "turns_with_agent", "chance", "text", "undo",
    "lethal", "others", "hidden_menu", "carries", "doors", "energy_pickups", "code",
    "interface",
)  # fmt: skip
SENSE_SIZES = (8, KEYS + 1, 2048, 16)
"""How many values each column of a sense token may take: source, key, token, mark."""
RECALLED = (4, 8)
"""Shape of what memory recalls for one seat: entries x (similarity, outcome, six columns: which key)."""
WORDS = 16
"""Hashed word tokens of an instruction, 0 = no word."""

TEST_SEEDS = 1 << 30
"""Seeds below are for training, seeds from here on for evaluation; no seed is both."""


class Observation(TypedDict):
    """What a seat sees. Batched by a pool: every array gains a leading `seats` axis."""

    patch: np.ndarray
    """uint8 [9, 9, 3]: (kind, identity, state) of the cells around the agent, cursor or focus."""
    energy: np.ndarray
    """float32 [1] in [0, 1]: share of the budget of keys that is left."""
    ids: np.ndarray
    """int32 [4]: world, task family, phase, seat."""
    env_desc: np.ndarray
    """float32 [16]: descriptor of the world."""
    senses: NotRequired[np.ndarray]
    """int32 [senses, 4], optional: (source, key, token, mark); key is 1 + k where the token labels key k,
    else 0; a row of zeros is padding."""


SOURCE_NONE, SOURCE_FAILURE, SOURCE_FOCUS, SOURCE_REMOVED, SOURCE_ADDED, SOURCE_SCREEN, SOURCE_WORDS = range(
    7
)
"""Values of a sense token's source."""
MARK_SUSPICIOUS, MARK_SHARED, MARK_TRIED, MARK_CHANGED = 1, 2, 4, 8
"""Bits of a sense token's mark: on a suspicious line; its word also stands in the failure; tried before in
this episode and failed; changed by the edit."""


def observation_space(senses: int = 0) -> spaces.Dict:
    """The one observation space; `senses` is how many sense tokens the world speaks (0: no such entry)."""
    cells = np.broadcast_to(np.array(CELL_SIZES, np.uint8) - 1, (SIDE, SIDE, 3)).copy()
    entries: dict[str, spaces.Space] = {
        "patch": spaces.Box(np.zeros_like(cells), cells, dtype=np.uint8),
        "energy": spaces.Box(0.0, 1.0, (1,), np.float32),
        "ids": spaces.Box(np.zeros(IDS, np.int32), np.array(ID_SIZES, np.int32) - 1, dtype=np.int32),
        "env_desc": spaces.Box(-1.0, 1.0, (DESCRIPTOR,), np.float32),
    }
    if senses:
        high = np.broadcast_to(np.array(SENSE_SIZES, np.int32) - 1, (senses, 4)).copy()
        entries["senses"] = spaces.Box(np.zeros_like(high), high, dtype=np.int32)
    return spaces.Dict(entries)


def action_space() -> spaces.Discrete:
    """The one action space: six keys."""
    return spaces.Discrete(KEYS)


def descriptor(**values: float) -> np.ndarray:
    """float32 [16] from names in DESCRIPTOR_NAMES; an unknown one raises KeyError with the possible names."""
    row = np.zeros(DESCRIPTOR, np.float32)
    for name, value in values.items():
        if name not in DESCRIPTOR_NAMES:
            raise KeyError(f"unknown descriptor {name!r}; possible: {', '.join(DESCRIPTOR_NAMES)}")
        row[DESCRIPTOR_NAMES.index(name)] = value
    return row


def bucket(text: str, size: int, first: int = 1) -> int:
    """A number in [first, size) that depends on `text` alone, the same on every machine (CRC-32)."""
    return first + zlib.crc32(text.encode()) % (size - first)


def episode_seed(base: int, seat: int, episode: int, test: bool = False) -> int:
    """The seed of one episode, below TEST_SEEDS for training and from TEST_SEEDS on for evaluation."""
    state = np.random.SeedSequence([base, seat, episode]).generate_state(1)[0]
    return int(state) % TEST_SEEDS + (TEST_SEEDS if test else 0)


@dataclass(frozen=True)
class WorldSpec:
    """A world's card: its name, its number in `ids`, what its six keys are called, and its budget of keys."""

    name: str
    world: int
    keys: tuple[str, str, str, str, str, str]
    max_steps: int
    senses: int = 0


class Outcome(NamedTuple):
    """What one key did, a row a seat. Rows that were not stepped hold zeros."""

    reward: np.ndarray
    """float32 [seats]"""
    terminated: np.ndarray
    """bool [seats]: the task itself ended (solved, died)."""
    truncated: np.ndarray
    """bool [seats]: the budget of keys ran out; never merged with `terminated`."""
    invalid: np.ndarray
    """bool [seats]: the key was not offered; it changed nothing but energy."""
    success: np.ndarray
    """bool [seats]: the task was solved by this key."""
    harm: np.ndarray
    """bool [seats]: this key ended the task unsolved, or had a side effect that must be undone."""


@runtime_checkable
class World(Protocol):
    """Many seats of one world. Keeps state; the same seed gives the same episode, bit for bit."""

    world_spec: WorldSpec
    seats: int

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        """Begins new episodes in `rows` (bool [seats]) from `seeds` (int64 [seats], read where rows)."""
        ...

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        """Presses `actions` (int [seats]) in `rows` (bool [seats]); the other rows stay as they are."""
        ...

    def observe(self) -> tuple[Observation, np.ndarray]:
        """The batched observation and what the interface offers, bool [seats, 6]."""
        ...

    def oracle(self) -> np.ndarray:
        """int [seats]: next key of a shortest solution. Privileged: for controls, to count extra actions."""
        ...

    def oracle_steps(self) -> np.ndarray:
        """int [seats]: length of a shortest solution from the start of the current episode."""
        ...

    def families(self) -> list[str]:
        """The task family of each seat's episode, for reports."""
        ...

    def screen(self, seat: int) -> str:
        """What a person would see, as plain text: for `play` and for replays in the report."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Everything needed to go on from here, as arrays."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes on from what `state` returned."""
        ...

    def close(self) -> None: ...


class Moment(NamedTuple):
    """One time step of a pool, a row a seat: what the worlds show and what the last keys did.

    An ended row (terminated or truncated) shows its LAST observation; the next step ignores its key and
    begins the next episode (`begun`, reward 0). A key whose answer is `begun` belongs in no loss.
    """

    observation: Observation
    offered: np.ndarray
    """bool [seats, 6]: the interface's hint; travels beside the observation, never in it."""
    begun: np.ndarray
    """bool [seats]: first observation of an episode."""
    outcome: Outcome


class Seen(NamedTuple):
    """What a thinker may know of a moment. Hidden hints make `offered` all True: the mask is out of reach."""

    observation: Observation
    begun: np.ndarray
    offered: np.ndarray
    forbidden: np.ndarray
    """bool [seats, 6]: a law, on in both modes; a forbidden key is never pressed."""
    recalled: np.ndarray
    """float32 [seats, 4, 8]: what memory brought back; zeros where nothing."""
    words: np.ndarray
    """int32 [seats, 16]: hashed words of an instruction; zeros where nothing was said."""


class Thought(NamedTuple):
    """What a thinker made of a moment, a row a seat."""

    action: np.ndarray
    """int32 [seats]"""
    free: np.ndarray
    """float32 [seats, 6]: probabilities before any mask; mass on keys not offered is `invalid mass`."""
    value: np.ndarray
    """float32 [seats]: expected return."""
    validity: np.ndarray
    """float32 [seats, 6]: belief that each key is valid now."""
    success: np.ndarray
    """float32 [seats]: the self-model's own chance of success."""
    imagined: np.ndarray = np.zeros(0, np.int32)
    """int32 [seats]: keys imagined to choose this one, a search's simulations; empty: not told."""


class Thinker(Protocol):
    """Whoever chooses keys: the agent, a control, a person. The mind is the carry: state in, state out."""

    def begin(self, seats: int, seed: int) -> Any:
        """A fresh mind."""
        ...

    def think(self, seen: Seen, mind: Any) -> tuple[Thought, Any]:
        """One thought and the mind after it."""
        ...


class Memory(Protocol):
    """What outlives an episode and is read while acting. Keeps state."""

    def recall(self, moment: Moment) -> np.ndarray:
        """float32 [seats, 4, 8]"""
        ...

    def remember(self, before: Moment, action: np.ndarray, after: Moment) -> None: ...


class Guard(Protocol):
    """Something that may veto."""

    def forbids(self, now: Moment, seat: int, action: int) -> str | None:
        """The reason why this seat may not press this key now, or None. The reason is logged."""
        ...


@runtime_checkable
class Language(Protocol):
    """Something that knows how code goes on: a language model, or a table of answers. Off unless given."""

    def fill(self, before: str, line: str, after: str, words: Sequence[str]) -> Iterable[str]:
        """What may stand there instead of `line`, the likeliest first: one or more lines without the
        indentation of the first. `before` and `after` are the rest of the file; `words` are names, numbers
        and contents of strings that the failing tests say."""
        ...


Listen = Callable[[Moment], np.ndarray]
"""A moment -> int32 [seats, 16] of hashed words."""


class Step(NamedTuple):
    """One turn of the loop: a moment, what was made of it, the next moment. The only record of experience."""

    now: Moment
    seen: Seen
    thought: Thought
    then: Moment


Walk = Iterator[Step]
