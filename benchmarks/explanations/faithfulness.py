"""A finished run's model ranks again from changed rationales, and the metrics of faithfulness and choice read that."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.explanations.changes.counterfactuals import Answers, InputPlan
from benchmarks.explanations.changes.perturbations import STEPS
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.explanations.results import Attested, Perturbed
from benchmarks.harness.base import (
    AskingMetric,
    BenchmarkModel,
    FaithfulnessMetric,
    GainMetric,
    Metric,
    RatioMetric,
    RationaleRecommender,
)
from benchmarks.harness.fitting import learning_examples
from benchmarks.harness.registries import load_model, model_kind
from benchmarks.harness.results import Result
from benchmarks.metrics.faithfulness._faithful import EFFECTS, Effect
from rad.errors import RadError
from rad.reporting.console import console
from rad.types import Example, Prediction

MASKED = "target masked"
READABLE = 20  # queries whose changed rationales are stored to be read
Values = dict[tuple[str, str], np.ndarray]  # (metric, slice) -> one value a query, NaN where undefined


class RatioParts(NamedTuple):
    """What each query adds to the two sums of a ratio [queries, 2], and its user."""

    parts: np.ndarray
    users: list[str]


Ratios = dict[str, RatioParts]
"""Those of each metric."""


class NotAskable(RadError):
    """A run without faithfulness: its text says why the model cannot be asked again."""


@dataclass(frozen=True)
class Faithfulness:
    """``values`` by metric and slice; ``ratios`` by metric; ``curves`` of truncation; ``perturbed``: changed inputs and
    the answers."""

    values: Values
    ratios: Ratios
    attested: Attested
    curves: dict[str, dict[str, float]]
    perturbed: list[Perturbed]


def as_run(result: Result, words: Mapping[str, object] | None = None) -> BenchmarkModel:
    """The model of a run, set as it was and not yet fitted.

    Args:
        result: Of the run.
        words: Settings beside those that a result records, as the address of an endpoint.

    Raises:
        NotAskable: The model is another version by now, or lacks a setting that no result records.
    """
    name = result.model.name
    kind = model_kind(name)
    settings = {**result.provenance.get("settings", {}), **(words or {})}
    if missing := [key for key in kind.required if settings.get(key) is None]:
        raise NotAskable(f"{name} needs {' and '.join(missing)}, which no result records: it is not asked")
    model = kind(kind.Settings(**settings))
    if model.card.version != result.model.version:
        raise NotAskable(
            f"{name} is version {model.card.version} now, the run's was {result.model.version}: it is not asked"
        )
    return model


def model_of(result: Result) -> RationaleRecommender:
    """The model of a run that ranks from rationales. :class:`NotAskable` where it cannot be asked again."""
    if not issubclass(load_model(result.model.name), RationaleRecommender):
        raise NotAskable(f"{result.model.name} cannot rank from a given rationale: faithfulness is missing")
    model = as_run(result)
    assert isinstance(model, RationaleRecommender)
    return model


def measure_faithfulness(run: FinishedRun, metrics: Mapping[str, AskingMetric], most: int) -> Faithfulness:
    """Fit the model of a run as it was, and have it rank from changed rationales of the first ``most`` queries.

    What it will take is printed before it starts.

    Args:
        run: there must be a rationale among its predictions.
        metrics: those that ask the model, by name.
        most: how many queries at most.

    Raises:
        NotAskable: the model cannot rank from a given rationale, or these queries have none.
    """
    result, data, predictions = run.result, run.data, run.predictions
    model = model_of(result)
    rows = [row for row in run.explained_rows if row < most]
    if not rows:
        raise NotAskable(f"none of the first {most} queries has a rationale: faithfulness is missing")
    examples = [run.examples[row] for row in rows]
    rationales = [r for row in rows if (r := predictions[row].rationale) is not None]
    names = [name for metric in metrics.values() for name in metric.asks]
    plan = InputPlan.of(examples, rationales, data.items, names, lambda: run.facts, lambda: run.motives)
    cost, n = result.cost, len(plan.distinct)
    console.print(
        f"asking {result.label} again: {n:,} rankings for {len(rows):,} queries, about "
        f"{n * cost.ms_per_query / 1000:,.0f} s, after fitting ({cost.fit_seconds:,.0f} s in the run, less where its "
        "cache holds it); --no-model leaves this out, --ask N asks about fewer queries",
        markup=False,
    )
    clock = time.perf_counter()
    model.fit(*learning_examples(data.examples, result.task.split), data.items, result.seed)
    fitted = time.perf_counter()

    def tracked(stream: Iterator[Prediction]) -> Iterator[Prediction]:
        yield from track(stream, "asking", n, console=Console(stderr=True), transient=True)

    answers = Answers.of(plan, model, examples, data.items, tracked)
    own = [answers.answer("own", k) for k in range(len(rows))]
    same = [p is not None and p.ranking == predictions[row].ranking for p, row in zip(own, rows, strict=True)]
    attested = Attested(
        queries=len(rows),
        rankings=n,
        fit_seconds=fitted - clock,
        ask_seconds=answers.seconds,
        reproduced=float(np.mean(same)),
        failures=dict(answers.failures.most_common(5)),
    )
    silent = [row for row, p in enumerate(predictions[:most]) if p.rationale is None]
    readable = list(perturbed(answers, min(READABLE, len(rows))))
    return Faithfulness(
        asked_values(metrics, answers, rows, silent, run.examples),
        asked_ratios(metrics, answers),
        attested,
        curves(answers, len(rows)),
        readable,
    )


def asked_values(
    metrics: Mapping[str, AskingMetric],
    answers: Answers,
    rows: Sequence[int],
    silent: Sequence[int],
    examples: Sequence[Example],
) -> Values:
    """Each metric of faithfulness by each measure of effect, masked and not; and the gains, by slice.

    Args:
        metrics: by name.
        answers: of the queries that were asked about.
        rows: the places of these among all ``examples``.
        silent: places of queries without a rationale, which have the metric's ``missing``.
        examples: all queries.
    """
    faithful = {name: metric for name, metric in metrics.items() if isinstance(metric, FaithfulnessMetric)}
    gains = {name: metric for name, metric in metrics.items() if isinstance(metric, GainMetric)}
    out = _gains(gains, answers, rows, silent, examples) | _effects_of(faithful, answers, rows, silent, len(examples))
    return {key: column for key, column in out.items() if not np.isnan(column).all()}


def asked_ratios(metrics: Mapping[str, AskingMetric], answers: Answers) -> Ratios:
    """What each query adds to the two sums of each ratio; one whose second sum is 0 is left out."""
    out: Ratios = {}
    for name, metric in metrics.items():
        if isinstance(metric, RatioMetric):
            each = [metric.parts(partial(answers.outcome, row=k)) for k in range(len(answers.examples))]
            parts = np.array([pair for pair in each if pair is not None], dtype=float).reshape(-1, 2)
            users = [e.query.user_id for e, pair in zip(answers.examples, each, strict=True) if pair is not None]
            if parts[:, 1].sum() > 0:
                out[name] = RatioParts(parts, users)
    return out


def ratio(parts: np.ndarray, kind: type[Metric], counts: np.ndarray | None = None) -> float:
    """The ratio of the two sums of ``parts`` (queries, 2), each query counted so often; 1 where the second is 0."""
    above, below = (parts if counts is None else parts * counts[:, None]).sum(0)
    return float(np.clip(above / below, *kind.range)) if below > 0 else 1.0


def _gains(
    metrics: Mapping[str, GainMetric],
    answers: Answers,
    rows: Sequence[int],
    silent: Sequence[int],
    examples: Sequence[Example],
) -> Values:
    out: Values = {}
    for name, metric in metrics.items():
        quiet = [row for row in silent if "known" not in metric.needs or examples[row].rationale is not None]
        for k, row in enumerate(rows):
            for part, gain in metric.gains(partial(answers.outcome, row=k)).items():
                if (name, part) not in out:
                    out[name, part] = np.full(len(examples), np.nan)
                    out[name, part][quiet] = np.nan if metric.missing is None else metric.missing
                out[name, part][row] = np.nan if gain is None else gain
    return out


def _effects_of(
    metrics: Mapping[str, FaithfulnessMetric], answers: Answers, rows: Sequence[int], silent: Sequence[int], n: int
) -> Values:
    out: Values = {}
    for part, mask in (("all", False), (MASKED, True)):
        for name, metric in metrics.items():
            for measure in EFFECTS:
                # one value a query: NaN where it was not asked about, and where the effect is undefined
                column = np.full(n, np.nan)
                column[silent] = metric.worst()
                for k, row in enumerate(rows):
                    effect = metric.effect(_effects(answers, k, mask, measure))
                    column[row] = np.nan if effect is None else effect
                out[name if measure == "ranking" else f"{name}.{measure}", part] = column
    return out


def _effects(answers: Answers, row: int, mask: bool, measure: str) -> Effect:
    """The effect of an input on one ranking by one measure, as a function of the input's name."""
    return lambda name: answers.effect(name, row, mask).get(measure)


def curves(answers: Answers, n: int) -> dict[str, dict[str, float]]:
    """Mean effect on the ranking by the share of reasons gone, heaviest or lightest first."""
    out: dict[str, dict[str, float]] = {}
    for first in ("heaviest", "lightest"):
        names = {str(percent): f"{first}_first_{percent}" for percent in STEPS} | {"100": "none"}
        out[first] = {"0": 0.0}
        for percent, name in names.items():
            effects = [e for k in range(n) if (e := answers.effect(name, k).get("ranking")) is not None]
            if effects:
                out[first][percent] = float(np.mean(effects))
    return out


def perturbed(answers: Answers, n: int) -> Iterator[Perturbed]:
    """What the first ``n`` rationales were changed to, what the model then ranked first, and how far off that is."""
    for (name, mask, row), one in answers.plan.inputs.items():
        answer = answers.answer(name, row, mask)
        if row < n and not mask and answer is not None:
            past = tuple(x.item_id for x in one.query.history)
            effects = dict(answers.effect(name, row))
            yield Perturbed(one.query.query_id, name, past, one.rationale, answer.ranking[:10], effects)
