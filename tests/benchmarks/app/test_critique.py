"""Edits of a rationale: what comes out is in the words of the grammar, and says what was edited and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.app.critique import Critique, Line, changes
from benchmarks.explanations.changes.steering import wish
from rad.errors import RadError
from rad.rationales import templates, text
from rad.rationales.strengths import weighted
from rad.types import Evidence, Interaction, Query, Reason, Support

HISTORY = ("red-coat", "blue-coat", "black-coat")
QUERY = Query(
    "u08-3", "toy", "u08", tuple(Interaction("u08", item, rating=r) for item, r in zip(HISTORY, (5, 2, 5), strict=True))
)
COAT, BLUE = ("garment", "coat"), ("colour", "blue")
COATS = Reason(Evidence((0, 1, 2), "repeat", *COAT, Support(3.0, 3.0, 1 / 4)), (COAT,))
ALWAYS = Reason(Evidence((0, 1, 2), "lasting", *COAT, Support(3.0, 3.0, 1 / 4)), (COAT,))
OWNERS = Reason(Evidence((0,), "co_purchase", support=Support(2.0)))


@pytest.fixture
def critique() -> Critique:
    reasons = weighted([(COATS, 64), (OWNERS, 16), (ALWAYS, 8)], rest=32)
    return Critique.of(QUERY, text.rationale(QUERY, reasons, "model", "m", "1"))


def read_back(critique):
    """What a parser reads in the text of the record that ranks, which must be what the record says."""
    assert critique.rationale.text == critique.text and text.parse(critique.text) == critique.rationale.reasons
    reasons, rest, _ = text.read(critique.text)
    return {reason: level for reason, level in reasons}, rest


def test_without_an_edit_the_record_is_the_models_own(critique):
    assert critique.rationale is critique.own and not critique.is_edited
    assert read_back(critique) == ({COATS: 64, OWNERS: 16, ALWAYS: 8}, 32)


def test_a_struck_reason_is_gone_and_comes_back_as_it_was(critique):
    struck = critique.strike(1)
    assert read_back(struck) == ({COATS: 64, ALWAYS: 8}, 32) and struck.rationale.origin == "edited"
    assert changes(critique, struck) == {OWNERS: -3} and changes(struck, critique) == {OWNERS: 3}
    assert not struck.strike(1).is_edited


def test_the_strongest_of_the_moment_is_always_most_likely_and_what_lasts_stays(critique):
    struck = critique.strike(0)
    assert read_back(struck) == ({OWNERS: 32, ALWAYS: 8}, 64), "the others have twice the share; the taste is as it was"
    assert read_back(critique.weigh(0, 16)) == ({COATS: 32, OWNERS: 32, ALWAYS: 8}, 64)


def test_nothing_but_what_lasts_leaves_all_unexplained(critique):
    assert read_back(critique.leave(0).strike(0).strike(1)) == ({ALWAYS: 8}, 64)
    assert read_back(critique.strike(0).strike(1).strike(2)) == ({}, 64)


def test_strengths(critique):
    assert read_back(critique.weigh(2, 64).weigh(1, 4).leave(0)) == ({COATS: 64, ALWAYS: 64, OWNERS: 4}, 0)
    with pytest.raises(RadError, match="no strength: 5"):
        critique.weigh(0, 5)
    with pytest.raises(RadError, match="no reason 4: there are 3"):
        critique.strike(3)


def test_a_reason_is_added_once(critique):
    similar = Reason(Evidence((1,), "similar", support=Support(7.0)))
    assert read_back(critique.add(similar)) == ({COATS: 64, similar: 16, OWNERS: 16, ALWAYS: 8}, 32)
    with pytest.raises(RadError, match="it is reason 1 already"):
        critique.add(COATS)
    assert not critique.strike(0).add(COATS).is_edited, "one that was struck is restored"
    many = replace(critique, parts=(Line(COATS, 64),) * 12)
    with pytest.raises(RadError, match="at most 12 reasons: strike one first"):
        many.add(similar)


def test_the_text_can_be_edited(critique):
    words = "[1] has 2 other owners: what else they have is most likely. Something unexplained is possible."
    reworded = critique.reword(words)
    assert reworded.text == words and read_back(reworded) == ({OWNERS: 64}, 8)
    assert [line.struck for line in reworded.lines] == [True, False, True], "reasons stay where they are"
    for words_of_another_form, message in {
        "The user likes coats.": "no sentence of the form: 'The user likes coats.'",
        " \n": "the text is empty",
        words.split(". S")[0]
        + ". "
        + " ".join(f"[{k}] has 2 other owners: what else they have is likely." for k in range(1, 14)): "14 reasons",
    }.items():
        with pytest.raises(RadError, match=message):
            critique.reword(words_of_another_form)


def test_only_rationales_that_state_facts_can_be_edited():
    attribute = Reason(Evidence((0,), "attribute", *COAT), (COAT,), weight=0.5)
    with pytest.raises(RadError, match="without the numbers of a fact"):
        Critique.of(QUERY, templates.rationale(QUERY, (attribute,), "model", "template", "1"))
    prose = replace(text.rationale(QUERY, (COATS,), "model", "m", "1"), text="Coats.")
    with pytest.raises(RadError, match="its text does not state its reasons"):
        Critique.of(QUERY, prose)


def test_a_persons_own_word_is_added_as_strongly_as_can_be(critique):
    for is_wanted, words in (
        (True, "The user asks for garment hat: a very strong wish."),
        (False, "The user rules out garment hat: a very strong dislike."),
    ):
        wished = critique.add(wish(("garment", "hat"), is_wanted))
        assert words in wished.text and read_back(wished)[0] == {
            **read_back(critique)[0],
            wish(("garment", "hat"), is_wanted): 64,
        }
        assert read_back(wished.weigh(3, 8))[0][wished.lines[3].reason] == 8 and wished.lines[3].lasts
        with pytest.raises(RadError, match="it is reason 4 already"):
            wished.add(wish(("garment", "hat"), is_wanted))


def test_a_wish_is_said_in_the_text_too(critique):
    reworded = critique.reword(f"{critique.text} The user asks for colour blue: a clear wish.")
    assert reworded.lines[-1] == Line(wish(BLUE, True), 16)
