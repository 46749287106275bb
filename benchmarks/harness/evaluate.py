"""Predictions and examples in, scores out: a pure function, the same for a model just run and for a file read back.

A prediction that is missing or breaks a rule (:mod:`benchmarks.harness.violations`) scores the worst of every metric's
range and is counted in ``n_failed``. A target that is in its own history is counted in ``n_repeat``; it cannot be
ranked and scores 0, but where repeats are kept.

Every ranking metric is also given for slices of the queries: warm and cold targets (seen or not in the interactions
that the model could learn from) and short, middle and long histories.

Intervals are 95% percentile intervals of a bootstrap over queries (Efron and Tibshirani 1993, chapter 13): a resample
is a vector of counts, so all metrics and slices of a resample are one matrix product. Corpus metrics are computed
again on each resample; as a resample holds only 63% of the distinct queries, their distribution is moved to be
centred on the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.harness.base import CorpusMetric, Metric, QueryMetric
from benchmarks.harness.registries import load_metrics
from benchmarks.harness.results import Score
from benchmarks.harness.violations import aligned, validated
from rad.data.splits import is_warm
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals, column_means, percentile_interval
from rad.types import Example, Item, Prediction


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``values`` maps a query metric to one float a query, in the order of ``query_ids``; NaN where undefined."""

    query_ids: tuple[str, ...]
    scores: list[Score]
    values: dict[str, np.ndarray]
    n_failed: int
    n_repeat: int
    failures: dict[str, int]

    def value(self, metric: str, slice: str = "all") -> float:
        return next(s.value for s in self.scores if s.metric == metric and s.slice == slice)


def evaluate(
    predictions: Iterable[Prediction],
    examples: Sequence[Example],
    metrics: Sequence[str],
    items: Mapping[str, Item],
    seen: Collection[str] | None = None,
    seed: int = 0,
    samples: int = 1000,
    is_validated: bool = False,
    facts: CountFacts | None = None,
) -> Evaluation:
    """Score predictions against examples with the named metrics.

    Args:
        predictions: In any order.
        examples: The queries with their answers.
        metrics: Names, with cuts.
        items: The catalogue.
        seen: Ids of the items that the model could learn from; None: no warm and cold slices.
        seed: Of the bootstrap.
        samples: Resamples of the bootstrap.
        is_validated: The predictions have been through :func:`~benchmarks.harness.violations.validated`.
        facts: Counts the training split, where a metric asks for it; None leaves such metrics out.

    Raises:
        RadError: Bad metric names, no examples, or a prediction for a query that was not asked.
    """
    chosen = load_metrics(metrics, items)
    if not examples:
        raise RadError("no queries to evaluate: the split is empty")
    if not is_validated:
        predictions = validated(predictions, [e.query for e in examples], items)
    answers, reasons = aligned(predictions, examples)
    values, corpus = measure(chosen, answers, examples, facts=facts)
    history, warm = np.array([len(e.query.history) for e in examples]), None
    if seen is not None:
        seen = frozenset(seen)
        warm = np.array([is_warm(e, seen) for e in examples])
    return Evaluation(
        query_ids=tuple(e.query.query_id for e in examples),
        scores=summary(chosen, values, corpus, slices_of(history, warm), seed, samples, users_of(examples)),
        values=values,
        n_failed=sum(answer.error is not None for answer in answers),
        n_repeat=sum(map(is_repeat, examples)),
        failures=dict(reasons.most_common(5)),
    )


def users_of(examples: Sequence[Example]) -> list[str]:
    """The user of each query, by whom intervals and tests are clustered."""
    return [example.query.user_id for example in examples]


Statistic = Callable[[np.ndarray], float]
CountFacts = Callable[[], Facts]
"""Counts facts from a training split: called once, and only where a metric needs them."""


def measure(
    chosen: Mapping[str, Metric],
    answers: Sequence[Prediction],
    examples: Sequence[Example],
    writes: bool = False,
    facts: CountFacts | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, Statistic]]:
    """What each metric says of each query. A metric whose needs no query meets is left out.

    Args:
        chosen: Metrics by name.
        answers: One prediction an example, as :func:`~benchmarks.harness.violations.aligned` gives them.
        examples: In the same order.
        writes: The model writes rationales: it scores the worst where it wrote none at all, as it may over a part of
            the queries.
        facts: Counts the training split, where a metric asks for it; None leaves such metrics out.

    Returns:
        The values [queries] of each query metric, NaN where undefined; and the statistics of corpus metrics.
    """
    # failed, and each mask of met: [queries]
    failed = np.array([answer.error is not None for answer in answers])
    met = {**_needs_met(answers, examples), "facts": np.full(len(examples), facts is not None)}
    counted: Facts | None = None
    values: dict[str, np.ndarray] = {}
    corpus: dict[str, Statistic] = {}
    for name, metric in chosen.items():
        explained, possible = met["rationale"], met["all"]
        for need in metric.needs - {"rationale"}:
            possible = possible & met[need]
        if not possible.any() or ("rationale" in metric.needs and not (writes or explained.any())):
            continue
        if facts is not None and "facts" in metric.needs:
            metric.facts = counted = counted or facts()
        if isinstance(metric, CorpusMetric):
            corpus[name] = metric.statistic(answers, examples)
            continue
        assert isinstance(metric, QueryMetric), name
        good = possible & ~failed & (explained if "rationale" in metric.needs else True)
        # [queries]: NaN where undefined, the worst where the model failed or gave no rationale, else the score
        values[name] = np.where(possible, metric.worst(), np.nan)
        rows = np.flatnonzero(good).tolist()
        scored = metric.score_each([answers[i] for i in rows], [examples[i] for i in rows])
        values[name][rows] = [math.nan if value is None else value for value in scored]
    return values, corpus


