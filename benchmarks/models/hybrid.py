"""``hybrid``: co-purchases and texts together, score = ``item_knn`` / s + ``bm25`` part * B + ``dense`` part * D.

The texts' scores are divided by the best one that the query gives an item outside its history. Those of ``item_knn``
are not: a weak best co-purchase is weak evidence and must stay so beside the texts. They are divided by one constant s
for all queries: the mean of the best scores of learnable histories. So the weights mean the same on any domain.

The three parts choose their own settings first (24, 8 and 8 of them); then ``bm25`` and ``dense``, the weights B and D,
are chosen on validation NDCG@10 out of 24 pairs, with co-purchases of training alone; then validation purchases join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models import bm25, dense, item_knn
from benchmarks.models._scoring import (
    CHOICE_QUERIES,
    Block,
    ChoosingRecommender,
    ItemIndex,
    Setting,
    best_outside,
    block_size,
    choose,
    grid,
)
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query

GRID = {"bm25": (0.4, 0.0, 0.2, 0.8, 1.6, 4.0), "dense": (0.2, 0.0, 0.8, 2.0)}


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        bm25: float | None = Field(default=None, ge=0, description="weight of the BM25 score beside item_knn's")
        dense: float | None = Field(default=None, ge=0, description="weight of the dense score beside item_knn's")

    settings: Settings
    baselines = ("random", "popularity", "item_knn", "bm25", "dense")

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.parts: list[ChoosingRecommender] = []

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        knn, words, vectors = item_knn.Model(), bm25.Model(), dense.Model()
        self.parts = [knn, words, vectors]
        for part in self.parts:
            part.fit(train, validation, items, seed)
        # weights are chosen by a model that has not seen the answers; the one that ranks in the end has
        held = item_knn.Model(item_knn.Model.Settings(**knn.chosen))  # knows no validation purchases
        held.fit(train, (), items, seed)
        of_train = self._scaled(held.block, train)

        def mixed(purchases: Block, setting: Setting) -> Block:
            texts = [(words.block, setting["bm25"]), (vectors.block, setting["dense"])]

            def scores(queries: Sequence[Query]) -> np.ndarray:
                out = purchases(queries)
                for block, weight in texts:
                    if weight:
                        text_scores = np.asarray(block(queries))
                        out += weight * text_scores / best_outside(text_scores, queries, self.catalogue)[:, None]
                return out

            return scores

        self.chosen = choose(grid(GRID, self.settings), lambda s: mixed(of_train, s), validation, self.catalogue)
        self.block = mixed(self._scaled(knn.block, [*train, *validation]), self.chosen)

    def _scaled(self, block: Block, examples: Sequence[Example]) -> Block:
        """The block divided by its mean best score for the histories in ``examples`` (for a sample of the users)."""
        # best [queries]: the whole sequence of a user is the history, and users come in the order of hashed ids
        sequences = list(sequences_of(examples).items())[:CHOICE_QUERIES]
        queries = [Query(user, "", user, sequence) for user, sequence in sequences]
        step = block_size(self.catalogue)
        parts = [queries[start : start + step] for start in range(0, len(queries), step)]
        best = [best_outside(np.asarray(block(part)), part, self.catalogue) for part in parts]
        scale = float(np.mean(np.concatenate(best))) if best else 1.0
        return lambda queries: np.asarray(block(queries)) / scale

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.chosen | {f"{p.card.name}_settings": p.chosen for p in self.parts}
        encoder = self.parts[-1].card if self.parts else dense.Model().card
        return ModelCard(
            name="hybrid", version="1", base_model=encoder.base_model, n_parameters=encoder.n_parameters,
            config=config, trained_on=["purchases"],
        )  # fmt: skip
