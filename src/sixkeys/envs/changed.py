"""What if the same world had another interface? Keys in another order, rewards for success alone, one task
after another.

`changed("keys3", world)`: a key does what another did before; which one, the number tells (1 to 16), and so
does the descriptor's `interface`. `changed("sparse", world)`: success is worth 1, everything else nothing.
`changed("chain20", world)`: twenty tasks in one episode (chained.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sixkeys.contract import DESCRIPTOR_NAMES, KEYS, Observation, Outcome, World
from sixkeys.envs.chained import Chained

INTERFACES = 16
"""Orders of the keys that have a number; 0 is the world's own."""


def key_order(number: int) -> np.ndarray:
    """int [6]: what each key does in interface `number`, as a key of the world's own. Never the identity."""
    rng = np.random.default_rng([6, number])
    order = rng.permutation(KEYS)
    while (order == np.arange(KEYS)).all():
        order = rng.permutation(KEYS)
    return order


def changed(how: str, world: World) -> World:
    """`world` changed: `keysN`, `sparse` or `chainN`. Raises ValueError on anything else."""
    if how == "sparse":
        return Changed(world, how)
    found = re.fullmatch(r"([a-z]+)(\d{1,9})", how, re.ASCII)
    name, number = found.groups() if found else ("", "0")
    if name == "chain":
        return Chained(world, int(number))
    if name == "keys" and 1 <= int(number) <= INTERFACES:
        return Changed(world, how, int(number))
    raise ValueError(f"unknown change {how!r}; possible: sparse, chain2 and more, keys1 to keys{INTERFACES}")


class Changed:
    """A World around a world. Keeps no state of its own."""

    def __init__(self, world: World, how: str, interface: int = 0):
        self.world, self.seats, self.interface, self.sparse = world, world.seats, interface, how == "sparse"
        self.does = key_order(interface) if interface else np.arange(KEYS)
        self.key_for = np.argsort(self.does)
        spec = world.world_spec
        a, b, c, d, e, f = (spec.keys[key] for key in self.does)
        self.world_spec = replace(spec, name=f"{spec.name}~{how}", keys=(a, b, c, d, e, f))

    def reset(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        self.world.reset(rows, seeds)

    def step(self, actions: np.ndarray, rows: np.ndarray) -> Outcome:
        outcome = self.world.step(self.does[actions], rows)
        return outcome._replace(reward=outcome.success.astype(np.float32)) if self.sparse else outcome

    def observe(self) -> tuple[Observation, np.ndarray]:
        observation, offered = self.world.observe()
        seen = observation.copy()
        if self.interface:
            seen["env_desc"] = observation["env_desc"].copy()
            seen["env_desc"][:, DESCRIPTOR_NAMES.index("interface")] = self.interface / INTERFACES
        if "senses" in observation:
            seen["senses"] = observation["senses"].copy()
            moved = np.concatenate([[0], 1 + self.key_for])
            seen["senses"][..., 1] = moved[observation["senses"][..., 1]]
        return seen, offered[:, self.does]

    def oracle(self) -> np.ndarray:
        return self.key_for[self.world.oracle()]

    def oracle_steps(self) -> np.ndarray:
        return self.world.oracle_steps()

    def families(self) -> list[str]:
        return self.world.families()

    def screen(self, seat: int) -> str:
        return self.world.screen(seat)

    def state(self) -> dict[str, np.ndarray]:
        return self.world.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.world.restore(state)

    def close(self) -> None:
        self.world.close()
