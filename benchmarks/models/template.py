"""``template``: the values that stand out in a history, said by a template and ranked from; only popularity is counted.

The baseline without a language model for explanations: what a program can say that only counts. The share of a value
among the recent purchases, an item k steps back counting ``decay`` ** k, is set against its share of the catalogue; a
value's reason weighs its part of the divergence of the two (Kullback and Leibler 1951), and cites the latest purchases
that have it. The ranking reads these reasons alone: a value of an item adds its reason's weight times how rare it is,
and popularity to a small power what no reason speaks of.

Settings left at None are chosen on validation NDCG@10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings, RationaleRecommender
from benchmarks.models._scoring import Block, ItemIndex, Setting, choose, grid, rank_block
from rad.data.splits import sequences_of
from rad.features import item_features
from rad.rationales.templates import rationale
from rad.types import Evidence, Example, Item, Prediction, Query, Rationale, Reason

GRID = {"decay": (0.9, 1.0, 0.8), "power": (0.3, 0.1, 0.5)}
REACH = 50  # history items that count
CITED = 3  # the latest purchases that show a value
BLOCK = 256  # queries ranked at once


class Model(RationaleRecommender):
    class Settings(ModelSettings):
        decay: float | None = Field(default=None, gt=0, le=1, description="weight of a purchase for each step back")
        power: float | None = Field(default=None, ge=0, description="of popularity, beside the reasons")
        reasons: int = Field(default=16, ge=1, description="reasons in a rationale")

    settings: Settings
    baselines = ("random", "popularity", "bm25")

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.chosen: Setting = {}

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            name="template", version="1", config=self.settings.model_dump() | self.chosen, trained_on=["purchases"]
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.columns, self.values = ItemIndex(items), item_features.Catalogue.of(items)
        self.has = sp.csr_matrix(self.values.incidence, dtype=np.float64)  # (items, values)
        # both [values]: the part of the catalogue that has a value, and how much that says
        self.share = np.asarray(self.has.mean(0)).ravel()
        self.rarity = -np.log(self.share + 1e-6)
        sequences = sequences_of([*train, *validation]).values()
        self.popularity = np.log(self.columns.counts([x.item_id for x in s] for s in sequences) + 1)
        self.chosen = choose(grid(GRID, self.settings), self._block, validation, self.columns)

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        for start in range(0, len(queries), BLOCK):
            part = queries[start : start + BLOCK]
            weights = self._weights(part, self.chosen["decay"])
            yield from self.rank_given(part, [self._written(q, w) for q, w in zip(part, weights, strict=True)])

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the given rationales: predictions go through here."""
        for start in range(0, len(queries), BLOCK):
            part, own = queries[start : start + BLOCK], rationales[start : start + BLOCK]
            scores = self._scores(np.array([self._read(r) for r in own]), self.chosen["power"])
            for prediction, r in zip(rank_block(part, scores, self.columns), own, strict=True):
                yield replace(prediction, rationale=r)

    def _block(self, setting: Setting) -> Block:
        return lambda queries: self._scores(self._weights(queries, setting["decay"]), setting["power"])

    def _scores(self, weights: np.ndarray, power: float) -> np.ndarray:
        """(queries, items) from the weights of values (queries, values)."""
        return (self.has @ (weights * self.rarity).T).T + power * self.popularity

    def _weights(self, queries: Sequence[Query], decay: float) -> np.ndarray:
        """(queries, values) of each query's reasons, which sum to one, or to nothing without a history."""
        # [queries, values]: shares of the weighted history, so that long and short ones compare
        recent = (self.columns.recent(queries, REACH, decay) @ self.has).toarray()
        steps = np.array([sum(decay**k for k in range(min(len(q.history), REACH))) for q in queries])
        recent /= np.maximum(steps, 1e-9)[:, None]
        # a value rarer than in the catalogue is no reason; of the others the largest stay, and what ties with the last
        divergence = np.maximum(recent * np.log((recent + 1e-9) / (self.share + 1e-9)), 0)
        if divergence.shape[1] > self.settings.reasons:
            least = np.partition(divergence, -self.settings.reasons, axis=1)[:, -self.settings.reasons, None]
            divergence[divergence < least] = 0
        return divergence / np.maximum(divergence.sum(1, keepdims=True), 1e-9)

    def _written(self, query: Query, weights: np.ndarray) -> Rationale:
        own = [set(self.values.item_values[k]) for k in self.values.indices(query.history)]
        reasons = []
        for v in np.argsort(-weights, kind="stable")[: self.settings.reasons]:
            cited = tuple(k for k, values in enumerate(own) if v in values)[-CITED:]
            if weights[v] > 0 and cited:
                claim = self.values.values[v]
                reasons.append(Reason(Evidence(cited, "attribute", *claim), (claim,), weight=float(weights[v])))
        return rationale(query, tuple(reasons), "model", "template", "1")

    def _read(self, written: Rationale) -> np.ndarray:
        weights = np.zeros(len(self.values.values))
        for reason in written.reasons:
            for claims, sign in ((reason.wants, 1), (reason.avoids, -1)):
                for v in (self.values.value_index.get(claim) for claim in claims):
                    if v is not None:
                        weights[v] += sign * reason.weight / len(claims)
        return weights
