"""Predictions and examples in, scores out: a pure function, the same for a model just run and for a file read back.

A prediction that is missing or at fault (see :func:`fault`) scores the worst of every metric's range and is counted in
``n_failed``. A target that is in its own history cannot be ranked, scores 0 and is counted in ``n_repeat``.

Every ranking metric is also given for slices of the queries: warm and cold targets (seen or not in the interactions
that the model could learn from) and short, middle and long histories.

Intervals are 95% percentile intervals of a bootstrap over queries (Efron and Tibshirani 1993, chapter 13): a resample
is a vector of counts, so all metrics and slices of a resample are one matrix product. Corpus metrics are computed
again on each resample; as a resample holds only 63% of the distinct queries, their distribution is moved to be
centred on the value.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.harness.base import CorpusMetric, Metric, QueryMetric
from benchmarks.harness.registries import load_metrics
from benchmarks.harness.results import Score
from rad.errors import RadError
from rad.rationales.rules import weight_violations
from rad.runtime.statistics import bootstrap, column_means, percentile_interval
from rad.types import Example, Item, Prediction, Query

CUT = 100


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
) -> Evaluation:
    """Score ``predictions`` (any order) against ``examples`` with the named ``metrics``.

    ``seen`` holds the ids of items that the model could learn from (None: no warm and cold slices). ``samples`` is the
    number of bootstrap resamples. :class:`RadError` on bad metric names, on no examples, and on a prediction for a
    query that was not asked.
    """
    chosen = load_metrics(metrics, items)
    if not examples:
        raise RadError("no queries to evaluate: the split is empty")
    answers, reasons = checked(predictions, examples, items)
    values, corpus = measure(chosen, answers, examples)
    history, warm = np.array([len(e.query.history) for e in examples]), None
    if seen is not None:
        seen = frozenset(seen)
        warm = np.array([is_warm(e, seen) for e in examples])
    return Evaluation(
        query_ids=tuple(e.query.query_id for e in examples),
        scores=summary(chosen, values, corpus, slices_of(history, warm), seed, samples),
        values=values,
        n_failed=sum(answer.error is not None for answer in answers),
        n_repeat=sum(map(is_repeat, examples)),
        failures=dict(reasons.most_common(5)),
    )


Statistic = Callable[[np.ndarray], float]


def measure(
    chosen: Mapping[str, Metric], answers: Sequence[Prediction], examples: Sequence[Example], writes: bool = False
) -> tuple[dict[str, np.ndarray], dict[str, Statistic]]:
    """Of ``checked`` predictions: each query metric's values, NaN where undefined, and corpus metrics' statistics.

    A metric whose needs no query meets is in neither. A model that ``writes`` rationales scores the worst where it
    wrote none at all (as it may over a part of the queries).
    """
    failed = np.array([answer.error is not None for answer in answers])
    met = _needs_met(answers, examples)
    values: dict[str, np.ndarray] = {}
    corpus: dict[str, Statistic] = {}
    for name, metric in chosen.items():
        given, possible = met["rationale"], met["all"]
        for need in metric.needs - {"rationale"}:
            possible = possible & met[need]
        if not possible.any() or ("rationale" in metric.needs and not (writes or given.any())):
            continue
        if isinstance(metric, CorpusMetric):
            corpus[name] = metric.statistic(answers, examples)
            continue
        assert isinstance(metric, QueryMetric), name
        good = possible & ~failed & (given if "rationale" in metric.needs else True)
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
) -> list[Score]:
    """Means over all queries and over slices of them, with their intervals."""
    n = len(slices["all"])
    columns = [(name, part) for name in values for part in (slices if not chosen[name].needs else ("all",))]
    table = np.full((n, len(columns)), np.nan)
    for column, (name, part) in enumerate(columns):
        inside = slices[part]
        table[inside, column] = values[name][inside]
    intervals, drawn = bootstrapped(table, corpus, seed, samples)

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


# --- what is wrong with a prediction ---


def checked(
    predictions: Iterable[Prediction], examples: Sequence[Example], items: Mapping[str, Item]
) -> tuple[list[Prediction], Counter[str]]:
    """One prediction an example, in their order, and the reasons of those that fail (with how often).

    A failed one comes back with an empty ranking, no rationale and ``error`` set.
    """
    asked = {e.query.query_id: e.query for e in examples}
    given: dict[str, Prediction] = {}
    reasons: Counter[str] = Counter()
    for p in predictions:
        if p.query_id not in asked:
            raise RadError(f"a prediction for query '{p.query_id}', which was not asked")
        wrong = "predicted more than once" if p.query_id in given else fault(p, asked[p.query_id], items)
        given[p.query_id] = p if wrong is None else Prediction(p.query_id, (), error=wrong)
    out = [given.get(key) or Prediction(key, (), error="no prediction") for key in asked]
    reasons.update(p.error for p in out if p.error is not None)
    return out, reasons


def fault(p: Prediction, query: Query, items: Mapping[str, Item]) -> str | None:
    """Why a prediction cannot be scored, or None. The words name the kind, not the ids, so that equal faults add up."""
    if p.error is not None:
        return p.error or "an error without a message"
    if not p.ranking:
        return "empty ranking"
    if len(p.ranking) > CUT:
        return f"ranking longer than {CUT}"
    shown = set(p.ranking)
    if not shown <= items.keys():
        return "unknown item in the ranking"
    if len(shown) < len(p.ranking):
        return "repeated item in the ranking"
    if any(x.item_id in shown for x in query.history):
        return "item of the history in the ranking"
    if query.candidates is not None and not shown <= set(query.candidates):
        return "item outside the candidates in the ranking"
    if p.scores is not None:
        if len(p.scores) != len(p.ranking):
            return "scores and ranking differ in length"
        if not all(map(math.isfinite, p.scores)):
            return "score that is not a finite number"
    for wrong in weight_violations(p.rationale) if p.rationale is not None else ():
        return f"weights of the reasons: {wrong.detail}"
    return None


def repaired(
    predictions: Iterable[Prediction], queries: Sequence[Query], items: Mapping[str, Item]
) -> Iterator[Prediction]:
    """The stream as it is stored: a faulty prediction says why in ``error`` and holds no number that JSON cannot."""
    asked = {q.query_id: q for q in queries}
    for p in predictions:
        wrong = fault(p, asked[p.query_id], items) if p.query_id in asked else None
        yield p if wrong is None else replace(p, error=wrong, scores=None, rationale=None)


# --- slices and intervals ---


def is_repeat(example: Example) -> bool:
    """Whether a target is in its own history."""
    return any(x.item_id in example.relevant for x in example.query.history)


def is_warm(example: Example, seen: Collection[str]) -> bool:
    return any(item in seen for item in example.relevant)


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
    table: np.ndarray, corpus: Mapping[str, Statistic], seed: int = 0, samples: int = 1000
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Over one and the same resamples: the ends of each column's interval, and each corpus statistic's values.

    Args:
        table: [queries, columns], NaN where undefined.
        corpus: Statistics of all queries together, by name.
        seed: Of the resamples.
        samples: How many resamples.

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
    drawn = bootstrap(values, n, seed, samples, cells=20_000_000 if n < 200_000 else 4_000_000)
    ends = [percentile_interval(column) or (np.nan, np.nan) for column in drawn[:, :width].T]
    return np.array(ends).reshape(-1, 2), dict(zip(corpus, drawn[:, width:].T, strict=True))
