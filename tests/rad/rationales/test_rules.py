"""The rules of a rationale, one by one, on the toy world."""

from dataclasses import replace

import pytest

from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.rules import COUNTED, LEAKS, Rules, forbidden_wording
from rad.rationales.strengths import weighted
from rad.types import Evidence, Rationale, Reason
from tests.support.ending import ends


@pytest.fixture
def query(toy):
    return next(e.query for e in toy.examples["test"] if e.query.user_id == "u01")


@pytest.fixture
def good(toy):
    return next(e.rationale for e in toy.examples["test"] if e.query.user_id == "u01")


@pytest.fixture
def rules(toy):
    return Rules(toy.items)


def reason(*history, kind="attribute", attribute="colour", value="red", **rest):
    return Reason(Evidence(history, kind, attribute, value), **rest)


def broken(rules, rationale, query, target=None):
    return {violation.rule: violation.detail for violation in rules.violations(rationale, query, target)}


def test_a_good_rationale_breaks_no_rule(rules, good, query, toy):
    assert rules.violations(good, query, toy.items["blue-hat"]) == []


def test_unexplained_without_reasons_is_honest(rules, query):
    empty = Rationale("r", "u01-5", (), "Nothing explains it.", "unexplained", "known", "t", "1")
    assert rules.violations(empty, query) == []


@pytest.mark.parametrize(
    ("changes", "rule", "detail"),
    [
        ({"query_id": "u02-4"}, "query", "written for query u02-4, not u01-5"),
        ({"reasons": (reason(),)}, "citation", "attribute evidence that cites nothing"),
        ({"reasons": (reason(5),)}, "citation", "[6] of a history of 5"),
        ({"reasons": (reason(-1),)}, "citation", "[0] of a history of 5"),
        ({"text": "As [6] and [2] show."}, "citation", "the text cites [6] of a history of 5"),
        ({"reasons": (reason(0, 4),)}, "evidence", "[5] does not have colour 'red'"),
        ({"reasons": (reason(0, value=None),)}, "evidence", "an attribute without a value"),
        ({"reasons": (reason(0, attribute=None, value=None),)}, "evidence", "states no attribute"),
        ({"reasons": (reason(0, wants=(("colour", "mauve"),)),)}, "value", "no item has colour 'mauve'"),
        ({"reasons": (reason(0, avoids=(("fit", "red"),)),)}, "value", "no item has fit 'red'"),
        ({"reasons": (reason(0, weight=1.2),)}, "weights", "1.2 is outside [0, 1]"),
        ({"reasons": (reason(0, weight=float("nan")),)}, "weights", "nan is outside [0, 1]"),
        ({"reasons": (reason(0, weight=0.6), reason(1, weight=0.6))}, "weights", "they sum to 1.2, more than 1"),
        ({"reasons": ()}, "verdict", "supported, but without a reason"),
        ({"verdict": "maybe"}, "verdict", "'maybe' is neither supported nor unexplained"),
        ({"text": "Because of the blue in [5]."}, "unspoken", "garment 'hat'"),
        ({"text": "Blue [5], a hat [2], and a scarf."}, "unclaimed", "scarf"),
    ],
)
def test_each_broken_rule_is_named(rules, good, query, changes, rule, detail):
    details = broken(rules, replace(good, **changes), query)
    assert detail in details[rule]


def test_evidence_without_attributes_may_cite_a_purchase_alone(rules, good, query):
    bought = Reason(Evidence((0,), "co_purchase"), wants=(("colour", "blue"),))
    assert rules.violations(replace(good, reasons=(bought,), text="[1] goes with blue."), query) == []


HINDSIGHT = [
    "The user's next purchase is a red hat.",
    "They ended up with a scarf.",
    "So the user bought the blue hat.",
    "After [1] and [2] the user bought the blue hat.",
    "She selected it because of the colour.",
    "This product fits the taste shown in earlier items.",
    "The target item is a hat.",
    "Their final choice was a coat.",
    "It turned out to be a hat.",
    "He went for blue and decided on a hat.",
    "This led the user to buy a hat.",
    "The NEXT ITEM is a hat",
]
RATING = [
    "Rated 5 stars.",
    "They gave it 4.5 out of 5.",
    "A highly rated hat.",
    "The reviewer was very happy.",
    "Positive reviews made it likely.",
    "The user loved it.",
]
FINE = [
    "The user bought [1] and [2], both red, so something red.",
    "Having purchased black boots [3], a black coat goes with them.",
    "[2] was rated 5 stars, so another hat.",
    "[4] disappointed, so rather not oversized.",
    "A voltage rating of 12 V, as in [2].",
    "Surveys and review papers keep coming back.",
    "The user wants a five-pocket coat for the next season.",
    "Likely to go with the blue coat in [1].",
]


