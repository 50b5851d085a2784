"""Can six keys work a web page? MiniWoB++'s real tasks in a real headless Chromium.

Keys: `next` and `previous` move the focus around the ring of elements that can be pressed (the page hears of
it only when a key acts there); `press` clicks the one in focus; `type` replaces its text by the task's next
value and goes on to the value after; `scroll` moves the page's scroller down, from its end to its top;
`submit` clicks the page's submit button. Values are what `miniwob.fields` finds in the task's sentence, at
most 12.
Offered: next, previous with two elements; press with one; type into text with a value; scroll and submit
where there is a scroller, a button.

The task's page decides: its own reward without the share for time, its own end. Success is a reward of 1.
The clock is taken out: no time limit, no animation, short delays pass at once. A key too many truncates.

Patch: row 0, the task (kind: hash, identity: how many values, state: which is typed next), then values (kind:
hash of its name, identity 1 + I, state: 1 next, + 2 it stands in a field, + 4 on an element). Row 1: the last
key, then hashes of the values. Row 2: focus and number of elements, scroller, submit. Below, three bands of
nine elements, the one in focus in row 5, column 4, each two cells: (kind; identity 1 + I where its text is
value I, 9 + I where one holds the other, else a hash from 17 on; state: 1 on, + 2 filled, + 4 pressed, + 8
the text around it holds a value) and under it (hash of its text or class; identity 1 + I of the value and
state 1 + I of the value's name that the text around it holds).
Not covered: dragging, drawing, places within an element, and typing what the task's sentence does not hold.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import gymnasium as gym
import numpy as np

from sixkeys.contract import (
    CELL_SIZES,
    ID_SIZES,
    KEYS,
    SIDE,
    TEST_SEEDS,
    Observation,
    WorldSpec,
    action_space,
    bucket,
    descriptor,
    observation_space,
)
from sixkeys.envs import web_page as page
from sixkeys.envs.web_oracle import Element, keys_of_recipe, next_key
from sixkeys.envs.web_tasks import HELD_OUT, TRAINING, reason

MIXED = "web_mixed"
"""The task that draws one of TRAINING for each episode."""
WORLD = 9
"""This world's number in `ids`."""
KEY_NAMES = ("next", "previous", "press", "type", "scroll", "submit")
NEXT, PREVIOUS, PRESS, TYPE, SCROLL, SUBMIT = range(KEYS)
MAX_STEPS, MOST, SHOWN = 60, 12, 8
"""Keys of an episode; values that are kept; those with cells of their own, the rest match as the last."""
TYPED = ("text", "password", "textarea", "number", "date", "time", "search", "email", "tel")
KINDS = (
    "button", "a", "text", "password", "textarea", "number", "date", "time", "checkbox", "radio", "select",
    "option", "tab", "span", "div", "li", "shape", "label", "td", "p", "h3", "img",
)  # fmt: skip
FLAGS = (
    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-sync", "--disable-component-update", "--no-first-run", "--window-size=500,400",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@cache
def pages() -> Path:
    """The folder of the tasks' pages. Raises ImportError with how to install them."""
    try:
        package = import_module("miniwob")
    except ImportError as error:
        what = f"the web world needs the package miniwob ({error})"
        raise ImportError(f"{what}: pip install 'sixkeys[web]'") from error
    return Path(str(package.__file__)).parent / "html" / "miniwob"


def tasks() -> list[str]:
    """The names of the tasks that fit six keys."""
    return sorted(path.stem for path in pages().glob("*.html") if reason(path.stem) is None)


class Browser:
    """One headless Chromium for all environments of the process, a tab each. Keeps state: tabs and pages."""

    _running: ClassVar[Browser | None] = None

    @classmethod
    def shared(cls) -> Browser:
        """The one that runs, started where none does. Raises RuntimeError where it cannot be had."""
        if cls._running is None:
            cls._running = cls()
            atexit.register(cls._running.quit)
        return cls._running

    def __init__(self):
        binary = next(
            filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
        )
        driver = shutil.which("chromedriver")
        if not (binary and driver):
            raise RuntimeError(
                f"the web world needs chromium (found: {binary}) and chromedriver (found: {driver}); "
                "install them, on Debian: apt-get install chromium chromium-driver"
            )
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = binary
        options.unhandled_prompt_behavior = "accept"
        for flag in (*FLAGS, *(("--no-sandbox",) if os.geteuid() == 0 else ())):
            options.add_argument(flag)
        self.driver = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(executable_path=driver)
        )
        self.current = self.driver.current_window_handle
        self.free = [self.current]
        self.open = 0
        self.armed: set[str] = set()

    def tab(self) -> str:
        """A tab of one's own."""
        if not self.free:
            self.driver.switch_to.new_window("tab")
            self.current = self.driver.current_window_handle
            self.free.append(self.current)
        self.open += 1
        return self.free.pop()

    def release(self, tab: str) -> None:
        """Gives a tab back; the last one ends the browser."""
        self.free.append(tab)
        self.open -= 1
        if not self.open:
            self.quit()

    def visit(self, tab: str, task: str | None = None) -> None:
        """Goes to a tab, and there to a task's page."""
        if self.current != tab:
            self.driver.switch_to.window(tab)
            self.current = tab
        if tab not in self.armed:
            self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": page.ARM})
            self.armed.add(tab)
        if task:
            self.driver.get((pages() / f"{task}.html").as_uri())

    def click(self, at: list[float]) -> None:
        """A real click of the left button at a place of the window."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            place = {"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", place)

    def quit(self) -> None:
        if Browser._running is self:
            Browser._running = None
            self.driver.quit()


class Value(NamedTuple):
    """A value of the task's sentence and its name."""

    name: str
    text: str


