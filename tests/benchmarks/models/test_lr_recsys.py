"""LR-Recsys: explanations that know no answer, arms that read what they say, and what an endpoint does not answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.models.lr_recsys import Model, explanations
from benchmarks.models.lr_recsys.autoencoder import BUCKETS, Autoencoder, bags, embedded, trained
from benchmarks.models.lr_recsys.evidence import EvidenceWriter, texts_of
from benchmarks.models.lr_recsys.explanations import CountingWriter, EndpointWriter, Explained, hindsight, leaks
from benchmarks.models.pairs import _features
from benchmarks.models.pairs._network import Deep, Sizes
from rad.data.pairs import pair_splits, without_answer
from rad.errors import RadError
from rad.types import Interaction, Pair, Query
from tests.support.ratings import with_ratings

SMALL = {"epochs": 1, "hidden": 8, "width": 4, "embedding": 4, "encoder_epochs": 1}


@pytest.fixture
def rated(toy):
    return with_ratings(toy)


@pytest.fixture
def pairs(rated):
    return pair_splits(rated, "rating").pairs


def written(train, scored, items, is_training=False):
    features = _features.PairFeatures(train, items)
    return [texts_of(claims) for claims in EvidenceWriter(features).claims(scored, is_training)]


def test_what_speaks_for_and_against_an_item(pairs, toy):
    """u01 rates everything red high: the blue hat shares a garment that was rated 5."""
    (own,) = [p for p in pairs["test"] if p.query.user_id == "u01"]
    ((positive, negative),) = written(pairs["train"], [own], toy.items)
    assert "1 of the last 5 have garment hat, rated 5.0 where 4.4 is usual." in positive
    assert "colour blue, rated 3.0 where 4.4 is usual." in negative, "the blue boots were rated 3"


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_explanation_follows_from_the_answer_of_its_own_pair(rated, pairs, toy, split):
    """Every answer is turned over, one pair at a time, in the pair and in what is counted: no text changes."""
    scored = pairs[split]
    is_training = split == "train"
    before = written(pairs["train"], scored, toy.items, is_training)
    for k, pair in enumerate(scored):
        other = replace(pair, rating=1.0 if pair.rating != 1.0 else 5.0, liked=not pair.liked)
        train = [other if p is pair else p for p in pairs["train"]]
        assert written(train, [other], toy.items, is_training) == [before[k]], pair.query.query_id


def test_training_statistics_leave_the_users_fold_out(pairs, toy):
    """An item that only one user has is unknown to everyone else, so its own rating cannot be read from it."""
    alone = [p for p in pairs["train"] if sum(q.item_id == p.item_id for q in pairs["train"]) == 1]
    assert alone
    features = _features.PairFeatures(pairs["train"], toy.items)
    rows = features.describe(alone, is_training=True)
    columns = [features.names.index(name) for name in ("item_count", "item_residual")]
    assert (rows[:, columns] == 0).all()


def test_what_is_scored_has_no_hindsight(pairs):
    scored = [without_answer(p) for p in pairs["test"]]
    with pytest.raises(RadError, match="has no answer"):
        hindsight(scored, [Explained("", "")] * len(scored))
    texts = hindsight(pairs["train"], [Explained("good", "bad")] * len(pairs["train"]))
    assert set(texts) == {"Chosen. good", "Not chosen. bad"}


def test_leaks_are_named():
    pair = Pair(Query("q", "toy", "u", ()), "red-hat")
    review = "it keeps my ears warm even when the wind is cold"
    copied = Explained("They said it keeps my ears warm even when the wind is strong.", "")
    told_after = Explained("", "In the end they ended up with another hat.")
    clean = Explained("Clearly for: 2 of the last 3 have colour red, rated 5.0 where 4.0 is usual.", "")
    assert leaks([pair], [clean], {"q": review}) == []
    assert "of its review" in leaks([pair], [copied], {"q": review})[0]
    assert "hindsight" in leaks([pair], [told_after])[0]


def test_a_sentence_of_many_pairs_is_searched_for_leaks_once(monkeypatch):
    """On a hundred thousand pairs the search was a third of the run."""
    searched = []
    monkeypatch.setattr(explanations, "forbidden", lambda text: searched.append(text) or [("hindsight", "ended up")])
    explanations._hindsight.cache_clear()
    one = Explained("A little for: it is red, rated 4.5. Clearly for: it is warm.", "")
    pairs = [Pair(Query(f"q{k}", "toy", "u", ()), "red-hat") for k in range(3)]
    assert len(leaks(pairs, [one] * 3)) == 6 and len(searched) == 2
    explanations._hindsight.cache_clear()


def test_explanations_are_made_once(pairs, toy, monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    scored = [without_answer(p) for p in pairs["test"]]
    writer = CountingWriter(_features.PairFeatures(pairs["train"], toy.items))
    first = writer.write(scored, False)
    assert len(list((tmp_path / "lr_recsys").glob("*.jsonl"))) == 1
    monkeypatch.setattr(EvidenceWriter, "claims", lambda *_: pytest.fail("written a second time"))
    again = CountingWriter(_features.PairFeatures(pairs["train"], toy.items))
    assert again.write(scored, False) == first
    assert all(isinstance(e, Explained) for e in first)


def test_an_empty_explanation_is_a_vector_of_zeros_and_is_counted(pairs, toy):
    texts = bags(["clearly for: warm", "", "strongly against: cold"])
    model = trained(texts, texts, texts, 4, 1, 0)
    vectors = embedded(model, texts)
    assert (vectors[1] == 0).all() and (vectors[0] != 0).any() and np.isfinite(vectors).all()
    fitted = Model(Model.Settings(**SMALL))
    fitted.fit(pairs["train"], pairs["validation"], toy.items, 0)
    list(fitted.rate([Pair(Query("nobody-0", "toy", "nobody", ()), "green-boots")]))
    assert fitted.card.config["empty_explanations"] > 0 and fitted.card.config["leaks"] == 0


@pytest.mark.parametrize("arm", ["positive", "negative", "shuffled", "attributes", "none"])
def test_arms(pairs, toy, arm):
    model = Model(Model.Settings(**SMALL, explanations=arm))
    model.fit(pairs["train"], pairs["validation"], toy.items, 0)
    assert model.card.arm == f"explanations={arm}"
    answers = list(model.rate([without_answer(p) for p in pairs["test"]]))
    assert all(p.rating is not None and p.error is None for p in answers)
    columns = {"positive": 4, "negative": 4, "shuffled": 8, "none": 0, "attributes": 2 * (4 + 2)}[arm]
    assert model.extra(pairs["test"], False).shape == (len(pairs["test"]), columns)


def test_parameters_are_those_that_a_prediction_needs_and_dnn_may_have_as_many(pairs, toy):
    model = Model(Model.Settings(**SMALL))
    model.fit(pairs["train"], pairs["validation"], toy.items, 0)
    network = sum(p.numel() for p in model.net.parameters())
    assert model.card.n_parameters == network + 4 * BUCKETS + 4, "an encoder of width 4"
    plain = Model(Model.Settings(**SMALL, explanations="none"))
    plain.fit(pairs["train"], pairs["validation"], toy.items, 0)
    assert plain.card.n_parameters == sum(p.numel() for p in plain.net.parameters())

    # ids and values are the same for both, so the layers decide; the numbers are those of one attribute or of twenty
    def layers(hidden, numbers, extra):
        sizes = Sizes(2, 2, numbers, extra, torch.zeros(1, 1))
        return sum(p.numel() for p in Deep(sizes, 16, hidden).parameters())

    encoder = Autoencoder(16).n_encoder_parameters
    for numbers in (15, 72):
        budget, wide = layers(64, numbers, 32) + encoder, layers(224, numbers, 0)
        assert budget <= wide <= 1.4 * budget


def test_an_endpoint_that_does_not_answer_leaves_explanations_empty_and_counted(fake_endpoint, toy):
    history = (Interaction("u", "red-coat", 1, 5.0, "so warm that I never take it off"),)
    pair = Pair(Query("q", "toy", "u", history), "red-hat", 4.0, True)
    settings = Model.Settings(drafter="llm", base_url=fake_endpoint.url, model="fake", retries=0)
    writer = EndpointWriter(settings, toy.items, 0)
    (one,) = writer.write([without_answer(pair)], False)
    assert isinstance(one, Explained)
    assert (one == Explained("", "")) == bool(writer.failures)
    with pytest.raises(RadError, match="drafter=llm needs an endpoint"):
        EndpointWriter(Model.Settings(drafter="llm"), toy.items, 0)
