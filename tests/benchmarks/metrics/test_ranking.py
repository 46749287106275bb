"""Metrics: values worked out by hand, properties, and agreement with second implementations."""

from __future__ import annotations

import math
import random
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rescore import ndcg
from rad import registry
from rad.errors import RadError
from rad.types import Evidence, Example, Interaction, Item, Prediction, Query, Rationale, Reason, Support

ITEMS = {
    name: Item(name, "toy", name, name, attributes)
    for name, attributes in {
        "a": {"colour": ("red",), "material": ("wool",)},
        "b": {"colour": ("blue",)},
        "c": {"colour": ("red", "blue")},
        "d": {},
        **{f"x{k}": {} for k in range(20)},
    }.items()
}


def metric(name, k=None):
    return registry.load("benchmarks.metrics", name)(ITEMS, k)


def rationale(*reasons, verdict="supported"):
    return Rationale("r", "q", reasons, "", verdict, "known", "toy", "1")


def example(relevant=None, history=("a", "b"), reference=None):
    query = Query("q", "toy", "u", tuple(Interaction("u", item) for item in history))
    return Example(query, "test", relevant or {"c": 1}, reference)


def ranked(*items):
    return Prediction("q", items)


def because(history, attribute=None, value=None, wants=(), weight=0.5, kind="attribute", support=None, avoids=()):
    return Reason(Evidence(tuple(history), kind, attribute, value, support), tuple(wants), tuple(avoids), weight)


@pytest.mark.parametrize(
    ("name", "k", "ranking", "expected"),
    [
        ("ndcg", 10, ["c", "d"], 1.0),
        ("ndcg", 10, ["d", "c"], 1 / math.log2(3)),
        ("ndcg", 10, ["d", "x1", "c"], 0.5),
        ("ndcg", 2, ["d", "x1", "c"], 0.0),
        ("ndcg", None, ["d", "x1", "c"], 0.5),
        ("ndcg", 10, [], 0.0),
        ("recall", 1, ["d", "c"], 0.0),
        ("recall", 2, ["d", "c"], 1.0),
        ("hit_rate", 2, ["d", "c"], 1.0),
        ("hit_rate", 1, ["d", "c"], 0.0),
        ("mrr", None, ["d", "x1", "x2", "c"], 0.25),
        ("mrr", 4, ["d", "x1", "x2", "c"], 0.25),
        ("mrr", 3, ["d", "x1", "x2", "c"], 0.0),
        ("mrr", None, [], 0.0),
    ],
)
def test_ranking_by_hand(name, k, ranking, expected):
    assert metric(name, k).score(ranked(*ranking), example()) == pytest.approx(expected)


def test_graded_and_multiple_answers_by_hand():
    graded = example({"c": 2, "d": 1})
    best = 2 + 1 / math.log2(3)
    assert metric("ndcg", 10).score(ranked("d", "c"), graded) == pytest.approx((1 + 2 / math.log2(3)) / best)
    assert metric("recall", 1).score(ranked("c"), graded) == 0.5
    assert metric("hit_rate", 1).score(ranked("c"), graded) == 1.0


def test_order_is_by_rank_and_not_by_id():
    """trec_eval breaks ties by descending id; rankings must come through it unchanged."""
    names = [f"x{k}" for k in range(20)]
    for order in (names, names[::-1]):
        reciprocals = [metric("mrr").score(ranked(*order), example({item: 1})) for item in order]
        assert reciprocals == pytest.approx([1 / rank for rank in range(1, 21)])


rankings = st.lists(st.sampled_from(sorted(ITEMS)), unique=True, max_size=24)
answers = st.dictionaries(st.sampled_from(sorted(ITEMS)), st.integers(1, 4), min_size=1, max_size=5)


@settings(deadline=None)
@given(rankings, answers, st.integers(1, 30))
def test_agrees_with_independent_code(ranking, relevant, k):
    p, e = ranked(*ranking), example(relevant)
    hits = [rank for rank, item in enumerate(ranking, 1) if item in relevant]
    assert metric("ndcg", k).score(p, e) == pytest.approx(ndcg(ranking, relevant, k))
    assert metric("recall", k).score(p, e) == pytest.approx(sum(r <= k for r in hits) / len(relevant))
    assert metric("hit_rate", k).score(p, e) == any(r <= k for r in hits)
    assert metric("mrr").score(p, e) == pytest.approx(1 / hits[0] if hits else 0.0)


@settings(deadline=None)
@given(rankings, answers, st.integers(1, 10))
def test_bounds_and_what_lies_below_the_cut(ranking, relevant, k):
    below = ranking[k:]
    random.Random(0).shuffle(below)
    for name in ("ndcg", "recall", "hit_rate", "mrr"):
        value = metric(name, k).score(ranked(*ranking), example(relevant))
        assert 0 <= value <= 1 + 1e-9
        assert metric(name, k).score(ranked(*ranking[:k], *below), example(relevant)) == value


@settings(deadline=None)
@given(st.permutations(["c", "d", "x1", "x2", "x3"]))
def test_moving_the_answer_up_never_hurts(ranking):
    position = ranking.index("c")
    if position == 0:
        return
    better = [*ranking]
    better[position - 1], better[position] = better[position], better[position - 1]
    for name in ("ndcg", "recall", "hit_rate", "mrr"):
        for k in (1, 3, 5):
            lower = metric(name, k).score(ranked(*ranking), example())
            assert metric(name, k).score(ranked(*better), example()) >= lower


