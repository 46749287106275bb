"""Reasons on the page of runs: sentences that were counted again, and claims of records without numbers."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.reporting.page.examples import ExampleSet
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.runtime.files import write_jsonl
from rad.types import Evidence, Prediction, Rationale, Reason, Support


def test_reasons_with_numbers_are_sentences_that_are_counted_again(toy, tmp_path):
    facts = Facts.of(toy.examples["train"], toy.items)
    example = next(e for e in toy.examples["test"] if facts.about(e.query))
    true = facts.about(example.query)[0]
    support = true.evidence.support
    false = replace(true, evidence=replace(true.evidence, support=Support(support.found + 1, support.of, support.base)))
    wants, bare = (("colour", "blue"),), Evidence((0,), "sequence")
    (name, (value, *_)), *_ = toy.items[example.query.history[0].item_id].attributes.items()
    valued = Reason(Evidence((0,), "attribute", name, value), wants)
    reasons = weighted([(true, 64), (false, 32), (valued, 16), (Reason(bare, wants), 8)], rest=16)
    rationale = Rationale("r", example.query.query_id, reasons, "Because.", "supported", "model", "m", "1")
    answer = Prediction(example.query.query_id, (next(iter(example.relevant)),), rationale)
    write_jsonl(tmp_path / "predictions.jsonl", [answer])
    page = ExampleSet(toy, [example])
    page.add(1, tmp_path / "predictions.jsonl", None)
    sound, unsound, without_numbers, without_fact = page.queries[0].answers[1].reasons
    assert sound.words == text.sentence(true, 64) and sound.violation is None
    assert unsound.words == text.sentence(false, 32) and "counted" in unsound.violation
    assert without_numbers.words == f"[1] {name} {value} → wants colour blue" and without_numbers.violation is None
    assert without_fact.words == "[1] → wants colour blue" and without_fact.violation == "it states no fact"
