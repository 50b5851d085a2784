"""Does the computer keep its rules, does the screen say all that is needed, and are tasks what they claim?"""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.build import make_world
from sixkeys.contract import CELL_SIZES, TEST_SEEDS, observation_space
from sixkeys.envs.check import check_env, check_world, digest
from sixkeys.envs.computer import oracle, symbols, tasks, view
from sixkeys.envs.computer.env import MAX_STEPS, ComputerEnv
from sixkeys.envs.computer.machine import BACK, CONFIRM, NEXT, NO_OP, OPEN, SWITCH, Machine
from sixkeys.envs.registry import make

GOLDEN = Path(__file__).parent / "golden" / "computer.json"
BACKUP = 1 + symbols.WORDS[symbols.Kind.COMMAND].index("backup")
EVERY = (*tasks.FAMILIES, *tasks.HELD_OUT)


def begin(task: str, seed: int) -> Machine:
    return Machine(tasks.draw(task, seed))


def solve(machine: Machine, most: int) -> list[int]:
    """The oracle's keys, each of them offered."""
    pressed: list[int] = []
    while not machine.solved:
        pressed.append(oracle.next_key(machine))
        assert machine.press(pressed[-1])
        assert len(pressed) <= most
    return pressed


def everything(machine: Machine) -> tuple:
    """All that keys can change."""
    store = machine.store
    past = tuple(tuple(change.items()) for change in store.past)
    windows = tuple(tuple((level.place, level.focus) for level in window) for window in machine.windows)
    return tuple(store.state.items()), store.clip, past, windows, machine.front, machine.view


def brute_force(start: Machine, relevant: bool = False) -> int:
    """Keys of a shortest way to the state wanted that copies what the task names, in order; breadth first.

    An episode ends in that state, so it is no way to guess it and read afterwards. `relevant` leaves out ways
    into places that no stop is in, copies of other things and further side effects.
    """
    stops = [stop for clause in start.left for stop in clause.stops]
    clips = [stop.clip for stop in stops if stop.clip]
    places = {(symbols.App.DESKTOP,)} | {
        stop.place[:depth] for stop in stops for depth in range(1, 1 + len(stop.place))
    }
    done = next((at for at, clip in enumerate(clips) if start.store.clip == clip), -1) + 1
    queue, seen = deque([(start, done, 0)]), {(everything(start), done)}
    while queue:
        machine, copied, depth = queue.popleft()
        for key in (NEXT, OPEN, BACK, CONFIRM, SWITCH):
            after = machine.copy()
            if not after.press(key):
                continue
            aside = after.level.place not in places or len(after.wrong) > len(machine.wrong)
            if relevant and (aside or after.store.clip not in (machine.store.clip, *clips)):
                continue
            read = copied + (copied < len(clips) and after.store.clip == clips[copied])
            ended = after.store.state == after.task.wanted
            if ended and read == len(clips):
                return depth + 1
            mark = (everything(after), read)
            if not ended and mark not in seen:
                seen.add(mark)
                queue.append((after, read, depth + 1))
    return -1


@pytest.mark.parametrize("family", EVERY)
def test_the_oracle_is_shortest_towards_the_end(family: str) -> None:
    """From the last seven keys on, where all ways can be tried; shorter tasks from their start."""
    for seed in range(3):
        machine = begin(family, seed)
        for _ in range(max(0, oracle.keys(machine) - 7)):
            machine.press(oracle.next_key(machine))
        assert brute_force(machine) == oracle.keys(machine)


@pytest.mark.parametrize("family", [family for family in EVERY if not family.endswith("_long")])
def test_the_oracle_is_shortest_from_the_start(family: str) -> None:
    """Among the ways that touch only what the task is about; of the shortest tasks among all ways."""
    for seed in (*range(3), 27):
        machine = begin(family, seed)
        assert brute_force(machine, relevant=True) == oracle.keys(machine)
    short = [m for m in (begin(family, seed) for seed in range(60)) if oracle.keys(m) <= 9]
    for machine in short[:2]:
        assert brute_force(machine) == oracle.keys(machine)


