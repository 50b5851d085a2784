"""What is said in many files, and how smoothly does a row of tokens read? Against counting by hand."""

from __future__ import annotations

from math import log1p

import numpy as np
import pytest

from sixkeys.language import usual

TEXTS = (["for", "x", "in", "y"], ["for", "x", "in", "z", "for", "x"], ["x", "in", "'a long text'"])


def test_files_are_counted_not_places():
    many = usual.counted(TEXTS)
    assert many["for", "x"] == 2
    assert many["x", "in"] == 3
    assert many["for", "x", "in"] == 2
    assert many["in", '""'] == 1


def test_what_one_file_alone_says_is_not_kept():
    counts = usual.table(usual.counted(TEXTS))
    kept = usual.Usual(usual.kept(counts.pairs), usual.kept(counts.triples))
    assert kept.pairs.dtype == np.uint8
    assert kept.count(("x", "in")) == pytest.approx(log1p(3), abs=0.5 / usual.STEPS)
    assert kept.count(("in", "y")) == 0.0
    assert kept.count(("for", "x", "in")) == pytest.approx(log1p(2), abs=0.5 / usual.STEPS)


def test_a_row_flows_as_its_pairs_and_triples_do():
    said = {("a", "b"): 2.0, ("b", "c"): 4.0, ("a", "b", "c"): 1.0}
    assert usual.flow(("a", "b", "c"), lambda row: said[row]) == (3.0, 2.0, 1.0, 1.0)
    assert usual.flow((), lambda row: 1.0) == (0.0, 0.0, 0.0, 0.0)
    assert len(usual.flow(["a"] * 100, lambda row: 1.0)) == usual.FLOW


def test_what_is_shipped_knows_python():
    shipped = usual.shipped()
    assert (len(shipped.pairs), len(shipped.triples)) == (usual.PAIRS, usual.TRIPLES)
    assert shipped.count(("for", "self")) < shipped.count(("return", "self"))
    assert shipped.count(("is", "not", "None")) > log1p(100)
