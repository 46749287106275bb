"""``report.html``: the agreement of a campaign on one page that can be sent on. It loads nothing and runs nothing.

What reviewers and drafters wrote is shown as text: the template escapes everything, and the page's own policy forbids
scripts, images and requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from annotation.agreement.calibration import Calibration
from annotation.agreement.coefficients import Estimate
from annotation.agreement.console import FEW, shown_of, spoken
from annotation.agreement.measure import Agreement, Disagreement, GroupAgreement
from annotation.agreement.reliability_data import names_of
from annotation.campaign.judgements import QUESTIONS
from rad.reporting import plots
from rad.types import Rationale

TITLES = {
    "people": "People",
    "simulated": "Simulated reviewers",
}
TONES = {  # classes of the answers, in the order of annotation.agreement.reliability_data.names_of
    "plausibility": ("s0", "s1", "s2", "s3", "s4"),
    "trust": ("s0", "s1", "s2", "s3", "s4"),
    "verdict": ("s4", "s3", "s0", "s2"),
    "unsupported": ("s2", "s1"),
}
COEFFICIENTS = {
    "kappa": "kappa",
    "weighted_kappa": "weighted kappa",
    "spearman": "Spearman with the mean of the others",
}


def page(
    found: Agreement,
    judges: Sequence[Calibration],
    drafts: Mapping[str, Rationale],
    facts: Mapping[str, Any],
) -> str:
    """The page's HTML. ``facts``: campaign, created, guidelines, commit, and data (file name -> sha256)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spoken"] = spoken
    environment.filters["share"] = lambda value: "–" if value is None else f"{value:.0%}"
    groups = [_group(name, getattr(found, name), drafts) for name in TITLES if getattr(found, name).reviewers]
    return environment.get_template("report.html").render(
        found=found, groups=groups, judges=_judges(judges), facts=facts, few=FEW, plots=plots, coefficients=COEFFICIENTS
    )


def _group(name: str, group: GroupAgreement, drafts: Mapping[str, Rationale]) -> dict[str, Any]:
    """What the template shows of people or of simulated reviewers."""
    questions = list(group.questions.values())
    marks = (plots.TENTATIVE, plots.RELIABLE)
    alphas = [(q.question, "people", q.coefficients["alpha"]) for q in questions]
    return {
        "name": name,
        "title": TITLES[name],
        "of": group,
        "questions": questions,
        "alphas": plots.intervals(alphas, f"Krippendorff's alpha by question, {name}", marks),
        "answers": [_answers(group, q.question) for q in questions],
        "pairs": [
            (q.question, plots.heat(group.reviewers, _alphas(q.pairs), f"alpha of each two reviewers on {q.question}"))
            for q in questions
            if q.pairs
        ],
        "times": plots.times(list(group.seconds.items()), "seconds per record") if group.seconds else None,
        "talk": [_talk(one, drafts[one.rationale_id]) for one in group.disagreements],
    }


def _alphas(pairs: Sequence[Any]) -> dict[tuple[str, str], float | None]:
    return {pair.reviewers: pair.coefficients["alpha"].value for pair in pairs}


def _answers(group: GroupAgreement, question: str) -> dict[str, Any]:
    """The distribution of one question: a bar per reviewer, or per error code."""
    q, names = group.questions[question], names_of(question)
    if q.kind != "set":
        tones = dict(zip(names, TONES[question], strict=True))
        plot = plots.stacked(list(q.distribution.items()), tones, f"answers to {question} by reviewer")
        return {"question": question, "plot": plot, "legend": tones}
    rows = []
    for code in names:
        count = sum(counts.get(code, 0) for counts in q.distribution.values())
        known = q.codes.get(code)
        rows.append(
            (code, count, f"{count:,}" + (f" · alpha {known.value:.2f}" if known and known.value is not None else ""))
        )
    return {"question": question, "plot": plots.bars(rows, q.n_answers, f"{question} given"), "legend": ()}


def _talk(one: Disagreement, draft: Rationale) -> dict[str, Any]:
    said = [(who, dict(_words(given, draft.text))) for who, given in one.answers.items()]
    final = [(who, dict(_words(given, draft.text))) for who, given in one.adjudicated.items()]
    return {"id": one.rationale_id, "text": draft.text, "said": said, "final": final}


def _words(given: Mapping[str, str], text: str) -> Iterator[tuple[str, str]]:
    """Answers as people read them: codes in a row, the marked words themselves, a corrected text only if it differs."""
    for question, kind in QUESTIONS.items():
        answer = given.get(question)
        if answer is None:
            continue
        if kind == "set":
            yield question, ", ".join(json.loads(answer)) or "none"
        elif kind == "spans":
            marked = [f"“{text[start:end]}”" for start, end, _ in json.loads(answer)]
            yield question, " … ".join(marked) or "none"
        elif kind != "text" or answer != text:
            yield question, answer


def _judges(judges: Sequence[Calibration]) -> list[dict[str, Any]]:
    out = []
    for one in judges:
        rows: list[tuple[str, str, Estimate]] = []
        for name, place in shown_of(one.in_place).items():
            rows += [
                (f"judge: {COEFFICIENTS[name]}", "judge", place),
                ("the ceiling: people", "people", one.people[name]),
            ]
        name = one.judge.removeprefix("judge:")
        out.append(
            {"of": one, "name": name, "plot": plots.intervals(rows, f"{name} on {one.question}") if rows else None}
        )
    return out
