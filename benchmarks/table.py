"""The result tables, rendered from ``results/``: the overview in the README, everything in ``results/README.md``.

    python -m benchmarks.table            # rewrites both
    python -m benchmarks.table --check    # exits 1 where they do not say what results/ say

The overview has a row a model and a column a domain: test NDCG@10, full ranking. ``results/README.md`` has for every
task (domain, protocol, split) all metrics, then NDCG@10 by slice, and for every domain what tuning chose. A row is a
model, averaged over its seeds: the interval is the mean of the seeds' bootstrap intervals over queries, and ± is the
standard deviation over seeds. Where ``explanation.json`` lies beside a result (``benchmarks.explain``), its scores
follow, a row a metric and a column a run. Of several runs of a model and seed the newest counts, and of several
versions of a data set the one that was run last. Runs with ``--limit`` are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from benchmarks.explanations.faithfulness import MASKED
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.results import Explanation, read_explanation
from benchmarks.harness.registries import metric_kinds, title_of
from benchmarks.harness.results import PROTOCOLS, Result, Score, read_result
from benchmarks.harness.settings_store import METRIC
from benchmarks.reporting.terminal import bayes_of, ceilings
from rad.errors import RadError, run
from rad.runtime.files import atomic_write, read_jsonl

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
INTERVALS = ("ndcg@10", "reason_f1@3")
SORT = "ndcg@10"
TEXT = """# Results

Rendered by `python -m benchmarks.table` from the `result.json` files beside this page; the command in each computes
its predictions again. History masked, 95% intervals by bootstrap over queries (with several seeds the mean of
theirs), ± the standard deviation over seeds. Warm targets are in what the model could learn from, cold ones are not.
"""
SCORECARDS = """## Explanations

Rendered from the `explanation.json` files that `python -m benchmarks.explain RESULT_DIR` writes; each metric's file
in `benchmarks/metrics` has its definition and source. Those of faithfulness asked the model again about the first
queries, with changed rationales; *target masked* leaves the target's name and values out of what it reads. That each
metric tells good rationales from bad ones is shown in [validity.md](validity.md) (`python -m benchmarks.validity`),
on rationales whose quality is known because they were made so."""


class Task:
    """The results of one domain, protocol and split on one version of the data: model -> seed -> result."""

    def __init__(self, results: Sequence[Result]) -> None:
        newest = max(results, key=_finished).dataset.sha256
        self.models: dict[str, dict[int, Result]] = {}
        for result in sorted(results, key=_finished):
            if result.dataset.sha256 == newest:
                self.models.setdefault(result.label, {})[result.seed] = result
        self.first = next(iter(next(iter(self.models.values())).values()))
        task = self.first.task
        self.best: dict[str, dict[str, Score]] = {}
        if (task.protocol, task.split) == ("full", "test"):
            stored = ceilings(newest)
            self.best = {name: row for name, row in stored.items() if row[SORT].n == task.n}
        self.bayes = bayes_of(self.best)

    @property
    def title(self) -> str:
        task = self.first.task
        data = f"data `{self.first.dataset.sha256[:8]}`"
        return f"**{task.domain}**, {task.n:,} {task.split} queries, {PROTOCOLS[task.protocol]}, {data}"

    def scores(self, label: str, metric: str, part: str = "all") -> list[Score]:
        return [s for r in self.models[label].values() if (s := r.score(metric, part))]

    def value(self, label: str, metric: str = SORT) -> float:
        return mean([s.value for s in self.scores(label, metric)] or [0.0])

    @property
    def labels(self) -> list[str]:
        """The models, the best NDCG@10 last."""
        return sorted(self.models, key=self.value)


def tasks_of(results: Iterable[Result]) -> dict[tuple[str, str, str], Task]:
    """By domain, protocol and split, in the order of their names."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.task.limit is None:
            found.setdefault((result.task.domain, result.task.protocol, result.task.split), []).append(result)
    return {key: Task(found[key]) for key in sorted(found)}


def _finished(result: Result) -> str:
    return str(result.provenance.get("finished_at", ""))


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """A table of the keys that any row fills, in the order of their first mention."""
    heads = [head for head in dict.fromkeys(h for row in rows for h in row) if any(row.get(head) for row in rows)]
    lines = [f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.get(head, '') for head in heads)} |" for row in rows)])


