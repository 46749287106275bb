"""``auc``: the probability that a liked item gets a higher score than one that is not liked; ties count half.

In [0, 1], 0.5 for a constant, higher is better. On the rating task the score is the predicted rating. It is undefined
where all pairs are of one class.

A liked pair's number is 1 less the share of the others that lie above it; an other pair's, the share of the liked ones
above it. Each is scaled by its class, so that their mean is the AUC and their variance that of DeLong, DeLong and
Clarke-Pearson (Biometrics 1988).
"""

import numpy as np
from scipy.stats import rankdata

from benchmarks.harness.base import PairAnswers, PairMetric


class Metric(PairMetric):
    tasks = ("rating", "choice")
    title = "AUC"
    hint = "how often a liked item is scored above one that is not"
    position = 3
    default = True
    headline = True

    def values(self, answers: PairAnswers) -> np.ndarray:
        liked = answers.liked.astype(bool)
        n, positives = len(liked), int(liked.sum())
        if positives in (0, n):
            return np.full(n, np.nan)
        # [pairs]: ranks among all less ranks in the own class are how many of the other class lie below, ties half
        below = rankdata(answers.predicted)
        below[liked] -= rankdata(answers.predicted[liked])
        below[~liked] -= rankdata(answers.predicted[~liked])
        won = np.where(liked, below / (n - positives), 1 - below / positives)
        area = float(won[liked].mean())
        share = np.where(liked, positives / n, 1 - positives / n)
        return np.asarray(area + (won - area) / share)
