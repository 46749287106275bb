"""Entries as the page shows them: a table a task, and in it a row a model with all its seeds.

A task is a domain, protocol and split on one version of the data. Its rows stand in up to three parts: rankings whose
rationales people can check (:mod:`leaderboard.verification.headline`), other rationales, and rankings alone. A row is
one owner's model (with its arm and version): several seeds are averaged, the interval is the mean of theirs and the
spread their standard deviation. Of two entries of one row with the same seed the later one counts; the earlier stays on
the table's list of older entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean
from types import MappingProxyType
from typing import NamedTuple

from benchmarks.harness.aggregate import SORTS, Ceilings, bayes_of, over_seeds, task_ceilings
from benchmarks.harness.base import TaskName
from benchmarks.harness.registries import load_metric, title_of
from benchmarks.harness.results import PROTOCOLS, QUESTIONS, SPANS, Score
from benchmarks.harness.settings_store import without_folders
from benchmarks.pairs.ceilings import pair_ceilings
from leaderboard.verification.entry import Entry
from leaderboard.verification.headline import UNSTATED, RationaleSummary, states_soundness, weakest
from leaderboard.verification.scoring import is_outdated, is_unread
from rad.data.dataset import Protocol

FLOORS: Mapping[TaskName, tuple[str, ...]] = {
    "ranking": ("random", "popularity"),
    "rating": ("global_mean",),
    "choice": ("global_mean",),
}
CEILINGS = {"bayes": "Bayes ceiling", "oracle": "oracle"}
HEADLINE, OTHER, PLAIN, ABOVE = PARTS = ("headline", "other", "plain", "above")
UNSENT = "predictions were not sent"
Summaries = Mapping[str, RationaleSummary]
"""What the rationales of an entry are like, by its run; an entry without its predictions is not there."""


class TaskKey(NamedTuple):
    """What makes two entries answer one task. ``limit`` is the number of queries it is cut to; 0 where it is whole.

    ``question`` is ``ranking``, or which answers are asked for of pairs.
    """

    domain: str
    question: str
    protocol: Protocol
    split: str
    limit: int
    sha256: str

    @property
    def task(self) -> TaskName:
        """The question without the kind of its negatives."""
        return "ranking" if self.question == "ranking" else "rating" if self.question == "rating" else "choice"


@dataclass(frozen=True)
class Cell:
    """One number of a row: the mean over ``n`` seeds, its interval, and the spread of the seeds (None for one seed)."""

    value: float
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    n: int = 1
    attested: bool = False


@dataclass(frozen=True)
class Row:
    """A model of a submitter, its entries in the order of their seeds.

    Attributes:
        entries: At least one.
        shows_version: The table has several versions of the model.
        summary: What the rationales of all its entries are like; None where the predictions of one were not sent.
        copy_of: The earlier row that ranks the same for every query; empty where there is none.
    """

    entries: tuple[Entry, ...]
    shows_version: bool = False
    summary: RationaleSummary | None = None
    copy_of: str = ""

    @property
    def first(self) -> Entry:
        """The entry that stands for the row: that of the lowest seed."""
        return self.entries[0]

    @property
    def label(self) -> str:
        """The model with its arm, and its version where the table has several."""
        version = f" (version {self.first.result.model.version})" if self.shows_version else ""
        return self.first.result.label + version

    @property
    def owned_label(self) -> str:
        """The label and whose it is, for where no column says so."""
        return f"{self.label} · {self.submitter}"

    @property
    def submitter(self) -> str:
        """Who sent the entries."""
        return self.first.submitter.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the entries, in their order."""
        return tuple(e.result.seed for e in self.entries)

    def score(self, metric: str) -> Cell | None:
        """Over the seeds that have the metric; None where none has."""
        average = over_seeds([s for e in self.entries if (s := score_of(e, metric))])
        if average is None:
            return None
        return Cell(average.value, average.low, average.high, average.sd, average.n_seeds, average.is_attested)

    def cost(self, name: str) -> Cell | None:
        """A field of :class:`benchmarks.harness.results.Cost`, as the submitter measured it."""
        costs = [float(v) for e in self.entries if (v := getattr(e.result.cost, name)) is not None]
        return Cell(mean(costs), n=len(costs), attested=True) if costs else None

    @property
    def failed(self) -> int:
        """Queries without a usable answer, over all seeds."""
        return sum(e.result.task.n_failed for e in self.entries)

    @property
    def obstacle(self) -> str:
        """The reason why the row is not in the headline table; empty where it is."""
        if self.summary is None:
            return UNSENT
        return self.summary.obstacle or ("" if all(map(states_soundness, self.entries)) else UNSTATED)

    @property
    def part(self) -> str:
        """The part of the task's table for rationales like these, one of ``PARTS``."""
        if self.summary:
            return HEADLINE if not self.obstacle else OTHER if self.summary.n else PLAIN
        shows_rationales = any(e.explanation or any(one.rationale for one in e.examples) for e in self.entries)
        return OTHER if shows_rationales else PLAIN


