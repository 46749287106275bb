"""Trials of settings on validation, with one budget for every model: what ``benchmarks.tune`` calls for each."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.harness import settings_store
from benchmarks.harness.base import BenchmarkModel, PairModel, Recommender, TaskName
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.experiment import refusal
from benchmarks.harness.fitting import fit_and_answer, fit_and_rate
from benchmarks.harness.registries import model_kind
from benchmarks.harness.settings_store import spoken
from benchmarks.models._scoring import CHOICE_QUERIES
from benchmarks.pairs.evaluate import evaluate_pairs
from rad.data.dataset import Dataset
from rad.data.pairs import PairSplits
from rad.errors import RadError
from rad.reporting.console import console
from rad.runtime import provenance
from rad.runtime.files import canonical

Settings = dict[str, Any]


def trials_of(search_space: Mapping[str, Sequence[object]], fixed: Settings, n: int) -> list[Settings]:
    """Up to ``n`` settings out of a search space, the defaults first; those that are ``fixed`` are held."""
    free = {name: values for name, values in search_space.items() if name not in fixed}
    grid = [dict(zip(free, values, strict=True)) for values in product(*free.values())]
    first, rest = grid[0], grid[1:]
    random.Random(0).shuffle(rest)
    return [{**fixed, **settings} for settings in [first, *rest][:n]]


def tune(
    dataset: Dataset, name: str, fixed: Settings, trials: int, minutes: float, pairs: PairSplits | None = None
) -> Path:
    """Spend what is left of the budget of one model, on rankings or on ``pairs``; returns its log."""
    task: TaskName = pairs.task if pairs else "ranking"
    kind, metric = model_kind(name), settings_store.METRIC[task]
    if not kind.search_space:
        raise RadError(f"{name} has nothing to tune: it chooses its settings in fit, or has none")
    card = kind(kind.Settings(**fixed)).card
    if reason := refusal(dataset, name, task):
        raise RadError(reason)
    path = settings_store.log_of(dataset.name, card, task, pairs.negatives if pairs else None, dataset.repeats)
    finished = [row for row in settings_store.read_log(path, card.version) if row["data"] == dataset.sha256]
    tried = {canonical(row["settings"]) for row in finished}
    spent = sum(row["cpu_seconds"] for row in finished)
    commit = provenance.tree()["commit"]
    for number, settings in enumerate(trials_of(kind.search_space, fixed, trials), 1):
        if canonical(settings) in tried:
            continue
        if spent >= 60 * minutes:
            console.print(f"{name}: the budget of {minutes:g} minutes is spent after {len(tried)} settings")
            break
        console.print(f"{name} on {dataset.name}, setting {number}: {spoken(settings)}", markup=False)
        row = _trial(dataset, kind(kind.Settings(**settings)), settings, pairs)
        spent += row["cpu_seconds"]
        tried.add(canonical(settings))
        settings_store.append(path, {**row, "commit": commit})
        console.print(f"  {metric} {row[metric]:.4f} in {row['cpu_seconds']:.0f} s of processor time")
    return path


def _trial(dataset: Dataset, model: BenchmarkModel, settings: Settings, pairs: PairSplits | None) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    metric = settings_store.METRIC[pairs.task if pairs else "ranking"]
    if isinstance(model, PairModel):
        assert pairs is not None
        scored = pairs.pairs["validation"][:CHOICE_QUERIES]
        rated = fit_and_rate(model, pairs, dataset.items, "validation", 0, scored).predictions
        cost = time.process_time() - cpu + model.seconds_saved
        evaluation = evaluate_pairs(rated, scored, [metric], dataset.items, pairs.task, pairs.constant, samples=10)
    else:
        assert isinstance(model, Recommender)
        examples = dataset.examples["validation"][:CHOICE_QUERIES]
        queries = [e.query for e in examples]
        answers = fit_and_answer(model, dataset.examples, dataset.items, "validation", 0, queries)
        cost = time.process_time() - cpu + model.seconds_saved
        evaluation = evaluate(answers.predictions, examples, [metric], dataset.items, samples=10, is_validated=True)
    return {
        "settings": settings,
        metric: evaluation.value(metric),
        "n": len(evaluation.query_ids),
        "n_failed": evaluation.n_failed,
        "cpu_seconds": round(cost, 1),
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "seed": 0,
        "version": model.card.version,
        "data": dataset.sha256,
        "finished_at": provenance.now(),
    }
