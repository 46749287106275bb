"""Faithfulness of a finished run: its model ranks again from changed rationales, and the metrics read the effects."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.explanations.counterfactuals import Answers, InputPlan
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.explanations.perturbations import STEPS
from benchmarks.explanations.results import Attested, Perturbed
from benchmarks.harness.base import FaithfulnessMetric, RationaleRecommender
from benchmarks.harness.fitting import learning_examples
from benchmarks.harness.registries import load_model
from benchmarks.harness.results import Result
from benchmarks.metrics.faithfulness._faithful import EFFECTS, Effect
from rad.errors import RadError
from rad.reporting.console import console
from rad.types import Prediction

MASKED = "target masked"
READABLE = 20  # queries whose changed rationales are stored to be read
Values = dict[tuple[str, str], np.ndarray]  # (metric, slice) -> one value a query, NaN where undefined


class NotAskable(RadError):
    """A run without faithfulness: its text says why the model cannot be asked again."""


@dataclass(frozen=True)
class Faithfulness:
    """``values`` by metric and slice; ``curves`` of truncation; ``perturbed``: changed inputs and the answers."""

    values: Values
    attested: Attested
    curves: dict[str, dict[str, float]]
    perturbed: list[Perturbed]


def model_of(result: Result) -> RationaleRecommender:
    """The model of a run, set as it was and not yet fitted. :class:`NotAskable` where it cannot be asked again."""
    name = result.model.name
    kind = load_model(name)
    if not issubclass(kind, RationaleRecommender):
        raise NotAskable(f"{name} cannot rank from a given rationale: faithfulness is missing")
    model = kind(kind.Settings(**result.provenance.get("settings", {})))
    if model.card.version != result.model.version:
        raise NotAskable(
            f"{name} is version {model.card.version} now, the run's was {result.model.version}: faithfulness is missing"
        )
    return model


def measure_faithfulness(run: FinishedRun, metrics: Mapping[str, FaithfulnessMetric], most: int) -> Faithfulness:
    """Fit the model of a run as it was, and have it rank from changed rationales of the first ``most`` queries.

    What it will take is printed before it starts.

    Args:
        run: there must be a rationale among its predictions.
        metrics: those of faithfulness, by name.
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
    plan = InputPlan.of(examples, rationales, data.items, [name for m in metrics.values() for name in m.asks])
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
    values = faithful_values(metrics, answers, rows, predictions, most)
    readable = list(perturbed(answers, min(READABLE, len(rows))))
    return Faithfulness(values, attested, curves(answers, len(rows)), readable)


def faithful_values(
    metrics: Mapping[str, FaithfulnessMetric],
    answers: Answers,
    rows: Sequence[int],
    predictions: Sequence[Prediction],
    most: int,
) -> Values:
    """Each metric of faithfulness by each measure of effect, masked and not.

    One of the first ``most`` queries that has no rationale has the metric's ``missing``. ``rows`` are the places of
    the examples of ``answers`` among all ``predictions``.
    """
    out: Values = {}
    silent = [row for row, p in enumerate(predictions[:most]) if p.rationale is None]
    for part, mask in (("all", False), (MASKED, True)):
        for name, metric in metrics.items():
            for measure in EFFECTS:
                # One value a query: NaN outside the first ``most``, and where the effect is undefined.
                column = np.full(len(predictions), np.nan)
                column[silent] = metric.worst()
                for k, row in enumerate(rows):
                    effect = metric.effect(_effects(answers, k, mask, measure))
                    column[row] = np.nan if effect is None else effect
                if not np.isnan(column).all():
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
