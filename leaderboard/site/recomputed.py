"""Every score that follows from an entry's predictions, whichever of them the entry states.

Who sends only the scores they like shows the others all the same, where the data of the task can be opened. They lie in
the cache folder by the predictions, the data and the versions of the metrics.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.registries import load_metric
from benchmarks.harness.results import Score
from leaderboard.site import cache
from leaderboard.site.rows import key_of
from leaderboard.site.significance import NotTested, OpenData
from leaderboard.verification import predictions as answers
from leaderboard.verification.entry import Entry
from leaderboard.verification.scoring import every_metric, every_score
from rad.errors import RadError

VERSION = 1  # raise where scores come out otherwise for the same predictions


def completed(entry: Entry, root: Path, opener: OpenData) -> Entry:
    """The entry below ``root`` with all its scores; as it is where its predictions or their data are not at hand.

    Raises:
        RadError: The predictions are none of the task: ``verify`` refuses them, too.
    """
    versions = [[name, load_metric(name).version] for name in every_metric(entry.result.task.name)]
    parts = [VERSION, versions, entry.predictions.sha256, list(key_of(entry)), entry.result.seed]
    path = cache.cache_file("scores", parts)
    stored = cache.read(path)
    if isinstance(stored, list):
        scores = [Score.model_validate(one) for one in stored]
    else:
        file = root / entry.folder / entry.predictions.path
        if not file.is_file():
            return entry
        try:
            data = opener.open(key_of(entry))
        except NotTested:
            return entry
        opener.report(f"scoring {entry.file}")
        predictions, violations = answers.read(file, entry, data)
        if violations:
            raise RadError(f"{violations[0]}: python -m leaderboard verify")
        scores = every_score(predictions, data, entry.result.seed)
        cache.write(path, [score.model_dump() for score in scores])
    computed = {(score.metric, score.slice) for score in scores}
    others = [s for s in entry.result.scores if (s.metric, s.slice) not in computed]
    return entry.model_copy(update={"result": entry.result.model_copy(update={"scores": [*scores, *others]})})
