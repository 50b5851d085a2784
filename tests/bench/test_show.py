"""The page and the table: self-contained, escaped, complete."""

import io
import json
import re
from html.parser import HTMLParser

import pytest
from demo import HOSTILE, a_life, report
from rich.console import Console

from sixkeys.bench.report import ReplayRow, Report
from sixkeys.bench.show import blocks, embed, number, page, percent, table, write_html
from sixkeys.bench.suite import THINKERS


@pytest.fixture(scope="module")
def found() -> Report:
    """A demo report in which one recorded screen and key name are hostile too."""
    made = report()
    row = made.replays[0].model_dump()
    row["episode"]["frames"][0]["screen"] = HOSTILE
    row["episode"]["keys"][0] = HOSTILE
    replays = (ReplayRow.model_validate(row), *made.replays[1:])
    return made.model_copy(update={"replays": replays, "lives": (a_life(),)})


class Tags(HTMLParser):
    """Every element, its attributes, and the text of scripts."""

    def __init__(self):
        super().__init__()
        self.found, self.scripts = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.found[-1:] and self.found[-1][0] == "script":
            self.scripts.append(data)


@pytest.fixture(scope="module")
def tags(found) -> Tags:
    parser = Tags()
    parser.feed(page(found))
    return parser


def test_nothing_is_fetched(found, tags):
    for tag, attributes in tags.found:
        assert tag not in ("img", "iframe", "object", "embed", "base"), tag
        assert "src" not in attributes
        assert attributes.get("href", "data:,") == "data:,"
    assert "url(" not in page(found)
    assert "@import" not in page(found)


def test_hostile_text_stays_text(found, tags):
    assert [tag for tag, _ in tags.found].count("script") == 2
    assert all(not name.startswith("on") for _, attributes in tags.found for name in attributes)
    data = json.loads(tags.scripts[0])
    assert data["replays"][0]["episode"]["frames"][0]["screen"] == HOSTILE
    assert not re.search(r"[<>&\u2028]", embed(found))
    assert HOSTILE not in page(found)


def test_the_page_holds_every_row_gate_and_definition(found):
    text = page(found)
    for name in (*THINKERS, *found.definitions):
        assert name.replace("_", " ") in text.replace("_", " ")
    assert f"{sum(gate.passed for gate in found.gates)} of 3 gates passed" in text
    assert "isolation: none" in text
    assert "Eval[masked]" in text
    assert "Eval[unmasked]" in text


def test_a_bare_report_has_a_page_too(found, tmp_path):
    bare = found.model_copy(update={"gates": (), "curves": (), "replays": (), "violations": (), "gaps": ()})
    write_html(bare, tmp_path / "bare.html")
    text = (tmp_path / "bare.html").read_text(encoding="utf-8")
    assert "No gates in this run" in text
    assert 'id="player"' not in text


def test_a_life_is_drawn_as_a_matrix(found):
    text = page(found)
    assert text.count('class="life"') == 1
    assert text.count('class="taught"') == 2
    assert "forgetting <b>0.400</b>" in text
    assert ">–</td>" in text, "what was not measured is a dash"


def test_blocks_follow_the_report(found):
    (block,) = blocks(found)
    assert [line.thinker for line in block.lines] == list(THINKERS)
    assert all(line.masked.mode == "masked" and line.unmasked.mode == "unmasked" for line in block.lines)
    assert block.lines[0].gap.thinker == "agent"


def test_the_terminal_table_names_both_modes_and_every_thinker(found):
    console = Console(width=120, file=io.StringIO())
    console.print(table(found))
    lines = console.file.getvalue().splitlines()
    assert any("Eval[masked]" in line and "Eval[unmasked]" in line for line in lines)
    agent = next(line for line in lines if " agent " in line)
    assert agent.count("100.0") >= 2
    assert all(any(f" {name} " in line for line in lines) for name in THINKERS)


def test_numbers_for_people():
    assert (percent(0.983), percent(None), percent(0.05, True), number(4.25, 1)) == (
        "98.3",
        "–",
        "+5.0",
        "4.2",
    )