def score_of(entry: Entry, metric: str) -> Score | None:
    """A score over all queries by the metric as it is now, from the result or from the scorecard of explanations."""
    score = entry.result.score(metric) or (entry.explanation.score(metric) if entry.explanation else None)
    return None if score is None or is_outdated(score) or is_unread(score) else score


@dataclass(frozen=True)
class TaskTable:
    """A task with its rows.

    Attributes:
        key: The task.
        rows: The best first, by ``sort``.
        older: Entries that a later one of the same seed stands in for.
        several: Other tables are of other data of the same domain.
        ceilings: This project's, row -> metric -> score.
        floors: ``sort`` of this project's floors, by name; empty where nobody could compute them.
    """

    key: TaskKey
    rows: list[Row]
    older: list[Entry]
    several: bool
    ceilings: Ceilings
    floors: Mapping[str, Score] = field(default_factory=dict)

    @property
    def sort(self) -> str:
        """The metric that orders the rows."""
        return SORTS[self.key.task]

    @property
    def measure(self) -> str:
        """Its title."""
        return title_of(self.sort)

    @property
    def about(self) -> str:
        """What is asked for, in words."""
        if self.key.task == "ranking":
            return PROTOCOLS[self.key.protocol]
        return f"{QUESTIONS[self.key.question]}, {SPANS[self.key.protocol]}"

    @property
    def unit(self) -> str:
        """What is counted."""
        return "queries" if self.key.task == "ranking" else "pairs"

    @property
    def floor_names(self) -> tuple[str, ...]:
        """The floors that this project computes."""
        return FLOORS[self.key.task]

    @property
    def is_whole(self) -> bool:
        """All test queries, ranked over the whole catalogue."""
        return (self.key.question, self.key.protocol, self.key.split, self.key.limit) == ("ranking", "full", "test", 0)

    @property
    def newest(self) -> str:
        """When its newest entry was sent."""
        return max(e.submitted_at for row in self.rows for e in row.entries)

    @property
    def title(self) -> str:
        """The task in words; its data only where there are other tables of the same domain."""
        question = "" if self.key.question == "ranking" else f", {self.key.question}"
        words = f"{self.key.domain}{question}, {self.key.protocol}, {self.key.split}"
        words += f", first {self.key.limit:,} queries" if self.key.limit else ""
        return words + (f", data {self.key.sha256[:8]}" if self.several else "")

    @property
    def slug(self) -> str:
        """The name of the table's page, without its ending."""
        question = [] if self.key.question == "ranking" else [self.key.question.replace(" (", "-").rstrip(")")]
        parts = [self.key.domain, *question, self.key.protocol, self.key.split]
        parts += [f"first{self.key.limit}"] if self.key.limit else []
        parts += [self.key.sha256[:8]] if self.several else []
        return safe("-".join(parts))

    @property
    def n(self) -> int:
        """Queries of the task, as its entries count them."""
        return max(row.first.result.task.n for row in self.rows)

    @property
    def bayes(self) -> float | None:
        """NDCG@10 of the Bayes ceiling of a ranking, where it is known."""
        return bayes_of(self.ceilings) if self.key.task == "ranking" else None

    @property
    def is_sealed(self) -> bool:
        """Whether nobody could know the answers when entries were sent."""
        return self.key.domain.startswith("season:")

    def part_of(self, row: Row) -> str:
        """The part in which a row stands: :data:`ABOVE` where its interval is better than that of the Bayes ceiling."""
        cell, ceiling = row.score(self.sort), self.ceilings.get("bayes", {}).get(self.sort)
        if cell and ceiling:
            low, high = (cell.value if end is None else end for end in (cell.low, cell.high))
            if low > ceiling.ci_high if load_metric(self.sort).higher_is_better else high < ceiling.ci_low:
                return ABOVE
        return row.part

    def part(self, name: str) -> list[Row]:
        """The rows of one of ``PARTS``, the best first."""
        return [row for row in self.rows if self.part_of(row) == name]

    @property
    def best(self) -> Row | None:
        """The best row of those that can be true."""
        return next((row for row in self.rows if self.part_of(row) != ABOVE), None)


