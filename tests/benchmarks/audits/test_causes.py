"""Causes of a world's choices: which rationales state them, which no fact says, and what is lost by each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.audits import causes
from benchmarks.audits.causes import CauseAudit, KnownReason, driver, wants_of_facts
from benchmarks.explanations.finished_run import FinishedRun, read_finished_run
from rad.errors import RadError
from rad.types import Prediction
from rad.world.reasons import CAUSES
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


@pytest.fixture
def finished_run(finished_runs, datasets) -> FinishedRun:
    return read_finished_run(finished_runs["template"], datasets)


@pytest.fixture
def all_knowing(finished_run) -> FinishedRun:
    """A run that writes the known rationales themselves, and ranks the answer first."""
    predictions = [
        Prediction(e.query.query_id, tuple(e.relevant), replace(e.rationale, origin="model"))
        for e in finished_run.examples
    ]
    return replace(finished_run, predictions=predictions)


def test_known_rationales_state_every_cause(all_knowing):
    recalls = CauseAudit(all_knowing).recalls()
    assert {r.cause for r in recalls} <= set(CAUSES.values()) and len(recalls) >= 5
    assert all(r.every == (1.0, 1.0, 1.0) for r in recalls)
    by_cause = {r.cause: r for r in recalls}
    assert by_cause["dislike"].first[0] < 1  # dislikes weigh least, so the first three leave them out
    total = sum(any(r.evidence.kind == "constraint" for r in e.rationale.reasons) for e in all_knowing.examples)
    assert by_cause["budget"].queries == total


def test_half_of_the_rationales_state_half(all_knowing):
    silent = [replace(p, rationale=None) if k % 2 else p for k, p in enumerate(all_knowing.predictions)]
    (taste,) = (r for r in CauseAudit(replace(all_knowing, predictions=silent)).recalls() if r.cause == "lasting taste")
    assert taste.every[1] < taste.every[0] < taste.every[2] and 0.3 < taste.every[0] < 0.7


def test_what_facts_say_is_what_they_want_or_avoid(finished_run):
    queries = [e.query for e in finished_run.examples[:5]]
    for query, expressed in zip(queries, wants_of_facts(finished_run.facts, queries), strict=True):
        facts = finished_run.facts.about(query, most=10_000)
        wanted = {(True, *claim) for fact in facts for claim in fact.wants}
        assert expressed == wanted | {(False, *claim) for fact in facts for claim in fact.avoids}
        assert expressed


def test_losses_add_up_to_that_of_the_run(finished_run, monkeypatch):
    bayes = {e.query.query_id: {"ndcg@10": 1.0} for e in finished_run.examples}
    monkeypatch.setattr(causes, "stored", lambda sha256: {"bayes": bayes})
    *parts, everything = CauseAudit(finished_run).rankings()
    assert everything.cause == "all" and everything.queries == sum(p.queries for p in parts) == 60
    score = finished_run.result.score("ndcg@10")
    assert everything.ndcg == pytest.approx((score.value, score.ci_low, score.ci_high))
    assert everything.bayes == 1 and everything.lost == pytest.approx(1 - score.value)
    for name in ("lost", "unsaid", "beyond"):
        assert sum(getattr(p, name) for p in parts) == pytest.approx(getattr(everything, name))
    assert 0 < everything.unsaid + everything.beyond < everything.lost


def test_nothing_is_lost_by_silence_where_all_is_stated(all_knowing, monkeypatch):
    bayes = {e.query.query_id: {"ndcg@10": 0.5} for e in all_knowing.examples}
    monkeypatch.setattr(causes, "stored", lambda sha256: {"bayes": bayes})
    for row in CauseAudit(all_knowing).rankings():
        assert row.ndcg == (1.0, 1.0, 1.0) and row.bayes == 0.5
        assert (row.unsaid, row.beyond) == (0, 0) and row.lost == pytest.approx(-0.5 * row.queries / 60)


def test_without_ceilings_or_rationales_nothing_is_said_of_losses(finished_runs, datasets):
    audit = CauseAudit(read_finished_run(finished_runs["popularity"], datasets))
    assert audit.recalls() == []
    assert all(row.bayes is row.lost is row.unsaid is row.beyond is None for row in audit.rankings())


def test_what_drives_a_choice_is_of_the_moment_where_that_is_known():
    taste, need = (
        KnownReason("lasting taste", (True, "colour", "red")),
        KnownReason("need changes", (True, "fit", "slim")),
    )
    assert driver([taste, need]) == need and driver([taste]) == taste and driver([]) is None


def test_a_domain_without_known_reasons_is_refused(finished_run):
    examples = [replace(e, rationale=None) for e in finished_run.examples]
    with pytest.raises(RadError, match=r"no reasons are known on world:.*, only on built-in worlds"):
        CauseAudit(replace(finished_run, examples=examples)).rankings()
