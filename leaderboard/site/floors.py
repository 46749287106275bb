"""The floors of a task: what this project's own ``random`` and ``popularity`` score. No entry is one by its name."""

from __future__ import annotations

from benchmarks.harness.aggregate import SORT, SORTS
from benchmarks.harness.evaluate import Evaluation, evaluate
from benchmarks.harness.experiment import model_settings
from benchmarks.harness.fitting import fit_and_answer
from benchmarks.harness.registries import load_model
from benchmarks.harness.results import Score
from leaderboard.site import cache
from leaderboard.site.rows import FLOORS, TaskKey
from leaderboard.site.significance import NotTested, OpenData
from leaderboard.verification import scoring
from leaderboard.verification.task import EvaluationSet

VERSION = 1  # raise where a floor comes out otherwise for the same data


def floors(key: TaskKey, opener: OpenData) -> dict[str, Score]:
    """The main score of each floor; empty where the data of the task are not at hand. Kept in the cache folder."""
    names, sort = FLOORS[key.task], SORTS[key.task]
    path = cache.cache_file("floors", [VERSION, names, list(key)])
    stored = cache.read(path)
    if isinstance(stored, dict):
        return {name: Score.model_validate(one) for name, one in stored.items()}
    try:
        data = opener.open(key)
    except NotTested:
        return {}
    # the constant is what pairs without a prediction score as
    constant = {} if data.pairs is None else {name: _main(scoring.evaluation([sort], [], data)) for name in names}
    scores = constant or {name: _score(name, data) for name in names}
    cache.write(path, {name: score.model_dump() for name, score in scores.items()})
    return scores


def _score(name: str, data: EvaluationSet) -> Score:
    model = load_model(name)(model_settings([name], [])[name])
    queries = [example.query for example in data.examples]
    answers = fit_and_answer(model, data.splits, data.items, "test", 0, queries)
    return _main(evaluate(answers.predictions, data.examples, [SORT], data.items))


def _main(computed: Evaluation) -> Score:
    return next(score for score in computed.scores if score.slice == "all")
