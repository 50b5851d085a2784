"""The page in a real browser, from a file: a replay can be stepped through, nothing is logged as an error."""

import shutil

import pytest
from demo import HOSTILE, report

from sixkeys.bench.report import ReplayRow
from sixkeys.bench.show import write_html

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--window-size=1280,1000",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason=f"needs chromium (found: {CHROMIUM}) and chromedriver (found: {DRIVER})"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, tmp_path):
    """The demo's page, in which the first screen is hostile text."""
    made = report()
    row = made.replays[0].model_dump()
    row["episode"]["frames"][0]["screen"] = HOSTILE
    made = made.model_copy(update={"replays": (ReplayRow.model_validate(row), *made.replays[1:])})
    path = tmp_path / "report.html"
    write_html(made, path)
    browser.get(path.as_uri())
    yield browser, made
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def _one(browser, name):
    return browser.find_element("id", name)


def _screen(browser):
    return browser.execute_script("return document.getElementById('screen').textContent").removesuffix("\n")


def _patch(browser):
    return [cell.get_attribute("title") for cell in browser.find_elements("css selector", "#patch div")]


def test_a_replay_can_be_stepped_through(opened):
    browser, made = opened
    frames = made.replays[0].episode.frames
    assert browser.title == "Sixkeys report"
    assert _screen(browser) == HOSTILE
    assert len(_patch(browser)) == 81
    seen = [_patch(browser)]
    for index, frame in enumerate(frames):
        assert _one(browser, "step").text == f"{index + 1} / {len(frames)}"
        assert _screen(browser) == frame.screen
        pressed = browser.find_elements("css selector", "#keys tr.pressed td:nth-child(2)")
        assert [cell.text for cell in pressed] == (
            [f"{frame.press.key} {frame.press.name}"] if frame.press else []
        )
        seen.append(_patch(browser))
        if index + 1 < len(frames):
            _one(browser, "next").click()
    assert seen[0] != seen[-2], "the view never changed"
    assert not _one(browser, "next").is_enabled()
    _one(browser, "prev").click()
    assert _screen(browser) == frames[-2].screen


def test_keyboard_slider_trail_and_choice(opened):
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select

    browser, made = opened
    body = browser.find_element("tag name", "body")
    body.send_keys(Keys.ARROW_RIGHT)
    assert _one(browser, "step").text.startswith("2 /")
    body.send_keys(Keys.ARROW_LEFT)
    assert _one(browser, "step").text.startswith("1 /")
    _one(browser, "slider").send_keys(Keys.END)
    count = len(made.replays[0].episode.frames)
    assert _one(browser, "step").text == f"{count} / {count}"
    browser.find_elements("css selector", "#trail button")[1].click()
    assert _one(browser, "step").text.startswith("2 /")
    place = next(i for i, replay in enumerate(made.replays) if replay.episode.end == "cap")
    Select(_one(browser, "episode")).select_by_index(place)
    frames = made.replays[place].episode.frames
    assert _one(browser, "step").text == f"1 / {len(frames)}"
    assert _screen(browser) == frames[0].screen
    assert len(browser.find_elements("css selector", "#trail button")) == len(frames)


def test_curves_are_drawn(opened):
    browser, made = opened
    lines = browser.find_elements("css selector", "#charts polyline")
    assert [len(line.get_attribute("points").split()) for line in lines] == [
        len(curve.x) for curve in made.curves
    ]


def test_hostile_text_ran_nowhere(opened):
    browser, _ = opened
    assert browser.execute_script("return document.images.length") == 0
    assert browser.title == "Sixkeys report"
