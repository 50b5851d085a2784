"""What became of a run? Outcomes, one a test, made from a worker's reply or from the text of a cold pytest.

A run counts as finished only if its last record came and every collected test was reported; exit codes never
count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

WORST_LAST = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
OUTPUT_KEPT = 16_000
UNSAID = "failed"
"""The message of a failing test of whose failure no text was made, as child.py has it."""
UNFIT = "unfit"
"""Of a variant: it cannot be tried as one, only in a run of its own."""
BROKE = "broke"
"""Of a variant: a failing test passes, but one that is no probe fails."""
USAGE = 4
GAVE_UP = {3: "pytest ended on an internal error", USAGE: "pytest could not use the tests or configuration"}
"""Exit codes with which pytest gives up; they can make a result worse, never better."""
COLD_NAMES = {"PASSED": "passed", "FAILED": "failed", "ERROR": "error", "SKIPPED": "skipped",
              "XFAIL": "xfailed", "XPASS": "xpassed"}  # fmt: skip
COLD_DONE = re.compile(r" (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b")
COLD_FILE = re.compile(r"\.(?:py|md|rst|txt)::")
"""Where the name of a file of tests ends: of Python, or of text with doctests."""
COLD_SUBTEST = re.compile(r" SUB(PASSED|FAILED|FAIL|SKIPPED|XFAIL|XPASS)\b")
"""A part of a test: one that fails fails the test, whose own line may say that it passed."""
COLD_COUNT = re.compile(r"^(?:collecting \.\.\. )?collected (\d{1,9}) items?\b", re.MULTILINE)
COLD_END = re.compile(r"^=+ .{0,400} in [0-9.]{1,12}s.{0,40} =+$", re.MULTILINE)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys instead of showing it, or cannot show."""


class TestOutcome(NamedTuple):
    """What became of one test. A file that cannot be collected is a node of its own, with outcome error."""

    __test__ = False

    node: str
    outcome: str
    """passed | failed | error | skipped | xfailed | xpassed; collected where it was only looked for"""
    seconds: float
    message: str
    """Why it failed, a few lines without durations or addresses; empty where it did not."""


class Went(NamedTuple):
    """What became of one variant."""

    passed: int
    """How many of its tests passed."""
    ended: str
    """passed | failed | timeout | crashed | BROKE | UNFIT"""
    signs: str
    """`.` for each test that passed, `-` for one that did not, in their order, up to the last that ended."""


class RunResult(NamedTuple):
    """What became of one run."""

    outcomes: tuple[TestOutcome, ...]
    status: str
    """finished | timeout | crashed | flood (too much output) | refused (the tree cannot be written)"""
    seconds: float
    output: str
    """The tail of what pytest would print."""
    covered: Mapping[str, str] = MappingProxyType({})
    """Of a traced run: node -> the marks it passed, as tracer.py packs them."""
    lines: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Of a traced run: (path, the line of each mark in it), in the order of the marks."""
    variants: tuple[Went, ...] = ()
    """Of a run of variants, in their order, up to the last that was tried."""
    texts: tuple[str, ...] = ()
    """Of each failing test that said how it failed: its traceback and what it printed."""

    @property
    def passed(self) -> bool:
        """The run finished, there was a test, and every test passed or failed as it said it would."""
        kinds = {test.outcome for test in self.outcomes}
        return self.status == "finished" and "passed" in kinds and kinds <= {"passed", "xfailed"}


def assemble(message: Mapping[str, Any], request: Mapping[str, Any]) -> RunResult:
    """A result from what a worker replied. Its text is the code's under test: no character acts."""
    message = shown(message)
    if request["cold"]:
        return read_cold(message)
    if request.get("variants"):
        tried = tuple(Went(*r["variant"][1:]) for r in message["records"] if "variant" in r)
        return RunResult((), message["status"], message["seconds"], message["text"], variants=tried)
    worst: dict[str, TestOutcome] = {}
    texts: list[str] = []
    covered: dict[str, str] = {}
    lines: list = []
    collected: list[str] | None = None
    running = usage = ""
    for record in message["records"]:
        if "report" in record:
            node, phase, outcome, seconds, why, text = record["report"]
            _worsen(worst, TestOutcome(node, _named(phase, outcome), seconds, why))
            texts += [f"____ {node} ____\n{text}"] if text else []
            running = "" if phase == "teardown" else running
        running = record.get("start", running)
        collected = record.get("collected", collected)
        lines = record.get("lines", lines)
        usage = record.get("usage", usage)
        if "covered" in record:
            covered[record["covered"][0]] = record["covered"][1]
    if request.get("select"):
        for node in collected or ():
            worst.setdefault(node, TestOutcome(node, "collected", 0.0, ""))
    status, detail = message["status"], message["detail"]
    ended = ("error", "failed") if request.get("first") else ("error",)
    failed = any(test.outcome in ended for test in worst.values())
    code = message["records"][-1].get("end", 0) if message["records"] else 0
    if status == "finished" and code in GAVE_UP:
        status, detail = "crashed", usage or GAVE_UP[code]
    elif status == "finished" and not failed and (collected is None or set(collected) != set(worst)):
        status, detail = "crashed", "pytest ended before every test was reported"
    if status != "finished" and running and code != USAGE:
        detail = f"{detail}, in {running}"
        _worsen(worst, TestOutcome(running, "error", 0.0, message["detail"] or detail))
    return RunResult(
        tuple(worst.values()), status, message["seconds"], _output(worst, texts, detail, message["text"]),
        covered, tuple((path, tuple(numbers)) for path, numbers in lines), texts=tuple(texts),
    )  # fmt: skip


