"""Planted effects are found with the stated power, and none where none is planted."""

import numpy as np
import pytest

from annotation.study import simulation
from annotation.study.analysis import HYPOTHESES, estimate
from annotation.study.design import Assumptions, Design

BLOCKS = tuple(tuple(f"{block}:{k}" for k in range(20)) for block in "ab")
PLAN = Design("", BLOCKS, {}, 40, gain=0.3, least=0.25, power=0.0, assumed=Assumptions(), seed=0)


def test_means_are_those_that_are_planted():
    quiet = Assumptions(3.0, 0.0, 0.0, 0.0, 0.0, inattentive=0.0)
    plan = Design("", BLOCKS, {}, 4000, 0.2, 0.1, 0.0, quiet, 0)
    means = estimate(simulation.answered(plan, plan.planted, np.random.default_rng(0))).means
    assert means == pytest.approx([3.0, 3.6, 3.3, 3.3, 3.3], abs=0.03)


def test_who_answers_at_random_is_left_out():
    plan = Design("", BLOCKS, {}, 400, 0.2, 0.1, 0.0, Assumptions(inattentive=0.5), 0)
    included = len(np.unique(simulation.answered(plan, plan.planted, np.random.default_rng(0)).participants))
    assert 400 * 0.5 < included < 400 * 0.65, "but one in ten of them, who passes by chance"


def test_planted_effects_are_recovered():
    outcome = simulation.simulated(PLAN, PLAN.planted, 100, seed=1)
    for (_, other), one in zip(HYPOTHESES, outcome.hypotheses, strict=True):
        assert one.planted == pytest.approx(0.9 if other == "alone" else 0.75)
        assert one.mean == pytest.approx(one.planted, abs=0.05)
        assert one.covered >= 0.88 and one.shown >= 0.9
    assert outcome.power == min(one.shown for one in outcome.hypotheses)


def test_nothing_is_found_where_nothing_is_planted():
    outcome = simulation.simulated(PLAN, simulation.NOTHING, 200, seed=2)
    assert outcome.any_differs <= 0.08, "5% of studies, and what chance adds"
    assert all(abs(one.mean) < 0.05 and one.covered >= 0.9 for one in outcome.hypotheses)


def test_the_sample_has_the_power_that_it_states():
    plan, tried = simulation.sample_size(PLAN, 60)
    assert plan.participants % plan.lists == 0 and plan.power >= simulation.SURE
    assert dict(tried)[plan.participants] == plan.power
    assert all(power < simulation.SURE for number, power in tried if number == plan.participants - plan.lists)
    again = simulation.simulated(plan, plan.planted, 100, seed=5)
    assert again.power == pytest.approx(plan.power, abs=0.12)
