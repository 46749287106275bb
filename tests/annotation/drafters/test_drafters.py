"""Every drafter in the registry keeps its promises (``annotation/drafters/base.py``): a new file is tested unasked."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from rich.console import Console

from annotation.drafters.base import Draft, DrafterSettings, Summary
from rad import registry
from rad.llm.usage import Usage
from rad.rationales import files
from rad.rationales.rules import Rules, Violation, forbidden_wording
from tests.support.fake_endpoint import drafting

DRAFTERS = registry.names("annotation.drafters")


@pytest.fixture(autouse=True)
def _drafting_endpoint(fake_endpoint):
    fake_endpoint.answer = drafting


def make(name, url):
    kind = registry.load("annotation.drafters", name)
    needed = {"base_url": url, "model": "fake"}
    return kind(kind.Settings(**{key: needed[key] for key in kind.required}))


def test_the_registry_has_them():
    assert {"evidence", "llm"} <= set(DRAFTERS)


@pytest.mark.parametrize("name", DRAFTERS)
class TestDrafter:
    def test_says_what_it_is(self, name):
        kind = registry.load("annotation.drafters", name)
        assert kind.name == name and issubclass(kind.Settings, DrafterSettings)
        assert all(f.description for f in kind.Settings.model_fields.values()), "every setting has a description"
        assert isinstance(kind().version, str) and isinstance(kind().summary, Summary), "readable before fit"

    def test_one_draft_an_example_in_order_and_none_unchecked(self, name, toy, fake_endpoint, tmp_path):
        drafter = make(name, fake_endpoint.url).fit(toy.examples["train"], toy.items, seed=0)
        examples = [*toy.examples["train"], *toy.examples["validation"]]
        drafts, rules = list(drafter.drafts(iter(examples))), Rules(toy.items)
        assert [d.query_id for d in drafts] == [e.query.query_id for e in examples]
        for draft, example in zip(drafts, examples, strict=True):
            assert draft.item_id in example.relevant
            assert (draft.rationale is None) == bool(draft.violations)
            if draft.rationale is None:
                assert not draft.contrasts, "nothing of a rejected draft is passed on"
                continue
            violations = rules.violations(draft.rationale, example.query, toy.items[draft.item_id])
            assert all(violation.counted for violation in violations) and tuple(violations) == draft.counted
            assert draft.rationale.origin == name
            for explanation in draft.contrasts:
                assert explanation.query_id == draft.query_id and explanation.origin == name
                assert not forbidden_wording(explanation.text)
        accepted = [d.rationale for d in drafts if d.rationale]
        files.write(tmp_path / "drafts.jsonl", accepted)
        assert [r for _, r in files.read(tmp_path / "drafts.jsonl")] == accepted, "ids are distinct"
        summary = drafter.summary.record()
        assert (summary["drafts"], summary["accepted"]) == (len(examples), len(accepted)) and accepted
        assert json.loads(json.dumps(summary, allow_nan=False)) == summary
        again = make(name, fake_endpoint.url).fit(toy.examples["train"], toy.items, seed=0)
        assert list(again.drafts(examples)) == drafts, "same seed, same drafts"
        assert list(again.drafts([])) == [] and again.summary.drafts == 0

    def test_no_history_no_rationale(self, name, toy, fake_endpoint):
        drafter = make(name, fake_endpoint.url).fit(toy.examples["train"], toy.items)
        example = toy.examples["test"][0]
        bare = dataclasses.replace(example, query=dataclasses.replace(example.query, history=()))
        (draft,) = drafter.drafts([bare])
        assert draft.rationale is None and [f.rule for f in draft.violations] == ["no_history"]
        assert fake_endpoint.requests == []


def test_evidence_that_breaks_a_rule_is_rejected_not_passed_on(toy, monkeypatch):
    from annotation.drafters import evidence
    from rad.rationales import text

    drafter = evidence.Drafter().fit(toy.examples["train"], toy.items)
    monkeypatch.setattr(text, "write", lambda reasons: "They ended up with this coat.")
    (draft,) = drafter.drafts(toy.examples["train"][:1])
    assert draft.rationale is None and draft.refused.text == "They ended up with this coat."
    assert {f.rule for f in draft.violations} == {"hindsight"} and drafter.summary.rejected_by == {"hindsight": 1}


def test_prose_that_repeats_another_draft_is_refused_and_a_text_of_the_grammar_is_not():
    common = {"reasons": [], "verdict": "unexplained", "origin": "llm", "drafter": "toy", "drafter_version": "1"}
    summary, grammar, prose = Summary(), "Something unexplained is most likely.", "They like red, as [1] shows."
    outcomes = [
        summary.add(
            Draft(
                f"q{k}",
                "i",
                files.from_dict({"rationale_id": f"r{k}", "query_id": f"q{k}", "text": text, **common}, ""),
            )
        )
        for k, text in enumerate([grammar, grammar, prose, prose])
    ]
    assert [d.rationale is None for d in outcomes] == [False, False, False, True]
    assert [v.rule for v in outcomes[3].violations] == ["repeats"] and outcomes[3].refused.text == prose
    assert (summary.accepted, summary.rejected_by) == (3, {"repeats": 1})


def test_the_summary_counts_drafts_attempts_and_money():
    summary = Summary(usage=Usage(price_in=1.0, price_out=1.0))
    leak, bad = (
        (Violation("hindsight", "ended up"), Violation("hindsight", "this item")),
        (Violation("unreadable", "no JSON"),),
    )
    rationale = files.from_dict(
        {"rationale_id": "r", "query_id": "q", "reasons": [], "text": "", "verdict": "unexplained", "origin": "llm"}
        | {"drafter": "toy", "drafter_version": "1"},
        "here",
    )
    summary.add(Draft("a", "i", rationale, tried=(bad, leak), counted=(Violation("unspoken", "red"),)))
    summary.add(Draft("b", "i", None, tried=(leak, bad)))
    summary.add(Draft("c", "i", rationale, contrasts_tried=(bad,)))
    record = summary.record()
    assert (record["drafts"], record["accepted"], record["rejected"], record["unexplained"]) == (3, 2, 1, 2)
    assert (record["redrafts"], record["problems"], record["contrasts_rejected"]) == (3, {"unreadable": 3}, 1)
    assert record["refused_by"] == {"hindsight": 2, "unreadable": 2} and record["rejected_by"] == {"unreadable": 1}
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(summary.table())
    text = console.export_text()
    assert "3 (attempts refused for hindsight 2, unreadable 2)" in text and "cost 0.0000" in text
