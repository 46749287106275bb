"""The review form: what reviewers see, and how their answers become judgements."""

from __future__ import annotations

import dataclasses
from unittest.mock import MagicMock  # in place of a client, which building a form does not use

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import argilla as rg

from annotation import guidelines
from annotation.argilla import form
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.types import Rationale

GUIDE = guidelines.read()


def test_nothing_anchors():
    wanted = form.settings(MagicMock(), GUIDE, 2)
    assert [f.name for f in wanted.fields] == ["draft", "facts", "item", "history"], "what is reviewed is on the screen"
    assert not any(f.use_markdown for f in wanted.fields if hasattr(f, "use_markdown"))
    assert [q.name for q in wanted.questions] == [
        *("plausibility", "trust", "errors", "unsupported"),
        *("strike", "weaken", "strengthen", "add_fact", "edited", "verdict", "comment"),
    ]
    assert "Withdrawing" in wanted.guidelines and "Good" in wanted.guidelines and "Bad" in wanted.guidelines
    assert [f.name for f in form.settings(MagicMock(), GUIDE, 1, adjudication=True).fields][1] == "answers"


@pytest.mark.parametrize("adjudication", [False, True])
def test_no_two_parts_of_a_form_have_one_name(adjudication):
    """The server refuses that."""
    wanted = form.settings(MagicMock(), GUIDE, 2, adjudication)
    names = [part.name for part in (*wanted.fields, *wanted.questions, *wanted.metadata)]
    assert len(names) == len(set(names))


def test_the_form_is_kept_for_releases(tmp_path, monkeypatch):
    client = MagicMock()  # a fake server: nothing is asked of it
    wanted = form.settings(client, GUIDE, 2)
    form.keep(wanted, tmp_path / form.FOLDER)
    monkeypatch.setattr(rg.Argilla, "_get_default", lambda: client)
    again = rg.Settings.from_json(tmp_path / ".argilla/settings.json")
    assert again.serialize() == wanted.serialize()


def test_record(toy):
    example = toy.examples["train"][0]
    rationale = Rationale("r1", example.query.query_id, (), "Why [1].", "unexplained", "evidence", "evidence", "1")
    record = form.record(rationale, example, toy.items)
    assert record.id == "r1" and record.fields["draft"] == "Why [1]."
    (suggestion,) = record.suggestions
    assert suggestion.value == "Why [1]." and suggestion.score is None and suggestion.agent is None
    assert record.fields["facts"] == "Reasons of the draft:\n(none)\n\nFurther facts:\n(none)"
    lines = record.fields["history"].splitlines()
    assert len(lines) == len(example.query.history) and lines[0].startswith("[1] ")


def test_reasons_have_numbers_and_further_facts_letters(toy):
    example = max(toy.examples["validation"], key=lambda e: len(e.query.history))
    first, second, *others = Facts.of(toy.examples["train"], toy.items).about(example.query)
    draft = text.rationale(example.query, weighted([(first, 64), (second, 16)], 32), "llm", "d", "1")
    lines = form.record(draft, example, toy.items, others[:2]).fields["facts"].splitlines()
    assert lines == [
        *("Reasons of the draft:", f"1. {text.sentence(first, 64)}", f"2. {text.sentence(second, 16)}"),
        *("", "Further facts:", f"A. {text.blank(others[0])}", f"B. {text.blank(others[1])}"),
    ]
    old = toy.examples["test"][0].rationale
    assert form.one_by_one(old, others).startswith("(The reasons of this draft are not counted facts.")


def test_old_forms_are_pulled_but_not_pushed_to():
    wanted, old = form.settings(MagicMock(), GUIDE, 2), form.settings(MagicMock(), GUIDE, 2)
    dataset = MagicMock()
    dataset.name, dataset.settings = "review", MagicMock()
    dataset.settings.fields = [f for f in old.fields if f.name not in form.ADDED]
    dataset.settings.questions = [q for q in old.questions if q.name not in form.ADDED]
    form.check(dataset, wanted, without=form.ADDED)
    with pytest.raises(RadError, match="no field 'facts'"):
        form.check(dataset, wanted)


