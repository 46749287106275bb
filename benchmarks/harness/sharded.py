"""Predictions and scores of the users of a folder of shards, one shard at a time: what ``benchmarks.scale`` calls.

A model is fitted on the first users of the folder and answers every user. Each worker fits it for itself: it is
deterministic for a seed, so all workers hold one and the same model. What remains of a shard are one row a query of
numbers in ``values/shard-00000.parquet``; all of them are summarised together by the functions that ``evaluate`` uses.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.harness.base import CorpusMetric, Metric, ModelSettings, RationaleRecommender, Recommender
from benchmarks.harness.evaluate import CountFacts, is_repeat, measure, slices_of, summary
from benchmarks.harness.fitting import fit, peak_memory, reset_peak_memory
from benchmarks.harness.registries import load_metrics, load_model
from benchmarks.harness.results import Score
from benchmarks.harness.violations import checked
from rad.data.shards import Shards
from rad.data.splits import is_warm, learnable
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.runtime import parallel, provenance
from rad.runtime.files import atomic_write, canonical
from rad.types import Query

BATCH = 2_000  # queries whose rankings are held at one time
TOKENS = "tokens_written"  # what a shard's file says beside its rows, where the model counts them


class ShardedExperiment(BaseModel):
    """What is scored. It travels to workers as JSON and is the key of the model that they keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str
    model: str
    settings: tuple[tuple[str, Any], ...] = ()
    split: Literal["test", "validation"] = "test"
    seed: int = 0
    fit_users: int = 20_000
    metrics: tuple[str, ...]


def values_of(settings: ModelSettings) -> tuple[tuple[str, Any], ...]:
    """What differs from the defaults, with what stays out of results (an endpoint's address), as workers need it."""
    fields = type(settings).model_fields
    pairs = ((field.alias or name, getattr(settings, name), field.default) for name, field in fields.items())
    return tuple((name, value) for name, value, default in pairs if value != default)


class FittedModel(NamedTuple):
    """A fitted model, the folder, the metrics, and what it could learn from: the ids of items, and the facts."""

    model: Recommender
    shards: Shards
    metrics: dict[str, Metric]
    seen: frozenset[str]
    facts: CountFacts


@lru_cache(maxsize=1)
def fitted_model(experiment: ShardedExperiment) -> FittedModel:
    """The model of an experiment, fitted. :class:`RadError` where a metric is one of all predictions together."""
    shards = Shards(experiment.data)
    chosen = load_metrics(experiment.metrics, shards.items)
    if whole_only := [name for name, metric in chosen.items() if isinstance(metric, CorpusMetric)]:
        raise RadError(f"{', '.join(whole_only)}: needs all predictions at once, so not over shards")
    model = _model(experiment)
    # known reasons stay out, as no model reads them unless it is set to learn from them
    sample = shards.sample(experiment.fit_users, reasons=isinstance(model, RationaleRecommender)).examples
    fit(model, sample, shards.items, experiment.split, experiment.seed)
    # the numbers of a rationale are of the purchases that its model has seen, so they are counted there
    facts = cache(partial(Facts.of, sample["train"], shards.items))
    return FittedModel(model, shards, chosen, learnable(sample, experiment.split), facts)


def _model(experiment: ShardedExperiment) -> Recommender:
    kind = load_model(experiment.model)
    return kind(kind.Settings(**dict(experiment.settings)))


def score_shard(row: dict[str, Any]) -> dict[str, Any]:
    """Write the values of one shard's queries, unless they are there. ``row`` has experiment, shard and file."""
    path = Path(row["path"])
    if not path.exists():
        experiment = ShardedExperiment.model_validate_json(row["experiment"])
        model, shards, metrics, seen, facts = fitted_model(experiment)
        split, writes = experiment.split, isinstance(model, RationaleRecommender)
        examples = shards.examples(row["shard"], [split], reasons=writes)[split]
        tables, tokens, counted = [], 0, False
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            queries: Sequence[Query] = [e.query for e in part]
            answers, _ = checked(model.predict(queries), part, shards.items)
            values, _ = measure(metrics, answers, part, writes, facts)
            columns = {
                "query_id": [q.query_id for q in queries],
                "history": np.array([len(q.history) for q in queries], np.int32),
                "warm": [is_warm(e, seen) for e in part],
                "repeat": [is_repeat(e) for e in part],
                "error": pa.array([a.error for a in answers], pa.string()),
                **values,
            }
            tables.append(pa.table(columns))
            tokens += model.tokens_written or 0
            counted = model.tokens_written is not None
        shard = pa.concat_tables(tables, promote_options="default")
        with atomic_write(path, "wb") as file:
            noted = shard.replace_schema_metadata({TOKENS: str(tokens)} if counted else None)
            pq.write_table(noted, file, compression="zstd")
    stored = pq.read_metadata(path)
    written = (stored.metadata or {}).get(TOKENS.encode())
    tokens_written = None if written is None else int(written)
    return {"path": str(path), "rows": stored.num_rows, "tokens": tokens_written, "peak_mb": peak_memory()}


