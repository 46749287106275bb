"""Two models, a cheap one and a costly one: what it costs and gains to ask the costly one about some queries only.

The cheap model answers every query, and its rationale says which share it leaves unexplained
(:func:`rad.rationales.strengths.unexplained`). Where that is more than a threshold, the costly model answers instead;
the query then costs both. Two other routings of as many queries say what the rule is worth: *random*, whose mean over
all draws is exact, and the *oracle*, which sees the answers and asks the costly model where it gains most. The oracle
never asks it where it gains nothing, so no routing is above it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from markupsafe import Markup

from benchmarks.explanations.finished_run import DatasetCache, FinishedRun, read_finished_run
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.evaluate import measure, slices_of, users_of
from benchmarks.harness.registries import load_metrics
from benchmarks.reporting.comparison import refuse_other_tasks
from rad.data.splits import is_warm, learnable
from rad.errors import RadError
from rad.reporting import html, plots
from rad.runtime.files import atomic_write
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals, column_means
from rad.types import Rationale, Reason

STEPS = 10  # of the curve, from no query to all of them
ALL = -1.0  # the threshold of all queries: no share is less
METRICS = (SORT, "unexplained", "reasons", "words")
Rule = Literal["unexplained", "random", "oracle"]
WORDS: dict[Rule, str] = {
    "unexplained": "routed by what the rationale leaves unexplained",
    "random": "as many at random",
    "oracle": "at most as many by an oracle that sees the answers",
}


class CurvePoint(NamedTuple):
    """A share of queries that go to the costly model: what it gives and what it costs.

    ``difference`` is NDCG@10 less that of the cheap model alone, with the ends of its 95% interval. ``threshold``
    is None for the other rules. Milliseconds and tokens are means a query; None for tokens that neither run counts.
    """

    rule: Rule
    threshold: float | None
    share: float
    ndcg: float
    difference: float
    low: float
    high: float
    ms: float
    tokens: float | None


class SliceGain(NamedTuple):
    """What the costly model adds on a slice of the queries.

    ``both`` is how many reasons both state, a query; None where the costly model writes none.
    """

    name: str
    queries: int
    cheap: float
    costly: float
    difference: float
    low: float
    high: float
    both: float | None


@dataclass(frozen=True)
class RoutedPair:
    """Finished runs of a cheap and of a costly model on the same queries."""

    cheap: FinishedRun
    costly: FinishedRun

    @cached_property
    def of_cheap(self) -> dict[str, np.ndarray]:
        """What each of ``METRICS`` says of each query [queries] of the cheap run."""
        return _measured(self.cheap)

    @cached_property
    def clusters(self) -> np.ndarray | None:
        """[queries]: the user of each, by whom intervals are drawn; None where no user has two queries."""
        return clusters_of(users_of(self.cheap.examples))

    @cached_property
    def of_costly(self) -> dict[str, np.ndarray]:
        """The same of the costly run; those of rationales are missing where it has none."""
        return _measured(self.costly)

    @cached_property
    def unexplained(self) -> np.ndarray:
        """[queries]: the share that the cheap model's rationale leaves unexplained; 1 where it has none."""
        return np.round(self.of_cheap["unexplained"], 6)  # sums of equal strengths may differ in their last digit

    @cached_property
    def gain(self) -> np.ndarray:
        """[queries]: NDCG@10 of the costly model less that of the cheap one."""
        return np.asarray(self.of_costly[SORT] - self.of_cheap[SORT])

    def thresholds(self) -> list[float]:
        """Of no query, of at most a tenth of them, ..., of all; equal ones stand once, as shares have few levels."""
        shares = np.arange(STEPS) / STEPS
        bars = np.quantile(self.unexplained, 1 - shares, method="higher").tolist()
        return list(dict.fromkeys([*bars, ALL]))

    def curve(self, thresholds: Sequence[float]) -> list[CurvePoint]:
        """Routing by each threshold, and at random and by the oracle as many queries as that routes."""
        n, gain = len(self.gain), self.gain
        routed = [self.unexplained > threshold for threshold in thresholds]
        shares = [float(rows.mean()) for rows in routed]
        best = np.argsort(-gain, kind="stable")
        columns: list[np.ndarray] = []  # each [queries]: what a routing adds
        points: list[tuple[Rule, float | None, float]] = []
        for threshold, rows, share in zip(thresholds, routed, shares, strict=True):
            first = np.zeros(n, bool)
            first[best[: rows.sum()]] = True
            first &= gain > 0
            columns += [gain * rows, gain * share, gain * first]
            points += [
                ("unexplained", threshold, share),
                ("random", None, share),
                ("oracle", None, float(first.mean())),
            ]
        ends = column_intervals(bootstrap(column_means(np.stack(columns, axis=1)), n, clusters=self.clusters)).tolist()
        return [self._point(*point, c, *e) for point, c, e in zip(points, columns, ends, strict=True)]

    def _point(
        self, rule: Rule, threshold: float | None, share: float, gain: np.ndarray, low: float, high: float
    ) -> CurvePoint:
        cheap, costly = self.cheap.result.cost, self.costly.result.cost
        of_cheap = 1 - share if rule == "random" else 1.0  # only chance needs no rationale to decide
        counts = [cheap.tokens_per_query, costly.tokens_per_query]
        tokens = None if counts == [None, None] else of_cheap * (counts[0] or 0.0) + share * (counts[1] or 0.0)
        ms = of_cheap * cheap.ms_per_query + share * costly.ms_per_query
        difference = float(gain.mean())
        ndcg = float(self.of_cheap[SORT].mean()) + difference
        return CurvePoint(rule, threshold, share, ndcg, difference, low, high, ms, tokens)

    def best_threshold(self) -> float:
        """The threshold of the curve with the highest NDCG@10; of equal ones that which routes least."""
        points = [p for p in self.curve(self.thresholds()) if p.rule == "unexplained"]
        best = max(points, key=lambda p: (round(p.ndcg, 12), -p.share))
        assert best.threshold is not None
        return best.threshold

    def advantage(self) -> tuple[float, float, float]:
        """What the rule adds beyond chance, as a mean over the curve, with the ends of its 95% interval."""
        routed = np.stack([self.unexplained > threshold for threshold in self.thresholds()], axis=1)
        beyond = (self.gain[:, None] * (routed - routed.mean(0))).mean(1, keepdims=True)  # [queries, 1]
        low, high = column_intervals(bootstrap(column_means(beyond), len(beyond), clusters=self.clusters))[0].tolist()
        return float(beyond.mean()), low, high

    def slices(self) -> list[SliceGain]:
        """What the costly model adds: over all, by history length, warm and cold targets, and by quarters of what is
        unexplained."""
        examples, data, task = self.cheap.examples, self.cheap.data, self.cheap.result.task
        seen = learnable(data.examples, task.split)
        length, warm = np.array([len(e.query.history) for e in examples]), [is_warm(e, seen) for e in examples]
        parts = slices_of(length, np.array(warm)) | self._quarters()
        parts = {name: rows for name, rows in parts.items() if rows.any()}
        # [queries, parts]: the gain in a part, NaN outside of it
        gains = np.stack([np.where(rows, self.gain, np.nan) for rows in parts.values()], axis=1)
        ends = column_intervals(bootstrap(column_means(gains), len(gains), clusters=self.clusters)).tolist()
        predictions = zip(self.cheap.predictions, self.costly.predictions, strict=True)
        both = np.array([len(_facts(a.rationale) & _facts(b.rationale)) for a, b in predictions])
        values = (self.of_cheap[SORT], self.of_costly[SORT], self.gain, both)
        rows = []
        for (name, inside), (low, high) in zip(parts.items(), ends, strict=True):
            cheap, costly, gain, shared = (float(v[inside].mean()) for v in values)
            both_state = shared if self.costly.explained_rows else None
            rows.append(SliceGain(name, int(inside.sum()), cheap, costly, gain, low, high, both_state))
        return rows

    def _quarters(self) -> dict[str, np.ndarray]:
        """Quarters of the queries by what is unexplained, each with its ends in its name; ties stay together."""
        number = np.searchsorted(np.quantile(self.unexplained, [0.25, 0.5, 0.75]), self.unexplained)
        out = {}
        for k in np.unique(number):
            rows = number == k
            low, high = self.unexplained[rows].min(), self.unexplained[rows].max()
            out[f"unexplained {low:.2f}-{high:.2f}"] = rows
        return out


