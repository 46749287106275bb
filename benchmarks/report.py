"""Finished runs on one HTML page: scores side by side, what they cost, and examples to read.

    python -m benchmarks.report RESULT_DIR...
    python -m benchmarks.report runs/*/world-full-test-* --out report.html

The page is one file that asks for nothing from outside. It has tables with 95% intervals (ranking, then the families of
``benchmarks.explain`` where a run has its scorecard), NDCG@10 against explanation quality and cost, the truncation
curves, and the first ``--examples`` queries: history, rationales with their claims marked, rankings, and what changed
when the rationale was changed. Runs of different tasks stand in sections of their own. What a run lacks is left out,
and the page says which command adds it.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from benchmarks.explanations.families import FAMILIES, explanation_metrics
from benchmarks.explanations.finished_run import DatasetCache, predictions_path
from benchmarks.explanations.results import FILE, PERTURBED, Explanation, read_explanation
from benchmarks.explanations.scorecard import Row, rows_of, sentence
from benchmarks.harness.results import PROTOCOLS, Result, Score, read_result
from benchmarks.reporting import examples as browser
from benchmarks.reporting.terminal import bayes_of, ceilings
from rad import registry
from rad.errors import RadError, run
from rad.reporting import html, plots
from rad.reporting.console import console
from rad.runtime.files import atomic_write

PAGE = Path(__file__).parent / "reporting" / "page"
HEADLINES = (
    "claim_precision",
    "reason_f1@3",
    "swap",
    "truncation_order",
    "reader_gain@10",
    "user_retrieval",
    "contrast",
)
COSTS = {
    "ms/query": lambda cost: f"{cost.ms_per_query:,.2f}",
    "fit s": lambda cost: f"{cost.fit_seconds:,.0f}",
    "MiB": lambda cost: f"{cost.peak_memory_mb:,.0f}",
    "tokens/query": lambda cost: "" if cost.tokens_per_query is None else f"{cost.tokens_per_query:,.0f}",
}
SORT = "ndcg@10"


@dataclass
class Shown:
    """A run on the page. ``number`` is its mark in every table and plot; ``missing`` has lines on what it lacks."""

    number: int
    folder: Path
    result: Result
    card: Explanation | None
    label: str
    missing: list[str] = field(default_factory=list)

    @property
    def colour(self) -> str:
        return plots.colour(self.number)

    def score(self, metric: str, part: str = "all") -> Score | None:
        """The scorecard's figure, or else the result's own."""
        found = self.card.score(metric, part) if self.card else None
        return found or self.result.score(metric, part)


def read(folders: Sequence[Path]) -> list[list[Shown]]:
    """The runs by task and data, in the order given. :class:`RadError` names a file that is missing or broken."""
    tasks: dict[tuple[Any, ...], list[Shown]] = {}
    for folder in dict.fromkeys(folders):
        result = read_result(folder)
        folder = folder if folder.is_dir() else folder.parent
        card = read_explanation(folder) if (folder / FILE).is_file() else None
        if card is not None and card.run_id != result.run_id:
            raise RadError(f"{folder / FILE}: of run {card.run_id}, but result.json is of run {result.run_id}")
        task = result.task
        mine = tasks.setdefault((task.domain, task.protocol, task.split, task.limit, result.dataset.sha256), [])
        mine.append(Shown(len(mine) + 1, folder, result, card, result.label))
    for runs in tasks.values():
        _tell_apart(runs)
    return list(tasks.values())


def _tell_apart(runs: Sequence[Shown]) -> None:
    """Seeds, and then run ids, are named where labels alone would be the same."""
    for more in (lambda one: f" s{one.result.seed}", lambda one: f" {one.result.run_id}"):
        labels = [one.label for one in runs]
        for one, label in zip(runs, labels, strict=True):
            others = [other for other in runs if other is not one and labels[runs.index(other)] == label]
            if any(more(other) != more(one) for other in others):
                one.label = label + more(one)


def explains(metric: str) -> bool:
    """Whether a metric looks at rationales."""
    return bool(registry.load("benchmarks.metrics", metric.partition("@")[0].partition(".")[0]).needs)


def unexplained(runs: Sequence[Shown]) -> tuple[str, str] | None:
    """The runs whose rationales ``benchmarks.explain`` has more to say of, by number, and the command for it."""
    more = [one for one in runs if _is_unexplained(one)]
    if not more:
        return None
    command = shlex.join(["python", "-m", "benchmarks.explain", *(str(one.folder) for one in more)])
    return ", ".join(str(one.number) for one in more), command


def _is_unexplained(one: Shown) -> bool:
    if not (one.folder / one.result.predictions.path).is_file():
        return False
    if one.card is None:
        return any(explains(s.metric) for s in one.result.scores)
    return bool(one.card.attested is None and one.card.n_rationales and not one.card.notes)


# --- tables ---


@dataclass(frozen=True)
class Cell:
    """A score as it is shown. ``n`` only where it is not that of the column's run."""

    value: str
    ends: str
    n: int | None = None
    best: bool = False


