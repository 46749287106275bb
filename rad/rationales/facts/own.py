"""What users' own purchases add to the counts, to be left out: no fact may know what its user went on to buy.

``own`` are the training purchases of U users in order, as catalogue positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from rad.rationales.facts import ragged


def kin(own: Sequence[np.ndarray], kindred: sp.csr_matrix) -> sp.csr_matrix:
    """(U, items): the items that are ``kindred`` (items, items) to one by the user's own purchases alone."""
    distinct = [np.unique(s) for s in own]
    sizes = np.array([len(s) for s in distinct], dtype=np.int64)
    flat = np.concatenate([np.zeros(0, np.int64), *distinct]).astype(np.int64)
    first, second, user = ragged.pairs(flat, sizes)
    alone = ragged.entries(kindred, first, second) == 1
    return sp.csr_matrix((np.ones(alone.sum()), (user[alone], first[alone])), shape=(len(own), kindred.shape[0]))


def transitions(
    own: Sequence[np.ndarray], X: sp.csr_matrix, user: np.ndarray, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(rows,): how often the user's own purchases have v right after u, and how often anything right after u.

    Args:
        own: See the module.
        X: (items, values) which item has which value.
        user: (rows,) number of a user.
        u: (rows,) the value before.
        v: (rows,) the value after.
    """
    n_values = X.shape[1]
    before = np.concatenate([np.zeros(0, np.int64), *(s[:-1] for s in own)]).astype(np.int64)
    after = np.concatenate([np.zeros(0, np.int64), *(s[1:] for s in own)]).astype(np.int64)
    owner = np.repeat(np.arange(len(own)), [max(len(s) - 1, 0) for s in own])
    pair = np.repeat(np.arange(len(before)), np.diff(X.indptr)[before])
    source = ragged.rows(X, before)
    m = sp.csr_matrix((np.ones(len(pair)), (owner[pair], source)), shape=(len(own), n_values))
    sought = np.isin(owner[pair] * n_values + source, user * n_values + u)
    pair, source = pair[sought], source[sought]
    key = (owner[pair] * n_values + source).repeat(np.diff(X.indptr)[after[pair]]) * n_values
    keys, count = np.unique(key + ragged.rows(X, after[pair]), return_counts=True)
    wanted = (user * n_values + u) * n_values + v
    if not len(keys):
        return np.zeros(len(wanted)), ragged.entries(m, user, u)
    where = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[where] == wanted, count[where], 0).astype(float), ragged.entries(m, user, u)
