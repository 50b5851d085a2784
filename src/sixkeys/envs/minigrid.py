"""What does a MiniGrid task look like through our contract? The real `minigrid` package behind six keys.

MiniGrid's seven actions become six keys: `done` is dropped. Its 7 x 7 view lies in the middle of the 9 x 9
patch, the agent in row 7, column 4, looking up; kinds are those of the grid's vocabulary, identity is 1 +
MiniGrid's colour, state is MiniGrid's (doors: 0 open, 1 closed, 2 locked). On the agent's cell identity is
the colour of what it carries and state its kind: 1 key, 2 ball, 3 box. The phase in `ids` is the direction,
plus 4 where hands are full.

Offered are turns, `forward` into what can be entered (lava too), `pickup` and `drop` where they would
succeed, and `toggle` where it would change something. Rewards and ends are MiniGrid's own; success is a
reward above 0.
Not covered: the mission's words (tasks that need them show only the picture), and the tasks of UNFIT.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import minigrid
import numpy as np
from minigrid.core.constants import COLOR_TO_IDX, OBJECT_TO_IDX, STATE_TO_IDX
from minigrid.core.world_object import WorldObj

from sixkeys.contract import KEYS, SIDE, Observation, WorldSpec, action_space, descriptor, observation_space
from sixkeys.envs import grid_layouts as cell
from sixkeys.envs.minigrid_oracle import ORACLE_FAMILIES, STEPS, plan

WORLD = 2
"""This world's number in `ids`."""
KEY_NAMES = ("left", "right", "forward", "pickup", "drop", "toggle")
FAMILIES = (*ORACLE_FAMILIES, "LockedRoom", "KeyCorridor", "Memory", "RedBlueDoors", "UnlockPickup")
"""Families with a number of their own in `ids`, from 1 on; all others share the last one, 15."""
UNFIT = {
    "Dynamic-Obstacles": "its obstacles move whatever key is pressed",
    "GoToDoor": "it needs the action `done`",
    "GoToObject": "it needs the action `done`",
}
"""Tasks that cannot keep the contract, with the reason."""

_KINDS = {
    "unseen": cell.UNKNOWN, "empty": cell.FLOOR, "wall": cell.WALL, "floor": cell.CARPET,
    "door": cell.DOOR_CLOSED, "key": cell.KEY, "ball": cell.BALL, "box": cell.BOX, "goal": cell.GOAL,
    "lava": cell.LAVA, "agent": cell.AGENT,
}  # fmt: skip
LEGEND = ">> VV << ^^ you  W wall  K key  D door  L locked door  __ open door  A ball  B box  V lava  G goal"
_CARRIED = {"key": 1, "ball": 2, "box": 3}
_MIDDLE = slice(1, 8)
_AGENT = (7, 4)


def _cells() -> np.ndarray:
    """uint8 [198, 3]: our cell by MiniGrid's (object, colour, state) in one number, see _PLACES."""
    table = np.zeros((len(OBJECT_TO_IDX), len(COLOR_TO_IDX), len(STATE_TO_IDX), 3), np.uint8)
    table[..., 1] = 1 + np.arange(len(COLOR_TO_IDX))[:, None]
    table[..., 2] = np.arange(len(STATE_TO_IDX))
    for name, number in OBJECT_TO_IDX.items():
        table[number, ..., 0] = _KINDS[name]
    table[OBJECT_TO_IDX["door"], :, STATE_TO_IDX["open"], 0] = cell.DOOR_OPEN
    table[[OBJECT_TO_IDX["unseen"], OBJECT_TO_IDX["empty"]], ..., 1] = 0
    return table.reshape(-1, 3)


_CELLS = _cells()
_PLACES = np.array([len(COLOR_TO_IDX) * len(STATE_TO_IDX), len(STATE_TO_IDX), 1])


def family_of(task: str) -> str:
    """'DoorKey' of 'MiniGrid-DoorKey-5x5-v0'; 'other' where it is none of FAMILIES."""
    name = task.removeprefix("MiniGrid-")
    fitting = [family for family in FAMILIES if name.startswith(family)]
    return max(fitting, key=len, default="other")


def _make(task: str) -> Any:
    """The bare MiniGrid environment; raises ValueError on a task that is unknown or UNFIT."""
    reason = next((why for name, why in UNFIT.items() if task.startswith(f"MiniGrid-{name}")), None)
    if reason:
        raise ValueError(f"{task} does not fit six keys: {reason}; choose another task")
    possible = [name for name in gym.registry if name.startswith("MiniGrid-")]
    if task not in possible:
        raise ValueError(
            f"minigrid {minigrid.__version__} has no task {task!r}; possible: {', '.join(possible)}"
        )
    return gym.make(task, disable_env_checker=True).unwrapped


