"""The head against a slow sum over reasons, and the arms of rationale_first end to end on a small world."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks.models.rationale_first.head import Head
from benchmarks.models.rationale_first.model import Model
from benchmarks.models.rationale_first.story import Story
from rad.data.load import open_dataset
from rad.data.splits import sequences_of
from rad.features.item_features import FEATURES, Catalogue, CoPurchase
from rad.types import Evidence, Rationale, Reason


@pytest.fixture
def facts(toy):
    catalogue = Catalogue.of(toy.items)
    counts = CoPurchase.of([catalogue.indices(s) for s in sequences_of(toy.examples["train"]).values()], 20)
    return catalogue, counts


def test_scores_equal_a_slow_sum(facts):
    catalogue, counts = facts
    weights = np.linspace(0.2, 1.0, len(FEATURES))
    torch.manual_seed(0)
    words = torch.randn(len(catalogue.values), 4)
    head = Head(catalogue, weights, 0.7, lambda: words, 4, 0.02)
    with torch.no_grad():
        head.pair.normal_(0, 0.3)
        head.appeal.normal_(0, 0.5)
        head.strength.copy_(torch.tensor([1.0, 2.0]))
    reasons = (
        Reason(Evidence((0,), "sequence"), (("colour", "red"),), weight=0.3),
        Reason(Evidence((0,), "co_purchase"), weight=0.15),
        Reason(Evidence((1,), "attribute", "garment", "hat"), (("garment", "hat"),), weight=0.05),
        Reason(Evidence((1,), "constraint"), (("colour", "blue"),), weight=0.2),
        Reason(Evidence((1,), "constraint"), avoids=(("garment", "coat"),), weight=0.1),
    )
    got = head.scores(Story.of(catalogue, [[3, 7], [3]], [reasons, ()]), counts)
    has = np.array([[v in own for v in range(len(catalogue.values))] for own in catalogue.item_values], float)
    index, popularity = catalogue.value_index, np.log(counts.popularity + 0.3)

    def softmax(scores):
        odds = np.exp(scores - scores.max())
        return odds / odds.sum()

    appeal = head.appeal.detach().numpy()
    taste = (0.2 * 1.0 * has[:, index["colour", "blue"]] - 0.1 * 2.0 * has[:, index["garment", "coat"]]) / 0.7
    comes = (words @ head.pair @ words.T).detach().numpy() @ has.T

    def wanted(claim):
        score = taste + appeal + 0.5 * popularity + comes[index[claim]]
        return softmax(np.where(has[:, index[claim]] > 0, score, -np.inf))

    together = catalogue.features(np.array([3]), counts)[0] @ weights + 0.3 * (taste + appeal)
    together[3] = -np.inf
    background = softmax(0.7 * popularity)
    shares = np.array([0.3, 0.15, 0.05, 0.2]) / 0.7
    parts = [wanted(("colour", "red")), softmax(together), wanted(("garment", "hat")), background]
    np.testing.assert_allclose(got[0], shares @ np.array(parts), rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(got[1], background, rtol=2e-3)
    np.testing.assert_allclose(got.sum(1), 1, rtol=1e-3)


def test_the_loss_needs_the_targets_wants_alone(facts):
    """Each example under its own fold's counts; wants that a target does not meet cannot raise its probability."""
    catalogue, counts = facts
    other = CoPurchase.of([[1, 2, 3], [4, 3]], 20)
    torch.manual_seed(1)
    words = torch.randn(len(catalogue.values), 4)
    head = Head(catalogue, np.ones(len(FEATURES)), 1.0, lambda: words, 4, 0.02)
    wanted = Reason(Evidence((0,), "sequence"), (("colour", "red"),), weight=0.3)
    reasons = (Reason(Evidence((0,), "co_purchase"), weight=0.3), wanted)
    story = Story.of(catalogue, [[3, 7], [4], [5, 6]], [reasons] * 3)
    fold, targets = np.array([1, 0, 1]), np.array([2, 9, 11])
    expected = [
        head.scores(story[k : k + 1], [counts, other][f])[0, t]
        for k, (f, t) in enumerate(zip(fold, targets, strict=True))
    ]
    got = head.loss(story, [counts, other], fold, targets)
    assert got.item() == pytest.approx(-np.log(expected).mean(), rel=1e-4)


@pytest.fixture(scope="module")
def world():
    """That of the contract tests, so that the language model is trained once for both: the cache is the session's."""
    return open_dataset("world:seed=3,users=40,items=200")


