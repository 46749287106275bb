"""The language model: whatever it writes can be read, is sound, and is all that ranks; arms name items instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.language.lessons import Demonstration
from benchmarks.language.tokens import Case
from benchmarks.models.rationale_first.author.author import LanguageModel
from benchmarks.models.rationale_first.author.shortlist import shortlists
from benchmarks.models.rationale_first.author.teaching import altered
from benchmarks.models.rationale_first.model import Model
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.strengths import LEVELS
from rad.settings import parse
from rad.types import LASTING


def shown_by(model, queries):
    options = model.options(queries)
    choices = model.choices(options, model.neighbours)
    return shortlists(model.selector, options, model.facts, queries, choices, model.neighbours, 12)


def test_what_it_writes_is_sound_and_short_and_has_an_end(fitted, language):
    for query, rationale in zip(fitted.queries, language.write(fitted.queries), strict=True):
        assert len(rationale.reasons) <= 8
        assert "Something unexplained is" in rationale.text
        assert text.parse(rationale.text) == rationale.reasons
        assert all(list(language.facts.check(reason, query)) == [] for reason in rationale.reasons)
    counts = language.writer.counts
    assert counts.answers >= len(fitted.queries) and counts.unread == 0 and counts.tokens > 0


def test_the_text_is_what_ranks(fitted, language):
    written = list(language.predict(fitted.queries))
    read = [replace(p.rationale, reasons=text.parse(p.rationale.text)) for p in written]
    assert [p.ranking for p in language.rank_given(fitted.queries, read)] == [p.ranking for p in written]


def test_other_reasons_than_the_selector_has(fitted, language):
    own, other = language.write(fitted.queries), fitted.model.write(fitted.queries)
    assert sum(a.text == b.text for a, b in zip(own, other, strict=True)) < len(own) / 2


def test_a_history_of_nothing_is_unexplained(fitted, language):
    (prediction,) = language.predict([replace(fitted.queries[0], history=())])
    assert prediction.rationale.reasons == () and len(prediction.ranking) == 100


def test_the_selector_writes_where_it_is_certain(fitted, language):
    def routed(threshold):
        model = Model(Model.Settings(epochs=1, lessons=64, reasoner="language", uncertain=threshold))
        model.__dict__.update({k: v for k, v in language.__dict__.items() if k != "settings"})
        return [r.text for r in model.write(fitted.queries)]

    own, selected = routed(0.0), [r.text for r in fitted.model.write(fitted.queries)]
    assert routed(1.0) == selected
    unexplained = [short.unexplained for short in language._shortlists(fitted.queries)]
    middle = float(np.median(unexplained))
    half = routed(middle)
    cases = [k for k, share in enumerate(unexplained) if share >= middle]
    # a model that has hardly learned is full of near ties, which fall otherwise in another batch
    assert sum(half[k] == own[k] for k in cases) > 0.6 * len(cases)
    assert half not in (own, selected)


def test_a_second_fit_finds_the_weights(fitted, language, capsys):
    again = Model(language.settings)
    again.fit(fitted.data.examples["train"], (), fitted.data.items, seed=0)
    assert "language model: trained before" in capsys.readouterr().err
    assert again.seconds_saved > 0
    assert [r.text for r in again.write(fitted.queries)] == [r.text for r in language.write(fitted.queries)]


@pytest.mark.parametrize("arm", ["none", "filler", "after"])
def test_arms_name_items_themselves(fitted, language, arm):
    model = Model(Model.Settings(epochs=1, lessons=32, reasoner="language", rationale=arm))
    model.fit(fitted.data.examples["train"], (), fitted.data.items, seed=0)
    predictions = list(model.predict(fitted.queries[:8]))
    assert all(len(p.ranking) == 100 for p in predictions)
    assert all((p.rationale is not None) == (arm == "after") for p in predictions)
    # no rationale moves their ranking
    again = model.rank_given(fitted.queries[:8], language.write(fitted.queries[:8]))
    assert [p.ranking for p in again] == [p.ranking for p in predictions]
    expected = {"none": 1, "filler": 1 + model.writer.filler}
    if arm in expected:
        assert model.writer.counts.tokens == expected[arm] * model.writer.counts.answers
    assert (model.writer.filler > 20) == (arm == "filler")


def test_shortlists_have_the_best_of_the_moment_first(fitted):
    model = fitted.model
    for short, query in zip(shown_by(model, fitted.queries), fitted.queries, strict=True):
        kinds = [fact.evidence.kind in LASTING for fact in short.facts]
        assert len(kinds) <= 12 and kinds == sorted(kinds) and sum(kinds) <= 4
        assert len(set(short.facts)) == len(short.facts)
        assert all(list(model.facts.check(fact, query)) == [] for fact in short.facts)
        (rationale,) = model.write([query])
        assert {replace(reason, weight=1.0) for reason in rationale.reasons} <= set(short.facts)
        assert 0 <= short.unexplained <= 1


def test_the_lessons_of_arms_say_less(fitted):
    model, rng = fitted.model, np.random.default_rng(0)
    shown = shown_by(model, fitted.queries)
    lessons = [
        Demonstration(Case(q, s.facts, s.hints), [(fact, LEVELS[k % 5]) for k, fact in enumerate(s.facts[:8])], 64)
        for q, s in zip(fitted.queries, shown, strict=True)
    ]
    assert altered(lessons, "own", rng) == lessons
    for own, quarter in zip(lessons, altered(lessons, "quarter", rng), strict=True):
        assert len(quarter.chosen) == max(1, len(own.chosen) // 4)
        assert min(level for _, level in quarter.chosen) >= max(level for _, level in own.chosen) / 2
    shuffled = altered(lessons, "shuffled", rng)
    assert all(fact in one.case.facts for one in shuffled for fact, _ in one.chosen)


@pytest.mark.parametrize("arm", ["filler", "after"])
def test_arms_of_the_language_model_need_it(arm):
    for reasoner in ("selector", "facts", "template"):
        with pytest.raises(RadError, match=rf"^--set: .*rationale={arm} is an arm of reasoner=language.*{reasoner}$"):
            parse(Model.Settings, [f"rationale={arm}", f"reasoner={reasoner}"], "--set")
    assert parse(Model.Settings, ["rationale=none", "reasoner=selector"], "--set").rationale == "none"


@pytest.mark.parametrize("arm", ["none", "filler", "after"])
def test_an_endpoint_names_no_items(arm):
    served = ["reasoner=language", "base_url=http://127.0.0.1:9/v1", "lessons=5"]
    with pytest.raises(RadError, match=rf"^--set: .*rationale={arm} takes probabilities of items.*$"):
        parse(Model.Settings, [*served, f"rationale={arm}"], "--set")
    assert parse(Model.Settings, served, "--set").lessons == 5  # nothing is trained


@pytest.mark.parametrize(
    "name, value", [("base", "x"), ("base_url", "http://h/v1"), ("lessons", 9), ("uncertain", 0.5)]
)
def test_settings_that_nobody_would_read_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: read with reasoner=language alone, not with selector"):
        Model.Settings(**{name: value})
    Model.Settings(reasoner="language", **{name: value})


def test_a_checkpoint_that_was_cut_is_refused_in_one_line(fitted, language, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    folder = tmp_path / "rationale_first" / "cut"
    language.writer.model.save_pretrained(folder)
    language.writer.tokenizer.save_pretrained(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(RadError, match=r"cut: no weights that can be read; delete it, and they are learned again"):
        LanguageModel("small", fitted.data.items, 8, 3, 0.0, 0).fit("cut", lambda: pytest.fail("learned"), "first")
