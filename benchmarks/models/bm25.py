"""``bm25``: the texts of the user's last items, as one query, against the texts of the catalogue.

The weights are rank-bm25's Okapi (k1 1.5, b 0.75, epsilon 0.25), laid down once by ``rad.features.bm25.Bm25``; the
score of a history is the sum over its ``last`` items of ``decay ** steps back`` times ``BM25Okapi.get_scores`` of that
item's text, in one sparse product. Settings left at None are chosen on validation NDCG@10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import Block, ChoosingRecommender, ItemIndex, Setting, choose, grid
from rad.features.bm25 import Bm25
from rad.types import Example, Item, Query

GRID = {"last": (50, 3), "decay": (0.7, 0.5, 0.9, 1.0)}


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        last: int | None = Field(default=None, ge=1, description="history items that make the query")
        decay: float | None = Field(
            default=None, gt=0, le=1, description="weight of an item's words for each step back"
        )

    settings: Settings
    baselines = ("random", "popularity")

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        texts = [item.text for item in items.values()]
        index = Bm25(texts)
        self.words, self.index = index.query(texts), index
        self.chosen = choose(grid(GRID, self.settings), self._block_of, validation, self.catalogue)
        self.block = self._block_of(self.chosen)

    def _block_of(self, setting: Setting) -> Block:
        def scores(queries: Sequence[Query]) -> np.ndarray:
            # [queries, items] @ [items, words]: a query is one sparse row of weighted words, however long its history
            recent = self.catalogue.recent(queries, setting["last"], setting["decay"])
            return self.index.scores(recent @ self.words)

        return scores

    @property
    def card(self) -> ModelCard:
        return ModelCard(name="bm25", version="1", config=self.chosen)
