"""The logs that ``benchmarks.tune`` keeps and ``benchmarks.run`` reads: one line for every setting tried."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness.base import ModelCard, Recommender
from rad.errors import RadError
from rad.runtime.files import canonical, read_jsonl

METRIC = "ndcg@10"
LOGS = Path(__file__).resolve().parents[1] / "settings"


def without_folders(domain: str) -> str:
    """A domain's name and arguments as others may read them."""
    return re.sub(r"[^,=:]*/", "", domain)


def file_name(domain: str) -> str:
    """The same as a part of a path."""
    return re.sub(r"[^\w.=]+", "_", without_folders(domain))


def log_of(domain: str, card: ModelCard) -> Path:
    return LOGS / file_name(domain) / (card.name + (f".{card.arm}" if card.arm else "") + ".jsonl")


def read_log(path: Path, version: str) -> list[dict[str, Any]]:
    """The trials of this version of the model, in order. A last line that a killed command cut short is no trial."""
    if not path.is_file():
        return []
    whole_lines = path.read_bytes().count(b"\n")
    rows = []
    for number, row in islice(read_jsonl(path), whole_lines):
        if not isinstance(row.get("settings"), dict) or not isinstance(row.get(METRIC), float):
            raise RadError(f"{path}:{number}: lacks settings or {METRIC}")
        if row.get("version") == version:
            rows.append(row)
    return rows


def chosen(domain: str, model: Recommender) -> tuple[dict[str, Any], Path | None]:
    """The best settings of the first log there is, and where it is; none where nothing was tuned.

    Looked for are the domain with its arguments, then without; the model's arm, then the model, then the arm that the
    model names as ``tuned_arm``.
    """
    card = model.card
    arms = dict.fromkeys([card.arm, None, model.tuned_arm])
    for spec in dict.fromkeys([domain, domain.partition(":")[0]]):
        for arm in arms:
            path = log_of(spec, card.model_copy(update={"arm": arm}))
            if rows := read_log(path, card.version):
                best = max(rows, key=lambda row: row[METRIC])["settings"]
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
        best = max(rows, key=lambda row: float(row[METRIC]))
        minutes = sum(row["cpu_seconds"] for row in rows) / 60
        return cls(
            path.parent.name, path.stem, len(rows), best[METRIC], rows[0][METRIC], minutes, spoken(best["settings"])
        )
