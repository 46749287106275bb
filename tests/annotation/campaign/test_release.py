"""What a campaign gives: rationales with the reviewers' corrections, of campaigns new and old."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from annotation.__main__ import main
from annotation.campaign import drafts, further
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from rad.rationales import files, text
from rad.rationales.facts import Facts
from rad.runtime.files import read_jsonl
from rad.types import Evidence, Judgement, Reason
from tests.annotation.campaign.test_folder import WORLD


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A campaign with drafts of at least two reasons, and what reviewers see beside them."""
    campaign = Campaign(tmp_path_factory.mktemp("campaign") / "c")
    assert main(["draft", str(campaign.path), "--domain", WORLD, "--limit", "12"]) == 0
    files.write(campaign.file(drafts.FILE), [d for d in drafts.read(campaign) if len(d.reasons) > 1][:4])
    data = open_data(campaign.settings)
    facts = Facts.of(data.examples["train"], data.items)
    further.write(campaign, drafts.read(campaign), examples_by_id(data), facts)
    campaign.set_overlap(1)
    return campaign


def judged(draft, verdict, **answers):
    answers = {"verdict": verdict, "edited": draft.text, **answers}
    return [Judgement(draft.rationale_id, "r-1", question, answer, "2") for question, answer in answers.items()]


def released(campaign):
    return {rationale.query_id: rationale for _, rationale in files.read(campaign.file("rationales.jsonl"))}


def test_corrections_by_ticks_and_by_text(begun):
    one, two, three, four = drafts.read(begun)
    answers = [
        *judged(one, "accept_edited", strike='["1"]', add_fact='["B"]'),
        *judged(two, "accept", strike='["1"]'),
        *judged(three, "accept_edited", edited="[1] shows what the user ended up with."),
        *judged(four, "accept_edited", strike='["8"]'),
    ]
    assert release(begun, answers) == {"edited": 1, "accepted": 2, "failed_checks": 1}
    final = released(begun)
    assert final.keys() == {one.query_id, two.query_id, four.query_id}
    assert final[two.query_id] == two and final[four.query_id] == four, "a tick of what is not there is none"
    new = final[one.query_id]
    added = further.read(begun)[one.rationale_id][1]
    evidence = [reason.evidence for reason in new.reasons]
    assert added.evidence in evidence and one.reasons[0].evidence not in evidence
    assert set(evidence) == {added.evidence, *(reason.evidence for reason in one.reasons[1:])}
    assert new.origin == "edited" and text.parse(new.text) == new.reasons
    lines = {line["query_id"]: line for _, line in read_jsonl(begun.file("provenance.jsonl"))}
    assert lines[one.query_id]["edits"] == {"1": -2, "B": 1} and "edits" not in lines[two.query_id]
    assert lines[three.query_id]["broken_rules"] == ["hindsight"]


def test_a_campaign_from_before_facts_gives_what_it_gave(begun, tmp_path):
    """Its drafts state no numbers, its form had no question on single reasons, and there are no further facts."""
    draft = drafts.read(begun)[0]
    old = Campaign(tmp_path / "old")
    old.path.mkdir()
    settings = json.loads(begun.file("campaign.json").read_text()) | {"guideline_version": "1", "name": "old"}
    old.file("campaign.json").write_text(json.dumps(settings))
    data = open_data(old.settings)
    query = examples_by_id(data)[draft.query_id].query
    (name, (value, *_)), *_ = data.items[query.history[0].item_id].attributes.items()
    reason = Reason(Evidence((0,), "attribute", name, value), ((name, value),), weight=0.4)
    words = f"[1] has {name} {value}, so the user wants {name} {value} (40%)."
    drafted = replace(draft, reasons=(reason,), text=words)
    files.write(old.file(drafts.FILE), [drafted])
    corrected = f"Because of [1] the user may want {name} {value}."
    assert release(old, judged(drafted, "accept")) == {"accepted": 1} and list(released(old).values()) == [drafted]
    assert release(old, judged(drafted, "accept_edited", edited=corrected)) == {"edited": 1}
    (final,) = released(old).values()
    assert (final.text, final.reasons, final.origin) == (corrected, (reason,), "edited")
