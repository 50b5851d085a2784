"""What happens when a key is pressed in a room? Many seats of a 10 x 10 grid, all rows in one go.

The six keys: `wait` passes; `north`, `east`, `south`, `west` step onto floor, an open door, the goal or lava;
`use` takes every key and battery in the four cells beside the agent, then opens every locked door among them
whose colour it carries. Keys are kept. The view is a square around the agent; walls hide nothing in it.

Offered are `wait`, steps into cells that can be entered, and `use` where it changes something. Ends: goal
(terminated, success), lava (terminated), budget used up (truncated). Reward: reaching the goal pays
1 - 0.5 * keys pressed / 64, the first thing taken and the first door opened 0.1 each, lava -0.5, all else 0.
A battery adds 40 keys to the budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from sixkeys.contract import (
    ID_SIZES,
    IDS,
    KEYS,
    SIDE,
    TEST_SEEDS,
    Observation,
    Outcome,
    WorldSpec,
    action_space,
    descriptor,
    observation_space,
)
from sixkeys.envs import grid_picture
from sixkeys.envs.grid_layouts import (
    AGENT,
    AROUND,
    CHANCE,
    DOOR_CLOSED,
    DOOR_OPEN,
    ENERGY,
    FAMILIES,
    FAMILY_DRAW,
    FLOOR,
    GAIN,
    GOAL,
    GRID,
    KEY,
    LAVA,
    MAX_STEPS,
    RECIPES,
    SLIP_DRAWS,
    WIDE,
    Recipe,
    Regime,
    chance,
    layouts,
)
from sixkeys.envs.grid_oracle import PHASES, distances, next_keys

MIXED = "grid_mixed"
"""The task that draws one of FAMILIES for each episode."""
TASKS = (*FAMILIES, MIXED)
WORLD = 1
"""This world's number in `ids`."""
KEY_NAMES = ("wait", "north", "east", "south", "west", "use")
USE = 5
STAGE_REWARD, LAVA_REWARD = 0.1, -0.5
SPEC = WorldSpec("grid", WORLD, KEY_NAMES, MAX_STEPS)

_CELLS = WIDE * WIDE
_NEXT = np.array([0, *AROUND, 0])
"""Where each key steps."""
_ENTER = np.isin(np.arange(256), (FLOOR, DOOR_OPEN, GOAL, LAVA))
_TAKE = np.isin(np.arange(256), (KEY, ENERGY))


def _descriptor(recipe: Recipe, regime: Regime) -> np.ndarray:
    return descriptor(
        size=GRID / 20, length=MAX_STEPS / 256, partial_view=1 - (regime.view / (2 * GRID - 1)) ** 2,
        chance=regime.slip, lethal=float(LAVA in recipe), carries=float(recipe.item == KEY),
        doors=float(recipe.door), energy_pickups=float(recipe.item == ENERGY),
    )  # fmt: skip


