"""Which vectors are nearly the nearest, of a million? Several of usearch's graphs that answer as one.

One graph of a million near copies leads a search into one crowd and not out again: looking at four times as
many nodes finds hardly more. A graph of SHARD of them does not, so every SHARD numbers have a graph, each
graph is asked, and the nearest of all answers stay. A graph keeps a byte a number; its order is rough.
"""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

SHARD = 100_000
"""Numbers of entries that share a graph: 1 to 99,999 the first, and so on."""
CONNECTIVITY, ADDING, SEARCHING = 16, 128, 512
"""Of a graph: links of a node, nodes looked at while one is added and while one is looked up.
benchmarks/memory.py says what they cost and find."""
LARGEST = 127
"""What a byte holds for 1."""
CHUNK = 50_000
"""Vectors that join a graph at once."""

log = logging.getLogger("sixkeys.memory")


def available() -> bool:
    """Whether usearch is installed."""
    return find_spec("usearch") is not None


def files(file: Path) -> dict[int, Path]:
    """The files that graphs called `file` were kept in, by the number of the graph."""
    found = {path.suffix[1:]: path for path in file.parent.glob(f"{file.name}.*")}
    return {int(shard): path for shard, path in sorted(found.items()) if shard.isdecimal()}


class Graphs:
    """Unit vectors by number. Keeps state: the graphs, and which of them their files do not hold yet.

    file: what the files are called, each with the number of its graph behind. Needs usearch.
    """

    def __init__(self, width: int, file: Path):
        self.width, self.file = width, file
        self.shards: dict[int, Any] = {}
        self.changed: set[int] = set()

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        for shard, rows in self._dealt(ids):
            if shard not in self.shards:
                self.shards[shard] = _made(self.width)
            self.changed.add(shard)
            for start in range(0, len(rows), CHUNK):
                some = rows[start : start + CHUNK]
                self.shards[shard].add(ids[some].astype(np.uint64), vectors[some])

    def remove(self, ids: np.ndarray) -> None:
        """Takes out numbers; all of them must be here."""
        for shard, rows in self._dealt(ids):
            self.shards[shard].remove(ids[rows].astype(np.uint64))
            self.changed.add(shard)

    def search(self, queries: np.ndarray, count: int) -> np.ndarray:
        """int64 [queries, count]: numbers, the nearest first; 0 where there are no more."""
        near = np.zeros((len(queries), 0), np.int64)
        far = np.zeros((len(queries), 0), np.float32)
        for graph in self.shards.values():
            found = graph.search(queries, min(count, len(graph)) or 1)
            keys, distances = np.atleast_2d(found.keys), np.atleast_2d(found.distances)
            near = np.concatenate([near, keys.astype(np.int64)], axis=1)
            far = np.concatenate([far, np.where(keys > 0, distances, np.inf)], axis=1)
        order = np.argsort(far, axis=1, kind="stable")[:, :count]
        answer = np.zeros((len(queries), count), np.int64)
        answer[:, : order.shape[1]] = np.take_along_axis(np.where(np.isfinite(far), near, 0), order, axis=1)
        return answer

    def get(self, ids: np.ndarray) -> np.ndarray:
        """float32 [ids, width]: roughly what was added."""
        rows = np.zeros((len(ids), self.width), np.float32)
        for shard, where in self._dealt(ids):
            found = self.shards[shard].get(ids[where].astype(np.uint64))
            rows[where] = np.array(found, np.float32).reshape(-1, self.width) / LARGEST
        return rows

    def numbers(self) -> np.ndarray:
        """int64, ascending: all that are here."""
        kept = [np.asarray(graph.keys).astype(np.int64) for graph in self.shards.values()]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *kept]))

    def size(self) -> int:
        """Bytes in memory."""
        return sum(graph.memory_usage for graph in self.shards.values())

    def save(self) -> None:
        """Writes each graph that changed, whole or not at all."""
        for shard in sorted(self.changed):
            part = self.file.with_name(f"{self.file.name}.{os.getpid()}.part")
            self.shards[shard].save(str(part))
            os.replace(part, self._path(shard))
        self.changed.clear()

    def load(self) -> None:
        """Takes what the files keep; a damaged one is left out."""
        for shard, path in files(self.file).items():
            graph = _made(self.width)
            try:
                graph.load(str(path))
            except (ValueError, RuntimeError) as error:
                log.warning("%s is damaged (%s) and is made again", path, error)
                continue
            graph.expansion_add, graph.expansion_search = ADDING, SEARCHING
            self.shards[shard] = graph

    def _path(self, shard: int) -> Path:
        return self.file.with_name(f"{self.file.name}.{shard}")

    def _dealt(self, ids: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Shard and the rows of `ids` that belong to it."""
        shards = ids // SHARD
        return [(int(shard), np.flatnonzero(shards == shard)) for shard in np.unique(shards)]


def _made(width: int) -> Any:
    from usearch.index import Index as Graph

    return Graph(
        ndim=width, metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=ADDING,
        expansion_search=SEARCHING,
    )  # fmt: skip