def values_of(task: str, sentence: str, fields: dict[str, str] | None) -> list[Value]:
    """The values of a sentence, at most MOST; none where the package does not know how it is built."""
    known = import_module("miniwob.fields").FIELD_EXTRACTORS
    if fields is None:
        fields = dict(known[task](sentence)) if task in known else {}
    found = []
    for name, text in fields.items():
        quoted = re.search('"(.+)"', text)
        parts = re.split(">|, ", text) if name == "target" else [text]
        found += [Value(name, part) for part in ([quoted.group(1)] if quoted else parts)]
    return found[:MOST]


def as_typed(kind: str, text: str) -> str | None:
    """What a date or time field holds for a value as people write it; None where signs are typed."""
    if kind == "date":
        month, day, year = [*text.split("/"), "", ""][:3]
        return f"{year}-{month:0>2}-{day:0>2}"
    if kind == "time":
        found = re.match(r"(\d+):(\d+) ?([AP]M)", text)
        return f"{int(found[1]) % 12 + 12 * (found[3] == 'PM'):02d}:{found[2]}" if found else ""
    return None


def _first(hits: Iterable[bool]) -> int:
    """1 + the place of the first hit, at most SHOWN; 0 where there is none."""
    return next((min(1 + place, SHOWN) for place, hit in enumerate(hits) if hit), 0)


