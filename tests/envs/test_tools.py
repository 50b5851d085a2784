"""Does the bench keep its rules, is its oracle shortest, and is all that is needed in the patch?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from copy import copy
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.build import make_world
from sixkeys.contract import TEST_SEEDS, World
from sixkeys.envs.check import check_env, check_world, digest
from sixkeys.envs.tools import TASKS, ToolEnv
from sixkeys.envs.tools_bench import Bench, shortest
from sixkeys.envs.tools_operations import (
    CASES,
    ERRORS,
    OPERATIONS,
    ROLES,
    UNITS,
    Desk,
    Kind,
    Operation,
    Value,
)
from sixkeys.envs.tools_tasks import FAMILIES, Task, generate

GOLDEN = Path(__file__).parent / "golden" / "tools.json"
NO_OP, NEXT, SELECT, BACK, CALL, SUBMIT = range(6)


def twin(bench: Bench) -> Bench:
    """A copy that goes its own way; values, operations and the desk never change."""
    other = copy(bench)
    for name in ("shelf", "filled", "marks", "log", "turned_down"):
        setattr(other, name, list(getattr(bench, name)))
    other.right = set(bench.right)
    return other


def position(bench: Bench) -> tuple:
    """All that matters for what can still happen."""
    return bench.cursor, bench.opened, tuple(bench.filled), tuple(bench.shelf)


def brute_force(bench: Bench) -> int:
    """Keys of a shortest success, by breadth-first search with the bench's own keys."""
    queue, seen = deque([(bench, 0)]), {position(bench)}
    while queue:
        now, depth = queue.popleft()
        for key in (NEXT, SELECT, BACK, CALL, SUBMIT):
            if not now.offered()[key]:
                continue
            after = twin(now)
            after.press(key)
            if after.solved:
                return depth + 1
            if position(after) not in seen:
                seen.add(position(after))
                queue.append((after, depth + 1))
    return -1


SHORT = [
    (task, seed)
    for task in ("tools_convert", "tools_lookup", "tools_search", "tools_text", "tools_dates")
    for seed in range(30)
    if len(shortest(Bench(generate(task, seed)))) <= 12
]


@pytest.mark.parametrize("task", sorted({task for task, _ in SHORT}))
def test_the_oracle_is_as_short_as_a_brute_force_search(task: str) -> None:
    seeds = [seed for name, seed in SHORT if name == task][:5]
    assert len(seeds) == 5
    for seed in seeds:
        bench = Bench(generate(task, seed))
        assert len(shortest(bench)) == brute_force(bench)


@pytest.mark.parametrize("task", FAMILIES)
def test_the_oracle_solves_in_the_keys_it_promised_also_after_wandering(task: str) -> None:
    env, chance = ToolEnv(task), np.random.default_rng(0)
    for seed in [*range(30), *range(TEST_SEEDS, TEST_SEEDS + 30)]:
        info = env.reset(seed=seed)[1]
        promised, pressed, wander = info["oracle_steps"], 0, 6 * (seed % 2)
        while True:
            key = int(chance.integers(6)) if pressed < wander else env.oracle()
            _, reward, terminated, truncated, info = env.step(key)
            pressed += 1
            assert pressed <= wander or not info["invalid"]
            assert not truncated
            if terminated:
                break
        assert info["success"]
        assert wander or pressed == promised
        assert reward == pytest.approx(1 - 0.5 * pressed / max(24, 3 * promised))


def matched(patch: np.ndarray) -> bool:
    """What is under the cursor is what is looked for, by the lamps alone."""
    return bool(np.isin(patch[:3, :, 0], (1, 4)).all())


def read(patch: np.ndarray, phase: int) -> int:
    """A key by rules on a few fixed cells, without memory: a person's first idea of how to play."""
    fresh = patch[3, 0, 2] == 0
    if phase == 3:
        return CALL
    if phase == 2:
        return SELECT if matched(patch) and fresh else NEXT
    if phase == 1:
        return SUBMIT if matched(patch) and fresh else BACK
    untried, places = patch[3, 0, 2] <= 1, patch[3, 2:4]
    runs = (places[places[:, 0] > 0, 2] == 1).all()
    return SELECT if matched(patch) and untried and runs else NEXT


@pytest.mark.parametrize("task", FAMILIES)
def test_a_reader_of_the_patch_alone_solves_every_family(task: str) -> None:
    env, solved, extra = ToolEnv(task), 0, []
    for seed in range(60):
        observation, info = env.reset(seed=seed)
        promised, keys, ended = info["oracle_steps"], 0, False
        while not ended:
            key = read(observation["patch"], int(observation["ids"][2]))
            observation, _, terminated, truncated, info = env.step(key)
            keys, ended = keys + 1, terminated or truncated
        solved += info["success"]
        extra.append(keys - promised)
    assert solved >= 57
    assert min(extra) >= 0