def read_pair(cheap: Path, costly: Path, datasets: DatasetCache) -> RoutedPair:
    """The runs in two folders.

    Raises:
        RadError: They are not of one task, or the first has no rationales.
    """
    pair = RoutedPair(read_finished_run(cheap, datasets), read_finished_run(costly, datasets))
    refuse_other_tasks([cheap, costly], [pair.cheap.result, pair.costly.result])
    if not pair.cheap.explained_rows:
        raise RadError(f"{cheap}: a run without rationales says of no query how much it leaves unexplained")
    return pair


def refuse_other_models(tested: RoutedPair, validated: RoutedPair) -> None:
    """:class:`RadError` where runs for the choice of a threshold are of other models, or not on validation."""
    for test, validation in ((tested.cheap, validated.cheap), (tested.costly, validated.costly)):
        one, other = test.result, validation.result
        if other.task.split != "validation" or one.task.split == "validation":
            raise RadError(f"{validation.folder}: a threshold is chosen on validation runs, and used on test")
        if (one.label, one.task.domain, one.task.protocol) != (other.label, other.task.domain, other.task.protocol):
            what = f"{other.label} on {other.task.domain}, but {one.label} on {one.task.domain} in {test.folder}"
            raise RadError(f"{validation.folder}: is {what}")


def plot(points: Sequence[CurvePoint]) -> Markup:
    """NDCG@10 above the cheap model alone by milliseconds a query, a curve for each rule."""
    lines = [
        plots.Curve(str(k), WORDS[rule], [(p.ms, p.difference) for p in points if p.rule == rule], plots.colour(k))
        for k, rule in enumerate(WORDS, 1)
    ]
    return plots.curves(lines, "ms per query", "NDCG@10 above the cheap model")


def write(folder: Path, title: str, points: Sequence[CurvePoint], slices: Sequence[SliceGain]) -> list[Path]:
    """``routing.csv``, ``slices.csv`` and the curve as a page, ``routing.html``: the files that were written."""
    template = html.environment(Path(__file__).parent).get_template("routing.html")
    page = html.document(template, html.style(), title=title, plot=plot(points), rules=WORDS.values())
    texts = {"routing.csv": _csv(points), "slices.csv": _csv(slices), "routing.html": page}
    for name, text in texts.items():
        with atomic_write(folder / name) as file:
            file.write(text)
    return [folder / name for name in texts]


def _csv(rows: Sequence[CurvePoint] | Sequence[SliceGain]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([rows[0]._fields, *rows])  # None is an empty cell
    return text.getvalue()


def _measured(run: FinishedRun) -> dict[str, np.ndarray]:
    return measure(load_metrics(METRICS, run.data.items), run.predictions, run.examples)[0]


def _facts(rationale: Rationale | None) -> set[Reason]:
    """The reasons without their strengths: the facts that they state."""
    return {replace(reason, weight=1.0) for reason in rationale.reasons} if rationale is not None else set()
