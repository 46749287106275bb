"""Candidates: on the toy world by hand, on worlds all sound, without a look at the user's own training purchases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import KINDS, NUMBER, OLDER, WEIGHT
from rad.rationales.rules import Rules
from rad.rationales.strengths import LEVELS, weighted
from rad.types import Item, Query
from tests.rad.rationales.facts.conftest import query_of


def blanks(facts: Facts, query: Query) -> set[str]:
    return {text.blank(reason) for reason in facts.about(query, 1000)}


def test_the_facts_of_a_stranger_by_hand(facts):
    """u08's coats; u08 is not in training, so all 17 purchases are of others. 4 are coats, 8 hats, 6 red, 1 blue, 4
    black; 4/17 = 1 in 4.25. Black was shown once, and 1/3 is not 1.5 times 4/17."""
    assert blanks(facts, query_of("u08", "red-coat", "blue-coat", "black-coat")) == {
        "3 of 3 have garment coat ([1], [2], [3]; usually 1 in 4): ___ again.",
        "3 of 3 have garment coat ([1], [2], [3]; usually 1 in 4): ___ taste.",
        "3 of 3 have garment coat ([1], [2], [3]; usually 1 in 4): one nobody has yet is ___.",  # the green one
        "1 of 3 has colour blue ([2]; usually 1 in 17): ___ again.",
        "1 of 3 has colour blue ([2]; usually 1 in 17): ___ taste.",
        "1 of 3 has colour blue ([2]; usually 1 in 17): one nobody has yet is ___.",
        "After garment coat, as in [3], comes garment hat in 3 of 4 cases (usually 5 in 10): ___.",
        "[1] has 2 other owners: what else they have is ___.",  # u01, u02; one owner of [3] is too few
        # each reads like three of its colour and four of its garment
        "[1] reads like 7 other items: these are ___.",
        "[2] reads like 7 other items: these are ___.",
        "[3] reads like 7 other items: these are ___.",
        "[1] shares owners with 3 items like it: these are ___.",  # red hat, scarf and boots
        "[3] shares owners with 2 items like it: these are ___.",  # black boots and hat
        "[1] reads like 1 item nobody has yet: this is ___.",  # green coat; blue coat is in the history
        "[2] reads like 3 items nobody has yet: these are ___.",  # blue boots and scarf, green coat
        "[3] reads like 2 items nobody has yet: these are ___.",  # black scarf, green coat
    }


def test_a_user_s_own_purchases_are_left_out_by_hand(facts):
    """The same three coats by u01, who is in training with a red coat, hat, scarf and boots: 13 purchases of others.
    3 coats of 13 are 1 in 4.3; 2 of 3 hats after a coat are too few; of owners of [1] one is left, u02, with a red hat.
    What only u01 has is new to everybody: a red scarf, red boots."""
    got = blanks(facts, query_of("u01", "red-coat", "blue-coat", "black-coat"))
    assert "3 of 3 have garment coat ([1], [2], [3]; usually 1 in 4): ___ again." in got
    assert "1 of 3 has colour blue ([2]; usually 1 in 13): ___ again." in got
    assert not any(words.startswith("After") or "other owner" in words for words in got)
    assert "[1] shares owners with 1 item like it: this is ___." in got
    assert "[1] reads like 3 items nobody has yet: these are ___." in got


def test_what_comes_next_may_be_in_the_history_by_hand(facts):
    """A hat after a coat, as 3 of 4 went on, though a hat was bought before: one garment after another."""
    words = "After garment coat, as in [2], comes garment hat in 3 of 4 cases (usually 5 in 10): ___."
    assert words in blanks(facts, query_of("u99", "white-hat", "blue-coat"))


def test_the_last_purchase_says_what_comes_next_before_the_last_but_one(facts):
    """The same fact of the last purchase and of the last but one: the first is more telling."""
    hat = facts.catalogue.value_index["garment", "hat"]

    def interest(*items):
        table = facts.candidates([query_of("u99", *items)])
        return table.interest[(table.kind == NUMBER["transition"]) & (table.value == hat)].tolist()

    (last,), (older,) = interest("red-boots", "blue-coat"), interest("blue-coat", "red-boots")
    assert older == pytest.approx(OLDER * last)


def test_ratings_and_absences_by_hand(facts):
    """The mean of 1, 4, 4 and 5 is 3.5. Red is of a purchase that was rated well, too; so only boots are disliked."""
    got = blanks(facts, query_of("u99", "red-boots", "blue-coat", "red-scarf", "white-coat", ratings=(1, 4, 4, 5)))
    assert {words for words in got if "rated" in words} == {
        "[1] has garment boots and was rated 1, below the mean of 3.5: ___ dislike."
    }
    # 8 of 17 purchases are hats, "5 in 10": five purchases without are below 1 in 20, four are not
    assert not any(words.startswith("None") for words in got)
    got = blanks(facts, query_of("u99", "red-boots", "blue-coat", "red-scarf", "white-coat", "red-coat"))
    assert "None of 5 has garment hat (not [3], [4], [5]; usually 5 in 10): ___ dislike." in got


def test_a_kind_of_things_by_hand():
    rows = {"a": ("Makita", "drill"), "b": ("Makita", "drill"), "c": ("Makita", "saw"), "d": ("Acme", "drill")}
    items = {name: Item(name, "toy", name, name, {"brand": (b,), "kind": (k,)}) for name, (b, k) in rows.items()}
    facts = Facts.of([], items)
    assert blanks(facts, query_of("u", "a")) >= {"[1] and 1 other item have brand Makita and kind drill: this is ___."}


def test_an_empty_history_and_unknown_items(facts):
    assert facts.about(query_of("u99")) == facts.about(query_of("u99", "no-such-item")) == []
    assert facts.about(query_of("u01")) == []
    got = blanks(facts, query_of("u99", "gone", "blue-hat", "gone", "blue-coat"))
    # what is gone counts among the purchases, and is never cited
    assert "2 of 4 have colour blue ([2], [4]; usually 1 in 17): ___ again." in got
    assert not any("[1]" in words or "[3]" in words for words in got)
    for reason in facts.about(query_of("u99", "gone", "blue-hat", "gone", "blue-coat"), 1000):
        assert list(facts.check(reason, query_of("u99", "gone", "blue-hat", "gone", "blue-coat"))) == []


def test_many_queries_at_once_are_as_one_by_one(facts, toy, monkeypatch):
    queries = [e.query for split in toy.examples.values() for e in split]
    at_once = facts.candidates(queries)
    assert (np.diff(at_once.query) >= 0).all()
    monkeypatch.setattr("rad.rationales.facts.candidates._BATCH", 4)
    batches = facts.candidates(queries)
    for k, query in enumerate(queries):
        alone = [facts.reason(part, j, query) for part in (facts.candidates([query]),) for j in range(len(part))]
        for table in (at_once, batches):
            rows = np.flatnonzero(table.query == k)
            assert {facts.reason(table, int(j), query) for j in rows} == set(alone)
    assert len(facts.candidates([])) == 0


def test_the_most_telling_come_first_and_no_value_twice_in_a_row(facts):
    assert set(WEIGHT) == set(KINDS)
    query = query_of("u08", "red-coat", "blue-coat", "black-coat")
    ten = facts.about(query, 10)
    assert facts.about(query, 4) == ten[:4]
    assert facts.about_all([query_of("u99"), query], 4) == [[], ten[:4]], "each query has its own"
    assert (ten[0].evidence.kind, ten[0].evidence.value) == ("repeat", "coat")
    table = facts.candidates([query])
    coats = table.take(table.value == facts.catalogue.value_index["garment", "coat"])
    assert [KINDS[k] for k in coats.kind[np.argsort(-coats.interest)]] == ["repeat", "lasting", "new_repeat"]


def small(name: str):
    return open_dataset(f"{name}:users=120,items=300")


@pytest.fixture(scope="module", params=["world", "world_science"])
def dataset(request):
    return small(request.param)


def test_every_candidate_of_a_world_is_sound_and_can_be_said(dataset):
    facts = Facts.of(dataset.examples["train"], dataset.items)
    queries = [e.query for s in ("train", "validation", "test") for e in dataset.examples[s][:25]]
    kinds = check_all(facts, queries, dataset.items)
    assert kinds >= {"repeat", "lasting", "transition", "co_purchase", "similar", "kindred", "kind_of"}


def check_all(facts: Facts, queries, items) -> set[str]:
    """Of every candidate: it is sound, counted again; its words read back, break no rule and name no other value."""
    kinds = set()
    draw, rules = np.random.default_rng(0), Rules(items, facts)
    for query in queries:
        reasons = facts.about(query, 1000)
        for reason in reasons:
            assert list(facts.check(reason, query)) == []
            kinds.add(reason.evidence.kind)
        many = weighted([(reason, int(draw.choice(LEVELS))) for reason in reasons[:48]], 64)
        assert text.parse(text.write(many)) == many
        record = text.rationale(query, reasons[:8], "evidence", "by hand", "1")
        assert text.parse(record.text) == record.reasons
        assert rules.violations(record, query) == []
    return kinds


def test_a_fact_knows_nothing_of_its_user(dataset):
    """The facts of a training query are those that the purchases of all other users give."""
    train = dataset.examples["train"]
    facts = Facts.of(train, dataset.items)
    for example in train[:: len(train) // 8]:
        query = example.query
        others = Facts.of([e for e in train if e.query.user_id != query.user_id], dataset.items)
        # what follows a value is looked up among the likeliest, of everybody: which of these are tried may differ
        assert without_transitions(facts, query) == without_transitions(others, query)
        for reason in facts.about(query, 1000):
            assert list(others.check(reason, query)) == []


def without_transitions(facts: Facts, query: Query) -> set:
    return {reason for reason in facts.about(query, 1000) if reason.evidence.kind != "transition"}


def test_what_comes_later_changes_no_fact(dataset):
    """Facts are counted from the training split alone; a query of another user_id asks as a stranger."""
    facts = Facts.of(dataset.examples["train"], dataset.items)
    stranger = replace(dataset.examples["test"][0].query, user_id="nobody")
    table = facts.candidates([stranger])
    repeat = table.take(table.kind == NUMBER["repeat"])
    shares = facts.value_purchases[repeat.value] / facts.purchases.sum()
    assert np.allclose(np.log(repeat.base), np.log(shares), atol=0.2)


REAL = ("scientific", "fashion", "fashion_rtr", "papers")


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL)
def test_every_candidate_of_a_real_domain_is_sound_and_can_be_said(name, data_dir):
    data = open_dataset(name, data_dir)
    facts = Facts.of(data.examples["train"], data.items)
    queries = [e.query for s in ("train", "test") for e in data.examples[s][:: len(data.examples[s]) // 25]]
    check_all(facts, queries, data.items)
