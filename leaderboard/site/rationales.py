"""What the entries' rationales are like, counted from the predictions that lie beside them.

The data of a task are not needed. Each file is read once: its summary lies in the cache folder by the file's sha256.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from benchmarks.harness.registries import load_metric
from leaderboard.site import cache
from leaderboard.verification import predictions
from leaderboard.verification.entry import Entry
from leaderboard.verification.headline import RationaleSummary, number_summary, rationale_summary
from rad.errors import RadError
from rad.runtime.files import sha256_file
from rad.types import PairPrediction, Prediction

VERSION = 2  # raise where the same predictions come to be summed up otherwise


def summary(entry: Entry, root: Path) -> RationaleSummary | None:
    """The summary of an entry below ``root``; None where its predictions are not there.

    Raises:
        RadError: The predictions are not those that the entry names, or not whole: ``verify`` refuses them, too.
    """
    path = root / entry.folder / entry.predictions.path
    if not path.is_file():
        return None
    if sha256_file(path) != entry.predictions.sha256:
        raise RadError(f"{path}: is not the file that the entry names: python -m leaderboard verify")
    n = entry.result.task.n
    versions = [VERSION, *(load_metric(name).version for name in ("said", "prose"))]
    file = cache.cache_file("rationales", [versions, entry.predictions.sha256, entry.result.predictions.sha256, n])
    stored = cache.read(file)
    if isinstance(stored, dict):
        return RationaleSummary(**stored)
    try:
        is_ranking = entry.result.task.name == "ranking"
        summed = (
            rationale_summary(predictions.stored(path, entry, Prediction))
            if is_ranking
            else number_summary(predictions.stored(path, entry, PairPrediction))
        )
    except RadError as error:
        raise RadError(f"{error}: python -m leaderboard verify") from error
    cache.write(file, asdict(summed))
    return summed
