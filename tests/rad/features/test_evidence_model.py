"""The evidence model: its gradient, its posterior, and the reasons that it gives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.features.evidence_kernels import RIVALS
from rad.features.evidence_model import STRONGEST, EvidenceModel, _Batch
from rad.rationales.prompt import MOST_FACTS
from rad.rationales.strengths import rounded
from rad.types import Evidence, Query, Reason


@pytest.fixture(scope="module")
def world():
    return open_dataset("world:seed=5,users=60,items=200")


@pytest.fixture(scope="module")
def model(world):
    return EvidenceModel().fit(world.examples["train"], world.items)


@pytest.fixture(scope="module")
def drafts(model, world):
    return model.explain_all(world.examples["train"])


def bought(world, example):
    return world.items[next(iter(example.relevant))]


def test_gradient_is_that_of_the_likelihood(model, world):
    examples = [e for e in world.examples["train"] if model.fold(e.query) == 0][:20]
    batch = _Batch(model, 0, examples)
    rng = np.random.default_rng(0)
    kernels = model.kernels + rng.normal(0, 0.1, len(model.kernels))
    prior = model.prior + rng.normal(0, 0.1, len(model.prior))
    _, gradient = batch.likelihood(kernels, prior)
    weights = np.concatenate([kernels, prior])
    for k in range(len(weights)):
        step = np.zeros(len(weights))
        step[k] = 1e-5
        ends = [batch.likelihood(*np.split(weights + sign * step, [len(kernels)]))[0] for sign in (1, -1)]
        assert np.isclose((ends[0] - ends[1]) / 2e-5, gradient[k], atol=1e-3), k


def test_fitting_makes_the_purchases_likelier(model, world):
    examples = [e for e in world.examples["train"] if model.fold(e.query) == 3]
    batch = _Batch(model, 3, examples)  # of users that the fit did not see
    untrained = EvidenceModel().fit(world.examples["train"], world.items, steps=0)
    before, _ = batch.likelihood(untrained.kernels, untrained.prior)
    after, _ = batch.likelihood(model.kernels, model.prior)
    assert after > before + 0.1 * len(examples)


def test_every_reason_is_a_sound_fact_that_a_prompt_shows(model, world, drafts):
    explained = 0
    for example, reasons in list(zip(world.examples["train"], drafts, strict=True))[::7]:
        assert len(reasons) <= STRONGEST and sum(r.weight for r in reasons) <= 1 + 1e-9
        assert rounded(reasons) == reasons
        shown = {(f.evidence, f.wants) for f in model.facts.about(example.query, MOST_FACTS)}
        for reason in reasons:
            assert reason.evidence.kind in RIVALS and (reason.evidence, reason.wants) in shown
            assert list(model.facts.check(reason, example.query)) == []
            for attribute, value in reason.wants:
                assert value in bought(world, example).attributes[attribute]
            explained += 1
    assert explained > 50


def test_one_purchase_at_a_time_is_the_same(model, world, drafts):
    for k in (0, 100, len(drafts) - 1):
        example = world.examples["train"][k]
        assert model.explain(example.query, bought(world, example)) == drafts[k]


def test_a_purchase_never_counts_for_itself(model):
    users = sorted(model.facts.own)
    for fold in range(5):
        others = [model.facts.own[user] for user in users if model.fold_of[user] != fold]
        expected = np.bincount(np.concatenate(others), minlength=len(model.facts.catalogue))
        assert (model.kernels_of(fold).counts.popularity == expected).all()


def test_nothing_is_explained_without_a_history(model, world):
    assert model.explain(Query("q", "world", "u", ()), next(iter(world.items.values()))) == ()


def test_world_known_reasons_are_found(world, drafts):
    """The first wanted values of a draft are known ones far more often than the values of the bought item are."""
    hits, by_item = [], []
    for example, reasons in zip(world.examples["train"], drafts, strict=True):
        known_claims = {c for r in (example.rationale.reasons if example.rationale else ()) for c in r.wants}
        claims = [c for r in reasons for c in r.wants][:2]
        if known_claims and claims:
            own = [(a, v) for a, values in bought(world, example).attributes.items() for v in values]
            hits.append(np.mean([c in known_claims for c in claims]))
            by_item.append(np.mean([c in known_claims for c in own]))
    assert np.mean(hits) > 1.5 * np.mean(by_item)


def test_gains_are_worked_out_by_hand(model, world):
    example = world.examples["train"][40]
    item = bought(world, example)
    attribute, value = next((a, v) for a, values in item.attributes.items() for v in values)
    wanted = Reason(Evidence((0,), "attribute", attribute, value), ((attribute, value),), weight=0.5)
    counts, catalogue = model.counts[model.fold(example.query)], model.facts.catalogue
    popularity = counts.popularity.astype(float) + 0.3
    within, large = popularity ** model.kernels[-2], popularity ** model.kernels[-1]
    among = [k for k, i in enumerate(catalogue.ids) if value in world.items[i].attributes.get(attribute, ())]
    target = catalogue.index[item.item_id]
    p, p0 = within[target] / within[among].sum(), large[target] / large.sum()
    contrary = Reason(Evidence((0,), "absence"), avoids=((attribute, value),), weight=0.75)
    gains = model.gains([((wanted,), example), ((), example), ((contrary,), example)])
    assert np.allclose(gains, [np.log2((0.5 * p + 0.5 * p0) / p0), 0, -2])


def test_drafts_make_their_purchases_likelier(model, world, drafts):
    cases = [(r, e) for r, e in zip(drafts, world.examples["train"], strict=True) if r][:200]
    shuffled = [(r, e) for (r, _), (_, e) in pairwise(cases)]
    assert np.mean(model.gains(cases)) > 1 > np.mean(model.gains(shuffled))