def shown(bench: Bench) -> tuple:
    return (*position(bench), bench.view, bench.error, tuple(bench.marks), tuple(bench.turned_down),
            bench.solved, tuple(bench.log))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(FAMILIES)), st.integers(0, 2**31 - 1), st.lists(st.integers(0, 5), max_size=60))
def test_what_is_offered_changes_something_and_what_is_lit_is_so(
    task: str, seed: int, keys: list[int]
) -> None:
    env = ToolEnv(task)
    observation, info = env.reset(seed=seed)
    for key in keys:
        bench = env.bench
        for choice in np.flatnonzero(info["action_mask"]):
            after = twin(bench)
            after.press(int(choice))
            assert shown(after) != shown(bench)
        check_lamps(observation["patch"], bench)
        before = shown(bench)
        observation, _, terminated, truncated, info = env.step(key)
        assert not info["invalid"] or shown(bench) == before
        if terminated or truncated:
            break


def check_lamps(patch: np.ndarray, bench: Bench) -> None:
    """By definition: under the cursor and looked for, as sets of words, and back from the cells."""
    under = bench.under()
    words = [*ROLES, *UNITS[1:], *CASES[1:]]
    lit = {"looked for": set(), "under": set(), "goal": set()}
    for word, (kind, identity, state) in zip(words, patch[:3].reshape(27, 3).tolist(), strict=True):
        assert words[identity - 1] == word
        lit["looked for"] |= {word} if kind in (2, 4) else set()
        lit["under"] |= {word} if kind in (3, 4) else set()
        lit["goal"] |= {word} if state else set()
    case, goal = CASES[bench.task.case], bench.task.steps[-1]
    assert lit["goal"] == {goal.role, goal.unit, case} - {""}
    if isinstance(under, Operation):
        assert lit["under"] == {*under.gives} - {""}
        assert lit["looked for"] == {*bench.wanted} - {""}
        assert patch[3, 0].tolist() == [5, under.number, bench.marks[bench.cursor]]
    else:
        assert lit["under"] == {*under.kind, CASES[under.case]} - {""}
        kind = bench.wanted
        if bench.opened is not None and not bench.full:
            kind = bench.operation.places[len(bench.filled)]
        assert lit["looked for"] == (set() if bench.full else {*kind, case} - {""})
        assert patch[3, 0].tolist() == [21, under.case, under.stale + 2 * (under in bench.turned_down)]
    recipe = [Kind(ROLES[k - 6], UNITS[u]) for k, u, _ in patch[5].tolist() if k]
    assert tuple(recipe) == bench.task.steps


def hand_made() -> Bench:
    """Label and feet of an order, with a shortcut past the centimetres; drawn by hand."""
    metres, cm, feet = Kind("length", "m"), Kind("length", "cm"), Kind("length", "ft")
    data = {metres: 3, cm: 300, feet: Fraction(3, 1) / Fraction("0.3048"), Kind("name"): "bolt",
            Kind("code"): "AB-12", Kind("label"): "BOLT AB-12"}  # fmt: skip
    truth = {kind: Value(kind, 1, item) for kind, item in data.items()}
    titles = ("make label", "length: m to cm", "length: cm to ft", "length: m to ft")
    menu = tuple(next(o for o in OPERATIONS if o.title == title) for title in titles)
    shelf = (truth[Kind("name")], Value(Kind("code"), 2, "CD-34"), truth[Kind("code")], truth[metres])
    desk = Desk({}, {}, {}, {})
    return Bench(Task("by hand", 1, (cm, feet), ((metres,), (cm,)), truth, menu, shelf, desk))


def test_keys_do_what_they_say() -> None:
    bench = hand_made()
    trail = []
    for key in (
        SELECT,
        SELECT,
        NEXT,
        SELECT,
        NEXT,
        BACK,
        BACK,
        BACK,
        NEXT,
        BACK,
        SELECT,
        SELECT,
        NEXT,
        SELECT,
    ):
        assert bench.offered()[key]
        bench.press(key)
        trail.append((bench.opened, len(bench.filled), bench.cursor))
    assert trail == [
        (0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 2, 1), (0, 2, 2), (0, 1, 2), (0, 0, 2), (None, 0, 0),
        (None, 0, 1), (None, 0, 0), (0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 2, 1),
    ]  # fmt: skip
    bench.press(CALL)
    assert (ERRORS[bench.error], bench.marks, bench.cursor) == ("mixed orders", [2, 0, 0, 0], 0)
    for key in (SELECT, SELECT, NEXT, NEXT, SELECT, CALL):
        assert bench.offered()[key]
        bench.press(key)
    assert bench.under() == bench.task.truth[Kind("label")]
    assert (bench.error, bench.marks, bench.cursor, len(bench.shelf)) == (0, [1, 0, 0, 0], 4, 5)


