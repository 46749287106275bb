"""Scores of pairs: by hand, and against scikit-learn's and scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness.base import PairAnswers
from benchmarks.harness.registries import load_metrics

RNG = np.random.default_rng(0)


def values(name, predicted, actual, liked=None, task=None):
    actual = np.array(actual, dtype=float)
    liked = actual > 0.5 if liked is None else np.array(liked)
    task = task or ("rating" if name in ("rmse", "mae") else "choice")
    (metric,) = load_metrics([name], {}, task).values()
    return metric.values(PairAnswers(np.array(predicted, dtype=float), actual, liked))


def test_by_hand():
    assert values("rmse", [1, 2, 5], [1, 4, 4]).mean() == pytest.approx(np.sqrt(5 / 3))
    assert values("mae", [1, 2, 5], [1, 4, 4]).tolist() == [0, 2, 1]
    assert values("rmse", [3, 3], [3, 3]).tolist() == [0, 0]
    assert values("log_loss", [0.8, 0.4], [1, 0]).tolist() == pytest.approx([-np.log(0.8), -np.log(0.6)])
    assert values("log_loss", [0.0], [1]).tolist() == pytest.approx([13.8155], abs=1e-3), "certain and wrong"
    # liked 3 and 1, not liked 2 and 1: of four comparisons two are won, one lost... 3>2, 3>1, 1<2, 1=1
    assert values("auc", [3, 1, 2, 1], [1, 1, 0, 0]).mean() == pytest.approx(2.5 / 4)
    assert np.isnan(values("auc", [0.2, 0.3], [1, 1])).all(), "one class"


def test_auc_has_the_value_and_the_variance_of_delong():
    liked = RNG.random(400) < 0.3
    score = np.round(liked * 0.8 + RNG.normal(0, 1, 400), 1)  # with ties
    won = (score[liked][:, None] > score[~liked]) + 0.5 * (score[liked][:, None] == score[~liked])
    numbers = values("auc", score, liked)
    assert numbers.mean() == pytest.approx(won.mean())
    delong = won.mean(1).var() / liked.sum() + won.mean(0).var() / (~liked).sum()
    assert numbers.var() / len(numbers) == pytest.approx(delong)


def test_influences_of_rmse_have_its_spread():
    actual, errors = RNG.normal(3, 1, 3000), RNG.normal(0, 1, 3000)
    numbers = values("rmse", actual + errors, actual)
    drawn = [np.sqrt((errors[RNG.integers(0, 3000, 3000)] ** 2).mean()) for _ in range(500)]
    assert numbers.std() / np.sqrt(3000) == pytest.approx(np.std(drawn), rel=0.15)


def test_calibration():
    share = RNG.random(20_000)
    liked = RNG.random(20_000) < share
    assert values("calibration_error", share, liked).mean() < 0.02, "what is stated happens"
    assert values("calibration_error", np.clip(share + 0.2, 0, 1), liked).mean() > 0.1
    assert values("calibration_error", np.full(4, 0.75), [1, 1, 1, 0]).mean() == pytest.approx(0), "ties share a bin"
    assert values("calibration_error", np.full(4, 1.0), [1, 1, 1, 0]).mean() == pytest.approx(0.25)
