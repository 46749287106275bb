"""Texts that are no rationale are found, and rationales are not taken for them."""

from __future__ import annotations

import pytest

from annotation.drafters.base import checked
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.junk import junk
from rad.rationales.rules import Rules
from rad.types import Evidence, Rationale, Reason

REASON = Reason(Evidence((0,), "attribute", "colour", "red"), (("colour", "red"),), (), 0.5)


@pytest.mark.parametrize(
    "words, cause",
    [
        ("...", "has no words"),
        ("", "has no words"),
        ("I am sorry, but I cannot help with that.", "declines: I am sorry"),
        ("I\u2019m really sorry.", "declines: I\u2019m really sorry"),
        ("Unfortunately I can't say.", "declines: I can't"),
        ("As an AI language model, red.", "declines: As an AI"),
        ("Lorem ipsum dolor sit amet, red [1].", "is filler: Lorem ipsum"),
        ("They cannot stand wool, so red [1].", None),
        ("Sorry tales of the sea: they read [1].", None),
        ("They like AI and an assistant for the kitchen.", None),
    ],
)
def test_junk(words, cause):
    assert junk(words) == cause


@pytest.mark.parametrize(
    "words, rule",
    [
        ("...", "junk"),
        ("I am sorry, but I cannot help with that.", "junk"),
        ("Red [1]. Lorem ipsum dolor sit amet.", "junk"),
        ("They have a good taste.", "says_nothing"),
        ("They have a good taste, as [1] shows.", None),
        ("They like red.", None),
    ],
)
def test_a_draft_of_junk_beside_a_valid_reason_is_refused(toy, words, rule):
    (example,) = (e for e in toy.examples["validation"] if e.query.user_id == "u01")
    draft = Rationale("r", example.query.query_id, (REASON,), words, "supported", "llm", "m", "1")
    outcome = checked(example, draft, Rules(toy.items))
    assert [v.rule for v in outcome.violations] == ([rule] if rule else [])


def test_texts_of_the_grammar_are_not_looked_at(toy):
    (example,) = (e for e in toy.examples["validation"] if e.query.user_id == "u01")
    fact, *_ = Facts.of(toy.examples["train"], toy.items).about(example.query, 1)
    for reasons in ((), (fact,)):
        draft = text.rationale(example.query, reasons, "llm", "m", "1")
        assert checked(example, draft, Rules(toy.items)).rationale == draft
