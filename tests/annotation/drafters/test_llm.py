"""The drafter ``llm`` against a fake endpoint: what it asks, and what it accepts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re

from annotation import prompt_parts
from annotation.drafters import llm
from rad.llm.forms import read_prompts
from rad.rationales.rules import Rules
from rad.types import Interaction, Query
from tests.support.fake_endpoint import as_value, draft, say
from tests.support.llm_drafts import RED, rules, texts

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


def test_a_profile_has_the_last_places_of_a_value(toy):
    items = list(toy.items)
    query = Query("q", "toy", "u", tuple(Interaction("u", items[k % 20]) for k in range(30)))
    places = re.findall(r"black ((?:\[\d+\] ?)+)", prompt_parts.profile(query, toy.items))[0].split()
    assert len(places) == prompt_parts.PLACES and places[-1] == "[24]", "the last places of a value, counted over all"
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
