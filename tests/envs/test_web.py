"""Do six keys solve real pages in a real browser, and does the patch show what is on them?

Everything that needs a page is skipped, with the reason, where Chromium or the package miniwob is missing.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from sixkeys.contract import TEST_SEEDS, observation_space
from sixkeys.envs.check import check_env
from sixkeys.envs.web import KEY_NAMES, MIXED, Browser, Value, WebEnv, as_typed, tasks, values_of
from sixkeys.envs.web_oracle import Element, keys_of_recipe, matches, next_key
from sixkeys.envs.web_tasks import HELD_OUT, TRAINING, UNFIT, reason

MISSING = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
MISSING += [name for name in ("miniwob", "selenium") if not importlib.util.find_spec(name)]
browser = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: see the extra `web`")
package = pytest.mark.skipif("miniwob" in MISSING, reason="needs the package miniwob: see the extra `web`")
NEXT, PREVIOUS, PRESS, TYPE, SCROLL, SUBMIT = range(6)
SOLVED = (
    "click-test-2", "click-checkboxes", "click-option", "choose-list", "enter-text", "login-user",
    "enter-date", "click-tab-2", "email-inbox-delete", "form-sequence-2", "click-dialog", "email-inbox-reply",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    """Keeps the browser running between tests, and ends it after the last one."""
    tab = Browser.shared().tab() if not MISSING else None
    yield
    if tab:
        Browser.shared().quit()


# --- in the browser ---


@browser
@pytest.mark.parametrize("task", SOLVED)
def test_the_oracles_keys_earn_the_pages_own_reward(task: str) -> None:
    env = WebEnv(task)
    _, info = env.reset(seed=TEST_SEEDS + 3)
    promised, pressed = info["oracle_steps"], 0
    while True:
        observation, reward, terminated, truncated, info = env.step(env.oracle())
        pressed += 1
        assert not info["invalid"]
        assert observation_space().contains(observation)
        if terminated or truncated:
            break
    assert (reward, terminated, info["success"]) == (1.0, True, True)
    assert promised in (-1, pressed)
    env.close()


@browser
def test_the_conformance_kit_finds_nothing() -> None:
    assert check_env(lambda: WebEnv("login-user"), episodes=2, fresh_process=False) == []


@browser
def test_the_page_holds_what_was_typed_and_the_patch_shows_the_match() -> None:
    env = WebEnv("login-user")
    first, info = env.reset(seed=5)
    values = dict(env._values)
    assert info["action_mask"].tolist() == [True, True, True, True, False, True]
    patch = first["patch"]
    assert patch[0, 0, 1] == 2
    assert patch[0, 1:3, 1].tolist() == [1, 2]
    assert patch[5, 4, 0] == 3
    assert patch[6, 4, 2] == 1
    second = env.step(TYPE)[0]["patch"]
    script = "return [document.querySelector('#username').value, document.querySelector('#password').value]"
    assert env._browser.driver.execute_script(script) == [values["username"], ""]
    assert second[5, 4, 2] & 2
    assert second[0, 1, 2] == 2
    third, _, _, _, info = env.step(NEXT)
    np.testing.assert_array_equal(third["patch"][5:7, 3], second[5:7, 4])
    np.testing.assert_array_equal(third["patch"][5:7, 4], second[5:7, 5])
    assert info["action_mask"][TYPE]
    _, reward, terminated, _, info = env.step(SUBMIT)
    assert (reward, terminated, info["success"]) == (-1.0, True, False)
    env.close()


@browser
def test_a_key_that_is_not_offered_does_not_touch_the_page() -> None:
    env = WebEnv("click-test-2")
    before, info = env.reset(seed=1)
    assert not info["action_mask"][[TYPE, SCROLL]].any()
    page = env._browser.driver.execute_script("return document.body.innerHTML")
    for key in (TYPE, SCROLL):
        after, reward, terminated, _, info = env.step(key)
        assert (reward, terminated, info["invalid"]) == (0.0, False, True)
        np.testing.assert_array_equal(after["patch"], before["patch"])
    assert env._browser.driver.execute_script("return document.body.innerHTML") == page
    assert after["energy"][0] == pytest.approx(1 - 2 / 60)
    env.close()


@browser
def test_scrolling_goes_to_the_end_and_back_to_the_top() -> None:
    env = WebEnv("email-inbox")
    env.reset(seed=1)
    script = "return [SCROLLER.scrollTop, SCROLLER.scrollHeight - SCROLLER.clientHeight]"
    seen = [0.0]
    for _ in range(6):
        _, _, _, _, info = env.step(SCROLL)
        assert not info["invalid"]
        top, end = env._browser.driver.execute_script(script)
        seen.append(top)
        if top == 0:
            break
    assert seen[-1] == 0
    assert max(seen) == pytest.approx(end, abs=1.5)
    env.close()


@browser
def test_the_mix_draws_training_tasks_only_and_repeats_from_its_seed() -> None:
    env = WebEnv(MIXED)
    shown = {}
    for seed in (0, 1, 2, 0, 1):
        observation, _ = env.reset(seed=seed)
        assert env.family in TRAINING
        assert shown.setdefault(seed, (env.family, env.screen())) == (env.family, env.screen())
        assert observation["ids"][0] == 9
    assert len({family for family, _ in shown.values()}) > 1
    env.close()


# --- without a browser ---


@package
def test_at_least_thirty_tasks_fit_and_the_others_have_a_reason() -> None:
    fitting = tasks()
    unfit = [name for names in UNFIT.values() for name in names.split()]
    assert len(set(unfit)) == len(unfit)
    assert not set(unfit) & {*fitting, *TRAINING, *HELD_OUT}
    assert {*TRAINING, *HELD_OUT} <= set(fitting)
    assert not set(TRAINING) & set(HELD_OUT)
    assert len(fitting) >= 30
    assert len({*TRAINING, *HELD_OUT}) >= 30
    for task, message in (("drag-box", "it needs dragging"), ("no-such", "there is no such task")):
        with pytest.raises(ValueError, match=message):
            WebEnv(task)


@package
def test_values_are_the_parts_of_a_sentence() -> None:
    sentence = 'Enter the username "ann" and the password "x1" into the text fields and press login.'
    told = values_of("login-user", sentence, None)
    assert told == [Value("username", "ann"), Value("password", "x1")]
    assert [v.text for v in values_of("any", "", {"target": "Brazil, Mauritania"})] == [
        "Brazil",
        "Mauritania",
    ]
    assert [v.text for v in values_of("any", "", {"target": 'labeled "Prev"', "from": "Austin, TX"})] == [
        "Prev", "Austin, TX",
    ]  # fmt: skip
    assert values_of("no-such", "Click.", None) == []


def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="apt-get install chromium chromium-driver"):
        Browser()


@pytest.mark.parametrize(
    ("kind", "text", "typed"),
    [
        ("date", "3/5/2016", "2016-03-05"),
        ("time", "8:04PM", "20:04"),
        ("time", "12:30AM", "00:30"),
        ("time", "12:30 PM", "12:30"),
        ("text", "3/5/2016", None),
    ],
)
def test_dates_and_times_are_typed_as_fields_want_them(kind: str, text: str, typed: str | None) -> None:
    assert as_typed(kind, text) == typed


def element(kind: str, text: str = "", near: str = "", names: str = "", pressed: bool = False) -> Element:
    return Element(kind, text, near, "", names, False, pressed)


RING = [
    element("text", near="Name of user", names="user big"),
    element("checkbox", "Red"),
    element("checkbox", "blue", pressed=True),
    element("button", "Red or blue"),
    element("span", names="trash", near="ann wrote"),
    element("text", near="other"),
]
VALUES = [Value("user", "ann"), Value("color", "Red"), Value("rank", "2")]


@pytest.mark.parametrize(
    ("what", "places"),
    [
        ("text", [0, 5]), ("big", [0]), ("red or blue", [3]), ("checkbox=1", [1]), ("button^1", [3]),
        ("~1", [1, 3]), ("trash@0", [4]), ("text&0", [0]), ("text%2", [5]), ("checkbox*", [1]),
        ("li=1|button", [3]), ("text=7", []),
    ],
)  # fmt: skip
def test_recipes_name_elements(what: str, places: list[int]) -> None:
    assert matches(what, RING, VALUES) == places


def test_the_way_around_the_ring_is_the_shorter_one() -> None:
    assert next_key(["press span"], RING, 0, VALUES, 0).key == PREVIOUS
    assert next_key(["press span"], RING, 2, VALUES, 0).key == NEXT
    assert next_key(["press span"], RING, 4, VALUES, 0) == (PRESS, 1)
    assert next_key(["seek span", "press checkbox=1"], RING, 1, VALUES, 0) == (PRESS, 2)
    assert next_key(["seek span", "press li=1"], RING, 4, VALUES, 0) == (PRESS, 0)
    assert next_key(["press li=1"], RING, 4, VALUES, 0) is None
    assert next_key(["type 1 text&0"], RING, 0, VALUES, 0) == (TYPE, 0)
    assert next_key(["type 1 text&0"], RING, 0, VALUES, 1) == (TYPE, 1)
    filled = [RING[0]._replace(value="ann"), *RING[1:]]
    assert next_key(["type 0 text&0", "submit"], filled, 0, VALUES, 0) == (SUBMIT, 2)
    assert keys_of_recipe(["press checkbox*", "submit"], RING, VALUES, 60) == 3
    assert keys_of_recipe(["type 1 text&0", "submit"], RING, VALUES, 60) == 3
    assert keys_of_recipe(["seek span", "press li=1"], RING, VALUES, 60) == -1


def test_every_recipe_can_be_read() -> None:
    assert len(KEY_NAMES) == 6
    for task, recipe in (TRAINING | HELD_OUT).items():
        assert reason(task) is None
        for step in recipe.split("; "):
            verb, _, what = step.partition(" ")
            assert verb in ("press", "type", "submit", "seek")
            assert bool(what) == (verb != "submit")
