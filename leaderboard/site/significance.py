"""Which models of a table are not shown to differ: groups by paired randomisation tests over the queries.

The best model leads group 1. It is compared with every model below it (``randomisation_test`` of
:mod:`rad.runtime.statistics`, Holm-corrected over these comparisons); those that are not shown to be worse join its
group. The best of the rest leads group 2, and so on. So a model that is in a lower group than another group's leader is
significantly worse than that leader; two models of one group may still differ, as only the leader is compared.

Scores by query are not sent with an entry: they follow from its predictions and the task's data, which are opened here
(built-in worlds anywhere, others where their raw files are). They lie in the cache folder by run, and the groups by
the runs that they compare. So a new entry costs its own scoring and one round of tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness.registries import load_metric
from leaderboard.site import cache
from leaderboard.site.rows import ABOVE, Row, TaskKey, TaskTable
from leaderboard.verification import predictions as answers
from leaderboard.verification import scoring
from leaderboard.verification.entry import Entry
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.task import EvaluationSet
from rad.data.dataset import Protocol
from rad.errors import RadError
from rad.runtime.files import sha256_file
from rad.runtime.statistics import ALPHA, clusters_of, holm, randomisation_test

VERSION = 2  # raise where groups come out otherwise for the same runs


@dataclass
class SignificanceGroups:
    """The groups of a table's rows.

    Attributes:
        numbers: The group of each row that was tested, from 1, by the row's first run.
        untested: The labels of the other rows, by the reason.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    untested: dict[str, list[str]] = field(default_factory=dict)


class NotTested(Exception):
    """The reason why a row has no scores by query, in words for the page."""


class OpenData:
    """The evaluation set that was opened last. The reason why one cannot be opened is reported once."""

    def __init__(self, data_dir: Path | None, report: Callable[[str], None] = lambda line: None) -> None:
        self.data_dir, self.report = data_dir, report
        self._last: tuple[tuple[str, Protocol, str], EvaluationSet | RadError] | None = None

    def open(self, task: TaskKey) -> EvaluationSet:
        """:class:`NotTested` where the data are not here, are other data, or withhold their answers."""
        key = task.domain, task.protocol, task.question
        if self._last is None or self._last[0] != key:
            self.report(f"opening {task.domain}")
            try:
                self._last = key, EvaluationSets(self.data_dir).open(*key)
            except RadError as error:
                self.report(f"no floors, groups and further scores for {task.domain}: {error}")
                self._last = key, error
        data = self._last[1]
        if isinstance(data, RadError):  # its words may name this machine's folders
            raise NotTested("the data of this task were not at hand when the page was built")
        if data.sha256 != task.sha256:
            raise NotTested(f"it is of data {task.sha256[:8]}, and {task.domain} is now {data.sha256[:8]}")
        if data.sealed or task.split != "test" or task.limit:
            raise NotTested("only whole test splits whose answers are open are compared")
        return data


def significance_groups(table: TaskTable, root: Path, data: OpenData) -> SignificanceGroups:
    """The groups of a table whose predictions lie below ``root``."""
    out = SignificanceGroups()
    values: dict[str, np.ndarray] = {}
    users: list[str] = []
    for row in table.rows:
        if table.part_of(row) == ABOVE:  # it would lead, and tell nothing of the others
            out.untested.setdefault("it stands above what is possible", []).append(row.owned_label)
            continue
        try:
            # [seeds][queries]
            scored = [_values(e, table, root, data) for e in row.entries if row.score(table.sort)]
        except NotTested as reason:
            out.untested.setdefault(str(reason), []).append(row.owned_label)
            continue
        if scored:
            values[row.first.run_id] = np.mean([of_seed.values for of_seed in scored], axis=0)
            users = scored[0].users
    rows = [row for row in table.rows if row.first.run_id in values]
    lengths = {len(v) for v in values.values()}
    if len(lengths) > 1:
        raise RadError(f"{table.title}: entries have different numbers of queries: python -m leaderboard verify")
    if len(rows) > 1:
        sign = 1 if load_metric(table.sort).higher_is_better else -1
        scores = [sign * values[row.first.run_id] for row in rows]
        out.numbers = _cached(rows, table.sort, scores, clusters_of(users))
    return out


def lead(
    values: Sequence[np.ndarray], permutations: int = 10_000, seed: int = 0, clusters: np.ndarray | None = None
) -> list[int]:
    """The group of each system from its scores by query, from 1. Any order of systems; a higher score is better.

    ``clusters`` has the user of each query where one has several: queries of one user are not independent.
    """
    scores = np.stack(values, axis=1)  # [queries, systems]
    means = scores.mean(axis=0)
    left = list(np.argsort(-means, kind="stable"))
    out = [0] * len(values)
    number = 0
    while left:
        number += 1
        first, rest = left[0], left[1:]
        out[first] = number
        if not rest:
            break
        # one test a column: by how much the leader is ahead of each other system, query by query
        p_values = holm(randomisation_test(scores[:, [first]] - scores[:, rest], permutations, seed, clusters))
        for system, p in zip(rest, p_values, strict=True):
            if p >= ALPHA:
                out[system] = number
        left = [system for system in rest if not out[system]]
    return out


def _cached(
    rows: Sequence[Row], sort: str, values: Sequence[np.ndarray], clusters: np.ndarray | None
) -> dict[str, int]:
    runs = [[[e.run_id, e.predictions.sha256] for e in row.entries] for row in rows]
    path = cache.cache_file("groups", [VERSION, sort, runs])
    numbers = cache.read(path)
    if not isinstance(numbers, list) or len(numbers) != len(rows):
        numbers = lead(values, clusters=clusters)
        cache.write(path, numbers)
    return {row.first.run_id: int(number) for row, number in zip(rows, numbers, strict=True)}


class _Scored(NamedTuple):
    """The metric of the table of each query, in the data set's order, and the user of each."""

    values: np.ndarray
    users: list[str]


def _values(entry: Entry, table: TaskTable, root: Path, opener: OpenData) -> _Scored:
    path = cache.cache_file("values", [VERSION, table.sort, entry.run_id, entry.predictions.sha256, list(table.key)])
    stored = cache.read(path)
    if isinstance(stored, dict):
        return _Scored(np.array(stored["values"], dtype=float), stored["users"])
    file = root / entry.folder / entry.predictions.path
    if not file.is_file():
        raise NotTested("predictions were not sent with the entry")
    data = opener.open(table.key)
    if sha256_file(file) != entry.predictions.sha256:
        raise RadError(f"{file.name} is not the file that the entry names: python -m leaderboard verify")
    opener.report(f"scoring {entry.file}")
    predictions, violations = answers.read(file, entry, data)
    if violations:
        raise RadError(f"{file.name}: {violations[0]}: python -m leaderboard verify")
    values = scoring.query_values(table.sort, predictions, data)
    users = [query.user_id for query in data.queries]
    cache.write(path, {"values": values.tolist(), "users": users})
    return _Scored(values, users)
