"""``ease``: the closed-form item-to-item regression of Steck (WWW 2019, "Embarrassingly shallow autoencoders").

Of the purchases X (users x items, 0 or 1) every item's column is predicted from the other columns by ridge regression:
with P the inverse of X'X + ``penalty`` I, the weights are B[i, j] = -P[i, j] / P[j, j] and B[j, j] = 0. The query is
the user's history, an item k steps back weighing ``recency`` ** k; recency 1 is plain EASE. Items that score nothing
follow by popularity.

Memory: items that nobody bought have no weights, so the matrix is square in the bought items: 4 n ** 2 bytes, and as
much again while it is inverted (17,000 items: 1.2 + 1.2 GB). Above ``MAX_ITEMS`` the model refuses.

Settings left at None are chosen on validation NDCG@10 with training purchases; then validation purchases join these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from scipy.linalg import lapack

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import Block, ChoosingRecommender, ItemIndex, Setting, choose, grid
from rad.data.splits import sequences_of
from rad.errors import RadError
from rad.types import Example, Item, Query

GRID = {"penalty": (30.0, 3.0, 10.0, 100.0, 300.0), "recency": (0.8, 1.0, 0.9, 0.6)}
MAX_ITEMS = 20_000


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        penalty: float | None = Field(default=None, gt=0, description="ridge penalty of the regression (lambda)")
        recency: float | None = Field(default=None, gt=0, le=1, description="weight of an item for each step back")

    settings: Settings
    baselines = ("random", "popularity", "item_knn")

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        learned = _Regression(train, self.catalogue)
        self.chosen = choose(grid(GRID, self.settings), learned.block, validation, self.catalogue)
        self.block = _Regression([*train, *validation], self.catalogue).block(self.chosen)

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.chosen
        return ModelCard(name="ease", version="1", config=config, trained_on=["purchases"])


class _Regression:
    """The purchases of the examples, and the weights for the penalty that was tried last."""

    def __init__(self, examples: Sequence[Example], catalogue: ItemIndex) -> None:
        self.catalogue = catalogue
        ids = [[x.item_id for x in sequence] for sequence in sequences_of(examples).values()]
        bought = catalogue.counts(ids)
        # [items]: far below any weight of the regression, so it only orders what is tied without it
        self.popularity = 1e-9 * bought / max(1.0, bought.max(initial=0.0))
        self.items = np.flatnonzero(bought)
        if len(self.items) > MAX_ITEMS:
            size = 8 * len(self.items) ** 2 / 1e9
            raise RadError(f"ease: {len(self.items)} bought items need {size:.1f} GB; it takes up to {MAX_ITEMS}")
        rows = [np.unique([catalogue.column[item] for item in s if item in catalogue.column]) for s in ids]
        # [users, items]: 1 where a user bought an item
        flat = np.concatenate([np.zeros(0, np.int64), *rows]).astype(np.int64)
        indptr = np.cumsum([0, *map(len, rows)])
        incidence = sp.csr_matrix((np.ones(len(flat), np.float32), flat, indptr), shape=(len(rows), len(catalogue.ids)))
        # [users, bought items]: a column of zeros has weights of zero, and the inverse costs the cube of the width
        self.purchases = incidence[:, self.items]
        self._latest: tuple[float, np.ndarray] | None = None

    def block(self, setting: Setting) -> Block:
        weights = self._weights(setting["penalty"])

        def scores(queries: Sequence[Query]) -> np.ndarray:
            longest = max((len(q.history) for q in queries), default=1)
            # a repeated item weighs as much as its last purchase: X holds 0 or 1
            recent = self.catalogue.recent(queries, max(1, longest), setting["recency"]).minimum(1.0)
            # [queries, items]: popularity everywhere, and the regression where there are columns for it
            out = np.tile(self.popularity, (len(queries), 1))
            out[:, self.items] += recent[:, self.items] @ weights
            return out

        return scores

    def _weights(self, penalty: float) -> np.ndarray:
        """B [bought items, bought items] in float32; the settings are tried one penalty after the other."""
        if self._latest is None or self._latest[0] != penalty:
            self._latest = None  # one matrix at a time
            self._latest = penalty, solve(self.purchases, penalty)
        return self._latest[1]


def solve(purchases: sp.csr_matrix, penalty: float) -> np.ndarray:
    """B of the module's docstring for ``purchases`` [users, items], by a Cholesky factor inverted in place."""
    n = purchases.shape[1]
    if not n:
        return np.zeros((0, 0), np.float32)
    # [items, items] in Fortran's order and in float32: LAPACK then factors and inverts in this memory, without a copy
    gram = (purchases.T @ purchases).astype(np.float32).toarray(order="F")
    gram[np.diag_indices(n)] += penalty
    factor, status = lapack.spotrf(gram, lower=True, overwrite_a=True, clean=True)
    inverse, second_status = lapack.spotri(factor, lower=True, overwrite_c=True)
    if status or second_status:
        raise RadError(f"ease: the regression has no solution in float32 with penalty {penalty}; take a larger one")
    for column in range(1, n):  # the routine leaves the upper triangle out
        inverse[:column, column] = inverse[column, :column]
    # column j by its own diagonal entry, which is copied because the division overwrites it; then the diagonal goes,
    # as an item must not predict itself
    inverse /= -np.diag(inverse)[None, :].copy()
    inverse[np.diag_indices(n)] = 0
    return inverse
