"""Edits of a rationale: by a user who knows their motives, by chance, by somebody who sees the answer, by purchases."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from benchmarks.explanations.changes.critics import Critics, contradicted
from benchmarks.explanations.changes.steering import (
    MOST,
    Edit,
    edited,
    motives_of_answer,
    random_edits,
    user_edits,
    wish,
)
from rad.rationales.strengths import levels, weighted
from rad.types import Evidence, Item, Reason, Support
from rad.world.motives import Motive

RED, BLUE, HAT, COAT = ("colour", "red"), ("colour", "blue"), ("garment", "hat"), ("garment", "coat")


def fact(claim, kind="repeat"):
    return Reason(Evidence((0,), kind, *claim, Support(2.0, 4.0, 0.25)), (claim,))


POINTER = Reason(Evidence((0,), "similar", None, None, Support(3.0)))


def after(reasons, edits):
    for edit in edits:
        reasons = edited(reasons, edit)
    return [((r.wants or (("", ""),))[0], level) for r, level in zip(reasons, levels(reasons)[0], strict=True)]


def test_the_user_strikes_the_heaviest_wrong_reason_and_says_the_strongest_motive():
    reasons = weighted([(fact(BLUE), 64), (POINTER, 32), (fact(HAT), 8)], 16)
    motives = [Motive(RED, 50, False), Motive(HAT, 50, False)]
    edits = list(user_edits(reasons, motives))
    # blue has 64 of 120, red is half of what moves the user and has nothing, hat has 8 of 120
    assert [e.struck and e.struck.wants for e in edits] == [(BLUE,), None, None]
    assert [e.statement for e in edits] == [None, wish(RED, True), wish(HAT, True)]
    assert after(reasons, edits) == [(("", ""), 64), (RED, 64), (HAT, 64), (HAT, 16)], "the fact stays beside the wish"


def test_a_user_without_motives_strikes_and_one_whom_it_suits_does_nothing():
    reasons = weighted([(fact(BLUE), 64), (POINTER, 32)], 16)
    assert after(reasons, user_edits(reasons, [])) == [(("", ""), 64)]
    right = weighted([(fact(BLUE), 64)], 0)
    assert list(user_edits(right, [Motive(BLUE, 9, False)])) == [], "it is the only motive, and the whole rationale"


def test_dislikes_are_ruled_out_and_weak_motives_are_weak_wishes():
    motives = [Motive(HAT, 40, True), Motive(RED, -10, True)]
    edits = list(user_edits((), motives))
    assert [(e.statement, e.share) for e in edits] == [(wish(HAT, True), 1.0), (wish(RED, False), 0.25)]
    left = ()
    for edit in edits:
        left = edited(left, edit)
    assert levels(left)[0] == [64, 16]


def test_the_weakest_makes_room():
    reasons = weighted([(fact(("brand", str(k))), 64 if k else 4) for k in range(MOST)], 16)
    motives = [Motive(("brand", str(k)), 1, False) for k in range(MOST)] + [Motive(RED, 90, False)]
    (first,) = islice(user_edits(reasons, motives), 1)
    claims = [claim for claim, _ in after(reasons, [first])]
    assert len(claims) == MOST and RED in claims and ("brand", "0") not in claims


def test_chance_makes_as_many_edits_of_the_same_sorts():
    reasons = weighted([(fact(BLUE), 64), (POINTER, 32), (fact(HAT), 8)], 16)
    edits = [Edit(struck=reasons[0]), Edit(statement=wish(RED, True), share=0.5)]
    others = [fact(COAT), fact(RED), fact(("brand", "x"))]
    drawn = list(random_edits(reasons, edits, others, "a seed"))
    assert drawn[0].statement is None and drawn[1].share == 0.5
    assert drawn[1].statement in [wish(claim, True) for claim in (COAT, RED, ("brand", "x"))]
    assert drawn[0].struck in reasons and drawn[0].struck.wants, "a pointer is struck by nobody"
    assert drawn == list(random_edits(reasons, edits, others, "a seed"))
    assert len({e.struck.wants for k in range(9) for e in random_edits(reasons, edits[:1], others, str(k))}) == 2


def test_who_sees_the_answer_wants_its_rarest_values():
    target = Item("i", "toy", "t", "t", {"colour": ("red",), "garment": ("hat",)})
    motives = motives_of_answer(target, {RED: 2.0, HAT: 1.0, BLUE: 9.0})
    assert motives == [Motive(RED, 200, False), Motive(HAT, 100, True)]


def test_a_later_purchase_contradicts(toy):
    example = next(e for e in toy.examples["test"] if e.query.user_id == "u01")  # it begins with red-coat
    later = next(item for item in toy.items.values() if item.attributes == {"colour": ("blue",), "garment": ("hat",)})
    dislike = replace(fact(BLUE, "rating"), wants=(), avoids=(BLUE,))
    other_attribute = fact(("season", "winter"))
    reasons = weighted([(fact(HAT), 64), (fact(RED), 32), (POINTER, 16), (dislike, 8), (other_attribute, 8)], 4)
    to_strike = contradicted(reasons, example.query, later, toy.items)
    assert [r.evidence.kind for r in to_strike] == ["repeat", "similar", "rating"] and to_strike[0].wants == (RED,)
    assert contradicted(reasons[2:3], example.query, toy.items[example.query.history[0].item_id], toy.items) == []


@pytest.mark.parametrize("critic", ["strikes", "random strikes"])
def test_strikes_are_as_many_by_chance(toy, critic):
    example = next(e for e in toy.examples["test"] if e.query.user_id == "u01")
    later = next(item for item in toy.items.values() if item.attributes == {"colour": ("blue",), "garment": ("hat",)})
    from rad.rationales import text

    own = text.rationale(example.query, weighted([(fact(RED), 64), (fact(HAT), 16)], 32), "model", "m", "1")
    critics = Critics([example], [own], toy.items, None, {}, {example.query.query_id: later})
    first, third = (critics.after(critic, n, 0) for n in (1, 3))
    assert first == third and len(first.reasons) == 1 and text.parse(first.text) == first.reasons
    assert critics.after("edits", 1, 0) is None, "nobody knows this user's motives"
    assert critic == "random strikes" or first.reasons[0].wants == (HAT,)
