"""A position of ``sasrec`` knows nothing of later items, padding changes nothing, and a pattern is learned."""

from __future__ import annotations

import pytest
import torch

from benchmarks.models import sasrec
from benchmarks.models.sasrec import Network
from rad.data.splits import leave_last_out
from rad.types import Interaction, Item, Query

ITEMS = {f"{k:02}": Item(f"{k:02}", "toy", "", "") for k in range(30)}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(items=30, width=16, layers=2, heads=2, dropout=0.5, window=8).eval()


def query(history):
    return Query("q", "toy", "u", tuple(Interaction("u", f"{k:02}") for k in history))


def fitted(seed=0, **settings):
    """Whoever buys item k buys k + 1 next."""
    sequences = {f"u{u}": [Interaction(f"u{u}", f"{(3 * u + k) % 30:02}") for k in range(4 + u % 5)] for u in range(60)}
    examples = leave_last_out("toy", sequences)
    kind = sasrec.Model
    model = kind(kind.Settings(**{"hidden": 16, "window": 8, "dropout": 0.1, "learning_rate": 0.01, **settings}))
    model.fit(examples["train"], examples["validation"], ITEMS, seed)
    return model


def test_a_later_item_does_not_change_earlier_scores(network):
    one, other = torch.tensor([[3, 5, 7, 9]]), torch.tensor([[3, 5, 8, 1]])
    a, b = network.scores(network(one)), network.scores(network(other))
    assert torch.allclose(a[:, :2], b[:, :2], atol=1e-6)
    assert not torch.allclose(a[:, 2:], b[:, 2:], atol=1e-3)


def test_padding_changes_nothing(network):
    alone = network(torch.tensor([[3, 5]]))
    beside = network(torch.tensor([[3, 5, -1, -1], [1, 2, 3, 4]]))
    assert torch.allclose(alone[0], beside[0, :2], atol=1e-6)


def test_scores_are_scaled_cosines(network):
    scores = network.scores(network(torch.tensor([[3, 5]])))
    assert scores.shape == (1, 2, 30) and scores.abs().max() <= sasrec.SCALE + 1e-4


def test_every_next_item_is_a_target(network):
    rows = [[1, 2, 3], [4, 5]]
    one_by_one = [
        -network.scores(network(torch.tensor([history]))[:, -1]).log_softmax(-1)[0, target]
        for history, target in (([1], 2), ([1, 2], 3), ([4], 5))
    ]
    assert network.loss(rows).item() == pytest.approx(sum(one_by_one).item() / 3, rel=1e-5)


def test_learns_what_follows_what():
    model = fitted(epochs=40)
    assert model.losses[-1] < 0.5 * model.losses[0]
    queries = [query([k - 1, k]) for k in range(5, 15)]
    assert [p.ranking[0] for p in model.predict(queries)] == [f"{k + 1:02}" for k in range(5, 15)]


def test_same_seed_same_answers_and_only_the_window_counts():
    one, same, other = fitted(epochs=2), fitted(epochs=2), fitted(seed=1, epochs=2)
    queries = [query([1, 2, 3]), query([])]
    assert list(one.predict(queries)) == list(same.predict(queries))
    assert list(one.predict(queries)) != list(other.predict(queries))
    history = [20, *range(8)]
    (long,), (short,) = one.predict([query(history)]), one.predict([query(history[1:])])
    assert [i for i in short.ranking if i != "20"] == list(long.ranking)
    assert one.card.n_parameters == sum(p.numel() for p in one.network.parameters()) > 30 * 16
