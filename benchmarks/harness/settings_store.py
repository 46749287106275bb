"""The logs that ``benchmarks.tune`` keeps and ``benchmarks.run`` reads: one line for every setting tried."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness.base import BenchmarkModel, ModelCard, TaskName
from rad.data.dataset import Repeats
from rad.errors import RadError
from rad.runtime.files import canonical, read_jsonl

METRIC: dict[TaskName, str] = {"ranking": "ndcg@10", "rating": "rmse", "choice": "log_loss"}
"""By which score settings are chosen; of those but NDCG the least is the best."""
RANKING = METRIC["ranking"]
LOGS = Path(__file__).resolve().parents[1] / "settings"


def without_folders(domain: str) -> str:
    """A domain's name and arguments as others may read them."""
    return re.sub(r"[^,=:]*/", "", domain)


def file_name(domain: str) -> str:
    """The same as a part of a path."""
    return re.sub(r"[^\w.=]+", "_", without_folders(domain))


def question_name(domain: str, task: TaskName, negatives: str | None = None) -> str:
    """A domain and what is asked of it as a part of a path; a ranking goes without saying."""
    parts = [file_name(domain), *([task] if task != "ranking" else []), *(["drawn"] if negatives == "drawn" else [])]
    return "-".join(parts)


def log_of(
    domain: str,
    card: ModelCard,
    task: TaskName = "ranking",
    negatives: str | None = None,
    repeats: Repeats = "mask",
) -> Path:
    name = question_name(domain, task, negatives) + ("-keep" if repeats == "keep" else "")
    folder = LOGS / name
    return folder / (card.name + (f".{card.arm}" if card.arm else "") + ".jsonl")


def metric_of(row: Mapping[str, Any]) -> str | None:
    """The score by which a trial was judged; None where the row has none."""
    return next((name for name in METRIC.values() if isinstance(row.get(name), float)), None)


def best_of(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The best trial, the first of equals."""

    def goodness(row: Mapping[str, Any]) -> float:
        name = metric_of(row)
        assert name is not None
        return float(row[name]) if name == RANKING else -float(row[name])

    return max(rows, key=goodness)


def read_log(path: Path, version: str) -> list[dict[str, Any]]:
    """The trials of this version of the model, in order. A last line that a killed command cut short is no trial."""
    if not path.is_file():
        return []
    whole_lines = path.read_bytes().count(b"\n")
    rows = []
    for number, row in islice(read_jsonl(path), whole_lines):
        if not isinstance(row.get("settings"), dict) or metric_of(row) is None:
            raise RadError(f"{path}:{number}: lacks settings or {' or '.join(METRIC.values())}")
        if row.get("version") == version:
            rows.append(row)
    return rows


def chosen(
    domain: str,
    model: BenchmarkModel,
    task: TaskName = "ranking",
    negatives: str | None = None,
    repeats: Repeats = "mask",
) -> tuple[dict[str, Any], Path | None]:
    """The best settings of the first log there is, and where it is; none where nothing was tuned.

    Looked for are the domain with its arguments, then without; the model's arm, then the model, then the arm that the
    model names as ``tuned_arm``.
    """
    card = model.card
    arms = dict.fromkeys([card.arm, None, model.tuned_arm])
    for spec in dict.fromkeys([domain, domain.partition(":")[0]]):
        for arm in arms:
            path = log_of(spec, card.model_copy(update={"arm": arm}), task, negatives, repeats)
            if rows := read_log(path, card.version):
                best = best_of(rows)["settings"]
                if arm not in (card.arm, None):  # what makes it that arm is not taken over
                    best = {key: value for key, value in best.items() if key in model.search_space}
                return best, path
    return {}, None


def append(path: Path, row: Mapping[str, object]) -> None:
    """Add a line; a piece of one that an earlier kill left is cut off first, so that lines stay whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as file:
        file.seek(0)
        stored = file.read()
        file.truncate(stored.rfind(b"\n") + 1)
        file.write((canonical(row) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())


def logs() -> list[Path]:
    """Every log, by domain and model."""
    return sorted(LOGS.glob("*/*.jsonl"))


def spoken(settings: Mapping[str, object]) -> str:
    """Settings as one types them after ``--set``."""
    return " ".join(f"{key}={value}" for key, value in settings.items())


class TuningSummary(NamedTuple):
    """What a log says: how many settings were tried, the score of the best and of the defaults, and the cost."""

    domain: str
    model: str
    metric: str
    tried: int
    best: float
    default: float
    minutes: float
    chosen: str

    @classmethod
    def of(cls, path: Path) -> TuningSummary:
        """Over the trials of the newest version of the model in the log."""
        rows = [row for _, row in read_jsonl(path)]
        rows = [row for row in rows if row["version"] == rows[-1]["version"]]
        best, metric = best_of(rows), metric_of(rows[0]) or RANKING
        minutes = sum(row["cpu_seconds"] for row in rows) / 60
        return cls(
            *(path.parent.name, path.stem, metric, len(rows), best[metric], rows[0][metric], minutes),
            spoken(best["settings"]),
        )
