"""What is counted of a pair, the same for every model: the user's history, the item, and how well they match.

Nothing here reads the pair's own answer. What the user has rated comes from the pair's history. What others say of the
item and of its attribute values comes from training pairs, and for a training pair from those of the other folds of
users, so that a pair never stands in its own statistics (leaving out the pair alone would give its answer away: the
sum less the rest).

Ratings count as their distance from the mean rating (residuals). Where a domain has none, they are 0, and counts of
what was chosen remain. Means are shrunk towards 0 by ``PRIOR`` observations.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from benchmarks.models.pairs._numbers import answers_of
from rad.features.bm25 import tokenize
from rad.features.item_features import Catalogue
from rad.types import Item, Pair

FOLDS = 5
PRIOR = 3.0
RECENT = 50  # of a long history the last items count
WORDS = 5000  # the most frequent words of the catalogue's texts
BLOCK = 4096  # pairs described at one time
REMEMBERED = 2  # sets of training pairs: training alone, and with validation


class PairFeatures:
    """Numbers of pairs [pairs, names], fitted on training pairs.

    Attributes:
        names: What each column is.
        catalogue: The items and their attribute values.
        mean_rating: Of the ratings in training histories; 0 without any.
        fingerprint: Of the training pairs with their answers and of the catalogue.
    """

    def __init__(self, train: Sequence[Pair], items: Mapping[str, Item]) -> None:
        self.catalogue = Catalogue.of(items)
        attribute = np.array([name for name, _ in self.catalogue.values])  # [values]
        self._of_attribute = [
            sp.csr_matrix(self.catalogue.incidence[:, np.flatnonzero(attribute == name)])
            for name in self.catalogue.attributes
        ]
        self._texts = _tf_idf([item.text for item in items.values()])
        histories = _longest_histories(train)
        ratings = [x.rating for history in histories.values() for x in history if x.rating is not None]
        self.mean_rating = float(np.mean(ratings)) if ratings else 0.0
        self.fingerprint = _fingerprint(train, items)
        # [training pairs]: answers; users go to folds in the order of their (hashed) ids
        answers = answers_of(train)
        self._fold_of_user = {user: k % FOLDS for k, user in enumerate(sorted({p.query.user_id for p in train}))}
        self._folds = [_FoldStatistics(train, answers, self.fold_of(train) != fold, self) for fold in range(FOLDS)]
        self._folds.append(_FoldStatistics(train, answers, np.ones(len(train), bool), self))
        self.names = (
            *("history", "mean_residual", "last_residual", "recent_residual", "spread", "item_count", "item_residual"),
            *("text_match", "text_last", "text_residual", "neighbours", "neighbour_residual"),
            *(f"{what}:{name}" for name in self.catalogue.attributes for what in ("match", "liking", "of_others")),
        )

    def fold_of(self, pairs: Sequence[Pair]) -> np.ndarray:
        """[pairs]: the fold of each pair's user; the last, which leaves nobody out, for users whom training lacks."""
        return np.array([self._fold_of_user.get(p.query.user_id, FOLDS) for p in pairs], dtype=np.int64)

    def describe(self, pairs: Sequence[Pair], is_training: bool = False) -> np.ndarray:
        """[pairs, names] in float32; training pairs by the statistics of the other folds."""
        fold = self.fold_of(pairs) if is_training else np.full(len(pairs), FOLDS)
        out = np.zeros((len(pairs), len(self.names)), np.float32)
        for number in np.unique(fold):
            rows = np.flatnonzero(fold == number)
            for start in range(0, len(rows), BLOCK):
                part = rows[start : start + BLOCK]
                out[part] = self._block([pairs[k] for k in part], self._folds[number])
        return out

    def columns(self, pairs: Sequence[Pair]) -> np.ndarray:
        """[pairs]: the catalogue position of each pair's item."""
        return np.array([self.catalogue.index[p.item_id] for p in pairs], dtype=np.int64)

    def history(self, pairs: Sequence[Pair]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """[pairs, items] twice: how often each item is in the recent history, and the sum of its residuals there."""
        recent = [p.query.history[-RECENT:] for p in pairs]
        ends = np.cumsum([0, *map(len, recent)])
        columns = np.array([self.catalogue.index[x.item_id] for row in recent for x in row], dtype=np.int64)
        residuals = np.array([self.residual(x.rating) for row in recent for x in row], dtype=np.float32)
        shape = (len(pairs), len(self.catalogue))
        return (
            sp.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=shape),
            sp.csr_matrix((residuals, columns, ends), shape=shape),
        )

    def residual(self, rating: float | None) -> float:
        """A rating less the mean one; 0 without a rating."""
        return 0.0 if rating is None else rating - self.mean_rating

    def _block(self, pairs: Sequence[Pair], others: _FoldStatistics) -> np.ndarray:
        bought, residual = self.history(pairs)
        n = np.asarray(bought.sum(1)).ravel()
        columns = self.columns(pairs)
        rows = list(_of_user(pairs, self))
        numbers: list[np.ndarray] = [np.array(rows, dtype=np.float32).reshape(len(pairs), 5).T]
        numbers.append(np.stack([np.log1p(others.count[columns]), others.mean[columns]]))
        # texts [pairs, words]: the item's, and the sum of those in the history
        item, last = self._texts[columns], self._last(pairs) @ self._texts
        near = _row_dots(bought @ self._texts, item)
        numbers.append(np.stack([near / np.maximum(n, 1), _row_dots(last, item)]))
        numbers.append((_row_dots(residual @ self._texts, item) / (near + 0.5))[None])
        weight = _picked(bought @ others.near, columns)
        liking = _picked(residual @ others.near, columns)
        numbers.append(np.stack([np.log1p(weight), liking / (weight + 1)]))
        for number, values in enumerate(self._of_attribute):
            own = values[columns]  # [pairs, values]
            shared = _row_dots(bought @ values, own)
            liking = _row_dots(residual @ values, own) / (shared + PRIOR)
            numbers.append(np.stack([shared / np.maximum(n, 1), liking, others.of_values(number, own)]))
        return np.concatenate(numbers).T

    def _last(self, pairs: Sequence[Pair]) -> sp.csr_matrix:
        columns = [[self.catalogue.index[x.item_id] for x in p.query.history[-1:]] for p in pairs]
        flat = np.array([c for row in columns for c in row], dtype=np.int64)
        ends = np.cumsum([0, *map(len, columns)])
        return sp.csr_matrix((np.ones(len(flat), np.float32), flat, ends), shape=(len(pairs), len(self.catalogue)))


