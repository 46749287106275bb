"""Answers as checked objects: which object of a text is the answer, and how long a text may make us search."""

from __future__ import annotations

import json

import pytest

from rad.llm.forms import TRIES, Unreadable, objects, one_object
from tests.support.ending import ends

PROMPT = 'Answer in this form; leave out nothing:\n{"a": "..."}\n\nAn earlier draft was:\n\n{"a": 7}'


@pytest.mark.parametrize(
    "text", ['{"a": 1}', 'So:\n```json\n{"a": 1}\n``` Done {', 'I took {it} as {"a": 1}', '[{"a": 1}]']
)
def test_the_object_of_a_text(text):
    assert one_object(text, PROMPT) == {"a": 1}


@pytest.mark.parametrize(
    "text, cause",
    [
        ("none", "no JSON object"),
        ('{"a": 1', "no JSON object"),
        ('{"a": 1} {"b": 2}', "several JSON objects"),
        ('{"a": 1}' * 99_999, "several JSON objects"),
        ('{ "a": "..." }', "repeats the example of the form"),
    ],
)
def test_what_is_not_one_object(text, cause):
    with pytest.raises(Unreadable, match=cause):
        one_object(text, PROMPT)


def test_an_earlier_draft_is_no_example():
    assert one_object('{"a": 7}', PROMPT) == {"a": 7}


@pytest.mark.parametrize("unit", ["{", "{ ", '{"', '{"a":', '{"a":[', '{"a', '{"a":1,', "[", '{"a":"' + "x" * 2000])
def test_degenerate_texts_are_given_up_soon(unit, monkeypatch):
    tries, decode = [], json.JSONDecoder.raw_decode
    monkeypatch.setattr(json.JSONDecoder, "raw_decode", lambda *args: tries.append(1) or decode(*args))
    with ends():
        assert list(objects(unit * (200_000 // len(unit)))) == []
    assert len(tries) <= TRIES
