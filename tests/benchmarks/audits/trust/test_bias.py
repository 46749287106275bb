"""Bias: who is shown, served and spoken to, from predictions that were made to favour a group."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.audits.trust.bias import BiasAudit
from benchmarks.audits.trust.groups import item_groups, user_groups
from benchmarks.explanations.finished_run import read_finished_run
from rad.types import Item
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


@pytest.fixture(scope="module")
def finished_run(finished_runs, datasets):
    return read_finished_run(finished_runs["template"], datasets)


def test_only_luxury_is_shown(finished_run):
    """Ten luxury items for everybody: all of the exposure, and as many times what was chosen."""
    items = finished_run.data.items
    luxury = [k for k, item in items.items() if item.attributes["price_tier"] == ("luxury",)]
    shown = [
        replace(p, ranking=tuple(k for k in luxury if k not in {x.item_id for x in e.query.history})[:10])
        for p, e in zip(finished_run.predictions, finished_run.examples, strict=True)
    ]
    rows = {(e.trait, e.group): e for e in BiasAudit(replace(finished_run, predictions=shown)).exposures()}
    one, other = rows["price", "luxury"], rows["price", "low-cost"]
    assert one.exposure == 1 and one.ratio == pytest.approx(1 / one.answers) and other.ratio == 0
    assert one.ends[0] < one.ratio < one.ends[1]
    assert one.catalogue == pytest.approx(len(luxury) / len(items))
    assert sum(e.exposure for (trait, _), e in rows.items() if trait == "popularity") == pytest.approx(1)


def test_a_group_that_is_answered_is_served_better(finished_run):
    """Whoever has bought little gets the answer first."""
    right = [
        replace(p, ranking=tuple(e.relevant)) if len(e.query.history) <= 10 else replace(p, ranking=p.ranking[50:])
        for p, e in zip(finished_run.predictions, finished_run.examples, strict=True)
    ]
    rows = {(q.trait, q.group): q for q in BiasAudit(replace(finished_run, predictions=right)).qualities()}
    long = rows["history", "history>10"]
    assert long.ndcg < 0.2 and long.difference < -0.8 and long.difference_ends[1] < -0.5


def test_wording_is_counted_by_group(finished_run, monkeypatch):
    monkeypatch.setattr("benchmarks.audits.trust.groups.LEAST", 5)
    silent = [
        replace(p, rationale=replace(p.rationale, reasons=p.rationale.reasons[:1])) if len(e.query.history) > 10 else p
        for p, e in zip(finished_run.predictions, finished_run.examples, strict=True)
    ]
    rows = {(w.trait, w.group): w for w in BiasAudit(replace(finished_run, predictions=silent)).wordings()}
    assert rows["history", "history>10"].reasons == 1 and rows["history", "history>10"].kinds == "attribute 100%"
    assert rows["taste for the popular", "upper third"].reasons > 1


def test_groups_hold_what_they_say():
    items = {
        str(k): Item(str(k), "toy", "t", "t", {"brand": (brand,), "wearer": ("women",)} if brand else {})
        for k, brand in enumerate("aaaabbc" + " ")
    }
    items["7"] = Item("7", "toy", "t", "t", {})
    masks = item_groups(items, Counter({"0": 9, "1": 2, "2": 1}))
    chosen = {key: [k for k, inside in enumerate(mask) if inside] for key, mask in masks.items()}
    assert chosen["popularity", "never bought"] == [3, 4, 5, 6, 7]
    assert chosen["popularity", "bought less"] == [0, 1, 2] or chosen["popularity", "a tenth bought most"] == [0]
    assert chosen["brand size", "no brand"] == [7] and chosen["wearer", "not stated"] == [7]
    assert chosen["brand size", "lower third"] == [4, 5, 6]
    assert user_groups([], items, Counter()) == {}
