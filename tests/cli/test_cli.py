"""What does a person get who types `sixkeys ...`? Real processes, and one tiny training for all of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sixkeys.bench.report import read_json
from sixkeys.cli import COMMANDS
from sixkeys.training.checkpoint import load

TINY = (
    "--worlds", "grid:grid_empty", "--seats", "4", "--width", "16", "--hidden", "16", "--slots", "2",
    "--horizon", "3", "--rollouts", "2", "--unroll", "4", "--stage1-updates", "2", "--replay-rows", "2",
    "--replay-size", "8", "--checkpoint-every", "3",
)  # fmt: skip
KEYS = 4 * 4 * 6
"""Of four seats and four keys an update: six updates after the two of stage 1."""


def type_in(*words: object, keys: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`sixkeys WORDS` in a process of its own, 200 columns wide."""
    command = [sys.executable, "-m", "sixkeys.cli", *map(str, words)]
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        command, input=keys, capture_output=True, text=True, timeout=300, cwd=folder, env=wide
    )


# --- what can be typed ---


def test_alone_it_says_what_can_be_typed_and_that_nothing_was():
    done = type_in()
    assert done.returncode == 2
    assert done.stdout.startswith("usage: sixkeys COMMAND")
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_no_mistake(word):
    done = type_in(word)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.fixture(scope="module")
def helps() -> dict[str, subprocess.CompletedProcess[str]]:
    return {name: type_in(name, "--help") for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_its_options(helps, name):
    assert (helps[name].returncode, helps[name].stderr) == (0, "")
    assert helps[name].stdout.startswith(f"usage: sixkeys {name}")


def test_the_help_of_train_has_its_stages_and_every_documented_setting(helps):
    documented = (
        "--rl-steps", "--stage1-updates", "--stage2-updates", "--stage4-updates", "--planning-coef",
        "--no-use-self", "--invalid-action-coef", "--action-mask-dropout", "--repo-scenarios", "--seed",
        "--checkpoint-path", "--checkpoint-save-optim", "--eval-policy", "--resume-from",
    )  # fmt: skip
    assert [name for name in documented if name not in helps["train"].stdout] == []
    assert "Stages:" in helps["train"].stdout


def test_an_unknown_command_is_refused_with_the_possible_ones():
    done = type_in("trian")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no command 'trian'" in done.stderr
    assert all(name in done.stderr for name in COMMANDS)


def test_an_unknown_setting_is_refused_with_the_nearest_one():
    done = type_in("train", "--planing-coef", "0.3")
    assert done.returncode == 2
    assert "--planing-coef" in done.stderr
    assert "--planning-coef" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "--worlds", "moon:crater"), "unknown world 'moon:crater'; possible: grid:TASK"),
        (("train", "--worlds", "grid:grid_empty", "grid:grid_key"), "2 worlds but 1 numbers of seats"),
        (("train", "--resume-from", "nowhere"), "nowhere: no such checkpoint"),
        (("bench", "--case", "grid_emty"), "grid_empty"),
        (("report", "nothing.json"), "nothing.json"),
        (("play", "grid:grid_moon"), "grid_empty"),
    ],
)
def test_a_wrong_request_is_told_in_one_line_without_a_traceback(words, said, tmp_path):
    done = type_in(*words, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith(f"sixkeys {words[0]}: ")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("**/*.safetensors")) == []


