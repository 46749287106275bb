"""The drafter ``llm`` against a fake endpoint: what it asks, what it accepts, and what a fault leads to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from annotation import prompt_parts
from annotation.__main__ import main
from annotation.drafters import llm
from annotation.drafters.alternatives import Alternatives
from rad.errors import RadError
from rad.llm.forms import read_prompts
from rad.rationales import files
from rad.rationales.rules import Rules
from rad.runtime import records
from rad.runtime.files import canonical, read_jsonl
from rad.types import Interaction, PairExplanation, Query
from tests.support.fake_endpoint import CUT, as_value, contrast, draft, drafting, fail, say, slowly, values_of

RED = ("colour", "red")


@pytest.fixture
def example(toy):
    """u01 at validation: red coat, hat, scarf, boots; then blue-boots, whose title begins with an invented name."""
    (one,) = (e for e in toy.examples["validation"] if e.query.user_id == "u01")
    assert [toy.items[i].title for i in one.relevant] == ["Emra blue boots"]
    return one


@pytest.fixture
def new_drafter(fake_endpoint, toy):
    fake_endpoint.answer = drafting

    def make(**settings):
        defaults = {"base_url": fake_endpoint.url, "model": "fake", "retries": 0, "concurrency": 1, "contrasts": False}
        return llm.Drafter(llm.Drafter.Settings(**{**defaults, **settings})).fit((), toy.items, seed=5)

    return make


def texts(fake_endpoint):
    return [request["messages"][-1]["content"] for request in fake_endpoint.requests]


def rules(violations):
    return [violation.rule for violation in violations]


# --- what it asks ---


def test_the_target_is_never_shown_before_the_rationale_stands(new_drafter, fake_endpoint, toy):
    drafter = new_drafter(contrasts=True)
    for example in (e for split in toy.examples.values() for e in split):
        before = len(fake_endpoint.requests)
        (outcome,) = drafter.drafts([example])
        assert outcome.rationale and len(outcome.contrasts) == 3
        first, *_ = texts(fake_endpoint)[before:] or [""]
        name = toy.items[outcome.item_id].title.split()[0]
        past = {x.item_id for x in example.query.history}
        assert (name in first) == (outcome.item_id in past and bool(first)), "names are invented, one for each item"
        assert not any(item in first for item in toy.items if " " not in item and item.count("-")), "no ids"
        assert example.query.user_id not in first and example.query.query_id not in first


def test_the_prompt_holds_history_profile_and_values(new_drafter, fake_endpoint, example):
    rated = tuple(dataclasses.replace(x, rating=2.0 if k == 1 else None) for k, x in enumerate(example.query.history))
    example = dataclasses.replace(example, query=dataclasses.replace(example.query, history=rated))
    list(new_drafter().drafts([example]))
    (text,) = texts(fake_endpoint)
    assert "[1] Nork red coat. red coat for winter (colour = red; garment = coat)\n" in text
    assert "[2] Olbu red hat. red hat for winter (colour = red; garment = hat) (they rated it 2)\n" in text
    assert "colour: red [1] [2] [3] [4]\ngarment: boots [4]; scarf [3]; hat [2]; coat [1]\n" in text, "latest first"
    assert "\ncolour: black; blue; green; red; white\ngarment: boots; coat; hat; scarf\n" in text
    assert "$" not in text and "blue [" not in text
    assert fake_endpoint.requests[0]["messages"][0]["role"] == "system"


def test_the_profile_is_of_the_history_and_of_nothing_later(toy):
    """The same prefix gives the same profile and history, whatever the user did afterwards."""
    queries = {e.query.user_id: e.query for e in toy.examples["test"]}
    for e in toy.examples["train"]:
        prefix = queries[e.query.user_id].history[: len(e.query.history)]
        again = Query("q", "toy", "u", prefix)
        assert prompt_parts.profile(e.query, toy.items) == prompt_parts.profile(again, toy.items)
        assert prompt_parts.history(e.query, toy.items, 20, 300) == prompt_parts.history(again, toy.items, 20, 300)


def test_long_histories_keep_their_places_and_long_texts_are_cut(toy):
    items = list(toy.items)
    query = Query("q", "toy", "u", tuple(Interaction("u", items[k % 20]) for k in range(30)))
    lines = prompt_parts.history(query, toy.items, 2, 20).split("\n")
    assert [line[:5] for line in lines] == ["[29] ", "[30] "] and all("..." in line for line in lines)
    places = re.findall(r"black ((?:\[\d+\] ?)+)", prompt_parts.profile(query, toy.items))[0].split()
    assert len(places) == prompt_parts.PLACES and places[-1] == "[24]", "the last places of a value, counted over all"
    gone = Query("q", "toy", "u", (Interaction("u", "gone"),))
    assert prompt_parts.history(gone, toy.items, 20, 300) == "[1] (no longer in the catalogue)"
    assert (
        prompt_parts.common_values(toy.items, 2) == "colour: black; blue; and 3 more\ngarment: boots; coat; and 2 more"
    )


def test_hindsight_drafts_are_told_the_target_and_named_so(new_drafter, fake_endpoint, example):
    (outcome,) = new_drafter(hindsight=True).drafts([example])
    assert "Emra blue boots" in texts(fake_endpoint)[0] and outcome.rationale.drafter == "llm-hindsight:fake"
    (other,) = new_drafter().drafts([example])
    assert "Emra" not in texts(fake_endpoint)[1] and other.rationale.drafter == "llm:fake"
    assert other.rationale.rationale_id != outcome.rationale.rationale_id


def test_a_description_is_no_template_and_no_section(new_drafter, fake_endpoint, example, toy):
    item = dataclasses.replace(toy.items["red-hat"], text="$history ${x} \n## system {}")
    drafter = new_drafter()
    drafter.items = {**toy.items, "red-hat": item}
    list(drafter.drafts([example]))
    assert "[2] $history ${x} ## system {} (colour = red; garment = hat)\n" in texts(fake_endpoint)[0]


def test_schemas_are_such_as_strict_endpoints_take(new_drafter, fake_endpoint, example):
    list(new_drafter(contrasts=True).drafts([example]))
    sent = [r["response_format"]["json_schema"] for r in fake_endpoint.requests]

    def walk(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False and set(node["required"]) == set(node["properties"])
            assert not {"default", "minLength", "maxLength", "pattern"} & set(node), "refused by some endpoints"
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            walk(child)

    for shape in sent:
        assert shape["strict"] is True
        walk(shape["schema"])
    assert list(sent[0]["schema"]["properties"]) == ["thoughts", "reasons", "text", "verdict"], "thoughts come first"
    assert list(sent[1]["schema"]["properties"]) == ["thoughts", "for", "against", "contrast"]


def test_the_version_of_the_prompts_changes_with_their_words():
    digests = {"1": "5a63f02af477c4b3"}
    prompts = read_prompts(llm.PROMPTS)
    digest = hashlib.sha256(llm.PROMPTS.read_bytes()).hexdigest()[:16]
    assert digests[prompts["version"]] == digest, "raise the version and pin it here"
    assert set(prompts) == {"version", "system", "rationale", "target", "redraft", "afresh", "contrasts"}


def test_drawn_answers_have_a_seed_of_their_own_for_each_attempt(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say("no"), say("no")]
    list(new_drafter(temperature=0.7).drafts([example]))
    assert [r["seed"] for r in fake_endpoint.requests] == [5, 6, 7]
    list(new_drafter().drafts([example]))
    assert "seed" not in fake_endpoint.requests[-1]


# --- what it accepts ---


def test_a_draft_becomes_a_record(new_drafter, fake_endpoint, example, toy):
    avoiding = {
        "because": [2, 4, 2], "kind": "sequence", "fact": None,
        "wants": [as_value(("Colour", "BLUE"))], "avoids": [as_value(("garment", "scarf"))], "weight": 0.3,
    }  # fmt: skip
    answer = draft(1, RED)
    answer["reasons"].append(avoiding)
    answer["text"] += "\n After [2] and [4]\u202e, something\tblue, rather no scarf. "
    fake_endpoint.script = [say("<think>{no}</think> So:\n```json\n" + json.dumps(answer) + "\n``` Done {")]
    (outcome,) = new_drafter().drafts([example])
    one, two = outcome.rationale.reasons
    assert (one.evidence.history, one.evidence.kind, one.evidence.value, one.wants) == (
        (0,),
        "attribute",
        "red",
        (RED,),
    )
    assert (two.evidence.history, two.evidence.attribute, two.weight) == ((1, 3), None, 0.3)
    assert (two.wants, two.avoids) == ((("colour", "blue"),), (("garment", "scarf"),)), "as the catalogue spells it"
    assert outcome.rationale.text.endswith("wants red. After [2] and [4] , something blue, rather no scarf.")
    assert (outcome.rationale.origin, outcome.rationale.drafter_version) == ("llm", "1.1")
    assert outcome.tried == () and outcome.redrafts == 0 and outcome.counted == ()
    assert Rules(toy.items).violations(outcome.rationale, example.query, toy.items["blue-boots"]) == []


def test_nothing_explains_it_is_an_honest_draft(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft(1, RED, reasons=[], text="Chance.", verdict="unexplained")))]
    drafter = new_drafter()
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale.verdict == "unexplained" and drafter.summary.unexplained == 1


def test_disagreement_of_text_and_claims_is_counted_not_refused(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft(1, RED, text="Rather a blue one, as [1] shows.")))]
    drafter = new_drafter()
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale and sorted(rules(outcome.counted)) == ["unclaimed", "unspoken"]
    assert drafter.summary.record()["counted"] == {"unclaimed": 1, "unspoken": 1}


# --- what is refused, redrafted and rejected ---


def reason(**changes):
    answer = draft(1, RED)
    answer["reasons"][0].update(changes)
    return answer


@pytest.mark.parametrize(
    "answer, rule, detail",
    [
        ("I would rather talk about the weather.", "unreadable", "no JSON object in the answer"),
        (None, "unreadable", "no JSON object in the answer"),
        ("[" * 5000 + '{"a":' * 5000, "unreadable", "no JSON object"),
        ('{"ranking": [1, 2]}', "unreadable", "thoughts: Field required"),
        (draft(1, RED, more=1), "unreadable", "more: Extra inputs are not permitted"),
        (draft(1, RED, reasons="many"), "unreadable", "reasons: Input should be a valid list"),
        (draft(1, RED, verdict="maybe"), "unreadable", "verdict: Input should be 'supported' or 'unexplained'"),
        (draft(1, RED, text="  \u200b "), "unreadable", "must hold 1 to 2000 characters, has 0"),
        (draft(1, RED, text="x" * 2001), "unreadable", "must hold 1 to 2000 characters, has 2001"),
        (draft(1, RED, text="\ud83d"), "unreadable", "must hold 1 to 2000 characters, has 0"),
        (draft(1, RED, **{"odd \ud83d" + "x" * 999: 1}), "unreadable", "Input should be a valid string"),
        (reason(weight=float("nan")), "unreadable", "reasons.0.weight: Input should be a finite number"),
        (reason(because=["one"]), "unreadable", "reasons.0.because.0: Input should be a valid integer"),
        (reason(because=list(range(21))), "unreadable", "reasons.0.because: List should have at most 20 items"),
        (reason(because=[]), "citation", "attribute evidence that cites nothing"),
        (reason(because=[5]), "citation", "[5] of a history of 4"),
        (reason(because=[0]), "citation", "[0] of a history of 4"),
        (reason(because=[-(10**30)]), "citation", "of a history of 4"),
        (reason(fact=as_value(("colour", "blue"))), "evidence", "[1] does not have colour 'blue'"),
        (reason(fact=None), "evidence", "attribute evidence that states no attribute"),
        (reason(wants=[as_value(("colour", "mauve"))]), "value", "no item has colour 'mauve'"),
        (reason(wants=[]), "claim", "reason 1 neither wants nor avoids anything"),
        (reason(weight=1.2), "weights", "1.2 is outside [0, 1]"),
        (draft(1, RED, reasons=draft(1, RED)["reasons"] * 3), "weights", "they sum to 1.5, more than 1"),
        (draft(1, RED, reasons=[]), "verdict", "supported, but without a reason"),
        (draft(1, RED, text="They ended up with red, as [1]."), "hindsight", "ended up"),
        (draft(1, RED, text="Their next purchase is red, as [1]."), "hindsight", "next purchase"),
        (draft(1, RED, text="They gave red five stars."), "rating", "five stars"),
        (draft(1, RED, text="Red, as [9] shows."), "citation", "the text cites [9] of a history of 4"),
    ],
)
def test_a_fault_is_told_and_the_next_draft_accepted(new_drafter, fake_endpoint, example, answer, rule, detail):
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
    assert drafter.summary.unreadable == (rule == "unreadable")
    assert drafter.summary.usage.answers == 2, "a refused answer is paid for as well"


def test_all_faults_of_a_draft_are_told(new_drafter, fake_endpoint, example):
    refused = {**reason(weight=1.2), "text": "They ended up with red."}
    fake_endpoint.script = [say(json.dumps(refused))]
    (outcome,) = new_drafter().drafts([example])
    hint = "It was refused:\n\n- weights: 1.2 is outside [0, 1]\n- hindsight: ended up\n"
    assert outcome.rationale and hint in texts(fake_endpoint)[1] and json.dumps(refused) in texts(fake_endpoint)[1]


def test_a_cut_answer_is_told_so(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft(1, RED))[:150], "length")]
    (outcome,) = new_drafter().drafts([example])
    assert outcome.rationale and outcome.tried[0][0].detail == "the answer was cut at max_tokens"


def test_a_draft_that_names_the_target_is_asked_for_afresh_without_a_hint(new_drafter, fake_endpoint, example):
    leaking = draft(1, RED, text="[1] is red, so an Emra of red. They ended up there.")
    fake_endpoint.script = [say(json.dumps(leaking))]
    (outcome,) = new_drafter().drafts([example])
    assert outcome.rationale and rules(outcome.tried[0]) == ["hindsight", "names_target"]
    first, second = texts(fake_endpoint)
    assert second == f"{first}\n\nRemember: name no particular item, and use no word of a title."
    assert not any("Emra" in json.dumps(r["messages"]) for r in fake_endpoint.requests), "the model is told nothing"


def test_a_hindsight_draft_that_names_the_target_is_told(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft(1, RED, text="[1] is red, so an Emra of red.")))]
    (outcome,) = new_drafter(hindsight=True).drafts([example])
    assert outcome.rationale and "- names_target: emra" in texts(fake_endpoint)[1]


def test_every_relevant_item_is_a_target(new_drafter, fake_endpoint, example):
    example = dataclasses.replace(example, relevant={"blue-boots": 1, "white-hat": 1})
    fake_endpoint.script = [say(json.dumps(draft(1, RED, text="[1] is red, so a Selk of red.")))]
    (outcome,) = new_drafter().drafts([example])
    assert [(f.rule, f.detail) for f in outcome.tried[0]] == [("names_target", "selk")]


@pytest.mark.parametrize("redrafts", [0, 1, 3])
def test_a_draft_that_stays_faulty_is_rejected_and_never_passed_on(new_drafter, fake_endpoint, toy, redrafts):
    counter = iter(range(10**6))
    fake_endpoint.answer = lambda _: say(json.dumps(draft(1, RED, text=f"They ended up with {next(counter)}.")))
    drafter = new_drafter(redrafts=redrafts, contrasts=True)
    examples = toy.examples["validation"][:3]
    outcomes = list(drafter.drafts(examples))
    assert len(fake_endpoint.requests) == 3 * (redrafts + 1), "no contrasts of what was rejected"
    for one in outcomes:
        assert one.rationale is None and one.contrasts == () and len(one.tried) == redrafts + 1
        assert "hindsight" in rules(one.violations) and "ended up" in one.refused.text
    record = drafter.summary.record()
    assert (record["accepted"], record["rejected"], record["redrafts"]) == (0, 3, 3 * redrafts)
    assert record["rejected_by"]["hindsight"] == 3 and record["refused_by"]["hindsight"] == 3 * (redrafts + 1)


def test_rejected_drafts_do_not_stop_the_others_and_order_is_kept(new_drafter, fake_endpoint, toy):
    def moody(request):
        prompt = request["messages"][-1]["content"]
        answer = say("never") if "[4]" in prompt else drafting(request)
        return slowly(0.01 * (len(prompt) % 3), lambda _: answer)(request)

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
    assert all((c.origin, c.drafter, c.drafter_version) == ("llm", "llm:fake", "1.1") for c in outcome.contrasts)
    _, second = texts(fake_endpoint)
    assert "Emra blue boots" in second and other.title in second and outcome.rationale.text in second
    assert drafter.summary.record()["contrasts"] == 3


ITEM, OTHER = "x (colour = blue; garment = boots)", "y (colour = blue; garment = coat)"


@pytest.mark.parametrize(
    "changes, rule, detail",
    [
        ({"for": {"claims": [as_value(RED)], "text": "Red."}}, "claim", "for: it does not have colour 'red'"),
        ({"contrast": {"claims": [], "text": "No."}}, "claim", "contrast: no value tells the two apart"),
        ({"contrast": {"claims": [as_value(RED)], "text": "No."}}, "claim", "contrast: it does not have colour 'red'"),
        ({"against": {"claims": [], "text": "They ended up with it."}}, "hindsight", "against: ended up"),
        ({"for": {"claims": [], "text": "Rated five stars."}}, "rating", "for: Rated five stars"),
        ({"for": {"claims": [], "text": "As [7]."}}, "citation", "for: the text cites [7] of a history of 4"),
        ({"against": {"claims": [], "text": ""}}, "unreadable", "against.text: Value error"),
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
    shared = next(pair for pair in values_of(prompt_parts.described(other, 300)) if pair[1] in ("blue", "boots"))
    sides = {"contrast": {"claims": [as_value(shared)], "text": "No."}}
    item, other = (prompt_parts.described(i, 300) for i in (toy.items["blue-boots"], other))
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


# --- faults of the endpoint ---


@pytest.mark.parametrize(
    "answer",
    [
        fail(429, Retry_After="0.01"),
        fail(500),
        slowly(1.0),
        CUT,
        (200, b'{"choices": [', {"Content-Length": "4000"}),
    ],
    ids=["429", "500", "timeout", "cut", "half"],
)
def test_what_passes_is_tried_again_and_makes_no_redraft(new_drafter, fake_endpoint, example, answer):
    fake_endpoint.script = [answer]
    (outcome,) = new_drafter(retries=2, timeout=0.4).drafts([example])
    assert outcome.rationale and outcome.tried == () and len(fake_endpoint.requests) == 2
    assert texts(fake_endpoint)[0] == texts(fake_endpoint)[1]


@pytest.mark.parametrize(
    "answer, detail",
    [
        (fail(500), "the endpoint answered with status 500"),
        (slowly(1.0), "no answer within 0.4 s"),
        (CUT, "the connection was cut"),
        ((200, b'{"choices": [', {"Content-Length": "4000"}), "the connection was cut"),
        ((200, b"<html>", {"Content-Type": "text/html"}), "the endpoint sent what is not a chat completion"),
        (fail(400, "maximum context length is 9"), "the prompt is longer than the model's context"),
    ],
    ids=["500", "timeout", "cut", "half", "html", "long"],
)
def test_an_example_without_an_answer_is_rejected_and_asked_again_by_the_next_run(
    new_drafter, fake_endpoint, toy, answer, detail
):
    examples = toy.examples["validation"][:3]
    fake_endpoint.script = [drafting, answer]
    drafter = new_drafter(timeout=0.4)
    one, two, three = drafter.drafts(examples)
    assert one.rationale and three.rationale and two.rationale is None
    assert [(f.rule, f.detail) for f in two.violations] == [("unanswered", detail)] and len(two.tried) == 1
    assert drafter.summary.record()["rejected_by"] == {"unanswered": 1}
    before = len(fake_endpoint.requests)
    again = new_drafter(timeout=5)
    assert all(d.rationale for d in again.drafts(examples)) and len(fake_endpoint.requests) == before + 1
    assert again.summary.usage.from_cache == 2


@pytest.mark.parametrize(
    "answer, message",
    [
        (fail(401, "bad key sk-secret"), r"the key was refused \(401\): set RAD_API_KEY or OPENAI_API_KEY"),
        (fail(404, "no such model"), "no model 'fake', or no such path"),
    ],
)
def test_what_would_befall_every_draft_ends_the_run_in_one_line(
    new_drafter, fake_endpoint, toy, monkeypatch, answer, message
):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    drafter = new_drafter(concurrency=2)
    fake_endpoint.answer = answer
    with pytest.raises(RadError, match=message) as error:
        list(drafter.drafts(toy.examples["validation"]))
    assert "\n" not in str(error.value) and "sk-" not in str(error.value)


def test_an_endpoint_that_goes_away_ends_the_run_and_what_was_drafted_is_kept(new_drafter, fake_endpoint, toy):
    drafter = new_drafter(timeout=2)
    stream = drafter.drafts(toy.examples["validation"])
    fake_endpoint.script = [drafting]
    fake_endpoint.answer = lambda _: (fake_endpoint.close(), CUT)[1]
    assert next(stream).rationale
    assert next(stream).violations[0].detail == "the connection was cut"
    with pytest.raises(RadError, match=r"no connection \(.*refused\); is the server running\?"):
        list(stream)


# --- kill, resume, secrets ---

WORLD = "world:seed=3,users=40,items=200"


def command(url, folder, *more):
    return ["draft", str(folder), "--domain", WORLD, "--drafter", "llm", "--base-url", url, "--model", "fake", *more]


def test_a_killed_command_goes_on_and_pays_nothing_twice(fake_endpoint, tmp_path):
    """Redrafts and contrasts included: the first draft of each example is refused."""
    go = threading.Event()

    def refused_first(request):
        prompt = request["messages"][-1]["content"]
        if "An item:" in prompt or "It was refused" in prompt:
            return drafting(request)
        return say("hm")

    def held(request):  # from the 13th request on, nothing is answered until the kill
        if len(fake_endpoint.requests) > 12:
            go.wait(60)
        return refused_first(request)

    fake_endpoint.answer = held
    more = ["--limit", "15", "--set", "concurrency=2"]
    argv = [sys.executable, "-m", "annotation", *command(fake_endpoint.url, tmp_path / "c", *more)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, env=os.environ) as process:
        deadline = time.monotonic() + 120
        while len(fake_endpoint.requests) < 14:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    go.set()
    fake_endpoint.answer = refused_first
    paid = {canonical(r) for r in fake_endpoint.requests[:12]}
    before = len(fake_endpoint.requests)
    subprocess.run(argv, check=True, capture_output=True)
    again = [canonical(r) for r in fake_endpoint.requests[before:]]
    assert len(paid) == 12 and not paid & set(again) and len(again) == len(set(again)) == 45 - 12
    drafts = [r for _, r in files.read(tmp_path / "c" / "drafts.jsonl")]
    pairs = [pair.query_id for _, pair in records.read(tmp_path / "c" / "contrasts.jsonl", PairExplanation)]
    assert len({r.query_id for r in drafts}) == len(drafts) == 15 and len(pairs) == 45
    assert sorted(pairs) == sorted(3 * [r.query_id for r in drafts])
    assert main(argv[3:]) == 0
    assert len(fake_endpoint.requests) == before + 45 - 12


def test_the_command_asks_again_for_what_was_unanswered_and_tells_what_it_took(
    fake_endpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.script = [drafting, drafting, CUT, *[say(f"no {k}") for k in range(3)]]
    fake_endpoint.answer = drafting
    more = ["--limit", "6", "--set", "concurrency=1", "retries=0", "temperature=null", "price_in=1", "price_out=4"]
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "1 got no answer from the endpoint: give the same command again" in output and "sk-" not in output
    assert "2 (for unanswered 1, unreadable 1)" in output and "11 answers (0 from the cache)" in output
    assert "temperature" not in fake_endpoint.requests[0]
    ((_, rejected),) = read_jsonl(tmp_path / "c" / "rejected.jsonl")
    assert rejected["faults"] == [{"rule": "unreadable", "detail": "no JSON object in the answer"}]
    before = len(fake_endpoint.requests)
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    assert len(fake_endpoint.requests) == before + 2, "one rationale and its contrasts"
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 5
    first, second = (record for _, record in read_jsonl(tmp_path / "c" / "drafting.jsonl"))
    assert (first["summary"]["accepted"], second["summary"]["accepted"]) == (4, 1)
    assert first["summary"]["usage"]["cost"] == pytest.approx(11 * (11 + 4 * 7) / 1e6)
    assert first["settings"]["model"] == "fake" and first["seed"] == 0
    assert not any(b"sk-secret" in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_the_command_keeps_and_tells_what_was_done_before_the_endpoint_gave_up(fake_endpoint, tmp_path, capsys):
    fake_endpoint.script = [drafting] * 4
    fake_endpoint.answer = fail(429, "quota used up")
    with pytest.raises(RadError, match=r"rate limit or quota used up .*go on later"):
        main(command(fake_endpoint.url, tmp_path / "c", "--limit", "6", "--set", "concurrency=1", "retries=0"))
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 2
    assert "4 answers (0 from the cache)" in " ".join(capsys.readouterr().out.split())


def test_the_key_is_in_no_file_no_line_and_no_record(new_drafter, fake_endpoint, toy, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    drafter = new_drafter(contrasts=True)
    fake_endpoint.script = [say("no"), fail(400, "the key sk-secret is fine, this prompt is not")]
    outcomes = list(drafter.drafts(toy.examples["validation"]))
    assert set(fake_endpoint.keys) == {"Bearer sk-secret"}
    files.write(tmp_path / "drafts.jsonl", [d.rationale for d in outcomes if d.rationale])
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert len(written) > 1 and not any(b"sk-" in raw for raw in written), "the cache, and what is exported"
    words = canonical(drafter.summary.record()) + repr(drafter.settings) + repr(outcomes) + "".join(capsys.readouterr())
    assert "sk-" not in words and "sk-" not in json.dumps(fake_endpoint.requests)


# --- settings ---


def test_without_an_endpoint_it_says_so(toy):
    with pytest.raises(RadError, match=r"^the drafter 'llm' needs an endpoint: --base-url http://HOST:PORT/v1 --model"):
        llm.Drafter().fit((), toy.items)


@pytest.mark.parametrize("url", ["localhost:80", "https://me:secret@host/v1"])
def test_a_bad_url_is_refused_without_repeating_a_secret(url):
    with pytest.raises(ValueError) as error:
        llm.Drafter.Settings(base_url=url, model="m")
    assert "base_url" in str(error.value)


def test_the_rate_limit_is_that_of_the_settings(new_drafter):
    limit = new_drafter(requests_per_minute=120, tokens_per_minute=6000).endpoint._limit
    assert (limit._each, limit._token) == (0.5, 0.01)
