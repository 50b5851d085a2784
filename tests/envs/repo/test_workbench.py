"""Does the workbench world keep its promises? Real runs in the sandbox, under Gymnasium's checker and our own
laws."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from sixkeys.contract import (
    KEYS,
    MARK_CHANGED,
    MARK_SUSPICIOUS,
    MARK_TRIED,
    SIDE,
    SOURCE_ADDED,
    SOURCE_FAILURE,
    SOURCE_FOCUS,
    SOURCE_REMOVED,
    SOURCE_SCREEN,
)
from sixkeys.envs import registry
from sixkeys.envs.check import check_env
from sixkeys.envs.pool import GymWorld, Pool
from sixkeys.envs.repo.bodies import FORMS
from sixkeys.envs.repo.cursor import BACK, MARKED, NEXT, NO_OP, OPEN, RUN_TESTS, SEARCH
from sixkeys.envs.repo.families import HELDOUT, hosts, trained_templates
from sixkeys.envs.repo.marks import HELPS, MENDS, TRIED
from sixkeys.envs.repo.open_tasks import FAMILIES, generate
from sixkeys.envs.repo.runner import RunResult, shared_runner
from sixkeys.envs.repo.skills import apply_and_run, undo_and_go_on
from sixkeys.envs.repo.tokens import lex
from sixkeys.envs.repo.views import STATE_CHANGED, STATE_SUSPICIOUS, STATE_TRIED
from sixkeys.envs.repo.workbench import KEY_COST, TASKS, WORLD, WorkbenchEnv
from sixkeys.envs.repo.workbench_views import ABOVE


def begun(task: str = "open_mixed", seed: int = 3, **settings) -> WorkbenchEnv:
    env = WorkbenchEnv(task, **settings)
    env.reset(seed=seed)
    return env


def play(env: WorkbenchEnv, keys: list[int]) -> list:
    return [env.step(key) for key in keys]


def same(first, second) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def test_the_conformance_kit_and_gymnasiums_checker_find_nothing() -> None:
    make = functools.partial(registry.make, "sixkeys/Workbench-v0", max_steps=10)
    assert check_env(make, episodes=2) == []


def test_an_unknown_task_lists_the_possible_ones() -> None:
    with pytest.raises(ValueError, match="unknown task 'open_typo'; possible: open_mixed, open_single, "):
        WorkbenchEnv("open_typo")
    with pytest.raises(ValueError, match="unknown open family 'typo'; possible: single, "):
        generate("typo", 0)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "open_mixed"])
def test_the_oracle_solves_in_as_many_keys_as_it_says(task: str) -> None:
    env = WorkbenchEnv(task)
    _, info = env.reset(seed=8)
    total = 0.0
    for key in range(1, info["oracle_steps"] + 1):
        observation, reward, terminated, truncated, step = env.step(env.oracle())
        total += reward
        assert not truncated
        assert not step["invalid"]
        assert env.observation_space.contains(observation)
        assert terminated == step["success"] == (key == info["oracle_steps"])
    assert total == pytest.approx(1 - KEY_COST * info["oracle_steps"])


@pytest.mark.parametrize("family", FAMILIES)
def test_pytest_says_what_the_task_says(family: str) -> None:
    """Of the tree as it is and of the right one, which tests fail and where tracebacks lead."""
    task = generate(family, 21)
    result = shared_runner().run(task.files, task.tests, 20.0)
    failed = {test.node for test in result.outcomes if test.outcome != "passed"}
    assert failed == set(task.failing[frozenset()])
    if family == "multi":
        assert task.faults[0].path not in result.output
    files = dict(task.files)
    for fault in task.faults:
        start = files[fault.path].index(f"def {fault.function}(")
        rest = files[fault.path][start:].split("\n\n\n")[1:]
        files[fault.path] = (
            "\n\n\n".join([files[fault.path][:start] + fault.sound.rstrip("\n"), *rest]) + "\n"
        )
    assert shared_runner().run(files, task.tests, 20.0).passed
    assert len(task.faults) == 1 + (family == "two")


def test_a_history_marks_the_bug_and_something_else() -> None:
    for seed in range(4):
        env = begun("open_regression", seed)
        play(env, [RUN_TESTS])
        assert env.task.tree.changed
        fault, changed = env.task.faults[0], env.task.tree.changed
        now = env.files[fault.path].split("\n")
        wrong = {
            (fault.path, n) for n, row in enumerate(now, 1) if row and row not in fault.sound.split("\n")
        }
        inside = {at for at in changed if env.files[at[0]].split("\n")[at[1] - 1]}
        own = env.task.tree.named[fault.path, fault.function]
        assert {at for at in wrong if at[0] == own.path and own.first <= at[1] <= own.last} <= changed
        assert any(not (at[0] == own.path and own.first <= at[1] <= own.last) for at in inside)
        marks = env._observation()["senses"][32:44, 3]
        assert bool(marks[0] & MARK_CHANGED) == (env.menu.top.item.at in changed)


def test_held_out_tasks_hold_what_training_never_sees() -> None:
    trained = {template.texts for template in trained_templates()}
    assert not any(template.texts in trained for family in HELDOUT for template in hosts(family))
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for heldout in said:
        for seed in range(12):
            (fault,) = generate("missing", seed, heldout).faults
            head, body = fault.sound.split("\n")[:2]
            names = head[head.index("(") + 1 : -2].split(", ")
            forms = [f for _, f, kinds in FORMS if body == f"    return {f.format(*names, '')}"]
            said[heldout] |= set(forms[:1])
    assert said[True]
    assert not said[True] & said[False]


def test_random_keys_hardly_ever_mend_two_bugs() -> None:
    solved = 0
    for seed in range(3):
        env, chance = begun("open_two", seed), np.random.default_rng(seed)
        for _ in range(60):
            step = env.step(int(chance.integers(KEYS)))
            if step[2] or step[3]:
                break
        solved += step[2]
    assert not solved


def test_the_sense_rows_say_what_stands_there() -> None:
    env = begun("open_single", 5)
    assert not env._observation()["senses"].any()
    ((observation, *_),) = play(env, [RUN_TESTS])
    rows, item = observation["senses"], env.menu.top.item
    assert rows[0, 0] == SOURCE_FAILURE
    assert {row[2] for row in rows[:16] if row[0]} <= {word.token for word in env.last.words} | {
        word.token for name in env.last.suspects for word in lex(name)
    }
    tokens = [word.token for word in lex(item.text)]
    assert not rows[24:32].any()
    assert [row[2] for row in rows[32:44] if row[0]] == tokens[:12]
    assert {row[0] for row in rows[32:44] if row[0]} == {SOURCE_SCREEN}
    assert all(row[3] & MARK_SUSPICIOUS and row[1] == 1 + OPEN for row in rows[24:44] if row[0])
    ((tried, *_),) = play(env, [RUN_TESTS])
    assert [row[2] for row in tried["senses"][24:32] if row[0]] == tokens[:8]
    assert {row[0] for row in tried["senses"][24:32] if row[0]} == {SOURCE_FOCUS}
    for keys in ([], [OPEN], [OPEN, OPEN]):
        play(env, keys)
        before = env._observation()["senses"][44:64]
        ((after, *_),) = play(env, [NEXT])
        following = after["senses"][24:44].copy()
        following[following[:, 1] == 1 + OPEN, 1] = 1 + NEXT
        assert np.array_equal(following, before)
        while env.menu.offers(BACK):
            play(env, [BACK])


def test_what_open_would_write_is_what_it_writes() -> None:
    env = begun("open_single", 5)
    ((observation, *_),) = play(env, [RUN_TESTS])
    assert SOURCE_ADDED not in observation["senses"][32:44, 0]
    ((observation, *_),) = play(env, [RUN_TESTS])
    rows = [row for row in observation["senses"][32:44] if row[0]]
    assert {row[0] for row in rows} == {SOURCE_ADDED}
    promised = {row[2] for row in rows if row[3] & MARK_CHANGED}
    ((leaf, *_),) = play(env, [OPEN, OPEN])[1:]
    assert {row[0] for row in leaf["senses"][24:32] if row[0]} <= {SOURCE_REMOVED}
    play(env, [OPEN])
    (edit,) = env.menu.edits
    assert promised <= {word.token for word in lex(edit.new)} | set(range(256))
    assert env.files != env.task.files


def test_edits_that_were_tried_are_seen_and_the_best_is_opened() -> None:
    env = begun("open_single", 0)
    play(env, [RUN_TESTS])
    while True:
        ((observation, reward, *_),) = play(env, [RUN_TESTS])
        assert reward == -KEY_COST
        assert env.files == env.task.files
        standing = env.menu.standing(env.menu.top.item)
        bits = {TRIED: MARK_TRIED, HELPS: MARK_TRIED | MARK_SUSPICIOUS}
        wanted = bits.get(standing, MARK_TRIED | MARK_SUSPICIOUS | MARK_CHANGED)
        row = env.menu.top.cursor - max(0, min(env.menu.top.cursor - ABOVE, len(env.menu.top.items) - SIDE))
        assert observation["ids"][2] == MARKED[standing - TRIED]
        states = {STATE_TRIED: MARK_TRIED, STATE_SUSPICIOUS: MARK_SUSPICIOUS, STATE_CHANGED: MARK_CHANGED}
        state = int(observation["patch"][row, 0, 2])
        assert all(bool(state & cell) == bool(wanted & bit) for cell, bit in states.items())
        assert env.journal.notes[-1].sort == "tried"
        if standing == MENDS:
            break
        play(env, [NEXT])
    assert env.menu.best(env.menu.top.item).fixed == len(env.menu.failing)
    *_, last = play(env, [OPEN, OPEN, OPEN, RUN_TESTS])
    assert last[2]


def test_a_failed_edit_is_taken_back_and_marked() -> None:
    env = begun("open_two", 4)
    play(env, [RUN_TESTS])
    before = env._observation()
    *_, failed = play(env, apply_and_run(env.menu))
    assert not failed[2]
    assert failed[0]["ids"].tolist() == [WORLD, 0, 6, 0]
    ((back, *_),) = play(env, [BACK])
    assert env.files == env.task.files
    assert all(row[3] & MARK_TRIED for row in back["senses"][24:44] if row[0])
    play(env, [BACK, BACK])
    now = env._observation()
    assert np.array_equal(now["patch"], before["patch"])
    assert np.array_equal(now["senses"][24:], before["senses"][24:])


def test_the_journal_grows_and_every_claim_has_its_run() -> None:
    env = begun("open_two", 4)
    notes: tuple = ()
    for key in [RUN_TESTS, OPEN, OPEN, OPEN, RUN_TESTS, BACK, NEXT, OPEN, BACK]:
        env.step(key)
        assert env.journal.notes[: len(notes)] == notes
        notes = env.journal.notes
    while not env.menu.fixed:
        env.step(env.oracle())
    sorts = [note.sort for note in env.journal.notes]
    assert sorts[:6] == ["check", "hypothesis", "check", "undone", "hypothesis", "undone"]
    assert sorts[-2:] == ["check", "progress"]
    assert [note.run for note in env.journal.notes if note.sort == "check"] == list(
        range(1, len(env.journal.failed) + 1)
    )
    assert env.journal.failed[-1] == 0
    assert str(env.journal.notes[0]).startswith(
        f"check: {env.journal.failed[0]} of {len(env.task.tests)} tests fail"
    )
    assert len({note.run for note in notes}) == 2
    play(env := begun("open_two", 4), [RUN_TESTS, NO_OP, NO_OP, NO_OP])
    assert "check: " in env.screen().split("\n")[1]


def test_a_key_that_is_not_offered_costs_energy_and_nothing_else() -> None:
    env = begun(max_steps=4)
    before, screen = env._observation(), env.screen()
    observation, reward, terminated, truncated, info = env.step(OPEN)
    assert info["invalid"]
    assert reward == -KEY_COST
    assert (terminated, truncated) == (False, False)
    assert env.screen() == screen
    assert all(np.array_equal(observation[name], before[name]) for name in before if name != "energy")
    assert [step[3] for step in play(env, [BACK, NEXT, SEARCH])] == [False, False, True]
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(NO_OP)


def test_success_needs_the_verdict() -> None:
    env = begun("open_single", 2)
    while len(env.task.keys) - env.keys > 1:
        env.step(env.oracle())
    result: RunResult = shared_runner().submit(env.files, env.task.tests).result()
    assert result.passed
    env._hear(result._replace(outcomes=result.outcomes[:-1]))
    assert not env.menu.fixed
    with pytest.raises(RuntimeError, match="the tests were not run: no bwrap"):
        env._hear(RunResult((), "refused", 0.0, "no bwrap"))


def test_nothing_that_is_seen_depends_on_the_answer() -> None:
    env = begun("open_multi", 1)
    play(env, [RUN_TESTS, OPEN])
    seen, screen = env._observation(), env.screen()
    env.task = env.task._replace(faults=(), failing={}, keys=(), family="other")
    assert same(env._observation(), seen)
    assert env.screen() == screen


def test_many_seats_replay_to_the_same_state() -> None:
    def pool() -> Pool:
        world = GymWorld([WorkbenchEnv("open_mixed") for _ in range(3)])
        return Pool([world], lambda seat, episode: 10 * seat + episode)

    one = pool()
    one.reset()
    moments = [one.step(one.oracle()) for _ in range(12)]
    assert any(moment.outcome.success.any() for moment in moments)
    two = pool()
    two.restore(one.state())
    assert two.families() == one.families()
    assert np.array_equal(two.oracle(), one.oracle())
    for first, second in zip(one.worlds[0].observe(), two.worlds[0].observe(), strict=True):
        assert same(first, second) if isinstance(first, dict) else np.array_equal(first, second)


def test_two_phase_stepping_must_alternate() -> None:
    env = begun()
    with pytest.raises(RuntimeError, match="call begin first"):
        env.finish()
    env.begin(RUN_TESTS)
    with pytest.raises(RuntimeError, match="finish first"):
        env.begin(NO_OP)
    assert not env.finish()[4]["success"]
    with pytest.raises(ValueError, match="key 6 does not exist"):
        env.begin(KEYS)


def test_the_screen_can_be_read() -> None:
    env = begun("open_single", 5, render_mode="ansi")
    assert "[untested] no list yet" in env.render()
    play(env, [RUN_TESTS])
    assert env.menu.top.item.text in env.render()
    play(env, [NO_OP])
    assert "def " in env.screen()
    play(env, [NO_OP])
    assert "E   " in env.screen()
    play(env, [NO_OP, NO_OP, *apply_and_run(env.menu)])
    assert "[failed]" in env.screen()
    play(env, undo_and_go_on(env.menu))
    assert "[edits] 2/" in env.screen()
