"""Drafts of training queries: one each, checked, kept in the cache, and no part of a data set's sha256."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rad.data.load import open_dataset
from rad.rationales import drafts
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules, Violation
from rad.types import Evidence, Reason

WORLD = "world:seed=5,users=60,items=200"


@pytest.fixture(scope="module")
def world():
    return open_dataset(WORLD)


@pytest.fixture(scope="module")
def facts(world):
    return Facts.of(world.examples["train"], world.items)


@pytest.fixture(scope="module")
def written(world):
    return list(drafts.drafted(world.examples["train"], world.items))


def test_every_training_query_has_a_draft_that_obeys_the_rules(world, facts, written):
    rules = Rules(world.items, facts)
    for example, draft in zip(world.examples["train"], written, strict=True):
        assert (draft.query_id, draft.origin, draft.drafter) == (example.query.query_id, "evidence", "evidence")
        target = world.items[next(iter(example.relevant))]
        assert not [v for v in rules.violations(draft, example.query, target) if not v.counted]
        assert drafts.soundness(draft, example.query, facts) in (1.0, None if not draft.reasons else 1.0)


def test_a_draft_that_breaks_a_rule_keeps_what_names_no_value(world, monkeypatch):
    strict = [Violation("quotes_title", "a title")]
    monkeypatch.setattr(Rules, "violations", lambda *_: strict)
    for draft in drafts.drafted(world.examples["train"], world.items):
        assert not any(reason.wants for reason in draft.reasons)


def test_soundness_is_the_share_of_what_holds(world, facts, written):
    draft, example = next((d, e) for d, e in zip(written, world.examples["train"], strict=True) if len(d.reasons) >= 2)
    first, *others = draft.reasons
    unsound = replace(first.evidence, support=replace(first.evidence.support, found=99.0))
    rest = sum(r.weight for r in others)
    broken = replace(draft, reasons=(replace(first, evidence=unsound), *others))
    assert drafts.soundness(broken, example.query, facts) == pytest.approx(rest / (rest + first.weight))
    unstated = replace(draft, reasons=(Reason(Evidence((0,), "co_purchase"), weight=0.5),))
    assert drafts.soundness(unstated, example.query, facts) == 0
    assert drafts.soundness(replace(draft, reasons=()), example.query, facts) is None


def test_the_cache_is_read_and_a_damaged_one_is_written_again(world, written, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    calls = []
    monkeypatch.setattr(drafts, "drafted", lambda *_: calls.append(1) or iter(written))
    for _ in range(2):
        assert list(drafts.cached("a" * 64, world.examples["train"], world.items).values()) == written
    assert len(calls) == 1
    (path,) = (tmp_path / "drafts").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    drafts.cached("a" * 64, world.examples["train"], world.items)
    assert len(calls) == 2
