"""Published rationales: what they say of the history is no leak, what they say of the answer is."""

from __future__ import annotations

import pytest

from rad.leakage.plain_rationales import PlainRationale, plain_rules, plain_violations
from tests.support.published import HALVES, counts


@pytest.mark.parametrize("half", HALVES)
def test_history_is_told_from_target(half):
    for rule, of in counts(half).items():
        assert of.precision == of.recall == 1.0, (rule, of)


HISTORY = ("Acme Copper Kettle", "Bolt Paper Filters")
TARGET = "Acme Bean Grinder"


def broken(text: str) -> set[str]:
    row = PlainRationale(text, TARGET, HISTORY)
    return {one.rule for one in plain_violations(row, plain_rules([row]))}


@pytest.mark.parametrize(
    "text",
    [
        "They loved the kettle.",  # what follows the verb is of the history
        "The kettle was bought for tea.",  # its subject is
        "They were happy with the spout of the kettle, and a grinder is what they lack.",
        "The history has a grinder that was rated 5 stars.",
        "They left good reviews for paper filters.",
        "They gave five stars to the kettle, so a machine that grinds is next to look at.",
        "They gave 5/5 to the paper filters.",
    ],
)
def test_what_a_phrase_says_of_the_history_is_no_leak(text):
    assert broken(text) == set()


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("They loved the grinder more than the kettle.", {"rating"}),  # the object is the target
        ("Like the kettle, the grinder was bought for coffee.", {"hindsight"}),  # the subject is
        ("They loved the Acme.", {"rating"}),  # both have the word
        ("They loved it.", {"rating"}),  # nobody knows which
        ("They gave five stars to the grinder.", {"rating"}),
        ("The kettle led to their purchase of a machine, and the grinder followed.", {"hindsight"}),
    ],
)
def test_what_a_phrase_says_of_the_answer_is_one(text, rules):
    assert broken(text) == rules
