"""Is the sandbox a sandbox? Each escape works where nothing defends, and inside it does not.

The baits run in the outer box (outer.py) or in the product's sandbox (defended.py), never here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from defended import SMALL, attack
from escapes import ALL, MAY_BE_MISSING, REACH, STATED, UNPROVEN
from outer import argv, tried

import sixkeys
from sixkeys.envs.repo.landlock import lacking, version
from sixkeys.envs.repo.sandbox import Limits

sys.path.append(str(Path(__file__).parents[1] / "envs" / "repo"))
from test_sandbox import as_user

PROVEN_AT_LEAST, DEADLY = 60, "kills_everything"
FACTS = {"limits": SMALL._asdict(), "patience": 0.0, "seconds": 0.2}


@pytest.fixture(scope="module")
def box():
    if argv() is None:
        pytest.skip("no bwrap, prlimit or setpriv: no outer box")
    if tried([], FACTS) != {"end": "lives"}:
        pytest.skip(f"the outer box does not start here: {tried([], FACTS)}")


def test_all_are_named_once():
    assert len(set(ALL)) == len(ALL)
    assert set(ALL) >= {*UNPROVEN, *MAY_BE_MISSING}
    assert not set(UNPROVEN) & MAY_BE_MISSING
    assert all(UNPROVEN.values())


@pytest.mark.slow
def test_each_bait_works_where_nothing_defends(box: None):
    names = [name for name in ALL if name not in UNPROVEN and name != DEADLY]
    said = tried(names, FACTS)
    assert said.pop("end", "") == "lives"
    said[DEADLY] = "worked" if "end" not in tried([DEADLY], FACTS) else "the box lives"
    failed = {name: how for name, how in said.items() if how != "worked"}
    assert {name: how for name, how in failed.items() if name not in MAY_BE_MISSING} == {}
    assert set(said) == set(ALL) - set(UNPROVEN)
    proven = [name for name in said if said[name] == "worked"]
    assert len(proven) >= PROVEN_AT_LEAST


def stopped(
    found: dict[str, Any], names: list[str], tier: str = "bwrap", stated: Collection[str] = ()
) -> None:
    """Nothing escaped, every innocent run was right, nothing outside changed, nothing is left running."""
    said = found["said"]
    assert {name for name, how in said.items() if how == "escaped"} <= set(stated)
    assert found["broken"] == []
    assert found["changed"] == []
    assert found["left"] == 0
    assert found["isolation"].startswith(tier)
    tried_inside = {name.removeprefix("find_") for name in said}
    assert tried_inside >= set(names)


@pytest.mark.slow
def test_none_escapes_from_what_outlives_a_run(checked: None):
    stopped(attack(live=True), ALL)


def test_none_escapes_from_a_run_without_a_repository(checked: None):
    stopped(attack(live=False), REACH)


@pytest.mark.slow
def test_none_escapes_from_an_ordinary_users_runs(checked: None):
    if not os.access(Path(__file__).parent, os.R_OK | os.X_OK):
        pytest.skip("this folder cannot be read")
    program = str(Path(__file__).parent / "defended.py")
    done = subprocess.run(
        as_user(program), capture_output=True, text=True, timeout=300, cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(sixkeys.__file__).parents[1])}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["uid"] != 0
    stopped(found, ALL)


@pytest.mark.parametrize(
    ("part", "names"), [pytest.param("reach", REACH), pytest.param("", ALL, marks=pytest.mark.slow)]
)
def test_without_namespaces_none_escapes_but_what_the_tier_says(box: None, part: str, names: list[str]):
    """Only in the outer box: what this tier would let out reaches nothing there."""
    if lacking(version()):
        pytest.skip(lacking(version()))
    source, here = Path(sixkeys.__file__).parents[1], Path(__file__).parent
    start = f"import sys, runpy; sys.path[:0] = {[str(source), str(here)]}; "
    start += f"sys.argv[1:] = ['landlock', {part!r}]; "
    start += f"runpy.run_path({str(here / 'defended.py')!r}, run_name='__main__')"
    command = argv(["-c", start], [str(source), str(here)], disk=2 * Limits().disk)
    assert command is not None
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    stopped(json.loads(done.stdout.splitlines()[-1]), names, "landlock", STATED)


@pytest.fixture(scope="module")
def checked():
    from sixkeys.envs.repo.doctor import doctor

    found = doctor()
    if not found[0].held:
        pytest.skip(found[0].detail)
