"""What is kept for good? Entries in one SQLite file, which a kill at any moment leaves whole.

In: entries: what was met (a vector, a text, a world), what was done and what came of it. Out: those that are
like a vector or say some words, the nearest and most trusted first. Facts (semantic.py) lie in the same file.

A write is one transaction: a killed process loses at most the one it was in. Numbers are never used again,
and whatever an index finds is looked up in the file, so what was forgotten cannot come back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sixkeys.memory.graphs import files
from sixkeys.memory.index import EXACT, Index
from sixkeys.memory.likeness import WIDTH

APPLICATION, FORMAT = 0x51C5E751, 1
"""How a file says that it is ours, and the version of its tables."""
TABLES = """
CREATE TABLE card (identity TEXT NOT NULL);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, world TEXT NOT NULL, text TEXT NOT NULL, deed TEXT NOT NULL,
  outcome REAL NOT NULL, made REAL NOT NULL, held INTEGER NOT NULL, broke INTEGER NOT NULL, vector BLOB,
  weight REAL GENERATED ALWAYS AS ((held + 1.0) / (held + broke + 2.0)) VIRTUAL);
CREATE INDEX entries_world ON entries (world);
CREATE TABLE facts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, about TEXT NOT NULL, claim TEXT NOT NULL,
  held INTEGER NOT NULL, broke INTEGER NOT NULL, made REAL NOT NULL, UNIQUE (kind, about, claim));
"""
WORDS = """
CREATE VIRTUAL TABLE words USING fts5 (text, deed, content='entries', content_rowid='id');
CREATE TRIGGER entries_in AFTER INSERT ON entries BEGIN
  INSERT INTO words (rowid, text, deed) VALUES (new.id, new.text, new.deed); END;
CREATE TRIGGER entries_out AFTER DELETE ON entries BEGIN
  INSERT INTO words (words, rowid, text, deed) VALUES ('delete', old.id, old.text, old.deed); END;
