"""The review form: what reviewers see, and how their answers become judgements."""

from __future__ import annotations

import dataclasses
from unittest.mock import MagicMock  # in place of a client, which building a form does not use

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import argilla as rg

from annotation.argilla import form
from rad.types import Rationale


def test_nothing_anchors():
    wanted = form.settings(MagicMock(), 2)
    assert [f.name for f in wanted.fields] == ["history", "draft", "item"]
    assert not any(f.use_markdown for f in wanted.fields if hasattr(f, "use_markdown"))
    assert [q.name for q in wanted.questions] == [
        *("plausibility", "trust", "errors", "unsupported", "edited", "verdict")
    ]
    assert "Withdrawing" in wanted.guidelines and "Good" in wanted.guidelines and "Bad" in wanted.guidelines
    assert [f.name for f in form.settings(MagicMock(), 1, adjudication=True).fields][-1] == "answers"


def test_the_form_is_kept_for_releases(tmp_path, monkeypatch):
    client = MagicMock()  # a fake server: nothing is asked of it
    wanted = form.settings(client, 2)
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
    lines = record.fields["history"].splitlines()
    assert len(lines) == len(example.query.history) and lines[0].startswith("[1] ")


def test_markup_becomes_text_of_the_same_length():
    raw = "<b>Lark & Loom</b> &lt;i&gt; AT&T &#60;"
    assert form.plain(raw) == "‹b›Lark & Loom‹/b› ＆lt;i＆gt; AT＆T ＆#60;" and len(form.plain(raw)) == len(raw)


def test_long_histories_keep_what_is_cited(toy):
    example = toy.examples["train"][0]
    long = dataclasses.replace(example.query, history=example.query.history * 40)
    lines = form.history(dataclasses.replace(example, query=long), toy.items, cited=(0, 10**6)).splitlines()
    assert lines[0] == f"({len(long.history) - form.SHOWN - 1} earlier ones are not shown)"
    assert lines[1].startswith("[1] ") and lines[-1].startswith(f"[{len(long.history)}] ")


def test_judgements_are_canonical():
    span = {"label": "wrong", "start": 3, "end": 5}
    values = {
        "plausibility": {"value": 4},
        "trust": {"value": 2},
        "verdict": {"value": "accept_edited"},
        "errors": {"value": ["language", "generic"]},
        "unsupported": {"value": [span]},
        "edited": {"value": " better \n"},
    }
    got = {j.question: j.answer for j in form.judgements("r", "r-1", values, "1", 2.5)}
    assert got == {
        "plausibility": "4",
        "trust": "2",
        "verdict": "accept_edited",
        "errors": '["generic","language"]',
        "unsupported": '[[3,5,"wrong"]]',
        "edited": "better",
    }
    none = {j.question: j.answer for j in form.judgements("r", "r-1", {"verdict": {"value": "reject"}}, "1")}
    assert none == {"verdict": "reject", "errors": "[]", "unsupported": "[]"}


def test_the_adjudicator_sees_letters():
    text = form.lettered({"r-2": {"verdict": "reject"}, "r-1": {"verdict": "accept_edited", "edited": "new"}})
    assert "r-1" not in text and text.index("Reviewer A: Accept with my correction") < text.index("Reviewer B")
    assert "corrected: new" in text
