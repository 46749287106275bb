"""The text of a rationale and its reasons are exact inverses, whatever a value looks like; prose says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rad.errors import RadError
from rad.rationales import hindsight, text
from rad.rationales.facts.candidates import KINDS
from rad.rationales.strengths import LEVELS, weighted
from rad.types import LASTING, WISHES, Evidence, Interaction, Query, Reason, Support
from tests.support.ending import ends

NASTY = (
    *(
        "Makita",
        'the "best"',
        "5\u2033 x 3\u2033",
        "salt, pepper and chalk",
        "and",
        " and ",
        "a  b",
        " lead",
        "trail ",
        "",
    ),
    *(
        "1 in 40",
        "[3]",
        "x ([2]; usually 1 in 40): most likely again.",
        "line\nbreak",
        "tab\tstop",
        "back\\slash",
        "\x00",
    ),
    *(
        "a: b",
        "a; b",
        "(c)",
        "\u65e5\u672c\u8a9e",
        "\u2028",
        "\x85",
        "\ud7ff",
        "x" * 119,
        "x" * 120,
        "x" * 121,
        "y" * 5000,
    ),
    *("$25 to $50", "under $10", "in 3 of 4 cases", "was rated 2, below the mean of 3", "None of 3", "1,5", "3.", "\\"),
    "Something unexplained is likely.",
)
NAMES = (
    "brand",
    "price_band",
    "a1_b2",
    "Brand",
    "two words",
    "",
    "hyph-en",
    "_x",
    "x__y",
    "3d",
    'qu"ote',
    "a\nb",
    "and",
)
# shares as people say them: one in so many by two digits, or so many in ten
BASES = (*(1 / n for n in (3, 4, 9, 40, 99, 110, 4300, 1_000_000)), *(n / 10 for n in range(4, 11)))
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=130))
names = st.one_of(st.sampled_from(NAMES), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
claims = st.tuples(names, texts)
counts = st.integers(0, 10**9).map(float)
cited = st.lists(st.integers(0, 99_999), min_size=1, max_size=5, unique=True).map(tuple)


@st.composite
def a_reason(draw) -> Reason:
    """A reason of any kind in the form that its kind has."""
    kind, history = draw(st.sampled_from((*KINDS, *sorted(WISHES)))), draw(cited)
    of, base = draw(counts), draw(st.sampled_from(BASES))
    if kind in ("repeat", "lasting", "new_repeat"):
        claim = draw(claims)
        return Reason(Evidence(history, kind, *claim, Support(draw(counts), of, base)), (claim,))
    if kind == "transition":
        return Reason(Evidence(history, kind, *draw(claims), Support(draw(counts), of, base)), (draw(claims),))
    if kind == "kind_of":
        wants = tuple(draw(st.lists(claims, min_size=2, max_size=3)))
        return Reason(Evidence(history, kind, support=Support(draw(counts))), wants)
    if kind == "rating":
        claim, rating = draw(claims), draw(st.sampled_from([0.0, 1.0, 2.5, 3.75]))
        return Reason(
            Evidence(history, kind, *claim, Support(rating, None, draw(st.sampled_from([1.1, 4.0])))), (), (claim,)
        )
    if kind in WISHES:
        claim = draw(claims)
        evidence = Evidence((), kind, *claim)
        return Reason(evidence, (claim,)) if kind == "wish" else Reason(evidence, (), (claim,))
    if kind == "absence":
        return Reason(Evidence(history, kind, support=Support(0.0, of, base)), (), (draw(claims),))
    return Reason(Evidence(history, kind, support=Support(draw(counts))))


@st.composite
def rationales(draw) -> tuple[Reason, ...]:
    """0 to 48 reasons with levels, of which the largest of what is wanted now and of the unexplained is 64."""
    reasons = draw(st.lists(a_reason(), max_size=48))
    levels = [draw(st.sampled_from(LEVELS)) for _ in reasons]
    rest = draw(st.sampled_from((0, *LEVELS)))
    now = [level for reason, level in zip(reasons, levels, strict=True) if reason.evidence.kind not in LASTING]
    if max([*now, rest]) < 64:
        rest = 64
    return weighted(zip(reasons, levels, strict=True), rest)


@given(rationales())
def test_a_text_gives_back_its_reasons(reasons):
    written = text.write(reasons)
    assert text.parse(written) == reasons
    assert text.write(text.parse(written)) == written
    assert "\n" not in written


@pytest.mark.parametrize("claim", [*((name, "Makita") for name in NAMES), *(("brand", value) for value in NASTY)])
def test_a_nasty_value_stands_in_every_form(claim):
    fact = Support(2.0, 9.0, 1 / 40)
    for evidence, wants, avoids in (
        (Evidence((1, 4), "repeat", *claim, fact), (claim,), ()),
        (Evidence((1,), "transition", *claim, fact), (claim,), ()),
        (Evidence((1,), "kind_of", support=Support(3.0)), (claim, ("brand", "Makita"), claim), ()),
        (Evidence((1,), "rating", *claim, Support(2.0, None, 3.6)), (), (claim,)),
        (Evidence((1,), "absence", support=replace(fact, found=0.0)), (), (claim,)),
        (Evidence((), "wish", *claim), (claim,), ()),
        (Evidence((), "veto", *claim), (), (claim,)),
    ):
        reasons = weighted([(Reason(evidence, wants, avoids), 64)] * 2, 64)
        assert text.parse(text.write(reasons)) == reasons


FORMS = {
    "2 of 9 have brand Makita ([2], [5]; usually 1 in 40): most likely again.": "repeat",
    "1 of 1 has brand Makita ([1]; usually 4 in 10): just possible again.": "repeat",
    "5 of 9 have colour navy ([2], [5], [7]; usually 1 in 18): a strong taste.": "lasting",
    "2 of 9 have brand Makita ([2], [5]; usually 1 in 1,200): one nobody has yet is very likely.": "new_repeat",
    "After garment coat, as in [9], comes garment scarf in 12 of 40 cases (usually 1 in 20): likely.": "transition",
    "[9] has 17 other owners: what else they have is likely.": "co_purchase",
    "The user asks for garment coat: a very strong wish.": "wish",
    "The user rules out colour navy: a clear dislike.": "veto",
    "[3], [5] and [9] each have 17 or more other owners: what else they have is likely.": "co_purchase",
    "[9] reads like 1 other item: this is possible.": "similar",
    "[3] and [9] each read like 4 or more other items: these are possible.": "similar",
    "[9] shares owners with 6 items like it: these are likely.": "kindred",
    "[3] and [9] each share owners with 1 or more items like it: these are likely.": "kindred",
    "[9] reads like 3 items nobody has yet: these are possible.": "new_similar",
    "[8] and [9] each read like 1 or more items nobody has yet: these are possible.": "new_similar",
    "[9] and 3 other items have brand Makita and garment coat: these are likely.": "kind_of",
    "[4] has brand Acme and was rated 2, below the mean of 4.1: a slight dislike.": "rating",
    "None of 12 has material leather (not [10], [11], [12]; usually 1 in 3): a faint dislike.": "absence",
}


@pytest.mark.parametrize("sentence", FORMS)
def test_every_form_as_it_is_read(sentence):
    (reason,) = text.parse(f"{sentence} Something unexplained is most likely.")
    assert reason.evidence.kind == FORMS[sentence]
    assert text.write([reason]).startswith(sentence)


def test_no_form_has_forbidden_wording():
    assert set(FORMS.values()) == {*KINDS, *WISHES}
    assert list(hindsight.forbidden(" ".join(FORMS))) == []


@pytest.mark.parametrize(
    ("evidence", "wants"),
    [
        (Evidence((0,), "attribute", "colour", "red"), (("colour", "red"),)),
        (Evidence((0,), "repeat", "colour", "red"), (("colour", "red"),)),
        (Evidence((0,), "repeat", "colour", "red", Support(2.0, 9.0, 0.0)), (("colour", "red"),)),
        (Evidence((0,), "repeat", "colour", "red", Support(2.0, 9.0, 0.0371)), (("colour", "red"),)),
        (Evidence((0,), "repeat", "colour", "red", Support(2.0, 9.0)), (("colour", "red"),)),
        (Evidence((0,), "repeat", "colour", "red", Support(2.0, 9.0, 0.1)), ()),
        (Evidence((0,), "repeat", "colour", "red", Support(2.0, 9.0, 0.1)), (("colour", "blue"),)),
        (Evidence((), "repeat", "colour", "red", Support(2.0, 9.0, 0.1)), (("colour", "red"),)),
        (Evidence((), "similar", support=Support(2.0)), ()),
        (Evidence((-1,), "similar", support=Support(2.0)), ()),
        (Evidence((10**7,), "similar", support=Support(2.0)), ()),
        (Evidence((0,), "similar", support=Support(1e308)), ()),
        (Evidence((0,), "similar", support=Support(-2.0)), ()),
        (Evidence((0,), "similar", support=Support(float("nan"))), ()),
        (Evidence((0,), "similar", support=Support(float("inf"))), ()),
        (Evidence((0,), "similar", support=Support(2.0)), (("colour", "red"),)),
        (Evidence((0,), "kind_of", support=Support(2.0)), (("colour", "red"),)),
        (Evidence((0,), "kind_of", support=Support(2.0)), (("colour", "red"),) * 4),
    ],
)
def test_what_is_no_fact_has_no_words(evidence, wants):
    with pytest.raises(RadError) as error:
        text.write([Reason(evidence, wants)])
    assert "\n" not in str(error.value)


PROSE = "The user likes navy [3]. 2 of 9 have brand Makita ([2], [5]; usually 1 in 40): most likely again. Well!"


def test_prose_is_refused_or_says_nothing():
    with pytest.raises(RadError, match="no sentence of the form: 'The user likes navy") as error:
        text.parse(PROSE)
    assert "\n" not in str(error.value)
    (reason,) = text.parse(PROSE, strict=False)
    assert reason.evidence.value == "Makita"
    assert text.parse("", strict=True) == text.parse("Nothing is said.", strict=False) == ()
    # quotation marks hold what JSON would not write
    assert text.parse('1 of 2 has brand "\\x" ([1]; usually 1 in 40): likely again.', strict=False) == ()


@pytest.mark.parametrize(
    "junk",
    [
        "2 of 9 have brand Makita ([2], [5]; usually 1 in 40): most likely again. ",
        "a. ", "1\n", "[1], ", '1 of 2 have a "\n', 'After "a" "', " ", "x", "and b y ",
        "[1] and 1 other items have a x" + " and b y" * 30 + "\n",
        "After a x, as in [1], comes a " + "in 1 of 1 cases " * 7 + "\n",
    ],
)  # fmt: skip
def test_time_is_linear_in_the_length(junk):
    with ends():
        text.read(junk * (1_000_000 // len(junk)))


def test_a_record_is_rounded_and_says_how_it_was_made():
    query = Query("q", "toy", "u", (Interaction("u", "red-hat"),))
    similar = Reason(Evidence((0,), "similar", support=Support(3.0)), weight=0.61)
    co_purchase = Reason(Evidence((0,), "co_purchase", support=Support(7.0)), weight=0.009)
    record = text.rationale(query, [co_purchase, similar], "evidence", "by hand", "1")
    # the largest share is 64; 0.39 / 0.61 of it is 41, so 32; 0.009 / 0.61 of it is 0.9, less than 4, so nothing
    assert record.text == "[1] reads like 3 other items: these are most likely. Something unexplained is very likely."
    assert record.reasons == (replace(similar, weight=64 / 96),) == text.parse(record.text)
    assert (record.rationale_id, record.verdict, record.origin) == ("q-by hand-1", "supported", "evidence")
    unexplained = text.rationale(query, [replace(similar, weight=0.2)], "evidence", "by hand", "1")
    assert unexplained.verdict == text.rationale(query, [], "evidence", "by hand", "1").verdict == "unexplained"
