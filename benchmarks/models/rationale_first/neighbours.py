"""What each item leads to: the rows that reasons about single items read, under one set of counts.

A reason may read only what its kind is about. What is bought with an item is a row of co-purchase counts, what reads
like it a row of text similarities; ``kindred`` reads both of them on the items that are bought with it. A row holds the
nearest items alone, so a catalogue of any size fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch

from rad.features.item_features import Catalogue
from rad.types import Item

TOGETHER, SIMILAR, NEW = 128, 128, 64  # items in a row
CO_PURCHASE_FEATURES, TEXT_FEATURES = 7, 5
_BLOCK = 512  # items whose similarities to all others are held at once
_PAIRS = 500_000  # entries of sparse matrices that are looked up at once


def without_text(item: Item) -> Item:
    """The item with its title and attribute values as its text: what a shop knows, and not what its seller says.

    An item without values keeps its text: nothing else could tell what it is like.
    """
    values = dict.fromkeys(value for own in item.attributes.values() for value in own)
    return replace(item, text=". ".join([item.title, *values])) if values else item


@dataclass(frozen=True)
class Texts:
    """Similarities of items by their texts, whatever was bought.

    Attributes:
        items: (items, SIMILAR) the most similar ones, -1 where there are fewer.
        features: (items, SIMILAR, TEXT_FEATURES).
        vectors: (items, width) unit vectors of the texts.
    """

    catalogue: Catalogue
    vectors: np.ndarray
    items: np.ndarray
    features: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue, vectors: np.ndarray) -> Texts:
        """Find the most similar items by words (BM25) and by ``vectors`` co_purchased."""
        n = len(catalogue)
        width = min(SIMILAR, max(n - 1, 1))
        items = np.full((n, width), -1, dtype=np.int64)
        for start in range(0, n, _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, n))
            near = _similarity(catalogue, vectors, rows)
            items[rows] = np.argpartition(-near, width - 1, axis=1)[:, :width]
        out = cls(catalogue, vectors, items, np.zeros(0))
        return cls(catalogue, vectors, items, out.pair_features(items))

    def nearest_of(self, wanted: np.ndarray, width: int) -> np.ndarray:
        """(items, width): of the items ``wanted`` (a mask) the most similar to each, -1 where there are fewer."""
        n = len(self.catalogue)
        width = min(width, max(int(wanted.sum()), 1))
        out = np.full((n, width), -1, dtype=np.int64)
        columns = np.flatnonzero(wanted)
        if not len(columns):
            return out
        for start in range(0, n, _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, n))
            near = _similarity(self.catalogue, self.vectors, rows)[:, columns]
            best = np.argpartition(-near, width - 1, axis=1)[:, :width]
            top = columns[best]
            out[rows] = np.where(np.take_along_axis(near, best, 1) > -1, top, -1)
        return out

    def pair_features(self, items: np.ndarray) -> np.ndarray:
        """(items, width, TEXT_FEATURES) of each item and those in its row of ``items``."""
        n, width = items.shape
        out = np.zeros((n, width, TEXT_FEATURES), np.float32)
        for start in range(0, n, _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, n))
            columns = np.maximum(items[rows], 0)
            words = np.take_along_axis(self.catalogue.mutual_likeness(rows), columns, 1)
            cosine = np.einsum("rd,rwd->rw", self.vectors[rows], self.vectors[columns])
            out[rows, :, 0], out[rows, :, 1], out[rows, :, 2] = words, 5 * cosine, words**2
            out[rows, :, 3] = self.catalogue.likeness_of(rows, columns)
            out[rows, :, 4] = np.exp(8 * (cosine - 1))
        return out


def _similarity(catalogue: Catalogue, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(rows, items): words and vectors co_purchased; -1 for an item and itself."""
    near = catalogue.mutual_likeness(rows) + vectors[rows] @ vectors.T
    near[np.arange(len(rows)), rows] = -1.0
    return np.asarray(near, dtype=np.float32)


