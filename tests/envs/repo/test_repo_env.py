"""Does the repository world keep its promises? Real runs in the sandbox, under Gymnasium's checker and our
own laws."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sixkeys.contract import (
    KEYS,
    MARK_CHANGED,
    MARK_SHARED,
    MARK_SUSPICIOUS,
    MARK_TRIED,
    SOURCE_ADDED,
    SOURCE_FAILURE,
    SOURCE_FOCUS,
    SOURCE_REMOVED,
    SOURCE_SCREEN,
)
from sixkeys.envs.pool import GymWorld, Pool
from sixkeys.envs.repo import views
from sixkeys.envs.repo.env import KEY_COST, TASKS, RepoToolEnv
from sixkeys.envs.repo.families import FAMILIES, HELDOUT, TRAINED
from sixkeys.envs.repo.menu import APPLY_A, APPLY_B, CYCLE_PATCHES, NO_OP, REVERT, RUN_TESTS
from sixkeys.envs.repo.runner import RunResult, shared_runner
from sixkeys.envs.repo.tokens import Lexeme, lex


def begun(task: str = "proc_mixed_loop", seed: int = 3, **settings) -> RepoToolEnv:
    env = RepoToolEnv(task, **settings)
    env.reset(seed=seed)
    return env


def play(env: RepoToolEnv, keys: list[int]) -> list:
    return [env.step(key) for key in keys]


def chosen(env: RepoToolEnv, right: bool) -> int:
    """Turns pages to a pair and returns the key of a candidate that is (not) the right one."""
    index = env.task.right if right else (env.task.right + 1) % 6
    while env.menu.pair != index // 2:
        env.step(CYCLE_PATCHES)
    return APPLY_A + index % 2


def same(first, second) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in first) and first.keys() == second.keys()


@pytest.mark.parametrize("task", ["proc_mixed_loop", "proc_heldout"])
def test_gymnasiums_checker_passes(task: str) -> None:
    gym.register("sixkeys-test/Repo-v0", entry_point=RepoToolEnv, kwargs={"task": task})
    try:
        check_env(gym.make("sixkeys-test/Repo-v0", render_mode="ansi").unwrapped)
    finally:
        del gym.registry["sixkeys-test/Repo-v0"]


def test_an_unknown_task_lists_the_possible_ones() -> None:
    with pytest.raises(ValueError, match="unknown task 'proc_typo'; possible: proc_mixed_loop, "):
        RepoToolEnv("proc_typo")
    assert {f"proc_{family}{ending}" for family in FAMILIES for ending in ("", "_loop")} < set(TASKS)


def test_mixed_tasks_draw_every_family_of_their_own_and_no_other() -> None:
    for task, families in (("proc_mixed_loop", TRAINED), ("proc_heldout_loop", HELDOUT)):
        env = RepoToolEnv(task)
        drawn = set()
        for seed in range(150):
            env.reset(seed=seed)
            drawn.add(env.family)
        assert drawn == set(families)


@pytest.mark.parametrize("task", ["proc_mixed_loop", "proc_heldout_loop", "proc_mixed", "proc_wrong_index"])
def test_the_oracle_solves_in_as_many_keys_as_it_says(task: str) -> None:
    for seed in range(4):
        env = RepoToolEnv(task)
        _, info = env.reset(seed=seed)
        total = 0.0
        for key in range(1, info["oracle_steps"] + 1):
            observation, reward, terminated, truncated, step = env.step(env.oracle())
            total += reward
            assert not truncated
            assert not step["invalid"]
            assert env.observation_space.contains(observation)
            assert terminated == step["success"] == (key == info["oracle_steps"])
        assert total == pytest.approx(1 - KEY_COST * info["oracle_steps"])


def test_a_walk_through_all_phases() -> None:
    env = begun()
    assert not env.observation_space["senses"].contains(np.zeros(3))
    (first,) = play(env, [RUN_TESTS])
    assert first[4]["pytest"].strip().endswith("failed")
    wrong = chosen(env, right=False)
    applied, failed = play(env, [wrong, RUN_TESTS])
    assert applied[0]["ids"].tolist() == [3, 1, 2, 0]
    assert failed[0]["ids"].tolist() == [3, 1, 3, 0]
    assert not failed[2]
    assert env.oracle() == REVERT
    (reverted,) = play(env, [REVERT])
    assert env.files == env.task.files
    assert reverted[0]["ids"].tolist() == [3, 1, 1, 0]
    tried = [row for row in reverted[0]["senses"] if row[3] & MARK_TRIED]
    assert {row[1] for row in tried} == {1 + wrong}
    fixed = play(env, [chosen(env, right=True), RUN_TESTS])[-1]
    assert fixed[2]
    assert fixed[4]["success"]
    assert not fixed[3]


def test_the_menu_is_hidden_until_the_first_failing_run() -> None:
    env = RepoToolEnv("proc_mixed_loop")
    before, info = env.reset(seed=5)
    assert np.flatnonzero(info["action_mask"]).tolist() == [NO_OP, RUN_TESTS]
    assert not set(before["senses"][:, 0]) & {SOURCE_REMOVED, SOURCE_ADDED, SOURCE_FAILURE}
    for _ in range(4):
        observation, *_ = env.step(NO_OP)
        assert not set(observation["senses"][:, 0]) & {SOURCE_REMOVED, SOURCE_ADDED, SOURCE_FAILURE}
        changed = {line for edit in env.task.candidates for line in edit.new.splitlines()}
        shown = {line.strip("?x> ") for line in env.screen().splitlines()}
        assert not {line.strip() for line in changed} & shown - {
            line.strip() for text in env.files.values() for line in text.splitlines()
        }
    after, *_ = env.step(RUN_TESTS)
    assert {SOURCE_REMOVED, SOURCE_ADDED, SOURCE_FAILURE} <= set(after["senses"][:, 0])


def test_without_the_loop_the_candidates_are_there_at_once() -> None:
    observation, info = RepoToolEnv("proc_mixed").reset(seed=5)
    assert info["action_mask"].tolist() == [True, True, True, True, True, False]
    assert {2, 3} <= {key - 1 for key in observation["senses"][:, 1] if key}
    assert observation["ids"].tolist() == [3, 0, 1, 0]


def test_the_sense_rows_say_what_stands_there() -> None:
    env = begun("proc_wrong_operator_loop", seed=11)
    observation = play(env, [RUN_TESTS])[0][0]
    rows = observation["senses"]
    assert rows.shape == (64, 4)
    words = {word.token for word in lex(env.first.message)}
    assert {row[2] for row in rows[:16] if row[2]} <= words | {
        Lexeme(name, 3).token for name in env.first.suspects
    }
    broken = env.task.function_of(env.task.candidates[env.task.right])
    assert env.first.suspects == {broken}
    assert any(row[2] == Lexeme(broken, 3).token and row[3] & MARK_SUSPICIOUS for row in rows[:16])
    for key, start in ((APPLY_A, 24), (APPLY_B, 44)):
        edit = env.task.candidates[env.menu.candidate(key)]
        of_key = rows[start : start + 20]
        assert {row[1] for row in of_key if row[0]} == {1 + key}
        assert all(
            bool(row[3] & MARK_SUSPICIOUS) == (env.task.function_of(edit) == broken)
            for row in of_key
            if row[0]
        )
        old = {word.token for word in lex(edit.old)}
        changed = [row[2] for row in of_key if row[0] == SOURCE_ADDED and row[3] & MARK_CHANGED]
        assert changed
        assert {row[2] for row in of_key if row[0] == SOURCE_REMOVED and row[3] & MARK_CHANGED} <= old | set(
            range(1, 256)
        )
        for row in of_key:
            assert not row[3] & MARK_SHARED or row[2] in words
    assert {row[0] for row in rows[16:24] if row[0]} == {SOURCE_FOCUS, SOURCE_SCREEN}


def test_no_op_turns_the_views_and_the_pair_stays() -> None:
    env = begun()
    (after,) = play(env, [RUN_TESTS])
    seen = [step[0] for step in play(env, [NO_OP] * 4)]
    assert len({observation["patch"].tobytes() for observation in seen}) == 4
    assert np.array_equal(seen[3]["patch"], after[0]["patch"])
    for observation in seen:
        assert np.array_equal(observation["senses"][24:], after[0]["senses"][24:])


def test_a_key_that_is_not_offered_costs_energy_and_nothing_else() -> None:
    env = begun()
    before, screen = env._observation(), env.screen()
    observation, reward, terminated, truncated, info = env.step(APPLY_A)
    assert info["invalid"]
    assert not terminated
    assert not truncated
    assert reward == -KEY_COST
    assert observation["energy"][0] == pytest.approx(1 - 1 / 20)
    assert env.screen() == screen
    assert all(np.array_equal(observation[name], before[name]) for name in before if name != "energy")


def test_the_budget_of_keys_truncates() -> None:
    env = begun(max_steps=3)
    steps = play(env, [NO_OP, REVERT, NO_OP])
    assert [step[3] for step in steps] == [False, False, True]
    assert not any(step[2] for step in steps)
    assert steps[-1][0]["energy"][0] == 0
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(NO_OP)


def test_the_same_seed_and_keys_give_the_same_episode() -> None:
    keys = [RUN_TESTS, NO_OP, APPLY_B, RUN_TESTS, NO_OP, NO_OP, REVERT, CYCLE_PATCHES, APPLY_A, RUN_TESTS]
    for seed in range(3):
        one, two = begun(seed=seed), begun(seed=seed)
        for key in keys:
            first, second = one.step(key), two.step(key)
            assert same(first[0], second[0])
            assert first[1:4] == second[1:4]
            assert one.screen() == two.screen()
            if first[2]:
                break


def test_nothing_that_is_seen_depends_on_the_answer() -> None:
    """The same project with another answer and family written on it looks the same until a run says more."""
    for seed in range(4):
        env = begun(seed=seed)
        play(env, [RUN_TESTS, NO_OP, CYCLE_PATCHES])
        seen, screen = env._observation(), env.screen()
        env.task = env.task._replace(right=(env.task.right + 1) % 6, family="other")
        assert same(env._observation(), seen)
        assert env.screen() == screen


def test_success_needs_every_expected_test_to_pass() -> None:
    env = begun()
    env.step(RUN_TESTS)
    play(env, [chosen(env, right=True)])
    result: RunResult = shared_runner().submit(env.files, env.task.tests).result()
    assert result.passed
    env._hear(result._replace(outcomes=result.outcomes[:-1]))
    assert env.menu.phase == 3


def test_a_run_that_never_finished_is_a_failure_and_a_refused_one_an_error() -> None:
    env = begun()
    env._hear(RunResult((), "timeout", 1.0, "killed after 20 s"))
    assert "timeout" in {word.text for word in env.first.short}
    with pytest.raises(RuntimeError, match="the tests were not run: no bwrap"):
        env._hear(RunResult((), "refused", 0.0, "no bwrap"))


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


def test_many_seats_replay_to_the_same_state() -> None:
    def pool() -> Pool:
        world = GymWorld([RepoToolEnv("proc_mixed_loop") for _ in range(4)])
        return Pool([world], lambda seat, episode: 10 * seat + episode)

    one = pool()
    one.reset()
    moments = [one.step(one.oracle()) for _ in range(5)]
    assert any(moment.outcome.success.any() for moment in moments)
    two = pool()
    two.restore(one.state())
    assert two.families() == one.families()
    assert np.array_equal(two.oracle(), one.oracle())
    for first, second in zip(one.worlds[0].observe(), two.worlds[0].observe(), strict=True):
        assert same(first, second) if isinstance(first, dict) else np.array_equal(first, second)


def test_the_screen_can_be_read() -> None:
    env = begun("proc_wrong_start_loop", render_mode="ansi")
    assert "[untested] no menu yet, view focus" in env.render()
    env.step(RUN_TESTS)
    broken = env.task.function_of(env.task.candidates[env.task.right])
    text = env.render()
    assert f"def {broken}(" in text
    assert f"A {env.task.function_of(env.task.candidates[0])} " in text
    play(env, [NO_OP, NO_OP])
    assert all(path in env.screen() for path in env.files)
    env.step(NO_OP)
    assert "E   " in env.screen()


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_shown_of_the_right_candidate_differs_from_every_wrong_one(family: str) -> None:
    for seed in range(40):
        env = begun(f"proc_{family}", seed=seed)
        shown = views.tokens_of(env.task)
        assert sum(tokens == shown[env.task.right] for tokens in shown) == 1
