"""MaxSim against a plain loop, pruning by rarity, the loss by hand, and what ``late_interaction`` learns."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch

from benchmarks.models import late_interaction
from benchmarks.models.late_interaction import Network, maxsim, tokens_of
from rad.data.splits import leave_last_out
from rad.types import Interaction, Item, Query

ITEMS = {
    f"{word[0]}{k}": Item(f"{word[0]}{k}", "toy", word, f"the {word} of maker{k % 4}")
    for word in ("hammer", "nail", "cup", "tea")
    for k in range(8)
}


def encode_words(encoder, texts):
    """A random state for each word, the same wherever it occurs."""
    rows = [text.split() for text in texts]
    vectors = {word: np.random.default_rng(zlib.crc32(word.encode())).normal(size=12) for row in rows for word in row}
    number = {word: k for k, word in enumerate(sorted(vectors))}
    states = [np.array([vectors[word] for word in row], np.float32).reshape(-1, 12) for row in rows]
    return states, [np.array([number[word] for word in row], np.int64) for row in rows], 7


@pytest.fixture(autouse=True)
def _encoder(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    monkeypatch.setattr(late_interaction, "_encode_tokens", encode_words)


@pytest.fixture
def network():
    torch.manual_seed(0)
    states = torch.randn(6, 12).half()
    return Network(states, np.array([3, 0, 2, 1]), width=4, window=3).eval()  # the second item has no tokens


@torch.no_grad()
def plain_maxsim(network, a, b):
    """Token by token."""
    (first, weights, _), (_, _, second) = network.vectors(np.array([a])), network.vectors(np.array([b]))
    real_a, real_b = int(network.real[a].sum()), int(network.real[b].sum())
    total = 0.0
    for t in range(real_a):
        total += float(weights[0, t]) * max((float(first[0, t] @ second[0, u]) for u in range(real_b)), default=0.0)
    return total


def test_maxsim_equals_a_plain_loop(network):
    with torch.no_grad():
        network.weigh.weight.normal_()
        network.of_query.weight.normal_()
        queries, weights, documents = network.vectors(np.arange(4))
        expected = [[plain_maxsim(network, a, b) for b in range(4)] for a in range(4)]
        assert maxsim(queries, weights, documents).numpy() == pytest.approx(np.array(expected), abs=1e-5)
    assert weights.sum(1).tolist() == pytest.approx([1, 0, 1, 1])
    assert all(row[1] == 0 for row in expected) and expected[1] == [0] * 4, "no tokens, nothing to match"


def test_starts_with_every_item_most_like_itself(network):
    with torch.no_grad():
        queries, weights, documents = network.vectors(np.arange(4))
        assert maxsim(queries, weights, documents).diagonal().tolist() == pytest.approx([1, 0, 1, 1], abs=1e-5)


def test_the_loss_by_hand(network):
    own, others, log_chance = np.array([0, 2, 3]), np.array([1]), torch.tensor([0.0, -1.0, -2.0, -0.5])
    similar = np.array([[plain_maxsim(network, a, b) for b in (0, 2, 3, 1)] for a in (0, 2, 3)])

    def surprise(mix, target, history):
        logits = late_interaction.SCALE * torch.tensor(np.array(mix) @ similar) - log_chance
        logits[history] = -torch.inf
        return -logits.log_softmax(0)[target].item()

    # the row 0, 3, 2: from 0 to 3, then from 3 and (half as much) 0 to 2
    expected = (surprise([1, 0, 0], 2, [0]) + surprise([1 / 3, 0, 2 / 3], 1, [0, 2])) / 2
    assert network.loss([[0, 3, 2]], own, others, log_chance).item() == pytest.approx(expected, rel=1e-4)


def test_the_rarest_tokens_are_kept_in_their_order(monkeypatch):
    texts = ["the red cup of tea", "the cup", "", "of the red"]
    states, lengths, size = tokens_of("e", texts, 2)
    assert lengths.tolist() == [2, 2, 0, 2] and size == 7 and states.dtype == np.float16
    words, _, _ = encode_words("e", texts)
    # of (the, red, cup, of, tea): tea is in one text, red, cup and of in two, of which red comes first
    assert np.allclose(states[:2], words[0][[1, 4]].astype(np.float16))
    assert np.allclose(states[4:], words[3][[0, 2]].astype(np.float16))
    monkeypatch.setattr(late_interaction, "_encode_tokens", None)
    assert np.array_equal(tokens_of("e", texts, 2)[0], states)  # from the cache


def fitted(seed=0, **settings):
    """A hammer, then a nail, a cup, tea, and a hammer again."""
    rng = np.random.default_rng(0)
    sequences = {
        f"u{u}": [Interaction(f"u{u}", f"{'hnct'[(u + k) % 4]}{rng.integers(8)}") for k in range(6)] for u in range(60)
    }
    examples = leave_last_out("toy", sequences)
    kind = late_interaction.Model
    model = kind(kind.Settings(**{"width": 12, "tokens": 3, "batch_size": 32, "learning_rate": 0.01, **settings}))
    model.fit(examples["train"], examples["validation"], ITEMS, seed)
    return model


def ask(model, history):
    (prediction,) = model.predict([Query("q", "toy", "u", tuple(Interaction("u", item) for item in history))])
    return prediction


def test_scores_are_the_weighted_sum_over_the_history():
    model = fitted(epochs=1)
    prediction = ask(model, ["h1", "n2"])
    pairs = {a: dict(zip(ITEMS, row, strict=True)) for a, row in zip(ITEMS, model.similar.astype(float), strict=True)}
    expected = [model.weights[0] * pairs["n2"][i] + model.weights[1] * pairs["h1"][i] for i in prediction.ranking]
    assert prediction.scores == pytest.approx(expected, rel=1e-5)
    assert model.card.n_parameters == 7 + sum(p.numel() for p in model.network.parameters())


def test_learns_and_same_seed_same_answers():
    one, same, other = (fitted(seed=seed, epochs=10) for seed in (0, 0, 1))
    assert one.losses[-1] < one.losses[0] - 0.1
    assert ask(one, ["h1"]) == ask(same, ["h1"]) != ask(other, ["h1"])


@pytest.mark.slow
def test_tokens_of_the_bundled_encoder(monkeypatch):
    monkeypatch.undo()
    states, ids, size = late_interaction._encode_tokens("all-MiniLM-L6-v2", ["A red cup, of tea!", "", "hammer"])
    assert [len(row) for row in ids] == [5, 0, 1] and [s.shape for s in states] == [(5, 384), (0, 384), (1, 384)]
    assert size == 22_713_216