def overview(results: Iterable[Result]) -> str:
    """Test NDCG@10 of full ranking: a row a model, a column a domain, the best of each in bold."""
    tasks = {
        d: task for (d, protocol, split), task in tasks_of(results).items() if (protocol, split) == ("full", "test")
    }
    if not tasks:
        return "No results yet."
    best = {domain: max(task.value(label) for label in task.models) for domain, task in tasks.items()}
    rank: dict[str, list[float]] = {}
    for domain, task in tasks.items():
        for label in task.models:
            rank.setdefault(label, []).append(task.value(label) / best[domain])
    rows = []
    for label in sorted(rank, key=lambda label: mean(rank[label])):
        row = {"NDCG@10": label}
        for domain, task in tasks.items():
            row[domain] = _number(task, label, best[domain]) if label in task.models else ""
        rows.append(row)
    for name in dict.fromkeys(name for task in tasks.values() for name in task.best):
        given = {d: f"{task.best[name][SORT].value:.4f}" for d, task in tasks.items() if name in task.best}
        rows.append({"NDCG@10": f"*{name}*", **given})
    return markdown(rows)


def _number(task: Task, label: str, best: float) -> str:
    text = f"{task.value(label):.4f}"
    seeds = len(task.models[label])
    text = f"**{text}**" if task.value(label) == best else text
    return text + (f" ({seeds} seeds)" if seeds > 1 else "")


def render(results: Iterable[Result]) -> str:
    """Markdown of all tasks: every metric, then NDCG@10 by slice; the best NDCG@10 comes last in each."""
    parts = []
    for task in tasks_of(results).values():
        parts.append(f"{task.title}\n\n{markdown(_rows(task))}")
        if slices := _slices(task):
            parts.append(f"NDCG@10 by history length and by target\n\n{markdown(slices)}")
    return "\n\n".join(parts) or "No results yet."


def columns() -> dict[str, str]:
    """The metrics of a task's table and their titles: the headlines of ranking, and all that read rationales."""
    shown = [m for m, kind in metric_kinds().items() if kind.needs or kind.headline]
    return {metric: title_of(metric) for metric in shown}


def _rows(task: Task) -> list[dict[str, str]]:
    def share(value: float) -> dict[str, str]:
        return {"of Bayes": f"{value / task.bayes:.0%}"} if task.bayes else {}

    titles = columns()
    rows: list[tuple[float, dict[str, str]]] = []
    several = any(len(found) > 1 for found in task.models.values())
    for label in task.labels:
        runs = list(task.models[label].values())
        row = {"model": label}
        row |= {title: _cell(task.scores(label, m), m in INTERVALS) for m, title in titles.items()}
        row |= share(task.value(label)) | {"ms/query": f"{mean(r.cost.ms_per_query for r in runs):.2f}"}
        row["fit s"] = f"{mean(r.cost.fit_seconds for r in runs):.0f}"
        row["seeds"] = str(len(runs)) if several else ""
        row["failed"] = str(failed) if (failed := sum(r.task.n_failed for r in runs)) else ""
        rows.append((task.value(label), row))
    for name, scores in task.best.items():
        cells = {titles[m]: f"{score.value:.4f}" for m, score in scores.items() if m in titles}
        rows.append((scores[SORT].value, {"model": f"*{name}*", **cells, **share(scores[SORT].value)}))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _slices(task: Task) -> list[dict[str, str]]:
    """A row a model, a column a slice with its number of queries."""
    sizes = {s.slice: s.n for r in _all(task) for s in r.scores if s.metric == SORT and s.slice != "all"}
    if not sizes:
        return []
    heads = {part: f"{part} (n={n:,})" for part, n in sizes.items()}
    rows = []
    for label in task.labels:
        cells = {heads[part]: _cell(task.scores(label, SORT, part), True) for part in sizes}
        rows.append({"model": label, **cells})
    return rows


def _all(task: Task) -> Iterator[Result]:
    for found in task.models.values():
        yield from found.values()


