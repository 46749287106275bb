"""``mae``: the mean absolute difference of predicted and true ratings, in units of the scale. Lower is better.

A missing prediction counts as the mean rating of training.
"""

import numpy as np

from benchmarks.harness.base import PairAnswers, PairMetric


class Metric(PairMetric):
    tasks = ("rating",)
    title = "MAE"
    hint = "mean absolute error of ratings"
    higher_is_better = False
    range = (0.0, float("inf"))
    position = 2
    default = True
    headline = True

    def values(self, answers: PairAnswers) -> np.ndarray:
        return np.abs(answers.predicted - answers.actual)
