"""What ``benchmarks.run`` prints: the task, tables with intervals, and a few rationales that a person can read."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from rich.table import Table

from benchmarks.harness.aggregate import BESIDE, SORT, Ceilings, bayes_of, ceilings, slice_sizes
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import headline_metrics, reads_rationales, title_of
from benchmarks.harness.results import PROTOCOLS, SPANS, Result, Score, StoredRun
from benchmarks.pairs.ceilings import pair_ceilings
from rad import registry
from rad.reporting.console import console, table
from rad.runtime import records
from rad.runtime.files import read_jsonl
from rad.types import Prediction

COLUMNS = 4  # ranking metrics that fit, beside the headline ones
FEWER = 2  # ranking metrics that fit after NDCG@10 and what stands beside it
EXAMPLES = 3


def registries() -> None:
    """Every model, domain and metric with the first line of its file, none of them imported."""
    for package in ("benchmarks.models", "rad.domains", "benchmarks.metrics"):
        grid = Table(title=package.replace(".", "/"), title_justify="left", box=None, show_header=False)
        for name in registry.names(package):
            text = registry.docstring(package, name).split("\n")[0]
            grid.add_row(name, text.partition(": ")[2] or text)
        console.print(grid)


def task(experiment: Experiment) -> None:
    """One line on the queries that a model has to answer."""
    data = experiment.dataset
    if pairs := experiment.pairs:
        kind = f"{pairs.task} ({pairs.negatives} negatives)" if pairs.negatives else pairs.task
        console.print(
            f"{experiment.domain} {data.version} ({data.sha256[:8]}): {kind}, {len(pairs.pairs['train']):,} training "
            f"pairs, mean answer {pairs.constant:.3f}; {len(experiment.scored_pairs):,} {experiment.split} pairs, "
            f"{SPANS[experiment.protocol]}, seed {experiment.seed}",
            markup=False,
        )
        for what, n in pairs.notes.items():
            console.print(f"{n:,} {what}", markup=False)
        return
    counts = {split: len(examples) for split, examples in data.examples.items()}
    console.print(
        f"{experiment.domain} {data.version} ({data.sha256[:8]}): {len(data.items):,} items, "
        f"{counts['train']:,} training prefixes; {len(experiment.examples):,} {experiment.split} queries, "
        f"{PROTOCOLS[experiment.protocol]}, seed {experiment.seed}",
        markup=False,
    )


def tables(experiment: Experiment, runs: Sequence[StoredRun]) -> None:
    """All rows of the task: ranking, slices, explanation scores, failures, and where the files are."""
    results = [one.result for one in runs]
    several = len({result.seed for result in results}) > 1
    rows = {result.label + (f" s{result.seed}" if several else ""): result for result in results}
    if experiment.pairs:
        _pair_table(experiment, rows)
        _failures(rows)
        console.print("Results: " + " ".join(str(one.folder) for one in runs), markup=False, soft_wrap=True)
        return
    best: Ceilings = {}
    if experiment.protocol == "full":
        best = ceilings(experiment.dataset.sha256, [e.query.query_id for e in experiment.examples], experiment.seed)
    _ranking_table({**{label: _all(result) for label, result in rows.items()}, **best}, rows, bayes_of(best))
    _slice_table(rows)
    _explanation_table(rows)
    _failures(rows)
    repeats = next(iter(rows.values())).task.n_repeat
    if repeats:
        outcome = "kept" if experiment.dataset.repeats == "keep" else "masked and score 0"
        console.print(f"{repeats} targets are in their own history; they are {outcome}")
    console.print("Results: " + " ".join(str(one.folder) for one in runs), markup=False, soft_wrap=True)


def _failures(rows: Mapping[str, Result]) -> None:
    for label, result in rows.items():
        if result.task.n_failed:
            reasons = "; ".join(f"{reason} ({n})" for reason, n in result.task.failures.items())
            console.print(
                f"{label}: {result.task.n_failed} of {result.task.n} predictions failed: {reasons}", markup=False
            )


def _pair_table(experiment: Experiment, rows: Mapping[str, Result]) -> None:
    """One row a model: the metrics of the task, the first with its interval."""
    metrics = experiment.metrics
    titles = [title_of(metric) for metric in metrics]
    heads = [titles[0], "95%\ninterval", *titles[1:], "ms/\npair", "fail\n-ed"]
    grid = table(f"{experiment.task.capitalize()} of pairs (interval by bootstrap over pairs)", "model", *heads)
    first = next(iter(rows.values()))
    best = pair_ceilings(first.task, first.dataset.sha256, experiment.seed)
    for label, row in {**{label: _all(result) for label, result in rows.items()}, **best}.items():
        scores = [row.get(metric) for metric in metrics]
        cells = [f"{s.value:.4f}" if s else "" for s in scores]
        cells.insert(1, f"{scores[0].ci_low:.3f}-{scores[0].ci_high:.3f}" if scores[0] else "")
        one = rows.get(label)
        cells += [f"{one.cost.ms_per_query:.2f}", str(one.task.n_failed)] if one else ["", ""]
        grid.add_row(label, *cells, style=None if one else "dim")
    console.print(grid)


def _ranking_table(scores: Mapping[str, Mapping[str, Score]], rows: Mapping[str, Result], bayes: float | None) -> None:
    explained = _explanations(rows)
    headline = headline_metrics("ranking")
    named = dict.fromkeys(
        [*headline, *(s.metric for r in rows.values() for s in r.scores if s.metric not in explained)]
    )
    filled = [metric for metric in named if any(metric in row for row in scores.values())]
    shown = [metric for k, metric in enumerate(filled) if metric in headline or k < COLUMNS]
    if beside := [metric for metric in BESIDE if any(metric in row for row in scores.values())]:
        shown = [shown[0], *beside, *shown[1 : 1 + FEWER]]
    titles = [title_of(metric) if metric not in beside else _narrow(title_of(metric)) for metric in shown]
    heads = [titles[0], "95%\ninterval", *titles[1:], *(["of\nBayes"] if bayes else []), "ms/\nquery", "fail\n-ed"]
    grid = table("Ranking (interval by bootstrap over queries)", "model", *heads)
    for label, row in scores.items():
        digits = {metric: 3 if metric in beside else 4 for metric in shown}
        cells = [f"{row[metric].value:.{digits[metric]}f}" if metric in row else "" for metric in shown]
        first = row.get(shown[0])
        cells.insert(1, f"{first.ci_low:.3f}-{first.ci_high:.3f}".replace("0.", ".") if first else "")
        if bayes:
            cells.append(f"{row[SORT].value / bayes:.0%}" if SORT in row else "")
        result = rows.get(label)
        cells += [f"{result.cost.ms_per_query:.2f}", str(result.task.n_failed)] if result else ["", ""]
        grid.add_row(label, *cells, style=None if result else "dim")
    console.print(grid)


def _narrow(title: str) -> str:
    """The head of a column of five characters: a word a line, without the cut."""
    return title.partition("@")[0].replace("Soundness", "Sound-\nness").replace(" ", "\n")


def _slice_table(rows: Mapping[str, Result]) -> None:
    """The first ranking metric by slice, with the number of queries under each slice's name."""
    metric = next((s.metric for r in rows.values() for s in r.scores if s.slice != "all"), None)
    if metric is None:
        return
    sizes = slice_sizes(rows.values(), metric)
    heads = [f"{part}\nn={n}" for part, n in sizes.items()]
    grid = table(
        f"{title_of(metric)} by history length, warm and cold targets (seen in training or not)", "model", *heads
    )
    for label, result in rows.items():
        scores = [result.score(metric, part) for part in sizes]
        grid.add_row(label, *(f"{s.value:.4f}" if s else "" for s in scores))
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
        scores = [rows[label].score(metric) for label in models]
        way = "" if next(s for s in scores if s).higher_is_better else " (lower better)"
        cells = [f"{s.value:.3f} ({s.ci_low:.3f}-{s.ci_high:.3f}, {s.n})" if s else "" for s in scores]
        grid.add_row(title_of(metric) + way, *cells)
    console.print(grid)


