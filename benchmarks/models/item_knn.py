"""``item_knn``: items that other users bought near the user's recent ones, by decayed co-occurrence.

Two purchases of one user that are d <= ``window`` steps apart add d ** -``decay`` to "earlier leads to later" and
``backward`` times that to "later leads to earlier". With n an item's purchases, counts are divided by sqrt(n_a + 1) for
the item that leads and by (n_b + 1) ** ``discount`` for the one led to. The power is a setting in Deshpande and Karypis
(2004) too; 0.5 is the cosine. A score is the sum over the history of ``recency`` ** steps back
times that. Items that nothing leads to follow by popularity.

Settings left at None are chosen on validation NDCG@10 with training statistics; then validation purchases join these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import Block, ChoosingRecommender, ItemIndex, Setting, choose, grid
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query

GRID = {"window": (10, 3), "decay": (0.5, 1.0), "discount": (0.2, 0.5), "recency": (0.85, 0.7, 1.0)}
REACH = 50  # history items that count; more would change scores by less than rounding for any recency below 1


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        window: int | None = Field(default=None, ge=1, description="purchases further apart are not counted")
        decay: float | None = Field(default=None, ge=0, description="power of the distance that divides a pair")
        discount: float | None = Field(default=None, ge=0, description="power of its popularity that divides an item")
        recency: float | None = Field(default=None, gt=0, le=1, description="weight of an item for each step back")
        backward: float = Field(default=1.0, ge=0, description="weight of a pair in the direction against time")

    settings: Settings
    baselines = ("random", "popularity")

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        learned = _Pairs(train, self.catalogue, self.settings.backward)
        self.chosen = choose(grid(GRID, self.settings), learned.block, validation, self.catalogue)
        self.block = _Pairs([*train, *validation], self.catalogue, self.settings.backward).block(self.chosen)

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.chosen
        return ModelCard(name="item_knn", version="1", config=config, trained_on=["purchases"])


class _Pairs:
    """Co-occurrence of the examples' purchases; ``counts`` has the raw ones by (window, decay)."""

    def __init__(self, examples: Sequence[Example], catalogue: ItemIndex, backward: float) -> None:
        ids = [[x.item_id for x in sequence] for sequence in sequences_of(examples).values()]
        self.sequences = [[catalogue.column[item] for item in sequence if item in catalogue.column] for sequence in ids]
        self.catalogue, self.backward = catalogue, backward
        self.bought = catalogue.counts(ids)
        self.counts: dict[tuple[int, float], sp.csr_matrix] = {}

    def block(self, setting: Setting) -> Block:
        pairs = self._pairs(setting["window"], setting["decay"])
        # [items, items], row a leading to column b. Two diagonals divide rows and columns, so that nothing becomes
        # dense; the + 1 keeps items finite that nobody bought
        leads, led = (self.bought + 1) ** -0.5, (self.bought + 1) ** -setting["discount"]
        matrix = (sp.diags(leads) @ pairs @ sp.diags(led)).tocsr()
        # far below the smallest co-occurrence: popularity only orders what is tied without it
        popularity = 1e-9 * self.bought / max(1.0, self.bought.max(initial=0.0))

        def scores(queries: Sequence[Query]) -> np.ndarray:
            # [queries, items]: sparse until here, where a block of queries bounds the memory
            return (self.catalogue.recent(queries, REACH, setting["recency"]) @ matrix).toarray() + popularity

        return scores

    def _pairs(self, window: int, decay: float) -> sp.csr_matrix:
        if (window, decay) not in self.counts:
            # one entry for each pair of purchases; csr_matrix adds up those of the same two items
            rows: list[int] = []
            columns: list[int] = []
            data: list[float] = []
            longest = max(map(len, self.sequences), default=0)
            for distance in range(1, min(window, longest) + 1):
                for sequence in self.sequences:
                    rows += sequence[:-distance]
                    columns += sequence[distance:]
                # as many weights as this distance has brought pairs
                data += [distance**-decay] * (len(rows) - len(data))
            n = len(self.catalogue.ids)
            # the transpose turns "earlier leads to later" round
            forward = sp.csr_matrix((data, (rows, columns)), shape=(n, n))
            self.counts[window, decay] = forward + self.backward * forward.T
        return self.counts[window, decay]
