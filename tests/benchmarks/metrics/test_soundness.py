"""What the metrics of soundness say of rationales that are good or bad in one known way, by hand on the toy world."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from benchmarks.harness.registries import load_metric
from benchmarks.metrics.soundness.soundness import MOST
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.types import LASTING, Evidence, Prediction, Reason, Support


@pytest.fixture
def facts(toy):
    return Facts.of(toy.examples["train"], toy.items)


@pytest.fixture
def example(toy):
    """u01: red-coat, red-hat, red-scarf, red-boots, blue-boots, then blue-hat."""
    return next(e for e in toy.examples["test"] if e.query.user_id == "u01")


def rationale_of(example, facts, levels=(64, 32, 16, 8, 4), rest=8):
    sound = facts.about(example.query, len(levels))
    assert len(sound) == len(levels)
    return text.rationale(example.query, weighted(zip(sound, levels, strict=True), rest), "model", "toy", "1")


def score(name, rationale, example, facts, toy):
    metric = load_metric(name)(toy.items)
    metric.facts = facts
    return metric.score(Prediction(example.query.query_id, (), rationale), example)


def test_a_rationale_of_facts_is_sound_and_said(example, facts, toy):
    rationale = rationale_of(example, facts)
    of = {name: score(name, rationale, example, facts, toy) for name in ("soundness", "said", "prose", "reasons")}
    assert of == {"soundness": 1.0, "said": 1.0, "prose": 0.0, "reasons": 5.0}
    # levels 64 + 16 + 8 + 4 of the reasons of the moment and 8 of the unexplained; the second, of 32, lasts
    assert [r.evidence.kind in LASTING for r in rationale.reasons] == [False, True, False, False, False]
    assert score("unexplained", rationale, example, facts, toy) == pytest.approx(8 / 100)
    assert score("words", rationale, example, facts, toy) == len(rationale.text.split())


def test_only_the_weight_of_what_holds_is_sound(example, facts, toy):
    rationale = rationale_of(example, facts)
    first, *others = rationale.reasons
    support = first.evidence.support
    other = replace(first, evidence=replace(first.evidence, support=replace(support, found=support.found + 1)))
    # the heaviest has 64 of 124
    assert score("soundness", replace(rationale, reasons=(other, *others)), example, facts, toy) == pytest.approx(
        60 / 124
    )
    bare = replace(first, evidence=replace(first.evidence, support=None))
    assert score("soundness", replace(rationale, reasons=(bare, *others)), example, facts, toy) == pytest.approx(
        60 / 124
    )


def test_a_like_of_a_value_that_the_history_never_shows_is_unsound(example, facts, toy):
    reason = Reason(Evidence((0,), "lasting", "colour", "white", Support(1.0, 5.0, 0.1)), (("colour", "white"),))
    rationale = text.rationale(example.query, weighted([(reason, 64)], 4), "model", "toy", "1")
    assert score("soundness", rationale, example, facts, toy) == 0
    assert score("said", rationale, example, facts, toy) == 1


def test_said_counts_what_the_text_leaves_out_and_what_it_changes(example, facts, toy):
    rationale = rationale_of(example, facts)
    a_few = replace(rationale, text=text.write(rationale.reasons).partition(". ")[0] + ".")
    assert score("said", a_few, example, facts, toy) == pytest.approx(64 / 124), "the first sentence alone"
    weaker = replace(rationale, text=rationale.text.replace("most likely", "just possible", 1))
    assert score("said", weaker, example, facts, toy) == pytest.approx(60 / 124), "another strength"
    twice = replace(rationale, reasons=tuple(replace(r, weight=r.weight / 2) for r in (*rationale.reasons,) * 2))
    assert score("said", twice, example, facts, toy) == pytest.approx(0.5), "said once, meant twice"
    prose = replace(rationale, text="The stars say so.")
    assert score("said", prose, example, facts, toy) == 0
    assert score("prose", prose, example, facts, toy) == 1


def test_a_code_in_the_text_is_prose(example, facts, toy):
    rationale = rationale_of(example, facts)
    code = base64.b64encode(bytes(range(256))).decode()
    coded = replace(rationale, text=f"{rationale.text} {code}")
    assert score("said", coded, example, facts, toy) == 1
    assert score("prose", coded, example, facts, toy) == pytest.approx(len(code) / len(coded.text))


def test_silence_is_not_perfect(example, facts, toy):
    rationale = rationale_of(example, facts)
    for words in ("", text.write(())):
        silent = replace(rationale, reasons=(), text=words, verdict="unexplained")
        assert score("soundness", silent, example, facts, toy) == score("said", silent, example, facts, toy) == 0
        assert score("unexplained", silent, example, facts, toy) == 1
    nobody = replace(example, query=replace(example.query, history=()))
    silent = replace(rationale, reasons=())
    assert score("soundness", silent, nobody, facts, toy) is score("said", silent, nobody, facts, toy) is None


def test_ten_thousand_reasons_take_no_time(example, facts, toy, monkeypatch):
    (reason,) = rationale_of(example, facts, (64,)).reasons
    many = replace(rationale_of(example, facts), reasons=(replace(reason, weight=1e-4),) * 10_000)
    checked = []
    monkeypatch.setattr(Facts, "check", lambda self, r, q: iter(checked.append(r) or ()))
    assert score("soundness", many, example, facts, toy) == pytest.approx(MOST / 10_000)
    assert len(checked) == MOST
