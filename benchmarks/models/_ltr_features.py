"""What a learning-to-rank model may know of a query and a candidate: scores of simpler models, and attribute matches.

:class:`Facts` holds all that comes from purchases, so that an example can be described by facts counted without its
own user: otherwise its answer would already be among the co-purchases. :func:`describe` picks candidates and describes
each of them; :func:`names` says what the columns are.

Attributes enter as *profiles*: for each query a weight for each attribute value, worked out from the history alone. A
candidate gets, for each attribute, the sum of the weights of its own values, and their sum over all attributes.

- ``share``, ``recent``, ``last``: the part of the history (evenly, by 0.7 ** steps back, of the last item) that has it
- ``taste``: log of the smoothed share over how common the value is among purchases
- ``rated``: the sum of ratings, less the mean rating, of the history items that have it
- ``next``, ``with``, ``soon``: log odds that buyers of the history's values went on to this one. ``next`` counts pairs
  of neighbouring purchases, for the last item; the others count pairs up to ``REACH`` apart, for the whole history
  evenly or for its end
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from benchmarks.models import bm25, dense, item_knn
from benchmarks.models._scoring import BLOCK_CELLS, ItemIndex, Setting, best_outside, block_size
from rad.data.splits import sequences_of
from rad.features.item_features import Catalogue as Attributes
from rad.types import Example, Item, Query

# what co-purchases say, by more than one reading of them; "knn" has the settings that item_knn chose
READINGS: Mapping[str, Mapping[str, float]] = {
    "knn": {},
    "near": {"window": 3, "decay": 1.0, "discount": 0.5, "recency": 0.7, "backward": 0.5},
    "after_last": {"window": 1, "decay": 1.0, "discount": 0.5, "recency": 1e-3, "backward": 0.0},
    "around_last": {"window": 10, "decay": 0.5, "discount": 0.5, "recency": 1e-3},
    "ever": {"window": 20, "decay": 0.0, "discount": 0.5, "recency": 1.0},
}
SCORES = (*READINGS, "bm25", "dense", "bm25_last", "dense_last", "dense_best")
PROFILES = ("share", "recent", "last", "taste", "rated", "next", "with", "soon")
TOP = {"knn": 80, "bm25": 60, "dense": 40, "share": 60, "popularity": 20}  # each brings its best as candidates
LATEST = 8  # items of which the nearest by text counts
REACH = 10  # purchases further apart say nothing of values that follow each other
VALUES = 2000  # the most frequent values; the others have no log odds
PRIOR = 20.0  # pairs of purchases that are worth as much as knowing nothing
LOG_FLOOR = 0.003  # keeps the logarithm of a pair never bought together finite


class Texts:
    """Fitted text models and the catalogue's attributes: nothing here depends on who bought what."""

    def __init__(self, words: bm25.Model, vectors: dense.Model, items: Mapping[str, Item]) -> None:
        self.words, self.vectors = words, vectors
        attributes = Attributes.of(items)
        self.names = attributes.attributes
        # values [items, values], 0 or 1; attribute [values]: the number of each value's attribute
        self.values = attributes.incidence.astype(np.float64)
        self.attribute = np.array([self.names.index(name) for name, _ in attributes.values], dtype=np.int64)
        frequency = np.asarray(self.values.sum(axis=0)).ravel()
        rare = np.argsort(-frequency, kind="stable")[VALUES:]
        frequency[rare] = 0
        # [items, values] still: rare values become columns of zeros, so that both matrices have the same columns
        self.frequent = (self.values @ sp.diags((frequency > 0).astype(float))).tocsr()
        self.frequent.eliminate_zeros()


class Facts:
    """What the purchases in ``examples`` say."""

    def __init__(self, examples: Sequence[Example], items: Mapping[str, Item], texts: Texts, knn: Setting) -> None:
        self.catalogue, self.texts = ItemIndex(items), texts
        self.readings = {}
        for name, settings in READINGS.items():
            model = item_knn.Model(item_knn.Model.Settings(**(settings or knn)))
            model.fit(examples, (), items, 0)
            self.readings[name] = model.block
        sequences = sequences_of(examples).values()
        ratings = [x.rating for sequence in sequences for x in sequence if x.rating is not None]
        self.mean_rating = float(np.mean(ratings)) if ratings else 0.0
        columns = [
            [self.catalogue.column[x.item_id] for x in s if x.item_id in self.catalogue.column] for s in sequences
        ]
        self.bought = self.catalogue.counts([x.item_id for x in sequence] for sequence in sequences)
        # [items]: the part of all purchases, one more for each item, so that no logarithm is of zero
        share = (self.bought + 1) / (self.bought.sum() + len(self.bought))
        self.common = np.maximum(share @ texts.values, 1e-12)  # of the purchases, the part that has each value
        self.neighbours = LogOdds(columns, 1, texts.frequent)
        self.companions = LogOdds(columns, REACH, texts.frequent)


