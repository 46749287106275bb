"""Rows of a sparse matrix as sets of its columns: what one reason asks of a few rows costs no pass over the matrix."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

MOST = 20_000  # rows that are kept: of large catalogues all would take gigabytes


class RowSets:
    """``row_sets[k]`` has the columns of row ``k`` of ``matrix`` that are not 0.

    >>> RowSets(sp.csr_matrix([[0, 2, 3], [0, 0, 0]]))[0] == {1, 2}
    True
    """

    def __init__(self, matrix: sp.spmatrix) -> None:
        rows = sp.csr_matrix(matrix)
        if not rows.data.all():
            rows = rows.copy()  # it may share the arrays of the caller's
            rows.eliminate_zeros()
        self.starts: np.ndarray = rows.indptr
        self.columns: np.ndarray = rows.indices
        self._sets: dict[int, frozenset[int]] = {}

    def __getitem__(self, row: int) -> frozenset[int]:
        if (members := self._sets.get(row)) is None:
            if len(self._sets) >= MOST:
                self._sets.clear()
            members = frozenset(self.columns[self.starts[row] : self.starts[row + 1]].tolist())
            self._sets[row] = members
        return members
