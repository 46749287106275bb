"""What networks of pairs share: batches of tensors, the deep part, and one way to train all of them.

A network gives one number a pair: how far the rating lies from the mean, in standard deviations, or the log odds of a
like beside those of all pairs. It is trained on training pairs, validation says after how many epochs it is best, and
then it is trained anew on both for as many. Ids that training lacks, and one id in ten while training, are index 0, so
that its vector is what is known of nobody in particular.
"""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional as F

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._training import configure_torch, padded
from benchmarks.models.pairs._features import fitted
from benchmarks.models.pairs._numbers import NumberModel, PairSettings, answers_of
from rad.types import Item, Pair

LENGTH = 10  # items of the history that a network reads
FORGOTTEN = 0.1  # share of ids that are index 0 in a training step
BLOCK = 4096  # pairs scored at once
PATIENCE = 2  # epochs without progress on validation, after which training ends


@dataclass
class Batch:
    """Pairs as tensors; the first dimension is the pairs.

    Attributes:
        user: Index of the user.
        item: Index of the item.
        column: Catalogue position of the item.
        history: Catalogue positions of the last items [pairs, longest], padded with -1.
        residuals: Ratings of these less the mean [pairs, longest].
        numbers: Standardised features [pairs, names].
        extra: What a model adds [pairs, any]; no column where it adds nothing.
    """

    user: torch.Tensor
    item: torch.Tensor
    column: torch.Tensor
    history: torch.Tensor
    residuals: torch.Tensor
    numbers: torch.Tensor
    extra: torch.Tensor

    def rows(self, index: torch.Tensor) -> Batch:
        """Some of the pairs."""
        return Batch(*(getattr(self, field.name)[index] for field in fields(self)))


class Sizes(NamedTuple):
    """What a network needs to know of the data: counts of ids, each with one for the unknown, and item values.

    ``item_values`` is [items of the catalogue, values], sparse; each row is the mean of the item's values.
    """

    users: int
    items: int
    numbers: int
    extra: int
    item_values: torch.Tensor


class NetworkSettings(PairSettings):
    """Settings of every network of pairs."""

    width: int = Field(default=16, ge=2, description="width of the vectors of users, items and values")
    hidden: int = Field(default=64, ge=4, description="width of the first layer; the second has half of it")
    epochs: int = Field(default=12, ge=1, description="epochs at most; validation says how many")
    learning_rate: float = Field(default=2e-3, gt=0, description="of AdamW")
    decay: float = Field(default=0.03, ge=0, description="weight decay of all parameters")
    batch: int = Field(default=512, ge=1, description="pairs in a training step")


class Ids(nn.Module):
    """Small vectors of users and items."""

    def __init__(self, sizes: Sizes, width: int) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(sizes.users, width), nn.Embedding(sizes.items, width)
        nn.init.normal_(self.user.weight, std=0.05)
        nn.init.normal_(self.item.weight, std=0.05)


class Fields(NamedTuple):
    """The vectors of a pair, each [pairs, width], and the rating that attention expects [pairs, 1]."""

    user: torch.Tensor
    item: torch.Tensor
    values: torch.Tensor
    history: torch.Tensor
    liking: torch.Tensor


class Deep(nn.Module):
    """Vectors of user, item, values and history beside the numbers, through two layers."""

    def __init__(self, sizes: Sizes, width: int, hidden: int) -> None:
        super().__init__()
        self.ids, self.item_values = Ids(sizes, width), sizes.item_values
        self.value = nn.Parameter(torch.randn(sizes.item_values.shape[1], width) * 0.1)
        self.sharpness = nn.Parameter(torch.tensor(3.0))
        inputs = 4 * width + 1 + sizes.numbers + sizes.extra
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, hidden // 2), nn.ReLU(),
            nn.Linear(hidden // 2, 1),
        )  # fmt: skip

    def fields(self, batch: Batch) -> Fields:
        of_item = torch.sparse.mm(self.item_values, self.value)  # [items of the catalogue, width]
        values = F.embedding(batch.column, of_item)
        past = F.embedding(batch.history.clamp(min=0), of_item)  # [pairs, longest, width]
        present = batch.history >= 0
        # attention of the item to the history by likeness of their values; an empty history gives zeros
        likeness = F.cosine_similarity(past, values[:, None], dim=-1, eps=1e-6) * self.sharpness
        weight = torch.softmax(likeness.masked_fill(~present, -1e9), 1) * present
        liking = (weight * batch.residuals).sum(1, keepdim=True)
        history = (weight[..., None] * past).sum(1)
        return Fields(self.ids.user(batch.user), self.ids.item(batch.item), values, history, liking)

    def layers_of(self, vectors: Fields, batch: Batch) -> torch.Tensor:
        """[pairs]: the deep network's number."""
        return torch.as_tensor(self.layers(torch.cat([*vectors, batch.numbers, batch.extra], 1)).squeeze(-1))

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.layers_of(self.fields(batch), batch)