def cells(scores: Sequence[Score | None], sizes: Sequence[int], better: str = "higher") -> list[Cell | None]:
    """One row of scores; the best of several is marked, unless they are not to be ranked by."""
    known = [s.value for s in scores if s]
    best = None
    if len(known) > 1 and better in ("higher", "lower") and min(known) < max(known):
        best = max(known) if better == "higher" else min(known)
    return [_cell(s, n, best) if s else None for s, n in zip(scores, sizes, strict=True)]


def _cell(s: Score, n: int, best: float | None) -> Cell:
    return Cell(f"{s.value:.4f}", f"{s.ci_low:.3f} to {s.ci_high:.3f}", s.n if s.n != n else None, s.value == best)


def ranking_table(runs: Sequence[Shown], names: Sequence[str]) -> dict[str, Any]:
    """A row a run, a column a metric; then the best possible, where a built-in world knows it."""
    best: dict[str, dict[str, Score]] = {}
    task = runs[0].result.task
    if task.protocol == "full" and task.split == "test":
        stored = ceilings(runs[0].result.dataset.sha256)
        best = {name: row for name, row in stored.items() if SORT in row and row[SORT].n == task.n}
    bayes = bayes_of(best)
    columns = [cells([one.score(m) for one in runs], [one.result.task.n for one in runs]) for m in names]
    shares = {one.number: s.value / bayes for one in runs if bayes and (s := one.score(SORT))}
    costs = {name: told for name, told in COSTS.items() if any(told(one.result.cost) for one in runs)}
    return {
        "metrics": names,
        "rows": [(one, [column[k] for column in columns]) for k, one in enumerate(runs)],
        "shares": shares,
        "costs": costs,
        "best": [
            (name, [cells([row.get(m)], [task.n])[0] for m in names], f"{row[SORT].value / bayes:.0%}" if bayes else "")
            for name, row in best.items()
        ],
    }


def slice_table(runs: Sequence[Shown]) -> dict[str, Any] | None:
    """NDCG@10 by history length and by target."""
    sizes = {s.slice: s.n for one in runs for s in one.result.scores if s.metric == SORT and s.slice != "all"}
    if not sizes:
        return None
    columns = [cells([one.result.score(SORT, part) for one in runs], [n] * len(runs)) for part, n in sizes.items()]
    return {"sizes": sizes, "rows": [(one, [column[k] for column in columns]) for k, one in enumerate(runs)]}


def explanation_table(runs: Sequence[Shown], kinds: Mapping[str, Any]) -> list[tuple[Row, list[Cell | None]]]:
    """The lines of the scorecards, family by family, with a cell a run."""
    scores = [s for one in runs for s in [*(one.card.scores if one.card else ()), *one.result.scores]]
    sizes = [one.result.task.n for one in runs]
    return [
        (row, cells([one.score(row.metric, row.part) for one in runs], sizes, row.better))
        for row in rows_of(kinds, scores)
    ]


def effects_table(runs: Sequence[Shown]) -> list[tuple[str, list[Cell | None]]]:
    """Faithfulness by its other measures of effect: ``metric.measure``."""
    names = dict.fromkeys(s.metric for one in runs if one.card for s in one.card.scores if "." in s.metric)
    sizes = [one.result.task.n for one in runs]
    return [(name, cells([one.score(name) for one in runs], sizes, "unranked")) for name in names]


def meanings(rows: Sequence[Row]) -> list[tuple[str, Markup]]:
    """What each metric says of itself: the beginning of its file, code marked as such."""
    out = []
    for name in dict.fromkeys(row.metric for row in rows):
        spec = importlib.util.find_spec(registry.module_of("benchmarks.metrics", name.partition("@")[0]))
        text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        doc = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
        words = doc.partition(": ")[2].split("``")
        parts = [Markup("<code>{}</code>").format(w) if k % 2 else Markup.escape(w) for k, w in enumerate(words)]
        out.append((name, Markup("").join(parts)))
    return out


# --- plots ---


def scatters(runs: Sequence[Shown], kinds: Mapping[str, Any]) -> list[tuple[str, str, Markup]]:
    """NDCG@10 by cost, then by the headline metric of each family: title, what it is, plot."""
    ranked = [(one, s) for one in runs if (s := one.score(SORT))]
    if not ranked:
        return []
    costs = [math.log10(max(one.result.cost.ms_per_query, 1e-3)) for one, _ in ranked]
    least, most = min(costs), max(costs)

    def point(one: Shown, y: Score, cost: float, x: float | None, ends: tuple[float, float] | None) -> plots.Point:
        told = f"{one.number} {one.label}: NDCG@10 {y.value:.4f}, {one.result.cost.ms_per_query:,.2f} ms a query"
        told += "" if ends is None or x is None else f", {x:.4f}"
        size = 8 + 10 * (cost - least) / (most - least) if most > least else 10.0
        y_ends = (y.ci_low, y.ci_high)
        return plots.Point(str(one.number), told, x, y.value, ends, y_ends, one.colour, size=size)

    spots = [point(one, y, cost, 10**cost, None) for (one, y), cost in zip(ranked, costs, strict=True)]
    out = [("cost", "milliseconds per query, logarithmic", plots.scatter(spots, "ms per query", "NDCG@10", True))]
    for name in HEADLINES:
        found = [one.score(name) for one, _ in ranked]
        if not any(found):
            continue
        spots = [
            point(one, y, cost, x.value if x else None, (x.ci_low, x.ci_high) if x else None)
            for (one, y), cost, x in zip(ranked, costs, found, strict=True)
        ]
        out.append((kinds[name].family, name, plots.scatter(spots, name, "NDCG@10", limits=kinds[name].range)))
    return out


