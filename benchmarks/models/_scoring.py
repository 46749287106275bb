"""From scores to rankings: the part that every model shares, so that masks, ties and bad numbers are met once.

A model makes *blocks*: a function from queries to an array [queries, items] whose columns are the catalogue's order.

>>> import numpy as np
>>> top_items(np.array([[0.5, 0.9, 0.5, 0.1]]), [[1]], ["a", "b", "c", "d"], k=2)
[(('a', 'c'), (0.5, 0.5))]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.harness.base import CUT, ModelSettings, Recommender
from rad.types import Example, Item, Prediction, Query

CHOICE_QUERIES = 2000  # validation queries on which a setting is chosen: the same budget for every model
BLOCK_CELLS = 4_000_000

Block = Callable[[Sequence[Query]], np.ndarray]
Setting = dict[str, Any]
"""One choice of settings, by name."""


class ItemIndex:
    """Item ids in the order that breaks ties, and the column of each."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.ids = tuple(items)
        self.column = {item: column for column, item in enumerate(self.ids)}

    def history(self, query: Query) -> list[int]:
        """Columns of a query's history, oldest first; items that the catalogue lacks are left out."""
        return [self.column[x.item_id] for x in query.history if x.item_id in self.column]

    def unranked(self, query: Query) -> list[int]:
        """Columns of the items that no ranking of a query may hold."""
        return [self.column[item] for item in query.unranked if item in self.column]

    def recent(self, queries: Sequence[Query], last: int, decay: float) -> sp.csr_matrix:
        """[queries, items]: ``decay ** j`` for the j-th item back (from 0) among the ``last`` ones; repeats add up."""
        return self.weighted(queries, [decay**j for j in range(last)])

    def weighted(self, queries: Sequence[Query], weights: Sequence[float]) -> sp.csr_matrix:
        """[queries, items]: ``weights[j]`` for the j-th item back (from 0), nothing further back; repeats add up."""
        # a CSR matrix by hand: for each row its columns, latest first, and where the row begins
        columns = [self.history(q)[::-1][: len(weights)] for q in queries]
        indptr = np.cumsum([0, *map(len, columns)])
        data = np.array([weights[j] for row in columns for j in range(len(row))], dtype=np.float64)
        flat = np.array([column for row in columns for column in row], dtype=np.int64)
        return sp.csr_matrix((data, flat, indptr), shape=(len(queries), len(self.ids)))

    def counts(self, sequences: Iterable[Sequence[str]]) -> np.ndarray:
        """How often each item occurs in sequences of item ids."""
        flat = [self.column[item] for sequence in sequences for item in sequence if item in self.column]
        return np.bincount(np.array(flat, dtype=np.int64), minlength=len(self.ids)).astype(np.float64)


def top_items(
    scores: np.ndarray, unranked: Sequence[Sequence[int]], item_ids: Sequence[str], k: int = CUT
) -> list[tuple[tuple[str, ...], tuple[float, ...]]]:
    """The best ``k`` ids and scores of each row of ``scores`` [b, n] without its ``unranked`` columns.

    Ties are in catalogue order. A score of minus infinity keeps an item out. A row with NaN or plus infinity gives an
    empty ranking.
    """
    out: list[tuple[tuple[str, ...], tuple[float, ...]]] = []
    for row, masked in zip(np.asarray(scores, dtype=np.float64), unranked, strict=True):
        row = -row  # ascending from here on: a stable sort then leaves ties in catalogue order
        row[list(masked)] = np.inf
        if np.isnan(row).any() or np.isneginf(row).any():
            out.append(((), ()))
            continue
        # all that reach the k-th best, ties included: a sort of these few is quicker than one of the whole catalogue
        bound = np.partition(row, k - 1)[k - 1] if k < len(row) else np.inf
        picked = np.flatnonzero(row <= bound)
        picked = picked[np.argsort(row[picked], kind="stable")][:k]
        picked = picked[np.isfinite(row[picked])]
        out.append((tuple(item_ids[i] for i in picked), tuple((-row[picked]).tolist())))
    return out


