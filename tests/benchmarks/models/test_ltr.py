"""``ltr``: features by hand on the toy, examples that never see their own answer, the logit and the order of scores."""

from __future__ import annotations

import dataclasses
import math
from itertools import product

import numpy as np
import pytest

from benchmarks.models import _ltr_features, bm25, dense, item_knn, ltr
from benchmarks.models._ltr_features import PRIOR, READINGS, Facts, LogOdds, Texts, describe
from benchmarks.models.ltr import Logit, described_by_others, sample, within
from rad.types import Example, Interaction, Query

KNN = {name: values[0] for name, values in item_knn.GRID.items()}


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch, tmp_path):
    """Fixed random vectors: what they mean does not matter here."""
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    vectors = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(dense, "_encode", lambda encoder, texts: (vectors, 7))


@pytest.fixture
def texts(toy):
    parts = bm25.Model(), dense.Model()
    for part in parts:
        part.fit(toy.examples["train"], (), toy.items, 0)
    return Texts(*parts, toy.items)


@pytest.fixture
def facts(toy, texts):
    return Facts(toy.examples["train"], toy.items, texts, KNN)


def query(items, ratings=None, candidates=None):
    rated = ratings or [None] * len(items)
    history = tuple(Interaction("u", item, rating=rating) for item, rating in zip(items, rated, strict=True))
    return Query("q", "toy", "u", history, candidates=candidates)


def row(facts, query, item):
    """The features of one candidate by name."""
    described = describe([query], facts)
    (k,) = np.flatnonzero(described.columns == facts.catalogue.column[item])
    return dict(zip(_ltr_features.names(facts.texts), described.x[k].tolist(), strict=True))


# --- features ---


def test_matches_by_hand(facts):
    features = row(facts, query(["red-hat", "blue-coat", "red-coat"]), "red-boots")
    assert features["share.colour"] == pytest.approx(2 / 3, abs=1e-5) and features["share.garment"] == 0
    assert features["share.all"] == pytest.approx(2 / 3, abs=1e-5)
    assert features["recent.colour"] == pytest.approx((1 + 0.49) / (1 + 0.7 + 0.49), abs=1e-5)
    assert features["last.colour"] == 1 and features["last.garment"] == 0
    assert features["length"] == 3


def test_taste_is_the_share_against_how_common_the_value_is(facts, toy):
    features = row(facts, query(["red-hat", "red-coat"]), "red-boots")
    share = (facts.bought + 1) / (facts.bought.sum() + 20)
    common = sum(s for item, s in zip(toy.items, share, strict=True) if item.startswith("red"))
    assert features["taste.colour"] == pytest.approx(math.log((2 + 3 * common) / 5 / common), abs=1e-4)


def test_ratings_count_above_their_mean(toy, texts):
    rated = [
        dataclasses.replace(e, query=dataclasses.replace(e.query, history=(_rated(e.query.history[0], 4),)))
        for e in toy.examples["train"]
    ]
    features = row(Facts(rated, toy.items, texts, KNN), query(["red-hat", "red-coat"], [5, 2]), "red-boots")
    assert features["rated.colour"] == pytest.approx((5 - 4) + (2 - 4))


def _rated(interaction, rating):
    return dataclasses.replace(interaction, rating=rating)


def test_popularity_and_cold(facts):
    assert row(facts, query(["red-hat"]), "green-boots")["cold"] == 1
    features = row(facts, query(["red-coat"]), "red-hat")  # training has it from u01 and u02
    assert features["cold"] == 0 and features["popularity"] == pytest.approx(math.log(3), abs=1e-4)


@pytest.mark.parametrize("reach", [1, 2])
def test_log_odds_against_the_formula(toy, texts, reach):
    sequences = [[0, 5, 6, 12], [5, 0, 12]]
    odds = LogOdds(sequences, reach, texts.frequent)
    has = texts.values.toarray()
    pairs = [(s[i], s[k]) for s in sequences for k in range(1, len(s)) for i in range(max(0, k - reach), k)]
    led = [item for s in sequences for item in s[1:]]
    m = PRIOR * reach
    for a, b in product(range(has.shape[1]), repeat=2):
        n = sum(has[i, a] for i, _ in pairs)
        t = sum(has[i, a] * has[k, b] for i, k in pairs)
        p = (sum(has[k, b] for k in led) + 1) / (len(led) + 1)
        one = np.eye(has.shape[1])[[a]]
        # (t + m p) / (n + m) is the smoothed P(b | a)
        assert odds.of(_ltr_features.sp.csr_matrix(one))[0, b] == pytest.approx(math.log((t + m * p) / (n + m) / p))


def test_rare_values_have_no_log_odds(toy, monkeypatch):
    monkeypatch.setattr(_ltr_features, "VALUES", 4)
    parts = bm25.Model(), dense.Model()
    for part in parts:
        part.fit(toy.examples["train"], (), toy.items, 0)
    texts = Texts(*parts, toy.items)
    counts = np.asarray(texts.frequent.sum(axis=0)).ravel()
    assert counts[counts > 0].tolist() == [5, 5, 5, 5]  # the four garments, on five items each


def test_candidates_are_outside_the_history_or_the_querys_own(facts):
    ids = facts.catalogue.ids
    described = describe([query(["red-hat", "red-coat"])], facts)
    assert {ids[c] for c in described.columns} == set(ids) - {"red-hat", "red-coat"}  # the toy is smaller than the tops
    own = describe([query(["red-hat"], candidates=("white-hat", "red-hat", "blue-hat"))], facts)
    assert {ids[c] for c in own.columns} == {"white-hat", "blue-hat"}
    none = describe([query(["red-hat"])], facts, [facts.catalogue.column["red-hat"]])
    assert none.x.shape == (0, len(_ltr_features.names(facts.texts)))


