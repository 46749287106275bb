"""Levels are read back from weights exactly; what they cannot say is nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rad.rationales.strengths import LEVELS, level_of, levels, rounded, weighted
from rad.types import LASTING, Evidence, Reason

KINDS = ("similar", "lasting", "rating", "absence")


def reasons_of(kinds) -> list[Reason]:
    return [Reason(Evidence((k,), kind)) for k, kind in enumerate(kinds)]


def legal(kinds, each, rest) -> bool:
    """Of what is wanted now and of the unexplained the largest level is 64."""
    now = [level for kind, level in zip(kinds, each, strict=True) if kind not in LASTING]
    return max([*now, rest]) == LEVELS[0]


def check(kinds, each, rest) -> None:
    weights = weighted(zip(reasons_of(kinds), each, strict=True), rest)
    assert levels(weights) == (sorted(each, reverse=True), rest)
    assert math.isclose(math.fsum(r.weight for r in weights), 1 - rest / (rest + sum(each)))
    assert rounded(weights) == weights


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_every_legal_choice_of_levels_is_read_back(n):
    tried = 0
    for kinds in product(("similar", "lasting"), repeat=n):
        for each in product(LEVELS, repeat=n):
            for rest in (0, *LEVELS):
                if legal(kinds, each, rest):
                    check(kinds, each, rest)
                    tried += 1
    # n = 1: rest 64 with any of 5 levels of either kind, else the reason is of the moment, at 64, with 5 other rests
    assert n != 1 or tried == 5 * 2 + 5


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(LEVELS)), max_size=48), st.sampled_from(LEVELS))
def test_many_levels_are_read_back(pairs, rest):
    kinds, each = [kind for kind, _ in pairs], [level for _, level in pairs]
    check(kinds, each, rest if legal(kinds, each, rest) else 64)


def test_ties_keep_their_order_and_the_strongest_comes_first():
    first, second, third = reasons_of(["similar", "similar", "lasting"])
    got = weighted([(first, 8), (second, 64), (third, 8)], 0)
    assert [r.evidence.history for r in got] == [(1,), (0,), (2,)]
    assert [r.weight for r in got] == [64 / 80, 8 / 80, 8 / 80]


def test_a_level_is_the_nearest_by_its_logarithm():
    # halfway between two levels is their geometric mean: 45.3 between 32 and 64; what is below 2.83 is nothing
    assert [level_of(x) for x in (1000, 64, 46, 45, 23, 22, 2.9, 2.8, 0, float("nan"))] == [
        64,
        64,
        64,
        32,
        32,
        16,
        4,
        0,
        0,
        0,
    ]


def test_weights_that_are_no_levels_are_rounded_against_the_largest():
    a, b, c = (replace(r, weight=w) for r, w in zip(reasons_of(["similar"] * 3), (0.5, 0.26, 0.01), strict=True))
    # 64 for 0.5; 33 for 0.26; 1.3 for 0.01, which is nothing; the rest is 0.23, so 29
    assert levels([a, b, c]) == ([64, 32, 0], 32)
    assert [r.weight for r in rounded([a, b, c])] == [64 / 128, 32 / 128]
    assert levels([]) == ([], 64)


def test_a_lasting_reason_alone_has_nothing_to_be_measured_by():
    """With nothing wanted now and nothing unexplained there is no ranking to multiply, however the weights add up."""
    # the weights of the second one add up to a little less than 1 in floating point
    for each in ((64, 8), (32, 32, 32, 32, 32, 16, 16, 4)):
        alone = weighted(zip(reasons_of(["lasting"] * len(each)), each, strict=True), 0)
        assert levels(alone) == ([0] * len(each), 0)
        assert rounded(alone) == ()
