"""Each arm is the rationale made wrong in one known way, and nothing else of it changes."""

import re
from dataclasses import replace

import pytest

from annotation.study import arms
from annotation.study.arms import ARMS
from rad.data.load import open_dataset
from rad.rationales import text
from rad.rationales.drafts import drafted
from rad.rationales.facts import Facts
from rad.rationales.strengths import levels

NUMBERS = re.compile(r"\[\d+\]")
WORLD = "world:users=60,items=200"


@pytest.fixture(scope="module")
def data():
    return open_dataset(WORLD)


@pytest.fixture(scope="module")
def facts(data):
    return Facts.of(data.examples["train"], data.items)


@pytest.fixture(scope="module")
def explained(data):
    """(query, rationale) of training queries, whose rationales have reasons."""
    of_query = {example.query.query_id: example.query for example in data.examples["train"]}
    every = [(of_query[one.query_id], one) for one in drafted(data.examples["train"], data.items) if one.reasons]
    return [(query, one) for query, one in every if len(query.history) > 3][:60]


def test_wrong_citations_show_nothing_of_what_is_said(data, explained):
    changed = 0
    for query, own in explained:
        if (cited := arms.wrongly_cited(own.reasons, query, data.items)) is None:
            continue
        changed += 1
        for one, other in zip(own.reasons, cited, strict=True):
            places = other.evidence.history
            assert len(places) == len(one.evidence.history) and not {*places} & {*one.evidence.history}
            assert replace(other, evidence=replace(other.evidence, history=one.evidence.history)) == one, (one, other)
            for name, value in one.wants[:1] if one.evidence.kind in ("repeat", "lasting") else ():
                assert all(value not in data.items[query.history[k].item_id].attributes[name] for k in places)
        assert NUMBERS.sub("[]", text.write(cited)) == NUMBERS.sub("[]", text.write(own.reasons)), "nothing else"
    assert changed >= 5


def test_too_short_a_history_has_no_wrong_citations(data, explained):
    query, own = explained[0]
    last = max(k for reason in own.reasons for k in reason.evidence.history)
    everything = replace(own.reasons[0], evidence=replace(own.reasons[0].evidence, history=tuple(range(last + 1))))
    assert arms.wrongly_cited([everything], replace(query, history=query.history[: last + 1]), data.items) is None


def test_facts_that_are_chosen_afterwards_speak_for_the_item(data, explained, facts):
    query, own = explained[0]
    first = data.items[query.history[-1].item_id]
    later = arms.afterwards(own.reasons[:1], query, first, facts)
    (reason,) = later
    assert all(value in first.attributes[name] for name, value in reason.wants) and reason.wants
    assert list(facts.check(replace(reason, weight=1.0), query)) == [], "it is a sound fact"
    assert levels(later)[0] == levels(own.reasons[:1])[0]
    assert arms.afterwards(own.reasons, query, replace(first, attributes={}), facts) is None


def test_the_other_users_history_is_about_as_long_and_has_all_places(explained):
    for query, own in explained[:10]:
        one = arms.donor(query, explained)
        others = {rationale.rationale_id: other for other, rationale in explained}
        other = others[one.rationale_id]
        assert other.user_id != query.user_id and one.rationale_id != own.rationale_id
        assert all(k < len(query.history) for reason in one.reasons for k in reason.evidence.history)
    assert arms.donor(query, [(query, own)]) is None


def test_five_texts_or_none(data, explained, facts):
    examples = []
    for query, own in explained:
        first = data.items[query.history[-1].item_id]
        if texts := arms.texts(query, own, arms.donor(query, explained), first, data.items, facts):
            examples.append((own, texts))
    assert examples, "of some queries all arms can be made"
    for own, texts in examples:
        assert tuple(texts) == ARMS and len(set(texts.values())) == 5
        assert texts["alone"] == "" and texts["rationale"] == own.text
        n = len(text.parse(own.text))
        assert len(text.parse(texts["citations"])) == len(text.parse(texts["afterwards"])) == n
    query, own = explained[0]
    first = data.items[query.history[-1].item_id]
    assert arms.texts(query, own, own, first, data.items, facts) is None, "two arms would be the same"