class Summary(NamedTuple):
    scores: list[Score]
    n: int
    n_failed: int
    n_repeat: int
    failures: dict[str, int]


def summarise(paths: Sequence[Path], experiment: ShardedExperiment, samples: int = 1000) -> Summary:
    """Means and intervals over the queries of all shards. Memory: some hundred bytes a query."""
    table = pa.concat_tables([pq.read_table(path) for path in paths], promote_options="default").drop(["query_id"])
    chosen = load_metrics(experiment.metrics, {})

    def column(name: str) -> np.ndarray:
        return np.asarray(table[name].to_numpy())

    # a shard in which no query meets a metric's needs has no column of it: its rows are null, hence NaN
    values = {name: column(name).astype(float) for name in chosen if name in table.column_names}
    slices = slices_of(column("history"), column("warm").astype(bool))
    failures = {r["values"]: r["counts"] for r in table["error"].drop_null().value_counts().to_pylist()}
    most = dict(sorted(failures.items(), key=lambda pair: -pair[1])[:5])
    repeats = int(column("repeat").sum())
    scores = summary(chosen, values, {}, slices, experiment.seed, samples)
    return Summary(scores, table.num_rows, sum(failures.values()), repeats, most)


class StoredScores(NamedTuple):
    """A finished run over shards: its folder, and what its ``scores.json`` holds."""

    folder: Path
    result: dict[str, Any]


def execute(
    experiment: ShardedExperiment, shards: Shards, out: Path, workers: int = 1, engine: parallel.Engine = "local"
) -> StoredScores:
    """Score every shard; what a killed run with the same code left is used, and a finished one is taken as it is."""
    started, clock = provenance.now(), time.perf_counter()
    tree = provenance.tree()
    model = _model(experiment)
    card, settings = model.card, model.settings.model_dump(exclude_defaults=True)
    task = experiment.model_dump(exclude={"data", "settings"})
    parts = [task, card.model_dump(), settings, shards.manifest.sha256, tree["commit"], tree["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    folder = out / experiment.model / f"shards-{experiment.split}-s{experiment.seed}-{run_id}"
    if (folder / "scores.json").exists():
        return StoredScores(folder, json.loads((folder / "scores.json").read_text(encoding="utf-8")))
    files = [folder.resolve() / "values" / f"shard-{k:05d}.parquet" for k in range(len(shards))]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    text = experiment.model_dump_json()
    rows = [{"experiment": text, "shard": k, "path": str(path)} for k, path in enumerate(files)]
    reset_peak_memory()
    peak, tokens = 0.0, list[int | None]()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"{experiment.model}: users", total=shards.n_users)
        for row in parallel.parallel_map(score_shard, rows, workers, engine):
            peak = max(peak, row["peak_mb"])
            tokens.append(row["tokens"])
            bars.advance(bar, row["rows"])
    scored = time.perf_counter()
    totals = summarise(files, experiment)
    data = shards.manifest
    result: dict[str, Any] = {
        "schema_version": 1,
        "data": {"name": data.name, "version": data.version, "sha256": data.sha256, "users": data.users},
        "model": {"name": card.name, "version": card.version, "settings": settings},
        "fitted_on": f"the first {min(experiment.fit_users, shards.n_users)} users",
        "split": experiment.split,
        **totals._asdict(),
        "scores": [score.model_dump() for score in totals.scores],
        "cost": {
            "workers": workers,
            "engine": engine,
            "score_seconds": scored - clock,
            "tokens_per_query": None if None in tokens else sum(n or 0 for n in tokens) / max(totals.n, 1),
            "summary_seconds": time.perf_counter() - scored,
            "peak_memory_mb": {"worker": peak, "main": peak_memory()},
        },
        "provenance": provenance.collect(experiment.seed, started, code=tree),
    }
    with atomic_write(folder / "scores.json") as file:
        file.write(json.dumps(result, indent=1) + "\n")
    return StoredScores(folder, result)
