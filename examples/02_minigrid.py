"""Is that the MiniGrid I know? The real `minigrid` package behind the same six keys and the same observation.

MiniGrid's seven actions become six (`done` is dropped), its 7 x 7 view lies in the middle of our 9 x 9 patch,
its rewards and ends are its own. `sixkeys.make` is `gymnasium.make` with our names registered, so any library
that trains on Gymnasium environments can train on ours.

    python examples/02_minigrid.py
"""

import gymnasium
import numpy as np

import sixkeys


def episode(env: gymnasium.Env, seed: int, masked: bool) -> tuple[int, int, bool]:
    """Random keys, `masked` only offered ones: how many, how many of them not offered, whether solved."""
    _, info = env.reset(seed=seed)
    chance, pressed, invalid, ended = np.random.default_rng(seed), 0, 0, False
    while not ended:
        choices = np.flatnonzero(info["action_mask"]) if masked else np.arange(6)
        _, _, terminated, truncated, info = env.step(int(chance.choice(choices)))
        pressed, invalid, ended = pressed + 1, invalid + info["invalid"], terminated or truncated
    return pressed, invalid, info["success"]


def main() -> None:
    env = sixkeys.make("sixkeys/MiniGrid-v0", task="MiniGrid-DoorKey-5x5-v0")
    world = env.unwrapped
    print(f"six keys: {', '.join(world.world_spec.keys)}")

    observation, info = env.reset(seed=3)
    print(world.screen())
    shapes = {name: f"{array.dtype}{list(array.shape)}" for name, array in observation.items()}
    print(f"observation: {shapes}")

    for masked in (True, False):
        rows = [episode(env, seed, masked) for seed in range(10)]
        pressed, invalid, solved = (sum(column) for column in zip(*rows, strict=True))
        name = "masked" if masked else "unmasked"
        print(
            f"random keys, {name}: solved {solved}/10, {invalid / pressed:.0%} of {pressed} keys not offered"
        )

    _, info = env.reset(seed=3)
    shortest, pressed, ended = info["oracle_steps"], 0, False
    while not ended:
        _, _, terminated, truncated, info = env.step(world.oracle())
        pressed, ended = pressed + 1, terminated or truncated
    print(f"oracle: solved {info['success']} in {pressed} keys, a shortest solution has {shortest}")


if __name__ == "__main__":
    main()
