"""How far reviewers agree beyond chance, per question and per pair of reviewers, with intervals.

Coefficients are those of
``annotation/agreement/coefficients.py``: Krippendorff's alpha, ordinal for scales, nominal for the verdict, with MASI
distances for sets of error codes and over characters for spans; Cohen's kappa for pairs, also with squared weights on
scales. Intervals are 95% bootstrap intervals over records.

People are counted alone. Simulated reviewers have tables of their own, an adjudicator's answers stand beside the
others' and are in no coefficient, and judges (``judge-*.jsonl``) are set against people next to how well people agree
among themselves. A coefficient that cannot be computed is said to be undefined, and why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from annotation.agreement.coefficients import Draws, Estimate, Statistic, bootstrap, estimate
from annotation.agreement.reliability_data import Panel
from annotation.campaign import judgements as answers
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import QUESTIONS, Answered, Group, Kind
from annotation.commands.draft import drafts_of
from rad.errors import RadError
from rad.types import Judgement, Rationale

DISTANCES: Mapping[Kind, str] = {
    "ordinal": "ordinal",
    "nominal": "nominal",
    "set": "MASI",
    "spans": "characters",
}
DRAFTS, JUDGEMENTS = "drafts.jsonl", "judgements.jsonl"
TALK = 20  # records with the widest disagreement that the report lists


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers on the records that both answered. ``exact``: the share of equal answers."""

    reviewers: tuple[str, str]
    n: int
    exact: float
    coefficients: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """One question. ``n_shared``: records with two answers or more. ``distribution``: answers (or error codes) counted
    per reviewer. ``exact``: the share of pairs of answers that are equal. ``codes``: alpha of each error code."""

    question: str
    kind: Kind
    distance: str | None
    n_answers: int
    n_records: int
    n_shared: int
    exact: float | None
    distribution: Mapping[str, Mapping[str, int]]
    coefficients: Mapping[str, Estimate] = field(default_factory=dict)
    codes: Mapping[str, Estimate] = field(default_factory=dict)
    pairs: Sequence[Pair] = ()


@dataclass(frozen=True, slots=True)
class Seconds:
    """Time per record of one reviewer, in seconds."""

    n: int
    quarter: float
    median: float
    three_quarters: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A record to talk about. ``spread``: mean distance of two answers, 0 to 1 a question, summed over questions."""

    rationale_id: str
    spread: float
    answers: Mapping[str, Mapping[str, str]]
    adjudicated: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """People, or simulated reviewers. ``overlap``: how many records have how many reviewers."""

    reviewers: tuple[str, ...]
    n_records: int
    n_answers: int
    overlap: Mapping[int, int]
    questions: Mapping[str, QuestionAgreement]
    seconds: Mapping[str, Seconds]
    disagreements: Sequence[Disagreement]


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """How often reviewers' answers are those of the adjudicator, on the records that have one."""

    n_records: int
    n_answers: int
    equal: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """What :func:`measure` finds. ``guidelines``: answers by guideline version."""

    people: GroupAgreement
    simulated: GroupAgreement
    adjudicated: Mapping[str, Adjudicated]
    guidelines: Mapping[str, int]
    seed: int
    resamples: int


def measure(
    judgements: Iterable[Judgement], lengths: Mapping[str, int] | None = None, seed: int = 0, resamples: int = 1000
) -> Agreement:
    """Agreement of reviewers. ``lengths``: characters of each draft's text by rationale id, which spans need.

    :class:`RadError` on what :func:`annotation.campaign.judgements.checked` refuses.
    """
    numbered = ((f"judgement {number}", one) for number, one in enumerate(judgements, 1))
    return measure_answers(list(answers.checked(numbered, lengths)), lengths, seed, resamples)


def measure_answers(
    answered: Sequence[Answered], lengths: Mapping[str, int] | None, seed: int = 0, resamples: int = 1000
) -> Agreement:
    """The same for judgements that are read and checked already."""
    by_group: dict[Group, list[Answered]] = defaultdict(list)
    for one in answered:
        by_group[one.group].append(one)
    judged = by_group["adjudicators"]
    return Agreement(
        people=_group(by_group["people"], judged, lengths, seed, resamples),
        simulated=_group(by_group["simulated"], judged, lengths, seed, resamples),
        adjudicated=_adjudicated(by_group["people"], judged),
        guidelines=dict(sorted(Counter(one.judgement.guideline_version for one in answered).items())),
        seed=seed,
        resamples=resamples,
    )


def _group(
    given: Sequence[Answered],
    judged: Sequence[Answered],
    lengths: Mapping[str, int] | None,
    seed: int,
    resamples: int,
) -> GroupAgreement:
    reviewers = {name: k for k, name in enumerate(sorted({one.judgement.annotator for one in given}))}
    records = {name: k for k, name in enumerate(sorted({one.judgement.rationale_id for one in given}))}
    by_question: dict[str, list[Answered]] = defaultdict(list)
    for one in given:
        by_question[one.judgement.question].append(one)
    panels = {
        question: Panel.of(question, by_question[question], records, reviewers, lengths)
        for question, kind in QUESTIONS.items()
        if kind != "text" and question in by_question
    }
    statistics: dict[Any, Statistic] = {}
    for question, panel in panels.items():
        statistics[question, "all"] = panel.statistic()
        statistics |= {(question, "code", code): s for code, s in panel.by_code().items()}
        statistics |= {(question, "pair", *columns): s for columns, s in panel.pairs().items()}
    draws = bootstrap(statistics, len(records), seed, resamples)
    seen = {(one.judgement.rationale_id, one.judgement.annotator) for one in given}
    return GroupAgreement(
        reviewers=tuple(reviewers),
        n_records=len(records),
        n_answers=len(given),
        overlap=dict(sorted(Counter(Counter(record for record, _ in seen).values()).items())),
        questions={q: _question(panel, tuple(reviewers), statistics, draws) for q, panel in panels.items()},
        seconds=_seconds(given),
        disagreements=_disagreements(panels, tuple(records), given, judged),
    )