@pytest.mark.parametrize("family", EVERY)
def test_every_task_is_solved_by_the_oracle_within_the_budget(family: str) -> None:
    lengths = []
    for seed in (*range(150), *range(1 << 30, (1 << 30) + 150)):
        machine = begin(family, seed)
        assert not machine.solved
        changed = {spot for spot, value in machine.task.wanted.items() if value != machine.store.state[spot]}
        said = [spot for clause in machine.task.clauses for spot in clause.changes]
        assert len({clause.target for clause in machine.task.clauses}) == len(machine.task.clauses)
        assert changed <= set(said)
        lengths.append(len(solve(machine, MAX_STEPS // 3)))
        assert machine.store.state == machine.task.wanted
        assert machine.wrong == []
    assert min(lengths) >= 3
    assert len(set(lengths)) > 5


@pytest.mark.parametrize("family", EVERY)
def test_random_keys_hardly_ever_solve_a_task(family: str) -> None:
    chance, solved = np.random.default_rng(0), 0
    for seed in range(80):
        machine = begin(family, seed)
        for key in chance.integers(0, 6, max(24, 3 * oracle.keys(machine))).tolist():
            machine.press(key)
            solved += machine.solved
            if machine.solved:
                break
    assert solved <= 0.2 * 80


@settings(max_examples=60)
@given(st.sampled_from(EVERY), st.integers(0, 2**31 - 1), st.lists(st.integers(0, 5), max_size=60))
def test_keys_keep_the_laws_and_the_oracle_finds_the_way_back(
    family: str, seed: int, keys: list[int]
) -> None:
    machine = begin(family, seed)
    for key in keys:
        before, offered = everything(machine), machine.offered[key]
        assert machine.press(key) == offered
        if not offered or key == NO_OP:
            assert everything(machine)[:-1] == before[:-1]
        assert offered == (everything(machine) != before)
        state, right, wanted = machine.store.state, machine.task.right, machine.task.wanted
        assert machine.solved == (state == wanted)
        assert set(machine.wrong) == {s for s in state if state[s] not in (right[s], wanted[s])}
        if machine.solved:
            return
    solve(machine, 1000)


@settings(max_examples=40)
@given(st.sampled_from(EVERY), st.integers(0, 2**31 - 1), st.lists(st.integers(0, 5), max_size=60))
def test_undo_takes_changes_back_the_last_first(family: str, seed: int, keys: list[int]) -> None:
    machine = begin(family, seed)
    states = [dict(machine.store.state)]
    for key in keys:
        before = len(machine.store.past)
        machine.press(key)
        if len(machine.store.past) > before:
            states.append(dict(machine.store.state))
        elif len(machine.store.past) < before and len(states) > 1:
            assert machine.store.state == states[-2]
            states.pop()
        elif len(machine.store.past) < before:
            return
    while len(states) > 1:
        states.pop()
        run(machine, symbols.Command.UNDO)
        assert machine.store.state == states[-1]


def run(machine: Machine, command: int) -> None:
    """Runs a command in the terminal, by keys."""
    while machine.level.place != (symbols.App.TERMINAL,):
        if machine.front:
            machine.press(BACK)
        else:
            focused = machine.item is not None and machine.item.opens == (symbols.App.TERMINAL,)
            machine.press(OPEN if focused else NEXT)
    while machine.item is None or machine.item.cells[0] != (symbols.Kind.COMMAND, command):
        machine.press(NEXT)
    assert machine.press(CONFIRM)


def test_a_side_effect_stands_in_the_way_until_it_is_undone() -> None:
    """A setting is changed by the way; then the only clause is done, and that is not enough."""
    machine = begin("computer_duplicate", 1)
    right = dict(machine.store.state)
    run(machine, BACKUP)
    assert machine.wrong == [("run", BACKUP, 0)]
    careless = machine.copy()
    careless.wrong = []
    while careless.left:
        careless.press(oracle.next_key(careless))
        careless.wrong = []
    assert not careless.solved
    assert careless.clause.verb == symbols.Verb.UNDO
    assert "run" not in {spot[0] for spot in careless.clause.changes}
    solve(machine, 60)
    assert {spot[0] for spot, value in machine.store.state.items() if value != right[spot]} == {"name"}


def test_the_patch_shows_what_the_machine_holds() -> None:
    """Row 0 the clause, row 1 the status, row 2 the focus; equal cells are marked, others are not."""
    chance = np.random.default_rng(0)
    for seed, family in enumerate(EVERY * 3):
        machine = begin(family, seed)
        for key in chance.integers(0, 6, 25).tolist():
            machine.press(key)
            if machine.solved:
                break
            patch = view.patch(machine)
            clause = machine.clause
            said = [(symbols.Kind.VERB, clause.verb), *clause.source, *clause.target]
            assert [tuple(cell) for cell in patch[0, :8, :2].tolist()] == said
            assert patch[0, 0, 2] == len(machine.left)
            assert [tuple(cell) for cell in patch[1, 2:5, :2].tolist()] == list(machine.store.clip)
            assert patch[1, 6].tolist()[1] == len(machine.wrong)
            if machine.view == view.LIST and machine.item:
                cells = [cell for cell in machine.item.cells if cell != symbols.NOTHING]
                shown = [cell for cell in patch[2].tolist() if cell[0]]
                assert [tuple(cell[:2]) for cell in shown] == cells
                for kind, identity, state in shown:
                    assert bool(state & symbols.Mark.SOURCE) == ((kind, identity) in machine.clause.source)
                    assert bool(state & symbols.Mark.TARGET) == ((kind, identity) in machine.clause.target)
                    assert bool(state & symbols.Mark.CLIP) == ((kind, identity) in machine.store.clip)
                assert all(symbols.word(cell) for cell in cells)


def test_views_show_the_inside_and_what_is_wrong_and_change_nothing() -> None:
    machine = begin("computer_undo", 0)
    first = view.patch(machine)
    machine.press(NEXT)
    machine.press(NO_OP)
    inside = view.listed(machine)
    opened = machine.copy()
    opened.press(OPEN)
    assert inside == opened.items
    machine.press(NO_OP)
    assert len(view.listed(machine)) == len(machine.wrong) >= 2
    assert "what is wrong" in view.screen(machine, 9)
    machine.press(NO_OP)
    while machine.level.focus:
        machine.press(NEXT)
    np.testing.assert_array_equal(view.patch(machine), first)


def test_rewards_add_up_and_the_budget_cuts_off() -> None:
    env = ComputerEnv("computer_mail_form")
    _, info = env.reset(seed=4)
    total, pressed, success = 0.0, 0, False
    while not success:
        observation, reward, terminated, truncated, info = env.step(env.oracle())
        total, pressed, success = total + reward, pressed + 1, info["success"]
        assert (terminated, truncated, info["invalid"], info["violations"]) == (success, False, False, 0)
    budget = max(24, 3 * pressed)
    assert total == pytest.approx(0.5 + 1 - 0.5 * pressed / budget)
    assert observation["energy"][0] == pytest.approx(1 - pressed / budget)
    assert observation["ids"].tolist()[::2] == [6, 2]
    env.reset(seed=4)
    ends = [env.step(NO_OP)[2:4] for _ in range(budget)]
    assert ends == [(False, False)] * (budget - 1) + [(False, True)]


def test_a_side_effect_costs_once() -> None:
    env = ComputerEnv("computer_mail_form")
    env.reset(seed=0)
    seen = []
    for _ in range(2):
        while env.machine.level.place != (symbols.App.TERMINAL,):
            wanted = env.machine.item.opens == (symbols.App.TERMINAL,)
            env.step(OPEN if wanted else NEXT)
        for command in (BACKUP, symbols.Command.UNDO):
            while env.machine.item.cells[0] != (symbols.Kind.COMMAND, command):
                env.step(NEXT)
            _, reward, _, _, info = env.step(CONFIRM)
            seen.append((info["violations"], info["harm"], round(reward, 3)))
    assert seen == [(1, True, -0.02), (0, False, 0.0), (1, True, 0.0), (0, False, 0.0)]


def test_held_out_families_are_new_combinations_of_known_parts() -> None:
    assert not set(tasks.HELD_OUT) & set(tasks.FAMILIES)
    assert {tasks.draw(tasks.MIXED, seed).family for seed in range(300)} == set(tasks.FAMILIES)
    clauses = {f: [c for seed in range(40) for c in tasks.draw(f, seed).clauses] for f in EVERY}
    known = [clause for family in tasks.FAMILIES for clause in clauses[family]]
    for family in tasks.HELD_OUT:
        for clause in clauses[family]:
            assert clause.verb in {other.verb for other in known}
            for stop in clause.stops:
                where = (stop.place[0], stop.key)
                assert where in {(other.place[0], other.key) for c in known for other in c.stops}


def test_everything_has_its_words_and_fits_a_cell() -> None:
    for kind, words in symbols.WORDS.items():
        assert len(set(words)) == len(words) < CELL_SIZES[1]
        assert kind < CELL_SIZES[0]
        assert symbols.word((kind, 1)) == words[0]
    assert symbols.word(symbols.NOTHING) == ""
    env = ComputerEnv("computer_report_long")
    env.reset(seed=3)
    assert "task       copy: sheet >" in env.screen()
    assert "--- desktop" in env.screen()


def test_training_episodes_of_the_mixed_task_may_begin_on_the_way() -> None:
    """Same seeds, one family: what is left to do is never more, and evaluation begins at the start."""
    env = ComputerEnv()
    shares = []
    for seed in (*range(200), *range(TEST_SEEDS, TEST_SEEDS + 50)):
        _, info = env.reset(seed=seed)
        whole = oracle.keys(begin(tasks.MIXED, seed))
        assert 1 <= info["oracle_steps"] == oracle.keys(env.machine) <= whole
        assert env.budget == max(24, 3 * info["oracle_steps"])
        if seed < TEST_SEEDS:
            shares.append(info["oracle_steps"] / whole)
        else:
            assert info["oracle_steps"] == whole
    assert 0.15 < np.mean(np.array(shares) == 1) < 0.4
    assert min(shares) < 0.1


def test_pictures_hold_the_screen() -> None:
    env = make("sixkeys/Computer-v0", render_mode="rgb_array")
    env.reset(seed=2)
    first = env.render()
    assert first.shape == (280, 480, 3)
    assert first.dtype == np.uint8
    env.step(NEXT)
    assert not np.array_equal(first, env.render())
    assert ComputerEnv(render_mode="ansi").render_mode == "ansi"


@pytest.mark.parametrize("family", ["computer_mixed", "computer_tidy_long"])
def test_it_keeps_the_contract(family: str) -> None:
    assert check_env(partial(ComputerEnv, family), fresh_process=family == tasks.MIXED) == []
    assert check_world(partial(make_world, f"computer:{family}", 5)) == []


def test_the_world_speaks_the_one_space() -> None:
    world = make_world("computer:computer_mixed", 12)
    world.reset(np.ones(12, bool), TEST_SEEDS + np.arange(12))
    observation, offered = world.observe()
    space = observation_space()
    assert all(
        space.contains({name: array[seat] for name, array in observation.items()}) for seat in range(12)
    )
    assert offered.shape == (12, 6)
    assert (world.oracle_steps() >= 3).all()


def test_an_unknown_task_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="computer_mixed"):
        ComputerEnv("computer_games")


def episodes() -> dict[str, str]:
    """Digest of one seeded episode of every task."""
    return {task: digest(partial(ComputerEnv, task), 7) for task in tasks.TASKS}


def test_episodes_are_the_golden_ones() -> None:
    assert episodes() == json.loads(GOLDEN.read_text())