class FittedFeatures(NamedTuple):
    """Features fitted on training pairs, these pairs described, and how many seconds that took."""

    features: PairFeatures
    described: np.ndarray
    seconds: float


_recent: list[tuple[Sequence[Pair], FittedFeatures]] = []


def fitted(train: Sequence[Pair], items: Mapping[str, Item]) -> tuple[FittedFeatures, float]:
    """The features of training pairs, and the seconds that a model saves where another has had them computed.

    All models and seeds of one command learn from the same pairs, so the features of the last few sets of pairs stay.
    """
    for pairs, features in _recent:
        if len(pairs) == len(train) and all(a is b for a, b in zip(pairs, train, strict=True)):
            return features, features.seconds
    clock = time.perf_counter()
    counted = PairFeatures(train, items)
    described = counted.describe(train, is_training=True)
    features = FittedFeatures(counted, described, time.perf_counter() - clock)
    _recent.append((train, features))
    del _recent[:-REMEMBERED]
    return features, 0.0


class _FoldStatistics:
    """What some of the training pairs say of items and values. Each array is [items] or [values of an attribute]."""

    def __init__(self, train: Sequence[Pair], answers: np.ndarray, chosen: np.ndarray, of: PairFeatures) -> None:
        columns, n = of.columns(train)[chosen], len(of.catalogue)
        own = answers[chosen] - (answers[chosen].mean() if chosen.any() else 0.0)
        self.count = np.bincount(columns, minlength=n).astype(float)
        sums = np.bincount(columns, own, minlength=n)
        self.mean = sums / (self.count + PRIOR)
        self._values = []
        for values in of._of_attribute:
            total, count = np.asarray(sums @ values).ravel(), np.asarray(self.count @ values).ravel()
            self._values.append(total / (count + PRIOR))
        # near [items, items]: cosine of who has both, from the longest history of each user of these pairs
        histories = _longest_histories([p for p, is_chosen in zip(train, chosen, strict=True) if is_chosen])
        rows = [sorted({of.catalogue.index[x.item_id] for x in h[-RECENT:]}) for h in histories.values()]
        flat = np.array([c for row in rows for c in row], dtype=np.int64)
        users = sp.csr_matrix(
            (np.ones(len(flat), np.float32), flat, np.cumsum([0, *map(len, rows)])), shape=(len(rows), n)
        )
        near = (users.T @ users).tocoo()
        size = np.sqrt(np.asarray(users.sum(0)).ravel() + 2)
        weights = np.where(near.row == near.col, 0, near.data / (size[near.row] * size[near.col]))
        self.near = sp.csr_matrix((weights.astype(np.float32), (near.row, near.col)), shape=(n, n))
        self.near.eliminate_zeros()

    def of_values(self, attribute: int, own: sp.csr_matrix) -> np.ndarray:
        """[pairs]: the mean over the item's values of an attribute; 0 where it has none."""
        return np.asarray((own @ self._values[attribute]) / np.maximum(np.asarray(own.sum(1)).ravel(), 1))