def truncation(runs: Sequence[Shown]) -> Markup | None:
    """All runs' curves in one plot, the heaviest reasons first as whole lines, the lightest as broken ones."""
    lines = [
        plots.Curve(
            str(one.number),
            f"{one.number} {one.label}, {name} first",
            sorted((float(x), y) for x, y in points.items()),
            one.colour,
            broken,
        )
        for one in runs
        if one.card
        for broken, (name, points) in zip((False, True), one.card.curves.items(), strict=False)
    ]
    return plots.curves(lines, "% of the reasons taken away", "change of the ranking (1 - RBO)") if lines else None


# --- examples ---


def examples_of(runs: Sequence[Shown], n: int, datasets: DatasetCache) -> list[browser.Shown]:
    """The first ``n`` queries with what each run said. A run without its predictions is left out and says so."""
    found = None
    for one in runs if n else ():
        try:
            path = predictions_path(one.folder, one.result)
            data = datasets.of(one.folder, one.result)
        except RadError as error:
            one.missing.append(f"No examples: {error}")
            continue
        task = one.result.task
        found = found or browser.Browser(data, data.examples[task.split][: task.limit][:n])
        changed = one.folder / PERTURBED
        found.add(one.number, path, changed if one.card and changed.is_file() else None)
    return found.shown if found else []


# --- the page ---


def page(
    tasks: Sequence[Sequence[Shown]], n_examples: int = 20, domain: str | None = None, data_dir: Path | None = None
) -> str:
    """The page's HTML."""
    environment = html.environment(PAGE)
    environment.filters["breakable"] = html.breakable
    kinds = explanation_metrics(attested=False) | explanation_metrics(attested=True)
    datasets = DatasetCache(domain, data_dir)
    sections = [_section(runs, kinds, n_examples, datasets) for runs in tasks]
    return html.document(
        environment.get_template("report.html"),
        html.style(PAGE / "report.css"),
        (PAGE / "report.js").read_text(encoding="utf-8"),
        sections=sections,
        spoken=sentence,
        families=FAMILIES,
    )


def _section(runs: Sequence[Shown], kinds: Mapping[str, Any], n: int, datasets: DatasetCache) -> dict[str, Any]:
    task = runs[0].result.task
    named = dict.fromkeys(s.metric for one in runs for s in one.result.scores)
    ranking = [m for m in named if not explains(m)]
    told = [one for one in runs if any(explains(s.metric) for s in (one.card or one.result).scores)]
    explained = explanation_table(told, kinds)
    return {
        "title": f"{task.domain}: {task.n:,} {task.split} queries",
        "about": f"{PROTOCOLS[task.protocol]}; data {runs[0].result.dataset.sha256[:8]}"
        + (f"; the first {task.limit:,} queries" if task.limit else ""),
        "runs": runs,
        "told": told,
        "unexplained": unexplained(runs),
        "ranking": ranking_table(runs, ranking),
        "slices": slice_table(runs),
        "explained": explained,
        "effects": effects_table(told),
        "meanings": meanings([row for row, _ in explained]),
        "scatters": scatters(runs, kinds),
        "truncation": truncation(runs),
        "examples": examples_of(runs, n, datasets),
        "first": browser.FIRST,
    }


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="RESULT_DIR")
    parser.add_argument("--out", type=Path, default=Path("report.html"), help="default: report.html")
    parser.add_argument("--examples", type=int, default=20, metavar="N", help="queries to show (default: 20; 0: none)")
    parser.add_argument("--domain", metavar="NAME", help="the data, where the runs' were in a folder of your own")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    return parser.parse_args(argv)


def main() -> None:
    args = arguments()
    if args.examples < 0:
        raise RadError(f"--examples must be at least 0, got {args.examples}")
    if args.out.is_dir():
        raise RadError(f"--out {args.out}: is a folder, a file was expected")
    tasks = read(args.folders)
    text = page(tasks, args.examples, args.domain, args.data_dir)
    with atomic_write(args.out) as file:
        file.write(text)
    for one in (one for runs in tasks for one in runs):
        for line in one.missing:
            console.print(f"{one.label}: {line}", markup=False, soft_wrap=True)
    for runs in tasks:
        if more := unexplained(runs):
            console.print(f"more on their rationales: {more[1]}", markup=False, soft_wrap=True)
    console.print(f"wrote {args.out} ({len(text.encode()) / 1e6:.1f} MB)", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
