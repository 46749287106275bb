"""Simulated answers on a study's own lists, and what the registered analysis makes of them: power and false positives.

An answer is 1 and as many of four even draws as its mean asks for, so that means over many answers are those that were
planted. Means differ by participant, by query, and by each one's own effect of each arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from annotation.study.analysis import HYPOTHESES, Answers, compared, estimate, holds
from annotation.study.answers import excluded
from annotation.study.arms import ARMS
from annotation.study.design import CHECKS, Design
from rad.errors import RadError
from rad.runtime.statistics import ALPHA

SURE = 0.9  # the power that a sample is made for
MOST = 40  # participants of each list that a sample may have
DRAWS = 4  # beyond the 1 of the scale


@dataclass(frozen=True, slots=True)
class Found:
    """What many simulated studies found of one hypothesis.

    ``planted`` and ``mean`` are differences in points, ``covered`` is how often the interval holds the planted one,
    ``shown`` how often the hypothesis was taken to hold, and ``differs`` how often a difference of either sign was.
    """

    planted: float
    mean: float
    covered: float
    shown: float
    differs: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """By hypothesis, in the order of :data:`HYPOTHESES`; ``any_differs`` is how often one differs at least."""

    hypotheses: tuple[Found, ...]
    any_differs: float

    @property
    def power(self) -> float:
        """Of the hypothesis that is found least often."""
        return min(one.shown for one in self.hypotheses)


def answered(plan: Design, gains: Mapping[str, float], rng: np.random.Generator) -> Answers:
    """Answers of as many participants as planned, without those whom the registered rule leaves out.

    Args:
        plan: Its lists, participants and assumptions.
        gains: By arm, how much more trust it has than the ranking alone, as a share of that.
        rng: Draws everything.
    """
    assumed, people = plan.assumed, np.arange(plan.participants)
    pages = [plan.pages(number) for number in range(plan.lists)]
    queries = {query: k for k, query in enumerate(query for block in plan.blocks for query in block)}
    shown = np.array([[queries[query] for query, _ in of_list] for of_list in pages])[people % plan.lists]
    arms = np.array([[ARMS.index(arm) for _, arm in of_list] for of_list in pages])[people % plan.lists]
    means = assumed.alone * (1 + np.array([gains[arm] for arm in ARMS]))[arms]
    means = means + rng.normal(0, assumed.participants, len(people))[:, None]
    means += rng.normal(0, assumed.queries, len(queries))[shown]
    means += rng.normal(0, assumed.participants_by_arm, (len(people), len(ARMS)))[people[:, None], arms]
    means += rng.normal(0, assumed.queries_by_arm, (len(queries), len(ARMS)))[shown, arms]
    trust = 1.0 + rng.binomial(DRAWS, np.clip((means - 1) / DRAWS, 0, 1))
    careless = rng.random(len(people)) < assumed.inattentive
    trust[careless] = rng.integers(1, DRAWS + 2, trust[careless].shape)
    right = np.where(careless, rng.binomial(CHECKS, 1 / (DRAWS + 1), len(people)), CHECKS) / CHECKS
    included, _ = excluded(right, np.ones(len(people)), np.full(len(people), np.nan))
    participants = np.repeat(people, shown.shape[1])
    return Answers(trust.ravel(), arms.ravel(), participants, shown.ravel()).of(included)


def simulated(plan: Design, gains: Mapping[str, float], studies: int, seed: int) -> Outcome:
    """Run the registered analysis on many simulated studies. :class:`RadError` where they are none."""
    if studies < 1:
        raise RadError(f"--studies must be at least 1, got {studies}")
    rng = np.random.default_rng(seed)
    results = [compared(estimate(answered(plan, gains, rng))) for _ in range(studies)]
    hypotheses = []
    for k, (arm, other) in enumerate(HYPOTHESES):
        planted = plan.assumed.alone * (gains[arm] - gains[other])
        differences = [result[k][0] for result in results]
        hypotheses.append(
            Found(
                planted,
                float(np.mean([one.value for one in differences])),
                float(np.mean([one.low <= planted <= one.high for one in differences])),
                float(np.mean([holds(*result[k]) for result in results])),
                float(np.mean([result[k][1] < ALPHA for result in results])),
            )
        )
    return Outcome(tuple(hypotheses), float(np.mean([any(p < ALPHA for _, p in result) for result in results])))


def sample_size(plan: Design, studies: int) -> tuple[Design, list[tuple[int, float]]]:
    """The design with enough participants, and the power of each number that was tried.

    The smallest number is taken with which each hypothesis is found with probability :data:`SURE`, or else the largest.
    """
    tried: list[tuple[int, float]] = []
    low, high = 0, 1  # participants of each list: too few, and perhaps enough

    def enough(each: int) -> bool:
        one = replace(plan, participants=each * plan.lists)
        power = simulated(one, plan.planted, studies, plan.seed).power
        tried.append((one.participants, power))
        return power >= SURE

    while not enough(high) and high < MOST:
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    power = dict(tried)
    number = high * plan.lists
    return replace(plan, participants=number, power=power[number]), sorted(tried)


NOTHING = dict.fromkeys(ARMS, 0.0)
"""The gains where no arm has more trust than the ranking alone."""
