"""How does the agent learn? A tiny brain, a few thousand keys in an empty room, a checkpoint and back.

`train` is a generator: it yields a snapshot after every update, and whoever consumes it shows, saves,
measures or stops. Stage 1 learns the world model from play, stage 2 the policy by A2C with everything else
going on. Every second episode is played without hints (`action_mask_dropout`), so that both modes are
learned. This is a look at the machinery, not a result; `sixkeys train --help` has the real settings. The
first run compiles for a minute or so (`JAX_COMPILATION_CACHE_DIR=folder` keeps what was compiled).

    python examples/04_train_a_minute.py
"""

import tempfile

from sixkeys import RunConfig, load_agent, train, training_pool
from sixkeys.agent.config import BrainConfig
from sixkeys.training.checkpoint import save
from sixkeys.training.config import LearnConfig, PoolConfig

CONFIG = RunConfig(
    brain=BrainConfig(width=16, hidden=16, slots=2),
    learn=LearnConfig(rl_steps=6000, unroll=4, stage1_updates=25, replay_rows=2),
    pool=PoolConfig(worlds=("grid:grid_empty",), seats=(4,)),
)
SHOWN = 100
"""Updates between two lines."""


def main() -> None:
    pool = training_pool(CONFIG)  # its episodes never touch the seeds that evaluation uses
    solved, snapshot = [], None
    for snapshot in train(CONFIG, pool):
        solved += snapshot.ended.success.tolist()
        if snapshot.update % SHOWN == 0:
            loss, recent = snapshot.losses, solved[-50:]
            print(
                f"{snapshot.share:4.0%}  {snapshot.keys:>5} keys  solved {sum(recent)} of {len(recent)}  "
                f"world {loss['world/loss']:.2f}  invalid mass {loss['policy/mean_invalid_mass']:.2f}"
            )

    # A checkpoint is whole or absent; the components of a snapshot are enough to go on bit for bit.
    with tempfile.TemporaryDirectory() as folder:
        path = save(
            folder, snapshot.update, snapshot.components(), {"config": CONFIG.model_dump(mode="json")}
        )
        agent, config = load_agent(path, greedy=True)
        weights = sum(array.size for array in snapshot.components()["brain"].values())
        print(f"kept and read again: {path.name}, {weights:,} weights of {', '.join(config.pool.worlds)}")
        print(f"it thinks greedily {agent.greedy} and plans with weight {agent.planning_coef}")
    pool.close()


if __name__ == "__main__":
    main()