def summary(
    chosen: Mapping[str, Metric | type[Metric]],
    values: Mapping[str, np.ndarray],
    corpus: Mapping[str, Statistic],
    slices: Mapping[str, np.ndarray],
    seed: int,
    samples: int,
    users: Sequence[str] | None = None,
) -> list[Score]:
    """Means over all queries and over slices of them, with their intervals (:func:`scores_of`)."""
    columns: dict[tuple[str, str], np.ndarray] = {}
    for name, of_metric in values.items():
        for part in slices if not chosen[name].needs else ("all",):
            columns[name, part] = np.where(slices[part], of_metric, np.nan)
    return scores_of(chosen, columns, corpus, len(slices["all"]), seed, samples, users)


def scores_of(
    chosen: Mapping[str, Metric | type[Metric]],
    columns: Mapping[tuple[str, str], np.ndarray],
    corpus: Mapping[str, Statistic],
    n: int,
    seed: int,
    samples: int,
    users: Sequence[str] | None = None,
) -> list[Score]:
    """The mean of each column [queries] of a metric and a slice, NaN outside of it, with its interval.

    ``users`` has the user of each query: where one has several, whole users are resampled. None: none has.
    """
    # table [queries, columns], so that one product gives all means of a resample
    table = np.stack(list(columns.values()), axis=1) if columns else np.empty((n, 0))
    intervals, drawn = bootstrapped(table, corpus, seed, samples, None if users is None else clusters_of(users))

    def row(name: str, part: str, value: float, ends: tuple[float, float], n: int) -> Score:
        metric = chosen[name]
        return Score(
            metric=name,
            slice=part,
            value=value,
            ci_low=ends[0],
            ci_high=ends[1],
            n=n,
            higher_is_better=metric.higher_is_better,
            version=metric.version,
        )

    scores = []
    for column, (name, part) in enumerate(columns):
        defined = table[:, column][~np.isnan(table[:, column])]
        if len(defined):
            low, high = map(float, intervals[column])
            scores.append(row(name, part, float(defined.mean()), (low, high), len(defined)))
    ones = np.ones(n, np.int64)
    for name, statistic in corpus.items():
        value = statistic(ones)
        # [resamples]: moved to be centred on the value, as a resample lacks a third of the queries
        centred = np.clip(drawn[name] - drawn[name].mean() + value, *chosen[name].range)
        scores.append(row(name, "all", value, percentile_interval(centred) or (value, value), n))
    return sorted(scores, key=lambda s: (s.slice != "all", list(chosen).index(s.metric)))


def _needs_met(answers: Sequence[Prediction], examples: Sequence[Example]) -> dict[str, np.ndarray]:
    return {
        "all": np.ones(len(examples), bool),
        "rationale": np.array([a.rationale is not None for a in answers]),
        "known": np.array([e.rationale is not None for e in examples]),
        "supported": np.array([e.rationale is not None and e.rationale.verdict == "supported" for e in examples]),
        "contrast": np.array([e.contrast is not None for e in examples]),
    }


# --- slices and intervals ---


def is_repeat(example: Example) -> bool:
    """Whether a target is in its own history."""
    return any(x.item_id in example.relevant for x in example.query.history)


def slices_of(length: np.ndarray, warm: np.ndarray | None) -> dict[str, np.ndarray]:
    """Which queries each slice holds, from the lengths of their histories and whether their targets are warm."""
    out = {
        "all": np.ones(len(length), bool),
        "history<=5": length <= 5,
        "history 6-10": (length > 5) & (length <= 10),
        "history>10": length > 10,
    }
    if warm is not None:
        out["warm"], out["cold"] = warm, ~warm
    return out


def bootstrapped(
    table: np.ndarray,
    corpus: Mapping[str, Statistic],
    seed: int = 0,
    samples: int = 1000,
    clusters: np.ndarray | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Over one and the same resamples: the ends of each column's interval, and each corpus statistic's values.

    Args:
        table: [queries, columns], NaN where undefined.
        corpus: Statistics of all queries together, by name.
        seed: Of the resamples.
        samples: How many resamples.
        clusters: The user of each query, as :func:`~rad.runtime.statistics.bootstrap` takes them.

    Returns:
        Ends [columns, 2], NaN for a column that is nowhere defined; and values [samples] by name.
    """
    n, width = table.shape
    means = column_means(table)

    def values(counts: np.ndarray) -> np.ndarray:
        """[resamples, columns and then corpus statistics]"""
        of_corpus = [[statistic(row) for row in counts] for statistic in corpus.values()]
        return np.column_stack([means(counts), *map(np.array, of_corpus)])

    # of many queries fewer at a time, where columns take the memory
    cells = 20_000_000 if n < 200_000 else 4_000_000
    drawn = bootstrap(values, n, seed, samples, cells, clusters)
    return column_intervals(drawn[:, :width]), dict(zip(corpus, drawn[:, width:].T, strict=True))
