"""Does the sandbox hold, for root and for an ordinary user, and does it say so where it does not?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sixkeys.envs.repo import sandbox
from sixkeys.envs.repo.doctor import doctor
from sixkeys.envs.repo.interpreter import Interpreter, here
from sixkeys.envs.repo.runner import Runner
from sixkeys.envs.repo.sandbox import Check, IsolationError, Launcher, Limits, command, probe

NOBODY = 65534
ACTS = {
    "cannot speak to a service of the machine", "cannot change a file outside",
    "cannot watch a folder outside",
    "is not root", "has no capabilities", "has no network", "opens no socket outside its namespace",
    "inherits nothing", "cannot read a file outside", "cannot read the home", "cannot write outside",
    "cannot mount", "cannot nest a namespace", "cannot enter another process",
    "cannot use the kernels machinery", "memory beyond counting is refused",
    "sees no process of the host", "cannot stop its runner", "cannot change its runner",
    "memory is limited", "files are limited", "disk is limited", "processes are limited",
}  # fmt: skip
DOCTOR = """
from sixkeys.envs.repo.doctor import doctor
for check in doctor():
    print(check.held, check.name, check.detail)
"""
TORTURE = """
import sys
sys.path.insert(0, sys.argv[1])
from torture import GOOD, SAMPLES
from sixkeys.envs.repo.runner import Runner
with Runner(1) as runner:
    for name in sys.argv[2:]:
        sample = SAMPLES[name]
        result = runner.run(sample.files, seconds=sample.seconds)
        found = {test.node: test.outcome for test in result.outcomes}
        print(name, (found, result.status) == (sample.outcomes, sample.status) and runner.run(GOOD).passed)
