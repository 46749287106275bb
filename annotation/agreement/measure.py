"""How far reviewers agree beyond chance, per question and per pair of reviewers, with intervals.

Coefficients are those of :mod:`annotation.agreement.coefficients`: Krippendorff's alpha, ordinal for scales, nominal
for the verdict, with MASI distances for sets (error codes, edits of reasons) and over characters for spans; Cohen's
kappa for pairs, also with squared weights on scales. Intervals are 95% bootstrap intervals over records.

People are counted alone. Simulated reviewers have tables of their own. An adjudicator's answers stand beside the
others' and are in no coefficient. Judges (``judge-*.jsonl``) are compared with people next to how well people agree
among themselves (:mod:`annotation.agreement.calibration`). An undefined coefficient comes with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from annotation.agreement.coefficients import Draws, Statistic, bootstrap, estimate
from annotation.agreement.reliability_data import ReliabilityData
from annotation.agreement.results import (
    Adjudicated,
    Agreement,
    Disagreement,
    GroupAgreement,
    Pair,
    QuestionAgreement,
    Seconds,
)
from annotation.campaign import judgements as answers
from annotation.campaign.judgements import QUESTIONS, Answered, Kind, Value
from annotation.campaign.pseudonyms import Group
from rad.types import Judgement

DISTANCES: Mapping[Kind, str] = {
    "ordinal": "ordinal",
    "nominal": "nominal",
    "set": "MASI",
    "spans": "characters",
}
TALK = 20  # records with the widest disagreement that the report lists
# A coefficient's question, whether it is of all reviewers, an error code or two reviewers, and which
Key = tuple[str, Literal["all", "code", "pair"], str | tuple[int, int]]


def measure(
    judgements: Iterable[Judgement], lengths: Mapping[str, int] | None = None, seed: int = 0, resamples: int = 1000
) -> Agreement:
    """Measure the agreement of reviewers.

    Args:
        judgements: Those of reviewers and adjudicators.
        lengths: Characters of each draft's text by rationale id, which spans need.
        seed: Of the bootstrap.
        resamples: Of the bootstrap.

    Raises:
        RadError: :func:`annotation.campaign.judgements.checked` refuses a judgement.
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
    answered: Sequence[Answered],
    judged: Sequence[Answered],
    lengths: Mapping[str, int] | None,
    seed: int,
    resamples: int,
) -> GroupAgreement:
    """The agreement of one group; ``judged`` are the adjudicators' answers, which stand beside disagreements."""
    reviewers = {name: k for k, name in enumerate(sorted({one.judgement.annotator for one in answered}))}
    records = {name: k for k, name in enumerate(sorted({one.judgement.rationale_id for one in answered}))}
    by_question: dict[str, list[Answered]] = defaultdict(list)
    for one in answered:
        by_question[one.judgement.question].append(one)
    tables = {
        question: ReliabilityData.of(question, by_question[question], records, reviewers, lengths)
        for question, kind in QUESTIONS.items()
        if kind != "text" and question in by_question
    }
    statistics: dict[Key, Statistic] = {}
    for question, table in tables.items():
        statistics[question, "all", ""] = table.statistic()
        statistics |= {(question, "code", code): s for code, s in table.by_code().items()}
        statistics |= {(question, "pair", columns): s for columns, s in table.pairs().items()}
    # one bootstrap over records for all questions: a record is drawn with all its answers
    draws = bootstrap(statistics, len(records), seed, resamples)
    forms = {(one.judgement.rationale_id, one.judgement.annotator) for one in answered}
    return GroupAgreement(
        reviewers=tuple(reviewers),
        n_records=len(records),
        n_answers=len(answered),
        overlap=dict(sorted(Counter(Counter(record for record, _ in forms).values()).items())),
        questions={question: _question(table, tuple(reviewers), draws) for question, table in tables.items()},
        seconds=_seconds(answered),
        disagreements=_disagreements(tables, tuple(records), answered, judged),
    )


