"""Records and tensors say the same, and what does not exist is dropped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.models.rationale_first.story import Story
from rad.features.item_features import Catalogue
from rad.rationales.rules import Rules
from rad.types import Evidence, Rationale, Reason


@pytest.fixture
def catalogue(toy):
    return Catalogue.of(toy.items)


def random_story(catalogue, histories, seed=0):
    rng = np.random.default_rng(seed)
    n, v, j = len(histories), len(catalogue.values), 3
    rivals = rng.dirichlet(np.full(1 + j + v, 0.5), n)
    anchors = np.full((n, j), -1)
    for row, history in zip(anchors, histories, strict=True):
        recent = list(history[-j:])[::-1]
        row[: len(recent)] = recent
    rivals[:, 1 : 1 + j] *= anchors >= 0
    rivals /= rivals.sum(1, keepdims=True)
    standing = rng.random((2, n, v)) * (rng.random((2, n, v)) < 0.4)
    arrays = (rivals[:, 0], anchors, rivals[:, 1 : 1 + j], rivals[:, 1 + j :], *standing)
    return Story(*(torch.tensor(a, dtype=torch.long if a is anchors else torch.float32) for a in arrays))


def dense(story, catalogue):
    """What is owed to each item of the history, whatever the slot."""
    out = torch.zeros(len(story.unexplained), len(catalogue))
    for row, (items, shares) in enumerate(zip(story.anchors, story.together, strict=True)):
        for item, share in zip(items, shares, strict=True):
            if item >= 0:
                out[row, item] += share
    return out


def test_a_story_survives_its_records(catalogue):
    histories = [(3, 7, 1, 12), (5, 2)]
    story = random_story(catalogue, histories)
    records = story.reasons(catalogue, histories, most=100)
    assert all(sum(r.weight for r in reasons) <= 1 + 1e-6 for reasons in records)
    again = Story.of(catalogue, histories, records)
    for name in ("unexplained", "wants", "likes", "avoids"):
        torch.testing.assert_close(getattr(again, name), getattr(story, name), atol=6e-3, rtol=0)
    torch.testing.assert_close(dense(again, catalogue), dense(story, catalogue), atol=6e-3, rtol=0)


def test_records_obey_the_rules_and_cite_what_has_the_value(catalogue, toy):
    query = toy.examples["test"][0].query
    history = tuple(catalogue.indices(query.history))
    [reasons] = random_story(catalogue, [history], seed=1).reasons(catalogue, [history], most=6)
    made = Rationale("r", query.query_id, reasons, "", "supported", "model", "x", "1")
    assert not [f for f in Rules(toy.items).violations(made, query) if not f.counted]
    assert len([r for r in reasons if r.evidence.kind == "constraint"]) <= 6
    assert [r.weight for r in reasons] == sorted((r.weight for r in reasons), reverse=True)
    for reason in reasons:
        for claim in reason.avoids:
            v = catalogue.value_index[claim]
            without = [k for k, item in enumerate(history) if v not in catalogue.item_values[item]]
            assert set(reason.evidence.history) <= set(without) or not without


def test_what_is_cut_goes_to_the_reasons_that_stay(catalogue):
    histories = [(3, 7, 1, 12)]
    story = random_story(catalogue, histories, seed=2)
    short = Story.of(catalogue, histories, story.reasons(catalogue, histories, most=2))
    torch.testing.assert_close(short.unexplained, story.unexplained, atol=2e-3, rtol=0)
    assert int((short.wants > 0).sum() + (short.together > 0).sum()) == 2
    kept = short.likes > 0
    torch.testing.assert_close(short.likes[kept], story.likes[kept], atol=1e-4, rtol=0)


def test_claims_that_do_not_exist_are_unexplained(catalogue):
    history = [3, 7, 9]
    reasons = (
        Reason(Evidence((0, 2), "attribute", "colour", "red"), (("colour", "red"),), weight=0.4),
        Reason(Evidence((1,), "co_purchase"), weight=0.2),
        Reason(Evidence((8,), "co_purchase"), weight=0.1),
        Reason(Evidence((1,), "sequence"), (("colour", "invisible"),), weight=0.1),
        Reason(Evidence((1,), "attribute", "colour", "red"), avoids=(("colour", "red"),), weight=0.1),
    )
    got = Story.of(catalogue, [history], [reasons])
    red = catalogue.value_index["colour", "red"]
    assert got.wants[0, red].item() == pytest.approx(0.4) and got.wants.sum().item() == pytest.approx(0.4)
    assert dense(got, catalogue)[0, 7].item() == pytest.approx(0.2)
    assert got.unexplained[0].item() == pytest.approx(0.4) and got.avoids.sum() == 0


def test_standing_weights_are_told_apart_from_shares(catalogue):
    history = [3, 7]
    red, hat = ("colour", "red"), ("garment", "hat")
    reasons = (
        Reason(Evidence((0,), "constraint"), (red,), weight=0.3),
        Reason(Evidence((0,), "constraint"), avoids=(hat,), weight=0.2),
        Reason(Evidence((1,), "co_purchase"), weight=0.4),
    )
    got = Story.of(catalogue, [history], [reasons])  # 0.5 is left for the rivals: 0.8 and 0.2 of it
    assert got.likes[0, catalogue.value_index[red]].item() == pytest.approx(0.6)
    assert got.avoids[0, catalogue.value_index[hat]].item() == pytest.approx(0.4)
    assert dense(got, catalogue)[0, 7].item() == pytest.approx(0.8) and got.wants.sum() == 0
