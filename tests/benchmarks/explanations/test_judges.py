"""Judges of a run's rationales: a campaign's people and judges, a model that answers, and one that does not."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from benchmarks.explanations import scoring
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.finished_run import read_finished_run
from benchmarks.explanations.judges import JudgeEndpoint
from benchmarks.explanations.scoring import ScorecardOptions
from rad.llm import client
from rad.runtime.files import canonical, write_jsonl
from rad.types import Judgement
from tests.benchmarks.conftest import FINISHED_RUNS
from tests.support.fake_endpoint import fail, say

pytestmark = FINISHED_RUNS


@pytest.fixture(scope="module")
def run(finished_runs, datasets):
    return read_finished_run(finished_runs["template"], datasets)


@pytest.fixture
def scorecard(run, monkeypatch):
    """Scorecards of the run with one metric beside those of judges."""

    def metrics(attested):
        kinds = explanation_metrics(attested)
        return kinds if attested else {"claim_precision": kinds["claim_precision"]}

    monkeypatch.setattr(scoring, "explanation_metrics", metrics)
    return lambda **more: scoring.compute(run, ScorecardOptions(ask=None, resamples=20, **more)).explanation


def test_answers_of_a_campaign(run, scorecard, tmp_path):
    drafts = [p.rationale for p in run.predictions[:6]]
    other = dataclasses.replace(drafts[5], text="Other words under the same id.")
    write_jsonl(tmp_path / "drafts.jsonl", [*drafts[:5], other])
    people = ("r-00000001", "r-00000002")
    answers = [
        Judgement(r.rationale_id, who, question, str(1 + (k + j) % 5), "1")
        for k, r in enumerate(drafts)
        for j, who in enumerate(people)
        for question in ("plausibility", "trust")
    ]
    fake = [Judgement(drafts[0].rationale_id, "simulated-1", "trust", "5", "1")]
    write_jsonl(tmp_path / "judgements.jsonl", [*answers, *fake])
    judged = ["5", "invalid", "abstained", "2", "1"]
    write_jsonl(
        tmp_path / "judge-m.jsonl",
        [Judgement(r.rationale_id, "judge:m", "trust", a, "1") for r, a in zip(drafts, judged, strict=False)],
    )
    card = scorecard(campaign=tmp_path)
    trust = card.score("trust", "people")
    assert trust.n == 5 and trust.basis == "attested", "the sixth was judged in other words"
    assert trust.value == pytest.approx(np.mean([1.5, 2.5, 3.5, 4.5, 3.0])), "simulated reviewers never count"
    assert card.score("trust", "judge:m").value == pytest.approx((5 + 2 + 1) / 3)
    by = {(j.by, j.question): j for j in card.judged}
    assert by["people", "trust"].ceiling["value"] is not None
    judge = by["judge:m", "trust"]
    assert (judge.n, judge.invalid, judge.abstained) == (5, 1, 1) and "weighted_kappa" in judge.agreement
    write_jsonl(tmp_path / "drafts.jsonl", [other])
    card = scorecard(campaign=tmp_path)
    assert card.judged == [] and "none of its drafts is a rationale of this run" in card.notes[0]


GOOD = canonical({"thoughts": "", "plausibility": 4, "trust": 2, "errors": [], "verdict": "accept"})


def test_a_model_that_judges(scorecard, fake_endpoint):
    fake_endpoint.answer = say(GOOD)
    fake_endpoint.script = [
        say("I am a teapot"),
        fail(400, "maximum context length"),
        say('{"plausibility": 99, "trust": "yes"}'),
    ]
    card = scorecard(judge=JudgeEndpoint(fake_endpoint.url, "a/fake model", 6))
    score = card.score("plausibility", "judge:a-fake-model")
    assert score.value == 4 and score.n == 3 and card.score("trust", "judge:a-fake-model").value == 2
    [judge] = [j for j in card.judged if j.question == "trust"]
    assert (judge.n, judge.invalid, judge.unanswered) == (5, 2, 1)


def test_nonsense_of_a_judge_gives_no_score(scorecard, fake_endpoint):
    fake_endpoint.answer = say("lovely! 5/5")
    card = scorecard(judge=JudgeEndpoint(fake_endpoint.url, "fake", 4))
    assert all(s.metric not in ("plausibility", "trust") for s in card.scores)
    assert {j.invalid for j in card.judged} == {4} and "judge:fake: no valid answer, so no score" in card.notes


def test_an_endpoint_that_is_not_there_is_a_note(scorecard, monkeypatch):
    monkeypatch.setattr(client, "Endpoint", functools.partial(client.Endpoint, retries=0))  # each waits longer
    card = scorecard(judge=JudgeEndpoint("http://127.0.0.1:9/v1", "fake", 4))
    assert card.score("claim_precision") and card.judged == []
    assert any("judge:fake: stopped after 0 rationales" in note and "no connection" in note for note in card.notes)
