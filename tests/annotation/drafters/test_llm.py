"""The drafter ``llm`` against a fake endpoint: what it asks, and what it accepts."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from annotation.drafters import llm
from annotation.drafters import llm_answers as forms
from rad.llm.forms import read_prompts
from rad.rationales import prompt, text
from rad.rationales.rules import Rules
from rad.rationales.strengths import weighted
from tests.support.fake_endpoint import draft, say
from tests.support.llm_drafts import texts

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


def test_the_prompt_holds_the_task_the_history_and_facts_under_letters(new_drafter, fake_endpoint, example):
    rated = tuple(dataclasses.replace(x, rating=2.0 if k == 1 else None) for k, x in enumerate(example.query.history))
    example = dataclasses.replace(example, query=dataclasses.replace(example.query, history=rated))
    drafter = new_drafter(facts=3)
    list(drafter.drafts([example]))
    (shown,) = texts(fake_endpoint)
    assert "[1] Nork red coat. red coat for winter (colour = red; garment = coat)\n" in shown
    assert "[2] Olbu red hat. red hat for winter (colour = red; garment = hat) (they rated it 2)\n" in shown
    assert f"\n\nFacts:\n\n{prompt.lettered(drafter.facts.about(example.query, 3))}\n\n" in shown and "\nC. " in shown
    assert "$" not in shown and "\nD. " not in shown
    (system,) = (m["content"] for m in fake_endpoint.requests[0]["messages"] if m["role"] == "system")
    assert system.startswith(prompt.TASK) and "one JSON object" in system


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
    assert list(sent[0]["schema"]["properties"]) == ["thoughts", "reasons", "unexplained"], "thoughts come first"
    assert list(sent[1]["schema"]["properties"]) == ["thoughts", "for", "against", "contrast"]


def test_the_version_of_the_prompts_changes_with_their_words():
    digests = {"1": "5a63f02af477c4b3", "2": "2fdb47b7cf175628"}
    prompts = read_prompts(llm.PROMPTS)
    digest = hashlib.sha256(llm.PROMPTS.read_bytes()).hexdigest()[:16]
    assert digests[prompts["version"]] == digest, "raise the version and pin it here"
    assert set(prompts) == {"version", "system", "rationale", "target", "redraft", "afresh", "contrasts", "explainer"}


def test_drawn_answers_have_a_seed_of_their_own_for_each_attempt(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say("no"), say("no")]
    list(new_drafter(temperature=0.7).drafts([example]))
    assert [r["seed"] for r in fake_endpoint.requests] == [5, 6, 7]
    list(new_drafter().drafts([example]))
    assert "seed" not in fake_endpoint.requests[-1]


# --- what it accepts ---


def test_a_draft_becomes_a_record(new_drafter, fake_endpoint, example, toy):
    answer = draft(" b\u202e", "very likely", unexplained="most likely")
    answer["reasons"].append({"fact": "A", "strength": "just possible"})
    fake_endpoint.script = [say("<think>{no}</think> So:\n```json\n" + json.dumps(answer) + "\n``` Done {")]
    drafter = new_drafter()
    (outcome,) = drafter.drafts([example])
    first, second = drafter.facts.about(example.query, 2)
    expected = weighted([(second, 32), (first, 4)], 64)
    assert outcome.rationale.reasons == expected == text.parse(outcome.rationale.text)
    assert (outcome.rationale.origin, outcome.rationale.drafter_version) == ("llm", f"2.2.{prompt.VERSION}")
    assert outcome.rationale.verdict == "unexplained" and outcome.rationale.rationale_id.startswith("u01-4-llm-")
    assert outcome.tried == () and outcome.redrafts == 0 and outcome.counted == ()
    rules = Rules(toy.items, drafter.facts)
    assert rules.violations(outcome.rationale, example.query, toy.items["blue-boots"]) == []


def test_both_sorts_of_words_stand_for_the_same_five_levels():
    assert [forms.level(word) for word in forms.STRENGTHS] == [64, 32, 16, 8, 4] * 2


def test_nothing_explains_it_is_an_honest_draft(new_drafter, fake_endpoint, example):
    fake_endpoint.script = [say(json.dumps(draft(reasons=[], unexplained="possible")))]
    drafter = new_drafter()
    (outcome,) = drafter.drafts([example])
    assert outcome.rationale.verdict == "unexplained" and drafter.summary.unexplained == 1
    assert outcome.rationale.text == "Something unexplained is most likely.", "of nothing else"
