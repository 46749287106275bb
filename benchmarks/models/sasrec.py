"""``sasrec``: a causal transformer over the ids of a user's items, trained by a full softmax over the catalogue.

Self-attentive sequential recommendation (Kang and McAuley, ICDM 2018). Two things make it stronger than as first
published. The loss is cross entropy over all items rather than over one sampled negative (Petrov and Macdonald,
"gSASRec", RecSys 2023; Klenitskiy and Vasilev, "Turning dross into gold loss", RecSys 2023). States and item vectors
have unit length, with a learned scale, so that no item ranks high merely because its vector is long:

    p(next = i | history) = softmax_i(scale * cos(state, e_i))

One row is one user: every position of a sequence is trained at once. Item vectors are tied (input and output).

The learning rate falls to zero over ``epochs``, so there is no best epoch to stop at: how many there are is a setting
like the others, and ``fit`` learns from training and validation purchases together.

    python -m benchmarks.run --model sasrec --set epochs=20
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
from benchmarks.models._scoring import ItemIndex
from benchmarks.models._training import TrainedRecommender, batches, optimise, padded
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query

SCALE = 12.0  # of the cosine, to start from
PLACES = 1024  # of a batch
CELLS = 16_000_000  # places x items of a batch at most, so that memory is bounded for any catalogue


class Model(TrainedRecommender):
    class Settings(ModelSettings):
        hidden: int = Field(default=128, ge=8, multiple_of=4, description="width of the item vectors and the layers")
        layers: int = Field(default=1, ge=1, description="transformer layers")
        heads: int = Field(default=2, ge=1, description="attention heads, which divide the width")
        dropout: float = Field(default=0.5, ge=0, lt=1, description="on vectors, attention and layers")
        window: int = Field(default=50, ge=1, description="latest history items that are read")
        epochs: int = Field(default=8, ge=1, description="passes over the users")
        learning_rate: float = Field(default=2e-3, gt=0, description="peak of a cosine schedule")
        weight_decay: float = Field(default=0.1, ge=0, description="of the matrices")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "item_knn")
    sequential = True
    test_settings: ClassVar = {"hidden": 16, "window": 20, "epochs": 2}
    search_space: ClassVar = {
        "epochs": (8, 24),
        "layers": (1, 2),
        "weight_decay": (0.1, 1.0),
    }

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            name="sasrec",
            version="1",
            n_parameters=self.n_parameters,
            config=self.settings.model_dump(),
            trained_on=["purchases"],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        s = self.settings
        self.catalogue = ItemIndex(items)
        column = self.catalogue.column
        sequences = sequences_of([*train, *validation]).values()
        # the latest purchases of each user: ``window`` that are read, and one more that the last of them is to predict
        rows = [[column[x.item_id] for x in sequence][-s.window - 1 :] for sequence in sequences]
        rows = [row for row in rows if len(row) > 1]
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.network = Network(len(items), s.hidden, s.layers, s.heads, s.dropout, s.window)
        self.n_parameters = sum(p.numel() for p in self.network.parameters())
        # a batch is bounded by its logits, [places, items]
        lengths = np.array([len(row) - 1 for row in rows])
        places = min(PLACES, CELLS // len(items))
        self.losses = optimise(
            self.network,
            s.epochs,
            s.learning_rate,
            s.weight_decay,
            lambda: batches(lengths, places, rng),
            lambda batch: self.network.loss([rows[k] for k in batch]),
            "sasrec",
        )

    @torch.no_grad()
    def block(self, queries: Sequence[Query]) -> np.ndarray:
        histories = padded([self.catalogue.history(q)[-self.settings.window :] for q in queries])
        states = self.network(histories)
        last = (histories >= 0).sum(1).clamp(min=1) - 1  # an empty history is one padded place: the same for all
        return self.network.scores(states[torch.arange(len(queries)), last]).numpy()


class Network(nn.Module):
    """Histories (B, L), padded on the right with -1, to unit states (B, L, width); these to scores of all items."""

    def __init__(self, items: int, width: int, layers: int, heads: int, dropout: float, window: int) -> None:
        super().__init__()
        self.item = nn.Embedding(items, width)
        self.position = nn.Embedding(window, width)
        for table in (self.item, self.position):
            nn.init.normal_(table.weight, std=0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, F.gelu, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.log_scale = nn.Parameter(torch.tensor(math.log(SCALE)))

    def table(self) -> torch.Tensor:
        return F.normalize(self.item.weight, dim=-1)

    def forward(self, histories: torch.Tensor) -> torch.Tensor:
        """A place reads itself and earlier ones alone; padding comes after all that is read."""
        length = histories.shape[1]
        # [B, L, width]: unit vectors times sqrt(width), so that each number is about one; padding has a position only
        vectors = F.embedding(histories.clamp(min=0), self.table()) * self.item.embedding_dim**0.5
        vectors = torch.where((histories >= 0)[..., None], vectors, 0.0) + self.position.weight[:length]
        # [L, L]: True above the diagonal, where a place would read what it has to predict
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        states = self.encoder(self.dropout(vectors), mask=later)
        return F.normalize(self.norm(states), dim=-1)

    def scores(self, states: torch.Tensor) -> torch.Tensor:
        """(..., width) to logits (..., items)."""
        return states @ self.table().T * self.log_scale.exp()

    def loss(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Cross entropy of every next item of every row."""
        targets = padded([row[1:] for row in rows])
        is_item = targets >= 0
        # [real places, items]: padding goes before the product with all items, the largest of the step
        logits = self.scores(self(padded([row[:-1] for row in rows]))[is_item])
        return F.cross_entropy(logits.float(), targets[is_item])