def key_of(entry: Entry) -> TaskKey:
    """The task that an entry answers."""
    task = entry.result.task
    return TaskKey(
        task.domain, task.question, task.protocol, task.split, task.limit or 0, entry.result.dataset.sha256
    )  # fmt: skip


def task_tables(entries: Iterable[Entry], summaries: Summaries = MappingProxyType({})) -> list[TaskTable]:
    """A table for every task that an entry answers: sealed ones, whole tasks and the whole catalogue first."""
    by_task: dict[TaskKey, list[Entry]] = {}
    for entry in entries:
        by_task.setdefault(key_of(entry), []).append(entry)
    order = {"full": 0, "full-keep": 1, "time": 2, "time-keep": 3, "rerank": 4}
    versions: dict[tuple[str, str, str, str, int], set[str]] = {}
    for task in by_task:
        versions.setdefault(task[:5], set()).add(task.sha256)
    tables = []

    def first_of_all(k: TaskKey) -> tuple[bool, bool, bool, int, TaskKey]:
        return not k.domain.startswith("season:"), k.limit > 0, k.question != "ranking", order[k.protocol], k

    for key in sorted(by_task, key=first_of_all):
        rows, older = _rows(by_task[key], summaries, SORTS[key.task])
        result = max((row.first.result for row in rows), key=lambda result: result.task.n)
        best = task_ceilings(result) if key.task == "ranking" else pair_ceilings(result.task, key.sha256)
        tables.append(TaskTable(key, rows, older, several=len(versions[key[:5]]) > 1, ceilings=best))
    return tables


def _rows(entries: Sequence[Entry], summaries: Summaries, sort: str) -> tuple[list[Row], list[Entry]]:
    """The rows, the best first, and the entries that a later one stands in for."""
    models: dict[tuple[str, str, str], dict[int, Entry]] = {}
    older = []
    for entry in sorted(entries, key=lambda e: (e.submitted_at, e.run_id)):
        result = entry.result
        seeds = models.setdefault((entry.owner, result.label, result.model.version), {})
        if result.seed in seeds:
            older.append(seeds[result.seed])
        seeds[result.seed] = entry
    names = [(owner, label) for owner, label, _ in models]
    rows = []
    for (owner, label, _), by_seed in models.items():
        row = tuple(by_seed[seed] for seed in sorted(by_seed))
        sent = [summaries[e.run_id] for e in row if e.run_id in summaries]
        summary = weakest(sent) if len(sent) == len(row) else None
        rows.append(Row(row, names.count((owner, label)) > 1, summary))
    return sorted(_copies_named(rows, summaries), key=lambda row: _order(row, sort)), older


def _copies_named(rows: Sequence[Row], summaries: Summaries) -> Iterator[Row]:
    """The rows; one of which an entry ranks as an earlier one of another row has its label."""
    entries = [(e, row, s.rankings) for row in rows for e in row.entries if (s := summaries.get(e.run_id))]
    first: dict[str, Row] = {}
    for _, row, rankings in sorted(entries, key=lambda one: (one[0].submitted_at, one[1].owned_label)):
        first.setdefault(rankings, row)
    for row in rows:
        copied = [first[rankings] for _, own, rankings in entries if own is row and rankings]
        original = next((other for other in copied if other is not row), None)
        yield replace(row, copy_of=original.owned_label) if original else row


def _order(row: Row, sort: str) -> tuple[float, str, str]:
    """The best first; of equals the one that came first, as the other may be its copy."""
    cell, sign = row.score(sort), -1 if load_metric(sort).higher_is_better else 1
    return sign * cell.value if cell else float("inf"), _sent(row), row.owned_label


def _sent(row: Row) -> str:
    return min(entry.submitted_at for entry in row.entries)


def safe(name: str, longest: int = 100) -> str:
    """A name as a part of a path and of an address: letters, digits and ``-._=`` alone."""
    return re.sub(r"[^A-Za-z0-9._=-]+", "_", without_folders(name))[:longest].strip(".") or "_"
