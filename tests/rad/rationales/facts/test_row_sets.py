"""Rows as sets: what a row has, however many were asked for before."""

import scipy.sparse as sp

from rad.rationales.facts import row_sets
from rad.rationales.facts.row_sets import RowSets


def test_a_row_has_the_columns_that_are_not_zero(monkeypatch):
    monkeypatch.setattr(row_sets, "MOST", 2)
    matrix = sp.csr_matrix(([1.0, 0.0, 2.0, 3.0], [0, 1, 2, 1], [0, 2, 3, 4]), shape=(3, 3))
    rows = RowSets(matrix)
    for _ in range(2):  # the third row makes the kept ones go
        assert [rows[k] for k in range(3)] == [{0}, {2}, {1}]
    assert matrix.nnz == 4  # the caller's matrix is as it was
