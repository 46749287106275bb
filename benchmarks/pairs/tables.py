"""Results of the rating and choice tasks as Markdown: a table a task, part of ``results/README.md``."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean

from benchmarks.harness.aggregate import TaskResults, cell, over_seeds, results_by_task
from benchmarks.harness.registries import metric_kinds, title_of
from benchmarks.harness.results import QUESTIONS, SPANS, Result
from benchmarks.pairs.ceilings import pair_ceilings

HEAD = """## Ratings and choices

A pair is a user and an item; models see neither its rating nor its review. The best comes last. A failed prediction
scores as the mean answer of training. Negatives of choices are the user's own low ratings, or drawn: another user's
target. Intervals are by bootstrap over pairs. Of a built-in world the last lines say what is possible
(`python -m rad.world.ceilings world --pairs`): *bayes* knows the generator and the history, *oracle* the user's tastes
as well."""


def pair_tables(results: Iterable[Result]) -> list[tuple[str, list[dict[str, str]]]]:
    """The title and the rows of each task; nothing where no pairs were scored."""
    results, parts = list(results), []
    for question, words in QUESTIONS.items():
        for task in results_by_task(results, question).values():
            first = task.first.task
            data = f"data `{task.first.dataset.sha256[:8]}`"
            title = f"**{first.domain}**, {words}: {first.n:,} {first.split} pairs, {SPANS[first.protocol]}, {data}"
            parts.append((title, rows(task)))
    return parts


def rows(task: TaskResults) -> list[dict[str, str]]:
    """A row a model: every metric of the task with its interval, what it costs, and how many predictions failed.

    After them a row a ceiling, where there are some.
    """
    out = []
    several = any(len(seeds) > 1 for seeds in task.models.values())
    metrics = metric_kinds(task.first.task.name)
    for label in task.labels:
        runs = list(task.models[label].values())
        row = {"model": label}
        row |= {title_of(name): cell(task.score(label, name), name == task.sort) for name in metrics}
        row[f"{title_of(task.sort)}, warm"] = cell(task.score(label, task.sort, "warm"), False)
        row[f"{title_of(task.sort)}, cold"] = cell(task.score(label, task.sort, "cold"), False)
        row["parameters"] = f"{max(r.model.n_parameters for r in runs):,}"
        row["fit s"] = f"{mean(r.cost.fit_seconds for r in runs):.0f}"
        row["ms/pair"] = f"{mean(r.cost.ms_per_query for r in runs):.2f}"
        row["seeds"] = str(len(runs)) if several else ""
        row["failed"] = str(failed) if (failed := sum(r.task.n_failed for r in runs)) else ""
        out.append(row)
    first = task.first
    best = pair_ceilings(first.task, first.dataset.sha256)
    for label, scores in sorted(best.items()):
        row = {"model": f"*{label}*"}
        out.append(row | {title_of(name): cell(over_seeds([s]), name == task.sort) for name, s in scores.items()})
    return out
