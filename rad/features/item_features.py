"""How strongly one item speaks for another: co-purchase, text, popularity. numpy and scipy only.

These are the facts that a reason rests on. The evidence model weighs them to say which reasons explain a purchase,
and the head of the rationale-first model weighs them again to rank. Everything is counted from the catalogue and from
the interactions that the caller passes. So the caller leaves out what must not be seen: a held-out fold, a later split.

Shared attribute values are not among them, on purpose. That a user wants navy again is a claim: to have an effect on a
ranking, a rationale has to make it in the open (``wants``).

>>> items = {name: Item(name, "toy", name, name) for name in ("hat", "scarf", "coat")}
>>> catalogue = Catalogue.of(items)
>>> counts = CoPurchase.of([[0, 1], [0, 1, 2]], len(items))
>>> catalogue.features(np.array([0, 1]), counts).shape == (2, len(items), len(FEATURES))
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import scipy.sparse as sp

from rad.features.bm25 import Bm25
from rad.types import Example, Interaction, Item, Rationale

FEATURES = ("near_purchase", "ever_purchase", "text", "text_squared", "popularity")
WINDOW = 3  # a purchase speaks for what is bought up to three purchases away
RECENT = 30  # of a long history only the last items count as "bought by the same user"
_FLOOR = 0.003  # keeps the logarithm of an unseen pair finite; about a fifth of the weakest seen one


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
        return cls(
            tuple(items), {key: k for k, key in enumerate(items)}, attributes, values, value_index, item_values,
            incidence, texts.astype(np.float32), bm25.weights.astype(np.float32),
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

    def likeness_of(self, cited: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(cited items, width): the other way about: how much of the words of ``columns[r]`` an item has."""
        width = columns.shape[1]
        rows = np.repeat(cited, width)
        score = np.asarray(self._texts[columns.ravel()].multiply(self._weights[rows]).sum(1)).ravel()
        itself = np.asarray(self._texts[columns.ravel()].multiply(self._weights[columns.ravel()]).sum(1)).ravel()
        return np.asarray(score / np.maximum(itself, 1e-9)).reshape(columns.shape)

    def features(self, cited: np.ndarray, counts: CoPurchase) -> np.ndarray:
        """What each of the items ``cited`` says of every item: float32 (cited items, items, FEATURES)."""
        popularity = counts.popularity
        # (cited items, items): counts of a pair are normalised as in cosine similarity, text by the best match
        norm = np.sqrt((popularity[cited][:, None] + 1) * (popularity[None] + 1))
        text = (self._texts[cited] @ self._weights.T).toarray()
        text /= np.maximum(text.max(axis=1, keepdims=True), 1e-9)
        out = np.empty((len(cited), len(self), len(FEATURES)), np.float32)
        for k, count in enumerate((counts.near, counts.ever)):
            out[:, :, k] = np.log(count[cited].toarray() / norm + _FLOOR) - np.log(_FLOOR)
        out[:, :, 2] = text
        out[:, :, 3] = text**2
        out[:, :, 4] = np.log1p(popularity) - 2.0
        return out


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


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Training examples as arrays of catalogue positions, with the number of the user and the user's fold.

    ``counts[f]`` is counted without the users of fold ``f``, so that an example never sees its own purchase among the
    facts; ``counts[-1]`` is counted from everybody, for queries that come later. ``past`` has the purchases of
    ``histories`` as the examples have them, with their ratings. ``reviewed`` are the rationales that people accepted or
    corrected, where there are some; a world's own causes, which no real data have, are not among them.
    """

    histories: tuple[tuple[int, ...], ...]
    past: tuple[tuple[Interaction, ...], ...]
    reviewed: tuple[Rationale | None, ...]
    targets: np.ndarray
    users: np.ndarray
    folds: np.ndarray
    counts: tuple[CoPurchase, ...]
    fold_of: Mapping[str, int]

    @classmethod
    def of(cls, catalogue: Catalogue, examples: Sequence[Example], n_folds: int = 5) -> Prefixes:
        """Users go to folds in the order of their (hashed) ids. A target that the history already holds is left out."""
        number = {user: k for k, user in enumerate(sorted({e.query.user_id for e in examples}))}
        fold = {user: k % n_folds for user, k in number.items()}
        longest: dict[str, tuple[int, ...]] = {}
        rows = []
        for e in examples:
            target = catalogue.index[next(iter(e.relevant))]
            history = tuple(catalogue.indices(e.query.history))
            if len(history) + 1 > len(longest.get(e.query.user_id, ())):
                longest[e.query.user_id] = (*history, target)
            if target not in history:
                reviewed = e.rationale if e.rationale and e.rationale.origin != "known" else None
                rows.append((history, e.query.history, reviewed, target, number[e.query.user_id]))
        n = len(catalogue)
        # one table of counts a fold, from the users of the others; the last one is of everybody
        counts = [CoPurchase.of((s for u, s in longest.items() if fold[u] != f), n) for f in range(n_folds)]
        counts.append(CoPurchase.of(longest.values(), n))
        return cls(
            tuple(row[0] for row in rows),
            tuple(row[1] for row in rows),
            tuple(row[2] for row in rows),
            np.array([row[3] for row in rows], dtype=np.int64),
            (users := np.array([row[4] for row in rows], dtype=np.int64)),
            users % n_folds,
            tuple(counts),
            fold,
        )

    def part(self, rows: np.ndarray) -> Prefixes:
        """Some of the examples (a mask or numbers), under the same counts."""
        picked = np.arange(len(self.histories))[rows]  # tuples take no masks, so masks become numbers
        return Prefixes(
            tuple(self.histories[k] for k in picked), tuple(self.past[k] for k in picked),
            tuple(self.reviewed[k] for k in picked), self.targets[rows], self.users[rows],
            self.folds[rows], self.counts, self.fold_of,
        )  # fmt: skip

    def one(self, history: tuple[int, ...], target: int, user_id: str) -> Prefixes:
        """A single example under the same counts: the user's own fold if they are in training, else everybody's."""
        fold = self.fold_of.get(user_id, len(self.counts) - 1)
        one = np.array([target]), np.array([0]), np.array([fold])
        return Prefixes((history,), ((),), (None,), *one, self.counts, self.fold_of)


def distribution(features: np.ndarray, weights: np.ndarray, cited: np.ndarray) -> np.ndarray:
    """softmax over the catalogue of ``features @ weights``, the cited item itself left out: (cited items, items)."""
    # (cited items, items), in place: the rows of a block are the largest array of the fit
    score = features @ weights.astype(np.float32)
    score[np.arange(len(cited)), cited] = -np.inf
    score -= score.max(axis=1, keepdims=True)  # the largest is exp(0): none overflows
    np.exp(score, out=score)
    score /= score.sum(axis=1, keepdims=True)
    return cast(np.ndarray, score)
