"""Does the house stand? The checks of `house.py` find nothing in our source, and find every planted fault."""

from __future__ import annotations

import functools
import re
import shutil
from pathlib import Path

import house
import pytest
from house import (
    arrows,
    budget,
    cycles,
    environment_reads,
    face,
    jax_at_home,
    jaxless,
    quiet,
    sizes,
    told,
    words,
)

REPOSITORY = Path(__file__).parent.parent
SRC = REPOSITORY / "src"


@functools.cache
def ours(check: house.Check) -> list[str]:
    """What a check says of our own source."""
    return check(SRC)


def copied(folder: Path) -> Path:
    """A source root of its own, to plant faults in."""
    shutil.copytree(
        SRC / house.PACKAGE, folder / house.PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "weights")
    )
    return folder


# --- our own house ---


@pytest.mark.parametrize("check", house.CHECKS, ids=lambda check: check.__name__)
def test_the_house_stands(check):
    assert ours(check) == []


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks"])
def test_files_beside_the_source_are_small_too(folder):
    found = sorted((REPOSITORY / folder).rglob("*.py"))
    assert [complaint for file in found for complaint in house.oversize(file, file.name)] == []


def claims(page: str, root: Path, package: Path) -> list[str]:
    """What the roadmap's page calls built or partly built, or gives as evidence, and is not there."""
    complaints = []
    for row in re.findall(r"^\| (L\d+ \|.*)\|$", page, re.MULTILINE):
        line, _, where, state, evidence = (cell.strip() for cell in row.split("|"))
        if state not in ("built", "partly", "not built"):
            complaints.append(f"{line}: unknown state {state!r}")
        named = re.findall(r"`([\w./]+\.(?:py|md))`", where if state != "not built" else "")
        named += re.findall(r"`(tests/[\w./]+)`", evidence)
        complaints += [
            f"{line}: {n} is missing" for n in named if not ((package / n).exists() or (root / n).exists())
        ]
        if state != "not built" and not evidence:
            complaints.append(f"{line}: no evidence")
    return complaints


def test_the_roadmap_page_tells_the_truth_about_files():
    page = (REPOSITORY / "docs" / "roadmap.md").read_text()
    assert claims(page, REPOSITORY, SRC / house.PACKAGE) == []
    assert page.count("\n| L") > 100


def test_a_false_claim_on_the_roadmap_page_is_named(tmp_path):
    rows = "| L1 | a | `envs/no.py` | built | `tests/no.py` |\n| L2 | b | `no.py` | done | x |\n"
    rows += "| L3 | c | `x.py` | not built | |\n| L4 | d | `.` | partly | |\n"
    found = claims(rows, tmp_path, tmp_path)
    assert len(found) == 5
    assert found[:2] == ["L1: envs/no.py is missing", "L1: tests/no.py is missing"]
    assert "L4: no evidence" in found
    assert "L2: unknown state 'done'" in found


# --- planted faults ---

