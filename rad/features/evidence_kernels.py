"""p(item | fact): where each kind of fact points, by what that kind is about and nothing else.

==============================  ======================================================================================
kind                            the item is drawn from
==============================  ======================================================================================
``co_purchase``                 what buyers of the cited item own, by how often and how near, and against popularity
``similar``                     what reads like the cited item, by how much
``kindred``                     what buyers of the cited item own and reads like it, by both
``repeat``, ``transition``      the items with the value, by popularity to a power
``kind_of``                     the items with both values, the same
``new_similar``                 what reads like the cited item and nobody has bought, all alike
``new_repeat``                  the items with the value that nobody has bought, all alike
*unexplained*                   the catalogue, by popularity to a power
==============================  ======================================================================================

Each row is a softmax, linear in a few features, over the items that the fact points to; the others have none. Counts
are those of a fold, which its users are no part of: a purchase never counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from rad.features.item_features import CoPurchase
from rad.rationales.facts import Facts, ragged
from rad.rationales.facts.candidates import NUMBER, Candidates
from rad.types import EvidenceKind

RIVALS: tuple[EvidenceKind, ...] = (
    *("repeat", "new_repeat", "transition", "co_purchase"),
    *("similar", "kindred", "new_similar", "kind_of"),
)
"""Kinds of which one is behind a purchase; the others (lasting, rating, absence) hold beside whatever is wanted."""
START = np.array([1.0, 0.3, -0.5, 3.0, 1.0, 3.0, 0.7, 1.0])
"""Where a fit of the weights begins: three of co-purchase, one of text, two of both, and the power of popularity within
values and at large."""
_BOUGHT, _TEXT, _KIN, _VALUE, _REST = slice(0, 3), slice(3, 4), slice(4, 6), slice(6, 7), slice(7, 8)
_SMOOTHING = 0.3  # added to each item's popularity, so that unseen ones have some


@dataclass(frozen=True, slots=True)
class Cases:
    """Facts beside the items that they are to explain, an entry each.

    ``facts`` are of the kinds ``RIVALS``; ``target`` (rows,) catalogue positions; ``new`` (rows,): nobody but the user
    has bought the target.
    """

    facts: Candidates
    target: np.ndarray
    new: np.ndarray


class Softmaxes:
    """A softmax over the stored columns of each row of ``matrix``, linear in ``features`` (stored entries, F)."""

    def __init__(self, matrix: sp.csr_matrix, features: np.ndarray) -> None:
        self.features = features
        # (rows, columns): the number of each stored entry, from 1
        self.numbers = sp.csr_matrix((np.arange(1, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=matrix.shape)
        self.row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))

    def places(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(pairs,): the number of the entry of each row and column; -1 where none is stored."""
        return ragged.entries(self.numbers, rows, columns).astype(np.int64) - 1

    def log_p(self, places: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(pairs,) log probabilities, -inf where nothing is stored, and their gradients (pairs, F) in ``weights``."""
        n = self.numbers.shape[0]
        score = self.features @ weights
        top = np.full(n, -np.inf)
        np.maximum.at(top, self.row, score)
        e = np.exp(score - top[self.row])
        total = np.bincount(self.row, e, minlength=n)
        sums = np.stack([np.bincount(self.row, e * f, minlength=n) for f in self.features.T], 1)
        mean = sums / np.maximum(total, 1e-300)[:, None]
        there = places >= 0
        at, row = places[there], self.row[places[there]]
        out, gradient = np.full(len(places), -np.inf), np.zeros((len(places), self.features.shape[1]))
        out[there] = score[at] - top[row] - np.log(total[row])
        gradient[there] = self.features[at] - mean[row]
        return out, gradient


class Kernels:
    """The rows of all kinds under the counts of one fold."""

    def __init__(self, facts: Facts, counts: CoPurchase) -> None:
        self.facts, self.counts = facts, counts
        self.log_popularity = np.log(counts.popularity.astype(float) + _SMOOTHING)
        self.never = np.asarray((facts.purchases == 0) @ facts.catalogue.incidence).ravel()  # (values,)

    @cached_property
    def bought_with(self) -> Softmaxes:
        """What buyers of the row's item own: how often, how near, how popular at large."""
        ever = sp.csr_matrix(self.counts.ever)
        rows = np.repeat(np.arange(ever.shape[0]), np.diff(ever.indptr))
        near = ragged.entries(self.counts.near, rows, ever.indices)
        features = [np.log(ever.data), np.log(near + 0.1), self.log_popularity[ever.indices]]
        return Softmaxes(ever, np.stack(features, 1).astype(float))

    @cached_property
    def text(self) -> Softmaxes:
        """What reads like the row's item."""
        likeness = self.facts.likeness
        return Softmaxes(likeness, likeness.data[:, None].astype(float))

    @cached_property
    def kin(self) -> Softmaxes:
        """What buyers of the row's item own and reads like it: how often, and how much."""
        likeness = self.facts.likeness
        rows = np.repeat(np.arange(likeness.shape[0]), np.diff(likeness.indptr))
        ever = ragged.entries(sp.csr_matrix(self.counts.ever), rows, likeness.indices)
        both = ever > 0
        matrix = sp.csr_matrix((ever[both], (rows[both], likeness.indices[both])), shape=likeness.shape)
        return Softmaxes(matrix, np.stack([np.log(ever[both]), likeness.data[both]], 1).astype(float))

    @cached_property
    def rest(self) -> Softmaxes:
        """The catalogue, as one row."""
        n = len(self.log_popularity)
        return Softmaxes(sp.csr_matrix(np.ones((1, n))), self.log_popularity[:, None])

    def members(self, facts: Candidates) -> tuple[Softmaxes, np.ndarray]:
        """The items with each value and with each conjunction among ``facts``; and the row of each fact, or 0."""
        X = sp.csc_matrix(self.facts.catalogue.incidence)
        n_values = X.shape[1]
        both = facts.kind == NUMBER["kind_of"]
        keys, which = np.unique(facts.value[both] * n_values + facts.other[both], return_inverse=True)
        first, second = np.divmod(keys, n_values)
        owners = sp.csr_matrix(sp.vstack([X.T, X[:, first].multiply(X[:, second]).T]))
        rows = np.maximum(facts.value, 0)
        rows[both] = n_values + which
        return Softmaxes(owners, self.log_popularity[owners.indices][:, None]), rows

    def prepared(self, cases: Cases) -> Prepared:
        """The cases with all that does not hang on the weights."""
        facts, target = cases.facts, cases.target
        kind, item = facts.kind, np.maximum(facts.item, 0)
        members, group = self.members(facts)
        parts = []
        sources: tuple[tuple[Softmaxes, tuple[EvidenceKind, ...], np.ndarray, slice], ...] = (
            (self.bought_with, ("co_purchase",), item, _BOUGHT),
            (self.text, ("similar",), item, _TEXT),
            (self.kin, ("kindred",), item, _KIN),
            (members, ("repeat", "transition", "kind_of"), group, _VALUE),
        )
        for softmaxes, names, row, weights in sources:
            rows = np.flatnonzero(np.isin(kind, [NUMBER[name] for name in names]))
            parts.append((softmaxes, rows, softmaxes.places(row[rows], target[rows]), weights))
        return Prepared(len(facts), parts, self._new(cases, group))

    def _new(self, cases: Cases, group: np.ndarray) -> np.ndarray:
        """(rows,): log probabilities under the kinds about new items, which have no weights; NaN for the others."""
        facts, kind = cases.facts, cases.facts.kind
        out = np.full(len(facts), np.nan)
        rows = np.flatnonzero((kind == NUMBER["new_similar"]) & cases.new)
        alike = self.text.places(facts.item[rows], cases.target[rows]) >= 0
        out[kind == NUMBER["new_similar"]] = -np.inf
        out[rows[alike]] = -np.log(facts.number[rows[alike]])
        rows = np.flatnonzero((kind == NUMBER["new_repeat"]) & cases.new)
        X = self.facts.catalogue.incidence
        has = ragged.entries(X, cases.target[rows], group[rows]) > 0
        out[kind == NUMBER["new_repeat"]] = -np.inf
        # what nobody has, and the target
        out[rows[has]] = -np.log(self.never[group[rows[has]]] + 1)
        return out

    def unexplained(self, target: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(targets,) log p(target) where nothing explains it, and the gradient (targets, weights)."""
        out, part = self.rest.log_p(target, weights[_REST])
        gradient = np.zeros((len(target), len(START)))
        gradient[:, _REST] = part
        return out, gradient


@dataclass(frozen=True, slots=True)
class Prepared:
    """Cases whose entries of the kernels are known: ``log_p`` for any weights."""

    n: int
    parts: list[tuple[Softmaxes, np.ndarray, np.ndarray, slice]]
    new: np.ndarray

    def log_p(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) log p(target | fact), and the gradient (rows, weights)."""
        out, gradient = self.new.copy(), np.zeros((self.n, len(START)))
        for softmaxes, rows, places, which in self.parts:
            out[rows], gradient[rows, which] = softmaxes.log_p(places, weights[which])
        return out, gradient
