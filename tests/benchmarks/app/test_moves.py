"""What moved, and why: of a ranking by hand, and of a model's, which must be that of ``rank_given``."""

from __future__ import annotations

import pytest

from benchmarks.app.critique import Critique
from benchmarks.app.moves import Ranked, moves, short, summary
from rad.rationales import text
from rad.rationales.strengths import weighted
from rad.types import Evidence, Interaction, Query, Reason, Support

HISTORY = ("red-coat", "blue-coat")
QUERY = Query("u-2", "toy", "u", tuple(Interaction("u", item) for item in HISTORY))
HATS = Reason(Evidence((1,), "repeat", "garment", "hat", Support(1.0, 2.0, 1 / 4)), (("garment", "hat"),))
NO_BLUE = Reason(Evidence((0, 1), "absence", support=Support(0.0, 2.0, 1 / 4)), avoids=(("colour", "blue"),))


def ranked(critique, *ranking):
    """With what the two reasons speak of."""
    speaks_of = {HATS: frozenset({"red-hat", "blue-hat"}), NO_BLUE: frozenset({"blue-hat", "blue-boots"})}
    return Ranked(critique, ranking, (), speaks_of, {})


@pytest.fixture
def critique():
    reasons = weighted([(HATS, 32), (NO_BLUE, 16)], rest=64)
    return Critique.of(QUERY, text.rationale(QUERY, reasons, "model", "m", "1"))


def test_an_item_moved_by_the_changed_reason_that_speaks_of_it(critique, toy):
    before = ranked(critique, "red-hat", "red-boots", "blue-hat", "blue-boots")
    now = ranked(critique.strike(0), "red-boots", "blue-boots", "red-hat", "blue-hat")
    head, gone = moves(now, before, toy.items)
    assert [(m.item.item_id, m.rank, m.before, m.lines, m.cause, m.explanation) for m in head] == [
        ("red-boots", 1, 2, (), "", "others fell (was 2)"),
        ("blue-boots", 2, 4, (2,), "", "others fell (was 4)"),
        ("red-hat", 3, 1, (), "garment hat: struck", "garment hat: struck (was 1)"),
        ("blue-hat", 4, 3, (2,), "garment hat: struck", "garment hat: struck (was 3)"),
    ]
    assert not gone and summary(now, before, toy.items) == (
        f"Garment hat: struck. The first 10 stay, in another order. First is now {toy.items['red-boots'].title}."
    )


def test_a_stronger_dislike_drives_down(critique, toy):
    before = ranked(critique, "blue-hat", "red-hat")
    now = ranked(critique.weigh(1, 64), "red-hat", "blue-hat")
    assert [m.cause for m in moves(now, before, toy.items)[0]] == ["", "no colour blue: stronger"]
    weaker = moves(before, now, toy.items)[0]
    assert [m.cause for m in weaker] == ["no colour blue: weaker", ""]


def test_without_an_edit_nothing_has_moved(critique, toy):
    head, gone = moves(ranked(critique, "red-hat", "blue-hat"), None, toy.items)
    assert [(m.rank, m.before, m.lines, m.explanation) for m in head] == [(1, None, (1,), ""), (2, None, (1, 2), "")]
    assert not gone


def test_what_left_the_first_ten_is_shown(critique, toy):
    ids = list(toy.items)[:12]
    head, gone = moves(ranked(critique.strike(0), *ids[1:]), ranked(critique, *ids), toy.items)
    assert [(m.item.item_id, m.rank, m.before) for m in gone] == [(ids[0], None, 1)]
    assert len(head) == 11 and summary(ranked(critique.strike(0), *ids[1:]), ranked(critique, *ids), toy.items) == (
        f"Garment hat: struck. 1 of the first 10 is new. First is now {toy.items[ids[1]].title}."
    )


def test_an_edit_that_moves_nothing_says_so(critique, toy):
    same = ("red-hat", "blue-hat")
    assert summary(ranked(critique.strike(1), *same), ranked(critique, *same), toy.items) == (
        "No colour blue: struck. Nothing moved."
    )
    words = summary(ranked(critique.leave(32), *same), ranked(critique, *same), toy.items)
    assert words == "Garment hat: stronger. Nothing moved.", "the unexplained is still the strongest, as a word"
    weaker = summary(ranked(critique.weigh(0, 8), *same), ranked(critique, *same), toy.items)
    assert weaker == "Garment hat: weaker. Nothing moved."


def test_reasons_in_short():
    pointer = Reason(Evidence((4,), "co_purchase", support=Support(3.0)))
    assert short(pointer) == "what owners of [5] have"
    assert short(Reason(Evidence((0,), "lasting", "colour", "red"), (("colour", "red"),))) == "a taste for colour red"
    assert short(HATS) == "garment hat" and short(NO_BLUE) == "no colour blue"


# --- a model's ---


def test_every_ranking_is_that_of_rank_given(actions, session):
    model, query = actions.users.model, session.now.critique.query
    for number in range(len(session.now.critique.lines)):
        now = actions.edit(session, "strike", {"line": number}).now
        read = text.rationale(query, text.parse(now.critique.text), "edited", "m", "1")
        assert now.ranking == next(iter(model.rank_given([query], [read]))).ranking


def test_what_a_reason_speaks_of(actions, session):
    items, query = actions.users.data.items, session.now.critique.query
    for reason, spoken_of in session.now.speaks_of.items():
        assert spoken_of or session.now.violations[reason], reason
        for attribute, value in (*reason.wants, *reason.avoids):
            assert all(value in items[item].attributes[attribute] for item in spoken_of)
        if not (reason.wants or reason.avoids):
            alone = text.rationale(query, [reason], "model", "m", "1")
            ranking = next(iter(actions.users.model.rank_given([query], [alone]))).ranking
            assert spoken_of == set(ranking[: len(spoken_of)]), "what the reason alone leads to comes first"
