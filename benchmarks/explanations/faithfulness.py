"""Faithfulness of a finished run: its model asked again, and what the metrics make of the answers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.explanations.counterfactuals import Asked, Plan
from benchmarks.explanations.perturbations import STEPS
from benchmarks.explanations.results import Attested, Perturbed
from benchmarks.harness.results import Result
from benchmarks.metrics.faithfulness._faithful import EFFECTS
from rad import registry
from rad.data.dataset import Dataset
from rad.reporting.console import console
from rad.types import Example, Prediction

MASKED = "target masked"
SHOWN = 20  # queries whose changed rationales are kept to be read
Values = dict[tuple[str, str], np.ndarray]  # (metric, slice) -> one value a query, NaN where undefined


@dataclass(frozen=True)
class Faithfulness:
    """``values`` by metric and slice; ``curves`` of truncation; ``shown``: changed inputs and answers, to be read."""

    values: Values
    attested: Attested
    curves: dict[str, dict[str, float]]
    shown: list[Perturbed]


def why_missing(result: Result) -> str | None:
    """Why a run's model cannot be asked again, or None."""
    model = result.model
    kind = registry.load("benchmarks.models", model.name)
    if not hasattr(kind, "rank_given"):
        return f"{model.name} cannot rank from a given rationale: faithfulness is missing"
    version = kind(kind.Settings(**result.provenance.get("settings", {}))).card.version
    if version != model.version:
        return f"{model.name} is version {version} now, the run's was {model.version}: faithfulness is missing"
    return None


def measured(
    result: Result,
    data: Dataset,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    faithful: Mapping[str, Any],
    most: int,
) -> Faithfulness:
    """Fit the model of a run as it was and ask it about the rationales of the first ``most`` queries.

    ``faithful`` are the metrics by name. What it will take is said first. There must be a rationale among the
    ``predictions``, which go with the ``examples``.
    """
    rows = [row for row, p in enumerate(predictions[:most]) if p.rationale is not None]
    asked_about = [examples[row] for row in rows]
    rationales = [r for row in rows if (r := predictions[row].rationale) is not None]
    plan = Plan.of(asked_about, rationales, data.items, [a for m in faithful.values() for a in m.asks])
    cost, n = result.cost, len(plan.distinct)
    console.print(
        f"asking {result.label} again: {n:,} rankings for {len(rows):,} queries, about "
        f"{n * cost.ms_per_query / 1000:,.0f} s, after fitting ({cost.fit_seconds:,.0f} s in the run, less where its "
        "cache holds it); --no-model leaves this out, --ask N asks about fewer queries",
        markup=False,
    )
    kind = registry.load("benchmarks.models", result.model.name)
    model = kind(kind.Settings(**result.provenance.get("settings", {})))
    clock = time.perf_counter()
    model.fit(data.examples["train"], data.examples["validation"] if result.task.split == "test" else (), data.items,
              result.seed)  # fmt: skip
    fitted = time.perf_counter()

    def shown(stream: Iterator[Prediction]) -> Iterator[Prediction]:
        yield from track(stream, "asking", n, console=Console(stderr=True), transient=True)

    asked = Asked.of(plan, model, asked_about, data.items, shown)
    own = [asked.answer("own", k) for k in range(len(rows))]
    same = [p is not None and p.ranking == predictions[row].ranking for p, row in zip(own, rows, strict=True)]
    took = Attested(
        queries=len(rows),
        rankings=n,
        fit_seconds=fitted - clock,
        ask_seconds=asked.seconds,
        reproduced=float(np.mean(same)),
        failures=dict(asked.failures.most_common(5)),
    )
    values = faithful_values(faithful, asked, rows, predictions, most)
    return Faithfulness(values, took, curves(asked, len(rows)), list(perturbed(asked, min(SHOWN, len(rows)))))


def faithful_values(
    faithful: Mapping[str, Any], asked: Asked, rows: Sequence[int], predictions: Sequence[Prediction], most: int
) -> Values:
    """Each metric by each measure of effect, masked and not. A query that was to be asked and has no rationale has the
    metric's ``missing``; ``rows`` are the places of the asked examples among all."""
    out: Values = {}
    silent = [row for row, p in enumerate(predictions[:most]) if p.rationale is None]
    for part, mask in (("all", False), (MASKED, True)):
        for name, metric in faithful.items():
            for measure_ in EFFECTS:
                column = np.full(len(predictions), np.nan)
                column[silent] = metric.missing
                for k, row in enumerate(rows):
                    effect = metric.effect(lambda ask, k=k, m=measure_: asked.effect(ask, k, mask).get(m))  # noqa: B023
                    column[row] = np.nan if effect is None else effect
                if not np.isnan(column).all():
                    out[name if measure_ == "ranking" else f"{name}.{measure_}", part] = column
    return out


def curves(asked: Asked, n: int) -> dict[str, dict[str, float]]:
    """Mean effect on the ranking by the share of reasons gone, heaviest or lightest first."""
    out: dict[str, dict[str, float]] = {}
    for first in ("heaviest", "lightest"):
        names = {str(p): f"{first}_first_{p}" for p in STEPS} | {"100": "none"}
        found = {p: [asked.effect(name, k).get("ranking") for k in range(n)] for p, name in names.items()}
        known = {p: [e for e in effects if e is not None] for p, effects in found.items()}
        out[first] = {"0": 0.0} | {p: float(np.mean(e)) for p, e in known.items() if e}
    return out


def perturbed(asked: Asked, n: int) -> Iterator[Perturbed]:
    """What the first ``n`` rationales were changed to, what the model then ranked first, and how far off that is."""
    for (name, mask, row), ask in asked.plan.inputs.items():
        answer = asked.answer(name, row, mask)
        if row < n and not mask and answer is not None:
            past = tuple(x.item_id for x in ask.query.history)
            effects = dict(asked.effect(name, row))
            yield Perturbed(ask.query.query_id, name, past, ask.rationale, answer.ranking[:10], effects)