@pytest.mark.parametrize("text", HINDSIGHT)
def test_hindsight_is_found(text):
    assert "hindsight" in {violation.rule for violation in forbidden_wording(text)}


@pytest.mark.parametrize("text", RATING)
def test_ratings_are_found(text):
    assert {violation.rule for violation in forbidden_wording(text)} == {"rating"}


@pytest.mark.parametrize("text", FINE)
def test_honest_wording_passes(text):
    assert forbidden_wording(text) == []


def test_hindsight_and_ratings_are_leaks(rules, good, query):
    violations = rules.violations(replace(good, text="The user bought the hat and rated it 5 stars."), query)
    assert {violation.rule for violation in violations if violation.leak} == {"hindsight", "rating"} < LEAKS


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Something like the Gilu hat.", "gilu"),  # the only word of the title that points at it
        ("A blue hat, as in [2] and [5].", ""),  # shared attribute values alone
        ("The Cado of [2].", ""),  # another item
        ("", ""),
    ],
)
def test_a_named_target_is_found(rules, toy, query, text, named):
    violations = rules.names(text, toy.items["blue-hat"], query)
    assert [violation.detail for violation in violations] == ([named] if named else [])


def test_two_pointing_words_are_needed_where_there_are_two(toy, query):
    target = replace(toy.items["blue-hat"], title="Gilu blue hat Zephyr")
    rules = Rules({**toy.items, "blue-hat": target})
    assert rules.names("A gilu.", target, query) == []
    assert [f.detail for f in rules.names("Zephyr, the gilu one", target, query)] == ["gilu zephyr"]


def test_function_words_do_not_point(toy, query):
    target = replace(toy.items["blue-hat"], title="What Not Gilu")
    rules = Rules({**toy.items, "blue-hat": target})
    assert rules.names("What they want is not told.", target, query) == []
    assert rules.names("What is not the Gilu?", target, query) != []


def test_words_of_cited_titles_and_of_values_named_in_the_text_do_not_count(toy, query):
    target = replace(toy.items["blue-hat"], title="Red Boots Nork")  # Nork: the name of red-coat, in the history
    rules = Rules({**toy.items, "blue-hat": target})
    assert rules.names("As [1], the Nork, and red boots", target, query) == []


def test_a_count_that_stands_in_the_target_s_title_does_not_name_it(toy, query):
    target = replace(toy.items["blue-hat"], title="Blue Hat, 35 Yards of 7714 Yarn")
    rules = Rules({**toy.items, "blue-hat": target})
    plain = replace(toy.items["blue-hat"], title="Blue Hat, 35")
    assert Rules({**toy.items, "blue-hat": plain}).names("[1] has 35 other owners.", plain, query) == []
    assert rules.names("[1] has 35 other owners.", target, query) == []
    assert rules.names("The 35 of 7714.", target, query) != []


def test_a_named_target_is_a_violation_only_where_the_target_is_known(rules, toy, good, query):
    named = replace(good, text=good.text + " The Gilu.")
    assert "names_target" not in broken(rules, named, query)
    assert broken(rules, named, query, toy.items["blue-hat"])["names_target"] == "gilu"


def test_titles_of_the_history_are_not_quoted(toy, good, query):
    first = query.history[0].item_id
    titled = replace(toy.items[first], title="The Grand Nork of Hill End, Red")
    rules = Rules({**toy.items, first: titled})
    quoted = replace(good, text=good.text + " Like the grand Nork of Hill End [1].")
    assert broken(rules, quoted, query)["quotes_title"] == "the grand nork of"
    assert "quotes_title" not in broken(rules, replace(good, text=good.text + " A grand hill [1]."), query)
    values = replace(titled, attributes={"line": ("The Grand Nork of Hill End",)})
    assert "quotes_title" not in broken(Rules({**toy.items, first: values}), quoted, query), "a value may be named"
    sized = replace(titled, title="Red Flat Hat 1/4 Inch", attributes={"kind": ("flat hat",), "colour": ("red",)})
    rules = Rules({**toy.items, first: sized})
    cited = replace(good, text="2 of 3 have kind red flat hat ([1], [4]; usually 1 in 9): likely again.")
    assert "quotes_title" not in broken(rules, cited, query), "citations are no words of a title"
    assert broken(rules, replace(good, text="A flat hat 1/4 inch."), query)["quotes_title"] == "flat hat 1 4"