class LogOdds:
    """How much likelier a value becomes after another: log P(after | before) / P(after), smoothed by ``PRIOR`` pairs.

    It is log(1 + t / (m p)) + log(m / (n + m)): a sparse part, and one number for each ``before``. There are t pairs of
    the two values and n from ``before``; a share p of all pairs leads to ``after``; m is ``PRIOR`` * ``reach``.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], reach: int, values: sp.csr_matrix) -> None:
        # [purchases but first ones, values]: led of each purchase itself, before of up to ``reach`` earlier ones
        after = [column for s in sequences for column in s[1:]]
        past = [s[max(0, k - reach) : k] for s in sequences for k in range(1, len(s))]
        indptr = np.cumsum([0, *map(len, past)])
        flat = np.array([column for row in past for column in row], dtype=np.int64)
        before = sp.csr_matrix((np.ones(len(flat)), flat, indptr), shape=(len(past), values.shape[0])) @ values
        led = values[np.array(after, dtype=np.int64)]
        m = PRIOR * reach
        share = (np.asarray(led.sum(axis=0)).ravel() + 1) / (len(after) + 1)
        # [values, values]: pairs that never occurred stay zero, and log1p of zero is zero, so it stays sparse
        self.sparse = (before.T @ led @ sp.diags(1 / (m * share))).tocsr()
        self.sparse.data = np.log1p(self.sparse.data)
        self.base = np.log(m / (np.asarray(before.sum(axis=0)).ravel() + m))

    def of(self, profile: sp.csr_matrix) -> np.ndarray:
        """[queries, values]: log odds added up over what ``profile`` weighs."""
        return np.asarray((profile @ self.sparse).todense()) + (profile @ self.base)[:, None]


@dataclass(frozen=True)
class Described:
    """``x`` [pairs, names]; pair p is of query ``rows[p]`` and catalogue column ``columns[p]``; rows ascend."""

    x: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def names(texts: Texts) -> list[str]:
    profiles = [f"{profile}.{attribute}" for profile in PROFILES for attribute in (*texts.names, "all")]
    return [*SCORES, *(f"log_{name}" for name in READINGS), "popularity", "cold", "length", *profiles]


def step_size(facts: Facts) -> int:
    """Queries that :func:`describe` takes at once in a fixed amount of memory."""
    return max(1, min(block_size(facts.catalogue), BLOCK_CELLS // max(1, facts.texts.values.shape[1])))


def describe(queries: Sequence[Query], facts: Facts, targets: Sequence[int] | None = None) -> Described:
    """Candidates of each query, of what a ranking may hold, and what is known of them.

    They are the best of each model in ``TOP``, or the query's own candidates where it has some. With ``targets``
    (columns) only the queries whose target is among the candidates are described: others teach nothing.
    """
    histories = [facts.catalogue.history(q) for q in queries]
    scores = _scores(queries, histories, facts)
    profiles = _profiles(queries, histories, facts)
    popularity = np.log1p(facts.bought)
    sources = scores | {
        "share": np.asarray(profiles["share"] @ facts.texts.values.T),
        "popularity": np.tile(popularity, (len(queries), 1)),
    }
    # columns of each query's candidates; rows and columns, [pairs], lay them one after the other
    lists = [_candidates(k, q, sources, facts.catalogue) for k, q in enumerate(queries)]
    if targets is not None:
        lists = [c if t in c else c[:0] for c, t in zip(lists, targets, strict=True)]
    rows = np.repeat(np.arange(len(queries)), [len(c) for c in lists])
    columns = np.concatenate([np.zeros(0, np.int64), *lists]).astype(np.int64)
    length = np.array([len(h) for h in histories], dtype=float)
    picked = {name: scores[name][rows, columns] for name in SCORES}
    # one array [pairs] a column, in the order of ``names``
    parts = [picked[name] for name in SCORES]
    parts += [np.log(np.maximum(picked[name], 0) + LOG_FLOOR) for name in READINGS]
    parts += [popularity[columns], facts.bought[columns] == 0, length[rows]]
    parts += [column for name in PROFILES for column in _matches(profiles[name], rows, columns, facts.texts)]
    x = np.stack(parts, axis=1) if len(rows) else np.zeros((0, len(parts)))
    # rounded, since a product of matrices depends in its last digits on how many queries there are
    return Described(np.round(x, 5).astype(np.float32), rows, columns)


def _candidates(k: int, query: Query, sources: Mapping[str, np.ndarray], catalogue: ItemIndex) -> np.ndarray:
    unranked = set(catalogue.unranked(query))
    if query.candidates is not None:
        return np.array(sorted({catalogue.column[item] for item in query.candidates} - unranked), dtype=np.int64)
    columns: set[int] = set()
    for name, top in TOP.items():
        # rounded as the features are; as many more as could be taken away again
        best = np.argsort(-np.round(sources[name][k], 5), kind="stable")
        columns.update(best[: top + len(unranked)].tolist())
    return np.array(sorted(columns - unranked), dtype=np.int64)


def _scores(queries: Sequence[Query], histories: list[list[int]], facts: Facts) -> dict[str, np.ndarray]:
    """Each of ``SCORES`` as [queries, items]. Words are measured against the best item outside the history."""
    words, vectors, catalogue = facts.texts.words, facts.texts.vectors, facts.catalogue
    last = catalogue.recent(queries, 1, 1.0)
    out = {name: np.asarray(block(queries)) for name, block in facts.readings.items()}
    texts = {
        "bm25": words.block(queries),
        "dense": vectors.block(queries),
        "bm25_last": words.index.scores(last @ words.words),
        "dense_last": last @ vectors.vectors @ vectors.vectors.T,
    }
    for name, block in texts.items():
        out[name] = np.asarray(block) / best_outside(block, queries, catalogue)[:, None]
    # [queries, items]: cosine with the nearest of the latest items, step by step back, for those with so long a history
    nearest = np.full((len(queries), len(catalogue.ids)), -1.0)
    for back in range(1, LATEST + 1):
        rows = [k for k, history in enumerate(histories) if len(history) >= back]
        one = vectors.vectors[[histories[k][-back] for k in rows]] @ vectors.vectors.T
        nearest[rows] = np.maximum(nearest[rows], one)
    return out | {"dense_best": nearest}


def _profiles(queries: Sequence[Query], histories: list[list[int]], facts: Facts) -> dict[str, np.ndarray]:
    """Each of ``PROFILES`` as [queries, values]."""
    recent, values, frequent = facts.catalogue.recent, facts.texts.values, facts.texts.frequent
    longest = max(1, *map(len, histories)) if histories else 1
    # even [queries, items]; share and smooth [queries, values], the second as if three average purchases were added
    even, last = _even(recent(queries, longest, 1.0)), recent(queries, 1, 1.0)
    share = (even @ values).toarray()
    length = np.array([max(1, len(h)) for h in histories])[:, None]
    smooth = (share * length + 3 * facts.common) / (length + 3)
    ratings = [
        0.0 if x.rating is None else x.rating - facts.mean_rating
        for q in queries for x in q.history if x.item_id in facts.catalogue.column
    ]  # fmt: skip
    # [queries, items]: the ratings, less their mean, of what each history holds
    indptr = np.cumsum([0, *map(len, histories)])
    flat = np.array([column for history in histories for column in history], dtype=np.int64)
    rated = sp.csr_matrix((np.array(ratings, dtype=float), flat, indptr), shape=even.shape)
    return {
        "share": share,
        "recent": (_even(recent(queries, longest, 0.7)) @ values).toarray(),
        "last": (last @ values).toarray(),
        "taste": np.log(smooth / facts.common),
        "rated": (rated @ values).toarray(),
        "next": facts.neighbours.of(last @ frequent),
        "with": facts.companions.of(even @ frequent),
        "soon": facts.companions.of(recent(queries, 3, 0.6) @ frequent),
    }


def _even(weights: sp.csr_matrix) -> sp.csr_matrix:
    """Rows that sum to one."""
    return (sp.diags(1 / np.maximum(np.asarray(weights.sum(axis=1)).ravel(), 1e-9)) @ weights).tocsr()


def _matches(profile: np.ndarray, rows: np.ndarray, columns: np.ndarray, texts: Texts) -> list[np.ndarray]:
    """For each attribute, then for all, the profile's weights of the values that each pair's item has."""
    # own: [pairs, values] of the items; pair and code: one entry for each value that a pair's item has
    own = texts.values[columns]
    pair = np.repeat(np.arange(len(columns)), np.diff(own.indptr))
    n = len(texts.names)
    code = pair * n + texts.attribute[own.indices]
    # [pairs, attributes], by one count over (pair, attribute) numbers instead of a product for each attribute
    sums = np.bincount(code, profile[rows[pair], own.indices], minlength=len(columns) * n).reshape(len(columns), n)
    return [*sums.T, sums.sum(axis=1)]
