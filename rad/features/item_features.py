"""A catalogue as arrays, and counts of what is bought together. numpy and scipy only.

Everything is counted from the catalogue and from the interactions that the caller passes. So the caller leaves out what
must not be seen: a held-out fold, a later split.

>>> items = {name: Item(name, "toy", name, name) for name in ("hat", "scarf", "coat")}
>>> catalogue = Catalogue.of(items)
>>> CoPurchase.of([[0, 1], [0, 1, 2]], len(items)).popularity.tolist()
[2.0, 2.0, 1.0]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from rad.data.splits import sequences_of
from rad.features.bm25 import Bm25
from rad.types import Example, Interaction, Item

WINDOW = 3  # a purchase speaks for what is bought up to three purchases away
RECENT = 30  # of a long history only the last items count as "bought by the same user"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items as arrays, in catalogue order. ``values[v]`` is (attribute, value), ``incidence`` is (items x values)."""

    ids: tuple[str, ...]
    index: Mapping[str, int]
    attributes: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    value_index: Mapping[tuple[str, str], int]
    item_values: tuple[tuple[int, ...], ...]
    incidence: sp.csr_matrix
    _texts: sp.csr_matrix
    _weights: sp.csr_matrix
    _itself: np.ndarray

    @classmethod
    def of(cls, items: Mapping[str, Item]) -> Catalogue:
        """The catalogue of ``items``, in their order."""
        attributes = tuple(sorted({name for item in items.values() for name in item.attributes}))
        pairs = [[(a, v) for a in attributes for v in item.attributes.get(a, ())] for item in items.values()]
        values = tuple(sorted({pair for row in pairs for pair in row}))
        value_index = {pair: k for k, pair in enumerate(values)}
        item_values = tuple(tuple(value_index[p] for p in row) for row in pairs)
        lengths = [len(row) for row in item_values]
        # (items, values), sparse: the value numbers of all rows one after another, and where each row ends
        columns = np.fromiter((v for row in item_values for v in row), dtype=np.int64, count=sum(lengths))
        incidence = sp.csr_matrix(
            (np.ones(len(columns), np.float32), columns, np.cumsum([0, *lengths])), shape=(len(items), len(values))
        )
        bm25 = Bm25(item.text for item in items.values())
        texts = bm25.query(item.text for item in items.values())
        texts.data[:] = 1.0  # a word that an item repeats is asked for once
        # (items,): what each item scores for its own words
        itself = np.maximum(np.asarray(texts.multiply(bm25.weights).sum(1), np.float32).ravel(), 1e-9)
        return cls(
            tuple(items), {key: k for k, key in enumerate(items)}, attributes, values, value_index, item_values,
            incidence, texts.astype(np.float32), bm25.weights.astype(np.float32), itself,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    def indices(self, history: Iterable[Interaction]) -> list[int]:
        """Catalogue positions of a history."""
        return [self.index[x.item_id] for x in history]

    def likeness(self, cited: np.ndarray) -> np.ndarray:
        """(cited items, items): the share of the BM25 weight of a cited item's words that each item's text holds."""
        score = (self._texts[cited] @ self._weights.T).toarray()
        # (cited items,): what the item scores for its own words; an item without words is like no other
        itself = score[np.arange(len(cited)), cited]
        return np.asarray(score / np.maximum(itself, 1e-9)[:, None])

    def mutual_likeness(self, cited: np.ndarray) -> np.ndarray:
        """(cited items, items): the lesser of :meth:`likeness` and the same the other way about.

        A text that holds the words of many others is like none of them.
        """
        back = (self._weights[cited] @ self._texts.T).toarray() / self._itself
        return np.asarray(np.minimum(self.likeness(cited), back))

    def likeness_of(self, cited: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(cited items, width): the other way about: how much of the words of ``columns[r]`` an item has."""
        rows = np.repeat(cited, columns.shape[1])
        score = np.asarray(self._texts[columns.ravel()].multiply(self._weights[rows]).sum(1)).ravel()
        return np.asarray(score.reshape(columns.shape) / self._itself[columns])


@dataclass(frozen=True, slots=True)
class CoPurchase:
    """Counts over sequences. ``near[j, i]``: i within three purchases of j, nearer and later ones weigh more."""

    popularity: np.ndarray
    near: sp.csr_matrix
    ever: sp.csr_matrix

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int]], n_items: int) -> CoPurchase:
        """Count ``sequences`` of catalogue positions, the oldest purchase first."""
        popularity = np.zeros(n_items, np.float32)
        rows: list[np.ndarray] = []
        columns: list[np.ndarray] = []
        weights: list[np.ndarray] = []
        pairs_of_users: list[np.ndarray] = []
        # sparse entries (row, column, weight) are collected over all sequences, and summed when the matrix is made
        for sequence in sequences:
            s = np.asarray(sequence, dtype=np.int64)
            np.add.at(popularity, s, 1.0)
            # both directions of each pair at a distance of ``lag``: what came later weighs twice what came before, and
            # a neighbour weighs more than the next but one
            for lag in range(1, min(WINDOW, len(s) - 1) + 1):
                before, after = s[:-lag], s[lag:]
                rows += [before, after]
                columns += [after, before]
                weights += [np.full(len(before), 1.0 / lag), np.full(len(before), 0.5 / lag)]
            # (items of the user squared, 2): all pairs, which is why only the last items of a long history count
            recent = np.unique(s[-RECENT:])
            pairs_of_users.append(np.stack(np.meshgrid(recent, recent), -1).reshape(-1, 2))
        near = _matrix(rows, columns, weights, n_items)
        pairs = np.concatenate(pairs_of_users) if pairs_of_users else np.zeros((0, 2), np.int64)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]  # an item says nothing of itself
        return cls(popularity, near, _matrix([pairs[:, 0]], [pairs[:, 1]], [np.ones(len(pairs))], n_items))


def _matrix(rows: list[np.ndarray], columns: list[np.ndarray], weights: list[np.ndarray], n: int) -> sp.csr_matrix:
    if not rows:
        return sp.csr_matrix((n, n), dtype=np.float32)
    coordinates = (np.concatenate(rows), np.concatenate(columns))
    return sp.coo_matrix((np.concatenate(weights).astype(np.float32), coordinates), shape=(n, n)).tocsr()


def by_fold(
    catalogue: Catalogue, examples: Sequence[Example], n_folds: int = 5
) -> tuple[dict[str, int], tuple[CoPurchase, ...]]:
    """Folds of users, and counts that leave each fold out, so that no example sees its own purchase among them.

    Returns:
        The fold of each user, in the order of their (hashed) ids; and counts by fold, the last ones of everybody.
    """
    sequences = {user: catalogue.indices(s) for user, s in sequences_of(examples).items()}
    fold = {user: k % n_folds for k, user in enumerate(sorted(sequences))}
    n = len(catalogue)
    counts = [CoPurchase.of((s for u, s in sequences.items() if fold[u] != f), n) for f in range(n_folds)]
    return fold, (*counts, CoPurchase.of(sequences.values(), n))
