"""Finished runs, as campaigns read them: where the predictions are, and of which data."""

from __future__ import annotations

import json
from pathlib import Path

from rad.data.dataset import Dataset
from rad.errors import RadError

PREDICTIONS, RESULT = "predictions.jsonl", "result.json"


def predictions_of(run: Path) -> Path:
    """The file of a run's predictions; ``run`` is its folder or the file. :class:`RadError` where there is none."""
    path = run / PREDICTIONS if run.is_dir() else run
    if not path.is_file():
        hint = "; stored results have none, so run the model: python -m benchmarks.run" if run.is_dir() else ""
        raise RadError(f"{path}: no such file{hint}")
    return path


def check_data(predictions: Path, data: Dataset) -> None:
    """Refuse predictions beside whose file a ``result.json`` says that they are of other data.

    Queries of two versions of a data set may have the same ids, and other histories.
    """
    path = predictions.with_name(RESULT)
    if not path.is_file():
        return
    try:
        there = str(json.loads(path.read_bytes())["dataset"]["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise RadError(f"{path}: is no result of a run ({type(error).__name__}: {error})") from error
    if there != data.sha256:
        raise RadError(
            f"{path}: the run is of data with sha256 {there[:12]}, {data.name} has {data.sha256[:12]}: --domain names "
            "the run's data"
        )
