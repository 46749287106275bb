"""``next_id``: the items right after the last one in the order of ids. A control, not a recommender.

Raw ids are often numbered in the order of purchase, and then this ranks well (NDCG@10 0.685 on one public data set).
On public ids it must stay at or below popularity; if it does not, the ids leak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.base import ModelCard
from benchmarks.models._scoring import BlockRecommender, ItemIndex
from rad.types import Example, Item, Query


class Model(BlockRecommender):
    baselines = ("random", "popularity")

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)

    def block(self, queries: Sequence[Query]) -> np.ndarray:
        """Minus the steps forward from the last item, around the end; an empty history starts before the first."""
        n = len(self.catalogue.ids)
        # [queries, 1] against [items]: steps around the ring of ids, the item itself being the furthest
        last = np.array([(self.catalogue.history(q) or [-1])[-1] for q in queries])
        return -((np.arange(n) - last[:, None] - 1) % n).astype(float)

    @property
    def card(self) -> ModelCard:
        return ModelCard(name="next_id", version="1")
