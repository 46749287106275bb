"""Which models of a board are not shown to differ: groups by paired randomisation tests over the queries.

The best model leads group 1. It is compared with every model below it (``randomisation_test`` of
:mod:`rad.runtime.statistics`, Holm-corrected over these comparisons); those that are not shown to be worse join its
group. The best of the rest leads group 2, and so on. So a model that is in a lower group than another group's leader is
significantly worse than that leader; two models of one group may still differ, as only the leader is compared.

Scores by query are not sent with an entry: they follow from its predictions and the task's data, which are opened here
(built-in worlds anywhere, others where their raw files are). They are kept in the cache folder by run, and the groups
by the runs that they compare, so that a new entry costs its own scoring and one round of tests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compare import ALPHA
from benchmarks.harness.evaluate import checked, measure
from benchmarks.harness.registries import load_metrics
from leaderboard.site.rows import SORT, Board, Row
from leaderboard.verification import predictions as answers
from leaderboard.verification.entry import Entry
from leaderboard.verification.task import Task, Tasks
from rad.errors import RadError
from rad.runtime.files import atomic_write, cache_dir, canonical, sha256_file
from rad.runtime.statistics import holm, randomisation_test

VERSION = 1  # raise where groups come out otherwise for the same runs


@dataclass
class Groups:
    """The group of each row that was tested, from 1, by the row's first run; ``why`` has what kept rows out of it."""

    of: dict[str, int] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)


class NotTested(Exception):
    """Why a row has no scores by query, in words for the page."""


class Data:
    """Tasks by domain and protocol, the last one kept open; why one cannot be opened is remembered, and told once."""

    def __init__(self, data_dir: Path | None, told: Callable[[str], None] = lambda what: None) -> None:
        self.data_dir, self.told = data_dir, told
        self.kept: tuple[tuple[str, str], Task | RadError] | None = None

    def open(self, board: Board) -> Task:
        """:class:`NotTested` where the data are not here, are other data, or withhold their answers."""
        key = board.domain, board.protocol
        if self.kept is None or self.kept[0] != key:
            self.told(f"opening {board.domain}")
            try:
                self.kept = key, Tasks(self.data_dir).open(board.domain, board.protocol)
            except RadError as error:
                self.told(f"no significance groups for {board.title}: {error}")
                self.kept = key, error
        found = self.kept[1]
        if isinstance(found, RadError):  # its words may name this machine's folders
            raise NotTested("the data of this task were not at hand when the page was built")
        if found.sha256 != board.sha256:
            raise NotTested(f"it is of data {board.sha256[:8]}, and {board.domain} is now {found.sha256[:8]}")
        if found.sealed or board.split != "test" or board.limit:
            raise NotTested("only whole test splits whose answers are open are compared")
        return found


def groups(board: Board, root: Path, data: Data) -> Groups:
    """The groups of a board whose predictions lie below ``root``."""
    out = Groups()
    values: dict[str, np.ndarray] = {}
    for row in board.rows:
        try:
            found = [_values(e, board, root, data) for e in row.entries if row.score(SORT)]
        except NotTested as why:
            out.why.setdefault(str(why), []).append(row.label)
            continue
        if found:
            values[row.first.run_id] = np.mean(found, axis=0)
    rows = [row for row in board.rows if row.first.run_id in values]
    lengths = {len(v) for v in values.values()}
    if len(lengths) > 1:
        raise RadError(f"{board.title}: entries have different numbers of queries: python -m leaderboard verify")
    if len(rows) > 1:
        out.of = _cached(rows, [values[row.first.run_id] for row in rows])
    return out


def lead(values: Sequence[np.ndarray], permutations: int = 10_000, seed: int = 0) -> list[int]:
    """The group of each system from its scores by query, from 1. Any order of systems; a higher score is better."""
    table = np.stack(values, axis=1)
    means = table.mean(axis=0)
    left = list(np.argsort(-means, kind="stable"))
    out = [0] * len(values)
    number = 0
    while left:
        number += 1
        first, rest = left[0], left[1:]
        out[first] = number
        if not rest:
            break
        p = holm(randomisation_test(table[:, [first]] - table[:, rest], permutations, seed))
        for system, chance in zip(rest, p, strict=True):
            if chance >= ALPHA:
                out[system] = number
        left = [system for system in rest if not out[system]]
    return out


def _cached(rows: Sequence[Row], values: Sequence[np.ndarray]) -> dict[str, int]:
    runs = [[[e.run_id, e.predictions.sha256] for e in row.entries] for row in rows]
    path = _file("groups", [VERSION, SORT, runs])
    found = _read(path)
    if not isinstance(found, list) or len(found) != len(rows):
        found = lead(values)
        _write(path, found)
    return {row.first.run_id: int(group) for row, group in zip(rows, found, strict=True)}


def _values(entry: Entry, board: Board, root: Path, data: Data) -> np.ndarray:
    """NDCG@10 of each query, in the data set's order."""
    path = _file("values", [VERSION, SORT, entry.run_id, entry.predictions.sha256, list(board.key)])
    found = _read(path)
    if isinstance(found, list):
        return np.array(found, dtype=float)
    file = root / entry.folder / entry.predictions.path
    if not file.is_file():
        raise NotTested("predictions were not sent with the entry")
    task = data.open(board)
    if sha256_file(file) != entry.predictions.sha256:
        raise RadError(f"{file.name} is not the file that the entry names: python -m leaderboard verify")
    data.told(f"scoring {entry.file}")
    predictions, faults = answers.read(file, entry, task)
    if faults:
        raise RadError(f"{file.name}: {faults[0]}: python -m leaderboard verify")
    given, _ = checked(predictions, task.examples, task.items)
    values, _ = measure(load_metrics([SORT], task.items), given, task.examples)
    _write(path, values[SORT].tolist())
    return values[SORT]


def _file(kind: str, parts: Any) -> Path:
    return cache_dir() / "leaderboard" / kind / f"{hashlib.sha256(canonical(parts).encode()).hexdigest()}.json"


def _read(path: Path) -> Any:
    """What the cache holds; None where it holds nothing that can be read, which is then made again."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, value: Any) -> None:
    with suppress(OSError), atomic_write(path) as file:  # a cache that cannot be written costs time, not the page
        json.dump(value, file)