# --- no leak ---


def _described(examples, train, toy, texts):
    return described_by_others(examples, train, toy.items, texts, KNN, folds=3)[0]


def test_an_example_is_described_without_its_own_users_purchases(toy, texts):
    """Whatever u01 buys from the answer on, the features of u01's first prefix stay as they are."""
    train = list(toy.examples["train"])
    first, second = (e for e in train if e.query.user_id == "u01")
    changed = _with(second, ("white-coat", "green-hat", "black-boots"), "green-scarf")
    altered = [e if e is not second else changed for e in train]
    np.testing.assert_array_equal(_described([first], train, toy, texts), _described([first], altered, toy, texts))
    # but another user, of another fold, does see them
    other = next(e for e in train if e.query.user_id == "u02")
    assert not np.array_equal(_described([other], train, toy, texts), _described([other], altered, toy, texts))


def _with(example, items, target) -> Example:
    user = example.query.user_id
    history = (*example.query.history[:2], *(Interaction(user, item) for item in items))
    return dataclasses.replace(example, query=dataclasses.replace(example.query, history=history), relevant={target: 1})


def test_an_answer_that_only_its_user_bought_looks_cold(toy, texts):
    """Training has red-scarf from u01 alone; with u01's purchases counted it would be warm, as later for others."""
    train = toy.examples["train"]
    example = next(e for e in train if set(e.relevant) == {"red-scarf"})
    x, target, sizes = described_by_others([example], train, toy.items, texts, KNN, folds=3)
    cold = _ltr_features.names(texts).index("cold")
    assert sizes.tolist() == [len(x)] and target.sum() == 1
    assert x[target, cold] == 1
    assert row(Facts(train, toy.items, texts, KNN), example.query, "red-scarf")["cold"] == 0


def test_sample_leaves_out_what_cannot_be_ranked(toy):
    train = list(toy.examples["train"])
    repeat = dataclasses.replace(train[0], relevant={train[0].query.history[0].item_id: 1})
    assert repeat not in sample([*train, repeat], 100, 0)
    assert len(sample(train, 3, 0)) == 3 and sample(train, 3, 0) == sample(train, 3, 0)


# --- the model ---


def test_within_counts_from_the_best_and_keeps_equals_in_order():
    score, group = np.array([0.1, 0.5, 0.5, 2.0, 3.0]), np.array([0, 0, 0, 1, 1])
    assert within(score, group).tolist() == [2, 0, 1, 1, 0]
    assert within(np.zeros(0), np.zeros(0, np.int64)).tolist() == []


def test_logit_finds_the_weights_that_made_the_choices():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 8, 3)).astype(np.float32)
    odds = np.exp(x @ np.array([1.0, -0.5, 0.0]))
    picks = [rng.choice(8, p=row / row.sum()) for row in odds]
    target = np.zeros((3000, 8), bool)
    target[np.arange(3000), picks] = True
    model = Logit(x.reshape(-1, 3), target.ravel(), np.full(3000, 8))
    assert model.weights == pytest.approx([1.0, -0.5, 0.0], abs=0.08)


def test_logit_without_examples_knows_nothing():
    model = Logit(np.zeros((0, 2), np.float32), np.zeros(0, bool), np.zeros(0, np.int64))
    assert model(np.ones((3, 2), np.float32)).tolist() == [0, 0, 0]


def _fitted(toy, **settings):
    model = ltr.Model(ltr.Model.Settings(folds=3, **settings))
    model.fit(toy.examples["train"], toy.examples["validation"], toy.items, 0)
    return model


def test_trees_order_the_first_and_never_pass_them_below_the_rest(toy, monkeypatch):
    monkeypatch.setattr(ltr, "ORDERED", 4)
    model = _fitted(toy, trees=5)
    queries = [e.query for e in toy.examples["test"]]
    model.trees = None
    plain = [p.ranking for p in model.predict(queries)]

    class Upside:
        """Stands for trees: turns the logit's order around by far."""

        def predict(self, x, num_threads):
            return -1000 * x[:, -1]

    model.trees = Upside()
    turned = [p.ranking for p in model.predict(queries)]
    assert [r[:4] for r in turned] == [r[:4][::-1] for r in plain]
    assert [r[4:] for r in turned] == [r[4:] for r in plain]


def test_no_trees_leave_the_logit(toy):
    assert _fitted(toy, trees=0).trees is None


def test_what_is_no_candidate_follows_by_popularity(toy, monkeypatch):
    monkeypatch.setattr(_ltr_features, "TOP", {"knn": 2})
    model = _fitted(toy, trees=0)
    (prediction,) = model.predict([query(["red-hat", "red-coat"])])
    assert len(prediction.ranking) == 18
    rest = [model.facts.bought[model.catalogue.column[item]] for item in prediction.ranking[4:]]
    assert rest == sorted(rest, reverse=True)


def test_facts_know_validation_purchases_at_the_end(toy):
    model = _fitted(toy, trees=0)
    assert model.facts.bought.sum() > Facts(toy.examples["train"], toy.items, model.facts.texts, KNN).bought.sum()
    assert set(model.facts.readings) == set(READINGS)
    assert model.card.config["item_knn_settings"] == model.parts[0].chosen
