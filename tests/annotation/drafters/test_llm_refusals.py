"""The drafter ``llm``: which drafts and explanations are refused, asked for again and rejected."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from annotation.drafters.alternatives import Alternatives
from rad.llm.answer import PROBLEMS
from rad.rationales import prompt
from rad.rationales.facts import Facts
from rad.rationales.prompt import described
from rad.rationales.rules import Rules
from tests.support.fake_endpoint import as_value, contrast, draft, drafting, say, slowly, values_of
from tests.support.llm_drafts import RED, rules, texts

# --- what is refused, redrafted and rejected ---


def chosen(*letters, strength="likely"):
    return draft(reasons=[{"fact": letter, "strength": strength} for letter in letters])


@pytest.mark.parametrize(
    "answer, rule, detail",
    [
        ("I would rather talk about the weather.", "unreadable", "no JSON object in the answer"),
        (None, "empty", "the answer is empty"),
        ("[" * 5000 + '{"a":' * 5000, "unreadable", "no JSON object"),
        ('{"ranking": [1, 2]}', "unreadable", "the answer lacks 'thoughts', 'reasons', 'unexplained'"),
        (draft(more=1), "unreadable", "more: Extra inputs are not permitted"),
        (draft(reasons="many"), "unreadable", "reasons: Input should be a valid list"),
        (draft(unexplained="a lot"), "unreadable", "unexplained: Value error, must be one of most likely, very likely"),
        (draft(unexplained="\ud83d"), "unreadable", "unexplained"),
        (draft(**{"odd \ud83d" + "x" * 999: 1}), "unreadable", "Input should be a valid string"),
        (chosen("A", strength="certain"), "unreadable", "reasons.0.strength: Value error, must be one of"),
        (chosen("A", strength=0.5), "unreadable", "reasons.0.strength: Input should be a valid string"),
        (chosen("A", ""), "fact", "'' is no letter of a fact"),
        (chosen("AB"), "fact", "'AB' is no letter of a fact"),
        (chosen("Z" * 999), "fact", "'ZZZZZZZZZZZZZZZZZZZZ' is no letter of a fact"),
        (chosen("B", "A", "b"), "fact", "B stands twice"),
        (chosen(*"ABCDEFGHI"), "reasons", "9 reasons, at most 8"),
        (chosen(*["A"] * 10_000), "reasons", "10,000 reasons, at most 8"),
    ],
)
def test_a_violation_is_shown_and_the_next_draft_accepted(new_drafter, fake_endpoint, example, answer, rule, detail):
    text = answer if answer is None or isinstance(answer, str) else json.dumps(answer)
    fake_endpoint.script = [say(text)]
    drafter = new_drafter()
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale and outcome.redrafts == 1 and outcome.violations == ()
    assert all(len(f.detail) <= 300 and f.detail.encode() for f in outcome.tried[0]), "short, and fit for a file"
    assert rule in rules(outcome.tried[0]) and detail in " ".join(f.detail for f in outcome.tried[0])
    first, second = texts(fake_endpoint)
    assert second.startswith(first) and f"- {rule}: " in second and "It was refused" in second
    assert drafter.summary.record()["refused_by"][rule] == 1 and drafter.summary.record()["rejected_by"] == {}
    assert drafter.summary.problems == ({rule: 1} if rule in PROBLEMS else {})
    assert drafter.summary.usage.answers == 2, "a refused answer is paid for as well"


def test_all_violations_of_a_draft_are_shown(new_drafter, fake_endpoint, example):
    refused = chosen("A", "?", "a")
    fake_endpoint.script = [say(json.dumps(refused))]
    (outcome,) = new_drafter().drafts([example])
    hint = "It was refused:\n\n- fact: '?' is no letter of a fact\n- fact: A stands twice\n"
    assert outcome.rationale and hint in texts(fake_endpoint)[1] and json.dumps(refused) in texts(fake_endpoint)[1]


def test_a_letter_beyond_the_shown_facts_is_none(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(chosen("C")))]
    (outcome,) = new_drafter(facts=2).drafts([example])
    assert [(f.rule, f.detail) for f in outcome.tried[0]] == [("fact", "'C' is no letter of a fact")]


def test_claims_are_counted_again(new_drafter, fake_endpoint, example):
    """A drafter whose facts are of other purchases than those that the rules count."""
    drafter = new_drafter(redrafts=0)
    (fact,) = drafter.facts.about(example.query, 1)
    drafter.rules.facts = Facts.of((), drafter.items)
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale is None and rules(outcome.violations) == ["fact"]
    assert outcome.refused.reasons[0].evidence == fact.evidence


def test_a_cut_answer_is_told_so(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft())[:50], "length")]
    (outcome,) = new_drafter().drafts([example])
    assert outcome.rationale and outcome.tried[0][0].detail == "the answer was cut at max_tokens"


@pytest.fixture
def red_herring(toy, example):
    """The catalogue with a target whose name is a word of the grammar, and the example that has it."""
    items = dict(toy.items)
    items["blue-boots"] = dataclasses.replace(items["blue-boots"], title="Unexplained blue boots")
    return items, example


def test_a_draft_that_names_the_target_is_asked_for_afresh_without_a_hint(new_drafter, fake_endpoint, red_herring):
    items, example = red_herring
    drafter = new_drafter(redrafts=1)
    drafter.items, drafter.rules = items, Rules(items, drafter.facts)
    (outcome,) = drafter.drafts([example])
    assert [rules(tried) for tried in outcome.tried] == [["names_target"]] * 2
    first, second = texts(fake_endpoint)
    assert second == f"{first}\n\nBegin anew: choose other facts, and name no particular item."
    assert not any("names_target" in json.dumps(r["messages"]) for r in fake_endpoint.requests)


def test_a_hindsight_draft_that_names_the_target_is_shown_that(new_drafter, fake_endpoint, red_herring):
    items, example = red_herring
    drafter = new_drafter(hindsight=True, redrafts=1)
    drafter.items, drafter.rules = items, Rules(items, drafter.facts)
    list(drafter.drafts([example]))
    assert "- names_target: unexplained" in texts(fake_endpoint)[1]


def test_every_relevant_item_is_a_target(new_drafter, fake_endpoint, red_herring):
    items, example = red_herring
    drafter = new_drafter(redrafts=0)
    drafter.items, drafter.rules = items, Rules(items, drafter.facts)
    (outcome,) = drafter.drafts([dataclasses.replace(example, relevant={"white-hat": 1, "blue-boots": 1})])
    assert [(f.rule, f.detail) for f in outcome.tried[0]] == [("names_target", "unexplained")]


@pytest.mark.parametrize("redrafts", [0, 1, 3])
def test_a_draft_that_stays_faulty_is_rejected_and_never_passed_on(new_drafter, fake_endpoint, toy, redrafts):
    counter = iter(range(10**6))
    fake_endpoint.answer = lambda _: say(json.dumps(chosen(f"?{next(counter)}")))
    drafter = new_drafter(redrafts=redrafts, contrasts=True)
    examples = toy.examples["validation"][:3]
    outcomes = list(drafter.drafts(examples))
    assert len(fake_endpoint.requests) == 3 * (redrafts + 1), "no contrasts of what was rejected"
    for one in outcomes:
        assert one.rationale is None and one.contrasts == () and len(one.tried) == redrafts + 1
        assert rules(one.violations) == ["fact"] and one.refused.reasons == ()
    record = drafter.summary.record()
    assert (record["accepted"], record["rejected"], record["redrafts"]) == (0, 3, 3 * redrafts)
    assert record["rejected_by"]["fact"] == 3 and record["refused_by"]["fact"] == 3 * (redrafts + 1)


def test_rejected_drafts_do_not_stop_the_others_and_order_is_kept(new_drafter, fake_endpoint, toy):
    def moody(request):
        shown = request["messages"][-1]["content"]
        answer = say("never") if "\n[4]" in shown else drafting(request)
        return slowly(0.01 * (len(shown) % 3), lambda _: answer)(request)

    fake_endpoint.answer = moody
    examples = [*toy.examples["train"], *toy.examples["validation"], *toy.examples["test"]]
    outcomes = list(new_drafter(concurrency=4).drafts(examples))
    assert [d.query_id for d in outcomes] == [e.query.query_id for e in examples] and fake_endpoint.most > 1
    assert [d.rationale is None for d in outcomes] == [len(e.query.history) >= 4 for e in examples]


# --- both polarities and the contrast ---


def test_both_polarities_and_the_contrast(new_drafter, fake_endpoint, example, toy):
    drafter = new_drafter(contrasts=True)
    (outcome,) = drafter.drafts([example])
    suits, suits_not, contrast_ = outcome.contrasts
    assert [(c.item_id, c.polarity) for c in outcome.contrasts[:2]] == [
        ("blue-boots", "for"),
        ("blue-boots", "against"),
    ]
    assert suits.claims == (("colour", "blue"),) and suits_not.claims == () and suits_not.text
    other = toy.items[contrast_.item_id]
    assert contrast_.polarity == "against" and other.item_id not in {x.item_id for x in example.query.history}
    assert all(v in other.attributes[a] and v not in toy.items["blue-boots"].attributes[a] for a, v in contrast_.claims)
    assert all(
        (c.origin, c.drafter, c.drafter_version) == ("llm", "llm:fake", f"2.2.{prompt.VERSION}")
        for c in outcome.contrasts
    )
    _, second = texts(fake_endpoint)
    assert "Emra blue boots" in second and other.title in second and outcome.rationale.text in second
    assert drafter.summary.record()["contrasts"] == 3


ITEM, OTHER = "x (colour = blue; garment = boots)", "y (colour = blue; garment = coat)"


@pytest.mark.parametrize(
    "changes, rule, detail",
    [
        ({"for": {"claims": [as_value(RED)], "text": "Red."}}, "claim", "for: it does not have colour 'red'"),
        ({"contrast": {"claims": [], "text": "No."}}, "claim", "contrast: no value tells the two apart"),
        ({"contrast": {"claims": [as_value(RED)], "text": "Red."}}, "claim", "contrast: it does not have colour 'red'"),
        ({"against": {"claims": [], "text": "They ended up with it."}}, "hindsight", "against: ended up"),
        ({"for": {"claims": [], "text": "Rated five stars."}}, "rating", "for: Rated five stars"),
        ({"for": {"claims": [], "text": "As [7]."}}, "citation", "for: the text cites [7] of a history of 4"),
        ({"against": {"claims": [], "text": ""}}, "unreadable", "against.text: Value error"),
        ({"against": {"claims": [], "text": "..."}}, "junk", "against: the text has no words"),
        ({"for": {"claims": [], "text": "I'm sorry, I can't."}}, "junk", "for: the text declines: I'm sorry"),
        (
            {"for": {"claims": [as_value(("colour", "blue"))], "text": "It suits."}},
            "says_nothing",
            "for: the text cites no place",
        ),
    ],
)
def test_faulty_explanations_are_redrafted_then_left_out(new_drafter, fake_endpoint, example, changes, rule, detail):
    def faulty(request):
        prompt = request["messages"][-1]["content"]
        if "An item:" not in prompt:
            return drafting(request)
        item, other = re.search(r"An item:\n\n(.*)\n\n.*\n\n(.*)", prompt).groups()
        return say(json.dumps(contrast(item, other, **changes)))

    fake_endpoint.answer = faulty
    drafter = new_drafter(contrasts=True, redrafts=1)
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale and outcome.contrasts == () and outcome.violations == ()
    assert [rules(tried) for tried in outcome.contrasts_tried] == [[rule]] * 2
    assert detail in outcome.contrasts_tried[0][0].detail and f"- {rule}: {detail}" in texts(fake_endpoint)[-1]
    record = drafter.summary.record()
    assert (record["accepted"], record["contrasts_rejected"], record["contrasts_refused_by"]) == (1, 1, {rule: 2})


def test_a_value_that_both_have_tells_nothing_apart(new_drafter, fake_endpoint, example, toy):
    drafter = new_drafter(contrasts=True)
    other = drafter.alternatives.nearest(toy.items["blue-boots"], {x.item_id for x in example.query.history})
    shared = next(pair for pair in values_of(described(other, 300)) if pair[1] in ("blue", "boots"))
    sides = {"contrast": {"claims": [as_value(shared)], "text": "No."}}
    item, other = (described(i, 300) for i in (toy.items["blue-boots"], other))
    fake_endpoint.script = [drafting, say(json.dumps(contrast(item, other, **sides)))]
    (outcome,) = drafter.drafts([example])
    assert len(outcome.contrasts) == 3 and "both have" in outcome.contrasts_tried[0][0].detail


def test_the_nearest_alternative_is_that_of_bm25(toy):
    from rank_bm25 import BM25Okapi

    from rad.features.bm25 import tokenize

    ids, alternatives = list(toy.items), Alternatives(toy.items)
    okapi = BM25Okapi([tokenize(toy.items[i].text) for i in ids])
    for item in toy.items.values():
        scores = okapi.get_scores(tokenize(item.text))
        left = [i for i in ids if i not in (item.item_id, "red-hat")]
        best = max(left, key=lambda i: (round(scores[ids.index(i)], 9), -ids.index(i)))
        assert alternatives.nearest(item, {"red-hat"}).item_id == best
    assert alternatives.nearest(item, set(ids)) is None


def test_without_another_value_there_is_no_contrast(new_drafter, example, toy):
    drafter = new_drafter(contrasts=True)
    drafter.alternatives = Alternatives({"blue-boots": toy.items["blue-boots"]})
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale and outcome.contrasts == () and rules(outcome.contrasts_tried[0]) == ["no_alternative"]
