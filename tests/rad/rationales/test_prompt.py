import hashlib
import re

import pytest

from rad.rationales import prompt, text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.types import Interaction, Query


def test_a_prompt_is_the_same_whatever_the_user_did_afterwards(toy):
    """Only counts of *other* users, and the prefix itself, are in it."""
    facts = Facts.of(toy.examples["train"], toy.items)
    queries = {e.query.user_id: e.query for e in toy.examples["test"]}
    for e in toy.examples["train"]:
        again = Query("q", "toy", e.query.user_id, queries[e.query.user_id].history[: len(e.query.history)])
        prompts = [prompt.messages(q, toy.items, facts.about(q, prompt.MOST_FACTS)) for q in (e.query, again)]
        assert prompts[0] == prompts[1]


def test_facts_have_letters_and_blanks_which_make_them_reasons_of_the_grammar(toy):
    facts = Facts.of(toy.examples["train"], toy.items)
    for e in toy.examples["test"]:
        shown = facts.about(e.query, prompt.MOST_FACTS)
        lines = prompt.lettered(shown).split("\n")
        assert [line[:3] for line in lines] == [f"{letter}. " for letter in prompt.LETTERS[: len(shown)]]
        for line, fact in zip(lines, shown, strict=True):
            lasting = fact.evidence.kind in ("lasting", "absence", "rating")
            filled = line[3:].replace(text.BLANK, "a clear" if lasting else "likely")
            assert text.parse(f"{filled} {text.REST.format('likely')}") == weighted([(fact, 16)], 16)


def test_what_a_fact_cites_is_shown_however_long_ago(toy):
    (query,) = (e.query for e in toy.examples["test"] if e.query.user_id == "u06")
    facts = [f for f in Facts.of(toy.examples["train"], toy.items).about(query) if 0 in f.evidence.history]
    user = prompt.messages(query, toy.items, facts, window=1)[1]["content"]
    assert re.findall(r"^\[(\d)\]", user, re.MULTILINE)[0] == "1" and "\n[4] " in user


def test_long_histories_keep_their_places_and_long_texts_are_cut(toy):
    items = list(toy.items)
    query = Query("q", "toy", "u", tuple(Interaction("u", items[k % 20]) for k in range(30)))
    lines = prompt.history(query, toy.items, 2, 20).split("\n")
    assert [line[:5] for line in lines] == ["[29] ", "[30] "] and all("..." in line for line in lines)
    gone = Query("q", "toy", "u", (Interaction("u", "gone", rating=2.0),), profile="Likes snow.")
    assert prompt.history(gone, toy.items, 20, 300) == "[1] (no longer in the catalogue) (they rated it 2)"
    assert prompt.messages(gone, toy.items, [])[1]["content"].startswith("About them: Likes snow.\n\nChosen so far:")


def test_no_more_facts_than_letters_and_none_at_all(toy):
    fact = Facts.of(toy.examples["train"], toy.items).about(toy.examples["test"][0].query)[0]
    with pytest.raises(ValueError, match="27 facts, but 26 letters"):
        prompt.lettered([fact] * 27)
    system, user = prompt.messages(Query("q", "toy", "u", ()), toy.items, [])
    assert user["content"] == "Chosen so far:\n\n(nothing yet)\n\nFacts:\n\n(none)"
    assert system["role"] == "system" and prompt.EXAMPLE in system["content"]


def test_the_version_changes_with_the_words():
    digest = hashlib.sha256((prompt.SYSTEM + prompt.FILLING + prompt.HEAD).encode()).hexdigest()[:16]
    assert {"4": "5fa1f1014b9b5ee4"}[prompt.VERSION] == digest, "raise the version and pin it here"


def test_an_answer_is_read_back_with_or_without_letters_and_lines_that_say_nothing(toy):
    facts = Facts.of(toy.examples["train"], toy.items).about(toy.examples["test"][0].query, 6)
    chosen = [(facts[3], 16), (facts[0], 64)]
    written = prompt.answer(facts, chosen, 32)
    assert [line[:3] for line in written.splitlines()] == ["A. ", "D. ", "Som"]  # strongest first
    filled = "".join(prompt.lines("B", facts[1])[level] for level in (0, 8)) + prompt.last_line(4)
    assert prompt.read(written) == ([(facts[0], 64), (facts[3], 16)], 32, [])
    assert prompt.read(filled)[:2] == ([(facts[1], 8)], 4) and len(prompt.read(filled)[2]) == 1
    assert prompt.read(prompt.answer(facts[:1], chosen, 0))[:2] == ([(facts[0], 64), (facts[3], 16)], 0)


def test_a_model_that_fills_in_blanks_is_shown_the_history_alone(toy):
    query = toy.examples["test"][0].query
    system, user = prompt.filling(query, toy.items, window=1, longest=0)
    assert system["content"] == prompt.FILLING and user["content"].endswith(prompt.HEAD)
    assert user["content"].count("\n[") == 1 and f"[{len(query.history)}]" in user["content"]


def test_hints_stand_in_front_and_are_no_part_of_what_is_read(toy):
    query = toy.examples["test"][0].query
    facts = Facts.of(toy.examples["train"], toy.items).about(query, 2)
    hints = [100, 6, 50]  # the last is that of the unexplained
    _, user = prompt.messages(query, toy.items, facts, hints=hints)
    assert f"{prompt.HEAD}\n\nA 100%. {text.blank(facts[0])}\nB 6%. " in user["content"]
    assert user["content"].endswith(f"\n50%. {text.REST.format(text.BLANK)}")
    written = prompt.lines(prompt.label(1, hints), facts[1])[32] + prompt.last_line(64, hints)
    assert written.startswith("B 6%. ") and "\n50%. " in written and prompt.read(written) == ([(facts[1], 32)], 64, [])
