"""The README's results, rendered from ``results/``.

    python -m benchmarks.table            # rewrites what is between the markers of README.md
    python -m benchmarks.table --check    # exits 1 where README.md does not say what results/ say

The markers are ``<!-- results:begin -->`` and ``<!-- results:end -->``. One table for each task; a row is a model
with its settings, averaged over its seeds. Of several runs of a model and seed the newest counts, and of several
versions of a data set the one that was run last. Runs with ``--limit`` are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean

from benchmarks.report import bayes_of, ceilings
from benchmarks.schema import PROTOCOLS, Result, Score, read_result
from rad.errors import RadError, run
from rad.io import whole

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
COLUMNS = {
    "ndcg@10": "NDCG@10",
    "recall@10": "Recall@10",
    "mrr": "MRR",
    "coverage@10": "coverage@10",
    "evidence_validity": "evidence validity",
    "claim_precision": "claim precision",
    "contradiction_rate": "contradictions",
    "reason_precision@3": "reason precision@3",
    "reason_recall@3": "reason recall@3",
    "reason_f1@3": "reason F1@3",
    "verdict_accuracy": "verdict accuracy",
}
INTERVALS = ("ndcg@10", "reason_f1@3")
SORT = "ndcg@10"


def render(results: Iterable[Result]) -> str:
    """Markdown of all tasks, in the order of their names; the best NDCG@10 comes last in each."""
    tasks: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.task.limit is None:
            tasks.setdefault((result.task.domain, result.task.protocol, result.task.split), []).append(result)
    parts = []
    for (domain, protocol, split), found in sorted(tasks.items()):
        newest = max(found, key=_finished).dataset.sha256
        kept = [result for result in found if result.dataset.sha256 == newest]
        title = f"**{domain}**, {kept[0].task.n:,} {split} queries, {PROTOCOLS[protocol]}, data `{newest[:8]}`"
        parts.append(title + "\n\n" + "\n".join(_rows(kept)))
    return "\n\n".join(parts) or "No results yet."


def _finished(result: Result) -> str:
    return str(result.provenance.get("finished_at", ""))


def _rows(results: Sequence[Result]) -> Iterable[str]:
    models: dict[str, dict[int, Result]] = {}
    for result in sorted(results, key=_finished):
        models.setdefault(result.label, {})[result.seed] = result
    task = results[0].task
    best: dict[str, dict[str, Score]] = {}
    if (task.protocol, task.split) == ("full", "test"):
        stored = ceilings(results[0].dataset.sha256)
        best = {name: row for name, row in stored.items() if row[SORT].n == task.n}
    bayes = bayes_of(best)

    def share(value: float) -> dict[str, str]:
        return {"of Bayes": f"{value / bayes:.0%}"} if bayes else {}

    rows: list[tuple[float, dict[str, str]]] = []
    for label, found in models.items():
        runs = list(found.values())
        value = mean(s.value if (s := r.score(SORT)) else 0.0 for r in runs)
        row = {"model": label} | {title: _cell(runs, metric) for metric, title in COLUMNS.items()} | share(value)
        row["ms/query"] = f"{mean(r.cost.ms_per_query for r in runs):.2f}"
        if any(len(found) > 1 for found in models.values()):
            row["seeds"] = str(len(runs))
        if any(r.task.n_failed for r in results):
            row["failed"] = str(sum(r.task.n_failed for r in runs))
        rows.append((value, row))
    for name, scores in best.items():
        cells = {COLUMNS[m]: f"{score.value:.4f}" for m, score in scores.items() if m in COLUMNS}
        rows.append((scores[SORT].value, {"model": f"*{name}*", **cells, **share(scores[SORT].value)}))
    rows.sort(key=lambda pair: pair[0])
    order = ("model", *COLUMNS.values(), "of Bayes", "ms/query", "seeds", "failed")
    heads = [head for head in order if any(row.get(head) for _, row in rows)]
    yield f"| {' | '.join(heads)} |"
    yield "|---" + "|---:" * (len(heads) - 1) + "|"
    for _, row in rows:
        yield f"| {' | '.join(row.get(head, '') for head in heads)} |"


def _cell(runs: Sequence[Result], metric: str) -> str:
    """The mean over seeds, with the bootstrap interval of a single run or the spread of several."""
    scores = [s for r in runs if (s := r.score(metric))]
    if not scores:
        return ""
    text = f"{mean(s.value for s in scores):.4f}"
    if metric in INTERVALS and len(scores) == 1:
        text += f" [{scores[0].ci_low:.3f}, {scores[0].ci_high:.3f}]"
    elif metric in INTERVALS:
        text += f" ({min(s.value for s in scores):.4f} to {max(s.value for s in scores):.4f})"
    return text


def updated(readme: str, table: str) -> str:
    """``readme`` with ``table`` between the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RadError(f"the README lacks the markers {BEGIN} and {END}, in this order")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.table", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--readme", type=Path, default=Path("README.md"))
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the README is out of date")
    args = parser.parse_args()
    if not args.readme.is_file():
        raise RadError(f"{args.readme}: no such file")
    old = args.readme.read_text(encoding="utf-8")
    new = updated(old, render(map(read_result, sorted(args.results.glob("**/result.json")))))
    if args.check:
        if old != new:
            print(f"{args.readme} does not say what {args.results} says: python -m benchmarks.table")
        return int(old != new)
    if old != new:
        with whole(args.readme) as file:
            file.write(new)
    return 0


if __name__ == "__main__":
    run(main)