def test_one_by_one_equals_all_at_once():
    rng = random.Random(1)
    names = sorted(ITEMS)
    predictions = [ranked(*rng.sample(names, rng.randint(0, 20))) for _ in range(50)]
    examples = [example({rng.choice(names): 1}) for _ in range(50)]
    for name in ("ndcg", "recall", "hit_rate", "mrr"):
        single = [metric(name, 5).score(p, e) for p, e in zip(predictions, examples, strict=True)]
        assert metric(name, 5).score_each(predictions, examples) == single


def test_coverage_counts_distinct_items_of_the_first_k():
    shown = metric("coverage", 2).statistic([ranked("a", "b", "c"), ranked("b", "d"), ranked()], [])
    assert shown(np.array([1, 1, 1])) == pytest.approx(3 / len(ITEMS))
    assert shown(np.array([2, 0, 1])) == pytest.approx(2 / len(ITEMS))
    assert shown(np.array([0, 0, 3])) == 0.0


CLAIMS = [
    (because([0], "colour", "red"), 1.0, 0.0, 1.0),
    (because([1], "colour", "red"), 0.0, 1.0, 0.0),  # b is blue
    (because([1], "material", "wool"), 0.0, 0.0, 0.0),  # b has no material: undecided
    (because([0, 1], "colour", "red"), 0.5, 0.5, 0.5),
    (because([7], "colour", "red"), 0.0, 0.0, 0.0),  # no such place
    (because([-1], "colour", "blue"), 0.0, 0.0, 0.0),  # a negative index is not Python's
    (because([2], "colour", "blue"), 1.0, 0.0, 1.0),  # one of several values
    (because([], "colour", "red"), 0.0, 0.0, 0.0),
    (because([0], kind="co_purchase"), 0.0, 0.0, 0.0),  # states no fact
    (because([9], kind="co_purchase"), 0.0, 0.0, 0.0),
    (because([0], kind="co_purchase", support=Support(4.0)), None, None, 1.0),
    (because([9], kind="co_purchase", support=Support(4.0)), None, None, 0.0),
    (because([1], kind="kind_of", support=Support(4.0), wants=(("colour", "blue"),)), 1.0, 0.0, 1.0),
    (because([1], kind="absence", support=Support(0.0, 3.0, 0.5), avoids=(("colour", "red"),)), 1.0, 0.0, 1.0),
    (because([0], kind="absence", support=Support(0.0, 3.0, 0.5), avoids=(("colour", "red"),)), 0.0, 1.0, 0.0),
]


@pytest.mark.parametrize(("reason", "precision", "contradicted", "valid"), CLAIMS)
def test_claims_by_hand(reason, precision, contradicted, valid):
    p, e = Prediction("q", ("d",), rationale(reason)), example(history=("a", "b", "c"))
    assert metric("claim_precision").score(p, e) == precision
    assert metric("contradiction_rate").score(p, e) == contradicted
    assert metric("evidence_validity").score(p, e) == valid


def test_claims_of_several_reasons_are_pooled():
    p = Prediction("q", ("d",), rationale(*(reason for reason, *_ in CLAIMS)))
    e = example(history=("a", "b", "c"))
    assert metric("claim_precision").score(p, e) == pytest.approx(5 / 14)
    assert metric("contradiction_rate").score(p, e) == pytest.approx(3 / 14)
    assert metric("evidence_validity").score(p, e) == pytest.approx(6 / 16)
    empty = Prediction("q", ("d",), rationale(verdict="unexplained"))
    assert metric("evidence_validity").score(empty, e) is None


RED, BLUE, WOOL = ("colour", "red"), ("colour", "blue"), ("material", "wool")


@pytest.mark.parametrize(
    ("given_reasons", "k", "precision", "recall", "f1"),
    [
        ([because([0], wants=[RED], weight=0.5), because([0], wants=[BLUE], weight=0.4)], 2, 0.5, 0.5, 0.5),
        ([because([0], wants=[RED], weight=0.5), because([0], wants=[BLUE], weight=0.4)], 1, 1.0, 0.5, 2 / 3),
        ([because([0], wants=[BLUE], weight=0.1), because([0], wants=[RED, WOOL], weight=0.4)], 1, 1.0, 1.0, 1.0),
        ([because([0], wants=[RED], weight=0.3), because([1], wants=[RED], weight=0.3)], 2, 1.0, 0.5, 2 / 3),
        ([because([0], wants=[BLUE], weight=0.2), because([0], wants=[RED], weight=0.2)], 1, 0.0, 0.0, 0.0),
        ([], 3, 0.0, 0.0, 0.0),
    ],
)
def test_reasons_by_hand(given_reasons, k, precision, recall, f1):
    e = example(reference=rationale(because([0], wants=[RED], weight=0.6), because([0], wants=[WOOL], weight=0.1)))
    p = Prediction("q", ("d",), rationale(*given_reasons))
    assert metric("reason_precision", k).score(p, e) == pytest.approx(precision)
    assert metric("reason_recall", k).score(p, e) == pytest.approx(recall)
    assert metric("reason_f1", k).score(p, e) == pytest.approx(f1)


@pytest.mark.parametrize("verdict", ["supported", "unexplained"])
@pytest.mark.parametrize("reference", ["supported", "unexplained"])
def test_verdict(verdict, reference):
    p, e = Prediction("q", ("d",), rationale(verdict=verdict)), example(reference=rationale(verdict=reference))
    assert metric("verdict_accuracy").score(p, e) == (verdict == reference)


def test_without_the_library_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytrec_eval", None)
    with pytest.raises(RadError, match=r"need 'pytrec_eval': pip install -c constraints.txt -e '.\[bench\]'"):
        metric("ndcg", 10).score_each([], [])
