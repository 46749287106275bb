"""``cold_prior``, ``ease`` and ``hybrid`` against their parts, an independent formula and answers by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.models import bm25, cold_prior, dense, ease, hybrid, item_knn
from benchmarks.models._scoring import ItemIndex, best_outside, mean_ndcg
from benchmarks.models.ease import solve
from rad.data.splits import sequences_of
from rad.errors import RadError
from rad.types import Interaction, Query

COLD = {"blue-scarf", "green-coat", "green-boots", "green-scarf"}  # nobody has them before the test


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch, tmp_path):
    """Fixed random vectors: what they mean does not matter here."""
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    vectors = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(dense, "_encode", lambda encoder, texts: (vectors, 7))


def fitted(module, data, validation=True, **settings):
    model = module.Model(module.Model.Settings(**settings))
    model.fit(data.examples["train"], data.examples["validation"] if validation else (), data.items, 0)
    return model


def query(history):
    return Query("q", "toy", "u", tuple(Interaction("u", item) for item in history))


def answers(model, data):
    return [p.ranking for p in model.predict([e.query for e in data.examples["test"]])]


def scores(model, history):
    (prediction,) = model.predict([query(history)])
    return dict(zip(prediction.ranking, prediction.scores, strict=True))


# --- cold_prior ---


@pytest.mark.parametrize("text", ["bm25", "dense"])
def test_cold_prior_with_factor_1_is_its_text_baseline(toy, text):
    alone = fitted({"bm25": bm25, "dense": dense}[text], toy)
    assert answers(fitted(cold_prior, toy, text=text, factor=1.0), toy) == answers(alone, toy)


def test_cold_prior_multiplies_what_nobody_bought(toy):
    plain = scores(fitted(cold_prior, toy, text="bm25", factor=1.0), ["blue-hat", "blue-coat"])
    raised = scores(fitted(cold_prior, toy, text="bm25", factor=3.0), ["blue-hat", "blue-coat"])
    assert {item for item in plain if raised[item] != plain[item]} == COLD
    assert raised["blue-scarf"] == pytest.approx(3 * plain["blue-scarf"])


def test_cold_prior_leaves_a_negative_cosine_alone():
    block = cold_prior.raised(lambda queries: np.array([[-0.5, 0.5, 0.2]]), np.array([True, True, False]), 2.0)
    assert block([query([])]).tolist() == [[-0.5, 1.0, 0.2]]


def test_cold_prior_chooses_its_factor_on_validation(toy):
    # on the toy 4 of 10 validation targets were not bought in training; the plain texts find fewer of them
    model = fitted(cold_prior, toy)
    assert model.chosen["factor"] in cold_prior.FACTORS and model.chosen["text"] in ("bm25", "dense")
    assert model.card.config["factor"] == model.chosen["factor"]
    assert fitted(cold_prior, toy, validation=False).chosen == {"text": "bm25", "factor": 1.0}


# --- ease ---


def test_ease_is_a_ridge_regression_of_each_item_on_the_others():
    """Column j of B by the normal equations without item j: an independent way to the closed form."""
    rng = np.random.default_rng(1)
    x = (rng.random((40, 9)) < 0.3).astype(float)
    weights = solve(sp.csr_matrix(x.astype(np.float32)), 2.5)
    for j in range(9):
        others = [i for i in range(9) if i != j]
        design = x[:, others]
        expected = np.linalg.solve(design.T @ design + 2.5 * np.eye(8), design.T @ x[:, j])
        np.testing.assert_allclose(weights[others, j], expected, atol=1e-5)
        assert weights[j, j] == 0


def test_ease_scores_are_the_history_times_the_weights(toy):
    model = fitted(ease, toy, validation=False, penalty=1.0, recency=0.5)
    # of the toy, training knows seven users' sequences; red-scarf twice in a history counts as its last purchase
    values = scores(model, ["red-scarf", "red-hat", "red-scarf"])
    columns = model.catalogue.column
    x = np.zeros((10, 20))
    for row, example in enumerate(toy.examples["train"]):
        x[row, [columns[i.item_id] for i in example.query.history] + [columns[i] for i in example.relevant]] = 1
    x = x[[1, 2, 3, 4, 6]]  # the longest prefix of u01, u02, u05, u06, u07
    inverse = np.linalg.inv(x.T @ x + np.eye(20))
    weights = -inverse / np.diag(inverse)
    expected = weights[columns["red-scarf"]] + 0.5 * weights[columns["red-hat"]]
    for item, value in values.items():
        assert value == pytest.approx(expected[columns[item]], abs=1e-6)


def test_ease_with_recency_1_does_not_look_at_the_order(toy):
    model = fitted(ease, toy, penalty=1.0, recency=1.0)
    one, other = ["red-hat", "red-coat", "blue-hat"], ["blue-hat", "red-hat", "red-coat"]
    assert scores(model, one) == pytest.approx(scores(model, other))
    assert scores(model, one) != pytest.approx(scores(fitted(ease, toy, penalty=1.0, recency=0.5), one))


def test_ease_refuses_a_catalogue_that_is_too_large(toy, monkeypatch):
    monkeypatch.setattr(ease, "MAX_ITEMS", 5)
    with pytest.raises(RadError, match=r"^ease: 13 bought items need 0\.0 GB; it takes up to 5$"):
        fitted(ease, toy, validation=False)


# --- hybrid ---


def test_hybrid_without_texts_is_item_knn(toy):
    assert answers(fitted(hybrid, toy, bm25=0, dense=0), toy) == answers(fitted(item_knn, toy), toy)


def test_hybrid_adds_the_texts_divided_by_their_best(toy):
    history = ["red-hat", "red-coat"]
    alone, words = scores(fitted(hybrid, toy, bm25=0, dense=0), history), scores(fitted(bm25, toy), history)
    both = scores(fitted(hybrid, toy, bm25=0.5, dense=0), history)
    top = max(words.values())
    assert both == pytest.approx({item: alone[item] + 0.5 * words[item] / top for item in alone})


def test_hybrid_divides_item_knn_by_the_mean_best_score(toy):
    model, knn = fitted(hybrid, toy, bm25=0, dense=0), fitted(item_knn, toy)
    history = ["red-hat", "red-coat"]
    sequences = sequences_of([*toy.examples["train"], *toy.examples["validation"]]).values()
    scale = np.mean([max(scores(knn, [x.item_id for x in s]).values()) for s in sequences])
    alone = scores(knn, history)
    assert scores(model, history) == pytest.approx({item: value / scale for item, value in alone.items()})


def test_best_is_taken_outside_the_history(toy):
    catalogue = ItemIndex(toy.items)
    row = np.arange(20.0)
    history = [catalogue.ids[19], catalogue.ids[18]]
    assert best_outside(np.array([row, -row]), [query(history), query(history)], catalogue).tolist() == [17, 1]


def test_hybrid_states_what_it_chose(toy):
    model = fitted(hybrid, toy)
    assert all(model.chosen[name] in values for name, values in hybrid.GRID.items())
    config = model.card.config
    assert config["item_knn_settings"] == fitted(item_knn, toy).chosen and config["bm25"] == model.chosen["bm25"]
    assert fitted(hybrid, toy, bm25=0.3).chosen["bm25"] == 0.3
    assert model.card.n_parameters == 7


@pytest.mark.realdata
@pytest.mark.slow
def test_hybrid_beats_its_parts_on_scientific(scientific):
    """Weights are fixed, so validation stays unseen. Real vectors are not needed: words alone are worth about 0.01."""
    train, validation = scientific.examples["train"], scientific.examples["validation"]
    ndcg = {}
    for weight in (0.0, 0.4):
        model = hybrid.Model(hybrid.Model.Settings(bm25=weight, dense=0))
        model.fit(train, (), scientific.items, 0)
        ndcg[weight] = mean_ndcg(validation, model.catalogue, model.block)
    assert ndcg[0.4] > ndcg[0.0] + 0.005