# --- what they load ---


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        *((name, "--help") for name in COMMANDS),
        ("report", "none.json"),
        ("play", "grid:grid_key"),
    ],
)
def test_what_needs_no_agent_imports_no_jax(words, tmp_path):
    script = (
        "import sys; from sixkeys.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('loaded', sorted({'jax', 'jaxlib', 'equinox', 'optax'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, input="q\n", capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.stdout.endswith("loaded []\n"), done.stdout[-200:] + done.stderr[-2000:]


# --- a training and what can be done with it ---


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of a tiny training, and what it printed."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    done = type_in("train", *TINY, "--rl-steps", KEYS, "--eval-episodes", 4, "--checkpoint-path", folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_a_training_leaves_checkpoints_events_and_a_log(trained):
    folder, _ = trained
    saved = load(folder)
    assert saved.step == 8
    assert sorted(path.name for path in folder.glob("step_*")) == [f"step_{n:08d}" for n in (3, 6, 8)]
    pool = {"worlds": ["grid:grid_empty"], "seats": [4], "at_once": 0, "weights": []}
    assert saved.meta["config"]["pool"] == pool
    assert saved.meta["config"]["brain"]["width"] == 16
    assert [path.name.split(".")[1:3] for path in (folder / "events").iterdir()] == [["out", "tfevents"]]
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["update"] == 8
    assert {"keys", "policy/mean_invalid_mass", "pass/grid masked", "pass/grid unmasked"} <= set(lines[-1])


def test_a_training_says_where_it_saves_and_ends_measured_twice(trained):
    folder, done = trained
    assert f"checkpoints, events and log.jsonl in {folder}" in done.stdout.replace("\n", "")
    for mode in ("masked", "unmasked"):
        said = [
            line for line in done.stdout.splitlines() if line.startswith(f"Eval[{mode}] grid:grid_empty: ")
        ]
        assert len(said) == 1
        assert 0 <= float(said[0].split("pass ")[1].split()[0]) <= 1
        assert "mean steps to pass" in said[0]
        assert "invalid mass" in said[0]


def test_a_resumed_training_goes_on_to_more_keys_with_its_own_settings(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained[0], folder)
    done = type_in("train", "--resume-from", folder, "--rl-steps", KEYS + 4 * 4 * 2, "--eval-episodes", 0)
    assert done.returncode == 0, done.stderr
    saved = load(folder)
    assert saved.step == 10
    assert saved.meta["config"]["brain"] == load(trained[0]).meta["config"]["brain"]
    assert "Eval[" not in done.stdout


def test_a_bench_writes_both_files_and_a_report_shows_them_again(trained, tmp_path):
    case = ("--case", "grid_empty", "--episodes", 8, "--seats", 4, "--replays", 1)
    files = ("--json", tmp_path / "x.json", "--html", tmp_path / "y.html")
    done = type_in("bench", *case, "--checkpoint", trained[0], *files)
    assert done.returncode in (0, 1), done.stderr
    report = read_json(tmp_path / "x.json")
    assert done.returncode == (0 if all(gate.passed for gate in report.gates) else 1)
    assert (tmp_path / "y.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert str(tmp_path / "x.json") in done.stdout
    assert str(tmp_path / "y.html") in done.stdout

    shown = type_in("report", tmp_path / "x.json", "--html", tmp_path / "again.html")
    assert (shown.returncode, shown.stderr) == (0, "")
    table = shown.stdout.split("page:")[0]
    assert table in done.stdout
    assert all(word in table for word in ("Eval[masked]", "Eval[unmasked]", "grid_empty"))
    assert all(f" {name} " in table for name in ("agent", "random", "no_op", "oracle", "shuffled"))
    assert (tmp_path / "again.html").read_text() == (tmp_path / "y.html").read_text()


def test_a_game_of_several_agents_is_played_seat_by_seat():
    pytest.importorskip("lbforaging", reason="the game comes with the package lbforaging, an extra")
    done = type_in("play", "gym:lbforaging:Foraging-8x8-2p-1f-v3", keys="1\n2\n0\n0\nq\n")
    assert "key of seat 0" in done.stdout
    assert "key of seat 1" in done.stdout
    assert "1: seat 0 key 1" in done.stdout
    assert "1: seat 1 key 2" in done.stdout
    assert "stopped" in done.stdout


def test_watching_the_trained_agent_play_ends_by_itself(trained):
    done = type_in("play", "grid:grid_empty", "--watch", "--pause", "0", "--checkpoint", trained[0])
    assert done.stderr == ""
    assert done.returncode == (0 if "solved after" in done.stdout else 1)
    assert "a shortest solution has" in done.stdout


def test_who_watches_sees_the_agent_find_exchanged_keys():
    done = type_in("play", "grid:grid_rooms~keys2", "--watch", "--pause", "0", "--seed", "1")
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout[-300:]


# --- a person plays ---


def test_a_person_solves_a_grid_with_the_oracle_s_keys():
    from sixkeys import build
    from sixkeys.contract import episode_seed

    pool = build.evaluation_pools("grid:grid_key", 1)(lambda seat, n: episode_seed(5, seat, n, test=True))
    pool.reset()
    keys = []
    while not pool.ended[0]:
        keys.append(int(pool.oracle()[0]))
        pool.step(pool.oracle())
    pool.close()
    done = type_in("play", "grid:grid_key", "--seed", 5, keys="".join(f"{key}\n" for key in keys))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"solved after {len(keys)} keys; a shortest solution has {len(keys)}" in done.stdout


@pytest.mark.parametrize("typed", ["0\nq\n", "0\n"], ids=["q", "end of input"])
def test_a_game_can_be_left_at_any_time(typed):
    done = type_in("play", "grid:grid_key", keys=typed)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1: key 0 wait" in done.stdout
    assert done.stdout.rstrip().endswith("stopped")


def test_what_is_no_key_is_asked_again():
    done = type_in("play", "grid:grid_key", keys="7\nleft\nq\n")
    assert "'7' is no key; the keys are 0 to 5" in done.stdout
    assert "'left' is no key" in done.stdout
    assert "1: key" not in done.stdout
