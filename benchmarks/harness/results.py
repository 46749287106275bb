"""The result file: what ``result.json`` holds, checked on the way in and on the way out.

Unknown fields are refused, and so is a ``schema_version`` that this code does not know: a reader never guesses.
Raw floats are stored; rounding is for display.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.harness.base import ModelCard, TaskName
from rad.data.dataset import Protocol
from rad.errors import RadError

SCHEMA_VERSION = 1
PROTOCOLS: dict[Protocol, str] = {
    "full": "ranking the whole catalogue",
    "time": "ranking the whole catalogue after one moment for all users",
    "rerank": "reranking of candidates (not comparable with full ranking)",
    "full-keep": "ranking the whole catalogue, repeats kept",
    "time-keep": "ranking the whole catalogue after one moment for all users, repeats kept",
}
QUESTIONS = {
    "rating": "how high the user rates an item",
    "choice (rated)": "whether the user likes an item, of those that the user has rated",
    "choice (drawn)": "which item is the user's own, beside one of another user's",
}
SPANS = {"full": "each user's last item", "time": "after one moment for all users"}


class Record(BaseModel):
    """Base of every part: strict about names and about numbers that JSON does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)


R = TypeVar("R", bound=Record)


class Score(Record):
    """One metric over one slice of the queries, with a 95% interval by bootstrap over queries.

    ``n`` counts the queries where the metric is defined. ``recomputed`` scores follow from the predictions alone;
    ``attested`` ones needed the model.
    """

    metric: str
    value: float
    ci_low: float
    ci_high: float
    n: int
    slice: str = "all"
    higher_is_better: bool = True
    version: int = 1
    basis: Literal["recomputed", "attested"] = "recomputed"


class Task(Record):
    """What was asked. ``n_failed`` queries got the worst score; ``n_repeat`` targets were in their own history.

    These score 0, but under a protocol that keeps repeats (``full-keep``, ``time-keep``).

    Where pairs were scored, ``negatives`` says which items are not liked, and ``constant`` is the mean answer of
    training, which failed predictions score as.
    """

    name: TaskName = "ranking"
    domain: str
    split: Literal["validation", "test"]
    protocol: Protocol
    n: int
    n_failed: int
    n_repeat: int
    limit: int | None = None
    failures: dict[str, int] = {}
    negatives: Literal["rated", "drawn"] | None = None
    constant: float | None = None

    @property
    def question(self) -> str:
        """The task in a word: its name, and the kind of its negatives where there are some."""
        return self.name + (f" ({self.negatives})" if self.negatives else "")


class DatasetId(Record):
    version: str
    sha256: str


class Cost(Record):
    """``ms_per_query`` is wall time of ``predict``; ``peak_memory_mb`` the highest resident size meanwhile, in MiB."""

    fit_seconds: float
    predict_seconds: float
    ms_per_query: float
    peak_memory_mb: float
    tokens_per_query: float | None = None


class Predictions(Record):
    path: str
    sha256: str


class Result(Record):
    schema_version: Literal[1] = 1
    run_id: str
    status: Literal["complete"] = "complete"
    task: Task
    dataset: DatasetId
    model: ModelCard
    scores: list[Score]
    cost: Cost
    predictions: Predictions
    provenance: dict[str, Any]

    @property
    def seed(self) -> int:
        return int(self.provenance.get("seed") or 0)

    @property
    def label(self) -> str:
        """The model, its arm, and what was set otherwise than its defaults, by others than the arm and tuning."""
        arm, tuned = self.model.arm or "", self.provenance.get("tuned") or {}
        settings = (self.provenance.get("settings") or {}).items()
        changed = [f"{key}={value}" for key, value in settings if key not in tuned]
        return " ".join([f"{self.model.name}.{arm}".rstrip("."), *(c for c in changed if c not in arm.split(","))])

    def score(self, metric: str, slice: str = "all") -> Score | None:
        return next((s for s in self.scores if s.metric == metric and s.slice == slice), None)


class StoredRun(NamedTuple):
    """A finished run: its folder, and the result that lies there."""

    folder: Path
    result: Result


def read_result(path: Path) -> Result:
    """The result in a file or in a run's folder. :class:`RadError` names the file and its first violation."""
    path = path / "result.json" if path.is_dir() else path
    return read_record(path, Result, SCHEMA_VERSION, "a run that did not finish leaves none")


def read_record(path: Path, kind: type[R], version: int, where_missing: str) -> R:
    """A file's JSON object as a ``kind`` of this ``version``; ``where_missing`` says what to do without the file."""
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RadError(f"{path}: no such file ({where_missing})") from error
    except (OSError, ValueError) as error:
        raise RadError(f"{path}: not a JSON file ({error})") from error
    version_read = raw.get("schema_version") if isinstance(raw, dict) else None
    if version_read != version:
        raise RadError(f"{path}: schema_version {version_read!r}, this code reads {version}")
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise RadError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
