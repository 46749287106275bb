"""What ``benchmarks.run`` prints: the task, tables with intervals, and a few rationales that a person can read."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.harness.registries import headline_metrics, reads_rationales, title_of
from benchmarks.harness.results import PROTOCOLS, Result, Score, read_result
from benchmarks.harness.runner import Experiment
from rad import registry
from rad.reporting.console import console, table
from rad.runtime import records
from rad.runtime.files import read_jsonl
from rad.runtime.statistics import bootstrap, column_means, percentile_interval
from rad.types import Prediction

COLUMNS = 4  # ranking metrics that fit, beside the headline ones
EXAMPLES = 3


def registries() -> None:
    """Every model, domain and metric with the first line of its file, none of them imported."""
    for package in ("benchmarks.models", "rad.domains", "benchmarks.metrics"):
        table = Table(title=package.replace(".", "/"), title_justify="left", box=None, show_header=False)
        for name in registry.names(package):
            spec = importlib.util.find_spec(registry.module_of(package, name))
            source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
            text = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]
            table.add_row(name, text.partition(": ")[2] or text)
        console.print(table)


def task(job: Experiment) -> None:
    """One line on what is asked."""
    counts = {split: len(found) for split, found in job.dataset.examples.items()}
    console.print(
        f"{job.domain} {job.dataset.version} ({job.dataset.sha256[:8]}): {len(job.dataset.items):,} items, "
        f"{counts['train']:,} training prefixes; {len(job.examples):,} {job.split} queries, "
        f"{PROTOCOLS[job.protocol]}, seed {job.seed}",
        markup=False,
    )


def tables(job: Experiment, runs: Sequence[Path]) -> None:
    """All rows of the task: ranking, slices, explanation scores, failures, and where the files are."""
    results = [read_result(folder) for folder in runs]
    several = len({result.seed for result in results}) > 1
    rows = {result.label + (f" s{result.seed}" if several else ""): result for result in results}
    best = {}
    if job.protocol == "full":
        best = ceilings(job.dataset.sha256, [e.query.query_id for e in job.examples], job.seed)
    _ranking_table({label: _all(result) for label, result in rows.items()} | best, rows, bayes_of(best))
    _slice_table(rows)
    _explanation_table(rows)
    for label, result in rows.items():
        if result.task.n_failed:
            why = "; ".join(f"{reason} ({n})" for reason, n in result.task.failures.items())
            console.print(f"{label}: {result.task.n_failed} of {result.task.n} predictions failed: {why}", markup=False)
    repeats = next(iter(rows.values())).task.n_repeat
    if repeats:
        console.print(f"{repeats} targets are in their own history; they are masked and score 0")
    console.print("Results: " + " ".join(str(path) for path in runs), markup=False, soft_wrap=True)


def _ranking_table(scores: Mapping[str, Mapping[str, Score]], rows: Mapping[str, Result], bayes: float | None) -> None:
    explained = _explanations(rows)
    headline = headline_metrics("ranking")
    named = dict.fromkeys(
        [*headline, *(s.metric for r in rows.values() for s in r.scores if s.metric not in explained)]
    )
    filled = [metric for metric in named if any(metric in row for row in scores.values())]
    shown = [metric for k, metric in enumerate(filled) if metric in headline or k < COLUMNS]
    titles = [title_of(metric) for metric in shown]
    heads = [titles[0], "95%\ninterval", *titles[1:], *(["of\nBayes"] if bayes else []), "ms/\nquery", "fail\n-ed"]
    grid = table("Ranking (interval by bootstrap over queries)", "model", *heads)
    for label, row in scores.items():
        cells = [f"{row[metric].value:.4f}" if metric in row else "" for metric in shown]
        first = row.get(shown[0])
        cells.insert(1, f"{first.ci_low:.3f}-{first.ci_high:.3f}".replace("0.", ".") if first else "")
        if bayes:
            cells.append(f"{row['ndcg@10'].value / bayes:.0%}" if "ndcg@10" in row else "")
        result = rows.get(label)
        cells += [f"{result.cost.ms_per_query:.2f}", str(result.task.n_failed)] if result else ["", ""]
        grid.add_row(label, *cells, style=None if result else "dim")
    console.print(grid)


def _slice_table(rows: Mapping[str, Result]) -> None:
    """The first ranking metric by slice, with the number of queries under each slice's name."""
    metric = next((s.metric for r in rows.values() for s in r.scores if s.slice != "all"), None)
    if metric is None:
        return
    sizes = {s.slice: s.n for r in rows.values() for s in r.scores if s.metric == metric and s.slice != "all"}
    heads = [f"{part}\nn={n}" for part, n in sizes.items()]
    grid = table(
        f"{title_of(metric)} by history length, warm and cold targets (seen in training or not)", "model", *heads
    )
    for label, result in rows.items():
        found = [result.score(metric, part) for part in sizes]
        grid.add_row(label, *(f"{s.value:.4f}" if s else "" for s in found))
    console.print(grid)


