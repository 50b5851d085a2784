"""What do all tests share? JAX compiled once for all runs, one tiny agent for the session, the same examples.

`pytest --hypothesis-profile explore` draws other examples at each run.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, derandomize=False)
settings.load_profile("repeatable")
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""Each of the processes side by side has a cache of its own: entries are not written atomically."""
CACHE = Path(__file__).parent.parent / ".pytest_cache" / "jax" / PROCESS
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(CACHE)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


@pytest.fixture(scope="session")
def tiny_config():
    """A run in two rows of one real grid, small enough to compile in seconds."""
    from sixkeys.agent.config import BrainConfig
    from sixkeys.training.config import LearnConfig, PoolConfig, RunConfig

    return RunConfig(
        brain=BrainConfig(width=16, hidden=16, slots=2, senses=0, horizon=3, rollouts=2),
        learn=LearnConfig(rl_steps=4 * 4 * 6, unroll=4, stage1_updates=2, replay_rows=2, replay_size=8),
        pool=PoolConfig(worlds=("grid:grid_empty",), seats=(4,)),
    )


@pytest.fixture(scope="session")
def tiny_brain(tiny_config):
    from sixkeys.agent.brain import Brain

    return Brain(tiny_config.brain, seed=3)
