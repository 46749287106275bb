"""The evidence drafter: its gradient, its posterior, and drafts that say nothing of the target."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.drafters import evidence
from annotation.drafters.evidence import Drafter, reasons_of, slots_of, words
from rad.data.load import open_dataset
from rad.features.item_features import distribution


@pytest.fixture(scope="module")
def world():
    return open_dataset("world:seed=5,users=60,items=200")


@pytest.fixture(scope="module")
def drafter(world):
    return Drafter().fit(world.examples["train"], world.items, steps=30)


def test_slots_are_the_last_purchases_most_recent_first():
    assert slots_of([(4, 5, 6), (1,)], 2).tolist() == [[6, 5], [1, -1]]


def test_posterior_is_a_distribution_with_the_unexplained_rest(drafter):
    table, together, by_value = drafter.posterior(drafter.prefixes)
    total = together.sum(1) + by_value.sum((1, 2))
    assert (total >= 0).all() and (total <= 1 + 1e-6).all() and 0.3 < total.mean() < 1
    assert (by_value[table.target_values[:, None, :].repeat(by_value.shape[1], 1) < 0] == 0).all()


def test_likelihoods_equal_a_slow_count(drafter):
    """One example by hand: the row of the cited item under the counts of the example's fold, renormalised by value."""
    catalogue, prefixes = drafter.catalogue, drafter.prefixes
    table = evidence.likelihoods(catalogue, prefixes, drafter.weights, drafter.background_power)
    for k in (0, len(prefixes.targets) // 2, len(prefixes.targets) - 1):
        anchor, target = prefixes.histories[k][-1], prefixes.targets[k]
        counts = prefixes.counts[prefixes.folds[k]]
        row = distribution(catalogue.features(np.array([anchor]), counts), drafter.weights, np.array([anchor]))[0]
        assert np.isclose(table.together[k, 0], row[target], rtol=1e-4)
        for column, value in enumerate(catalogue.item_values[target]):
            mass = sum(row[i] for i in range(len(catalogue)) if value in catalogue.item_values[i])
            assert np.isclose(table.by_value[k, 0, column], row[target] / mass, rtol=1e-3)
            assert np.isclose(table.reach[k, 0, column], mass, rtol=1e-3)
            assert table.shared[k, 0, column] == (value in catalogue.item_values[anchor])


def test_gradient_is_that_of_the_likelihood(drafter):
    batch = np.flatnonzero(drafter.prefixes.folds == 0)[:20]

    def loss(shift):
        drafter.weights = drafter.weights + shift
        prefixes, catalogue = drafter.prefixes, drafter.catalogue
        counts = prefixes.counts[0]
        total = 0.0
        for k in batch:
            slots = slots_of([prefixes.histories[k]])[0]
            there = slots[slots >= 0]
            rows = distribution(catalogue.features(there, counts).astype(np.float64), drafter.weights, there)
            share = np.append(drafter.places[: len(there)], drafter.places[-1])
            background = evidence.popularity_share(counts, drafter.background_power)[prefixes.targets[k]]
            total += np.log(share @ np.append(rows[:, prefixes.targets[k]], background) / share.sum())
        drafter.weights = drafter.weights - shift
        return total / len(batch)

    gradient, _ = drafter._gradient(batch)
    for f in range(len(drafter.weights)):
        step = np.zeros(len(drafter.weights))
        step[f] = 1e-2
        assert np.isclose((loss(step) - loss(-step)) / 2e-2, gradient[f], atol=2e-3), f


def test_drafts_cite_the_history_and_want_values_of_the_target(drafter, world):
    written = 0
    for example in world.examples["train"][:80]:
        item = world.items[next(iter(example.relevant))]
        draft = drafter.draft(example.query, item)
        assert draft.origin == "evidence" and sum(r.weight for r in draft.reasons) <= 1 + 1e-6
        assert item.title not in draft.text
        for reason in draft.reasons:
            assert all(0 <= k < len(example.query.history) for k in reason.evidence.history)
            for attribute, value in reason.wants:
                assert value in item.attributes[attribute]
                cited = [world.items[example.query.history[k].item_id] for k in reason.evidence.history]
                has = [value in c.attributes.get(attribute, ()) for c in cited]
                assert all(has) if reason.evidence.kind == "attribute" else not any(has)
                written += 1
    assert written > 80


def test_no_history_no_draft(drafter, world):
    from rad.types import Query

    assert drafter.draft(Query("q", "world", "u", ()), next(iter(world.items.values()))) is None


def test_findings_that_want_the_same_become_one_reason(drafter):
    catalogue = drafter.catalogue
    value = catalogue.item_values[0][0]
    owners = [i for i in range(len(catalogue)) if value in catalogue.item_values[i]][:2]
    other = next(i for i in range(len(catalogue)) if value not in catalogue.item_values[i])
    history = (owners[0], other, owners[1])
    found = [(0, value, 0.3), (2, value, 0.2), (1, value, 0.1), (1, -1, 0.2), (0, -1, 0.001)]
    reasons = reasons_of(catalogue, history, found, strongest=3)
    assert [(r.evidence.kind, r.evidence.history) for r in reasons] == [
        ("attribute", (2, 0)),
        ("co_purchase", (1,)),
    ]
    assert np.isclose(sum(r.weight for r in reasons), 0.801)
    attribute, name = catalogue.values[value]
    assert words(reasons).startswith(f"[1] and [3] have {attribute.replace('_', ' ')} {name}, so the user wants")
