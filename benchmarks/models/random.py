"""``random``: every item equally likely, a new order for each query. The floor of every table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.base import ModelCard
from benchmarks.models._scoring import BlockRecommender, ItemIndex
from rad.types import Example, Item, Query


class Model(BlockRecommender):
    stochastic = True

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue, self.seed = ItemIndex(items), seed

    def block(self, queries: Sequence[Query]) -> np.ndarray:
        """Seeded by the query's id, so that an answer does not depend on what else is asked."""
        digests = (hashlib.sha256(f"{self.seed}:{q.query_id}".encode()).digest()[:8] for q in queries)
        n = len(self.catalogue.ids)
        return np.stack([np.random.default_rng(int.from_bytes(digest, "big")).random(n) for digest in digests])

    @property
    def card(self) -> ModelCard:
        return ModelCard(name="random", version="1")