def _explanations(rows: Mapping[str, Result]) -> list[str]:
    """Names of the metrics that look at rationales."""
    names = dict.fromkeys(s.metric for r in rows.values() for s in r.scores)
    return [n for n in names if reads_rationales(n)]


def examples(experiment: Experiment, runs: Sequence[StoredRun]) -> None:
    """Three rationales of the last model that writes any, spread evenly over the queries."""
    for folder, result in reversed(runs):
        if not any(s.metric in _explanations({"": result}) for s in result.scores):
            continue
        lines = [(n, record) for n, record in read_jsonl(folder / "predictions.jsonl") if record.get("rationale")]
        for i in range(min(EXAMPLES, len(lines))):
            number, record = lines[i * len(lines) // EXAMPLES]
            prediction = records.parse(Prediction, record, f"{folder}/predictions.jsonl:{number}")
            _example(experiment, result.label, prediction)
        return


def _example(experiment: Experiment, label: str, p: Prediction) -> None:
    example = next(e for e in experiment.examples if e.query.query_id == p.query_id)
    rationale = p.rationale
    assert rationale is not None

    def title(item: str) -> str:
        return textwrap.shorten(experiment.dataset.items[item].title, 70, placeholder="...")

    lines = [f"{label}, query {p.query_id}", "  history"]
    history = example.query.history
    lines += [f"    [{k + 1}] {title(x.item_id)}" for k, x in list(enumerate(history))[-8:]]
    lines += [f"  rationale ({rationale.verdict}): {rationale.text}"]
    without_numbers = [reason for reason in rationale.reasons if reason.evidence.support is None]  # the text says facts
    for reason in sorted(without_numbers, key=lambda r: -r.weight)[:3]:
        claims = [f"{a} {v}" for a, v in reason.wants] + [f"not {a} {v}" for a, v in reason.avoids]
        always = "always " if claims and reason.evidence.kind == "constraint" else ""
        wants = always + (", ".join(claims) or reason.evidence.kind)
        cited = " ".join(f"[{k + 1}]" for k in reason.evidence.history)
        lines.append(f"    {reason.weight:.2f}  {wants}, because of {cited}")
    lines += [f"  ranked {rank}: {title(item)}" for rank, item in enumerate(p.ranking[:3], 1)]
    for item in example.relevant:
        rank_words = f"rank {p.ranking.index(item) + 1}" if item in p.ranking else "not among the first 100"
        lines.append(f"  in fact: {title(item)} ({rank_words})")
    console.print("\n".join(lines) + "\n", markup=False)


def _all(result: Result) -> dict[str, Score]:
    return {s.metric: s for s in result.scores if s.slice == "all"}
