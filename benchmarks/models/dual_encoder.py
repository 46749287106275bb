"""``dual_encoder``: two trained towers over frozen sentence vectors, one for what the user bought, one for the items.

Dense passage retrieval (Karpukhin et al., EMNLP 2020) with a history as the question. x_i is the sentence vector of
item i, from the encoder of ``dense``; q and e have unit length, x[j] is the j-th item back:

    p = sum_j softmax(recency)_j x[j],  q = unit(p + Q p),  e_i = unit(x_i + E x_i),  P(next = i) = softmax_i(s q.e_i)

Q and E start at zero, so that training starts from ``dense`` with harmonic weights and changes only what purchases
teach. All items of the catalogue but those of a masked history are negatives; where it is larger than ``negatives``, a
fresh random sample of that size for each batch. No item has a number of its own: a new one is ranked by its text.

    python -m benchmarks.run --model dual_encoder --set epochs=12
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional as F

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import ItemIndex, keeps_repeats
from benchmarks.models._training import TrainedRecommender, batches, masked, optimise, padded
from benchmarks.models.dense import BUNDLED, encoded
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query

SCALE = 20.0  # of the cosine, to start from


class Model(TrainedRecommender):
    class Settings(ModelSettings):
        encoder: str = Field(default=BUNDLED, description="a sentence-transformers model: a name or a folder")
        window: int = Field(default=20, ge=1, description="latest history items that make the query")
        dropout: float = Field(default=0.2, ge=0, lt=1, description="on the vectors that Q and E read")
        epochs: int = Field(default=6, ge=1, description="passes over the training prefixes")
        batch_size: int = Field(default=512, ge=2, description="prefixes a step")
        negatives: int = Field(default=5000, ge=1, description="items that a batch is ranked against, at most")
        learning_rate: float = Field(default=3e-3, gt=0, description="peak of a cosine schedule")
        weight_decay: float = Field(default=0.05, ge=0, description="of Q and E")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "dense")
    test_settings: ClassVar = {"epochs": 1}
    search_space: ClassVar = {
        "epochs": (6, 15),
        "dropout": (0.2, 0.5),
        "weight_decay": (0.05, 0.5),
    }

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            name="dual_encoder",
            version="1",
            base_model=self.settings.encoder,
            n_parameters=self.n_parameters,
            config=self.settings.model_dump(),
            trained_on=["purchases"],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        s = self.settings
        self.catalogue = ItemIndex(items)
        vectors, frozen = encoded(s.encoder, [item.text for item in items.values()])
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.network = Network(torch.from_numpy(vectors), s.window, s.dropout, keeps_repeats(train))
        self.n_parameters = frozen + sum(p.numel() for p in self.network.parameters())
        column = self.catalogue.column
        # every prefix of a user's purchases asks for the item after it; latest first, since recency counts backwards
        sequences = [[column[x.item_id] for x in row] for row in sequences_of([*train, *validation]).values()]
        pairs = [(row[max(0, k - s.window) : k][::-1], row[k]) for row in sequences for k in range(1, len(row))]
        ones = np.ones(len(pairs))

        def loss(batch: np.ndarray) -> torch.Tensor:
            backward, targets = padded([pairs[k][0] for k in batch]), torch.tensor([pairs[k][1] for k in batch])
            if len(items) <= s.negatives:
                return self.network.loss(backward, targets, torch.arange(len(items)))
            # the targets join the sample, without which the softmax has no answer; union1d sorts, as ``loss`` wants
            drawn = rng.choice(len(items), s.negatives, replace=False)
            return self.network.loss(backward, targets, torch.from_numpy(np.union1d(drawn, targets.numpy())))

        self.losses = optimise(
            self.network,
            s.epochs,
            s.learning_rate,
            s.weight_decay,
            lambda: batches(ones, s.batch_size, rng),
            loss,
            "dual_encoder",
            faster=5.0,
        )
        with torch.no_grad():
            # [items, width], once: a query then costs one product
            self.items = self.network.item(self.network.vectors)
            self.weights = self.network.recency.exp().tolist()

    @torch.no_grad()
    def block(self, queries: Sequence[Query]) -> np.ndarray:
        # [queries, items] @ [items, width]: a sum where training took a mean, which is the same query, as Q is linear
        # and the result is brought to unit length
        pooled = self.catalogue.weighted(queries, self.weights) @ self.network.vectors.numpy()
        return (self.network.query(torch.from_numpy(pooled).float()) @ self.items.T).numpy()


class Network(nn.Module):
    """The two towers over ``vectors`` (items, width). Histories are (B, L), latest first, then -1."""

    vectors: torch.Tensor

    def __init__(self, vectors: torch.Tensor, window: int, dropout: float, keeps_repeats: bool = False) -> None:
        super().__init__()
        self.keeps_repeats = keeps_repeats
        self.register_buffer("vectors", vectors)
        width = vectors.shape[1]
        self.of_query, self.of_item = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        for tower in (self.of_query, self.of_item):
            nn.init.zeros_(tower.weight)
        self.recency = nn.Parameter(-torch.arange(1.0, window + 1).log())
        self.log_scale = nn.Parameter(torch.tensor(math.log(SCALE)))
        self.dropout = nn.Dropout(dropout)

    def query(self, pooled: torch.Tensor) -> torch.Tensor:
        return F.normalize(pooled + self.of_query(self.dropout(pooled)), dim=-1)

    def item(self, vectors: torch.Tensor) -> torch.Tensor:
        return F.normalize(vectors + self.of_item(self.dropout(vectors)), dim=-1)

    def pool(self, backward: torch.Tensor) -> torch.Tensor:
        """(B, L) to (B, width): the weighted mean of the history's vectors."""
        # [B, L]: padding gets minus infinity, hence no weight; it then reads item 0, since -1 would be the last one
        weights = self.recency[: backward.shape[1]].expand(backward.shape).masked_fill(backward < 0, -torch.inf)
        return (weights.softmax(1).unsqueeze(-1) * self.vectors[backward.clamp(min=0)]).sum(1)

    def loss(self, backward: torch.Tensor, targets: torch.Tensor, negatives: torch.Tensor) -> torch.Tensor:
        """Cross entropy of the targets (B,) among the items ``negatives`` (N,), sorted, which hold them."""
        # [B, N] of the candidates alone; items of the history are found among them by ``row``, [items and one]
        logits = self.query(self.pool(backward)) @ self.item(self.vectors[negatives]).T * self.log_scale.exp()
        row = torch.full((len(self.vectors) + 1,), -1)  # of each item among ``negatives``; -1 says not there
        row[negatives] = torch.arange(len(negatives))
        own = row[backward]  # the last entry, -1, is that of the padding
        return F.cross_entropy(masked(logits, own, row[targets], self.keeps_repeats), row[targets])
