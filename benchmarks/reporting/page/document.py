"""The HTML of a page: a section for each task, with tables, plots and examples of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.explanations.families import Kinds, explanation_metrics
from benchmarks.explanations.finished_run import DatasetCache, predictions_path
from benchmarks.explanations.results import PERTURBED
from benchmarks.explanations.scorecard import sentence
from benchmarks.harness.registries import reads_rationales
from benchmarks.harness.results import PROTOCOLS
from benchmarks.reporting.page import figures, tables
from benchmarks.reporting.page.examples import SHOWN_RANKS, ExampleSet, QueryExample
from benchmarks.reporting.page.runs import PageRun, unexplained
from rad.errors import RadError
from rad.reporting import html

FOLDER = Path(__file__).parent


def page(tasks: Sequence[Sequence[PageRun]], n_examples: int = 20, datasets: DatasetCache | None = None) -> str:
    """The page's HTML.

    Args:
        tasks: the runs of each task.
        n_examples: queries that are shown of each task.
        datasets: the data of the runs, for the examples.
    """
    environment = html.environment(FOLDER)
    environment.filters["breakable"] = html.breakable
    kinds = explanation_metrics()
    datasets = datasets or DatasetCache()
    return html.document(
        environment.get_template("report.html"),
        html.style(FOLDER / "report.css"),
        (FOLDER / "report.js").read_text(encoding="utf-8"),
        sections=[_section(runs, kinds, n_examples, datasets) for runs in tasks],
        sentence=sentence,
    )


def _section(runs: Sequence[PageRun], kinds: Kinds, n: int, datasets: DatasetCache) -> dict[str, Any]:
    """What the template shows of one task."""
    task = runs[0].result.task
    metrics = dict.fromkeys(s.metric for one in runs for s in one.result.scores)
    with_scores = [one for one in runs if one.is_explained]
    explained = tables.explanation_table(with_scores, kinds)
    return {
        "title": f"{task.domain}: {task.n:,} {task.split} queries",
        "about": f"{PROTOCOLS[task.protocol]}; data {runs[0].result.dataset.sha256[:8]}"
        + (f"; the first {task.limit:,} queries" if task.limit else ""),
        "runs": runs,
        "explained_runs": with_scores,
        "unexplained": unexplained(runs),
        "ranking": tables.ranking_table(runs, [m for m in metrics if not reads_rationales(m)]),
        "slices": tables.slice_table(runs),
        "explained": explained,
        "effects": tables.effects_table(with_scores),
        "meanings": tables.meanings([row for row, _ in explained]),
        "scatters": figures.scatters(runs, kinds),
        "truncation": figures.truncation(runs),
        "examples": _examples(runs, n, datasets),
        "shown_ranks": SHOWN_RANKS,
    }


def _examples(runs: Sequence[PageRun], n: int, datasets: DatasetCache) -> list[QueryExample]:
    """The first ``n`` queries with the answer of each run. A run without its predictions has a line on that instead."""
    examples = None
    for one in runs if n else ():
        try:
            path = predictions_path(one.folder, one.result)
            data = datasets.of(one.folder, one.result)
        except RadError as error:
            one.missing.append(f"No examples: {error}")
            continue
        task = one.result.task
        examples = examples or ExampleSet(data, data.examples[task.split][: task.limit][:n])
        changed = one.folder / PERTURBED
        examples.add(one.number, path, changed if one.card and changed.is_file() else None)
    return examples.queries if examples else []