def _question(
    table: ReliabilityData, reviewers: Sequence[str], draws: Mapping[tuple[Key, str], Draws]
) -> QuestionAgreement:
    question, n_answers = table.question, table.n_answers
    n_shared = int((n_answers > 1).sum())
    undefined = "no record has two answers" if not n_shared else "all answers are the same"
    coefficients, codes, of_pairs = {}, {}, dict[tuple[int, int], dict[str, Draws]]()
    for ((of, scope, which), name), one in draws.items():
        if of != question:
            continue
        if scope == "all":
            coefficients[name] = estimate(one, n_shared, undefined)
        elif isinstance(which, str):
            codes[which] = estimate(one, n_shared, "never given, or always" if n_shared else undefined)
        else:
            of_pairs.setdefault(which, {})[name] = one
    pairs = []
    for (i, j), by_name in of_pairs.items():
        # codes (records, 2) of the pair: the records that both answered
        n = int((table.codes[:, (i, j)] >= 0).all(axis=1).sum())
        estimates = {name: estimate(one, n, "all answers are the same") for name, one in by_name.items()}
        pairs.append(Pair((reviewers[i], reviewers[j]), n, table.exact((i, j)) or 0.0, estimates))
    return QuestionAgreement(
        question=question,
        kind=table.kind,
        distance=DISTANCES[table.kind],
        n_answers=int(n_answers.sum()),
        n_records=int((n_answers > 0).sum()),
        n_shared=n_shared,
        exact=table.exact(),
        distribution=dict(zip(reviewers, table.distribution(), strict=True)),
        coefficients=coefficients,
        codes=codes,
        pairs=pairs,
    )


def _seconds(answered: Sequence[Answered]) -> dict[str, Seconds]:
    """By reviewer. ``seconds`` is of the record, on each of its answers; where they differ, the largest counts."""
    longest: dict[tuple[str, str], float] = {}
    for one in answered:
        if (seconds := one.judgement.seconds) is not None:
            key = one.judgement.annotator, one.judgement.rationale_id
            longest[key] = max(seconds, longest.get(key, 0.0))
    times: dict[str, list[float]] = defaultdict(list)
    for (annotator, _), seconds in sorted(longest.items()):
        times[annotator].append(seconds)
    return {name: Seconds(len(t), *(float(q) for q in np.quantile(t, [0.25, 0.5, 0.75]))) for name, t in times.items()}


def _disagreements(
    tables: Mapping[str, ReliabilityData],
    records: Sequence[str],
    answered: Sequence[Answered],
    judged: Sequence[Answered],
) -> list[Disagreement]:
    """The records whose answers are furthest apart, widest first."""
    # (records,): mean distances of two answers, summed over questions
    spread = np.sum([table.spread() for table in tables.values()], axis=0) if tables else np.zeros(len(records))
    # stable: of records that are as far apart the first by id comes first, on every machine
    widest = [int(k) for k in np.argsort(-spread, kind="stable")[:TALK] if spread[k] > 0]
    chosen = {records[k] for k in widest}
    of_reviewers, of_adjudicators = _by_record(answered, chosen), _by_record(judged, chosen)
    return [
        Disagreement(name, float(spread[k]), dict(sorted(of_reviewers[name].items())), of_adjudicators.get(name, {}))
        for k, name in ((k, records[k]) for k in widest)
    ]


def _by_record(answered: Sequence[Answered], records: set[str]) -> dict[str, dict[str, dict[str, str]]]:
    """rationale_id -> annotator -> question -> answer, of some records."""
    out: dict[str, dict[str, dict[str, str]]] = {}
    for one in (x.judgement for x in answered if x.judgement.rationale_id in records):
        out.setdefault(one.rationale_id, {}).setdefault(one.annotator, {})[one.question] = one.answer
    return out


def _adjudicated(people: Sequence[Answered], judged: Sequence[Answered]) -> dict[str, Adjudicated]:
    """By question, on the records that an adjudicator and a person answered."""
    final: dict[tuple[str, str], list[Value | None]] = defaultdict(list)
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
