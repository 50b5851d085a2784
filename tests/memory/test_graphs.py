"""Do several graphs answer as one that compares all? A few numbers a graph; every pair is compared beside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixkeys.memory import graphs
from sixkeys.memory.graphs import Graphs, files

pytest.importorskip("usearch", reason="needs the package usearch")


@pytest.fixture(autouse=True, scope="module")
def small():
    before, graphs.SHARD = graphs.SHARD, 10
    yield
    graphs.SHARD = before


def units(ids):
    """A unit vector for each number, the same whenever it is asked for."""
    rows = np.array([np.random.default_rng(int(i)).standard_normal(16) for i in ids], np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32).reshape(-1, 16)


NUMBERS = st.lists(st.integers(1, 60), min_size=1, max_size=40, unique=True)


@settings(max_examples=25)
@given(NUMBERS, st.integers(1, 12), st.data())
def test_the_nearest_of_all_graphs_are_the_nearest_of_all(tmp_path_factory, numbers, count, data):
    ids = np.sort(np.array(numbers, np.int64))
    gone = np.array(
        data.draw(st.lists(st.sampled_from(numbers), unique=True, max_size=len(ids) - 1)), np.int64
    )
    made = Graphs(16, tmp_path_factory.mktemp("graphs") / "index")
    made.add(ids, units(ids))
    made.remove(gone)
    left = np.setdiff1d(ids, gone)
    queries = units(range(1000, 1004))
    alike = queries @ units(left).T
    for row, found in enumerate(made.search(queries, count)):
        here = found[found > 0]
        assert len(here) == len(set(here.tolist())) == min(count, len(left))
        best = np.sort(alike[row])[::-1][: len(here)]
        np.testing.assert_allclose(alike[row, np.searchsorted(left, here)], best, atol=0.03)
    np.testing.assert_array_equal(made.numbers(), left)
    np.testing.assert_allclose(made.get(left), units(left), atol=0.02)


def test_only_graphs_that_changed_are_written_and_all_are_read_again(tmp_path):
    file, ids = tmp_path / "index", np.array([3, 9, 10, 57], np.int64)
    made = Graphs(16, file)
    made.add(ids, units(ids))
    made.save()
    assert sorted(files(file)) == [0, 1, 5]
    times = {shard: path.stat().st_mtime_ns for shard, path in files(file).items()}
    made.add(np.array([58]), units([58]))
    made.save()
    assert [s for s, path in files(file).items() if path.stat().st_mtime_ns != times[s]] == [5]
    files(file)[1].write_bytes(b"no graph at all")
    (tmp_path / "index.part").write_bytes(b"what a kill left behind")
    again = Graphs(16, file)
    again.load()
    assert again.numbers().tolist() == [3, 9, 57, 58]
    assert again.search(units([58]), 1).tolist() == [[58]]
