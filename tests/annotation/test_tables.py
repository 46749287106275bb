"""Tables of campaigns at 80 columns: no line is longer, and no word is broken, whatever the names and figures."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.agreement import console as agreement_console
from annotation.agreement.results import Agreement, Calibration, Estimate, GroupAgreement, Pair, QuestionAgreement
from annotation.campaign.judgements import QUESTIONS
from annotation.commands import _states, demo, models, status
from annotation.drafters.base import Draft, Summary
from annotation.evaluation import rationale_files
from annotation.evaluation.checks import Result
from annotation.evaluation.models import FIGURES, Comparison, Models, Share
from rad.rationales.rules import Violation
from rad.reporting.console import console
from rad.types import Judgement
from tests.annotation.campaign.test_folder import begun

NAMES = ("matrix_factorization_with_item_features", "rationale_first-language-a-small-one", "template")
LOW = Estimate(-0.12, -0.34, -0.05, 10_000)
SHARE = Share(4.25, 3.75, 4.75, 10_000, 10_000)


@pytest.fixture
def shown(monkeypatch, capsys):
    """What a call prints on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(console, "_width", 80)

    def of(call, *arguments):
        capsys.readouterr()
        call(*arguments)
        out = capsys.readouterr().out
        lines = [line for line in out.splitlines() if not line.startswith(("wrote", "drafts are in", "12 queries"))]
        assert max(map(len, lines)) <= 80, out  # but for paths, which stay whole to be copied
        return out

    return of


def question(name):
    pairs = [
        Pair(("a", "b"), 99, 0.5, {"kappa": one, "weighted_kappa": one}) for one in (LOW, Estimate(-0.3, None, None, 9))
    ]
    return QuestionAgreement(
        *(name, QUESTIONS[name], "characters", 20_000, 10_000, 19, 0.99, {}), {"alpha": LOW}, {}, pairs
    )


def test_agreement_judges_and_checks(shown):
    names = [name for name, kind in QUESTIONS.items() if kind != "text"]
    group = GroupAgreement(("a", "b"), 10_000, 99_999, {2: 10_000}, {name: question(name) for name in names}, {}, ())
    nobody = GroupAgreement((), 0, 0, {}, {}, {}, ())
    judges = [
        Calibration(
            *(f"judge:{NAMES[1]}", name, "people", 9, 0, 0, 9, 9, {}),
            *({"weighted_kappa": LOW, "spearman": LOW}, {"weighted_kappa": LOW, "spearman": LOW}, {}),
        )
        for name in ("plausibility", "trust")
    ]
    checks = [Result("simulated-somebody-with-a-long-name", True, 12, 14, ())]
    out = shown(agreement_console.show, Agreement(group, nobody, {}, {"3": 9}, 0, 1000), judges, checks)
    words = out.split()
    assert {*names, NAMES[1], "19", "few", "-0.30..-0.12", checks[0].annotator} <= set(words), out
    assert "-0.12 [-0.34, -0.05]" in out


def test_models(shown):
    reviewed = {name: dict.fromkeys(FIGURES, SHARE) for name in NAMES}
    compared = [Comparison("plausible", NAMES[0], NAMES[1], SHARE, (9_999, 1_000, 9_999))]
    out = shown(models._show, Models("people", reviewed, compared))
    assert {f"A: {NAMES[0]}", f"B: {NAMES[1]}"} <= set(out.splitlines()) and "A       B  plausible" in out
    short = shown(models._show, Models("people", {"template": dict.fromkeys(FIGURES, SHARE)}, ()))
    assert "\ntemplate " in short and ": template" not in short


def test_campaigns(shown, tmp_path):
    campaign, name = begun(tmp_path / "c"), "anna.karenina.of.the.department"
    campaign.add_reviewer(name, "reviewer")
    campaign.mark_reviewer(name, paused="now", quota="10000")
    users = {name: {"completed": {"submitted": 10_000}}}
    out = shown(status._show, campaign, "review", {"total": 10_000, "completed": 9_999, "users": users}, 0)
    assert f"{name} (paused)" in out and "10,000" in out
    reviews = [Judgement("d", "r-00000001", "verdict", "accept", "3")]
    assert "wait for an adjudicator (push --adjudicator NAME)" in shown(_states.print_states, campaign, reviews, {})
    reviewer = demo.Simulated.__new__(demo.Simulated)
    reviewer.seconds = Counter()
    reviewer.seconds = {"queue": [1000.0], "submit": [0.5], "search": []}
    assert "1000.00" in shown(demo._print_timings, [reviewer])


def test_drafting(shown, tmp_path):
    rules = ("quotes_title", "hindsight", "names_target", "unsupported", "contradiction", "numbers", "weights")
    summary = Summary()
    for rule in rules:
        summary.add(Draft("q", "t", None, tried=((Violation(rule, "why"),),)))
    out = shown(lambda: console.print(summary.table()))
    assert all(rule in out for rule in rules)
    of_model = {NAMES[1]: [Draft("q", "t", None, tried=(tuple(Violation(rule, "why") for rule in rules),))]}
    out = shown(rationale_files._print, begun(tmp_path / "c"), of_model, 12)
    assert out.split().count(NAMES[1]) == 2 and all(rule in out for rule in rules)
