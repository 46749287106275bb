"""The evidence model: its gradient, its posterior, and the reasons that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.features import position_mixture
from rad.features.item_features import distribution
from rad.features.position_mixture import EvidenceModel, reasons_of, recent_items
from rad.rationales.templates import words
from rad.types import Query


@pytest.fixture(scope="module")
def world():
    return open_dataset("world:seed=5,users=60,items=200")


@pytest.fixture(scope="module")
def model(world):
    return EvidenceModel().fit(world.examples["train"], world.items, steps=30)


def test_recent_items_are_the_last_purchases_most_recent_first():
    assert recent_items([(4, 5, 6), (1,)], 2).tolist() == [[6, 5], [1, -1]]


def test_posterior_is_a_distribution_with_the_unexplained_rest(model):
    table, co_purchase, by_value = model.posterior(model.prefixes)
    total = co_purchase.sum(1) + by_value.sum((1, 2))
    assert (total >= 0).all() and (total <= 1 + 1e-6).all() and 0.3 < total.mean() < 1
    assert (by_value[table.target_values[:, None, :].repeat(by_value.shape[1], 1) < 0] == 0).all()


def test_likelihoods_equal_a_slow_count(model):
    """One example by hand: the row of the cited item under the counts of the example's fold, renormalised by value."""
    catalogue, prefixes = model.catalogue, model.prefixes
    table = position_mixture.likelihoods(catalogue, prefixes, model.weights, model.background_power)
    for k in (0, len(prefixes.targets) // 2, len(prefixes.targets) - 1):
        anchor, target = prefixes.histories[k][-1], prefixes.targets[k]
        counts = prefixes.counts[prefixes.folds[k]]
        row = distribution(catalogue.features(np.array([anchor]), counts), model.weights, np.array([anchor]))[0]
        assert np.isclose(table.co_purchase[k, 0], row[target], rtol=1e-4)
        for column, value in enumerate(catalogue.item_values[target]):
            mass = sum(row[i] for i in range(len(catalogue)) if value in catalogue.item_values[i])
            assert np.isclose(table.by_value[k, 0, column], row[target] / mass, rtol=1e-3)
            assert np.isclose(table.reach[k, 0, column], mass, rtol=1e-3)
            assert table.shared[k, 0, column] == (value in catalogue.item_values[anchor])


def test_gradient_is_that_of_the_likelihood(model):
    batch = np.flatnonzero(model.prefixes.folds == 0)[:20]

    def loss(shift):
        model.weights = model.weights + shift
        prefixes, catalogue = model.prefixes, model.catalogue
        counts = prefixes.counts[0]
        total = 0.0
        for k in batch:
            recent = recent_items([prefixes.histories[k]])[0]
            there = recent[recent >= 0]
            rows = distribution(catalogue.features(there, counts).astype(np.float64), model.weights, there)
            share = np.append(model.position_shares[: len(there)], model.position_shares[-1])
            background = position_mixture.popularity_share(counts, model.background_power)[prefixes.targets[k]]
            total += np.log(share @ np.append(rows[:, prefixes.targets[k]], background) / share.sum())
        model.weights = model.weights - shift
        return total / len(batch)

    gradient, _ = model._gradient(batch)
    for f in range(len(model.weights)):
        step = np.zeros(len(model.weights))
        step[f] = 1e-2
        assert np.isclose((loss(step) - loss(-step)) / 2e-2, gradient[f], atol=2e-3), f


def test_a_training_purchase_is_explained_by_its_history_alone(model, world):
    counted = 0
    for example in world.examples["train"][:80]:
        item = world.items[next(iter(example.relevant))]
        reasons = model.explain(example.query, item)
        assert sum(r.weight for r in reasons) <= 1 + 1e-6
        for reason in reasons:
            assert all(0 <= k < len(example.query.history) for k in reason.evidence.history)
            for attribute, value in reason.wants:
                assert value in item.attributes[attribute]
                cited = [world.items[example.query.history[k].item_id] for k in reason.evidence.history]
                has = [value in c.attributes.get(attribute, ()) for c in cited]
                assert all(has) if reason.evidence.kind == "attribute" else not any(has)
                counted += 1
    assert counted > 80


def test_nothing_is_explained_without_a_history(model, world):
    assert model.explain(Query("q", "world", "u", ()), next(iter(world.items.values()))) is None


def test_matches_that_want_the_same_become_one_reason(model):
    catalogue = model.catalogue
    value = catalogue.item_values[0][0]
    owners = [i for i in range(len(catalogue)) if value in catalogue.item_values[i]][:2]
    other = next(i for i in range(len(catalogue)) if value not in catalogue.item_values[i])
    history = (owners[0], other, owners[1])
    matches = [(0, value, 0.3), (2, value, 0.2), (1, value, 0.1), (1, -1, 0.2), (0, -1, 0.001)]
    reasons = reasons_of(catalogue, history, matches, strongest=3)
    assert [(r.evidence.kind, r.evidence.history) for r in reasons] == [
        ("attribute", (2, 0)),
        ("co_purchase", (1,)),
    ]
    assert np.isclose(sum(r.weight for r in reasons), 0.801)
    attribute, name = catalogue.values[value]
    assert words(reasons).startswith(f"[1] and [3] have {attribute.replace('_', ' ')} {name}, so the user wants")