def test_markup_becomes_text_of_the_same_length():
    raw = "<b>Lark & Loom</b> &lt;i&gt; AT&T &#60;"
    assert form.plain(raw) == "‹b›Lark & Loom‹/b› ＆lt;i＆gt; AT＆T ＆#60;" and len(form.plain(raw)) == len(raw)


def test_long_histories_keep_what_is_cited(toy):
    example = toy.examples["train"][0]
    long = dataclasses.replace(example.query, history=example.query.history * 40)
    lines = form.history(dataclasses.replace(example, query=long), toy.items, cited=(0, 10**6)).splitlines()
    assert lines[0] == f"({len(long.history) - form.SHOWN - 1} earlier ones are not shown)"
    assert lines[1].startswith("[1] ") and lines[-1].startswith(f"[{len(long.history)}] ")


def test_spans_are_counted_in_characters():
    """Browsers count UTF-16 units, of which an emoji has two."""
    text = "A \U0001f600 cat \U0001f63a sat."
    units = text.encode("utf-16-le")

    def span(words):
        start = units.index(words.encode("utf-16-le")) // 2
        return {"start": start, "end": start + len(words.encode("utf-16-le")) // 2, "label": "wrong"}

    for words in ("A", "\U0001f600", "cat", "sat.", text):
        [[start, end, _]] = form.in_characters([span(words)], text)
        assert text[start:end] == words
        assert span(words)["end"] <= len(form.padded(text)), "or the server refuses it"
    halves = {**span("\U0001f600"), "start": span("\U0001f600")["start"] + 1}
    assert form.in_characters([halves], text) == [[2, 3, "wrong"]]
    behind = {"start": len(units) // 2, "end": len(units) // 2 + 1, "label": "wrong"}
    assert form.in_characters([behind], text) == [] and form.padded("plain") == "plain"


def test_judgements_are_canonical():
    span = {"label": "wrong", "start": 3, "end": 5}
    values = {
        "plausibility": {"value": 4},
        "trust": {"value": 2},
        "verdict": {"value": "accept_edited"},
        "errors": {"value": ["language", "generic"]},
        "unsupported": {"value": [span]},
        "edited": {"value": " better \n"},
        "comment": {"value": "A hard one. "},
        "strike": {"value": ["3", "2"]},
        "add_fact": {"value": ["B"]},
    }
    got = {j.question: j.answer for j in form.judgements(("r", "r-1"), "A draft.", values, "1", (2.5, None))}
    assert got == {
        "plausibility": "4",
        "trust": "2",
        "verdict": "accept_edited",
        "errors": '["generic","language"]',
        "unsupported": '[[3,5,"wrong"]]',
        "edited": "better",
        "comment": "A hard one.",
        "strike": '["2","3"]',
        "weaken": "[]",
        "strengthen": "[]",
        "add_fact": '["B"]',
    }
    rejected = {"verdict": {"value": "reject"}}
    none = {j.question: j.answer for j in form.judgements(("r", "r-1"), "A draft.", rejected, "1", edits=())}
    assert none == {"verdict": "reject", "errors": "[]", "unsupported": "[]"}


def test_the_adjudicator_sees_letters():
    shown = form.lettered({"r-2": {"verdict": "reject"}, "r-1": {"verdict": "accept_edited", "edited": "new"}})
    assert "r-1" not in shown and shown.index("Reviewer A: Accept with my correction") < shown.index("Reviewer B")
    assert "corrected: new" in shown
    ticked = {"verdict": "accept_edited", "strike": '["2","3"]', "weaken": "[]", "add_fact": '["A"]'}
    assert form.lettered({"r-1": ticked}).endswith("\n  strike 2, 3; add_fact A")