def _question(
    panel: Panel,
    reviewers: Sequence[str],
    statistics: Mapping[Any, Statistic],
    draws: Mapping[tuple[Any, str], Draws],
) -> QuestionAgreement:
    name, n_answers = panel.question, panel.n_answers
    n_shared = int((n_answers > 1).sum())
    why = "no record has two answers" if not n_shared else "all answers are the same"
    names = {key: [n for k, n in draws if k == key] for key in statistics if key[0] == name}
    pairs = []
    for key in (key for key in statistics if key[:2] == (name, "pair")):
        columns = key[2:]
        n = int((panel.codes[:, columns] >= 0).all(axis=1).sum())
        found = {x: estimate(draws[key, x], n, "all answers are the same") for x in names[key]}
        pairs.append(Pair((reviewers[columns[0]], reviewers[columns[1]]), n, panel.exact(columns) or 0.0, found))
    return QuestionAgreement(
        question=name,
        kind=panel.kind,
        distance=DISTANCES[panel.kind],
        n_answers=int(n_answers.sum()),
        n_records=int((n_answers > 0).sum()),
        n_shared=n_shared,
        exact=panel.exact(),
        distribution=dict(zip(reviewers, panel.distribution(), strict=True)),
        coefficients={x: estimate(draws[(name, "all"), x], n_shared, why) for x in names[name, "all"]},
        codes={
            key[2]: estimate(draws[key, "alpha"], n_shared, "never given, or always" if n_shared else why)
            for key in statistics
            if key[:2] == (name, "code")
        },
        pairs=pairs,
    )


def _seconds(given: Sequence[Answered]) -> dict[str, Seconds]:
    """By reviewer. ``seconds`` is of the record, on each of its answers; where they differ, the largest counts."""
    longest: dict[tuple[str, str], float] = {}
    for one in given:
        if (seconds := one.judgement.seconds) is not None:
            key = one.judgement.annotator, one.judgement.rationale_id
            longest[key] = max(seconds, longest.get(key, 0.0))
    times: dict[str, list[float]] = defaultdict(list)
    for (annotator, _), seconds in sorted(longest.items()):
        times[annotator].append(seconds)
    return {name: Seconds(len(t), *(float(q) for q in np.quantile(t, [0.25, 0.5, 0.75]))) for name, t in times.items()}


def _disagreements(
    panels: Mapping[str, Panel], records: Sequence[str], given: Sequence[Answered], judged: Sequence[Answered]
) -> list[Disagreement]:
    """The records whose answers are furthest apart, widest first."""
    spread = np.sum([panel.spread() for panel in panels.values()], axis=0) if panels else np.zeros(len(records))
    widest = [int(k) for k in np.argsort(-spread, kind="stable")[:TALK] if spread[k] > 0]
    chosen = {records[k] for k in widest}
    said: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    final: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for into, these in ((said, given), (final, judged)):
        for one in (x.judgement for x in these if x.judgement.rationale_id in chosen):
            into[one.rationale_id][one.annotator][one.question] = one.answer
    return [
        Disagreement(records[k], float(spread[k]), dict(sorted(said[records[k]].items())), dict(final[records[k]]))
        for k in widest
    ]


def _adjudicated(people: Sequence[Answered], judged: Sequence[Answered]) -> dict[str, Adjudicated]:
    """By question, on the records that an adjudicator and a person answered."""
    final: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for one in judged:
        final[one.judgement.question, one.judgement.rationale_id].append(one.value)
    out = {}
    for question, kind in QUESTIONS.items():
        pairs = [
            (one.judgement.rationale_id, one.value == value)
            for one in people
            if one.judgement.question == question
            for value in final.get((question, one.judgement.rationale_id), ())
        ]
        if pairs and kind != "text":
            equal = sum(same for _, same in pairs) / len(pairs)
            out[question] = Adjudicated(len({record for record, _ in pairs}), len(pairs), equal)
    return out


def read_drafts(folder: Path) -> dict[str, Rationale]:
    """The drafts of a campaign's folder by rationale id."""
    if not folder.is_dir():
        raise RadError(f"{folder}: no such campaign folder")
    if not (folder / DRAFTS).exists():
        raise RadError(f"{folder / DRAFTS}: no such file: python -m annotation draft {folder}")
    return {draft.rationale_id: draft for draft in drafts_of(Campaign(folder))}


def read_judgements(folder: Path, lengths: Mapping[str, int]) -> list[Answered]:
    """What reviewers answered on the drafts of a campaign's folder, checked."""
    path = folder / JUDGEMENTS
    if not path.exists():
        raise RadError(f"{path}: no such file: 'python -m annotation pull {folder}' fetches the answers")
    return answers.read(path, lengths)
