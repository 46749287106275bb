"""Coefficients against published worked examples, other libraries and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import coefficients

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: 4 observers, 12 units, "." is missing
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def coded(rows, offset=1):
    """Codes (records, reviewers) from one string of digits a reviewer."""
    return np.array([[-1 if c == "." else int(c) - offset for c in row] for row in rows]).T


def point(statistic):
    """Coefficients of all records."""
    n = statistic.columns.shape[0]
    return {name: draws.value for (_, name), draws in coefficients.bootstrap({0: statistic}, n, resamples=1).items()}


def alphas(codes, n_values):
    counts = coefficients.counts_of(codes, n_values)
    nominal = point(coefficients.alpha(counts, coefficients.nominal(n_values)))["alpha"]
    scale = point(coefficients.scale_alpha(counts))
    return nominal, scale["alpha"], scale["alpha_interval"]


def test_krippendorff_section_a_binary_data_of_two_observers():
    codes = coded(["0100000010", "1110010000"], offset=0)
    assert alphas(codes, 2)[0] == pytest.approx(0.095, abs=5e-4)


def test_krippendorff_section_b_nominal_data_of_two_observers():
    rows = ["aabbdcccedda", "babbbccceddd"]
    codes = np.array([["abcde".index(c) for c in row] for row in rows]).T
    assert alphas(codes, 5)[0] == pytest.approx(0.692, abs=5e-4)


def test_krippendorff_sections_c_and_d_missing_data_and_metrics():
    nominal, ordinal, interval = alphas(coded(FOUR), 5)
    assert nominal == pytest.approx(0.743, abs=5e-4)
    assert ordinal == pytest.approx(0.815, abs=5e-4)
    assert interval == pytest.approx(0.849, abs=5e-4)
    ratio = np.array([[((a - b) / (a + b)) ** 2 for b in range(1, 6)] for a in range(1, 6)])
    assert point(coefficients.alpha(coefficients.counts_of(coded(FOUR), 5), ratio))["alpha"] == pytest.approx(
        0.797, abs=5e-4
    )


COHEN = np.array([[88, 10, 2], [14, 40, 6], [18, 10, 12]])  # 200 diagnoses of two psychiatrists, Cohen 1960 and 1968


def crossed(table):
    """Code columns of two reviewers whose answers meet as in ``table``."""
    a, b = np.nonzero(table)
    return np.repeat(a, table[a, b]), np.repeat(b, table[a, b])


def test_cohens_own_examples_of_kappa():
    degrees = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    kappas = point(coefficients.kappa([crossed(COHEN)], {"kappa": coefficients.nominal(3), "weighted": degrees}))
    assert kappas["kappa"] == pytest.approx(0.492, abs=5e-4)
    assert kappas["weighted"] == pytest.approx(0.348, abs=5e-4)


def test_masi_by_hand():
    sets = [frozenset(s) for s in ("", "a", "ab", "bc", "cd")]
    expected = {("", "a"): 1, ("a", "ab"): 1 - 2 / 3 / 2, ("ab", "bc"): 1 - 1 / 3 / 3, ("ab", "cd"): 1}
    distances = coefficients.masi(sets)
    for (one, other), distance in expected.items():
        i, j = sets.index(frozenset(one)), sets.index(frozenset(other))
        assert distances[i, j] == distances[j, i] == pytest.approx(distance)
    assert not distances.diagonal().any()


CODES = (
    st.integers(2, 12)
    .flatmap(lambda n: st.lists(st.lists(st.integers(-1, 4), min_size=4, max_size=4), min_size=n, max_size=n))
    .map(np.array)
)


@given(CODES)
@settings(max_examples=60, deadline=None)
def test_alpha_equals_an_independent_library(codes):
    krippendorff = pytest.importorskip("krippendorff")
    counts = coefficients.counts_of(codes, 5)
    data = np.where(codes < 0, np.nan, codes).T
    for kind, mine in zip(("nominal", "ordinal", "interval"), alphas(codes, 5), strict=True):
        if (counts.sum(axis=0) > 0).sum() < 2:
            assert np.isnan(mine)
            continue
        theirs = krippendorff.alpha(reliability_data=data, value_domain=range(5), level_of_measurement=kind)
        assert mine == pytest.approx(theirs, abs=1e-9)


@given(CODES)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_two_reviewers_equal_independent_libraries(codes):
    metrics, stats = pytest.importorskip("sklearn.metrics"), pytest.importorskip("scipy.stats")
    a, b = codes[:, 0], codes[:, 1]
    weights = {"kappa": coefficients.nominal(5), "weighted_kappa": coefficients.interval(range(5))}
    estimates = point(coefficients.pair(a, b, None, weights))
    both = (a >= 0) & (b >= 0)
    assert estimates["alpha"] == pytest.approx(alphas(codes[:, :2], 5)[1], nan_ok=True)
    nominal = point(coefficients.pair(a, b, coefficients.nominal(5), {"kappa": coefficients.nominal(5)}))
    assert nominal["alpha"] == pytest.approx(alphas(codes[:, :2], 5)[0], nan_ok=True)
    if not both.any():
        assert np.isnan(estimates["kappa"])
        return
    for name, kind in (("kappa", None), ("weighted_kappa", "quadratic")):
        theirs = metrics.cohen_kappa_score(a[both], b[both], labels=range(5), weights=kind)
        assert estimates[name] == pytest.approx(theirs, abs=1e-9, nan_ok=True)
    correlations = point(coefficients.correlation([(a, b)], np.arange(5.0), np.arange(5.0)))
    if min(len(set(a[both])), len(set(b[both]))) < 2:
        assert np.isnan(correlations["pearson"]) and np.isnan(correlations["spearman"])
        return
    assert correlations["pearson"] == pytest.approx(stats.pearsonr(a[both], b[both])[0], abs=1e-9)
    assert correlations["spearman"] == pytest.approx(stats.spearmanr(a[both], b[both])[0], abs=1e-9)


@given(CODES, st.randoms())
@settings(max_examples=40, deadline=None)
def test_neither_the_order_of_reviewers_nor_that_of_records_matters(codes, random):
    rows, columns = list(range(len(codes))), list(range(codes.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    assert alphas(codes[rows][:, columns], 5) == pytest.approx(alphas(codes, 5), nan_ok=True)


@given(CODES)
@settings(max_examples=40, deadline=None)
def test_records_answered_once_change_nothing(codes):
    once = np.array([[3, -1, -1, -1], [-1, 0, -1, -1]])
    assert alphas(np.vstack([codes, once]), 5) == pytest.approx(alphas(codes, 5), nan_ok=True)


def test_perfect_agreement_is_one_and_chance_is_about_zero():
    rng = np.random.default_rng(5)
    same = np.repeat(rng.integers(0, 5, (3000, 1)), 3, axis=1)
    assert alphas(same, 5) == pytest.approx((1, 1, 1))
    random_codes = rng.integers(0, 5, (3000, 3))
    assert alphas(random_codes, 5) == pytest.approx((0, 0, 0), abs=0.05)
    sets = [frozenset(s) for s in ("", "a", "b", "ab", "abc")]
    assert point(coefficients.alpha(coefficients.counts_of(same, 5), coefficients.masi(sets)))[
        "alpha"
    ] == pytest.approx(1)
    assert point(coefficients.alpha(coefficients.counts_of(random_codes, 5), coefficients.masi(sets)))[
        "alpha"
    ] == pytest.approx(0, abs=0.05)


def test_spans_are_compared_character_by_character():
    texts = [10, 4]
    spans = [[[(0, 5, "x")], [(3, 8, "y")]], [[], []]]
    marked = [[coefficients.span_mask(s, n) for s in both] for both, n in zip(spans, texts, strict=True)]
    as_units = [[int(a), int(b)] for one, other in marked for a, b in zip(one, other, strict=True)]
    assert point(coefficients.spans_alpha(marked))["alpha"] == pytest.approx(alphas(np.array(as_units), 2)[0])


def test_no_variation_and_nothing_to_compare_are_undefined():
    assert all(np.isnan(alphas(np.full((8, 3), 2), 5)))
    assert all(np.isnan(alphas(np.array([[1, -1], [-1, 2]]), 5)))
    assert np.isnan(point(coefficients.spans_alpha([[np.zeros(5, bool)] * 2]))["alpha"])


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Two reviewers who see the truth in 6 of 10 cases and guess otherwise agree by 0.36 beyond chance."""
    rng, hits = np.random.default_rng(1), 0
    for seed in range(200):
        truth = rng.integers(0, 4, (120, 1))
        codes = np.where(rng.random((120, 2)) < 0.6, truth, rng.integers(0, 4, (120, 2)))
        statistic = coefficients.alpha(coefficients.counts_of(codes, 4), coefficients.nominal(4))
        low, high = coefficients.bootstrap({0: statistic}, 120, seed, resamples=300)[0, "alpha"].interval()
        hits += low <= 0.36 <= high
    assert 0.90 <= hits / 200 <= 0.99


def test_resamples_are_those_of_the_seed_and_the_same_for_all_coefficients(monkeypatch):
    codes = coded(FOUR)
    statistic = coefficients.alpha(coefficients.counts_of(codes, 5), coefficients.nominal(5))
    estimates = coefficients.bootstrap({"a": statistic, "b": statistic}, len(codes), seed=3, resamples=50)
    assert np.array_equal(estimates["a", "alpha"].resampled, estimates["b", "alpha"].resampled, equal_nan=True)
    monkeypatch.setattr(coefficients, "CELLS", 7 * len(codes))  # in blocks of seven
    blocks = coefficients.bootstrap({"a": statistic}, len(codes), seed=3, resamples=50)
    assert blocks["a", "alpha"].resampled == pytest.approx(estimates["a", "alpha"].resampled, nan_ok=True)
    other = coefficients.bootstrap({"a": statistic}, len(codes), seed=4, resamples=50)
    assert not np.array_equal(estimates["a", "alpha"].resampled, other["a", "alpha"].resampled, equal_nan=True)