def _cell(scores: Sequence[Score], interval: bool) -> str:
    """The mean over seeds; the interval is the mean of theirs, ± the standard deviation between them."""
    if not scores:
        return ""
    text = f"{mean(s.value for s in scores):.4f}"
    if interval:
        text += f" [{mean(s.ci_low for s in scores):.3f}, {mean(s.ci_high for s in scores):.3f}]"
        text += f" ±{stdev(s.value for s in scores):.4f}" if len(scores) > 1 else ""
    return text


def tuned(logs: Sequence[Path]) -> str:
    """What tuning tried and chose: a row a log."""
    rows = []
    for path in logs:
        trials = [row for _, row in read_jsonl(path)]
        trials = [row for row in trials if row["version"] == trials[-1]["version"]]
        best = max(trials, key=lambda row: row[METRIC])
        rows.append(
            {
                "domain": path.parent.name,
                "model": path.stem,
                "settings tried": str(len(trials)),
                "best": f"{best[METRIC]:.4f}",
                "default": f"{trials[0][METRIC]:.4f}",
                "minutes": f"{sum(row['cpu_seconds'] for row in trials) / 60:.1f}",
                "chosen": " ".join(f"{key}={value}" for key, value in best["settings"].items()),
            }
        )
    return markdown(rows) if rows else "Nothing tuned yet."


def explained(folders: Iterable[Path]) -> str:
    """The scorecards of explanations, a table a domain: the runs with the lowest seed of each model."""
    found: dict[str, dict[str, tuple[int, Explanation]]] = {}
    for folder in folders:
        result, card = read_result(folder), read_explanation(folder)
        if card.run_id != result.run_id:
            raise RadError(f"{folder}: explanation.json is of run {card.run_id}, result.json of {result.run_id}")
        if (result.task.split, result.task.protocol, result.task.limit) == ("test", "full", None):
            mine = found.setdefault(result.task.domain, {})
            if result.label not in mine or result.seed < mine[result.label][0]:
                mine[result.label] = result.seed, card
    parts = [f"**{domain}**\n\n{markdown(_explanations(found[domain]))}" for domain in sorted(found)]
    return "\n\n".join(parts) or "No scorecards yet."


def _explanations(cards: Mapping[str, tuple[int, Explanation]]) -> list[dict[str, str]]:
    rows = []
    scores = [(s.metric, s.slice) for _, card in cards.values() for s in card.scores]
    for name, kind in explanation_metrics().items():
        for metric, part in dict.fromkeys(scores):
            if metric != name or part not in ("all", MASKED):
                continue
            row = {"family": kind.family, "metric": metric if part == "all" else f"{metric}, {part}"}
            for label, (_, card) in cards.items():
                if score := card.score(metric, part):
                    row[label] = f"{score.value:.3f} [{score.ci_low:.3f}, {score.ci_high:.3f}]"
                    row["better"] = "higher" if score.higher_is_better else "lower"
            rows.append({k: row.get(k, "") for k in ("family", "metric", "better", *cards)})
    return rows


def updated(readme: str, table: str) -> str:
    """``readme`` with ``table`` between the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RadError(f"the README lacks the markers {BEGIN} and {END}, in this order")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def pages(results: Path, readme: Path) -> dict[Path, str]:
    """Both files as they should be."""
    found = [read_result(path) for path in sorted(results.glob("**/result.json"))]
    logs = sorted(results.glob("tuning/*/*.jsonl"))
    tuning = "NDCG@10 on validation of what was tried, with the processor time that it took.\n\n" + tuned(logs)
    cards = explained(sorted(path.parent for path in results.glob("**/explanation.json")))
    return {
        readme: updated(readme.read_text(encoding="utf-8"), overview(found)),
        results / "README.md": f"{TEXT}\n{render(found)}\n\n{SCORECARDS}\n\n{cards}\n\n## Tuning\n\n{tuning}\n",
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.table", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--readme", type=Path, default=Path("README.md"))
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a table is out of date")
    args = parser.parse_args()
    if not args.readme.is_file():
        raise RadError(f"{args.readme}: no such file")
    stale = 0
    for path, text in pages(args.results, args.readme).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale = 1
        if args.check:
            print(f"{path} does not say what {args.results} says: python -m benchmarks.table")
            continue
        with atomic_write(path) as file:
            file.write(text)
    return stale if args.check else 0


if __name__ == "__main__":
    run(main)
