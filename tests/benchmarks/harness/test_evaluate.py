"""The evaluation: failures, slices, what each metric needs, intervals, and names."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.registries import default_metrics, load_metrics
from benchmarks.harness.violations import checked, validated
from rad.errors import RadError
from rad.rationales import text
from rad.runtime.files import canonical
from rad.types import Evidence, Example, Interaction, Item, Prediction, Query, Rationale, Reason, Support

ITEMS = {f"i{k:02}": Item(f"i{k:02}", "toy", "t", "t", {"colour": ("red",)}) for k in range(30)}


def example(name, target="i20", history=("i00", "i01", "i02"), verdict=None, candidates=None):
    query = Query(name, "toy", name, tuple(Interaction(name, i) for i in history), candidates=candidates)
    wanted = Reason(Evidence((0,), "attribute", "colour", "red"), (("colour", "red"),))
    reasons = (wanted,) if verdict == "supported" else ()
    reference = Rationale("k" + name, name, reasons, "", verdict, "known", "t", "1") if verdict else None
    return Example(query, "test", {target: 1}, reference)


def rationale(name, weight=0.5, verdict="supported"):
    evidence = Evidence((0,), "repeat", "colour", "red", Support(1.0, 1.0, 0.1))
    reasons = (Reason(evidence, (("colour", "red"),), (), weight),)
    words = text.write(reasons) if 0 <= weight <= 1 else ""
    return Rationale("r" + name, name, reasons, words, verdict, "model", "t", "1")


GOOD = ("i20", "i21")
SIZES = ("reasons", "words", "unexplained")  # neither good nor bad


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Prediction("a", ()), "empty ranking"),
        (Prediction("a", ("nowhere", "i20")), "unknown item"),
        (Prediction("a", ("i20", "i20")), "repeated item"),
        (Prediction("a", ("i20", "i01")), "item of the history"),
        (Prediction("a", GOOD, scores=(1.0, math.nan)), "not a finite number"),
        (Prediction("a", GOOD, scores=(math.inf, 1.0)), "not a finite number"),
        (Prediction("a", GOOD, scores=(1.0,)), "differ in length"),
        (Prediction("a", GOOD, error="out of memory"), "out of memory"),
        (Prediction("a", GOOD, rationale=rationale("a", weight=math.nan)), "weights"),
        (Prediction("a", GOOD, rationale=rationale("a", weight=1.5)), "weights"),
        (None, "no prediction"),
    ],
)
def test_a_bad_prediction_scores_the_worst_and_is_counted(bad, reason):
    examples = [example("a", verdict="supported"), example("b", verdict="supported")]
    predictions = [Prediction("b", GOOD, rationale=rationale("b")), *([bad] if bad else [])]
    evaluation = evaluate(predictions, examples, default_metrics(), ITEMS, seen=ITEMS, samples=20)
    assert evaluation.n_failed == 1 and reason in next(iter(evaluation.failures))
    for name, values in evaluation.values.items():
        worst, best = (1.0, 0.0) if name in ("contradiction_rate", "prose") else (0.0, 1.0)
        if name not in SIZES:
            assert values.tolist() == [worst, best], name
    assert {s.metric for s in evaluation.scores} == set(default_metrics()) - {"soundness"}, "nothing to count"
    assert all(s.n == 2 for s in evaluation.scores if s.slice == "all")


def test_ranking_longer_than_the_cut_fails():
    items = {f"{k:03}": Item(f"{k:03}", "toy", "", "") for k in range(200)}
    evaluation = evaluate([Prediction("a", tuple(items)[:101])], [example("a", "100")], ["mrr"], items, samples=5)
    assert evaluation.failures == {"ranking longer than 100": 1}


def test_two_predictions_for_one_query_fail_and_a_strange_query_is_an_error():
    twice = [Prediction("a", GOOD), Prediction("a", GOOD)]
    assert evaluate(twice, [example("a")], ["mrr"], ITEMS, samples=5).failures == {"predicted more than once": 1}
    with pytest.raises(RadError, match="query 'z', which was not asked"):
        evaluate([Prediction("z", GOOD)], [example("a")], ["mrr"], ITEMS)


def test_candidates_bind():
    e = example("a", candidates=("i20", "i22"))
    assert evaluate([Prediction("a", ("i20", "i22"))], [e], ["mrr"], ITEMS, samples=5).n_failed == 0
    assert evaluate([Prediction("a", GOOD)], [e], ["mrr"], ITEMS, samples=5).failures == {
        "item outside the candidates in the ranking": 1
    }


def test_stored_predictions_score_the_same_and_hold_no_nan():
    examples = [example("a"), example("b"), example("c")]
    raw = [
        Prediction("a", GOOD, scores=(math.nan, 1.0)),
        Prediction("b", GOOD, rationale=rationale("b", math.inf)),
        Prediction("c", GOOD),
    ]
    stored = list(validated(raw, [e.query for e in examples], ITEMS))
    assert all(canonical(p) for p in stored)
    assert checked(raw, examples, ITEMS) == checked(stored, examples, ITEMS)


def test_target_in_its_own_history_scores_zero_and_is_counted():
    examples = [example("a", target="i01"), example("b")]
    evaluation = evaluate([Prediction("a", GOOD), Prediction("b", GOOD)], examples, ["ndcg@10"], ITEMS, samples=5)
    assert (evaluation.n_repeat, evaluation.n_failed) == (1, 0)
    assert evaluation.values["ndcg@10"].tolist() == [0.0, 1.0]


def test_slices_by_hand():
    short, long = ("i00",) * 3, tuple(f"i{k:02}" for k in range(12))
    examples = [
        example("a", "i20", short),
        example("b", "i21", short),
        example("c", "i20", long),
        example("d", "i21", long),
        example("e", "i22", long[:7]),
    ]
    ranking = ("i20", "i21")  # ndcg 1 for i20, 1 / log2(3) for i21, 0 for i22
    evaluation = evaluate(
        [Prediction(n, ranking) for n in "abcde"], examples, ["ndcg@10"], ITEMS, {"i21", "i22"}, samples=50
    )
    second = 1 / math.log2(3)
    by = {s.slice: (s.value, s.n) for s in evaluation.scores}
    assert by["warm"] == (pytest.approx(2 * second / 3), 3)
    assert by["cold"] == (1.0, 2)
    assert by["history<=5"] == (pytest.approx((1 + second) / 2), 2)
    assert by["history 6-10"] == (0.0, 1)
    assert by["history>10"] == (pytest.approx((1 + second) / 2), 2)
    assert by["all"] == (pytest.approx((2 + 2 * second) / 5), 5)
    assert "warm" not in {s.slice for s in evaluate([], examples, ["mrr"], ITEMS, samples=5).scores}


def test_columns_follow_what_there_is():
    plain = [Prediction("a", GOOD)]
    names = {
        s.metric
        for s in evaluate(plain, [example("a", verdict="supported")], default_metrics(), ITEMS, samples=5).scores
    }
    assert names == {"ndcg@10", "recall@10", "mrr", "hit_rate@10", "coverage@10"}
    predictions = [Prediction("a", GOOD, rationale=rationale("a"))]
    names |= {"evidence_validity", "claim_precision", "contradiction_rate", "said", "prose", *SIZES}
    assert names == {
        s.metric for s in evaluate(predictions, [example("a")], default_metrics(), ITEMS, samples=5).scores
    }
    unexplained = evaluate(predictions, [example("a", verdict="unexplained")], default_metrics(), ITEMS, samples=5)
    assert {s.metric for s in unexplained.scores} == names | {"verdict_accuracy"}
    assert unexplained.value("verdict_accuracy") == 0.0


def test_reasons_are_undefined_where_nothing_explains_and_zero_without_a_rationale():
    examples = [
        example("a", verdict="supported"),
        example("b", verdict="unexplained"),
        example("c", verdict="supported"),
    ]
    predictions = [Prediction(n, GOOD, rationale=rationale(n) if n != "c" else None) for n in "abc"]
    evaluation = evaluate(predictions, examples, ["reason_f1@3", "claim_precision"], ITEMS, samples=5)
    np.testing.assert_array_equal(evaluation.values["reason_f1@3"], [1.0, np.nan, 0.0])
    assert evaluation.values["claim_precision"].tolist() == [1.0, 1.0, 0.0]
    assert {s.metric: s.n for s in evaluation.scores} == {"reason_f1@3": 2, "claim_precision": 3}


def test_order_of_predictions_does_not_matter_and_the_seed_does_not_move_values():
    examples = [example(f"q{k}", f"i{20 + k % 5}") for k in range(40)]
    predictions = [Prediction(f"q{k}", ("i22", "i20", "i24")) for k in range(40)]
    one = evaluate(predictions, examples, ["ndcg@10", "coverage@2"], ITEMS, seen=ITEMS, seed=1)
    two = evaluate(predictions[::-1], examples, ["ndcg@10", "coverage@2"], ITEMS, seen=ITEMS, seed=1)
    assert one.scores == two.scores
    other = evaluate(predictions, examples, ["ndcg@10", "coverage@2"], ITEMS, seen=ITEMS, seed=2)
    assert [s.value for s in other.scores] == [s.value for s in one.scores]
    assert all(s.ci_low - 1e-9 <= s.value <= s.ci_high + 1e-9 for s in one.scores)


def test_all_bad_metric_names_in_one_line():
    with pytest.raises(RadError) as error:
        load_metrics(["ndgc@10", "mrr@0", "recall@ten", "claim_precision@3", "ndcg@101", "fame"], ITEMS)
    text = str(error.value)
    for part in (
        "unknown metric 'ndgc' (did you mean 'ndcg'?)",
        "unknown metric 'fame'",
        "'mrr@0'",
        "'recall@ten'",
        "'claim_precision' takes no cut",
        "'ndcg@101'",
        "available: choice, ",
    ):
        assert part in text
    assert "\n" not in text


def test_no_queries_is_an_error():
    with pytest.raises(RadError, match="no queries"):
        evaluate([], [], ["mrr"], ITEMS)


def test_empty_history_is_scored_like_any_other():
    e = example("a", history=())
    evaluation = evaluate(
        [replace(Prediction("a", GOOD), rationale=rationale("a"))], [e], default_metrics(), ITEMS, samples=5
    )
    assert evaluation.value("ndcg@10") == 1.0 and evaluation.value("evidence_validity") == 0.0
