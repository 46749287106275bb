"""``log_loss``: the mean of -log p, p the probability that was given to what is true (natural logarithm).

Lower is better. Probabilities are kept 1e-6 from 0 and 1, so that one wrong certainty costs 13.8 and not all. A missing
prediction counts as the share of likes in training.
"""

import numpy as np

from benchmarks.harness.base import PairAnswers, PairMetric

EDGE = 1e-6


class Metric(PairMetric):
    tasks = ("choice",)
    title = "Log loss"
    hint = "mean of -log of the probability that was given to what is true"
    higher_is_better = False
    range = (0.0, float("inf"))
    position = 4
    default = True
    headline = True

    def values(self, answers: PairAnswers) -> np.ndarray:
        true = np.where(answers.actual > 0.5, answers.predicted, 1 - answers.predicted)
        return np.asarray(-np.log(np.clip(true, EDGE, 1 - EDGE)))