def _explanation_table(rows: Mapping[str, Result]) -> None:
    metrics, models = _explanations(rows), []
    for label, result in rows.items():
        if any(result.score(metric) for metric in metrics):
            models.append(label)
    if not models:
        return
    grid = table("Explanations (95% interval, number of queries)", "metric", *models)
    for metric in metrics:
        found = [rows[label].score(metric) for label in models]
        way = "" if next(s for s in found if s).higher_is_better else " (lower better)"
        cells = [f"{s.value:.3f} ({s.ci_low:.3f}-{s.ci_high:.3f}, {s.n})" if s else "" for s in found]
        grid.add_row(title_of(metric) + way, *cells)
    console.print(grid)


def _explanations(rows: Mapping[str, Result]) -> list[str]:
    """Names of the metrics that look at rationales."""
    names = dict.fromkeys(s.metric for r in rows.values() for s in r.scores)
    return [n for n in names if reads_rationales(n)]


def ceilings(sha256: str, keys: Sequence[str] | None = None, seed: int = 0) -> dict[str, dict[str, Score]]:
    """The best possible scores, row -> metric -> score, where the built-in world stores them for a data set.

    Over the queries ``keys`` (None: all that are stored); a row that lacks one of them is left out.
    """
    if importlib.util.find_spec("rad.world.ceilings") is None:
        return {}
    world = importlib.import_module("rad.world.ceilings")
    out = {}
    for name, stored in (world.stored(sha256) or {}).items():
        asked = list(stored) if keys is None else keys
        if not asked or not all(key in stored for key in asked):
            continue
        metrics = list(stored[asked[0]])
        values = np.array([[stored[key][metric] for metric in metrics] for key in asked], dtype=float)
        resampled = bootstrap(column_means(values), len(asked), seed)
        ends = [percentile_interval(column) or (np.nan, np.nan) for column in resampled.T]
        out[name] = {
            m: Score(metric=m, value=values[:, i].mean(), ci_low=ends[i][0], ci_high=ends[i][1], n=len(asked))
            for i, m in enumerate(metrics)
        }
    return out


def bayes_of(rows: Mapping[str, Mapping[str, Score]]) -> float | None:
    """NDCG@10 of the Bayes ceiling, if it is among ``rows``."""
    return next((row["ndcg@10"].value for name, row in rows.items() if "bayes" in name.lower()), None)


def examples(job: Experiment, runs: Sequence[Path]) -> None:
    """Three rationales of the last model that writes any, spread evenly over the queries."""
    for folder in reversed(runs):
        result = read_result(folder)
        if not any(s.metric in _explanations({"": result}) for s in result.scores):
            continue
        lines = [(n, record) for n, record in read_jsonl(folder / "predictions.jsonl") if record.get("rationale")]
        for i in range(min(EXAMPLES, len(lines))):
            number, record = lines[i * len(lines) // EXAMPLES]
            _example(job, result.label, records.parse(Prediction, record, f"{folder}/predictions.jsonl:{number}"))
        return


def _example(job: Experiment, label: str, p: Prediction) -> None:
    example = next(e for e in job.examples if e.query.query_id == p.query_id)
    rationale = p.rationale
    assert rationale is not None

    def title(item: str) -> str:
        return textwrap.shorten(job.dataset.items[item].title, 70, placeholder="...")

    lines = [f"{label}, query {p.query_id}", "  history"]
    history = example.query.history
    lines += [f"    [{k + 1}] {title(x.item_id)}" for k, x in list(enumerate(history))[-8:]]
    lines += [f"  rationale ({rationale.verdict}): {rationale.text}"]
    for reason in sorted(rationale.reasons, key=lambda r: -r.weight)[:3]:
        claims = [f"{a} {v}" for a, v in reason.wants] + [f"not {a} {v}" for a, v in reason.avoids]
        always = "always " if claims and reason.evidence.kind == "constraint" else ""
        wants = always + (", ".join(claims) or reason.evidence.kind)
        cited = " ".join(f"[{k + 1}]" for k in reason.evidence.history)
        lines.append(f"    {reason.weight:.2f}  {wants}, because of {cited}")
    lines += [f"  ranked {rank}: {title(item)}" for rank, item in enumerate(p.ranking[:3], 1)]
    for item in example.relevant:
        place = f"rank {p.ranking.index(item) + 1}" if item in p.ranking else "not among the first 100"
        lines.append(f"  in fact: {title(item)} ({place})")
    console.print("\n".join(lines) + "\n", markup=False)


def _all(result: Result) -> dict[str, Score]:
    return {s.metric: s for s in result.scores if s.slice == "all"}