def test_a_shortcut_leaves_the_rest_of_the_recipe_unwanted() -> None:
    bench = hand_made()
    assert bench.wanted == Kind("length", "cm")
    assert shortest(bench) == [NEXT, NEXT, NEXT, SELECT, NEXT, NEXT, NEXT, SELECT, CALL, SUBMIT]
    for key in shortest(bench)[:-1]:
        bench.press(key)
    assert bench.wanted == Kind("length", "ft")
    assert bench.right >= {Kind("length", "ft"), Kind("name")}
    bench.press(SUBMIT)
    assert bench.solved


def drive(env: ToolEnv, value: Value) -> None:
    """Puts a value on the shelf and moves the cursor onto it; no operation is open."""
    env.bench.shelf.insert(0, value)
    env.step(NEXT)
    while env.bench.under() != value:
        env.step(NEXT)


def test_only_the_right_value_is_taken_and_a_wrong_one_costs_once() -> None:
    """The same kind and data of the other order, and a stale one, are not what is wanted."""
    refused = 0
    for seed in range(40):
        env = ToolEnv("tools_chain")
        env.reset(seed=seed)
        bench = env.bench
        goal = bench.task.truth[bench.task.steps[-1]]
        for wrong in (goal._replace(case=goal.case % 4 + 1), goal._replace(stale=True)):
            drive(env, wrong)
            _, reward, terminated, _, info = env.step(SUBMIT)
            assert (reward, terminated, info["success"]) == (-0.05, False, False)
            assert not info["action_mask"][SUBMIT]
            assert env.step(SUBMIT)[1:3] == (0.0, False)
            refused += 1
        drive(env, goal)
        assert env.step(SUBMIT)[4]["success"]
    assert refused == 80


def test_the_budget_cuts_off() -> None:
    env = ToolEnv("tools_convert")
    env.reset(seed=0)
    energies = []
    for _ in range(env.budget):
        observation, _, terminated, truncated, _ = env.step(NO_OP)
        energies.append(float(observation["energy"][0]))
    assert truncated
    assert not terminated
    assert energies[-1] == 0
    assert energies[0] == pytest.approx(1 - 1 / env.budget)


def test_random_keys_hardly_ever_solve_anything() -> None:
    chance = np.random.default_rng(0)
    for task in FAMILIES:
        env, solved = ToolEnv(task), 0
        for seed in range(40):
            env.reset(seed=seed)
            ended = False
            while not ended:
                _, _, terminated, truncated, info = env.step(int(chance.integers(6)))
                ended = terminated or truncated
            solved += info["success"]
        assert solved <= 8


@pytest.mark.parametrize("task", ["tools_mixed", "tools_heldout"])
def test_the_conformance_kit_finds_nothing(task: str) -> None:
    assert check_env(partial(ToolEnv, task), episodes=4, fresh_process=task == "tools_mixed") == []
    assert check_world(partial(make_world, f"tools:{task}", 5)) == []
    assert isinstance(make_world(f"tools:{task}", 2), World)


def test_the_screen_says_what_is_wanted_and_what_there_is() -> None:
    env = ToolEnv("tools_chain", render_mode="ansi")
    env.reset(seed=3)
    bench, screen = env.bench, env.render()
    goal = bench.task.steps[-1]
    assert f"WANTED: {goal} of order {CASES[bench.task.case]}" in screen
    assert all(operation.title in screen for operation in bench.task.menu)
    assert all(str(value) in screen for value in bench.shelf)
    assert [line[1] for line in screen.splitlines() if line.startswith(" > ")] == [">"]
    while env.oracle() != CALL:
        env.step(env.oracle())
    assert "ready to CALL" in env.screen()
    env.step(CALL)
    env.step(NO_OP)
    env.step(NO_OP)
    assert "LOG" in env.screen()
    assert f"= {bench.shelf[0]}" in env.screen()
    assert ToolEnv("tools_chain").render() is None


def test_an_unknown_task_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="tools_mixed"):
        ToolEnv("tools_maze")


def test_without_a_seed_a_run_repeats_from_its_first() -> None:
    one, two = ToolEnv(), ToolEnv()
    for env in (one, two):
        env.reset(seed=5)
    first, second = one.reset()[0]["patch"], two.reset()[0]["patch"]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, one.reset()[0]["patch"])


def episodes() -> dict[str, str]:
    """Digest of one seeded episode of random keys of every task."""
    return {f"{task} {seed}": digest(partial(ToolEnv, task), seed) for task in TASKS for seed in (0, 7)}


def test_episodes_are_the_golden_ones_here_and_in_another_process() -> None:
    golden = json.loads(GOLDEN.read_text())
    assert episodes() == golden
    program = "import json, test_tools; print(json.dumps(test_tools.episodes()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert json.loads(done.stdout) == golden
    assert len(set(golden.values())) == 2 * len(FAMILIES)
