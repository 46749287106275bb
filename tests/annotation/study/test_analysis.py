"""The registered analysis: exact without noise, the same as the textbook's sums, and honest about direction."""

import numpy as np
import pytest
from scipy import stats

from annotation.study.analysis import HYPOTHESES, Answers, Interval, compared, estimate, holds, supported
from annotation.study.arms import ARMS
from rad.errors import RadError


def balanced(noise=0.0, effects=(0.0, 0.6, 0.3, 0.3, 0.3), people=20, pages=10, seed=0):
    """Each participant in each arm equally often, each query, too."""
    rng = np.random.default_rng(seed)
    participants, queries = (grid.ravel() for grid in np.indices((people, pages)))
    arms = (queries + participants) % len(ARMS)
    trust = 3.0 + np.array(effects)[arms] + rng.normal(0, noise, people * pages)
    trust += rng.normal(0, 0.5, people)[participants] + rng.normal(0, 0.3, pages)[queries]
    return Answers(trust, arms, participants, queries)


def test_without_noise_effects_are_exact_whoever_answers_much():
    answers = balanced()
    included = np.arange(len(answers.trust)) % 7 != 0  # not balanced any more
    some = Answers(*(getattr(answers, name)[included] for name in ("trust", "arms", "participants", "queries")))
    for one in (estimate(answers), estimate(some)):
        assert one.difference("rationale", "alone").value == pytest.approx(0.6)
        assert one.difference("rationale", "citations").value == pytest.approx(0.3)
        assert one.freedom == 9
    mean = estimate(answers).means[0]
    assert estimate(answers).gain("rationale").value == pytest.approx(0.6 / mean)


def test_variances_are_those_of_clusters_of_participants_and_of_queries():
    answers = balanced(noise=1.0)
    included = np.random.default_rng(1).random(len(answers.trust)) < 0.8
    answers = Answers(*(getattr(answers, name)[included] for name in ("trust", "arms", "participants", "queries")))
    columns_of = {name: getattr(answers, name) for name in ("participants", "queries")}
    columns = [answers.arms == arm for arm in range(1, len(ARMS))]
    columns += [columns_of["participants"] == k for k in range(20)] + [columns_of["queries"] == k for k in range(1, 10)]
    design = np.column_stack(columns).astype(float)
    effects, *_ = np.linalg.lstsq(design, answers.trust, rcond=None)
    scores = design * (answers.trust - design @ effects)[:, None]
    bread = np.linalg.inv(design.T @ design)

    def variance(cluster, slope):
        sums = [scores[cluster == k].sum(axis=0) for k in np.unique(cluster)]
        size = len(sums) / (len(sums) - 1) if len(sums) < len(scores) else 1.0
        return float(slope @ bread @ sum(np.outer(s, s) for s in sums) @ bread @ slope) * size

    n, used = design.shape
    slope = np.zeros(used)
    slope[0], slope[2] = 1, -1  # the rationale against the wrong citations
    one_way = [variance(columns_of[name], slope) for name in columns_of]
    both = sum(one_way) - variance(np.arange(n), slope)
    error = np.sqrt(max(both, *one_way) * n / (n - used))
    difference = estimate(answers).difference("rationale", "citations")
    assert difference.value == pytest.approx(effects[0] - effects[2])
    assert difference.high - difference.value == pytest.approx(stats.t.ppf(0.975, 9) * error)
    assert difference.p == pytest.approx(2 * stats.t.sf(abs(difference.value) / error, 9))


def test_hypotheses_hold_in_their_direction_alone():
    differences = [pair[0].value for pair in compared(estimate(balanced(noise=0.1)))]
    assert differences == pytest.approx([0.6, 0.3, 0.3, 0.3], abs=0.1) and len(HYPOTHESES) == 4
    assert all(holds(*pair) for pair in compared(estimate(balanced(noise=0.1))))
    worse = compared(estimate(balanced(noise=0.1, effects=(0.0, -0.6, 0.0, 0.0, 0.0))))
    assert all(p < 0.05 for _, p in worse) and not any(holds(*pair) for pair in worse)
    assert not holds(Interval(0.1, -0.1, 0.3, 0.3), 0.3)


def test_the_claim_needs_the_gain_that_it_names():
    estimates = estimate(balanced(noise=0.1))
    assert supported(estimates, 0.2) and not supported(estimates, 0.4)
    assert not supported(estimate(balanced(noise=0.1, effects=(0.0,) * 5)), 0.0)


def test_what_cannot_be_analysed_is_said():
    answers = balanced()
    with pytest.raises(RadError, match="no answer is left on pages of arm 'citations'"):
        estimate(Answers(*(column[answers.arms != 3] for column in _columns(answers))))
    one = answers.of(np.arange(20) == 3)
    with pytest.raises(RadError, match="two participants"):
        estimate(one)


def _columns(answers):
    return answers.trust, answers.arms, answers.participants, answers.queries
