"""Batches, padding and the training loop that the trained baselines share."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmarks.models._training import batches, masked, optimise, padded


def test_padding_by_hand():
    assert padded([[3, 1], [], [2]]).tolist() == [[3, 1], [-1, -1], [2, -1]]
    assert padded([[]]).tolist() == [[-1]] and padded([]).shape == (0, 1)


def test_the_history_is_masked_but_for_a_target_bought_again():
    logits = masked(torch.zeros(2, 4), torch.tensor([[1, 2, -1], [3, -1, -1]]), torch.tensor([2, 0]))
    assert logits.isinf().tolist() == [[False, True, False, False], [False, False, False, True]]


def test_batches_hold_every_row_once_and_no_more_places_than_asked():
    lengths = np.array([1, 9, 2, 2, 30, 1, 3, 2, 1, 8])
    rows_of_batches = batches(lengths, 10, np.random.default_rng(0))
    assert sorted(np.concatenate(rows_of_batches).tolist()) == list(range(10))
    assert all(len(rows) == 1 or len(rows) * lengths[rows].max() <= 10 for rows in rows_of_batches)
    assert [1] in [sorted(rows) for rows in rows_of_batches] and [4] in [sorted(rows) for rows in rows_of_batches]
    again = batches(lengths, 10, np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(rows_of_batches, again, strict=True))
    assert batches(np.array([], int), 10, np.random.default_rng(0)) == []


def test_the_loop_finds_a_line():
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    points = torch.randn(64, 2)
    answers = points @ torch.tensor([[1.0], [-2.0]]) + 0.5
    rng = np.random.default_rng(0)
    losses = optimise(
        model,
        200,
        0.05,
        0.0,
        lambda: batches(np.ones(64), 16, rng),
        lambda rows: ((model(points[rows]).float() - answers[rows]) ** 2).mean(),
        "line",
    )
    assert len(losses) == 200 and losses[-1] < 1e-3 * losses[0] and not model.training
    assert torch.allclose(model.weight, torch.tensor([[1.0, -2.0]]), atol=0.02)


def test_nothing_to_train_on_leaves_a_model_as_it_was():
    model = nn.Linear(2, 1)
    before = model.weight.clone()
    assert optimise(model, 3, 0.1, 0.1, lambda: [], lambda rows: model.weight.sum(), "none") == [0.0] * 3
    assert torch.equal(model.weight, before)
