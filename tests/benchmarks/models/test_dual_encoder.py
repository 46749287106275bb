"""``dual_encoder`` starts where ``dense`` is, learns from purchases what goes together, and ranks new items by text."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from benchmarks.models import dense, dual_encoder
from benchmarks.models.dual_encoder import SCALE, Network
from rad.data.splits import leave_last_out
from rad.types import Interaction, Item, Query

NEW = "nw"
ITEMS = {
    f"{word[0]}{k}": Item(f"{word[0]}{k}", "toy", word, f"{word} maker{k % 4}")
    for word in ("hammer", "nail", "cup", "tea")
    for k in range(8)
} | {NEW: Item(NEW, "toy", "nail", "nail maker2")}


@pytest.fixture(autouse=True)
def _encoder(monkeypatch, tmp_path):
    """One direction for each word."""
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))

    def encode(encoder, texts):
        words = sorted({word for text in texts for word in text.split()})
        vectors = np.array([[float(word in text.split()) for word in words] for text in texts], np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 5

    monkeypatch.setattr(dense, "_encode", encode)


def fitted(seed=0, **settings):
    """A hammer, then a nail, a cup, tea, and a hammer again; nobody ever bought the new nail."""
    rng = np.random.default_rng(0)
    sequences = {}
    for u in range(80):
        items = [f"{'hnct'[(u + k) % 4]}{rng.integers(8)}" for k in range(6)]
        sequences[f"u{u}"] = [Interaction(f"u{u}", item) for item in items]
    examples = leave_last_out("toy", sequences)
    kind = dual_encoder.Model
    model = kind(kind.Settings(**{"batch_size": 32, "learning_rate": 0.01, **settings}))
    model.fit(examples["train"], examples["validation"], ITEMS, seed)
    return model


def ask(model, history):
    (prediction,) = model.predict([Query("q", "toy", "u", tuple(Interaction("u", item) for item in history))])
    return prediction


def test_starts_as_dense_with_harmonic_weights():
    vectors = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=-1)
    network = Network(vectors, window=3, dropout=0.5).eval()
    pooled = network.pool(torch.tensor([[4, 2, -1]]))
    assert torch.allclose(pooled[0], (vectors[4] + vectors[2] / 2) / 1.5, atol=1e-6)
    assert torch.allclose(network.item(vectors), vectors, atol=1e-6)
    expected = SCALE * vectors @ (pooled[0] / pooled[0].norm())
    expected[[4, 2]] = -torch.inf
    loss = network.loss(torch.tensor([[4, 2, -1]]), torch.tensor([0]), torch.arange(6))
    assert loss.item() == pytest.approx(-expected.log_softmax(0)[0].item(), rel=1e-5)


def test_a_part_of_the_catalogue_as_negatives():
    vectors = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=-1)
    network = Network(vectors, window=3, dropout=0.0).eval()
    pooled = vectors[4] / vectors[4].norm()
    logits = SCALE * vectors @ pooled
    loss = network.loss(torch.tensor([[4, -1]]), torch.tensor([1]), torch.tensor([1, 2, 4, 5]))
    assert loss.item() == pytest.approx(-(logits[1] - logits[[1, 2, 5]].logsumexp(0)).item(), rel=1e-5)


def test_learns_what_goes_with_what_and_ranks_a_new_item_by_its_text():
    model = fitted(epochs=20)
    assert model.losses[-1] < 0.8 * model.losses[0]
    nails = {f"n{k}" for k in range(8)} | {NEW}
    prediction = ask(model, ["h1"])
    assert set(prediction.ranking[:9]) == nails, "the new nail with the other nails, before any item that was bought"
    assert {i[0] for i in ask(model, ["c1"]).ranking[:8]} == {"t"}
    assert model.card.n_parameters == 5 + sum(p.numel() for p in model.network.parameters())


@pytest.mark.parametrize("negatives", [5000, 12])
def test_same_seed_same_answers(negatives):
    one, same, other = (fitted(seed=seed, epochs=2, negatives=negatives) for seed in (0, 0, 1))
    assert ask(one, ["h1", "c2"]) == ask(same, ["h1", "c2"]) != ask(other, ["h1", "c2"])
    assert math.isfinite(one.losses[-1])
