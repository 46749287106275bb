"""``calibration_error``: how far stated probabilities are from what happens, over ten bins of as many pairs each.

The expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015) in bins of equal size (Nixon et al., 2019):
the mean over bins of |mean probability - share of likes|. In [0, 1], lower is better; a constant that is the share of
likes has about 0. Equal probabilities stand in one bin. By chance alone it is above 0 where pairs are few: some 0.03
for a thousand.

A pair's number is its own difference with the sign of its bin's, whose mean is the error.
"""

import numpy as np

from benchmarks.harness.base import PairAnswers, PairMetric

BINS = 10


class Metric(PairMetric):
    tasks = ("choice",)
    title = "Calibration error"
    hint = "distance of probabilities from shares of likes, in ten bins"
    higher_is_better = False
    position = 5
    default = True
    headline = True

    def values(self, answers: PairAnswers) -> np.ndarray:
        # [pairs]: the bin of each, by how many lie below it, so that ties share one
        below = np.searchsorted(np.sort(answers.predicted), answers.predicted)
        number = below * BINS // len(below)
        difference = answers.predicted - answers.actual
        sums = np.bincount(number, difference, minlength=BINS)
        return np.asarray(difference * np.sign(sums)[number])