def rank_block(queries: Sequence[Query], scores: np.ndarray, catalogue: ItemIndex) -> list[Prediction]:
    """Predictions from one block of scores; only candidates are ranked where a query has some."""
    # [queries, items]; a copy, as what is no candidate is masked in place
    scores = np.array(scores, dtype=np.float64)
    for row, query in zip(scores, queries, strict=True):
        if query.candidates is not None:
            outside = np.ones(len(row), bool)
            outside[[catalogue.column[item] for item in query.candidates]] = False
            row[outside] = -np.inf
    tops = top_items(scores, [catalogue.unranked(q) for q in queries], catalogue.ids)
    return [
        Prediction(q.query_id, ranking, scores=values)
        if ranking
        else Prediction(q.query_id, (), error="scores that are not finite numbers, or nothing left to rank")
        for q, (ranking, values) in zip(queries, tops, strict=True)
    ]


def rank(queries: Sequence[Query], catalogue: ItemIndex, block: Block) -> Iterator[Prediction]:
    """One prediction a query, in order; blocks are as large as a fixed amount of memory allows."""
    step = block_size(catalogue)
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        yield from rank_block(part, block(part), catalogue)


class BlockRecommender(Recommender):
    """A recommender whose scores of the whole catalogue come block by block.

    Attributes:
        catalogue: The columns of a block; ``fit`` sets it.
        block: The scores [queries, items]: a method, or what ``fit`` sets.
    """

    catalogue: ItemIndex
    block: Block

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        return rank(queries, self.catalogue, self.block)


class ChoosingRecommender(BlockRecommender):
    """One whose ``fit`` chooses settings on validation: ``chosen`` holds them, and nothing before."""

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.chosen: Setting = {}


def keeps_repeats(examples: Iterable[Example]) -> bool:
    """Whether what users have had may be ranked for them again."""
    return any(example.query.repeats for example in examples)


def block_size(catalogue: ItemIndex) -> int:
    return max(1, min(512, BLOCK_CELLS // max(1, len(catalogue.ids))))


def best_outside(scores: np.ndarray, queries: Sequence[Query], catalogue: ItemIndex) -> np.ndarray:
    """The highest score [queries] outside each history, or 1 where none is positive."""
    # [queries, items]: the history goes, since what a user bought resembles itself most and would set the scale
    outside = np.array(scores, dtype=np.float64)
    for row, query in zip(outside, queries, strict=True):
        row[catalogue.history(query)] = 0
    top = outside.max(axis=1, initial=0)
    return np.where(top > 0, top, 1.0)


def mean_ndcg(examples: Sequence[Example], catalogue: ItemIndex, block: Block, k: int = 10) -> float:
    """NDCG@k of queries with one relevant item each, straight from the scores (for choosing settings, not for results).

    A target that may not be ranked, as one of a masked history, scores 0, as everywhere.
    """
    total, step = 0.0, block_size(catalogue)
    for start in range(0, len(examples), step):
        part = examples[start : start + step]
        scores = np.array(block([e.query for e in part]), dtype=np.float64)
        for row, example in zip(scores, part, strict=True):
            target = catalogue.column.get(next(iter(example.relevant)))
            unranked = catalogue.unranked(example.query)
            if target is None or target in unranked:
                continue
            row[unranked] = -np.inf
            # the target's place by counting, ties in catalogue order as in ``top_items``: nothing is sorted
            before = np.count_nonzero(row > row[target]) + np.count_nonzero(row[:target] == row[target])
            total += 1 / np.log2(before + 2) if before < k else 0.0
    return total / max(1, len(examples))


def grid(values: Mapping[str, Sequence[object]], settings: ModelSettings) -> list[Setting]:
    """Every combination of ``values``, with those that ``settings`` states (not None) held fixed."""
    fixed = {name: getattr(settings, name) for name in values}
    choices = [values[name] if fixed[name] is None else (fixed[name],) for name in values]
    return [dict(zip(values, combination, strict=True)) for combination in product(*choices)]


def choose(
    settings: Sequence[Setting],
    block_of: Callable[[Setting], Block],
    validation: Sequence[Example],
    catalogue: ItemIndex,
) -> Setting:
    """The entry of ``settings`` with the best validation NDCG@10, the first of equals (of all, without validation).

    Users are in the order of hashed ids, so the first ``CHOICE_QUERIES`` are a fair sample.
    """
    if len(settings) == 1 or not validation:
        return settings[0]
    sample = validation[:CHOICE_QUERIES]
    return max(settings, key=lambda setting: mean_ndcg(sample, catalogue, block_of(setting)))
