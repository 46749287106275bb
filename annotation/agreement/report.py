"""``report.html``: the agreement of a campaign on one page that can be sent on. It loads nothing and runs nothing.

What reviewers and drafters wrote is shown as text: the template escapes everything, and the page's own policy forbids
scripts, images and requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from annotation.agreement.console import FEW, headline, spoken
from annotation.agreement.reliability_data import names_of
from annotation.agreement.results import Agreement, Calibration, Disagreement, Estimate, GroupAgreement, Pair
from annotation.campaign.judgements import QUESTIONS
from annotation.evaluation.checks import Result
from rad.reporting import html, plots
from rad.types import Rationale

TITLES = {
    "people": "People",
    "simulated": "Simulated reviewers",
}
TONES = {  # classes of the answers, in the order of names_of
    "plausibility": ("s0", "s1", "s2", "s3", "s4"),
    "trust": ("s0", "s1", "s2", "s3", "s4"),
    "verdict": ("s4", "s3", "s0", "s2"),
    "unsupported": ("s2", "s1"),
}
MARKS = {"tentative 0.67": 2 / 3, "reliable 0.8": 0.8}  # Krippendorff's: below the first, draw no conclusions
AGREEMENT = (-1.0, 1.0)  # the limits of a coefficient
COEFFICIENTS = {
    "kappa": "kappa",
    "weighted_kappa": "weighted kappa",
    "spearman": "Spearman with the mean of the others",
}


def page(
    agreement: Agreement,
    judges: Sequence[Calibration],
    drafts: Mapping[str, Rationale],
    facts: Mapping[str, object],
    checks: Sequence[Result] = (),
) -> str:
    """The page's HTML. ``facts``: campaign, created, guidelines, commit, and data (file name -> sha256)."""
    environment = html.environment(Path(__file__).parent)
    environment.filters["spoken"] = spoken
    environment.filters["share"] = lambda value: "–" if value is None else f"{value:.0%}"
    by_name = {"people": agreement.people, "simulated": agreement.simulated}
    return html.document(
        environment.get_template("report.html"),
        html.style(Path(__file__).with_name("report.css")),
        agreement=agreement,
        groups=[_group(name, group, drafts) for name, group in by_name.items() if group.reviewers],
        judges=_judges(judges),
        checks=checks,
        facts=facts,
        few=FEW,
        coefficients=COEFFICIENTS,
    )


def _group(name: str, group: GroupAgreement, drafts: Mapping[str, Rationale]) -> dict[str, object]:
    """What the template shows of people or of simulated reviewers."""
    questions = list(group.questions.values())
    alphas = [_interval(q.question, q.coefficients["alpha"]) for q in questions]
    seconds = [
        plots.Interval(who, f"{s.median:,.0f} s", s.median, (s.quarter, s.three_quarters))
        for who, s in group.seconds.items()
    ]
    return {
        "name": name,
        "title": TITLES[name],
        "of": group,
        "questions": questions,
        "alphas": plots.intervals(alphas, f"Krippendorff's alpha by question, {name}", MARKS, AGREEMENT),
        "answers": [_answers(group, q.question) for q in questions],
        "pairs": [
            (q.question, plots.heat(group.reviewers, _alphas(q.pairs), f"alpha of each two reviewers on {q.question}"))
            for q in questions
            if q.pairs
        ],
        "times": plots.intervals(seconds, "seconds per record", unit=" s") if seconds else None,
        "talk": [_talk(one, drafts[one.rationale_id]) for one in group.disagreements],
    }


def _interval(name: str, one: Estimate, colour: str = "c1") -> plots.Interval:
    ends = (one.low, one.high) if one.low is not None and one.high is not None else None
    return plots.Interval(name, "undefined" if one.value is None else spoken(one), one.value, ends, colour)


def _alphas(pairs: Sequence[Pair]) -> dict[tuple[str, str], float | None]:
    return {pair.reviewers: pair.coefficients["alpha"].value for pair in pairs}


def _answers(group: GroupAgreement, question: str) -> dict[str, object]:
    """The distribution of one question: a bar per reviewer, or per error code."""
    q, names = group.questions[question], names_of(question)
    if q.kind != "set":
        tones = dict(zip(names, TONES[question], strict=True))
        plot = plots.stacked(list(q.distribution.items()), tones, f"answers to {question} by reviewer")
        return {"question": question, "plot": plot, "legend": tones}
    rows = []
    for code in names:
        count = sum(counts.get(code, 0) for counts in q.distribution.values())
        alpha = q.codes[code].value if code in q.codes else None
        rows.append((code, count, f"{count:,}" + (f" · alpha {alpha:.2f}" if alpha is not None else "")))
    return {"question": question, "plot": plots.bars(rows, q.n_answers, f"{question} given"), "legend": ()}


def _talk(one: Disagreement, draft: Rationale) -> dict[str, object]:
    reviewers = [(who, dict(_words(answers, draft.text))) for who, answers in one.answers.items()]
    adjudicators = [(who, dict(_words(answers, draft.text))) for who, answers in one.adjudicated.items()]
    return {"id": one.rationale_id, "text": draft.text, "reviewers": reviewers, "adjudicators": adjudicators}


def _words(answers: Mapping[str, str], text: str) -> Iterator[tuple[str, str]]:
    """Answers as people read them: codes in a row, the marked words themselves, a corrected text only if it differs."""
    for question, kind in QUESTIONS.items():
        answer = answers.get(question)
        if answer is None:
            continue
        if kind == "set":
            yield question, ", ".join(json.loads(answer)) or "none"
        elif kind == "spans":
            marked = [f"“{text[start:end]}”" for start, end, _ in json.loads(answer)]
            yield question, " … ".join(marked) or "none"
        elif kind != "text" or answer != text:
            yield question, answer


def _judges(judges: Sequence[Calibration]) -> list[dict[str, object]]:
    out = []
    for one in judges:
        rows: list[plots.Interval] = []
        for name, estimate in headline(one.in_place).items():
            rows += [
                _interval(f"judge: {COEFFICIENTS[name]}", estimate, "c2"),
                _interval("the ceiling: people", one.people[name]),
            ]
        name = one.judge.removeprefix("judge:")
        plot = plots.intervals(rows, f"{name} on {one.question}", limits=AGREEMENT) if rows else None
        out.append({"of": one, "name": name, "plot": plot})
    return out