class GridWorld:
    """Seats of one task under one regime, as a `World`. Keeps state: every seat's cells, agent and budget."""

    world_spec = SPEC

    def __init__(self, task: str, seats: int, regime: Regime = Regime()):
        if task not in TASKS:
            raise ValueError(f"unknown task {task!r}; possible: {', '.join(TASKS)}")
        self.task, self.seats, self.regime = task, seats, regime
        half = regime.view // 2
        self._window = slice(SIDE // 2 - half, SIDE // 2 + half + 1)
        reach = np.arange(-half, half + 1)
        self._view = (reach[:, None] * WIDE + reach).ravel()
        self._descriptors = np.stack(
            [_descriptor(recipe, regime) for recipe in (Recipe(), *RECIPES.values())]
        )
        self._base = np.arange(seats) * _CELLS
        self._far = np.zeros((seats, PHASES, _CELLS), np.int16)
        self._far_known = np.zeros(seats, bool)
        self._seed = np.zeros(seats, np.int64)
        self._cells = np.zeros((seats, _CELLS), np.uint32)
        self._at = np.full(seats, _CELLS // 2)
        self._family, self._bag, self._phase = (np.zeros(seats, np.int64) for _ in range(3))
        self._left, self._pressed = np.zeros(seats, np.int64), np.zeros(seats, np.int64)
        self._over, self._stale = np.ones(seats, bool), np.ones(seats, bool)
        self._offered = np.zeros((seats, KEYS), bool)

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        seats = np.flatnonzero(rows)
        seeds = np.asarray(seeds, np.int64)[seats]
        if self.task == MIXED:
            family = 1 + chance(seeds, np.array(FAMILY_DRAW)) % len(FAMILIES)
        else:
            family = np.full(len(seats), 1 + FAMILIES.index(self.task))
        starts = layouts(seeds, family, self.regime)
        self._seed[seats], self._family[seats] = seeds, family
        self._cells[seats], self._at[seats], self._left[seats] = starts
        self._bag[seats] = self._phase[seats] = self._pressed[seats] = 0
        self._over[seats] = self._far_known[seats] = False
        self._stale[seats] = True

    def _offer(self) -> None:
        """Works out what is offered in every seat."""
        near = self._cells.reshape(-1).take((self._base + self._at)[:, None] + AROUND)
        kind = near & 255
        usable = _TAKE.take(kind)
        if self._bag.any():
            usable |= (kind == DOOR_CLOSED) & self._fits(near, self._bag[:, None])
        self._offered = np.ones((self.seats, KEYS), bool)
        self._offered[:, 1:USE] = _ENTER.take(kind)
        self._offered[:, USE] = usable.any(axis=1)
        self._stale[:] = False

    @staticmethod
    def _fits(cells: np.ndarray, bag: np.ndarray) -> np.ndarray:
        """bool: `bag` (bit c - 1: a key of colour c) holds a cell's colour; colour 0 never fits."""
        return (bag << 1 >> (cells >> 8 & 255).astype(np.int64)) & 1 == 1

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        """As the contract says. Raises ValueError where a seat's episode has ended or none has begun."""
        if (self._over & rows).any():
            late = np.flatnonzero(self._over & rows).tolist()
            raise ValueError(f"seats {late} have no running episode; reset them before the next step")
        if (self._stale & rows).any():
            self._offer()
        keys = np.where(rows, actions, 0)
        offered = self._offered[np.arange(self.seats), keys]
        keys = np.where(offered, keys, 0)
        kind = self._walk(keys, np.asarray(rows, bool))
        self._pressed += rows
        self._left -= rows
        before = self._phase.copy()
        if (keys == USE).any():
            self._use(np.flatnonzero(keys == USE))
        success = kind == GOAL
        terminated = success | (kind == LAVA)
        truncated = rows & ~terminated & (self._left <= 0)
        self._over |= terminated | truncated
        reward = np.where(success, 1 - 0.5 * self._pressed / MAX_STEPS, LAVA_REWARD * (kind == LAVA))
        reward = (reward + STAGE_REWARD * (self._phase - before)).astype(np.float32)
        self._stale[:] = True
        return Outcome(reward, terminated, truncated, rows & ~offered, success, kind == LAVA)

    def _walk(self, keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Moves the agents; the kind of cell that each of `rows` now stands on, 0 elsewhere."""
        step = _NEXT[keys]
        if self.regime.slip:
            step = self._slip(keys, step)
        self._at += step
        return (self._cells.reshape(-1).take(self._base + self._at) & 255) * rows

    def _slip(self, keys: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Turns some steps by a quarter; one that would then hit something stays where it is."""
        draw = chance(self._seed, SLIP_DRAWS + self._pressed)
        turned = AROUND[(keys - 1 + np.where(draw % 2, 1, 3)) % 4]
        kind = self._cells.reshape(-1).take(self._base + self._at + turned) & 255
        slips = (step != 0) & (draw >> 1 < self.regime.slip * (CHANCE >> 1))
        return np.where(slips, turned * _ENTER[kind], step)

    def _use(self, seats: np.ndarray) -> None:
        """Takes and opens what is beside the agents of `seats` (indices)."""
        flat = self._cells.reshape(-1)
        beside = (self._base + self._at)[seats, None] + AROUND
        near = flat[beside]
        kind, colour = near & 255, (near >> 8 & 255).astype(np.int64)
        self._bag[seats] |= np.bitwise_or.reduce(np.where(kind == KEY, 1 << colour >> 1, 0), axis=1)
        opens = (kind == DOOR_CLOSED) & self._fits(near, self._bag[seats, None])
        takes = _TAKE[kind]
        flat[beside] = np.where(takes, FLOOR, np.where(opens, DOOR_OPEN + (near & 0xFF00), near))
        self._left[seats] += GAIN * (kind == ENERGY).sum(axis=1)
        reached = np.where(opens.any(axis=1), 2, takes.any(axis=1))
        self._phase[seats] = np.maximum(self._phase[seats], reached)

    def observe(self) -> tuple[Observation, np.ndarray]:
        if self._stale.any():
            self._offer()
        flat, here = self._cells.reshape(-1), self._base + self._at
        seen = np.zeros((self.seats, SIDE, SIDE), np.uint32)
        side = self.regime.view
        seen[:, self._window, self._window] = flat.take(here[:, None] + self._view).reshape(-1, side, side)
        seen[:, SIDE // 2, SIDE // 2] = (
            AGENT | self._bag << 8 | (flat.take(here) & 255).astype(np.int64) << 16
        )
        patch = seen.astype("<u4", copy=False).view(np.uint8).reshape(self.seats, SIDE, SIDE, 4)[..., :3]
        energy = (np.maximum(self._left, 0) / MAX_STEPS).astype(np.float32)[:, None]
        ids = np.empty((self.seats, IDS), np.int32)
        ids[:, 0], ids[:, 1], ids[:, 2] = WORLD, self._family, self._phase
        ids[:, 3] = np.minimum(np.arange(self.seats), ID_SIZES[3] - 1)
        observation = Observation(
            patch=patch, energy=energy, ids=ids, env_desc=self._descriptors[self._family]
        )
        return observation, self._offered.copy()

    def _distances(self) -> np.ndarray:
        """int16 [seats, 3, 324], worked out once an episode, and only when somebody asks."""
        seats = np.flatnonzero(~self._far_known & (self._family > 0))
        if len(seats):
            starts = layouts(self._seed[seats], self._family[seats], self.regime)
            self._far[seats] = distances(starts.cells)
            self._far_known[seats] = True
        return self._far

    def oracle(self) -> np.ndarray:
        """int64 [seats]: next key of a shortest solution, no slip foreseen; 0 where there is none."""
        return next_keys(self._distances(), self._at, self._phase)

    def oracle_steps(self) -> np.ndarray:
        """int64 [seats]: length of a shortest solution from the episode's start, no slip foreseen."""
        far = self._distances()
        starts = layouts(self._seed, self._family, self.regime).start
        return far[np.arange(self.seats), 0, starts].astype(np.int64)

    def families(self) -> list[str]:
        return [(self.task, *FAMILIES)[number] for number in self._family]

    def screen(self, seat: int) -> str:
        bag = "".join(chr(ord("a") + bit) for bit in range(8) if self._bag[seat] >> bit & 1) or "nothing"
        note = f"{self.families()[seat]}: {self._left[seat]} keys left, carrying {bag}"
        return grid_picture.text(self._cells[seat], int(self._at[seat]), note)

    def render(self, seat: int) -> np.ndarray:
        """uint8 [160, 160, 3]: a picture for people; the cells out of sight are darker."""
        return grid_picture.picture(self._cells[seat], int(self._at[seat]), self.regime.view)

    def _arrays(self) -> dict[str, np.ndarray]:
        return {
            "seed": self._seed, "family": self._family, "cells": self._cells, "at": self._at,
            "bag": self._bag, "phase": self._phase, "left": self._left, "pressed": self._pressed,
            "over": self._over,
        }  # fmt: skip

    def state(self) -> dict[str, np.ndarray]:
        return {name: array.copy() for name, array in self._arrays().items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name, array in self._arrays().items():
            array[:] = state[name]
        self._far_known[:] = False
        self._stale[:] = True

    def close(self) -> None:
        """Nothing is held open."""


class GridEnv(gym.Env):
    """One seat of a GridWorld as a Gymnasium environment. Keeps state: that world.

    Without a seed `reset` draws one from its own stream, so that a run that was seeded once repeats.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array", "ansi"], "render_fps": 8}

    def __init__(self, task: str = MIXED, regime: Regime = Regime(), render_mode: str | None = None):
        self.world = GridWorld(task, 1, regime)
        self.world_spec = SPEC
        self.render_mode = render_mode
        self.observation_space = observation_space(SPEC.senses)
        self.action_space = action_space()

    @property
    def family(self) -> str:
        return self.world.families()[0]

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict[str, Any]]:
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(TEST_SEEDS)) if seed is None else seed
        self.world.reset(np.ones(1, bool), np.array([drawn]))
        observation, offered = self._look()
        return observation, {"action_mask": offered, "oracle_steps": int(self.world.oracle_steps()[0])}

    def step(self, action: int) -> tuple[dict, float, bool, bool, dict[str, Any]]:
        outcome = self.world.step(np.array([action]), np.ones(1, bool))
        observation, offered = self._look()
        info = {
            "action_mask": offered,
            "invalid": bool(outcome.invalid[0]),
            "success": bool(outcome.success[0]),
        }
        return (
            observation,
            float(outcome.reward[0]),
            bool(outcome.terminated[0]),
            bool(outcome.truncated[0]),
            info,
        )

    def _look(self) -> tuple[dict, np.ndarray]:
        observation, offered = self.world.observe()
        return {name: np.array(np.asarray(array)[0]) for name, array in observation.items()}, offered[0]

    def oracle(self) -> int:
        return int(self.world.oracle()[0])

    def screen(self) -> str:
        return self.world.screen(0)

    def render(self) -> np.ndarray | str | None:
        if self.render_mode is None:
            return None
        return self.world.render(0) if self.render_mode == "rgb_array" else self.world.screen(0)