LONG_FUNCTION = "def long():\n" + "    print(1)\n" * house.FUNCTION_LINES
PLANTS: list[tuple[house.Check, str, str, str]] = [
    (arrows, "envs/planted.py", "import sixkeys.agent", "envs may not import sixkeys.agent"),
    (arrows, "envs/planted.py", "from sixkeys import training", "envs may not import sixkeys.training"),
    (arrows, "envs/planted.py", "import sixkeys", "envs may not import sixkeys"),
    (arrows, "envs/repo/planted.py", "from ...memory import anything", "envs may not import sixkeys.memory"),
    (arrows, "contract.py", "from sixkeys.loop import walk", "contract may not import sixkeys.loop"),
    (arrows, "loop.py", "def lazy():\n    import sixkeys.planning", "loop may not import sixkeys.planning"),
    (arrows, "safety/planted.py", "RULES = {'x': 'sixkeys.loop:walk'}", "safety may not import sixkeys.loop"),
    (
        arrows,
        "safety/planted.py",
        "log = log_of('sixkeys.envs.pool')",
        "safety may not import sixkeys.envs.pool",
    ),
    (arrows, "memory/planted.py", "import sixkeys.language", "memory may not import sixkeys.language"),
    (arrows, "planning/planted.py", "import sixkeys.agent", "planning may not import sixkeys.agent"),
    (arrows, "agent/planted.py", "import sixkeys.training", "agent may not import sixkeys.training"),
    (arrows, "training/train.py", "import sixkeys.bench", "training may not import sixkeys.bench"),
    (
        arrows,
        "training/train.py",
        "from sixkeys.envs.pool import Pool",
        "training may not import sixkeys.envs.pool",
    ),
    (arrows, "training/planted.py", "import sixkeys.memory", "training may not import sixkeys.memory"),
    (arrows, "bench/planted.py", "import sixkeys.agent", "bench may not import sixkeys.agent"),
    (arrows, "attic/planted.py", "'''Attic.'''", "attic is no room"),
    (cycles, "envs/pool.py", "import sixkeys.envs.planted", "sixkeys.envs.planted"),
    (cycles, "envs/pool.py", "class Late:\n    import sixkeys.envs.planted", "sixkeys.envs.planted"),
    (
        jax_at_home,
        "envs/planted.py",
        "def lazy():\n    import jax.numpy as jnp",
        "envs/planted.py: may not import jax",
    ),
    (jax_at_home, "bench/planted.py", "from optax import adam", "bench/planted.py: may not import optax"),
    (sizes, "envs/planted.py", "#\n" * house.FILE_LINES, f"{house.FILE_LINES + 3} lines"),
    (sizes, "envs/planted.py", LONG_FUNCTION, f"long has {house.FUNCTION_LINES + 1} lines"),
    (budget, "envs/planted.py", "x = 1\n" * house.CODE_LINES, "code lines"),
    (told, "envs/planted/__init__.py", "x = 1", "envs/planted/__init__.py: no module docstring"),
    (words, "envs/planted.py", "x = 1  # TO" + "DO: later", "TODO"),
    (words, "envs/planted.py", "def f():\n    raise NotImplemented" + "Error", "NotImplementedError"),
    (words, "envs/planted.py", "x: int = ''  # type:" + " ignore", "ignore"),
    (words, "envs/planted.py", "import os  # no" + "qa", "noqa"),
    (environment_reads, "envs/planted.py", "import os\nX = os.environ.get('X')", "envs/planted.py: reads"),
    (environment_reads, "loop.py", "from os import getenv\nX = getenv('X')", "loop.py: reads"),
    (quiet, "__init__.py", "print('hello')", "prints 'hello"),
    (quiet, "__init__.py", "import sys\nsys.stderr.write('x')", "prints 'x'"),
    (quiet, "__init__.py", "import os\nos.makedirs(os.path.dirname(__file__) + '/made')", "os.mkdir"),
    (quiet, "__init__.py", "open(__file__ + '.txt', 'w').close()", "for writing"),
    (quiet, "__init__.py", "import jax", "imports jax"),
    (quiet, "__init__.py", "import subprocess\nsubprocess.run(['true'])", "subprocess.Popen"),
    (
        jaxless,
        "envs/planted.py",
        "raise SystemExit(3)",
        "sixkeys.envs.planted cannot be imported: SystemExit(3)",
    ),
    (jaxless, "envs/planted.py", "__import__('optax')", "imports optax"),
    (face, "__init__.py", "__all__ = ['nothing']", "nothing cannot be imported"),
    (face, "__init__.py", "def bare(): ...\n__all__ = ['bare']", "bare has no docstring"),
    (face, "__init__.py", "number = 3\n__all__ = ['number']", "number has no docstring"),
    (face, "__init__.py", "__all__ = ['sys'] * 26\nimport sys", "26 public names"),
    (face, "__init__.py", "globals().pop('__all__', None)", "no __all__"),
]


@pytest.mark.parametrize(("check", "file", "text", "complaint"), PLANTS)
def test_a_planted_fault_is_named(tmp_path, check, file, text, complaint):
    planted = copied(tmp_path) / house.PACKAGE / file
    planted.parent.mkdir(exist_ok=True)
    before = planted.read_text() if planted.exists() else ""
    planted.write_text(f"{before}\n\n{text}\n")
    if check is cycles:
        (planted.parent / "planted.py").write_text("from sixkeys.envs.pool import Pool\n")
    found = check(tmp_path)
    assert [line for line in found if complaint in line], found


def test_imports_in_functions_and_for_type_checkers_are_no_cycle(tmp_path):
    envs = copied(tmp_path) / house.PACKAGE / "envs"
    (envs / "planted.py").write_text("from sixkeys.envs.pool import Pool\n")
    lazy = "\n\ndef lazy():\n    import sixkeys.envs.planted\n"
    typed = "\n\nif TYPE_CHECKING:\n    import sixkeys.envs.planted\n"
    (envs / "pool.py").write_text((envs / "pool.py").read_text() + lazy + typed)
    assert cycles(tmp_path) == ours(cycles)


COUNTED = '''"""Doc
string."""

# comment
x = [
    1,

]  # the blank line above is no code
"""Attribute."""


def f():
    """Doc."""
    return "a" + """two
lines"""
'''


def test_code_lines_are_counted_as_by_hand(tmp_path):
    (tmp_path / "counted.py").write_text(COUNTED)
    assert house.code_lines(tmp_path / "counted.py") == 3 + 3