def test_nobody_speaks_for_the_user(rules, toy, query):
    wish = Reason(Evidence((), "wish", "colour", "red"), (("colour", "red"),))
    spoken = text.rationale(query, weighted([(wish, 64)], 64), "model", "m", "1")
    for each in (rules, Rules(toy.items, Facts.of(toy.examples["train"], toy.items))):
        assert set(broken(each, spoken, query)) == {"wish"}


def test_long_texts_take_linear_time(rules, good, query):
    for piece in ("bought ", "rated 5 stars [1] ", "next purchase. ", "a"):
        with ends():
            rules.violations(replace(good, text=(piece * 100_000)[:100_000]), query)


@pytest.fixture
def facts(toy):
    return Facts.of(toy.examples["train"], toy.items)


@pytest.fixture
def written(facts, query):
    return text.rationale(query, weighted([(fact, 64) for fact in facts.about(query, 3)], 32), "llm", "t", "1")


def test_facts_in_the_words_of_the_grammar_break_no_rule(toy, facts, written, query):
    assert Rules(toy.items, facts).violations(written, query, toy.items["blue-hat"]) == []
    assert len(written.reasons) == 3


def test_with_facts_a_reason_is_refused_in_one_line(toy, facts, written, query, good):
    first = written.reasons[0]
    more = replace(first.evidence, support=replace(first.evidence.support, found=99.0))
    miscounted = text.rationale(query, (replace(first, evidence=more), *written.reasons[1:]), "llm", "t", "1")
    (violation,) = Rules(toy.items, facts).violations(miscounted, query)
    assert violation.rule == "fact" and "states 99" in violation.detail
    assert Rules(toy.items).violations(miscounted, query) == [], "without facts nothing is counted"
    old = Rules(toy.items, facts).violations(good, query)
    assert [v.rule for v in old] == ["fact"] * len(good.reasons), "a known reason of a world states no numbers"


def test_thousands_of_reasons_are_one_line(toy, facts, written, query):
    many = replace(written, reasons=written.reasons[:1] * 10_000)
    lines = [v for v in Rules(toy.items, facts).violations(many, query) if v.rule != "weights"]
    assert [(v.rule, v.detail) for v in lines] == [("reasons", "10,000 reasons, at most 12")]
    assert ("reasons", "10,000 reasons, at most 200") in [
        (v.rule, v.detail) for v in Rules(toy.items).violations(many, query)
    ]


def test_a_text_of_the_grammar_states_the_very_reasons_of_the_record(rules, written, query):
    weaker = tuple(replace(reason, weight=reason.weight / 4) for reason in written.reasons)
    others = {
        "3 of 3 reasons are not in the text, and 3 others are": replace(written, reasons=weaker),
        "1 of 3 reasons are not in the text, and 0 others are": replace(
            written, text=text.write(weighted([(r, 64) for r in written.reasons[1:]], 32))
        ),
        "the unexplained has level 32, and 16 in the text": replace(
            written,
            text=written.text.replace("unexplained is very likely", "unexplained is likely"),
        ),
    }
    for detail, rationale in others.items():
        assert [(v.rule, v.detail) for v in rules.violations(rationale, query)] == [("text", detail)]
    assert {v.rule for v in rules.violations(replace(written, text="Likes blue."), query)} <= COUNTED


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e308, -1.0])
def test_impossible_weights_are_violations_and_no_crash(rules, written, query, weight):
    heavy = replace(written.reasons[0], evidence=replace(written.reasons[0].evidence, kind="lasting"), weight=weight)
    light = tuple(replace(r, weight=1e-320) for r in written.reasons[1:])
    assert "weights" in broken(rules, replace(written, reasons=(heavy, *light)), query)
