"""``popularity``: items by how often they were bought in what may be learned from, the same order for every query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.base import ModelCard
from benchmarks.models._scoring import BlockRecommender, ItemIndex
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query


class Model(BlockRecommender):
    baselines = ("random",)

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        bought = sequences_of([*train, *validation]).values()
        self.counts = self.catalogue.counts([x.item_id for x in sequence] for sequence in bought)

    def block(self, queries: Sequence[Query]) -> np.ndarray:
        return np.tile(self.counts, (len(queries), 1))

    @property
    def card(self) -> ModelCard:
        return ModelCard(name="popularity", version="1", trained_on=["purchases"])
