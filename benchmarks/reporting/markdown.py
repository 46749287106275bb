"""The Markdown tables of results: the overview of the README, and ``results/README.md``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean

from benchmarks.explanations.faithfulness import MASKED
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.results import FILE, Explanation, read_explanation
from benchmarks.harness.aggregate import (
    BESIDE,
    SORT,
    TaskResults,
    cell,
    newest_versions,
    results_by_task,
    row_label,
)
from benchmarks.harness.registries import metric_kinds, title_of
from benchmarks.harness.results import PROTOCOLS, Result, read_result
from benchmarks.harness.settings_store import TuningSummary
from benchmarks.pairs import tables as pair_tables
from rad.errors import RadError

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
INTERVALS = ("ndcg@10", "reason_f1@3")  # metrics that stand with their interval
TEXT = """# Results

Rendered by `python -m benchmarks.table` from the `result.json` files beside this page; the command in each computes
its predictions again. History masked, but where a table says that repeats are kept; 95% intervals by bootstrap over
queries (with several seeds the mean of theirs), ± the standard deviation over seeds. Warm targets are in what the
model could learn from, cold ones are not.
"""
SCORECARDS = """## Explanations

Rendered from the `explanation.json` files that `python -m benchmarks.explain RESULT_DIR` writes; each metric's file
in `benchmarks/metrics` has its definition and source. Those of faithfulness asked the model again about the first
queries, with changed rationales; *target masked* leaves the target's name and values out of what it reads. That each
metric tells good rationales from bad ones is shown in [validity.md](validity.md) (`python -m benchmarks.validity`),
on rationales whose quality is known because they were made so."""


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """A table of the keys that any row fills, in the order of their first mention."""
    heads = [head for head in dict.fromkeys(h for row in rows for h in row) if any(row.get(head) for row in rows)]
    lines = [f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.get(head, '') for head in heads)} |" for row in rows)])


def overview(results: Iterable[Result]) -> str:
    """Test NDCG@10 of full ranking: a row a model, a column a domain, the best of each in bold."""
    tasks = {
        domain: task
        for (domain, protocol, split), task in results_by_task(results).items()
        if (protocol, split) == ("full", "test")
    }
    if not tasks:
        return "No results yet."
    best = {domain: max(task.value(label) for label in task.models) for domain, task in tasks.items()}
    shares: dict[str, list[float]] = {}
    for domain, task in tasks.items():
        for label in task.models:
            shares.setdefault(label, []).append(task.value(label) / best[domain])
    corner = title_of(SORT)
    rows = []
    for label in sorted(shares, key=lambda label: mean(shares[label])):
        row = {corner: label}
        for domain, task in tasks.items():
            row[domain] = _number(task, label, best[domain]) if label in task.models else ""
        rows.append(row)
    for name in dict.fromkeys(name for task in tasks.values() for name in task.ceilings):
        values = {d: f"{task.ceilings[name][SORT].value:.4f}" for d, task in tasks.items() if name in task.ceilings}
        rows.append({corner: f"*{name}*", **values})
    return markdown(rows)


def _number(task: TaskResults, label: str, best: float) -> str:
    text = f"{task.value(label):.4f}"
    seeds = len(task.models[label])
    text = f"**{text}**" if task.value(label) == best else text
    return text + (f" ({seeds} seeds)" if seeds > 1 else "")


def render(results: Iterable[Result]) -> str:
    """All tasks: every metric, then NDCG@10 by slice; the best NDCG@10 comes last in each."""
    parts = []
    for task in results_by_task(results).values():
        parts.append(f"{_title(task)}\n\n{markdown(_rows(task))}")
        if slices := _slices(task):
            parts.append(f"{title_of(SORT)} by history length and by target\n\n{markdown(slices)}")
    return "\n\n".join(parts) or "No results yet."


def _pairs(results: Sequence[Result]) -> str:
    """The tables of ratings and choices under their head; empty without any."""
    tables = [f"{title}\n\n{markdown(rows)}" for title, rows in pair_tables.pair_tables(results)]
    return "\n\n".join([pair_tables.HEAD, *tables]) + "\n\n" if tables else ""


def _title(results: TaskResults) -> str:
    task = results.first.task
    data = f"data `{results.first.dataset.sha256[:8]}`"
    return f"**{task.domain}**, {task.n:,} {task.split} queries, {PROTOCOLS[task.protocol]}, {data}"


def columns() -> dict[str, str]:
    """The metrics of a task's table and their titles.

    NDCG and what stands beside it, the other headlines of ranking, and all that read rationales.
    """
    shown = [SORT, *BESIDE, *(m for m, kind in metric_kinds().items() if kind.needs or kind.headline)]
    return {metric: title_of(metric) for metric in shown}


def _rows(task: TaskResults) -> list[dict[str, str]]:
    def share(value: float) -> dict[str, str]:
        return {"of Bayes": f"{value / task.bayes:.0%}"} if task.bayes else {}

    titles = columns()
    rows: list[tuple[float, dict[str, str]]] = []
    several = any(len(seeds) > 1 for seeds in task.models.values())
    for label in task.labels:
        runs = list(task.models[label].values())
        row = {"model": label}
        row |= {title: cell(task.score(label, m), m in INTERVALS) for m, title in titles.items()}
        row |= share(task.value(label)) | {"ms/query": f"{mean(r.cost.ms_per_query for r in runs):.2f}"}
        row["fit s"] = f"{mean(r.cost.fit_seconds for r in runs):.0f}"
        row["seeds"] = str(len(runs)) if several else ""
        row["failed"] = str(failed) if (failed := sum(r.task.n_failed for r in runs)) else ""
        rows.append((task.value(label), row))
    for name, scores in task.ceilings.items():
        cells = {titles[m]: f"{score.value:.4f}" for m, score in scores.items() if m in titles}
        rows.append((scores[SORT].value, {"model": f"*{name}*", **cells, **share(scores[SORT].value)}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _slices(task: TaskResults) -> list[dict[str, str]]:
    """A row a model, a column a slice with its number of queries."""
    sizes = task.slice_sizes
    if not sizes:
        return []
    heads = {part: f"{part} (n={n:,})" for part, n in sizes.items()}
    rows = []
    for label in task.labels:
        cells = {heads[part]: cell(task.score(label, SORT, part), True) for part in sizes}
        rows.append({"model": label, **cells})
    return rows


def tuned(logs: Sequence[Path]) -> str:
    """What tuning tried and chose: a row a log."""
    rows = [
        {
            "domain": log.domain,
            "model": log.model,
            "score": title_of(log.metric),
            "settings tried": str(log.tried),
            "best": f"{log.best:.4f}",
            "default": f"{log.default:.4f}",
            "minutes": f"{log.minutes:.1f}",
            "chosen": log.chosen,
        }
        for log in map(TuningSummary.of, logs)
    ]
    return markdown(rows) if rows else "Nothing tuned yet."


def explained(folders: Iterable[Path]) -> str:
    """The scorecards of explanations, a table a domain: the runs with the lowest seed of each model."""
    domains: dict[str, dict[str, tuple[int, Explanation]]] = {}
    results = {folder: read_result(folder) for folder in folders}
    versions = newest_versions(results.values())
    for folder, result in results.items():
        card = read_explanation(folder)
        if card.run_id != result.run_id:
            raise RadError(f"{folder}: explanation.json is of run {card.run_id}, result.json of {result.run_id}")
        if (result.task.split, result.task.protocol, result.task.limit) == ("test", "full", None):
            cards, label = domains.setdefault(result.task.domain, {}), row_label(result, versions)
            if label not in cards or result.seed < cards[label][0]:
                cards[label] = result.seed, card
    parts = [f"**{domain}**\n\n{markdown(_scorecards(domains[domain]))}" for domain in sorted(domains)]
    return "\n\n".join(parts) or "No scorecards yet."


def _scorecards(cards: Mapping[str, tuple[int, Explanation]]) -> list[dict[str, str]]:
    """A row a metric and slice, a column a model; scores by an earlier version of their metric are left out."""
    scores = dict.fromkeys((s.metric, s.slice) for _, card in cards.values() for s in card.scores)
    rows = []
    for name, kind in explanation_metrics().items():
        for metric, part in scores:
            if metric != name or part not in ("all", MASKED):
                continue
            row = {"family": kind.family, "metric": metric if part == "all" else f"{metric}, {part}"}
            for label, (_, card) in cards.items():
                if (score := card.score(metric, part)) and score.version == kind.version:
                    row[label] = f"{score.value:.3f} [{score.ci_low:.3f}, {score.ci_high:.3f}]"
                    row["better"] = "higher" if score.higher_is_better else "lower"
            if "better" in row:
                rows.append({key: row.get(key, "") for key in ("family", "metric", "better", *cards)})
    return rows


def updated(readme: str, table: str) -> str:
    """``readme`` with ``table`` between the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RadError(f"the README lacks the markers {BEGIN} and {END}, in this order")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _with_scorecard(folder: Path) -> Result:
    """A run's result, with what stands beside NDCG where only the scorecard beside it has that."""
    result = read_result(folder)
    if not (folder / FILE).exists():
        return result
    card = read_explanation(folder)
    more = [score for m in BESIDE if not result.score(m) and (score := card.score(m))]
    return result.model_copy(update={"scores": [*result.scores, *more]})


def pages(results: Path, readme: Path, logs: Sequence[Path]) -> dict[Path, str]:
    """Both files as they should be, from the results in a folder and the logs of tuning."""
    finished = [_with_scorecard(path.parent) for path in sorted(results.glob("**/result.json"))]
    tuning = "Scores on validation of what was tried, with the processor time that it took.\n\n" + tuned(logs)
    cards = f"{SCORECARDS}\n\n" + explained(sorted(path.parent for path in results.glob("**/explanation.json")))
    return {
        readme: updated(readme.read_text(encoding="utf-8"), overview(finished)),
        results / "README.md": f"{TEXT}\n{render(finished)}\n\n{_pairs(finished)}{cards}\n\n## Tuning\n\n{tuning}\n",
    }