@dataclass(frozen=True)
class Neighbours:
    """Rows of items under the counts of some users, as tensors.

    Attributes:
        popularity: (items,) log of purchases + 1.
        new: (items,) nobody bought it.
        co_purchased: (items, TOGETHER) what is bought with each, -1 where there is less.
        co_purchase_features: (items, TOGETHER, CO_PURCHASE_FEATURES).
        kindred_features: (items, TOGETHER, 3) of the texts of the same pairs.
        similar, similar_features: As :class:`Texts`.
        fresh, fresh_features: The most similar ones among new items.
        partners: (items,) log of how many users bought it with something else.
        focus: (items,) share of the strongest of its co-purchases.
        reach: (items, values) how likely what goes with, or reads like, an item has a value.
    """

    popularity: torch.Tensor
    new: torch.Tensor
    co_purchased: torch.Tensor
    co_purchase_features: torch.Tensor
    kindred_features: torch.Tensor
    similar: torch.Tensor
    similar_features: torch.Tensor
    fresh: torch.Tensor
    fresh_features: torch.Tensor
    partners: np.ndarray
    focus: np.ndarray
    reach: np.ndarray

    @classmethod
    def of(cls, texts: Texts, sequences: Sequence[Sequence[int]]) -> Neighbours:
        """Count ``sequences`` of catalogue positions, the oldest purchase first."""
        catalogue = texts.catalogue
        n = len(catalogue)
        arrays = [np.asarray(s, dtype=np.int64) for s in sequences]
        popularity = np.bincount(np.concatenate([np.zeros(0, np.int64), *arrays]), minlength=n).astype(np.float32)
        after = _lagged(arrays, n, 3, 1.0)
        near, wide, ever = after + 0.5 * after.T, _lagged(arrays, n, 10, 0.5), _lagged(arrays, n, 30, 0.0)
        wide, ever = sp.csr_matrix(wide + wide.T), sp.csr_matrix(ever + ever.T)
        # two steps of co-purchase, each normalised as a cosine: what is bought with what is bought with an item
        norm = sp.diags(1 / np.sqrt(popularity + 1))
        cosine = norm @ ever @ norm
        twice = sp.csr_matrix(cosine @ cosine)
        twice.setdiag(0)
        order = sp.csr_matrix((near + 0.5 * wide + 0.2 * ever) @ norm + 0.02 * twice)
        co_purchased = _strongest(order, TOGETHER)
        rows, columns = np.repeat(np.arange(n), co_purchased.shape[1]), np.maximum(co_purchased, 0).ravel()
        counts = (near, sp.csr_matrix(after.T), wide, ever, twice)
        log_popularity = np.log1p(popularity)
        features = [
            np.log(entries(sp.csr_matrix(c), rows, columns) + floor)
            for c, floor in zip(counts, (0.1, 0.2, 0.1, 0.3, 0.003), strict=True)
        ]
        features += [log_popularity[columns], (entries(ever, rows, columns) > 0).astype(np.float32)]
        shape = (n, co_purchased.shape[1])
        bought = np.stack(features, 1).reshape(*shape, CO_PURCHASE_FEATURES).astype(np.float32)
        text = texts.pair_features(co_purchased)
        both = np.log(np.maximum(text[..., 0] + text[..., 1] / 5, 0) + 0.02)
        kindred = np.stack([text[..., 0], 0.4 * text[..., 1], both], -1)
        new = popularity == 0
        fresh = texts.nearest_of(new, NEW)
        strongest = np.asarray(sp.csr_matrix(near).max(1).todense()).ravel()
        total = np.maximum(np.asarray(near.sum(1)).ravel(), 1)
        tensor = torch.from_numpy
        return cls(
            popularity=tensor(log_popularity),
            new=tensor(new),
            co_purchased=tensor(co_purchased),
            co_purchase_features=tensor(bought),
            kindred_features=tensor(kindred.astype(np.float32)),
            similar=tensor(texts.items),
            similar_features=tensor(texts.features),
            fresh=tensor(fresh),
            fresh_features=tensor(texts.pair_features(fresh)),
            partners=np.log1p(np.asarray(ever.sum(1)).ravel()),
            focus=strongest / total,
            reach=_reach(texts, co_purchased, bought, log_popularity),
        )


def _reach(texts: Texts, co_purchased: np.ndarray, bought: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """(items, values): a fixed mixture of both kinds of rows, of which a share has each value."""
    n = len(co_purchased)
    odds = np.where(co_purchased >= 0, np.exp(0.8 * bought[..., 0] + 0.5 * bought[..., 3]), 0.0)
    like = np.exp(texts.features[..., :2] @ np.array([2, 0.5], np.float32) + 0.5 * popularity[texts.items])
    like = np.where(texts.items >= 0, like, 0.0)
    parts = []
    for items, weight, share in ((co_purchased, odds, 0.6), (texts.items, like, 0.4)):
        weight = share * weight / np.maximum(weight.sum(1, keepdims=True), 1e-9)
        rows = np.repeat(np.arange(n), items.shape[1])
        parts.append(sp.csr_matrix((weight.ravel(), (rows, np.maximum(items, 0).ravel())), shape=(n, n)))
    return np.asarray(((parts[0] + parts[1]) @ texts.catalogue.incidence).todense(), dtype=np.float32)


def _lagged(sequences: Sequence[np.ndarray], n: int, window: int, decay: float) -> sp.csr_matrix:
    """(items, items): the column's item came at most ``window`` purchases after the row's; nearer ones weigh more."""
    rows, columns, weights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for s in sequences:
        for lag in range(1, min(window, len(s) - 1) + 1):
            rows.append(s[:-lag])
            columns.append(s[lag:])
            weights.append(np.full(len(s) - lag, lag**-decay, np.float32))
    pairs = np.concatenate(rows), np.concatenate(columns)
    out = sp.coo_matrix((np.concatenate(weights), pairs), shape=(n, n)).tocsr()
    out.setdiag(0)
    out.eliminate_zeros()
    return out


def _strongest(matrix: sp.csr_matrix, width: int) -> np.ndarray:
    """(rows, width): the columns of the largest entries of each row, -1 where there are fewer."""
    n = matrix.shape[0]
    width = min(width, max(int(np.diff(matrix.indptr).max(initial=1)), 1))
    row = np.repeat(np.arange(n), np.diff(matrix.indptr))
    order = np.lexsort((-matrix.data, row))
    rank = np.arange(len(row)) - matrix.indptr[row[order]]
    keep = order[rank < width]
    out = np.full((n, width), -1, dtype=np.int64)
    out[row[keep], rank[rank < width]] = matrix.indices[keep]
    return out


def entries(matrix: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The entries at pairs of row and column, a part at a time."""
    parts = [
        np.asarray(matrix[rows[k : k + _PAIRS], columns[k : k + _PAIRS]], np.float32).ravel()
        for k in range(0, len(rows), _PAIRS)
    ]
    return np.concatenate([np.zeros(0, np.float32), *parts])
