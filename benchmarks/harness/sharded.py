"""Predictions and scores of the users of a folder of shards, one shard at a time: what ``benchmarks.scale`` calls.

A model is fitted on the first users of the folder, by each worker for itself (it is deterministic for a seed, so all
workers hold one and the same model), and answers every user. What remains of a shard are one row a query of numbers in
``values/shard-00000.parquet``; all of them are summarised together by the functions that ``evaluate`` uses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from benchmarks.harness.base import CorpusMetric, Metric, RationaleRecommender, Recommender
from benchmarks.harness.evaluate import checked, is_repeat, is_warm, measure, slices_of, summary
from benchmarks.harness.registries import load_metrics, load_model
from benchmarks.harness.results import Score
from benchmarks.harness.runner import peak_memory
from rad.data.shards import Shards
from rad.errors import RadError
from rad.runtime.files import atomic_write
from rad.types import Query

BATCH = 2_000  # queries whose rankings are held at one time


class Work(BaseModel):
    """What is scored. It travels to workers as JSON and is the key of the model that they keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str
    model: str
    settings: tuple[tuple[str, Any], ...] = ()
    split: Literal["test", "validation"] = "test"
    seed: int = 0
    fit_users: int = 20_000
    metrics: tuple[str, ...]


class Ready(NamedTuple):
    """A fitted model, the folder, the metrics, and the ids of the items that the model could learn from."""

    model: Recommender
    shards: Shards
    metrics: dict[str, Metric]
    seen: frozenset[str]


@lru_cache(maxsize=1)
def ready(work: Work) -> Ready:
    """The model of ``work``, fitted. :class:`RadError` where a metric is one of all predictions together."""
    shards = Shards(work.data)
    chosen = load_metrics(work.metrics, shards.items)
    if whole_only := [name for name, metric in chosen.items() if isinstance(metric, CorpusMetric)]:
        raise RadError(f"{', '.join(whole_only)}: needs all predictions at once, so not over shards")
    kind = load_model(work.model)
    model = kind(kind.Settings(**dict(work.settings)))
    # known reasons stay out, as no model reads them unless it is told to learn from them
    sample = shards.sample(work.fit_users, reasons=isinstance(model, RationaleRecommender)).examples
    learnable = sample["train"], sample["validation"] if work.split == "test" else ()
    model.fit(*learnable, shards.items, work.seed)
    examples = [e for part in learnable for e in part]
    seen = frozenset(item for e in examples for item in (*(x.item_id for x in e.query.history), *e.relevant))
    return Ready(model, shards, chosen, seen)


def score_shard(row: dict[str, Any]) -> dict[str, Any]:
    """Write the values of one shard's queries, unless they are there. ``row`` has the work, the shard and the file."""
    path = Path(row["path"])
    if not path.exists():
        model, shards, metrics, seen = ready(Work.model_validate_json(row["work"]))
        split, writes = json.loads(row["work"])["split"], isinstance(model, RationaleRecommender)
        examples = shards.examples(row["shard"], [split], reasons=writes)[split]
        tables = []
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            queries: Sequence[Query] = [e.query for e in part]
            answers, _ = checked(model.predict(queries), part, shards.items)
            values, _ = measure(metrics, answers, part, writes)
            columns = {
                "query_id": [q.query_id for q in queries],
                "history": np.array([len(q.history) for q in queries], np.int32),
                "warm": [is_warm(e, seen) for e in part],
                "repeat": [is_repeat(e) for e in part],
                "error": pa.array([a.error for a in answers], pa.string()),
                **values,
            }
            tables.append(pa.table(columns))
        with atomic_write(path, "wb") as file:
            pq.write_table(pa.concat_tables(tables, promote_options="default"), file, compression="zstd")
    return {"path": str(path), "rows": pq.read_metadata(path).num_rows, "peak_mb": peak_memory()}


class Summary(NamedTuple):
    scores: list[Score]
    n: int
    n_failed: int
    n_repeat: int
    failures: dict[str, int]


def summarise(paths: Sequence[Path], work: Work, samples: int = 1000) -> Summary:
    """Means and intervals over the queries of all shards. Memory: some hundred bytes a query."""
    table = pa.concat_tables([pq.read_table(path) for path in paths], promote_options="default").drop(["query_id"])
    chosen = load_metrics(work.metrics, {})

    def column(name: str) -> np.ndarray:
        return np.asarray(table[name].to_numpy())

    values = {name: column(name).astype(float) for name in chosen if name in table.column_names}
    slices = slices_of(column("history"), column("warm").astype(bool))
    failures = {r["values"]: r["counts"] for r in table["error"].drop_null().value_counts().to_pylist()}
    most = dict(sorted(failures.items(), key=lambda pair: -pair[1])[:5])
    repeats = int(column("repeat").sum())
    scores = summary(chosen, values, {}, slices, work.seed, samples)
    return Summary(scores, table.num_rows, sum(failures.values()), repeats, most)
