"""``rmse``: the root of the mean squared difference of predicted and true ratings, in units of the scale.

Lower is better. The root is no mean, so a pair's number is its influence: RMSE + (e^2 - MSE) / (2 RMSE), whose mean is
RMSE. A missing prediction counts as the mean rating of training.
"""

import numpy as np

from benchmarks.harness.base import PairAnswers, PairMetric


class Metric(PairMetric):
    tasks = ("rating",)
    title = "RMSE"
    hint = "root of the mean squared error of ratings"
    higher_is_better = False
    range = (0.0, float("inf"))
    position = 1
    default = True
    headline = True

    def values(self, answers: PairAnswers) -> np.ndarray:
        squared = (answers.predicted - answers.actual) ** 2
        root = float(np.sqrt(squared.mean()))
        return squared if root == 0 else root + (squared - root**2) / (2 * root)
