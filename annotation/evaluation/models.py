"""What people say of each model: their answers on its drafts, and which of two models' drafts they prefer.

Every figure comes with a 95% bootstrap interval over queries, which are drawn with all answers on them. People are
counted alone where there are some; else simulated reviewers, and ``group`` says so. Adjudicators are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotation.campaign.pseudonyms import Group, group_of
from annotation.evaluation.pairs import QUESTIONS
from rad.runtime.statistics import bootstrap, column_intervals, column_means
from rad.types import Judgement, Rationale

FIGURES = ("plausibility", "trust", "accepted")


@dataclass(frozen=True, slots=True)
class Share:
    """A mean with its 95% interval, and the answers and queries it rests on. The interval is None for one query."""

    value: float
    low: float | None
    high: float | None
    n_answers: int
    n_queries: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How often people prefer ``model`` to ``other``, ties being half. ``counts``: wins, ties, losses."""

    question: str
    model: str
    other: str
    preferred: Share
    counts: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Models:
    """``reviewed``: by model, mean plausibility and trust (1 to 5), and the share of answers that accept the draft."""

    group: Group | None
    reviewed: Mapping[str, Mapping[str, Share]]
    compared: Sequence[Comparison]


def measure(
    drafts: Mapping[str, Rationale],
    reviews: Iterable[Judgement],
    comparisons: Iterable[Judgement],
    seed: int = 0,
    resamples: int = 1000,
) -> Models:
    """Measure models by the answers on their drafts.

    Args:
        drafts: By rationale id; a model is their drafter.
        reviews: Answers on drafts.
        comparisons: Answers on pairs of drafts.
        seed: Of the bootstrap.
        resamples: Of the bootstrap.
    """
    reviews, comparisons = list(reviews), list(comparisons)
    answering = {group_of(one.annotator) for one in [*reviews, *comparisons]}
    group: Group | None = "people" if "people" in answering else "simulated" if "simulated" in answering else None
    reviews = [one for one in reviews if group_of(one.annotator) == group and one.rationale_id in drafts]
    comparisons = [one for one in comparisons if group_of(one.annotator) == group]
    reviewed = {}
    for model in sorted({draft.drafter for draft in drafts.values()}):
        mine = [one for one in reviews if drafts[one.rationale_id].drafter == model]
        figures = {}
        for figure in FIGURES:
            values = [(drafts[j.rationale_id].query_id, v) for j in mine if (v := _value(figure, j)) is not None]
            if values:
                figures[figure] = _share(values, seed, resamples)
        if figures:
            reviewed[model] = figures
    return Models(group, reviewed, _compared(drafts, comparisons, seed, resamples))


def _value(figure: str, one: Judgement) -> float | None:
    if figure == "accepted":
        return float(one.answer in ("accept", "accept_edited")) if one.question == "verdict" else None
    return float(one.answer) if one.question == figure else None


def _compared(
    drafts: Mapping[str, Rationale], comparisons: Sequence[Judgement], seed: int, resamples: int
) -> list[Comparison]:
    values_of: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for one in comparisons:
        first, second = (drafts.get(key) for key in one.rationale_id.split("+"))
        if first is None or second is None:
            continue
        value = {"first": 1.0, "alike": 0.5, "second": 0.0}[one.answer]
        if first.drafter > second.drafter:
            first, second, value = second, first, 1 - value
        values_of.setdefault((one.question, first.drafter, second.drafter), []).append((first.query_id, value))
    models = sorted({draft.drafter for draft in drafts.values()})
    out = []
    for question in QUESTIONS:
        for model, other in combinations(models, 2):
            if values := values_of.get((question, model, other)):
                scores = [value for _, value in values]
                counts = (scores.count(1.0), scores.count(0.5), scores.count(0.0))
                out.append(Comparison(question, model, other, _share(values, seed, resamples), counts))
    return out


def _share(values: Sequence[tuple[str, float]], seed: int, resamples: int) -> Share:
    """The mean of (query id, value) pairs: of each query's mean, so that no query counts for more than another."""
    by_query: dict[str, list[float]] = {}
    for query, value in values:
        by_query.setdefault(query, []).append(value)
    means = np.array([[np.mean(by_query[query])] for query in sorted(by_query)])  # [queries, 1]
    low, high = None, None
    if len(means) > 1:
        (ends,) = column_intervals(bootstrap(column_means(means), len(means), seed, resamples))
        low, high = float(ends[0]), float(ends[1])
    return Share(float(means.mean()), low, high, len(values), len(means))