def _descriptor(task: str, family: str, size: int, max_steps: int) -> np.ndarray:
    locked = family in ("DoorKey", "Unlock", "LockedRoom", "KeyCorridor", "UnlockPickup")
    return descriptor(
        size=min(1.0, size / 20), length=min(1.0, max_steps / 256),
        partial_view=max(0.0, 1 - (7 / size) ** 2),
        turns_with_agent=1.0, lethal=float("Lava" in task or family == "DistShift"), carries=float(locked),
        doors=float(locked or family in ("MultiRoom", "RedBlueDoors")),
    )  # fmt: skip


class MiniGridEnv(gym.Env):
    """One MiniGrid task under our contract. Keeps state: the task and the oracle's plan."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array", "ansi"], "render_fps": 10}

    def __init__(self, task: str = "MiniGrid-DoorKey-5x5-v0", render_mode: str | None = None):
        self.task = _make(task)
        self.family = task
        self.render_mode = render_mode
        kind = family_of(task)
        self._plannable, self._unlocking = kind in ORACLE_FAMILIES, kind == "Unlock"
        self._number = 1 + FAMILIES.index(kind) if kind in FAMILIES else 15
        size = max(self.task.width, self.task.height)
        self._descriptor = _descriptor(task, kind, size, self.task.max_steps)
        self.world_spec = WorldSpec("minigrid", WORLD, KEY_NAMES, self.task.max_steps)
        self.observation_space = observation_space()
        self.action_space = action_space()
        self._offered = [True] * KEYS
        self._plan: list[int] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        seen, _ = self.task.reset(seed=seed)
        self._plan = self._search()
        steps = len(self._plan) or -1
        return self._observe(seen["image"]), {"action_mask": self._offer(), "oracle_steps": steps}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """As Gymnasium says; where the last key of the budget ends the task, it is `terminated` alone."""
        action = int(action)
        invalid = not self._offered[action]
        seen, reward, terminated, truncated, _ = self.task.step(action)
        if not invalid:
            self._plan = self._plan[1:] if self._plan and self._plan[0] == action else None
        info = {"action_mask": self._offer(), "invalid": invalid, "success": reward > 0}
        ended = bool(terminated)
        return self._observe(seen["image"]), float(reward), ended, bool(truncated) and not ended, info

    def _ahead(self) -> WorldObj | None:
        x, y = self.task.agent_pos
        right, down = STEPS[self.task.agent_dir]
        return self.task.grid.get(int(x) + right, int(y) + down)

    def _offer(self) -> np.ndarray:
        """bool [6], a new array; kept for judging the next key."""
        ahead, hands = self._ahead(), self.task.carrying
        self._offered = [
            True,
            True,
            ahead is None or ahead.can_overlap(),
            hands is None and ahead is not None and ahead.can_pickup(),
            hands is not None and ahead is None,
            _toggles(ahead, hands),
        ]
        return np.array(self._offered)

    def _observe(self, image: np.ndarray) -> Observation:
        """From MiniGrid's uint8 [7, 7, 3], first axis to the right, second down."""
        patch = np.zeros((SIDE, SIDE, 3), np.uint8)
        patch[_MIDDLE, _MIDDLE] = _CELLS[image.transpose(1, 0, 2) @ _PLACES]
        hands = self.task.carrying
        patch[_AGENT] = (cell.AGENT, patch[_AGENT][1] if hands else 0, _CARRIED[hands.type] if hands else 0)
        phase = int(self.task.agent_dir) + 4 * (hands is not None)
        return Observation(
            patch=patch,
            energy=np.array([max(0.0, 1 - self.task.step_count / self.task.max_steps)], np.float32),
            ids=np.array([WORLD, self._number, phase, 0], np.int32),
            env_desc=self._descriptor.copy(),
        )

    def _search(self) -> list[int]:
        return (plan(self.task, self._unlocking) or []) if self._plannable else []

    def oracle(self) -> int:
        """Next key of a shortest solution; 0 where there is none or the task is not in ORACLE_FAMILIES.

        For those `info["oracle_steps"]` is -1.
        """
        if self._plan is None:
            self._plan = self._search()
        return self._plan[0] if self._plan else 0

    def screen(self) -> str:
        """The grid as text, two signs a cell."""
        left = self.task.max_steps - self.task.step_count
        hands = f"{self.task.carrying.color} {self.task.carrying.type}" if self.task.carrying else "nothing"
        note = f"{self.task.mission}: {left} keys left, carrying {hands}"
        return "\n".join([self.task.pprint_grid(), note, LEGEND])

    def render(self) -> Any:
        """uint8 [height, width, 3], text, or None, as `render_mode` says."""
        if self.render_mode is None:
            return None
        return self.task.get_frame(tile_size=16) if self.render_mode == "rgb_array" else self.screen()

    def close(self) -> None:
        self.task.close()


def _toggles(ahead: Any, hands: WorldObj | None) -> bool:
    """Whether `toggle` would change something: open or close a door, open a box."""
    if ahead is None or ahead.type not in ("door", "box"):
        return False
    if ahead.type == "box" or not ahead.is_locked:
        return True
    return hands is not None and hands.type == "key" and hands.color == ahead.color
