"""Is what was written found again, by vector, word and world, and never what was deleted?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.memory.store import Entry, Store


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def entry(number: int, world: str = "here") -> Entry:
    """An entry that no other one is like, with a word of its own."""
    return Entry(world, f"key {number % 6}", 1.0, f"case w{number}w", unit(number))


def ids_near(store: Store, vector: np.ndarray, count: int = 3, world: str = "") -> list[int]:
    return [found.entry.id for found in store.nearest(vector[None], count, world)[0]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "memory.sqlite"


def test_an_entry_comes_back_as_it_was_written(path):
    with Store(path) as store:
        number = store.add([entry(7, "there")])[0]
    with Store(path) as store:
        kept = store.get([number])[number]
        assert kept[:4] == ("there", "key 1", 1.0, "case w7w")
        np.testing.assert_allclose(kept.vector, unit(7), atol=1e-3)
        assert kept.made > 1.6e9
    assert path.stat().st_mode & 0o077 == 0, "only its owner may read it"


@pytest.mark.parametrize("exact", [1000, 20], ids=["exact", "usearch"])
def test_the_nearest_are_those_that_numpy_finds(path, exact):
    worlds = ["here", "there"]
    with Store(path, exact=exact) as store:
        ids = np.array(store.add([entry(n, worlds[n % 2]) for n in range(60)]))
        vectors = np.array([unit(n) for n in range(60)])
        for query in (unit(1000), unit(5), unit(6)):
            order = np.argsort(-vectors @ query)
            assert ids_near(store, query) == ids[order[:3]].tolist()
            here = [n for n in order if n % 2 == 0]
            assert ids_near(store, query, world="here") == ids[here[:3]].tolist()
            assert ids_near(store, query, world="nowhere") == []


def test_words_are_found_in_texts_and_deeds_and_by_their_beginning(path):
    with Store(path) as store:
        store.add(
            [Entry("a", "swap", 1.0, "TypeError in total"), Entry("b", "drop", -1.0, "TypeError in net")]
        )
        assert [found.entry.world for found in store.search("TypeError net")] == ["b"]
        assert [found.entry.world for found in store.search("swa")] == ["a"]
        assert [found.entry.world for found in store.search("type", world="a")] == ["a"]
        assert store.search('"un(balanced* AND') == []
        assert store.search("  ") == []


def test_trust_orders_what_is_equally_near(path):
    with Store(path) as store:
        good, bad = store.add([entry(1), entry(1)])
        store.weigh([good], [bad])
        first, second = store.nearest(unit(1)[None], 2)[0]
        assert (first.entry.id, second.entry.id) == (good, bad)
        assert (first.entry.weight, second.entry.weight) == (3 / 4, 2 / 4)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 12)),
        st.tuples(st.just("delete"), st.integers(0, 200)),
        st.tuples(st.just("elsewhere"), st.integers(0, 200)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("rebuild"), st.just(0)),
        st.tuples(st.just("scrub"), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(OPERATIONS, st.sampled_from([1000, 10]))
def test_a_deleted_entry_never_comes_back(tmp_path_factory, operations, exact):
    """Against a dict: entries added, deleted here and by another process, files reopened, indexes rebuilt."""
    path, model, gone, fresh = tmp_path_factory.mktemp("store") / "m.sqlite", {}, {}, 0
    store = Store(path, exact=exact)
    for what, number in operations:
        if what == "add":
            numbers = range(fresh, fresh + number)
            fresh += number
            model |= dict(zip(store.add([entry(n) for n in numbers]), numbers, strict=True))
        elif what in ("delete", "elsewhere") and model:
            chosen = sorted(model)[number % len(model)]
            gone[chosen] = model.pop(chosen)
            if what == "delete":
                assert store.forget([chosen]) == 1
            else:
                with Store(path, exact=exact) as other:
                    assert other.forget([chosen, chosen]) == 1
        elif what == "reopen":
            store.close()
            store = Store(path, exact=exact)
        elif what == "rebuild":
            store.close()
            for kept in path.parent.glob("*.usearch.*"):
                kept.unlink()
            store = Store(path, exact=exact)
        elif what == "scrub":
            store.scrub()
        assert set(store.get(range(1, 300))) == set(model)
        assert set(ids_near(store, unit(5000), 300)) <= set(model)
        for chosen, number in [*gone.items()][-3:]:
            assert chosen not in ids_near(store, unit(number), 10)
            assert store.search(f"w{number}w") == []
        for chosen, number in [*model.items()][-3:]:
            assert ids_near(store, unit(number), 1) == [chosen]
            assert [found.entry.id for found in store.search(f"w{number}w")] == [chosen]
    store.close()


def test_no_byte_of_what_was_forgotten_stays_in_the_files(path):
    with Store(path, exact=3) as store:
        ids = store.add([Entry("a", "deed", 1.0, f"secretword{n} " * 50, unit(n)) for n in range(30)])
        store.nearest(unit(1)[None], 3)
        store.forget(ids[:20])
        store.scrub()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"secretword25" in left
    assert b"secretword11" not in left
    assert unit(11).astype(np.float16).tobytes() not in left


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_damaged_index_is_made_again(path, share):
    with Store(path, exact=10) as store:
        ids = store.add([entry(n) for n in range(40)])
        assert ids_near(store, unit(30), 1) == [ids[30]]
    index = next(path.parent.glob("*.usearch.0"))
    body = index.read_bytes()
    index.write_bytes(body[: int(share * len(body))] or b"no index at all")
    with Store(path, exact=10) as store:
        assert ids_near(store, unit(30), 1) == [ids[30]]


def test_without_usearch_many_entries_are_kept_but_not_compared(path):
    script = """
import sys
sys.modules["usearch"] = None
import numpy as np
from sixkeys.memory.store import Entry, Store
with Store(sys.argv[1], exact=10) as store:
    store.add([Entry("a", "deed", 1.0, f"word{n}", np.eye(64)[n]) for n in range(11)])
    print(len(store.search("word")))
    try:
        store.nearest(np.eye(64)[:1], 1)
    except RuntimeError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == "10", done.stderr
    assert "pip install 'sixkeys[recall]'" in done.stdout


@pytest.mark.parametrize(
    "body", [b"some text of mine, longer than a header\n" * 9, None], ids=["text", "other"]
)
def test_a_file_that_is_something_else_is_refused_and_left_as_it_is(tmp_path, body):
    import sqlite3

    path = tmp_path / "mine"
    if body is None:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE mine (a)")
        other.close()
    else:
        path.write_bytes(body)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="give another file"):
        Store(path)
    assert path.read_bytes() == before


def test_a_vector_of_another_width_is_refused_before_anything_is_written(path):
    with Store(path) as store:
        with pytest.raises(ValueError, match=r"\(64,\), not \(3,\)"):
            store.add([entry(1), Entry("a", "b", 1.0, "", np.ones(3))])
        assert store.latest(5) == []
