"""Which vectors are the nearest? Exactly for up to EXACT entries, by usearch's graph beyond.

In: unit vectors and numbers of entries. Out: numbers, the nearest first. It is derived from the store and can
always be made again; what the store does not hold is taken out before anything is looked up. The graph keeps
a byte a number, so its order is rough: the store compares what it gives once more.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

EXACT = 100_000
"""Entries up to which all are compared."""
CONNECTIVITY, ADDING, SEARCHING = 16, 128, 512
"""Of the graph: links of a node, nodes looked at while one is added and while one is looked up.
benchmarks/memory.py says what they cost and find."""
WIDER = 8
"""How many times more are looked up in the graph where only one world's are wanted."""
CHUNK = 50_000
"""Entries that join the graph at once."""


log = logging.getLogger("sixkeys.memory")


class Index:
    """Vectors by number of their entry. Keeps state: them, and a graph where there are many.

    `file` is where the graph is kept between runs. Raises RuntimeError where more than `exact` entries are
    looked up and usearch is not installed.
    """

    def __init__(self, width: int, file: Path, exact: int = EXACT):
        self.width, self.file, self.exact = width, file, exact
        self.ids = np.zeros(0, np.int64)
        """Ascending."""
        self.worlds = np.zeros(0, np.int32)
        self.rows = np.zeros((0, width), np.float32)
        """All vectors in the order of `ids`, and room for more; none where there is a graph."""
        self.graph: Any = None
        self.changed = False

    def sync(self, ids: np.ndarray, worlds: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> None:
        """Holds exactly `ids` (ascending) from now on; `read` gives the vectors of those that are new."""
        if self.graph is None and not len(self.ids) and len(ids) > self.exact:
            self._load()
        self.drop(np.setdiff1d(self.ids, ids))
        self.worlds = worlds[np.isin(ids, self.ids)].astype(np.int32)
        fresh = ~np.isin(ids, self.ids)
        later = ids > (self.ids[-1] if len(self.ids) else 0)
        if (fresh & ~later).any():
            self._between(ids, worlds, fresh & ~later, read)
        new, where = ids[later], worlds[later]
        for start in range(0, len(new), CHUNK):
            some = slice(start, start + CHUNK)
            self.add(new[some], where[some], read(new[some]))

    def add(self, ids: np.ndarray, worlds: np.ndarray, vectors: np.ndarray) -> None:
        """Takes in entries with larger numbers than all that are here."""
        before = len(self.ids)
        self.ids = np.concatenate([self.ids, ids])
        self.worlds = np.concatenate([self.worlds, worlds.astype(np.int32)])
        if self.graph is None:
            if len(self.ids) > len(self.rows):
                more = np.zeros((max(len(ids), before), self.width), np.float32)
                self.rows = np.concatenate([self.rows[:before], more])
            self.rows[before : len(self.ids)] = vectors
            if len(self.ids) > self.exact and (made := graph(self.width)) is not None:
                self.graph = made
                self._link(self.ids, self.rows[: len(self.ids)])
                self.rows = self.rows[:0].copy()
        else:
            self._link(ids, vectors)

    def drop(self, ids: np.ndarray) -> None:
        """Forgets entries; those that are not here are passed over."""
        gone = np.isin(self.ids, ids)
        if not gone.any():
            return
        if self.graph is not None:
            self.graph.remove(self.ids[gone].astype(np.uint64))
            self.changed = True
        else:
            self.rows = self.rows[: len(self.ids)][~gone]
        self.ids, self.worlds = self.ids[~gone], self.worlds[~gone[: len(self.worlds)]]

    def _link(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        self.changed = True
        for start in range(0, len(ids), CHUNK):
            self.graph.add(ids[start : start + CHUNK].astype(np.uint64), vectors[start : start + CHUNK])

    def _between(
        self, ids: np.ndarray, worlds: np.ndarray, fresh: np.ndarray, read: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        """Takes in entries whose numbers lie among those that are here."""
        vectors = read(ids[fresh])
        order = np.argsort(np.concatenate([self.ids, ids[fresh]]), kind="stable")
        if self.graph is None:
            self.rows = np.concatenate([self.rows[: len(self.ids)], vectors])[order]
        else:
            self._link(ids[fresh], vectors)
        self.ids = np.concatenate([self.ids, ids[fresh]])[order]
        self.worlds = np.concatenate([self.worlds, worlds[fresh].astype(np.int32)])[order]

    def nearest(self, queries: np.ndarray, count: int, world: int | None = None) -> np.ndarray:
        """int64 [queries, count]: the nearest of each query, of one world where given; 0 where there are no
        more."""
        near = np.zeros((len(queries), count), np.int64)
        if self.graph is None:
            if len(self.ids) > self.exact:
                raise RuntimeError(
                    f"this memory holds {len(self.ids):,} vectors; beyond {self.exact:,} the nearest are "
                    "found by usearch, which is not installed: pip install 'sixkeys[recall]'"
                )
            rows = self.rows[: len(self.ids)]
            here = slice(None) if world is None else self.worlds == world
            return _compared(queries, self.ids[here], rows[here], near)
        wanted = min(count if world is None else WIDER * count, len(self.ids))
        if not wanted:
            return near
        keys = np.atleast_2d(self.graph.search(queries, wanted).keys).astype(np.int64)
        for row in range(len(queries)):
            fits = keys[row][keys[row] > 0]
            if world is not None:
                fits = fits[self.worlds[np.searchsorted(self.ids, fits)] == world]
            near[row, : len(fits[:count])] = fits[:count]
        if world is None or near.all():
            return near
        here = self.ids[self.worlds == world]
        rows = np.array(self.graph.get(here.astype(np.uint64)), np.float32).reshape(-1, self.width)
        return _compared(queries, here, rows, near)

    def save(self) -> None:
        """Writes the graph, whole or not at all, where there is one that changed."""
        if self.graph is not None and self.changed:
            part = self.file.with_name(f"{self.file.name}.{os.getpid()}.part")
            self.graph.save(str(part))
            os.replace(part, self.file)
            self.changed = False

    def size(self) -> int:
        """Bytes in memory."""
        own = self.ids.nbytes + self.worlds.nbytes + self.rows.nbytes
        return own + (self.graph.memory_usage if self.graph is not None else 0)

    def _load(self) -> None:
        """Takes what the file keeps; its worlds are not known yet."""
        kept = graph(self.width)
        if kept is None or not self.file.exists():
            return
        try:
            kept.load(str(self.file))
        except (ValueError, RuntimeError) as error:
            log.warning("%s is damaged (%s) and is made again", self.file, error)
            return
        kept.expansion_add, kept.expansion_search = ADDING, SEARCHING
        self.graph, self.ids = kept, np.sort(np.asarray(kept.keys).astype(np.int64))


def graph(width: int) -> Any:
    """An empty graph; None where usearch is not installed."""
    try:
        from usearch.index import Index as Graph
    except ImportError:
        return None
    return Graph(
        ndim=width, metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=ADDING,
        expansion_search=SEARCHING,
    )  # fmt: skip


def _compared(queries: np.ndarray, ids: np.ndarray, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
    """All rows compared with all queries; the nearest into `near`, of two alike the older first."""
    count = min(near.shape[1], len(ids))
    if count:
        likeness = queries @ rows.T
        best = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        order = np.lexsort((best, -np.take_along_axis(likeness, best, 1)))
        near[:, :count] = ids[np.take_along_axis(best, order, 1)]
    return near
