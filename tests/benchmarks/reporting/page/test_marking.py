"""Words of rationales are marked as the catalogue has it, and differences are words."""

from __future__ import annotations

import dataclasses

from benchmarks.reporting.page.marking import differences, marked
from rad.rationales.claims import Matcher
from rad.types import Evidence, Example, Interaction, Item, Query, Rationale, Reason

ITEMS = {
    "a": Item("a", "toy", "Coat", "", {"colour": ("red",), "material": ("wool",)}),
    "b": Item("b", "toy", "Hat", "", {"colour": ("blue",), "material": ("felt",)}),
}
EXAMPLE = Example(
    Query("q", "toy", "u", (Interaction("u", "a"), Interaction("u", "b"))), "test", {"b": 1}
)  # the target is bought again


def kinds(text, *reasons):
    rationale = Rationale("r", "q", reasons, text, "supported", "model", "m", "1")
    pieces = marked(rationale, EXAMPLE, ITEMS, Matcher(ITEMS.values()))
    return [(p.kind, p.text) for p in pieces if p.kind != "plain"]


def test_claims_are_marked_as_the_catalogue_has_it():
    red = Reason(Evidence((0,), "attribute", "colour", "red"), wants=(("material", "felt"),))
    assert kinds("[1] is red, so felt.", red) == [("citation", "[1]"), ("supported", "red"), ("wanted", "felt")]
    assert kinds("[2] is red.", red) == [("citation", "[2]"), ("unsupported", "red")], "the text cites another"
    mixed = dataclasses.replace(red, evidence=Evidence((0, 1), "attribute", "colour", "red"))
    assert kinds("red", mixed) == [("unsupported", "red")], "one of the two is blue"
    assert kinds("wool", red) == [("unsupported", "wool")], "no reason claims it"
    assert kinds("[9] is red", red) == [("unsupported", "[9]"), ("unsupported", "red")]
    assert [kind for kind, _ in kinds("[2] is red; blue, wool [1]")] == [
        *("citation", "unsupported", "unsupported", "supported", "citation"),
    ]
    assert kinds("") == []


def test_differences_are_words():
    pieces = [(p.kind, p.text.strip()) for p in differences("likes red wool", "likes blue wool")]
    assert pieces == [("plain", "likes"), ("removed", "red"), ("added", "blue"), ("plain", "wool")]
