"""Further facts: a letter stands for the same fact for as long as the campaign is kept."""

from __future__ import annotations

import pytest

from annotation.campaign import further
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import LETTERS
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted


def test_they_are_what_the_draft_does_not_say_and_stay(toy, tmp_path):
    campaign, facts = Campaign(tmp_path), Facts.of(toy.examples["train"], toy.items)
    examples = {e.query.query_id: e for e in toy.examples["train"]}
    drafts = [
        text.rationale(e.query, weighted([(fact, 32) for fact in facts.about(e.query, 2)], 32), "llm", "d", "1")
        for e in examples.values()
    ]
    assert further.read(campaign) == {}
    first = further.write(campaign, drafts[:3], examples, facts)
    for draft in drafts[:3]:
        query = examples[draft.query_id].query
        assert list(first[draft.rationale_id]) == facts.about(query)[2:][: len(LETTERS)]
    path = tmp_path / further.FILE
    path.write_bytes(path.read_bytes()[:-20])  # a kill in the midst of the third
    again = further.write(campaign, drafts, examples, Facts.of((), toy.items))
    assert {key: again[key] for key in list(first)[:2]} == {key: first[key] for key in list(first)[:2]}, "counted once"
    assert further.read(campaign) == again and len(again) == len(drafts)


def test_a_bad_line_is_named(tmp_path):
    (tmp_path / further.FILE).write_text('{"rationale_id": "r"}\n')
    with pytest.raises(RadError, match=r"further.jsonl:1: .*facts") as error:
        further.read(Campaign(tmp_path))
    assert "\n" not in str(error.value)