class WebEnv(gym.Env):
    """One MiniWoB++ task, or a mix of them, under our contract. Keeps state: a tab of the shared browser."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"]}

    def __init__(self, task: str = MIXED, render_mode: str | None = None):
        if task != MIXED and task not in tasks():
            why = reason(task) or "there is no such task"
            raise ValueError(f"{task!r} cannot be played: {why}; possible: {MIXED}, {', '.join(tasks())}")
        self.task, self.family, self.render_mode = task, task, render_mode
        self.world_spec = WorldSpec("web", WORLD, KEY_NAMES, MAX_STEPS)
        self.observation_space = observation_space()
        self.action_space = action_space()
        self._browser: Browser | None = None
        self._tab, self._page = "", ""
        self._descriptor = descriptor(length=MAX_STEPS / 256, text=1.0)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(TEST_SEEDS)) if seed is None else seed
        chance = np.random.default_rng(drawn)
        self.family = str(chance.choice(list(TRAINING))) if self.task == MIXED else self.task
        browser = self._at_tab(self.family if self.family != self._page else None)
        self._page = self.family
        browser.driver.execute_script(page.BEGIN, str(drawn))
        self._pressed = self._focus = self._typing = self._last = 0
        self._look()
        self._values = values_of(self.family, self._seen["task"], self._seen["fields"])
        recipe = (TRAINING | HELD_OUT).get(self.family)
        self._recipe = recipe.split("; ") if recipe else []
        self._plan()
        steps = keys_of_recipe(self._recipe, self._ring, self._values, MAX_STEPS)
        return self._observe(), {"action_mask": self._offer(), "oracle_steps": steps}

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        invalid = not self._offered[action]
        self._pressed += 1
        if not invalid:
            self._last = 1 + int(action)
            if self._next and action == self._next.key:
                self._recipe = self._recipe[self._next.done :]
            self._do(int(action))
            self._plan()
        terminated = bool(self._seen["done"])
        reward = float(self._seen["reward"]) if terminated else 0.0
        info = {"action_mask": self._offer(), "invalid": invalid, "success": terminated and reward >= 1.0}
        return self._observe(), reward, terminated, not terminated and self._pressed >= MAX_STEPS, info

    def _at_tab(self, task: str | None = None) -> Browser:
        """The browser, in this environment's tab and at a task's page where one is given."""
        if self._browser is None:
            self._browser = Browser.shared()
            self._tab = self._browser.tab()
        self._browser.visit(self._tab, task)
        return self._browser

    def _do(self, key: int) -> None:
        if key in (NEXT, PREVIOUS):
            self._focus = (self._focus + (1 if key == NEXT else -1)) % len(self._ring)
            return
        browser = self._at_tab()
        if key == SCROLL:
            browser.driver.execute_script(page.SCROLL)
        elif key == TYPE:
            text = self._values[self._typing].text
            typed = as_typed(self._ring[self._focus].kind, text)
            browser.driver.execute_script(page.EMPTY, self._focus, typed)
            if typed is None:
                browser.driver.execute_cdp_cmd("Input.insertText", {"text": text})
            self._typing = (self._typing + 1) % len(self._values)
        else:
            at = browser.driver.execute_script(
                page.POINT, self._focus if key == PRESS else self._seen["submit"]
            )
            if at:
                browser.click(at)
        self._look()

    def _look(self) -> None:
        """Waits until the page is at rest, then reads it."""
        self._seen = self._at_tab().driver.execute_async_script(page.LOOK, self._focus)
        self._ring = [Element(**element) for element in self._seen["ring"]]
        found = self._seen["focus"]
        self._focus = found if found >= 0 else max(0, min(self._focus, len(self._ring) - 1))

    def _offer(self) -> np.ndarray:
        """bool [6], a new array; kept for judging the next key."""
        count = len(self._ring)
        typed = count > 0 and self._ring[self._focus].kind in TYPED and bool(self._values)
        scrolls, submits = self._seen["scrolled"] >= 0, self._seen["submit"] >= 0
        offered = [count > 1, count > 1, count > 0, typed, scrolls, submits]
        self._offered = offered if any(offered) else [True] * 2 + [False] * 4
        return np.array(self._offered)

    def _plan(self) -> None:
        self._next = next_key(self._recipe, self._ring, self._focus, self._values, self._typing)

    def oracle(self) -> int:
        """Next key of the task's recipe, the shorter way around the ring for each step; 0 without one."""
        return self._next.key if self._next else 0

    def _observe(self) -> Observation:
        patch = np.zeros((SIDE, SIDE, 3), np.uint8)
        patch[0, 0] = bucket(self.family, CELL_SIZES[0]), len(self._values), 1 + self._typing
        patch[1, 0, 0] = self._last
        for number, value in enumerate(self._values[:SHOWN]):
            text = value.text.casefold()
            held = any(element.value.casefold() == text for element in self._ring)
            shown = any(element.text.casefold() == text for element in self._ring)
            state = (number == self._typing) + 2 * held + 4 * shown
            patch[0, 1 + number] = bucket(value.name, CELL_SIZES[0]), 1 + number, state
            patch[1, 1 + number] = [bucket(f"{text} {c}", size) for c, size in enumerate(CELL_SIZES)]
        patch[2, 0, :2] = min(self._focus, 31), min(len(self._ring), 31)
        patch[2, 1, 0] = (
            1 + round(30 * min(self._seen["scrolled"], 1.0)) if self._seen["scrolled"] >= 0 else 0
        )
        patch[2, 2, 0] = self._seen["submit"] >= 0
        for place in range(3 * SIDE):
            at = self._focus + place - 13
            if 0 <= at < len(self._ring):
                row = 3 + 2 * (place // SIDE)
                patch[row, place % SIDE], patch[row + 1, place % SIDE] = self._cells(self._ring[at])
        left = max(0.0, 1 - self._pressed / MAX_STEPS)
        ids = np.array([WORLD, bucket(self.family, ID_SIZES[1]), self._typing, 0], np.int32)
        return Observation(
            patch=patch, energy=np.array([left], np.float32), ids=ids, env_desc=self._descriptor.copy()
        )

    def _cells(self, element: Element) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Upper and lower cell of an element."""
        text, near = element.text.casefold(), element.near.casefold()
        values = [value.text.casefold() for value in self._values]
        names = [value.name.casefold() for value in self._values]
        equal = _first(value.text == element.text for value in self._values)
        part = _first(bool(text) and (value in text or text in value) for value in values)
        other = bucket(text, CELL_SIZES[1], 2 * SHOWN + 1) if text else 0
        identity = equal or (SHOWN + part if part else other)
        around, named = _first(value in near for value in values), _first(name in near for name in names)
        kind = 1 + KINDS.index(element.kind) if element.kind in KINDS else CELL_SIZES[0] - 1
        state = element.on + 2 * bool(element.value) + 4 * element.pressed + 8 * bool(around)
        upper = (kind, identity, state)
        return upper, (bucket(text or element.names, CELL_SIZES[0]), around, named)

    def screen(self) -> str:
        """The task's sentence, its values and the ring, the element in focus with an arrow."""
        lines = [self._seen["task"]]
        lines += [f"  value {i}: {v.name} = {v.text}" for i, v in enumerate(self._values)]
        for at, element in enumerate(self._ring):
            marks = "x" * element.on + "." * element.pressed
            said = element.text or element.names.strip() or element.near
            held = f" [{element.value}]" if element.value else ""
            lines.append(f"{'->' if at == self._focus else '  '} {element.kind}: {said[:60]}{held} {marks}")
        return "\n".join([*lines, f"{self.family}: {MAX_STEPS - self._pressed} keys left"])

    def render(self) -> str | None:
        return self.screen() if self.render_mode == "ansi" else None

    def close(self) -> None:
        if self._browser is not None:
            self._browser.release(self._tab)
            self._browser = None
            self._page = ""
