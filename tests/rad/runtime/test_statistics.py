"""Bootstrap, randomisation test and Holm's correction against exact answers, plain loops and theory."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rad.runtime.statistics import (
    bootstrap,
    clusters_of,
    column_intervals,
    column_means,
    holm,
    percentile_interval,
    randomisation_test,
)


def test_bootstrap_agrees_with_a_plain_one_and_with_the_normal_interval():
    rng = np.random.default_rng(0)
    column = rng.random(400)
    column[::7] = np.nan
    low, high = percentile_interval(bootstrap(column_means(column[:, None]), 400, seed=3, samples=2000)[:, 0])
    plain = [np.nanmean(rng.choice(column, 400)) for _ in range(2000)]
    assert [low, high] == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.005)
    defined = column[~np.isnan(column)]
    half = 1.96 * defined.std(ddof=1) / math.sqrt(len(defined))
    assert [low, high] == pytest.approx([defined.mean() - half, defined.mean() + half], abs=0.005)


def test_blocks_change_no_resample():
    table = np.random.default_rng(5).random((30, 2))
    one = bootstrap(column_means(table), 30, seed=2, samples=50)
    assert bootstrap(column_means(table), 30, seed=2, samples=50, cells=90) == pytest.approx(one)
    assert not np.array_equal(bootstrap(column_means(table), 30, seed=3, samples=50), one)


def test_a_column_without_a_value_has_no_interval():
    resampled = bootstrap(column_means(np.full((4, 1), np.nan)), 4, samples=10)
    assert percentile_interval(resampled[:, 0]) is None


def test_agrees_with_all_sign_flips():
    differences = np.random.default_rng(0).normal(0.3, 1, (12, 3))
    differences[:, 2] = 0.0
    exact = []
    for column in differences.T:
        flips = [abs(np.dot(signs, column)) for signs in itertools.product([1, -1], repeat=12)]
        exact.append(np.mean(np.array(flips) >= abs(column.sum()) - 1e-12))
    p_values = randomisation_test(differences, permutations=20_000)
    assert p_values == pytest.approx(exact, abs=0.01)
    assert p_values[2] == 1.0


def test_p_is_never_zero_and_is_seeded():
    differences = np.ones((100, 1))
    assert randomisation_test(differences, 999)[0] == 1 / 1000
    noise = np.random.default_rng(1).normal(size=(50, 1))
    assert randomisation_test(noise, 500, seed=4) == randomisation_test(noise, 500, seed=4)


def test_p_is_uniform_when_there_is_no_difference():
    differences = np.random.default_rng(2).normal(size=(200, 400))
    p = randomisation_test(differences, 1000)
    assert abs((p < 0.05).mean() - 0.05) < 0.04 and abs(p.mean() - 0.5) < 0.06


def test_undefined_queries_are_left_out_of_their_column():
    full = np.random.default_rng(3).normal(0.2, 1, (60, 1))
    padded = np.concatenate([full, np.full((40, 1), np.nan)])
    assert randomisation_test(padded, 5000) == pytest.approx(randomisation_test(full, 5000), abs=0.03)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([0.02])) == pytest.approx([0.02])


def test_queries_of_one_user_are_drawn_and_turned_together():
    """Ten users with four equal queries each say as much as ten queries do, not as forty."""
    rng = np.random.default_rng(0)
    by_user = rng.normal(0.4, 1.0, 10)
    users = [f"u{k // 4}" for k in range(40)]
    table, clusters = np.repeat(by_user, 4)[:, None], clusters_of(users)
    of_users = column_intervals(bootstrap(column_means(table), 40, clusters=clusters))[0]
    alone = column_intervals(bootstrap(column_means(by_user[:, None]), 10))[0]
    apart = column_intervals(bootstrap(column_means(table), 40))[0]
    assert np.ptp(of_users) == pytest.approx(np.ptp(alone), rel=0.1) and np.ptp(apart) < 0.7 * np.ptp(of_users)
    p = randomisation_test(table, 2000, clusters=clusters)[0]
    assert p == pytest.approx(randomisation_test(by_user[:, None], 2000)[0], abs=0.02)
    assert randomisation_test(table, 2000)[0] < p / 3


def test_users_with_one_query_each_change_nothing():
    assert clusters_of(["a", "b", "c"]) is None
    values = column_means(np.arange(3.0)[:, None])
    assert (bootstrap(values, 3) == bootstrap(values, 3, clusters=np.arange(3))).all()
