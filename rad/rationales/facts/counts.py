"""Counts of training purchases, from which facts follow (:mod:`rad.rationales.facts`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import scipy.sparse as sp

from rad.data.shards import Shards
from rad.data.splits import sequences_of
from rad.features.item_features import Catalogue
from rad.rationales.facts import ragged
from rad.rationales.facts.row_sets import RowSets
from rad.types import Example, Item, Query

ALIKE = 0.3  # of the weight of an item's words: what reads like it
FOLLOWERS = 24  # likeliest values after one
USUAL_CASES = 20  # of the usual share, added to what was seen to follow: a few cases are chance
_BLOCK = 256  # items whose similarities to all others are held at once


@dataclass(frozen=True)
class Counts:
    """Counts of training purchases, from which facts about any query follow.

    Attributes:
        catalogue: The items.
        buyers: (items,) users who bought the item and another one.
        purchases: (items,) how often each was bought.
        value_purchases: (values,) purchases of items with each value.
        followed: (values,) purchases of items with each value that have a next one.
        shared: (items, items) users who bought both; nothing on the diagonal.
        follows: (values, values) how often the next purchase after one with the row's value has the column's.
        own: Catalogue positions of each user's training purchases, oldest first.
    """

    catalogue: Catalogue
    buyers: np.ndarray
    purchases: np.ndarray
    value_purchases: np.ndarray
    followed: np.ndarray
    shared: sp.csr_matrix
    follows: sp.csr_matrix
    own: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, train: Sequence[Example], items: Mapping[str, Item]) -> Self:
        """Count the training sequences of ``train``."""
        catalogue = Catalogue.of(items)
        sequences = sequences_of(train)
        return cls.count(((user, catalogue.indices(s)) for user, s in sequences.items()), catalogue)

    @classmethod
    def of_shards(cls, shards: Shards) -> Self:
        """Count the training sequences of all users in a folder, a shard at a time."""
        catalogue = Catalogue.of(shards.items)
        parts = (sequences_of(shards.examples(k, ["train"])["train"]) for k in range(len(shards)))
        return cls.count(((user, catalogue.indices(s)) for part in parts for user, s in part.items()), catalogue)

    @classmethod
    def count(cls, sequences: Iterable[tuple[str, Sequence[int]]], catalogue: Catalogue, batch: int = 20_000) -> Self:
        """Count any number of users, ``batch`` at a time.

        Args:
            sequences: User and catalogue positions of the training purchases, oldest first.
            catalogue: The items.
            batch: Users whose arrays are held at once.
        """
        n, v = catalogue.incidence.shape
        buyers, purchases = np.zeros(n), np.zeros(n)
        followed, follows = np.zeros(v), sp.csr_matrix((v, v), dtype=np.float64)
        shared = sp.csr_matrix((n, n), dtype=np.float64)
        own: dict[str, np.ndarray] = {}
        part: list[np.ndarray] = []

        def add() -> None:
            nonlocal buyers, purchases, shared, followed, follows
            one = _Sequences.of(part)
            buyers += one.buyers(n)
            purchases += np.bincount(one.items, minlength=n)
            shared = shared + one.shared(n)
            pairs = one.transitions(n)
            X = catalogue.incidence
            followed += np.asarray(pairs.sum(1)).ravel() @ X
            follows = follows + X.T @ pairs @ X
            part.clear()

        for user, sequence in sequences:
            own[user] = np.asarray(sequence, dtype=np.int32)
            part.append(own[user])
            if len(part) == batch:
                add()
        add()
        of_values = purchases @ catalogue.incidence
        return cls(catalogue, buyers, purchases, of_values, followed, shared, sp.csr_matrix(follows), own)

    @cached_property
    def likeness(self) -> sp.csr_matrix:
        """(items, items): how much the column's item reads like the row's, where it does: ``ALIKE`` at least."""
        n = len(self.catalogue)
        rows = []
        for start in range(0, n, _BLOCK):
            block = np.arange(start, min(start + _BLOCK, n))
            like = self.catalogue.likeness(block)  # (block, items)
            like[np.arange(len(block)), block] = 0
            rows.append(sp.csr_matrix(np.where(like >= ALIKE, like, 0).astype(np.float32)))
        return sp.csr_matrix(sp.vstack(rows)) if rows else sp.csr_matrix((n, n), dtype=np.float32)

    @cached_property
    def alike(self) -> sp.csr_matrix:
        """(items, items) 1 where the column's item reads like the row's."""
        alike = self.likeness.copy()
        alike.data[:] = 1
        return alike

    @cached_property
    def kin(self) -> sp.csr_matrix:
        """(items, items): users who bought both, where the column's item reads like the row's."""
        return sp.csr_matrix(self.alike.multiply(self.shared))

    @cached_property
    def read_by(self) -> sp.csr_matrix:
        """(items, items) 1 where the row's item reads like the column's: ``alike`` the other way round."""
        return sp.csr_matrix(self.alike.T)

    @cached_property
    def holders(self) -> RowSets:
        """Of each value, the items that have it."""
        return RowSets(self.catalogue.incidence.T)

    @cached_property
    def alike_sets(self) -> RowSets:
        """Of each item, those that read like it."""
        return RowSets(self.alike)

    @cached_property
    def kin_of_one(self) -> RowSets:
        """Of each item, its kin that one user alone bought with it."""
        return RowSets(sp.csr_matrix(self.kin == 1))

    @cached_property
    def unsold(self) -> frozenset[int]:
        """The items that nobody bought."""
        return frozenset(np.flatnonzero(self.purchases == 0).tolist())

    @cached_property
    def both(self) -> sp.csr_matrix:
        """(values, values): items that have both."""
        return sp.csr_matrix(self.catalogue.incidence.T @ self.catalogue.incidence)

    @cached_property
    def rarest_pairs(self) -> np.ndarray:
        """(items, 3): the two values that the fewest other items share, and how many do; -1 where none does.

        Neither value implies the other, as a kind of things implies the kind above it.
        """
        X, both = self.catalogue.incidence, self.both
        first, second, item = ragged.pairs(X.indices.astype(np.int64), np.diff(X.indptr))
        first, second, item = (x[first < second] for x in (first, second, item))
        n, alone = ragged.entries(both, first, second), both.diagonal()
        rows = np.flatnonzero((n >= 2) & (n < np.minimum(alone[first], alone[second])))
        rows = rows[np.lexsort((second[rows], first[rows], n[rows], item[rows]))]
        rows = rows[np.unique(item[rows], return_index=True)[1]]
        out = np.full((len(self.catalogue), 3), -1, dtype=np.int64)
        out[item[rows]] = np.stack([first[rows], second[rows], n[rows] - 1], axis=1)
        return out

    @cached_property
    def followers(self) -> np.ndarray:
        """(values, FOLLOWERS): what stands out most in the purchase after one with the row's value; -1 for none."""
        n_values = len(self.followed)
        share = np.maximum(self.value_purchases, 1) / max(self.purchases.sum(), 1)
        out = np.full((n_values, FOLLOWERS), -1, dtype=np.int64)
        for u in range(n_values):
            row = slice(self.follows.indptr[u], self.follows.indptr[u + 1])
            columns, n = self.follows.indices[row], self.follows.data[row]
            likely = following_share(n, self.followed[u], share[columns])
            telling = np.where(n >= 3, likely * np.log(np.maximum(likely / share[columns], 1e-9)), -1)
            best = np.argsort(-telling, kind="stable")[:FOLLOWERS]
            best = best[telling[best] > 0]
            out[u, : len(best)] = columns[best]
        return out

    def positions(self, query: Query) -> list[int]:
        """Catalogue positions of a history; -1 for an item that the catalogue lacks."""
        index = self.catalogue.index
        return [index.get(x.item_id, -1) for x in query.history]


