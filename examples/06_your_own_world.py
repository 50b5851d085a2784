"""How do I bring my own world? A lift as a Gymnasium environment under the contract, judged and played.

Fetch somebody (column 1 of the patch) and let them out where they want to go (column 2); doors must be shut
to move. A world with fewer than six things to do names the spare key and never offers it.
"""

import gymnasium as gym
import numpy as np

from sixkeys import Pool, WorldSpec, check_env, evaluate
from sixkeys.bench.controls import RandomKeys, oracle, plain
from sixkeys.contract import action_space, descriptor, observation_space
from sixkeys.envs.pool import GymWorld


class Lift(gym.Env):
    world_spec = WorldSpec("lift", 9, ("wait", "up", "down", "open", "shut", "spare"), max_steps=40)
    observation_space, action_space, family = observation_space(), action_space(), "lift"

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        super().reset(seed=seed)  # all chance comes from self.np_random: the same seed is the same episode
        self.floor, self.waits, self.wants = map(int, self.np_random.permutation(9)[:3])
        self.open, self.inside, self.keys = False, False, 0
        shortest = abs(self.floor - self.waits) + abs(self.waits - self.wants) + 3
        return self._see(), {"action_mask": self._offered(), "oracle_steps": shortest}

    def step(self, action: int) -> tuple:
        invalid, self.keys = not self._offered()[action], self.keys + 1
        if not invalid:  # a key that is not offered changes nothing but energy
            self.floor += {1: 1, 2: -1}.get(action, 0)
            self.open = {3: True, 4: False}.get(action, self.open)
        self.inside = self.inside or (self.open and self.floor == self.waits)
        success = self.open and self.inside and self.floor == self.wants
        info = {"action_mask": self._offered(), "invalid": bool(invalid), "success": success}
        return self._see(), float(success), success, not success and self.keys >= 40, info

    def _offered(self) -> np.ndarray:
        shut = not self.open
        return np.array([True, shut and self.floor < 8, shut and self.floor > 0, shut, self.open, False])

    def _see(self) -> dict:
        patch = np.zeros((9, 9, 3), np.uint8)
        patch[8 - np.array([self.floor, self.waits, self.wants]), [0, 1, 2], 0] = 1, 2, 3
        energy, ids = np.array([1 - self.keys / 40], np.float32), [9, 0, 2 * self.inside + self.open, 0]
        return {"patch": patch, "energy": energy, "ids": np.array(ids, np.int32), "env_desc": descriptor()}

    def oracle(self) -> int:
        goal = self.wants if self.inside else self.waits
        return 4 if self.open else 3 if self.floor == goal else 1 if self.floor < goal else 2

    def screen(self) -> str:
        return f"lift at {self.floor}, waiting at {self.waits}, wants {self.wants}, inside {self.inside}"


if __name__ == "__main__":
    print(f"findings of the kit: {check_env(Lift, fresh_process=False)}")
    for name, contestant in (("random", plain(RandomKeys())), ("oracle", oracle)):
        thinker, make_pool = contestant(lambda seed_of: Pool([GymWorld([Lift() for _ in range(8)])], seed_of))
        found = evaluate(thinker, make_pool, 40, masked=True)
        print(f"{name}: solved {found.success.mean():.2f}, keys {found.steps.mean():.1f}")