"""
"""The index of words, where this SQLite has FTS5; without it texts are read one by one."""
COLUMNS = "id, world, text, deed, outcome, made, held, broke, vector"
SPARE = 4
"""How many times more of the nearest are looked at than wanted, so that trusted ones may pass others."""
SHARP = 16
"""The order is by likeness to this power times weight: observations that have little in common are still 0.9
alike, and trust decides between cases that are nearly the same."""
ONCE = 500
"""Numbers in one question to SQLite."""


class Entry(NamedTuple):
    """What was met, what was done, what came of it."""

    world: str
    deed: str
    outcome: float
    """From -1, it went wrong, to 1, it went well."""
    text: str = ""
    vector: np.ndarray | None = None
    """float [width]; kept as float16 of unit length."""
    made: float = 0.0
    """Seconds since 1970; 0: now."""
    held: int = 1
    broke: int = 0
    """How often the same was met again and came out alike, and otherwise."""
    id: int = 0

    @property
    def weight(self) -> float:
        """How far it can be trusted (Laplace's rule): 2/3 when new, 1/2 after one contradiction."""
        return (self.held + 1) / (self.held + self.broke + 2)


class Found(NamedTuple):
    """An entry and how well it fits, before it is weighed."""

    entry: Entry
    likeness: float


class Store:
    """A file of memories, a context manager. Keeps state: a connection, and vectors once one was asked for.

    Raises ValueError where the file is something else, RuntimeError where another process holds it for long.
    """

    def __init__(self, path: Path | str, width: int = WIDTH, exact: int = EXACT):
        self.path, self.width = Path(path), width
        self.db = opened(self.path)
        self.has_words = bool(self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'words'").fetchone())
        identity = self.db.execute("SELECT identity FROM card").fetchone()[0]
        self.index = Index(width, self.path.with_name(f"{self.path.name}.{identity}.usearch"), exact)
        self.codes: dict[str, int] = {}
        """World -> its number in the index."""
        self.version = -1
        """Of the file when the index was last compared with it; -1: never."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.index.save()
        self.db.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise RuntimeError(f"{self.path}: {error}; does another process write to it?") from error
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def add(self, entries: Sequence[Entry]) -> list[int]:
        """Keeps new entries in one transaction; their numbers. Raises ValueError on a vector of another
        width."""
        vectors = [None if entry.vector is None else self._unit(entry.vector) for entry in entries]
        ids = []
        with self.writing() as db:
            for entry, vector in zip(entries, vectors, strict=True):
                row = db.execute(
                    "INSERT INTO entries (world, text, deed, outcome, made, held, broke, vector)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (entry.world, entry.text, entry.deed, entry.outcome, entry.made or time.time(),
                     entry.held, entry.broke, None if vector is None else vector.tobytes()),
                )  # fmt: skip
                ids.append(int(row.lastrowid or 0))
        with_vector = [n for n, vector in enumerate(vectors) if vector is not None]
        if with_vector and self.version >= 0:
            rows = np.array([vectors[n] for n in with_vector], np.float32)
            codes = np.array([self._code(entries[n].world) for n in with_vector])
            self.index.add(np.array(ids)[with_vector], codes, rows)
        return ids

    def weigh(self, held: Collection[int], broke: Collection[int]) -> None:
        """Entries that were met again: those that held gain weight, those that broke lose it."""
        with self.writing() as db:
            db.executemany("UPDATE entries SET held = held + 1 WHERE id = ?", [(i,) for i in held])
            db.executemany("UPDATE entries SET broke = broke + 1 WHERE id = ?", [(i,) for i in broke])

    def forget(self, ids: Collection[int]) -> int:
        """Deletes entries for good; how many there were."""
        with self.writing() as db:
            rows = [db.execute("DELETE FROM entries WHERE id = ?", (int(i),)).rowcount for i in ids]
        self.index.drop(np.array([*ids], np.int64))
        return sum(rows)

    def scrub(self) -> None:
        """Leaves no byte of what was forgotten in the file; takes a while where it is large."""
        if self.has_words:
            self.db.execute("INSERT INTO words (words) VALUES ('optimize')")
        self.db.execute("VACUUM")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for path in (self.index.file, *files(self.index.file).values()):
            path.unlink(missing_ok=True)
        self.index, self.version = Index(self.width, self.index.file, self.index.exact), -1

    def get(self, ids: Collection[int]) -> dict[int, Entry]:
        """The entries that are there, by number."""
        wanted, found = [int(i) for i in ids], {}
        for start in range(0, len(wanted), ONCE):
            some = wanted[start : start + ONCE]
            marks = ",".join("?" * len(some))
            for row in self.db.execute(f"SELECT {COLUMNS} FROM entries WHERE id IN ({marks})", some):
                found[row[0]] = entry_of(row)
        return found

    def latest(self, count: int, world: str = "") -> list[Entry]:
        """The newest entries, of one world where given."""
        rows = self.db.execute(
            f"SELECT {COLUMNS} FROM entries WHERE ? IN ('', world) ORDER BY id DESC LIMIT ?", (world, count)
        )
        return [entry_of(row) for row in rows]

    def ids(self, world: str) -> list[int]:
        """The numbers of all entries of a world."""
        return [row[0] for row in self.db.execute("SELECT id FROM entries WHERE world = ?", (world,))]

    def worlds(self) -> dict[str, int]:
        """World -> how many entries it has."""
        return dict(self.db.execute("SELECT world, count(*) FROM entries GROUP BY world ORDER BY world"))

    def search(self, text: str, count: int = 10, world: str = "") -> list[Found]:
        """Entries that say all words of `text` (or longer ones that begin so), the most telling and trusted
        first."""
        words = text.split()
        if not words:
            return []
        if self.has_words:
            query = " ".join('"' + word.replace('"', '""') + '"*' for word in words)
            rows = self.db.execute(
                f"SELECT {', '.join('e.' + name for name in COLUMNS.split(', '))}, bm25(words) AS fit"
                " FROM words JOIN entries AS e ON e.id = words.rowid"
                " WHERE words MATCH ? AND ? IN ('', e.world) ORDER BY fit * e.weight, e.id DESC LIMIT ?",
                (query, world, count),
            )
        else:
            says = " AND ".join(["instr(lower(text || ' ' || deed), lower(?))"] * len(words))
            rows = self.db.execute(
                f"SELECT {COLUMNS}, -1.0 FROM entries WHERE {says} AND ? IN ('', world)"
                " ORDER BY weight DESC, id DESC LIMIT ?", (*words, world, count),
            )  # fmt: skip
        return [Found(entry_of(row), -row[-1]) for row in rows]

    def nearest(self, vectors: np.ndarray, count: int, world: str = "") -> list[list[Found]]:
        """For each row of `vectors` [queries, width], unit vectors, the best entries: alike and
        trusted (SHARP); of one world where given."""
        self._refresh()
        code = self._code(world) if world else None
        queries = np.asarray(vectors, np.float32)
        near = self.index.nearest(queries, SPARE * count, code)
        entries = self.get(np.unique(near[near > 0]))
        answers = []
        for query, ids in zip(queries, near.tolist(), strict=True):
            here = [entries[i] for i in ids if i in entries]
            found = [Found(one, float(query @ one.vector)) for one in here if one.vector is not None]
            found.sort(key=lambda one: -(max(one.likeness, 0.0) ** SHARP) * one.entry.weight)
            answers.append(found[:count])
        return answers

    def _refresh(self) -> None:
        """Makes the index hold what the file holds, where another process wrote to it or none has looked."""
        version = self.db.execute("PRAGMA data_version").fetchone()[0]
        if version == self.version:
            return
        rows = self.db.execute("SELECT id, world FROM entries WHERE vector IS NOT NULL ORDER BY id")
        pairs = np.array([(i, self._code(world)) for i, world in rows], np.int64).reshape(-1, 2)
        self.index.sync(pairs[:, 0], pairs[:, 1], self._vectors)
        self.version = version

    def _vectors(self, ids: np.ndarray) -> np.ndarray:
        """float32 [ids, width], ids ascending."""
        rows = self.db.execute(
            "SELECT id, vector FROM entries WHERE id BETWEEN ? AND ? AND vector IS NOT NULL ORDER BY id",
            (int(ids[0]), int(ids[-1])),
        )
        wanted = set(ids.tolist())
        whole = b"".join(vector for i, vector in rows if i in wanted)
        return np.frombuffer(whole, np.float16).reshape(-1, self.width).astype(np.float32)

    def _code(self, world: str) -> int:
        return self.codes.setdefault(world, len(self.codes))

    def _unit(self, vector: np.ndarray) -> np.ndarray:
        given = np.asarray(vector, np.float32)
        if given.shape != (self.width,):
            raise ValueError(f"a vector here has shape ({self.width},), not {given.shape}")
        return (given / max(float(np.linalg.norm(given)), 1e-6)).astype(np.float16)


def entry_of(row: Sequence) -> Entry:
    """A row of COLUMNS as an entry."""
    number, world, text, deed, outcome, made, held, broke, vector = row[:9]
    kept = None if vector is None else np.frombuffer(vector, np.float16).astype(np.float32)
    return Entry(world, deed, outcome, text, kept, made, held, broke, number)


def opened(path: Path) -> sqlite3.Connection:
    """A connection to a store, made where there is none, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
    try:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        ours = db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if tables and not ours:
            raise ValueError(f"{path} is a database of something else; give another file")
        if ours and version != FORMAT:
            raise ValueError(f"{path} has format {version}, this Sixkeys reads {FORMAT}; give another file")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")
        if not tables:
            _make(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise ValueError(f"{path} cannot be read as a memory: {error}; give another file") from error
    except ValueError:
        db.close()
        raise
    return db


def _make(db: sqlite3.Connection) -> None:
    """The tables, all of them or none."""
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in _statements(TABLES + WORDS * has_fts5(db)):
            db.execute(statement)
        db.execute("INSERT INTO card VALUES (?)", (secrets.token_hex(4),))
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def _statements(text: str) -> Iterator[str]:
    held = ""
    for line in text.splitlines():
        held += f"{line}\n"
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def has_fts5(db: sqlite3.Connection) -> bool:
    """Whether this SQLite can index words."""
    return bool(db.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])