_NONE = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class _Sequences:
    """Sequences one after another: ``items`` (purchases,) and ``users`` (purchases,), the number of the sequence."""

    items: np.ndarray
    users: np.ndarray

    @classmethod
    def of(cls, sequences: Sequence[np.ndarray]) -> _Sequences:
        items = np.concatenate([_NONE, *sequences])
        return cls(items, np.repeat(np.arange(len(sequences)), [len(s) for s in sequences]))

    def buyers(self, n: int) -> np.ndarray:
        """(items,): of each, the users who bought it and another one."""
        pairs = np.unique(np.stack([self.users, self.items]), axis=1)
        several = np.bincount(pairs[0], minlength=1) > 1
        return np.bincount(pairs[1][several[pairs[0]]], minlength=n).astype(float)

    def shared(self, n: int) -> sp.csr_matrix:
        """(items, items): users who bought both, but for the diagonal."""
        shape = (self.users.max(initial=0) + 1, n)
        has = sp.csr_matrix((np.ones(len(self.items)), (self.users, self.items)), shape=shape)
        has.data[:] = 1.0
        pairs = sp.csr_matrix(has.T @ has)
        pairs.setdiag(0)
        pairs.eliminate_zeros()
        return pairs

    def transitions(self, n: int) -> sp.csr_matrix:
        """(items, items): how often the column's item was bought right after the row's."""
        same = self.users[1:] == self.users[:-1]
        before, after = self.items[:-1][same], self.items[1:][same]
        return sp.coo_matrix((np.ones(len(before)), (before, after)), shape=(n, n)).tocsr()


def usual_share(shares: np.ndarray) -> np.ndarray:
    """Shares as people say them: one in so many, by two digits, or so many in ten from 35% on. Idempotent."""
    many = 1 / np.maximum(shares, 1e-9)
    # 437 -> 440 -> one in 440: two digits are kept
    step = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(many, 1.0) + 1e-9)) - 1, 0)
    one_in = np.maximum(np.rint(many / step) * step, 1.0)
    return np.where(shares >= 0.35, np.minimum(np.rint(shares * 10), 10) / 10, 1.0 / one_in)


def expected_share(k: np.ndarray, of: np.ndarray, base: np.ndarray) -> np.ndarray:
    """How likely the next purchase has a value that ``k`` of ``of`` have, whose usual share is ``base``.

    A showing counts a little less than one, two purchases of the usual share are added, and a value below 1 in 10 comes
    back less often the rarer it is: so it comes true in all domains.
    """
    comes_back = np.minimum(10 * base, 1) ** 0.25
    return np.asarray((comes_back * (k - 0.3) + 2 * base) / (of + 2))


def following_share(n: np.ndarray, m: np.ndarray, base: np.ndarray) -> np.ndarray:
    """How likely a value comes next that ``n`` of ``m`` purchases had which followed another, and usually ``base``."""
    return np.asarray((n + USUAL_CASES * base) / (m + USUAL_CASES))
