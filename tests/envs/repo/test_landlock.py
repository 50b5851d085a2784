"""Does the tier without namespaces hold, give the same outcomes, and say in what it is weaker?

Whatever kills, fills or spies runs in the outer box of tests/attacks, as an ordinary user, never here.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torture import SAMPLES

import sixkeys
from sixkeys.envs.repo import landlock, sandbox, seatbelt
from sixkeys.envs.repo.doctor import doctor
from sixkeys.envs.repo.interpreter import Interpreter
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import IsolationError, Launcher, Limits, Place

TESTS = Path(__file__).parents[2]
ATTACKS = TESTS / "attacks"
sys.path.append(str(ATTACKS))
argv = importlib.import_module("outer").argv

ROOM = 400 << 20
IT, BEFORE, AFTER = "test_x.py::test_it", "test_x.py::test_before", "test_x.py::test_after"
THREE = {BEFORE: "passed", AFTER: "passed"}
DIFFERENT = {
    "kills everything": [THREE | {IT: "passed"}, "finished"],
    "kills its runner": [THREE | {IT: "failed"}, "finished"],
    "closes its folder": [THREE | {IT: "failed"}, "finished"],
}
"""A signal to everybody reaches nobody, one to its runner and a change of rights are refused."""


@functools.cache
def inside(part: str, rooted: bool = False) -> dict[str, Any]:
    """What a part of walled.py says in the box."""
    if landlock.lacking(landlock.version()):
        pytest.skip(landlock.lacking(landlock.version()))
    source = Path(sixkeys.__file__).parents[1]
    paths = [str(path) for path in (source, ATTACKS, Path(__file__).parent)]
    start = f"import sys, runpy; sys.path[:0] = {paths}; sys.argv = {['walled.py', part]}; "
    start += f"runpy.run_path({str(Path(__file__).parent / 'walled.py')!r}, run_name='__main__')"
    command = argv(["-c", start], [str(source), str(TESTS)], ROOM, rooted)
    if command is None:
        pytest.skip("no bwrap, prlimit or setpriv: no outer box")
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_gives_the_known_outcomes_and_leaves_nothing_behind(name: str):
    wanted = DIFFERENT.get(name, [SAMPLES[name].outcomes, SAMPLES[name].status])
    assert inside("outcomes")["samples"][name] == [*wanted, True]


def test_its_folder_is_removed():
    assert inside("outcomes")["folders"] == []


def test_where_user_namespaces_are_closed_doctor_prints_the_tier_and_its_weaknesses():
    found = inside("doctor")
    words = " ".join(found["said"].replace("│", " ").split())
    assert found["uid"] != 0
    assert found["code"] == 0, found["said"]
    assert "landlock + seccomp (weaker: no namespaces" in words
    assert all(weakness in words for weakness in landlock.WEAKER)
    assert words.count(" yes ") == len([act for act in acts() if act]) + 1


def test_root_of_a_container_becomes_somebody_else():
    if os.geteuid() != 0:
        pytest.skip("only root can try it")
    found = inside("doctor", rooted=True)
    assert (found["uid"], found["code"]) == (0, 0), found["said"]


def test_whoever_dies_nothing_is_left():
    found = inside("leftovers")
    assert found == {
        "a run": [True, True], "client": [True, True],
        "warm parent": [True, True, "crashed", True], "guard": [True, True, "crashed", True],
    }  # fmt: skip


def test_nothing_of_the_user_the_tester_or_the_machine_can_be_opened():
    found = inside("secrets")
    assert found["opened"] == []
    assert found["tried"] == found["paths"]


def test_no_way_leads_to_what_is_the_users_own():
    found = inside("reaches")
    assert (found["through"], found["tried"]) == ([], 49)
    assert found["same"]
    assert (found["heard"], found["text"], found["after"]) == ([], "secret", True)


@pytest.mark.slow
def test_a_tier_with_a_hole_is_refused_and_the_hole_named():
    said = inside("leaky")
    for hole, words in {
        "signals": "above this layer can be reached", "the run's own layer": "cannot stop its runner",
        "sockets": "cannot speak to a service of the machine (AssertionError: connected",
        "rights and times": "cannot change a file outside (AssertionError: set rights",
        "the disk": "disk is limited (AssertionError: wrote more than the limit",
    }.items():  # fmt: skip
        assert words in said[hole]


def acts() -> list[str]:
    source = (Path(sandbox.__file__).parent / "forbidden.py").read_text()
    return [line for line in source.splitlines() if line.startswith("def test_")]


def test_an_older_kernel_is_refused_with_the_reason():
    assert landlock.lacking(6) == landlock.lacking(7) == ""
    for version, missing in ((0, "Landlock itself"), (3, "TCP ports"), (4, "devices"), (5, "signals")):
        assert missing in landlock.lacking(version)
    said = inside("refused")["said"]
    assert "this kernel has version 5 of Landlock, 6 is the least; missing: signals" in said
    assert "--isolation none" in said


def test_a_tier_that_was_asked_for_is_the_only_one_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    broken = Launcher("bwrap (system)", str(program), False)
    weak = Launcher(sandbox.LANDLOCK, None, False, "landlock", "too old")
    monkeypatch.setattr("sixkeys.envs.repo.runner.launchers", lambda: [broken, weak])
    for isolation, named in (
        ("bwrap", {"bwrap"}),
        ("landlock", {"landlock"}),
        ("auto", {"bwrap", "landlock"}),
    ):
        with pytest.raises(IsolationError) as caught:
            Runner(1, isolation)
        tried = [line for line in str(caught.value).splitlines() if line.startswith("  - ")]
        assert {line.split()[1] for line in tried} == named


def test_bubblewrap_comes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox, "bundled_bwrap", lambda: "/opt/bwrap")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert [each.tier for each in sandbox.launchers(as_root=False)] == ["bwrap", "bwrap", "landlock"]


def test_only_the_copy_and_a_few_devices_can_be_written():
    rules = landlock.rules({"base": "/tmp/copy", "reads": ["/opt/env"]}, {})
    writers = {path for path, rights in rules.items() if rights & ~landlock.READ}
    assert writers == {"/tmp/copy", "/dev/null", "/dev/full"}
    assert not {"/", "/etc", "/home", "/tmp", "/var", "/run", "/proc", "/dev"} & set(rules)
    assert not rules["/tmp/copy"] & landlock.SPECIAL


# --- macOS, whose tier is text only ---

PROFILE = """(version 1)
(deny default)
(deny network*)
(allow process-fork)
(allow process-exec {seen})
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow file-read* {seen} (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") \
(literal "/dev/urandom"))
(allow file-write* (subpath "/private/copy") (literal "/dev/null"))"""


def test_the_profile_refuses_everything_but_the_interpreter_and_the_copy():
    seen = " ".join(f'(subpath "{path}")' for path in (*seatbelt.SYSTEM, '/opt/a \\"b\\"', "/private/copy"))
    assert seatbelt.profile(['/opt/a "b"'], "/private/copy") == PROFILE.format(seen=seen)


def test_on_macos_the_tier_is_named_unverified_and_refuses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "darwin")
    (only,) = sandbox.launchers()
    assert (only.tier, only.name) == ("sandbox-exec", "sandbox-exec (unverified)")
    python = Interpreter("/opt/python", (3, 11), "9.0", ("/opt",))
    place = Place(python, "/private/copy", "/private/copy/repo", True)
    command = sandbox.command(only, Limits(), ["warm.py", "{}"], place)
    assert command[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert command[3] == "/opt/python"
    (check,) = doctor()
    assert not check.held
    assert "sandbox-exec (unverified): it was never verified" in check.detail
