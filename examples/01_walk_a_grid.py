"""How does a world look from the keys? One episode of a grid with a locked door, key by key.

Worlds are Gymnasium environments: `reset` and `step` as you know them. Three things are the same in every
world: six keys, one observation (`patch` is the 9 x 9 cells around you, `energy` the share of your keys that
is left), and `info["action_mask"]`, which says what the interface offers now. Any key may be pressed: one
that is not offered changes nothing but energy, and `info["invalid"]` says so. `terminated` is an end,
`truncated` an empty budget.

    python examples/01_walk_a_grid.py
"""

import sixkeys


def main() -> None:
    env = sixkeys.make("sixkeys/Grid-v0", task="grid_key").unwrapped
    keys = env.world_spec.keys
    observation, info = env.reset(seed=7)
    print(env.screen())
    print(f"the six keys: {', '.join(keys)}; a shortest solution has {info['oracle_steps']} of them")

    # A key that is not offered: nothing happens, and it is counted.
    hidden = next(key for key in range(6) if not info["action_mask"][key])
    patch = observation["patch"]
    observation, _, _, _, info = env.step(hidden)
    same = bool((observation["patch"] == patch).all())
    print(f"\n{keys[hidden]}: invalid {info['invalid']}, the same cells as before {same}")

    # The oracle knows the way. It is for controls and for counting extra keys; the agent never sees it.
    ended, pressed = False, 0
    while not ended:
        key = env.oracle()
        observation, reward, terminated, truncated, info = env.step(key)
        ended, pressed = terminated or truncated, pressed + 1
        offered = " ".join(name for name, on in zip(keys, info["action_mask"], strict=True) if on)
        print(f"{keys[key]:<6} energy {observation['energy'][0]:.2f}  now offered: {offered}")

    print(env.screen())
    print(f"solved {info['success']} after {pressed} keys of the oracle, reward {reward:.3f}")


if __name__ == "__main__":
    main()