@pytest.fixture(scope="module")
def model(world):
    """The model with its default arm, fitted once for all tests, which only ask it."""
    return fitted(world)


def fitted(world, **settings):
    model = Model(Model.Settings(**(Model.test_settings | settings)))
    model.fit(world.examples["train"], world.examples["validation"], world.items, 0)
    return model


def test_ranking_comes_from_the_rationale_alone(world, model):
    """The same rationale written for another user's query with the same citations ranks alike, but for the mask."""
    queries = [e.query for e in world.examples["test"][:20]]
    found = list(model.predict(queries))
    assert all(p.rationale.reasons and p.rationale.origin == "model" for p in found)
    again = list(model.rank_given(queries, [p.rationale for p in found]))
    assert [p.ranking for p in again] == [p.ranking for p in found]
    # without reasons everybody gets the popular items, but for the masked history
    bare = list(model.rank_given(queries, [dataclasses.replace(p.rationale, reasons=()) for p in found]))
    bought = {x.item_id for q in queries for x in q.history}
    assert len({tuple(i for i in p.ranking if i not in bought)[:5] for p in bare}) == 1
    assert [p.ranking for p in bare] != [p.ranking for p in found]
    # a purchase that no reason cites can be another one without any effect (the mask aside)
    last = Rationale(
        "r", "q", (Reason(Evidence((len(queries[0].history) - 1,), "co_purchase")),), "", "supported", *"oxy"
    )
    spare = next(x for x in queries[1].history if x.item_id not in {y.item_id for y in queries[0].history})
    other = dataclasses.replace(queries[0], history=(spare, *queries[0].history[1:]))
    [one], [two] = model.rank_given(queries[:1], [last]), model.rank_given([other], [last])
    moved = {spare.item_id, queries[0].history[0].item_id}
    assert [i for i in one.ranking if i not in moved][:98] == [i for i in two.ranking if i not in moved][:98]


@pytest.mark.slow
def test_arms_differ_and_the_none_arm_writes_nothing(world):
    queries = [e.query for e in world.examples["test"][:10]]
    none = list(fitted(world, rationale="none").predict(queries))
    gate = list(fitted(world, reasoner="gate").predict(queries))
    filler = list(fitted(world, rationale="filler", pauses=2).predict(queries))
    assert all(p.rationale is None for p in [*none, *filler])
    assert [p.ranking for p in none] != [p.ranking for p in filler]
    assert all(p.rationale is not None and p.rationale.reasons for p in gate)
    assert Model(Model.Settings(reasoner="gate")).card.arm == "reasoner=gate"


@pytest.mark.slow
def test_the_after_arm_explains_the_ranking_of_the_none_arm_and_listens_to_nothing(world):
    queries = [e.query for e in world.examples["test"][:10]]
    none, model = list(fitted(world, rationale="none").predict(queries)), fitted(world, rationale="after")
    after = list(model.predict(queries))
    assert [p.ranking for p in after] == [p.ranking for p in none]
    for p in after:
        first = {(a, v) for a, vs in world.items[p.ranking[0]].attributes.items() for v in vs}
        assert p.rationale.reasons and all(claim in first for r in p.rationale.reasons for claim in r.wants)
    others = [p.rationale for p in [*after[1:], after[0]]]
    swapped = list(model.rank_given(queries, others))
    assert [p.ranking for p in swapped] == [p.ranking for p in after]
    assert [p.rationale for p in swapped] == others


def test_an_empty_history_is_answered_by_popularity(world, model):
    query = dataclasses.replace(world.examples["test"][0].query, history=())
    [answer] = model.predict([query])
    assert answer.rationale.verdict == "unexplained" and answer.rationale.reasons == () and len(answer.ranking) == 100


def test_a_trained_model_comes_from_the_cache(world, model, monkeypatch):
    monkeypatch.setattr("benchmarks.models.rationale_first.model.train", None)  # would fail if it were called
    second = fitted(world)
    queries = [e.query for e in world.examples["test"][:5]]
    assert [p.ranking for p in second.predict(queries)] == [p.ranking for p in model.predict(queries)]
    with pytest.raises(TypeError):
        fitted(world, learning_rate=5e-3)


def test_a_foreign_rationale_is_accepted(world, model):
    query = world.examples["test"][0].query
    strange = Rationale(
        "r", query.query_id, (Reason(Evidence((99,), "co_purchase")),), "", "supported", "llm", "x", "1"
    )
    [answer] = model.rank_given([query], [strange])
    assert len(answer.ranking) == 100 and answer.rationale is strange