"""


def pairs(argv: list[str], flag: str) -> list[tuple[str, str]]:
    """(source, target) of each mount made with `flag`."""
    return [(argv[i + 1], argv[i + 2]) for i, word in enumerate(argv) if word == flag]


@pytest.mark.parametrize(
    ("where", "base"), [("/opt/env/bin/python", "/tmp"), ("/tmp/env/bin/python", "/scratch")]
)
def test_an_interpreter_in_tmp_is_not_hidden(where: str, base: str):
    place = sandbox.place_inside(Interpreter(where, (3, 11), "9.0", (str(Path(where).parent),)))
    assert (place.base, place.repo, place.bare) == (base, f"{base}/repo", True)
    argv = command(Launcher("bwrap", "/usr/bin/bwrap", False), Limits(), ["warm.py", "{}"], place)
    last = len(argv) - 1 - argv[::-1].index("--ro-bind")
    covers = [argv[i + 1] for i, word in enumerate(argv) if word == "--tmpfs" and i > argv.index(where[:-7])]
    assert covers == [base, "/dev/shm"]
    assert not any(where.startswith(f"{folder}/") for folder in covers)
    assert last < argv.index("--tmpfs")


@pytest.mark.parametrize(
    ("root", "base", "bare"),
    [
        ("/home/me/work", "/tmp", False),
        ("/tmp/work", "/scratch", False),
        ("/tmp", "/tmp", True),
        ("/", "/tmp", True),
        ("/opt/env/lib/work", "/tmp", True),
    ],
)
def test_a_repository_has_a_small_file_system_of_its_own_in_its_own_place(root: str, base: str, bare: bool):
    python = Interpreter("/opt/env/bin/python", (3, 11), "9.0", ("/opt/env/bin", "/opt/env/lib"))
    place = sandbox.place_inside(python, root)
    assert (place.base, place.bare) == (base, bare)
    argv = command(Launcher("bwrap", "/usr/bin/bwrap", False), Limits(disk=77), ["warm.py", "{}"], place)
    sized = [argv[i + 2 :][1] for i, word in enumerate(argv) if word == "--size"]
    assert sized == [*([] if bare else [root]), base, "/dev/shm"]
    assert root == "/" or root not in [source for source, _ in pairs(argv, "--ro-bind")]


def test_a_virtual_environment_inside_the_repository_is_seen():
    python = Interpreter("/home/me/work/.venv/bin/python", (3, 9), "8.0", ("/home/me/work/.venv/bin",))
    place = sandbox.place_inside(python, "/home/me/work")
    argv = command(Launcher("bwrap", "/usr/bin/bwrap", False), Limits(), ["warm.py", "{}"], place)
    assert argv.index("/home/me/work") < argv.index("/home/me/work/.venv/bin")
    inside = argv.index("/home/me/work/.venv")
    assert argv[inside - 3 : inside] == ["--perms", "0755", "--dir"], "others than root may enter"
    assert argv.index("--tmpfs") < inside < argv.index("/home/me/work/.venv/bin")
    assert "-P" not in argv


@pytest.mark.parametrize("user_namespace", [False, True])
def test_the_command_line_opens_nothing_but_the_interpreter(user_namespace: bool):
    launcher, place = Launcher("bwrap", "/usr/bin/bwrap", user_namespace), sandbox.place_inside()
    argv = command(launcher, Limits(disk=12345), ["warm.py", "{}"], place._replace(base="/tmp"))
    before, inside = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    wanted = {
        "--unshare-net",
        "--unshare-pid",
        "--unshare-ipc",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    }
    assert wanted <= set(before)
    assert ("--unshare-user" in before) == user_namespace
    assert [name for i, name in enumerate(before) if before[i - 1] == "--cap-add"] == (
        [] if user_namespace else ["CAP_SETUID", "CAP_SETGID"]
    )
    assert not {"--bind", "--dev-bind", "--bind-try", "--share-net", "--overlay"} & set(before)
    mounts = [source for source, _ in pairs(before, "--ro-bind")]
    home = os.path.expanduser("~")
    assert not {"/", "/etc", "/home", "/root", "/var", "/run", home, str(Path(sys.prefix).parent)} & set(
        mounts
    )
    assert [before[i + 2 :][:2] for i, word in enumerate(before) if word == "--size"] == [
        ["--tmpfs", "/tmp"], ["--tmpfs", "/dev/shm"],
    ]  # fmt: skip
    assert inside[:1] == [sys.executable]
    assert inside[-2:] == ["/sixkeys/warm.py", "{}"]


def test_everything_that_the_interpreter_needs_is_there():
    paths = ["/usr", *here().paths]
    for needed in (sys.executable, os.path.realpath(sys.executable), os.__file__, pytest.__file__):
        assert any(needed.startswith(f"{path}/") for path in paths), needed
    assert not any(a != b and b.startswith(f"{a}/") for a in paths for b in paths)


def test_root_makes_no_user_namespace_and_others_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sandbox.launchers(as_root=True)[0] == Launcher("bwrap (system)", str(program), False)
    assert sandbox.launchers(as_root=False)[0] == Launcher("bwrap (system)", str(program), True)


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    found = doctor()
    if not found[0].held:
        pytest.skip(found[0].detail)
    return found


def test_every_forbidden_act_is_tried_and_stopped(checks: list[Check]):
    assert {check.name for check in checks[1:]} == ACTS
    assert [check for check in checks if not check.held] == []


def test_a_runner_says_what_is_in_force(checks: list[Check]):
    with Runner(1) as runner:
        assert runner.isolation == checks[0].detail
        assert runner.isolation in ("bwrap (system)", "bwrap (bundled)")


def test_nothing_forbidden_is_tried_without_isolation():
    assert [(check.name, check.held) for check in doctor("none")] == [("isolation", False)]


def test_an_act_that_was_not_tried_did_not_hold():
    assert not any(check.held for check in probe(lambda tree: [], Limits()))
    assert {check.name for check in probe(lambda tree: [], Limits())} == ACTS


def test_a_sandbox_that_does_not_start_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    broken = Launcher("bwrap (system)", str(program), False)
    monkeypatch.setattr("sixkeys.envs.repo.runner.launchers", lambda: [broken])
    with pytest.raises(IsolationError, match="No permissions to create new namespace") as caught:
        Runner(1, "auto")
    assert "--isolation none" in str(caught.value)
    assert "apt install bubblewrap" in str(caught.value)


def test_a_sandbox_that_does_not_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checks: list[Check]
):
    """A real sandbox with the network left open: it starts, and the check finds the hole."""
    real = sandbox.launchers()[0]
    program = tmp_path / "bwrap"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "words = [word for word in sys.argv[1:] if word != '--unshare-net']\n"
        f"os.execv({real.bwrap!r}, [{real.bwrap!r}, *words])\n"
    )
    program.chmod(0o755)
    leaky = real._replace(bwrap=str(program))
    monkeypatch.setattr("sixkeys.envs.repo.runner.launchers", lambda: [leaky])
    with pytest.raises(IsolationError, match="this did not hold: has no network"):
        Runner(1, "auto")


def test_where_no_bwrap_is_found_the_refusal_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sixkeys.envs.repo.runner.launchers", lambda: [])
    with pytest.raises(IsolationError, match="no `bwrap` in PATH"):
        Runner(1, "bwrap")


def as_user(*words: str) -> list[str]:
    """The argv that runs this interpreter as an ordinary user, even where it lies in root's home."""
    setpriv, found = shutil.which("setpriv"), sandbox.launchers()
    if os.geteuid() != 0:
        return [sys.executable, *words]
    if setpriv is None or not found:
        pytest.skip("no setpriv or no bwrap: an ordinary user cannot be tried from root here")
    argv = [
        str(found[0].bwrap),
        "--dev-bind",
        "/",
        "/",
        "--perms",
        "0755",
        "--tmpfs",
        os.path.expanduser("~"),
    ]
    home = Path(os.path.expanduser("~"))
    shown = [Path(path) for path in [*here().paths, str(Path(sandbox.__file__).parents[3])]]
    for path in [path for path in shown if path.is_relative_to(home)]:
        for parent in reversed(
            [folder for folder in path.parents if folder.is_relative_to(home) and folder != home]
        ):
            argv += ["--perms", "0755", "--dir", str(parent)]
        argv += ["--ro-bind", str(path), str(path)]
    return [
        *argv,
        "--",
        setpriv,
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        sys.executable,
        *words,
    ]


def said(*words: str) -> list[str]:
    """The lines that a program prints that runs as an ordinary user."""
    result = subprocess.run(
        as_user(*words), capture_output=True, text=True, timeout=120, cwd="/", check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout.splitlines()


def test_every_forbidden_act_is_stopped_for_an_ordinary_user_too(checks: list[Check]):
    lines = said("-c", DOCTOR)
    assert [line for line in lines if not line.startswith("True ")] == []
    assert len(lines) == len(ACTS) + 1


def test_hostile_code_is_held_for_an_ordinary_user_too(checks: list[Check]):
    names = ["fail", "fixtures", "os._exit", "segfault", "kills everything", "100 MB of output", "fork bomb",
             "stubborn fork bomb", "escapes its session", "closes its folder"]  # fmt: skip
    shown = Path(__file__).parent
    if not os.access(shown, os.R_OK | os.X_OK):
        pytest.skip(f"{shown} cannot be read")
    assert said("-c", TORTURE, str(shown), *names) == [f"{name} True" for name in names]
