"""Do marks change nothing but the bytearray, and say which lines ran? `sys.settrace` gives the answer."""

from __future__ import annotations

import ast
import base64
import builtins
import sys
import zlib
from pathlib import Path

import pytest

from sixkeys.envs.repo.tracer import NAME, Tracer

PROGRAM = '''"""Text of the module."""
from __future__ import annotations
import enum


class Colour(enum.Enum):
    """Text."""
    RED = 1
    BLUE = 2

    def warm(self):
        return self is Colour.RED


def steps(n):
    """Text."""
    total = 0
    for i in range(n):
        if i % 2:
            total += i
        elif i == 4:
            continue
        else:
            total -= 1
    else:
        total *= 1
    try:
        total // (n - 3)
    except ZeroDivisionError:
        total = 99
    finally:
        total += 0
    match n:
        case 1:
            total = -total
        case _:
            pass
    with open(__file__) as file:
        file.readline()
    return lambda: (
        total
    )


global_name = 1


def rebinds():
    global global_name
    global_name = 2
    while global_name < 5:
        global_name += 1
    return global_name
'''
CALLS = [
    "steps(0)()",
    "steps(1)()",
    "steps(3)()",
    "steps(6)()",
    "rebinds()",
    "Colour.RED.warm()",
    "list(Colour)",
]


def statements(source: str) -> set[int]:
    return {node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)}


def traced(path: Path, expression: str) -> tuple[object, set[int]]:
    """The value, and the lines that Python's own tracing saw while it was worked out."""
    space: dict = {"__file__": str(path), "__name__": "program"}
    exec(compile(PROGRAM, str(path), "exec"), space)
    lines: set[int] = set()

    def look(frame, event, _):
        if frame.f_code.co_filename == str(path) and event == "line":
            lines.add(frame.f_lineno)
        return look if frame.f_code.co_filename == str(path) else None

    code = compile(expression, "<expression>", "eval")
    before = sys.gettrace()
    sys.settrace(look)
    try:
        value = eval(code, space)
    finally:
        sys.settrace(before)
    return value, lines


@pytest.mark.parametrize("expression", CALLS)
def test_the_marks_say_what_tracing_says(tmp_path: Path, expression: str, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    value, lines = traced(path, expression)
    tracer = Tracer(str(tmp_path))
    monkeypatch.setattr(builtins, NAME, tracer.seen, raising=False)
    space: dict = {"__file__": str(path), "__name__": "program"}
    exec(tracer.marked(str(path), PROGRAM.encode()), space)
    texts = [space["__doc__"], space["steps"].__doc__, space["Colour"].__doc__]
    assert texts == ["Text of the module.", "Text.", "Text."]
    tracer.begin()
    assert str(eval(expression, space)) == str(value)
    seen = zlib.decompress(base64.b64decode(tracer.taken()))
    [(name, places)] = tracer.lines
    marked = {line for line, mark in zip(places, seen, strict=True) if mark}
    assert name == "program.py"
    docstrings = {7, 16}
    declarations = {i for i, text in enumerate(PROGRAM.splitlines(), 1) if "global global_name" in text}
    assert marked - declarations == (lines & statements(PROGRAM)) - docstrings
