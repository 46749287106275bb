"""The HTML of a page: a section for each task, with tables, plots and examples of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from benchmarks.explanations.families import Kinds, explanation_metrics
from benchmarks.explanations.finished_run import DatasetCache, predictions_path
from benchmarks.explanations.results import PERTURBED
from benchmarks.explanations.scorecard import Row, sentence
from benchmarks.harness.aggregate import BESIDE, SORT
from benchmarks.harness.registries import reads_rationales, title_of
from benchmarks.harness.results import PROTOCOLS
from benchmarks.reporting.page import figures, tables
from benchmarks.reporting.page.examples import SHOWN_RANKS, ExampleSet, QueryExample
from benchmarks.reporting.page.runs import PageRun, unexplained
from rad.errors import RadError
from rad.reporting import html

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """What the template shows of one task; what is empty is left out.

    ``unexplained`` has the numbers of runs with more to say, and the command for it. ``scatters`` are title, metric and
    plot.
    """

    title: str
    about: str
    runs: Sequence[PageRun]
    explained_runs: Sequence[PageRun]
    unexplained: tuple[str, str] | None
    ranking: tables.RankingTable
    slices: tables.SliceTable | None
    explained: Sequence[tuple[Row, tables.Cells]]
    effects: Sequence[tuple[str, tables.Cells]]
    meanings: Sequence[tuple[str, Markup]]
    scatters: Sequence[tuple[str, str, Markup]]
    truncation: Markup | None
    examples: Sequence[QueryExample]


def page(tasks: Sequence[Sequence[PageRun]], n_examples: int = 20, datasets: DatasetCache | None = None) -> str:
    """The page's HTML.

    Args:
        tasks: the runs of each task.
        n_examples: queries that are shown of each task.
        datasets: the data of the runs, for the examples.
    """
    environment = html.environment(FOLDER)
    environment.filters["breakable"] = html.breakable
    environment.filters["title_of"] = title_of
    kinds = explanation_metrics()
    datasets = datasets or DatasetCache()
    return html.document(
        environment.get_template("report.html"),
        html.style(FOLDER / "report.css"),
        (FOLDER / "report.js").read_text(encoding="utf-8"),
        sections=[_section(runs, kinds, n_examples, datasets) for runs in tasks],
        sentence=sentence,
        shown_ranks=SHOWN_RANKS,
    )


def _section(runs: Sequence[PageRun], kinds: Kinds, n: int, datasets: DatasetCache) -> Section:
    result = runs[0].result
    task = result.task
    metrics = dict.fromkeys(s.metric for one in runs for s in one.result.scores)
    explained_runs = [one for one in runs if one.is_explained]
    explained = tables.explanation_table(explained_runs, kinds)
    beside = [m for m in (SORT, *BESIDE) if any(one.score(m) for one in runs)]
    limit = f"; the first {task.limit:,} queries" if task.limit else ""
    return Section(
        title=f"{task.domain}: {task.n:,} {task.split} queries",
        about=f"{PROTOCOLS[task.protocol]}; data {result.dataset.sha256[:8]}{limit}",
        runs=runs,
        explained_runs=explained_runs,
        unexplained=unexplained(runs),
        ranking=tables.ranking_table(runs, [*beside, *(m for m in metrics if not reads_rationales(m) and m != SORT)]),
        slices=tables.slice_table(runs),
        explained=explained,
        effects=tables.effects_table(explained_runs),
        meanings=tables.meanings([row for row, _ in explained]),
        scatters=figures.scatters(runs, kinds),
        truncation=figures.truncation(runs),
        examples=_examples(runs, n, datasets),
    )


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
