"""How quickly is the like of an observation found among very many, how surely, and in how much memory?

    python benchmarks/memory.py --entries 100000 1000000

Entries are observations of the grid worlds, each with up to ten random cells written over, so that few are
the same; queries are others. A store is filled, closed, opened again and asked for the ten nearest, one
query at a time, as an agent with one seat asks: index, entries out of SQLite, their trust. Recall@10 is the
share of the ten that are as near as the tenth nearest of all, by comparing with all. --uniform asks the same
of random directions, which have no like: the worst there is. Up to 100,000 entries are compared with all;
the graph is shown at that size, too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import track
from rich.table import Table
from turns import console

from sixkeys import build
from sixkeys.contract import CELL_SIZES, SIDE, Observation, episode_seed
from sixkeys.memory.index import EXACT
from sixkeys.memory.likeness import WIDTH, Likeness
from sixkeys.memory.store import Entry, Store

WORLD, SEATS, BATCH = "grid:grid_mixed", 256, 20_000
QUERIES, NEAREST, WANTED = 500, 10, 0.95
SAME = 1e-5
"""Two likenesses that differ by less are the same."""


def observed(count: int, seed: int) -> Iterator[np.ndarray]:
    """Vectors of observations, in batches, from random keys."""
    config = build.run_config({"pool": {"worlds": [WORLD], "seats": [SEATS]}})
    pool = build.make_pool(config.pool, lambda seat, episode: episode_seed(seed, seat, episode))
    rng, likeness, now, made = np.random.default_rng(seed), Likeness(), pool.reset(), 0
    while made < count:
        for _ in range(4):
            vectors = likeness.vectors(written_over(now.observation, rng))[: count - made]
            made += len(vectors)
            yield vectors
        for _ in range(3):
            now = pool.step(rng.integers(0, 6, SEATS))
    pool.close()


def written_over(observation: Observation, rng: np.random.Generator) -> Observation:
    """Up to ten cells of each patch say something else."""
    patch = observation["patch"].copy()
    cells = rng.integers(0, CELL_SIZES, (len(patch), SIDE, SIDE, 3), dtype=np.uint8)
    share = rng.integers(0, 11, (len(patch), 1, 1, 1)) / SIDE**2
    chosen = rng.random((len(patch), SIDE, SIDE, 1)) < share
    return Observation(**{**observation, "patch": np.where(chosen, cells, patch)})


def uniform(count: int, seed: int) -> Iterator[np.ndarray]:
    """Random directions, in batches."""
    rng = np.random.default_rng(seed)
    for start in range(0, count, BATCH):
        vectors = rng.standard_normal((min(BATCH, count - start), WIDTH)).astype(np.float32)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def gathered(batches: Iterator[np.ndarray]) -> np.ndarray:
    """All batches as one."""
    return np.concatenate([*batches])


def filled(path: Path, vectors: np.ndarray, exact: int) -> float:
    """A store of these vectors and, where there are many, its graph; seconds that the graph took."""
    with Store(path, exact=exact) as store:
        starts = range(0, len(vectors), BATCH)
        for start in track(starts, f"writing {len(vectors):,}", console=console, transient=True):
            some = vectors[start : start + BATCH]
            store.add([Entry(WORLD, f"key {n % 6}", 1.0, "", v) for n, v in enumerate(some)])
        began = time.perf_counter()
        store.nearest(vectors[:1], NEAREST)
        return time.perf_counter() - began


def asked(store: Store, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds and the tenth to nearest likenesses of each query."""
    times, found = [], []
    store.nearest(queries[:1], NEAREST)
    for query in track(queries, "asking", console=console, transient=True):
        began = time.perf_counter()
        (answer,) = store.nearest(query[None], NEAREST)
        times.append(1000 * (time.perf_counter() - began))
        found.append(sorted((one.likeness for one in answer), reverse=True))
    return np.array(times), np.array(found)


def nearest_of_all(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The likeness of the tenth nearest of each query, by comparing with all, as the store keeps them."""
    best = np.full((len(queries), NEAREST), -1.0, np.float32)
    for start in range(0, len(vectors), BATCH):
        kept = vectors[start : start + BATCH].astype(np.float16).astype(np.float32)
        both = np.concatenate([best, queries @ kept.T], axis=1)
        best = -np.sort(-both, axis=1)[:, :NEAREST]
    return best[:, -1]


def measure(name: str, vectors: np.ndarray, queries: np.ndarray, exact: int, shown: Table) -> float:
    """Adds a row; the recall."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.sqlite"
        seconds = filled(path, vectors, exact)
        began = time.perf_counter()
        with Store(path, exact=exact) as store:
            store.nearest(queries[:1], NEAREST)
            opened = time.perf_counter() - began
            times, found = asked(store, queries)
            kind = "graphs" if store.index.graphs is not None else "exact"
            size = store.index.size()
        disk = sum(file.stat().st_size for file in Path(folder).iterdir())
    recall = float((found >= nearest_of_all(vectors, queries)[:, None] - SAME).mean())
    median, late = np.quantile(times, (0.5, 0.99))
    shown.add_row(
        f"{name} {len(vectors):,}", kind, f"{median:.2f}", f"{late:.2f}", f"{recall:.3f}",
        f"{size / 2**20:.0f}", f"{disk / 2**20:.0f}", f"{seconds:.0f}", f"{opened:.1f}",
    )  # fmt: skip
    return recall


def main() -> None:
    """Prints the table and whether the graph finds what it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--uniform", action="store_true", help="random directions, too")
    parser.add_argument("--quick", action="store_true", help="20,000 entries: for a look, not for a claim")
    options = parser.parse_args()
    shown = Table(
        "entries", "index", "median ms", "99 % ms", "recall@10", "MiB held", "MiB on disk", "s to build",
        "s to open", title="The ten nearest of a memory",
    )  # fmt: skip
    sources = {"observed": observed} | ({"uniform": uniform} if options.uniform else {})
    recalls = []
    for count in [20_000] if options.quick else options.entries:
        for name, source in sources.items():
            vectors, queries = gathered(source(count, 0)), gathered(source(QUERIES, 1))
            if count <= EXACT:
                measure(name, vectors, queries, EXACT, shown)
            recall = measure(name, vectors, queries, min(EXACT, count - 1), shown)
            recalls += [recall] if name == "observed" else []
    console.print(shown)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    word = "[green]at least[/]" if min(recalls) >= WANTED else "[red]BELOW[/]"
    console.print(f"recall@10 {min(recalls):.3f}, {word} {WANTED}; the process held {peak:,.0f} MiB at most")


if __name__ == "__main__":
    main()