def shown(value: Any) -> Any:
    """The same lists and dicts, with texts that a terminal can only show."""
    if isinstance(value, str):
        return value if value.isprintable() else UNSEEN.sub("?", value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    return {key: shown(item) for key, item in value.items()} if isinstance(value, dict) else value


def _named(phase: str, outcome: str) -> str:
    return "error" if outcome == "failed" and phase != "call" else outcome


def _worsen(worst: dict[str, TestOutcome], new: TestOutcome) -> None:
    old = worst.setdefault(new.node, new)
    if old is new:
        return
    graver = max(old, new, key=lambda test: WORST_LAST.index(test.outcome))
    worst[new.node] = graver._replace(seconds=old.seconds + new.seconds)


def _output(worst: Mapping[str, TestOutcome], texts: Sequence[str], detail: str, said: str) -> str:
    """The same words in the same order every time: tracebacks, a line a test that did not pass, counts."""
    lines = [*texts, *([said.strip()] if said.strip() else [])]
    for test in worst.values():
        if test.outcome in ("failed", "error"):
            lines.append(f"{test.outcome.upper()} {test.node} - {test.message.partition(chr(10))[0]}")
    kinds = [test.outcome for test in worst.values()]
    lines.append(
        ", ".join(f"{kinds.count(kind)} {kind}" for kind in WORST_LAST if kind in kinds) or "no tests ran"
    )
    return "\n".join([*lines, *([detail] if detail else [])])[-OUTPUT_KEPT:]


def read_cold(message: Mapping[str, Any]) -> RunResult:
    """A result from the text of `python -m pytest -v -rA`: an independent way to the same outcomes."""
    text, detail = message["text"], message["detail"]
    worst: dict[str, TestOutcome] = {}
    running = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        summed, _, why = rest.partition(" - ")
        if kind in COLD_NAMES and kind != "SKIPPED" and _node(summed.partition("::")[0] + "::x"):
            _worsen(worst, TestOutcome(summed, COLD_NAMES[kind], 0.0, ""))
            worst[summed] = worst[summed]._replace(message=why)
        elif line.startswith("SUBFAIL") and ".py::" in line:
            file, _, test = line.partition(".py::")
            node, _, why = f"{file.rpartition(' ')[2]}.py::{test}".partition(" - ")
            _worsen(worst, TestOutcome(node, "failed", 0.0, why))
        elif node := _node(line):
            part = COLD_SUBTEST.search(node)
            if part:
                running = node[: part.start()]
                if part[1].startswith("FAIL"):
                    _worsen(worst, TestOutcome(running, "failed", 0.0, ""))
                continue
            done = COLD_DONE.search(node, len(_file(node)) + 1)
            running = "" if done else node.partition(" Fatal Python error: ")[0].rstrip()
            if done:
                _worsen(worst, TestOutcome(node[: done.start()], COLD_NAMES[done[1]], 0.0, ""))
    count = COLD_COUNT.search(text)
    failed = any(test.outcome == "error" for test in worst.values())
    complete = (
        count is not None and COLD_END.search(text) is not None and (failed or int(count[1]) == len(worst))
    )
    complete = complete and "\nINTERNALERROR>" not in text
    status = "finished" if complete else "crashed" if message["status"] == "finished" else message["status"]
    if not complete and running:
        _worsen(worst, TestOutcome(running, "error", 0.0, detail))
    return RunResult(tuple(worst.values()), status, message["seconds"], text[-OUTPUT_KEPT:])


def _node(line: str) -> str:
    """A line that begins with a node id, or ''. In one pass, however long and odd the line is."""
    file = _file(line)
    return line if file and len(line) > len(file) and not re.search(r"\s", file) else ""


def _file(line: str) -> str:
    """What a line says up to where its first name of a file of tests ends, the colons with it, or ''."""
    found = COLD_FILE.search(line)
    return line[: found.end()] if found and found.start() else ""
