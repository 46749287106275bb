"""Feedback that is appended as people give it: what counts of it, what a kill leaves, and what is refused."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign, Settings
from annotation.exchange import feedback
from rad.errors import RadError
from rad.rationales import text
from rad.types import Interaction, Judgement, Query

QUERY = Query("u-1", "toy", "u", (Interaction("u", "red-coat"),))
DRAFT = text.rationale(QUERY, (), "model", "m", "1", "d")
SETTINGS = Settings("c", "toy", "sha", "m", "1", "3", "now")


@pytest.fixture
def campaign(tmp_path):
    campaign = Campaign(tmp_path / "c")
    feedback.begin(campaign, SETTINGS)
    return campaign


def form(at, who="r-00000001", **answers):
    return [Judgement("d", who, question, answer, "3", 1.0, at) for question, answer in answers.items()]


def test_the_last_form_of_a_person_counts_and_all_stay(campaign):
    assert campaign.settings.overlap == 1
    feedback.append(campaign, DRAFT, form("2026-01-01T00:00:01", verdict="accept_edited", edited="x"))
    feedback.append(campaign, DRAFT, form("2026-01-01T00:00:02", verdict="accept"))
    feedback.append(campaign, DRAFT, form("2026-01-01T00:00:00", who="r-00000002", verdict="reject"))
    assert drafts.read(campaign) == [DRAFT]
    merged, forms, pasted = feedback.take(campaign)
    assert [(one.annotator, one.question, one.answer) for one in merged] == [
        ("r-00000001", "verdict", "accept"),
        ("r-00000002", "verdict", "reject"),
    ]
    assert (forms, pasted) == (2, 0) and judgements.read(campaign) == merged
    assert campaign.file(feedback.FILE).read_text().count("\n") == 4
    assert feedback.take(campaign)[0] == merged, "as often as you like"


def test_pasted_histories_and_those_who_withdrew_are_left_out(campaign):
    feedback.append(campaign, DRAFT, form("1", verdict="accept"))
    feedback.append(campaign, DRAFT, form("1", who="r-00000002", verdict="accept"))
    pasted = text.rationale(QUERY, (), "model", "m", "1", "p")
    feedback.append(campaign, pasted, [Judgement("p", "r-00000001", "verdict", "accept", "3", 1.0, "1")], QUERY)
    campaign.withdraw("r-00000002")
    merged, forms, left_out = feedback.take(campaign)
    assert [one.annotator for one in merged] == ["r-00000001"] and (forms, left_out) == (1, 1)


def test_a_kill_loses_nothing_that_was_appended(campaign):
    """The process dies within a line; and a form that it did not end says nothing."""
    feedback.append(campaign, DRAFT, form("1", verdict="accept"))
    code = f"""
import os, signal
from pathlib import Path
from annotation.exchange import feedback
from annotation.campaign.drafts import read
from annotation.campaign.folder import Campaign
from rad.types import Judgement
campaign = Campaign(Path({str(campaign.path)!r}))
[draft] = read(campaign)
for question, answer in (("verdict", "accept"), ("edited", "x")):
    one = Judgement("d", "r-00000002", question, answer, "3", 1.0, "1" if question == "verdict" else "2")
    feedback.append(campaign, draft, [one])
with open(campaign.file(feedback.FILE), "a") as file:
    file.write('{{"annotator":"r-00000002","answer":"[')
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    feedback.append(campaign, DRAFT, form("3", who="r-00000003", verdict="accept"))
    assert [who for _, who in feedback.read(campaign)] == ["r-00000001", "r-00000002", "r-00000003"]
    assert [one.question for one in feedback.read(campaign)["d", "r-00000002"].judgements] == ["verdict"]


def test_what_is_no_feedback_is_refused(campaign):
    with pytest.raises(RadError, match=r"feedback.jsonl: no such file: python -m benchmarks.app keeps"):
        feedback.read(campaign)
    feedback.append(campaign, DRAFT, form("1", verdict="yes"))
    with pytest.raises(RadError, match=r"feedback.jsonl:1: verdict: 'yes' is not one of"):
        feedback.read(campaign)
    with pytest.raises(RadError, match="is a campaign with data sha256 sha, not other"):
        feedback.begin(campaign, Settings("c", "toy", "other", "m", "1", "3", "now"))
    with campaign.locked("drafts"), pytest.raises(RadError, match="another command writes the drafts"):
        feedback.append(campaign, DRAFT, form("1", verdict="accept"))
