"""The table of conversations: the assistant says what a draft says, of facts that the user shows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import rad
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import instruct, prompt, text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted

WORLD = "world:seed=5,users=60,items=200"


@pytest.fixture(scope="module")
def world():
    return open_dataset(WORLD)


@pytest.fixture(scope="module")
def rows():
    return rad.load(WORLD, "instruct")


def test_every_training_query_is_a_conversation(world, rows):
    assert rows["query_id"] == [e.query.query_id for e in world.examples["train"]]
    assert {tuple(m["role"] for m in row["messages"]) for row in rows} == {("system", "user", "assistant")}
    assert len({row["messages"][0]["content"] for row in rows}) == 1


def test_the_assistant_says_sound_facts_that_the_user_shows(world, rows):
    facts = Facts.of(world.examples["train"], world.items)
    n_reasons = 0
    for row, example in list(zip(rows, world.examples["train"], strict=True))[::5]:
        _, user, assistant = (message["content"] for message in row["messages"])
        reasons, rest, other = prompt.read(assistant)
        assert reasons or rest
        assert not other
        for reason, _ in reasons:
            assert f". {text.blank(reason)}" in user
            assert list(facts.check(reason, example.query)) == []
            n_reasons += 1
    assert n_reasons > 50


def test_no_message_has_the_item_that_was_bought(world, rows):
    for row, example in zip(rows, world.examples["train"], strict=True):
        target = world.items[next(iter(example.relevant))]
        past = {x.item_id for x in example.query.history}
        if target.item_id not in past and len(target.title) > 15:
            assert not any(target.title in message["content"] for message in row["messages"])
            assert not any(re.search(rf"\b{target.item_id}\b", m["content"]) for m in row["messages"])


def test_what_people_corrected_stands_in_place_of_the_draft(world):
    (example,) = world.examples["train"][:1]
    facts = Facts.of([example], world.items)
    draft = text.rationale(example.query, facts.about(example.query)[:0], "evidence", "evidence", "1")
    edited = text.rationale(example.query, facts.about(example.query, 1), "edited", "people", "1")

    def answer(own):
        (row,) = instruct.rows([replace(example, rationale=own)], world.items, {example.query.query_id: draft})
        return row["messages"][-1]["content"]

    def reasons(own):
        return text.write(weighted(*prompt.read(answer(own))[:2]))

    assert reasons(edited) == edited.text != draft.text
    assert reasons(replace(edited, text="They like red.")) == reasons(example.rationale) == reasons(None) == draft.text


def test_an_unknown_table_is_one_line():
    with pytest.raises(RadError, match="unknown config 'instruc'"):
        rad.load(WORLD, "instruc")


def test_one_table_alone_is_that_of_the_whole():
    loaded = rad.load(WORLD)
    assert rad.load(WORLD, "items").to_list() == loaded.items.to_list()
    assert rad.load(WORLD, "examples")["test"].to_list() == loaded.examples["test"].to_list()
    assert rad.load(WORLD, "rationales").to_list() == loaded.rationales.to_list()
