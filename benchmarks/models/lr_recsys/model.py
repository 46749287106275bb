"""LR-Recsys (arXiv 2502.16759v1): the deep network of ``dnn`` with explanations beside its other inputs.

A language model writes why the user would and would not choose the item; here any drafter does, ``evidence`` by default
(:mod:`~benchmarks.models.lr_recsys.explanations`). An autoencoder embeds the texts
(:mod:`~benchmarks.models.lr_recsys.autoencoder`). A deep network reads the vectors with those of the user, the item and
the history: :class:`benchmarks.models.pairs._network.Deep`, which ``dnn`` is without explanations.

    python -m benchmarks.run --task rating --model lr_recsys --seed 0 1 2
    python -m benchmarks.run --task choice --model lr_recsys --set explanations=shuffled
    python -m benchmarks.run --task rating --model lr_recsys --set drafter=llm base_url=URL/v1 model=NAME

The arms ask what does it: ``positive`` and ``negative`` read one side alone; ``shuffled`` reads those of another pair;
``attributes`` reads, instead of texts, the strength of each kind of claim as plain numbers (is it the reasoning, or
only the attributes?); ``none`` reads nothing, and has the parameters of ``dnn``.

Its parameters are those of the network and of the encoder that reads texts. ``--set hidden=224`` gives ``dnn`` as many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from torch import nn

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models.lr_recsys.autoencoder import Autoencoder, bags, embedded, trained
from benchmarks.models.lr_recsys.explanations import (
    REMEMBERED,
    CountingWriter,
    EndpointWriter,
    Explained,
    Writer,
    hindsight,
    leaks,
)
from benchmarks.models.pairs._network import Deep, NetworkModel, NetworkSettings, Sizes
from rad.data.pairs import without_answer
from rad.llm.settings import EndpointSettings
from rad.types import Item, Pair

Arm = Literal["both", "positive", "negative", "shuffled", "attributes", "none"]
Sides = tuple[sp.csr_matrix, sp.csr_matrix]
"""The bags of words of explanations for, and of those against."""
CLAIMED = 3.0  # strengths of claims are cut here


class Model(NetworkModel):
    class Settings(NetworkSettings, EndpointSettings):
        explanations: Arm = Field(default="both", description="which explanations the network reads")
        drafter: Literal["evidence", "llm"] = Field(default="evidence", description="who writes the explanations")
        embedding: int = Field(default=16, ge=2, description="width of the vector of an explanation")
        encoder_epochs: int = Field(default=2, ge=1, description="epochs of the autoencoder")

    settings: Settings
    name = "lr_recsys"
    baselines = ("biases", "gradient_boosting", "dnn")
    test_settings: ClassVar[Mapping[str, Any]] = {
        "epochs": 2, "hidden": 8, "width": 4, "embedding": 4, "encoder_epochs": 1,
    }  # fmt: skip

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.counts: dict[str, int] = {}
        self._autoencoder: Autoencoder | None = None
        self._width = 0  # columns of what the network reads of explanations

    @property
    def arm(self) -> str | None:
        arm = [f"explanations={self.settings.explanations}"] if self.settings.explanations != "both" else []
        arm += [f"drafter={self.settings.drafter}"] if self.settings.drafter != "evidence" else []
        return ",".join(arm) or None

    @property
    def card(self) -> ModelCard:
        card = super().card
        size = card.n_parameters + (self._autoencoder.n_encoder_parameters if self._autoencoder else 0)
        changes = {"n_parameters": size, "config": card.config | self.counts, "base_model": self.settings.model}
        return card.model_copy(update=changes)

    def network(self, sizes: Sizes) -> nn.Module:
        return Deep(sizes, self.settings.width, self.settings.hidden)

    def prepare(self, train: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        """The explanations of training pairs, and the autoencoder fitted to them."""
        self._seed, self.counts = seed, {"empty_explanations": 0, "leaks": 0}
        self._writer: Writer | None = None
        self._autoencoder = None
        if self.settings.explanations == "none":
            return
        is_counted = self.settings.drafter == "evidence"
        self._writer = CountingWriter(self.features) if is_counted else EndpointWriter(self.settings, items, seed)
        self._written = self._explained(train, is_training=True)
        if self.settings.explanations != "attributes":
            chosen = bags(hindsight(train, self._written))
            size, epochs = self.settings.embedding, self.settings.encoder_epochs
            self._autoencoder = trained(*_read(train, self._written).sides, chosen, size, epochs, seed)
        self._kinds = ["others", "description", "neighbours", "user", *self.features.catalogue.attributes]

    def extra(self, pairs: Sequence[Pair], is_training: bool) -> np.ndarray:
        arm = self.settings.explanations
        if arm == "none" or not pairs:
            return np.zeros((len(pairs), self._width), np.float32)
        written = self._written if is_training else self._explained(pairs, is_training=False)
        rows = self._claims(written) if arm == "attributes" else self._vectors(_read(pairs, written).sides)
        if arm == "shuffled":
            rows = rows[np.random.default_rng(self._seed).permutation(len(rows))]
        self._width = rows.shape[1]
        return rows

    def _explained(self, pairs: Sequence[Pair], is_training: bool) -> list[Explained]:
        """Written from pairs without their answers, checked, and counted."""
        assert self._writer is not None
        written = self._writer.write([without_answer(pair) for pair in pairs], is_training)
        self.counts["empty_explanations"] += sum(not (e.positive and e.negative) for e in written)
        self.counts["leaks"] += _read(pairs, written).leaks
        return written

    def _vectors(self, sides: Sides) -> np.ndarray:
        assert self._autoencoder is not None
        vectors = [embedded(self._autoencoder, bag) for bag in sides]
        if self.settings.explanations in ("positive", "negative"):
            return vectors[self.settings.explanations == "negative"]
        return np.concatenate(vectors, axis=1)

    def _claims(self, written: Sequence[Explained]) -> np.ndarray:
        """[pairs, kinds x 2]: the sum of strengths for and against, by kind of claim."""
        column = {kind: k for k, kind in enumerate(self._kinds)}
        out = np.zeros((len(written), 2 * len(column)), np.float32)
        for row, explained in zip(out, written, strict=True):
            for claim in explained.claims:
                row[2 * column[claim.kind] + (claim.strength < 0)] += abs(claim.strength)
        return np.minimum(out, CLAIMED)


class ReadTexts(NamedTuple):
    """Explanations with their bags of words, and how many leaks they have."""

    written: Sequence[Explained]
    sides: Sides
    leaks: int


_recent: list[ReadTexts] = []


def _read(pairs: Sequence[Pair], written: Sequence[Explained]) -> ReadTexts:
    """What the last few texts hold stays, as seeds and arms of one command read the same."""
    for texts in _recent:
        if texts.written is written:
            return texts
    sides = bags([e.positive for e in written]), bags([e.negative for e in written])
    texts = ReadTexts(written, sides, len(leaks(pairs, written)))
    _recent.append(texts)
    del _recent[:-REMEMBERED]
    return texts
