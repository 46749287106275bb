"""Flat arrays with runs of rows: entries of sparse matrices, and places within groups, without a loop."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def rows(X: sp.csr_matrix, rows: np.ndarray) -> np.ndarray:
    """The columns of the stored entries of ``rows``, one row after another."""
    lengths = np.diff(X.indptr)[rows]
    ends = np.cumsum(lengths)
    inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return X.indices[np.repeat(X.indptr[rows], lengths) + inside].astype(np.int64)


def entries(matrix: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The entries at pairs of row and column."""
    return np.asarray(matrix[rows, columns]).ravel() if len(rows) else np.zeros(0)


def pairs(flat: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All ordered pairs within groups, one group after another: the first, the second, and the number of the group."""
    times = np.repeat(sizes, sizes)  # each entry is repeated, and beside it stand all entries of its group
    group = np.repeat(np.repeat(np.arange(len(sizes)), sizes), times)
    begin = np.repeat(np.repeat(np.cumsum(sizes) - sizes, sizes), times)
    second = flat[begin + np.arange(len(group)) - np.repeat(np.cumsum(times) - times, times)]
    return np.repeat(flat, times), second, group


def runs(*keys: np.ndarray) -> np.ndarray:
    """The number of the run of equal keys that each row is in."""
    new = np.any([np.diff(key, prepend=key[:1] - 1) != 0 for key in keys], axis=0)
    return np.cumsum(new) - 1


def rank(group: np.ndarray) -> np.ndarray:
    """The position of each row within its group; groups are runs of equal numbers."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))


def best(group: np.ndarray, score: np.ndarray, most: int) -> np.ndarray:
    """The numbers of the ``most`` rows with the highest score in each group."""
    order = np.lexsort((-score, group))
    return order[rank(group[order]) < most]