def _of_user(pairs: Sequence[Pair], features: PairFeatures) -> Iterator[list[float]]:
    for pair in pairs:
        residuals = [features.residual(x.rating) for x in pair.query.history if x.rating is not None]
        n = len(residuals)
        yield [
            float(np.log1p(len(pair.query.history))),
            sum(residuals) / (n + PRIOR),
            residuals[-1] if residuals else 0.0,
            sum(residuals[-3:]) / 3,
            float(np.std(residuals)) if n > 1 else 0.0,
        ]


def _longest_histories(pairs: Sequence[Pair]) -> dict[str, tuple]:
    longest: dict[str, tuple] = {}
    for pair in pairs:
        history = pair.query.history
        if len(history) >= len(longest.get(pair.query.user_id, ())):
            longest[pair.query.user_id] = history
    return longest


def _fingerprint(train: Sequence[Pair], items: Mapping[str, Item]) -> bytes:
    digest = hashlib.sha256()
    for item in items.values():
        digest.update(f"{item.item_id}:{item.text}:{sorted(item.attributes.items())}".encode())
    for pair in train:
        digest.update(f"{pair.query.query_id}:{pair.item_id}:{pair.rating}:{pair.liked}".encode())
    return digest.digest()


def _row_dots(a: sp.csr_matrix, b: sp.csr_matrix) -> np.ndarray:
    return np.asarray(a.multiply(b).sum(1), dtype=np.float32).ravel()


def _picked(matrix: sp.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """[rows]: the entry of each row in its own column."""
    return np.asarray(sp.csr_matrix(matrix)[np.arange(len(columns)), columns], dtype=np.float32).ravel()


def _tf_idf(texts: Sequence[str]) -> sp.csr_matrix:
    """[texts, words]: rows of unit length; an empty text is a row of zeros."""
    documents = [sorted(set(tokenize(text))) for text in texts]
    frequency: dict[str, int] = {}
    for words in documents:
        for word in words:
            frequency[word] = frequency.get(word, 0) + 1
    frequent = sorted(frequency, key=lambda word: (-frequency[word], word))[:WORDS]
    index = {word: k for k, word in enumerate(frequent)}
    rows = [[index[w] for w in words if w in index] for words in documents]
    flat = np.array([w for row in rows for w in row], dtype=np.int64)
    idf = np.log(len(texts) / np.array([frequency[w] for w in frequent], dtype=float)) if frequent else np.zeros(0)
    data = idf[flat].astype(np.float32)
    matrix = sp.csr_matrix((data, flat, np.cumsum([0, *map(len, rows)])), shape=(len(texts), len(frequent)))
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.maximum(length, 1e-9)) @ matrix, dtype=np.float32)
