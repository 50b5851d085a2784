"""Which vectors are the nearest? Exactly for up to EXACT entries, by graphs (graphs.py) beyond.

In: unit vectors and numbers of entries. Out: numbers, the nearest first. It is derived from the store and can
always be made again; what the store does not hold is taken out before anything is looked up. The order
that graphs give is rough: the store compares what they give once more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sixkeys.memory.graphs import Graphs, available

EXACT = 100_000
"""Entries up to which all are compared."""
WIDER = 8
"""How many times more are looked up in the graph where only one world's are wanted."""
CHUNK = 50_000
"""Entries that are read at once."""


class Index:
    """Vectors by number of their entry. Keeps state: them, or graphs where there are many.

    `file` is what graphs are kept as between runs. Raises RuntimeError where more than `exact` entries are
    looked up and usearch is not installed.
    """

    def __init__(self, width: int, file: Path, exact: int = EXACT):
        self.width, self.file, self.exact = width, file, exact
        self.ids = np.zeros(0, np.int64)
        """Ascending."""
        self.worlds = np.zeros(0, np.int32)
        self.rows = np.zeros((0, width), np.float32)
        """All vectors in the order of `ids`, and room for more; none where there are graphs."""
        self.graphs: Graphs | None = None

    def sync(self, ids: np.ndarray, worlds: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> None:
        """Holds exactly `ids` (ascending) from now on; `read` gives the vectors of those that are new."""
        if self.graphs is None and not len(self.ids) and len(ids) > self.exact and available():
            self.graphs = Graphs(self.width, self.file)
            self.graphs.load()
            self.ids = self.graphs.numbers()
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
        if self.graphs is None:
            if len(self.ids) > len(self.rows):
                more = np.zeros((max(len(ids), before), self.width), np.float32)
                self.rows = np.concatenate([self.rows[:before], more])
            self.rows[before : len(self.ids)] = vectors
            if len(self.ids) > self.exact and available():
                self.graphs = Graphs(self.width, self.file)
                self.graphs.add(self.ids, self.rows[: len(self.ids)])
                self.rows = self.rows[:0].copy()
        else:
            self.graphs.add(ids, vectors)

    def drop(self, ids: np.ndarray) -> None:
        """Forgets entries; those that are not here are passed over."""
        gone = np.isin(self.ids, ids)
        if not gone.any():
            return
        if self.graphs is not None:
            self.graphs.remove(self.ids[gone])
        else:
            self.rows = self.rows[: len(self.ids)][~gone]
        self.ids, self.worlds = self.ids[~gone], self.worlds[~gone[: len(self.worlds)]]

    def _between(
        self, ids: np.ndarray, worlds: np.ndarray, fresh: np.ndarray, read: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        """Takes in entries whose numbers lie among those that are here."""
        vectors = read(ids[fresh])
        order = np.argsort(np.concatenate([self.ids, ids[fresh]]), kind="stable")
        if self.graphs is None:
            self.rows = np.concatenate([self.rows[: len(self.ids)], vectors])[order]
        else:
            self.graphs.add(ids[fresh], vectors)
        self.ids = np.concatenate([self.ids, ids[fresh]])[order]
        self.worlds = np.concatenate([self.worlds, worlds[fresh].astype(np.int32)])[order]

    def nearest(self, queries: np.ndarray, count: int, world: int | None = None) -> np.ndarray:
        """int64 [queries, count]: the nearest of each query, of one world where given; 0 where there are no
        more."""
        near = np.zeros((len(queries), count), np.int64)
        if self.graphs is None:
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
        keys = self.graphs.search(queries, wanted)
        for row in range(len(queries)):
            fits = keys[row][keys[row] > 0]
            if world is not None:
                fits = fits[self.worlds[np.searchsorted(self.ids, fits)] == world]
            near[row, : len(fits[:count])] = fits[:count]
        if world is None or near.all():
            return near
        here = self.ids[self.worlds == world]
        return _compared(queries, here, self.graphs.get(here), near)

    def save(self) -> None:
        """Writes the graphs that changed."""
        if self.graphs is not None:
            self.graphs.save()

    def size(self) -> int:
        """Bytes in memory."""
        own = self.ids.nbytes + self.worlds.nbytes + self.rows.nbytes
        return own + (self.graphs.size() if self.graphs is not None else 0)


def _compared(queries: np.ndarray, ids: np.ndarray, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
    """All rows compared with all queries; the nearest into `near`, of two alike the older first."""
    count = min(near.shape[1], len(ids))
    if count:
        likeness = queries @ rows.T
        best = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        order = np.lexsort((best, -np.take_along_axis(likeness, best, 1)))
        near[:, :count] = ids[np.take_along_axis(best, order, 1)]
    return near