class Wide(nn.Module):
    """A linear model of ids, attribute values and numbers."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(sizes.users, 1), nn.Embedding(sizes.items, 1)
        nn.init.zeros_(self.user.weight)
        nn.init.zeros_(self.item.weight)
        self.item_values, self.value = sizes.item_values, nn.Parameter(torch.zeros(sizes.item_values.shape[1], 1))
        self.numbers = nn.Linear(sizes.numbers, 1)

    def forward(self, batch: Batch) -> torch.Tensor:
        values = F.embedding(batch.column, torch.sparse.mm(self.item_values, self.value))
        ids = self.user(batch.user) + self.item(batch.item) + values
        return torch.as_tensor((ids + self.numbers(batch.numbers)).squeeze(-1))


class NetworkModel(NumberModel):
    """A model of pairs with a trained network.

    Attributes:
        name: The model's own.
        n_parameters: Of the network; 0 before ``fit``.
        epochs: How many were trained.
    """

    class Settings(NetworkSettings):
        """Those of every network."""

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    settings: NetworkSettings
    stochastic = True
    baselines: ClassVar[tuple[str, ...]] = ("global_mean", "biases")
    test_settings: ClassVar[Mapping[str, Any]] = {"epochs": 2, "hidden": 8, "width": 4}
    search_space: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "decay": (0.03, 0.3, 0.003),
        "learning_rate": (2e-3, 1e-3, 4e-3),
        "hidden": (64, 32, 128),
    }

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = self.epochs = 0

    @property
    def arm(self) -> str | None:
        """What makes this another model than the default one."""
        return None

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | {"epochs_trained": self.epochs}
        return ModelCard(
            name=self.name, version=self.version, arm=self.arm, n_parameters=self.n_parameters, config=config,
            trained_on=["ratings"],
        )  # fmt: skip

    @abstractmethod
    def network(self, sizes: Sizes) -> nn.Module:
        """A network, not trained: it maps a :class:`Batch` to a number a pair."""

    def extra(self, pairs: Sequence[Pair], is_training: bool) -> np.ndarray:
        """[pairs, any]: numbers that only this model reads."""
        return np.zeros((len(pairs), 0), np.float32)

    def prepare(self, train: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        """Count what ``extra`` reads, from these pairs alone: called before each training."""

    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        configure_torch()
        self.epochs, self.seconds_saved = self.settings.epochs, 0.0
        if validation:
            losses = self._train(train, items, seed, self.settings.epochs, validation)
            self.epochs = 1 + int(np.argmin(losses))
        self._train([*train, *validation], items, seed, self.epochs, ())

    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        return self._from_network(self._outputs(self._batch(pairs)))

    def _from_network(self, outputs: np.ndarray) -> np.ndarray:
        return self.mean + self.scale * outputs if self.is_rating else 1 / (1 + np.exp(-(self.mean + outputs)))

    def _train(
        self, train: Sequence[Pair], items: Mapping[str, Item], seed: int, epochs: int, held: Sequence[Pair]
    ) -> list[float]:
        """Train a new network; the loss on ``held`` after each epoch."""
        torch.manual_seed(seed)
        rng = torch.Generator().manual_seed(seed)
        (self.features, numbers, _), saved = fitted(train, items)
        self.seconds_saved += saved
        self.prepare(train, items, seed)
        self.user_index = {u: k for k, u in enumerate(sorted({p.query.user_id for p in train}), 1)}
        self.item_index = {i: k for k, i in enumerate(sorted({p.item_id for p in train}), 1)}
        self._item_values = _means_of_values(self.features.catalogue.incidence)
        self._centre, self._spread = numbers.mean(0), numbers.std(0) + 1e-6
        answers = answers_of(train)
        share = float(np.clip(answers.mean(), 1e-3, 1 - 1e-3))
        self.mean = float(answers.mean()) if self.is_rating else math.log(share / (1 - share))
        self.scale = float(answers.std()) or 1.0
        batch = self._batch(train, numbers, is_training=True)
        target = torch.tensor((answers - self.mean) / self.scale if self.is_rating else answers, dtype=torch.float32)
        sizes = Sizes(
            len(self.user_index) + 1, len(self.item_index) + 1,
            batch.numbers.shape[1], batch.extra.shape[1], self._item_values,
        )  # fmt: skip
        self.net = self.network(sizes)
        self.n_parameters = sum(p.numel() for p in self.net.parameters())
        later = (self._batch(held), answers_of(held)) if held else None
        optimizer = torch.optim.AdamW(
            self.net.parameters(), self.settings.learning_rate, weight_decay=self.settings.decay
        )
        losses = []
        for _ in range(epochs):
            for rows in self._steps(len(train), rng):
                part = batch.rows(rows)
                forgotten = torch.rand(2, len(rows), generator=rng) < FORGOTTEN
                part.user, part.item = part.user * ~forgotten[0], part.item * ~forgotten[1]
                loss = self._loss(self.net(part), target[rows])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
                optimizer.step()
            if later:
                losses.append(self._held_loss(*later))
                if len(losses) - int(np.argmin(losses)) > PATIENCE:
                    break
        self.net = copy.deepcopy(self.net).eval()
        return losses

    def _steps(self, n: int, rng: torch.Generator) -> Iterator[torch.Tensor]:
        yield from torch.randperm(n, generator=rng).split(self.settings.batch)

    def _loss(self, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.is_rating:
            return F.mse_loss(outputs, target)
        return F.binary_cross_entropy_with_logits(outputs + self.mean, target)

    def _held_loss(self, batch: Batch, answers: np.ndarray) -> float:
        numbers = self._from_network(self._outputs(batch))
        if self.is_rating:
            return float(((numbers - answers) ** 2).mean())
        return float(-np.log(np.clip(np.where(answers > 0.5, numbers, 1 - numbers), 1e-6, 1)).mean())

    def _outputs(self, batch: Batch) -> np.ndarray:
        self.net.eval()
        with torch.no_grad():
            parts = [self.net(batch.rows(rows)) for rows in torch.arange(len(batch.user)).split(BLOCK)]
        self.net.train()
        return torch.cat(parts).double().numpy()

    def _batch(self, pairs: Sequence[Pair], numbers: np.ndarray | None = None, is_training: bool = False) -> Batch:
        numbers = self.features.describe(pairs) if numbers is None else numbers
        histories = [p.query.history[-LENGTH:] for p in pairs]
        index, residuals = self.features.catalogue.index, torch.zeros(len(pairs), LENGTH)
        for row, own in zip(residuals, histories, strict=True):
            row[: len(own)] = torch.tensor([self.features.residual(x.rating) for x in own])
        history = padded([[index[x.item_id] for x in own] for own in histories])
        return Batch(
            user=torch.tensor([self.user_index.get(p.query.user_id, 0) for p in pairs]),
            item=torch.tensor([self.item_index.get(p.item_id, 0) for p in pairs]),
            column=torch.tensor(self.features.columns(pairs)),
            history=history,
            residuals=residuals[:, : history.shape[1]] / (self.scale if self.is_rating else 1.0),
            numbers=torch.tensor(np.clip((numbers - self._centre) / self._spread, -5, 5), dtype=torch.float32),
            extra=torch.tensor(self.extra(pairs, is_training), dtype=torch.float32),
        )


def _means_of_values(incidence: sp.csr_matrix) -> torch.Tensor:
    """[items, values], sparse: rows of ones over how many there are."""
    rows = sp.csr_matrix(sp.diags(1 / np.maximum(np.asarray(incidence.sum(1)).ravel(), 1)) @ incidence).tocoo()
    index = torch.tensor(np.stack([rows.row, rows.col]), dtype=torch.int64)
    values = torch.tensor(rows.data, dtype=torch.float32)
    return torch.sparse_coo_tensor(index, values, rows.shape, check_invariants=False).coalesce()
