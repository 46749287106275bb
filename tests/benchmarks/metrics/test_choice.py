"""Metrics that compare rankings from one input with those from another, by hand from made-up outcomes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.explanations.faithfulness import ratio
from benchmarks.harness.base import Outcome
from benchmarks.harness.registries import load_metric


def gains(name, outcomes):
    return load_metric(name)({}).gains(outcomes.get)


def test_choice_is_what_the_template_loses():
    own, template = Outcome(0.5, 0, 0.2), Outcome(0.3, 4, 0.1)
    assert gains("choice", {"own": own, "template": template}) == {"all": pytest.approx(0.2)}
    assert gains("choice", {"own": own}) == {"all": None}
    assert gains("choice_strengths", {"own": own, "strengths": own}) == {"all": 0.0}


def test_steering_is_what_corrections_gain():
    own, better = Outcome(0.25, 0, 0.2), Outcome(0.75, 0, 0.2)
    of = gains("steering", {"own": own, "edits 3": better, "random edits 3": own, "edits 1": better})
    assert of["all"] == 0.5 and of["3 random edits"] == 0 and of["1 edit"] == 0.5
    assert of["2 edits"] is None


def test_a_reason_finds_what_it_brings_up():
    def gap(own, none, *alone):
        inputs = {"own": Outcome(0.0, None, own), "none": Outcome(0.0, none, 1.0)}
        inputs |= {f"only_reason_{k + 1}": Outcome(0.0, rank, 0.0) for k, rank in enumerate(alone)}
        return gains("unexplained_gap", inputs)["all"]

    assert gap(0.25, None, None, 99) == 0.25, "the second finds it"
    assert gap(0.25, None, None, None) == -0.75
    assert gap(0.25, 50, 60, 50) == -0.75, "popularity alone ranks it as high"
    assert gap(0.25, 0, 0) == 0.25, "no rank is higher than the first"
    assert gap(0.25, None) is None


def test_a_ratio_is_of_sums_and_at_most_one():
    kind = load_metric("text_carries")
    parts = np.array([[0.5, 1.0], [0.0, 0.0], [0.25, 0.5]])
    assert ratio(parts, kind) == 0.5 and ratio(parts, kind, np.array([0, 3, 0])) == 1.0
    assert ratio(parts[:, ::-1], kind) == 1.0
    metric = kind({})
    assert metric.parts({"own": Outcome(0.5, 0, 0.0), "rebuilt": Outcome(0.25, 1, 0.0)}.get) == (0.25, 0.5)
    assert metric.parts({}.get) is None
