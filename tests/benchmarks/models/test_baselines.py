"""The ranking code that models share, and each baseline against answers worked out by hand or by another library."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from benchmarks.harness.evaluate import evaluate
from benchmarks.models import bm25, dense, item_knn, next_id, popularity
from benchmarks.models import random as random_model
from benchmarks.models._scoring import ItemIndex, choose, grid, mean_ndcg, rank, rank_block, top_items
from rad.data.splits import leave_last_out
from rad.errors import RadError
from rad.features.bm25 import tokenize
from rad.types import Example, Interaction, Item, Query

TEXTS = {
    "a": "red wool scarf",
    "b": "blue wool hat with a red band",
    "c": "steel hammer",
    "d": "red wool wool hat",
    "e": "",
    "f": "hammer of steel with a steel handle",
}
ITEMS = {name: Item(name, "toy", text, text) for name, text in TEXTS.items()}


def query(history, candidates=None, name="q"):
    return Query(name, "toy", "u", tuple(Interaction("u", item) for item in history), candidates=candidates)


def split(sequences):
    purchases = {user: [Interaction(user, item) for item in items] for user, items in sequences.items()}
    return leave_last_out("toy", purchases)


def fitted(module, sequences=None, validation=True, items=ITEMS, **settings):
    model = module.Model(module.Model.Settings(**settings))
    examples = split(sequences or {"u": "abcab", "v": "bcdab"})
    model.fit(examples["train"], examples["validation"] if validation else (), items, 0)
    return model


def ranking(model, history):
    (prediction,) = model.predict([query(history)])
    return "".join(prediction.ranking)


# --- shared ranking code ---

scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, -3.0]), min_size=1, max_size=40)


@settings(deadline=None)
@given(scores, st.integers(1, 45), st.data())
def test_top_items_is_a_stable_sort(row, k, data):
    history = data.draw(st.lists(st.integers(0, len(row) - 1), max_size=5))
    ids = [f"{i:02}" for i in range(len(row))]
    ((ranking, values),) = top_items(np.array([row]), [history], ids, k)
    expected = sorted((i for i in range(len(row)) if i not in history), key=lambda i: (-row[i], i))[:k]
    assert ranking == tuple(ids[i] for i in expected)
    assert values == tuple(row[i] for i in expected)


def test_scores_that_are_no_numbers_become_an_error():
    catalogue = ItemIndex(ITEMS)
    block = np.array([[0, 1, np.nan, 0, 0, 0], [0, 1, np.inf, 0, 0, 0], [0, 1, -np.inf, 0, 0, 2], [1, 2, 3, 4, 5, 6]])
    predictions = rank_block([query("a", name=str(k)) for k in range(4)], block, catalogue)
    assert [bool(p.error) for p in predictions] == [True, True, False, False]
    assert predictions[2].ranking == ("f", "b", "d", "e")  # minus infinity keeps an item out
    everything = rank_block([query("abcdef")], block[3:], catalogue)
    assert everything[0].error and not everything[0].ranking


def test_nan_on_a_history_item_is_masked():
    predictions = rank_block([query("c")], np.array([[0, 1, np.nan, 0, 0, 0]]), ItemIndex(ITEMS))
    assert predictions[0].ranking == ("b", "a", "d", "e", "f")


def test_candidates_and_unknown_history_items():
    catalogue = ItemIndex(ITEMS)
    queries = [query(["a", "gone"], candidates=("f", "b", "a"))]
    (prediction,) = rank(queries, catalogue, lambda part: np.arange(6)[None, :].astype(float))
    assert prediction.ranking == ("f", "b")


def test_recent_weights_by_hand():
    weights = ItemIndex(ITEMS).recent([query("abca"), query("")], last=3, decay=0.5).toarray()
    assert weights.tolist() == [[1.0, 0.25, 0.5, 0, 0, 0], [0.0] * 6]


def test_mean_ndcg_equals_the_evaluation():
    rng = np.random.default_rng(0)
    items = {f"{k:02}": Item(f"{k:02}", "toy", "", "") for k in range(30)}
    catalogue, names = ItemIndex(items), list(items)
    block = np.round(rng.random((40, 30)), 1)  # many ties
    examples = [
        Example(query(random.Random(k).sample(names, 5), name=str(k)), "test", {names[(7 * k) % 30]: 1})
        for k in range(40)
    ]
    evaluation = evaluate(
        rank_block([e.query for e in examples], block, catalogue), examples, ["ndcg@10"], items, samples=5
    )
    assert mean_ndcg(examples, catalogue, lambda part: block) == pytest.approx(evaluation.value("ndcg@10"))


def test_choose_takes_the_best_and_the_first_of_equals():
    catalogue = ItemIndex(ITEMS)
    examples = [Example(query("a"), "validation", {"c": 1})]

    def block_of(setting):
        return lambda part: np.eye(6)[[setting["top"]] * len(part)]

    entries = [{"top": k, "n": n} for n in (0, 1) for k in (1, 2, 3)]
    assert choose(entries, block_of, examples, catalogue) == {"top": 2, "n": 0}
    assert choose(entries, block_of, [], catalogue) == {"top": 1, "n": 0}
    assert grid({"last": (1, 2), "decay": (0.5,)}, bm25.Model.Settings(last=7)) == [{"last": 7, "decay": 0.5}]


# --- the baselines ---


def test_popularity_counts_purchases_without_the_test_item():
    # learned: u bought a b c a (then b, held out), v bought b c d a (then b)
    assert ranking(fitted(popularity), "e") == "abcdf"
    assert ranking(fitted(popularity, validation=False), "e") == "bcadf"  # also without the validation item a


def test_next_id_goes_around():
    model = fitted(next_id)
    assert ranking(model, "d") == "efabc"
    assert ranking(model, "df") == "abce"
    assert ranking(model, "") == "abcdef"


def test_random_is_seeded_by_query_and_even():
    model = fitted(random_model)
    queries = [query("a", name=str(k)) for k in range(3000)]
    first = [p.ranking[0] for p in model.predict(queries)]
    assert first[:50] == [p.ranking[0] for p in model.predict(queries[:50])]
    assert all(500 < first.count(item) < 700 for item in "bcdef")


def test_item_knn_by_hand():
    sequences = {"u": "abcff", "v": "abff"}  # the last item is the test answer, the one before it validation
    model = fitted(item_knn, sequences, window=2, decay=1.0, discount=0.5, recency=0.5, backward=0.5)
    # learned: u: a b c f, v: a b f. Pairs at distance 1 and 2, weight 1 / distance
    forward = {"ab": 2, "ac": 0.5, "bc": 1, "bf": 0.5 + 1, "cf": 1, "af": 0.5}
    bought = {"a": 2, "b": 2, "c": 1, "f": 2}

    def similar(lead, led):
        pairs = forward.get(lead + led, 0) + 0.5 * forward.get(led + lead, 0)
        return pairs / math.sqrt((bought[lead] + 1) * (bought[led] + 1))

    (prediction,) = model.predict([query("ab")])
    expected = {item: similar("b", item) + 0.5 * similar("a", item) for item in "cf"}
    assert dict(zip(prediction.ranking, prediction.scores, strict=True)) == pytest.approx(
        expected | {"d": 0, "e": 0}, abs=1e-6
    )


def test_item_knn_orders_the_rest_by_popularity():
    model = fitted(item_knn, {"u": "abcdd", "v": "fefee", "w": "dfdfd"}, window=1, recency=1.0)
    (prediction,) = model.predict([query("")])
    assert prediction.ranking == tuple("fdeabc")  # learned: abcd, fefe, dfdf
    assert max(prediction.scores) <= 1e-9


@pytest.mark.parametrize("module", [item_knn, bm25])
def test_stated_settings_are_kept_and_the_rest_is_chosen(module):
    model = fitted(module)
    assert all(model.card.config[name] in values for name, values in module.GRID.items())
    name = next(iter(module.GRID))
    assert fitted(module, **{name: 7}).card.config[name] == 7
    first = {name: values[0] for name, values in module.GRID.items()}
    assert first.items() <= fitted(module, validation=False).card.config.items()


def test_bm25_equals_rank_bm25():
    model = fitted(bm25, last=2, decay=0.5)
    reference = BM25Okapi([tokenize(text) for text in TEXTS.values()])
    (prediction,) = model.predict([query("cbd")])
    expected = reference.get_scores(tokenize(TEXTS["d"])) + 0.5 * reference.get_scores(tokenize(TEXTS["b"]))
    by_item = dict(zip(ITEMS, expected, strict=True))
    assert dict(zip(prediction.ranking, prediction.scores, strict=True)) == pytest.approx(
        {k: by_item[k] for k in "aef"}
    )


def test_dense_by_hand(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    encoders = []

    def encode(encoder, texts):
        encoders.append(encoder)
        vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6], [-1, 0], [0, -1]], dtype=np.float32)
        return vectors, 123

    monkeypatch.setattr(dense, "_encode", encode)
    model = fitted(dense, last=2, decay=0.5)
    (prediction,) = model.predict([query("fac")])  # [0, 1] + 0.5 * [1, 0]
    assert dict(zip(prediction.ranking, prediction.scores, strict=True)) == pytest.approx(
        {"b": 1.1, "d": 1.0, "e": -0.5}
    )
    assert model.card.n_parameters == 123
    assert fitted(dense).card.n_parameters == 123 and encoders == ["all-MiniLM-L6-v2"]  # the second from the cache
    fitted(dense, encoder="other")
    assert encoders == ["all-MiniLM-L6-v2", "other"]


@pytest.mark.slow
def test_dense_with_the_bundled_encoder(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    model = fitted(dense, last=1, decay=1.0)
    assert ranking(model, "c")[0] == "f" and ranking(model, "a")[0] == "d"
    assert model.card.n_parameters == 22_713_216


@pytest.mark.slow
def test_dense_names_an_encoder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    with pytest.raises(RadError, match="encoder '/no/such/folder' is neither") as error:
        fitted(dense, encoder="/no/such/folder")
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "embeddings").glob("*"))
