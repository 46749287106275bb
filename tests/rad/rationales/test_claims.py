"""Claims out of free text."""

import pytest

from rad.rationales.claims import Matcher, citations, sentences
from rad.types import Item
from tests.support.ending import ends

VALUES = {
    "colour": ("red", "dark red", "off-white"),
    "category": ("Tapes, Adhesives & Sealants", "Tape", "Adhesive Tape"),
    "shelf": ("Adhesive Tape",),
    "brand": ("The", "SE", "3M", "St. John", "Red"),
}


@pytest.fixture(scope="module")
def matcher():
    return Matcher([Item("i", "toy", "", "", VALUES)])


def mentions(matcher, text):
    return [(m.surface, [f"{a}={v}" for a, v in m.claims]) for m in matcher.find(text)]


def test_the_longest_value_wins_and_names_every_attribute_of_that_name(matcher):
    assert mentions(matcher, "an adhesive tape in DARK red") == [
        ("adhesive tape", ["category=Adhesive Tape", "shelf=Adhesive Tape"]),
        ("DARK red", ["colour=dark red"]),
    ]
    assert mentions(matcher, "red") == [("red", ["brand=Red", "colour=red"])]


def test_punctuation_case_and_the_word_and_do_not_count(matcher):
    for text in ("Tapes, Adhesives & Sealants", "tapes adhesives and sealants", "TAPES / ADHESIVES, and SEALANTS"):
        assert mentions(matcher, text) == [(text, ["category=Tapes, Adhesives & Sealants"])]
    assert mentions(matcher, "off white st john") == [
        ("off white", ["colour=off-white"]),
        ("st john", ["brand=St. John"]),
    ]


@pytest.mark.parametrize("text", ["reddish", "infrared", "tapes", "dark", "tapes adhesives", "", "and", "[3] [12]"])
def test_only_whole_words_and_whole_values_match(matcher, text):
    assert mentions(matcher, text) == []


def test_a_value_that_begins_like_another_does_not_hide_what_follows(matcher):
    assert mentions(matcher, "adhesive red") == [("red", ["brand=Red", "colour=red"])]


def test_function_words_and_two_letters_match_as_the_catalogue_spells_them(matcher):
    assert mentions(matcher, "the user, se, 3m") == []
    assert mentions(matcher, "The SE 3M") == [("The", ["brand=The"]), ("SE", ["brand=SE"]), ("3M", ["brand=3M"])]


def test_spans_point_into_the_text(matcher):
    text = "  Ünïcode – dark red; 3M."
    for mention in matcher.find(text):
        assert text[mention.start : mention.end] == mention.surface


def test_citations_belong_to_their_sentence(matcher):
    text = "Red as in [1] and [2, 12]. Tape of 1.5 in. [3] is dark red; so off-white! SE [0]"
    assert [(m.surface, m.citations) for m in matcher.find(text)] == [
        ("Red", (0, 1, 11)),
        ("Tape", ()),
        ("dark red", (2,)),
        ("off-white", ()),
        ("SE", (-1,)),
    ]
    assert citations(text) == (0, 1, 11, 2, -1)


def test_a_point_inside_a_number_does_not_end_a_sentence():
    text = "A 1.75 mm filament. Next\nlast"
    assert [text[a:b] for a, b in sentences(text)] == ["A 1.75 mm filament.", " Next\n", "last"]
    assert sentences("") == []


def test_a_catalogue_without_attributes_has_no_claims():
    assert Matcher([]).find("red") == []


@pytest.mark.parametrize("piece", ["dark ", "dark red [1] ", "[", "[1, ", "tapes adhesives ", ". ", "and ", "ß"])
def test_time_is_linear(matcher, piece):
    text = (piece * 100_000)[:100_000]
    with ends():
        matcher.find(text)


def test_a_long_value_does_not_make_it_quadratic():
    long = Matcher([Item("i", "toy", "", "", {"a": (" ".join(["x"] * 200) + " y",)})])
    with ends():
        assert long.find("x " * 20_000) == []
