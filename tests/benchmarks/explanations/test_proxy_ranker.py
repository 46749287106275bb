"""What the proxy ranker reads of a rationale in the words of rad.rationales.text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.explanations.proxy_ranker import ProxyRanker, masked, single_values
from rad.rationales import text
from rad.rationales.strengths import weighted
from rad.types import Evidence, Reason, Support


def pointer(index):
    return Reason(Evidence((index,), "similar", support=Support(5.0)))


def likes(value, attribute="colour"):
    return Reason(Evidence((0,), "repeat", attribute, value, Support(2.0, 5.0, 0.1)), ((attribute, value),))


@pytest.fixture
def query(toy):
    """u01: red-coat, red-hat, red-scarf, red-boots, blue-boots."""
    return next(e.query for e in toy.examples["test"] if e.query.user_id == "u01")


def rationale(query, *reasons, rest=4):
    return text.rationale(query, weighted([(reason, 64) for reason in reasons], rest), "model", "toy", "1")


def test_it_looks_up_what_a_reason_points_to(toy, query):
    ranker = ProxyRanker(toy.items)
    for index, garment in ((0, "coat"), (1, "hat"), (2, "scarf")):
        (p,) = ranker.rank([query], [rationale(query, pointer(index))], history=False)
        assert p.ranking[0].endswith(garment), "what shares words with the cited purchase"


def test_the_words_of_the_grammar_are_not_read(toy, query):
    """Two rationales of other kinds and numbers, and the same value: the same ranking."""
    own = rationale(query, likes("green"))
    reason = own.reasons[0]
    always = rationale(query, replace(reason, evidence=replace(reason.evidence, kind="lasting")), rest=64)
    one, two = ProxyRanker(toy.items).rank([query] * 2, [own, always], history=False)
    assert one.ranking == two.ranking and one.ranking[0].startswith("green")


def test_a_weak_reason_moves_little(toy, query):
    ranker = ProxyRanker(toy.items)
    weak = text.rationale(query, weighted([(likes("green"), 4)], 64), "model", "toy", "1")
    little, much = ranker.rank([query] * 2, [weak, rationale(query, likes("green"))])
    n_green = [sum(item.startswith("green") for item in p.ranking[:4]) for p in (little, much)]
    assert n_green[0] < n_green[1] == 4, "all four green things"


def test_masking_keeps_to_the_grammar(toy, query):
    """Fosk green coat is the target: a made-up value that names it goes with its reason, a shared one stays."""
    target = next(item for item in toy.items.values() if item.item_id == "green-coat")
    word = target.title.split()[0]
    own = rationale(query, likes("green"), likes(word, "label"))
    left = masked(own, [target.item_id], query, toy.items, single_values(toy.items))
    assert [r.wants for r in left.reasons] == [(("colour", "green"),)] and text.parse(left.text) == left.reasons
    shared = rationale(query, likes("green"))
    assert masked(shared, [target.item_id], query, toy.items, single_values(toy.items)) == shared
