"""The check of a reason against its fact: each kind by hand on the toy world, and what is wrong with a false one.

The counts are worked out in ``test_counts.py``. u08, a stranger to training, has a red, a blue and a black coat.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from rad.rationales.facts import Facts
from rad.types import WISHES, Evidence, Item, Reason, Support
from tests.rad.rationales.facts.conftest import query_of

COAT, HAT, BLUE = ("garment", "coat"), ("garment", "hat"), ("colour", "blue")
COATS = ("red-coat", "blue-coat", "black-coat")


THREE = Support(3.0, 3.0, 1 / 4)


def shown(kind: str, cited=(0, 1, 2), claim=COAT, support=THREE, wants=None) -> Reason:
    return Reason(Evidence(cited, kind, *claim, support), (claim,) if wants is None else wants)


def pointer(kind: str, cited, n: float, **more) -> Reason:
    return Reason(Evidence(cited, kind, support=Support(n)), **more)


AFTER_COAT = Reason(Evidence((2,), "transition", *COAT, Support(3.0, 4.0, 0.5)), (HAT,))
SOUND = [
    *(shown(kind) for kind in ("repeat", "lasting", "new_repeat")),
    shown("repeat", (1,), BLUE, Support(1.0, 3.0, 1 / 17)),
    shown("repeat", (0,)),  # it need not cite all of them
    AFTER_COAT,
    replace(AFTER_COAT, evidence=replace(AFTER_COAT.evidence, history=(0, 1, 2))),
    pointer("co_purchase", (0,), 2.0),
    pointer("similar", (0,), 7.0),
    pointer("kindred", (0,), 3.0),
    pointer("new_similar", (1,), 3.0),
    # of several cited items the least number: each reads like seven; 3, 3 and 2 of these nobody has; 3 and 2 kindred
    pointer("similar", (0, 1, 2), 7.0),
    pointer("new_similar", (0, 1, 2), 1.0),
    pointer("new_similar", (1, 2), 2.0),
    pointer("kindred", (0, 2), 2.0),
]


@pytest.mark.parametrize("reason", SOUND)
def test_what_is_true_passes(facts, reason):
    assert [v.detail for v in facts.check(reason, query_of("u08", *COATS))] == []


UNSOUND = {
    # numbers that differ from those counted
    "states 2 of 3 (usual 0.25), counted 3 of 3 (usual 0.25)": shown("repeat", support=Support(2.0, 3.0, 1 / 4)),
    "states 3 of 4 (usual 0.25), counted 3 of 3 (usual 0.25)": shown("repeat", support=Support(3.0, 4.0, 1 / 4)),
    "states 3 of 3 (usual 0.01), counted 3 of 3 (usual 0.25)": shown("lasting", support=Support(3.0, 3.0, 0.01)),
    "states 3 of 3, counted 3 of 3 (usual 0.25)": shown("lasting", support=Support(3.0, 3.0)),
    "states nan, counted 7": pointer("similar", (0,), float("nan")),
    "states 1e+308, counted 7": pointer("similar", (0,), 1e308),
    "states -7, counted 7": pointer("similar", (0,), -7.0),
    "states 8, counted 7": pointer("similar", (0, 1), 8.0),
    "states 3 of 3 (usual 0.5), counted 3 of 4 (usual 0.5)": replace(
        AFTER_COAT, evidence=replace(AFTER_COAT.evidence, support=Support(3.0, 3.0, 0.5))
    ),
    # true, and not enough: black is shown once and usual; one owner; nothing shares owners with the blue coat
    "1 of 3 (usual 0.25) is not enough": shown("repeat", (2,), ("colour", "black"), Support(1.0, 3.0, 1 / 4)),
    "1 is not enough": pointer("co_purchase", (0, 2), 1.0),
    "0 is not enough": pointer("kindred", (0, 1), 0.0),
    "0 of 3 (usual 0.5) is not enough": Reason(Evidence((2,), "absence", support=Support(0.0, 3.0, 0.5)), (), (HAT,)),
    # what is cited does not lead to what is claimed
    "[2] does not have colour 'red'": shown("repeat", (0, 1), ("colour", "red"), Support(1.0, 3.0, 0.4)),
    "wants another value than the evidence states": shown("repeat", wants=(HAT,)),
    "must want one value, and nothing else": shown("repeat", wants=(COAT, BLUE)),
    "no item has garment 'parka'": shown("repeat", claim=("garment", "parka")),
    "the cited item has what is said to come next": replace(AFTER_COAT, wants=(("colour", "black"),)),
    "[3] does not have garment 'hat'": Reason(Evidence((2,), "transition", *HAT, Support(3.0, 4.0, 0.5)), (COAT,)),
    "points to items, so it may claim no value": pointer("co_purchase", (0,), 2.0, wants=(COAT,)),
    "must cite one item and want two or three of its values": pointer("kind_of", (0,), 1.0, wants=(COAT,)),
    "[1] does not have colour 'blue'": pointer("kind_of", (0,), 1.0, wants=(COAT, BLUE)),
    "must avoid one value, and nothing else": Reason(
        Evidence((2,), "absence", support=Support(0.0, 3.0, 0.5)), (BLUE,), (HAT,)
    ),
    "[1] has no rating": Reason(Evidence((0,), "rating", *COAT, Support(1.0, None, 3.0)), (), (COAT,)),
    # citations
    "cites nothing of a history of 3": pointer("similar", (), 7.0),
    "cites [4] of a history of 3": pointer("similar", (3,), 7.0),
    "cites [0] of a history of 3": pointer("similar", (-1,), 7.0),
    "cites [1], [1] of a history of 3": pointer("similar", (0, 0), 7.0),
    "cites [1], [2], [3], [4], [5] of a history of 3": pointer("similar", tuple(range(10_000)), 7.0),
    # no fact at all
    "attribute evidence that states no numbers": Reason(Evidence((0,), "attribute", *COAT), (COAT,)),
    "repeat evidence that states no numbers": shown("repeat", support=None),
}


@pytest.mark.parametrize("detail", UNSOUND)
def test_what_is_false_is_found(facts, detail):
    (violation,) = facts.check(UNSOUND[detail], query_of("u08", *COATS))
    assert violation.rule == "fact"
    assert detail in violation.detail and "\n" not in violation.detail and len(violation.detail) < 150


def test_the_same_reason_of_a_user_who_made_it_true_is_unsound(facts):
    """u01 is one of three who went from a coat to a hat, and one of two owners of a red coat."""
    own, stranger = query_of("u01", *COATS), query_of("u08", *COATS)
    by_others = replace(AFTER_COAT, evidence=replace(AFTER_COAT.evidence, support=Support(2.0, 3.0, 0.5)))
    for reason, words in (
        (AFTER_COAT, "counted 2 of 3"), (by_others, "is not enough"),
        (pointer("co_purchase", (0,), 2.0), "counted 1"), (pointer("co_purchase", (0,), 1.0), "is not enough"),
        (pointer("kindred", (0,), 3.0), "counted 1"), (pointer("new_similar", (0,), 1.0), "counted 3"),
    ):  # fmt: skip
        (violation,) = facts.check(reason, own)
        assert words in violation.detail
    assert list(facts.check(AFTER_COAT, stranger)) == []


def test_ratings(facts):
    query = query_of("u99", "red-boots", "blue-coat", "red-scarf", "white-coat", ratings=(1, 4, None, 5))
    # the mean of 1, 4 and 5 is 3.333..., which is said as 3.3
    boots = Reason(Evidence((0,), "rating", "garment", "boots", Support(1.0, None, 3.3)), (), (("garment", "boots"),))
    assert list(facts.check(boots, query)) == []
    coat = Reason(Evidence((1,), "rating", *COAT, Support(4.0, None, 3.3)), (), (COAT,))
    assert [v.detail for v in facts.check(coat, query)] == ["rating: 4 (usual 3.3) is not enough"]
    wanted = replace(boots, wants=boots.avoids, avoids=())
    assert [v.detail for v in facts.check(wanted, query)] == ["rating: must avoid one value, and nothing else"]
    scarf = Reason(Evidence((2,), "rating", "colour", "red", Support(1.0, None, 3.3)), (), (("colour", "red"),))
    assert [v.detail for v in facts.check(scarf, query)] == ["rating: [3] has no rating"]


def test_an_absence(facts):
    """Half of all purchases are hats, as people say it: none of five is below 1 in 20, none of four is not."""
    five = query_of("u99", "red-boots", "blue-coat", "red-scarf", "white-coat", "red-coat")
    none = Reason(Evidence((2, 3, 4), "absence", support=Support(0.0, 5.0, 0.5)), (), (HAT,))
    assert list(facts.check(none, five)) == []
    four = replace(five, history=five.history[:4])
    fewer = replace(none, evidence=Evidence((2, 3), "absence", support=Support(0.0, 4.0, 0.5)))
    assert [v.detail for v in facts.check(fewer, four)] == ["absence: 0 of 4 (usual 0.5) is not enough"]


def test_a_kind_of_things():
    rows = {"a": ("Makita", "drill"), "b": ("Makita", "drill"), "c": ("Makita", "saw"), "d": ("Acme", "drill")}
    items = {name: Item(name, "toy", name, name, {"brand": (b,), "kind": (k,)}) for name, (b, k) in rows.items()}
    facts, makita, drill, saw = Facts.of([], items), ("brand", "Makita"), ("kind", "drill"), ("kind", "saw")
    query = query_of("u", "a", "c")
    assert list(facts.check(pointer("kind_of", (0,), 1.0, wants=(makita, drill)), query)) == []
    for reason, words in (
        (pointer("kind_of", (1,), 0.0, wants=(makita, saw)), "0 is not enough"),
        (pointer("kind_of", (0, 1), 1.0, wants=(makita, drill)), "must cite one item"),
        (pointer("kind_of", (0,), 1.0, wants=(makita, drill), avoids=(saw,)), "must cite one item"),
    ):
        (violation,) = facts.check(reason, query)
        assert words in violation.detail


def test_what_the_catalogue_lacks_is_never_cited(facts):
    query = query_of("u99", "gone", "blue-hat")
    (violation,) = facts.check(pointer("similar", (0,), 7.0), query)
    assert violation.detail == "similar: cites an item that the catalogue lacks"
    assert list(facts.check(pointer("similar", (1,), 7.0), query)) == []
    # it is one of the purchases, all the same
    assert list(facts.check(shown("repeat", (1,), BLUE, Support(1.0, 2.0, 1 / 17)), query)) == []


@pytest.mark.parametrize("kind", sorted(WISHES))
def test_the_users_own_word_is_no_fact(facts, kind):
    claims = {"wants": (HAT,)} if kind == "wish" else {"avoids": (HAT,)}
    (violation,) = facts.check(Reason(Evidence((), kind, *HAT), **claims), query_of("u08", *COATS))
    assert violation.rule == "fact" and violation.detail.startswith(f"{kind}: the user's own word")
