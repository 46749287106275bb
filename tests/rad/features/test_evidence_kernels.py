"""p(item | fact), kind by kind, by hand on the toy world, and its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from rad.features.evidence_kernels import RIVALS, START, Cases, Kernels, Softmaxes
from rad.features.item_features import CoPurchase
from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import KINDS, NUMBER

WEIGHTS = np.array([1.0, 0.0, 0.0, 2.0, 1.0, 2.0, 1.0, 1.0])


@pytest.fixture
def kernels(toy):
    facts = Facts.of(toy.examples["train"], toy.items)
    return Kernels(facts, CoPurchase.of(facts.own.values(), len(facts.catalogue)))


def probabilities(kernels, query, target, weights=WEIGHTS):
    """Of each fact of a query, by its kind, value and item: p(target | fact)."""
    table = kernels.facts.candidates([query])
    table = table.take(np.isin(table.kind, [NUMBER[kind] for kind in RIVALS]))
    n = len(table)
    item = np.full(n, kernels.facts.catalogue.index[target])
    log_p, _ = kernels.prepared(Cases(table, item, np.full(n, kernels.facts.purchases[item[0]] == 0))).log_p(weights)
    names = [*kernels.facts.catalogue.values, ("", "")]
    cited = [*kernels.facts.catalogue.ids, ""]
    keys = zip(table.kind, table.value, table.item, strict=True)
    return {(KINDS[k], names[v][1] or cited[i]): p for (k, v, i), p in zip(keys, np.exp(log_p), strict=True)}


def test_a_value_draws_from_its_items_by_popularity(toy, kernels):
    query = next(e.query for e in toy.examples["test"] if e.query.user_id == "u01")
    p = probabilities(kernels, query, "red-boots")
    # training purchases of red: coat 4, hat 4, scarf 2, boots 2; each smoothed by 0.3
    n = kernels.facts.purchases
    red = [n[kernels.facts.catalogue.index[f"red-{garment}"]] + 0.3 for garment in ("boots", "coat", "hat", "scarf")]
    assert np.isclose(p["repeat", "red"], red[0] / sum(red))
    assert probabilities(kernels, query, "blue-hat")["repeat", "red"] == 0


def test_what_goes_with_an_item_is_what_its_buyers_own(toy, kernels):
    # to a stranger red-coat has two buyers, u01 and u02
    query = replace(next(e.query for e in toy.examples["test"] if e.query.user_id == "u01"), user_id="stranger")
    pointed = [key for key in probabilities(kernels, query, "red-boots") if key[0] == "co_purchase"]
    assert pointed
    for kind, cited in pointed:
        row = kernels.counts.ever[kernels.facts.catalogue.index[cited]].toarray().ravel()
        for target in ("red-boots", "blue-hat", "black-coat"):
            p = probabilities(kernels, query, target)[kind, cited]
            assert np.isclose(p, row[kernels.facts.catalogue.index[target]] / row.sum())


def test_what_nobody_has_is_drawn_alike(toy, kernels):
    query = next(e.query for e in toy.examples["test"] if e.query.user_id == "u07")
    new = probabilities(kernels, query, "green-boots")
    assert kernels.facts.purchases[kernels.facts.catalogue.index["green-boots"]] == 0
    for (kind, _), p in new.items():
        if kind == "new_similar":
            assert p in (0.0, *(1 / k for k in range(1, 20)))
    # green-hat is bought in training, so no fact of new items leads to it
    old = probabilities(kernels, query, "green-hat")
    assert all(p == 0 for (kind, _), p in old.items() if kind.startswith("new"))


def test_each_row_is_a_distribution():
    matrix = sp.csr_matrix(np.array([[0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]))
    softmaxes = Softmaxes(matrix, np.array([[1.0], [2.0], [3.0], [0.5]]))
    rows, columns = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    log_p, gradient = softmaxes.log_p(softmaxes.places(rows, columns), np.array([0.7]))
    p = np.exp(log_p).reshape(3, 4)
    assert np.allclose(p.sum(1), [1, 1, 0]) and p[0, 0] == 0 and np.isclose(p[1, 0], 1)
    # the gradient of log p is the feature less its mean, so it averages to nothing
    assert np.allclose((p.ravel() * gradient[:, 0]).reshape(3, 4).sum(1), 0)


def test_the_start_has_a_weight_for_every_feature(kernels):
    n = sum(part.features.shape[1] for part in (kernels.bought_with, kernels.text, kernels.kin, kernels.rest)) + 1
    assert len(START) == n
