"""A finished run, read back with the data that it ranked, so that its rationales can be scored or shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from benchmarks.harness.results import Result, read_result
from benchmarks.harness.violations import checked
from rad.data.dataset import Dataset, Protocol
from rad.data.load import open_dataset
from rad.data.splits import query_id
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.runtime import records
from rad.runtime.files import sha256_file
from rad.types import Example, Prediction
from rad.world.motives import Motive, has_motives, motives_of


class DatasetCache:
    """The data of runs, each data set opened once.

    Args:
        domain: the data of every run, where theirs were in a folder of the user's own; None: as the result says.
        data_dir: folder with raw files; None: ``RAD_DATA``.
    """

    def __init__(self, domain: str | None = None, data_dir: Path | None = None) -> None:
        self.domain, self.data_dir = domain, data_dir
        self._opened: dict[tuple[str, Protocol], Dataset] = {}

    def open(self, domain: str, protocol: Protocol) -> Dataset:
        """The data set of a domain under a protocol."""
        key = domain, protocol
        if key not in self._opened:
            with Console(stderr=True).status(f"opening {domain}"):
                self._opened[key] = open_dataset(domain, self.data_dir, protocol)
        return self._opened[key]

    def of(self, folder: Path, result: Result) -> Dataset:
        """The data of a run. :class:`RadError` where they are not those that it ranked."""
        data = self.open(self.domain or result.task.domain, result.task.protocol)
        if data.sha256 != result.dataset.sha256:
            raise RadError(
                f"{folder}: the data have changed since: sha256 {data.sha256[:8]}, the run's is "
                f"{result.dataset.sha256[:8]} (--domain names other data)"
            )
        return data


@dataclass(frozen=True)
class FinishedRun:
    """A run's result, its examples, and its predictions, checked: one an example, in their order."""

    folder: Path
    result: Result
    data: Dataset
    examples: Sequence[Example]
    predictions: Sequence[Prediction]

    @cached_property
    def facts(self) -> Facts:
        """Counted from the training split."""
        return Facts.of(self.data.examples["train"], self.data.items)

    @cached_property
    def motives(self) -> dict[str, tuple[Motive, ...]]:
        """What users know of themselves, by query id; empty where no built-in world knows it.

        A query whose history ends before the purchase that it asks for has none: others lie between.
        """
        if not has_motives(self.data.name):
            return {}
        queries = [e.query for e in self.examples]
        queries = [q for q in queries if q.query_id == query_id(q.user_id, len(q.history))]
        return dict(zip((q.query_id for q in queries), motives_of(self.data.name, queries), strict=True))

    @property
    def explained_rows(self) -> list[int]:
        """Rows of the predictions that have a rationale."""
        return [row for row, p in enumerate(self.predictions) if p.rationale is not None]


def refuse_pairs(folder: Path, result: Result) -> None:
    """:class:`RadError` where a run scored pairs: there is no ranking to explain or to show."""
    if result.task.name != "ranking":
        raise RadError(
            f"{folder}: a run of --task {result.task.name}, where a ranking is needed; python -m benchmarks.compare "
            "and python -m benchmarks.table read it"
        )


def predictions_path(folder: Path, result: Result) -> Path:
    """The file of a run's predictions. :class:`RadError` where it is missing or not the one the result speaks of."""
    path = folder / result.predictions.path
    if Path(result.predictions.path).name != result.predictions.path or not path.is_file():
        raise RadError(f"{path}: no such file: the predictions must lie beside result.json")
    if sha256_file(path) != result.predictions.sha256:
        raise RadError(f"{path}: not the file that result.json was computed from (its sha256 differs)")
    return path


def read_finished_run(folder: Path, datasets: DatasetCache) -> FinishedRun:
    """The run in ``folder``, or of that ``result.json``.

    Raises:
        RadError: a file is missing, or is not the one that the result speaks of.
    """
    result = read_result(folder)
    refuse_pairs(folder, result)
    folder = folder if folder.is_dir() else folder.parent
    path = predictions_path(folder, result)
    data = datasets.of(folder, result)
    examples = data.examples[result.task.split][: result.task.limit]
    predictions, _ = checked((p for _, p in records.read(path, Prediction)), examples, data.items)
    return FinishedRun(folder, result, data, examples, predictions)
