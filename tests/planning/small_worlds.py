"""Which key is best, exactly? Small worlds as tables, solved by value iteration, and their exact `imagine`.

A state's value is what uniformly random valid keys earn from it; the policy leans to keys that lead to more
of it (softmax of one look ahead over TEMPERATURE). Both are a beginner's, who fears where random keys fall.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sixkeys.planning.model import Imagined
from sixkeys.planning.planner import Root

KEYS = 6
GAMMA = 0.95
TEMPERATURE = 0.1


class World(NamedTuple):
    """Tables over states and keys; an ended state is left by no key."""

    chance: np.ndarray
    """[states, 6, states]: probability of what follows."""
    reward: np.ndarray
    """[states]: of arriving."""
    ended: np.ndarray
    """bool [states]"""
    valid: np.ndarray
    """bool [states, 6]; an invalid key changes nothing."""
    lost: np.ndarray
    """bool [states]: ended, unsolved."""


class Solved(NamedTuple):
    q: np.ndarray
    """[states, 6]: best return after each key; -inf for invalid ones."""
    value: np.ndarray
    """[states]: return of uniformly random valid keys."""


COST = 0.01
"""Of a key."""


def build(names, step, valid, goals, traps=()):
    """A world from functions of states: step(state, key) -> {state: probability}, valid(state, key)."""
    index = {name: i for i, name in enumerate(names)}
    chance = np.zeros((len(names), KEYS, len(names)))
    allowed = np.array([[valid(name, key) for key in range(KEYS)] for name in names])
    ended = np.array([name in goals or name in traps for name in names])
    for name in names:
        for key in range(KEYS):
            still = ended[index[name]] or not allowed[index[name], key]
            for there, p in ({name: 1.0} if still else step(name, key)).items():
                chance[index[name], key, index[there]] += p
    lost = np.array([name in traps for name in names])
    reward = np.where(lost, -1.0, np.where(ended, 1.0, 0.0)) - COST
    return World(chance, reward, ended, allowed, lost)


def solve(world: World) -> Solved:
    """By value iteration, in float64."""
    free = world.valid & ~world.ended[:, None]
    best, plain = np.zeros((2, len(world.reward)))
    for _ in range(2000):
        q = after(world, best)
        best = np.where(world.ended, 0.0, np.where(free, q, -np.inf).max(1, initial=-1e9))
        even = np.where(free, after(world, plain), 0.0).sum(1) / np.maximum(free.sum(1), 1)
        plain = np.where(world.ended, 0.0, even)
    return Solved(np.where(world.valid, after(world, best), -np.inf), plain)


def after(world, value):
    return world.chance @ (world.reward + GAMMA * (1 - world.ended) * value)


def model(world: World, value: np.ndarray):
    """The exact `imagine` and the root of a state."""
    chance, reward, ended, valid, lost = (jnp.asarray(x, jnp.float32) for x in world)
    worth = jnp.asarray(value, jnp.float32)
    leaning = jnp.asarray(after(world, value) / TEMPERATURE, jnp.float32)

    def imagine(state, action, key):
        there = jax.random.categorical(key, jnp.log(chance[state, action]))
        return Imagined(
            there, reward[there], GAMMA * (1 - ended[there]), lost[there] * (1 - lost[state]), valid[there],
            leaning[there], worth[there],
        )  # fmt: skip

    return imagine, lambda state: Root(state, leaning[state], worth[state], valid[state] > 0)


def corridor() -> World:
    """Twelve cells, a trap in the middle, the goal at the right end: jump over the trap, or be lost."""
    moves = {1: 1, 2: -1, 3: 2}
    return build(
        range(12),
        lambda cell, key: {min(11, max(0, cell + moves.get(key, 0))): 1.0},
        lambda cell, key: key < 4,
        {11},
        {5},
    )


WAYS = {0: (0, -1), 1: (1, 0), 2: (0, 1), 3: (-1, 0)}


def house() -> World:
    """Two rooms of 3 x 3 and a door between: fetch the key (4), open the door (5), walk to the corner."""
    key_at, door, goal = (0, 0), (3, 1), (6, 2)
    cells = [(x, y) for x in range(7) for y in range(3) if x != 3] + [door]
    names = [(cell, held, open) for cell in cells for held, open in ((0, 0), (1, 0), (1, 1))]

    def ahead(cell, key):
        return (cell[0] + WAYS[key][0], cell[1] + WAYS[key][1])

    def valid(name, key):
        cell, held, open = name
        if key == 4:
            return cell == key_at and not held
        if key == 5:
            return held and not open and abs(cell[0] - door[0]) == 1 and cell[1] == door[1]
        return ahead(cell, key) in cells and (ahead(cell, key) != door or bool(open))

    def step(name, key):
        cell, held, open = name
        there = {4: (cell, 1, open), 5: (cell, held, 1)}
        return {there[key] if key > 3 else (ahead(cell, key), held, open): 1.0}

    return build(names, step, valid, {name for name in names if name[0] == goal})


def bridge() -> World:
    """Nine planks: walk (1), or run two (3). Who runs from a wet plank falls off four times in ten."""
    wet, water = {1, 2, 4, 7}, 9

    def step(plank, key):
        if key == 3:
            there, fall = min(8, plank + 2), 0.4 if plank in wet else 0.0
            return {there: 1 - fall, water: fall}
        return {min(8, max(0, plank + {1: 1, 2: -1}.get(key, 0))): 1.0}

    return build(range(10), step, lambda plank, key: key < 4, {8}, {water})


WORLDS = {"corridor": corridor, "house": house, "bridge": bridge}
