"""Routing by what a rationale leaves unexplained, on a pair of runs whose answers are worked out by hand.

Of 60 queries the cheap model finds every second answer, and its rationale is sure there (0.2 unexplained); of the
others, where it is not (0.8), the costly model finds the answer, and of none else. So NDCG@10 is 0.5 of both.
"""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.audits.routing import ALL, RoutedPair, plot, read_pair, refuse_other_models, write
from benchmarks.explanations.finished_run import read_finished_run
from benchmarks.harness.results import Cost
from rad.errors import RadError
from rad.rationales.strengths import unexplained, weighted
from rad.types import Evidence, Prediction, Rationale, Reason
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


def rationale(query, weights) -> Rationale:
    """One reason of the moment for each weight; each cites another purchase."""
    reasons = tuple(Reason(Evidence((k,), "similar"), weight=w) for k, w in enumerate(weights))
    return Rationale(query.query_id, query.query_id, reasons, "two words", "supported", "model", "toy", "1")


@pytest.fixture
def pair(finished_runs, datasets) -> RoutedPair:
    run = read_finished_run(finished_runs["template"], datasets)

    def made_up(finds, weights, cost: Cost):
        predictions = []
        for k, example in enumerate(run.examples):
            bought = {x.item_id for x in example.query.history}
            other = next(i for i in run.data.items if i not in example.relevant and i not in bought)
            ranking = tuple(example.relevant) if finds(k) else (other,)
            predictions.append(Prediction(example.query.query_id, ranking, rationale(example.query, weights(k))))
        return replace(run, predictions=predictions, result=run.result.model_copy(update={"cost": cost}))

    costs = {"fit_seconds": 0, "predict_seconds": 0, "peak_memory_mb": 0}
    return RoutedPair(
        made_up(lambda k: k % 2 == 0, lambda k: [0.8] if k % 2 == 0 else [0.1, 0.1], Cost(ms_per_query=1, **costs)),
        made_up(lambda k: k % 2 == 1, lambda k: [0.4], Cost(ms_per_query=10, tokens_per_query=20, **costs)),
    )


def test_the_curve_by_hand(pair):
    assert pair.thresholds() == [0.8, 0.2, ALL]
    points = pair.curve([0.8, 0.2, ALL])
    rows = {(p.rule, p.threshold or None, round(p.share, 3)): p for p in points}
    half = rows["unexplained", 0.2, 0.5]
    assert (half.ndcg, half.difference) == (1.0, 0.5) and half.low < 0.5 < half.high
    assert (half.ms, half.tokens) == (1 + 0.5 * 10, 10)
    drawn = rows["random", None, 0.5]
    assert (drawn.ndcg, drawn.difference) == (0.5, 0.0)  # it wins as often as it loses
    assert (drawn.ms, drawn.tokens) == (0.5 * 1 + 0.5 * 10, 10)  # and needs no rationale of what it routes
    nothing, everything = points[0], points[6]
    assert (nothing.share, nothing.ndcg, nothing.low, nothing.high, nothing.ms) == (0, 0.5, 0, 0, 1)
    assert (everything.share, everything.ndcg, everything.ms, everything.tokens) == (1, 0.5, 11, 20)
    assert [p.share for p in points if p.rule == "oracle"] == [0, 0.5, 0.5]  # never where nothing is gained
    assert [p.ndcg for p in points if p.rule == "oracle"] == [0.5, 1, 1]


def test_the_advantage_is_what_the_rule_adds_to_chance(pair):
    third = 0.5 / 3  # of no query, half and all of them: 0, 0.5 and 0; every query has its part in that
    assert pair.advantage() == pytest.approx((third, third, third))
    assert RoutedPair(pair.cheap, pair.cheap).advantage() == (0, 0, 0)


def test_validation_chooses_the_best_threshold_that_routes_least(pair):
    assert pair.best_threshold() == 0.2
    same = RoutedPair(pair.cheap, pair.cheap)
    assert same.best_threshold() == 0.8 and same.curve([0.8])[0].share == 0


def test_nothing_is_known_of_tokens_where_no_run_counts_them(pair):
    assert {p.tokens for p in RoutedPair(pair.cheap, pair.cheap).curve([0.2])} == {None}


def test_equal_strengths_are_equal_shares(pair):
    """64 of 112 by other strengths of what lasts: sums may differ in their last digit, and must not split a share."""
    predictions = list(pair.cheap.predictions)
    for row, lasting in enumerate(([64, 64], [64, 32], [32, 32])):
        now = [(Reason(Evidence((0,), "similar")), 32), (Reason(Evidence((1,), "similar")), 16)]
        steady = [(Reason(Evidence((k,), "lasting", "colour", "red")), level) for k, level in enumerate(lasting)]
        written = replace(predictions[row].rationale, reasons=weighted([*now, *steady], rest=64))
        predictions[row] = replace(predictions[row], rationale=written)
    changed = RoutedPair(replace(pair.cheap, predictions=predictions), pair.costly)
    assert len(set(changed.unexplained[:3].tolist())) == 1
    assert len({unexplained(p.rationale.reasons) for p in predictions[:3]}) > 1


def test_a_failed_prediction_is_wholly_unexplained(pair):
    first = replace(pair.cheap.predictions[0], ranking=(), rationale=None, error="no prediction")
    cheap = replace(pair.cheap, predictions=[first, *pair.cheap.predictions[1:]])
    assert RoutedPair(cheap, pair.costly).unexplained[0] == 1


def test_slices_by_hand(pair):
    rows = {row.name: row for row in pair.slices()}
    assert {"all", "warm", "history 6-10", "history>10", "unexplained 0.20-0.20", "unexplained 0.80-0.80"} <= set(rows)
    sure, unsure, every = rows["unexplained 0.20-0.20"], rows["unexplained 0.80-0.80"], rows["all"]
    assert (sure.cheap, sure.costly, sure.difference, sure.high) == (1, 0, -1, -1)
    assert (unsure.cheap, unsure.costly, unsure.difference, unsure.low) == (0, 1, 1, 1)
    assert (every.queries, every.difference, every.both) == (60, 0, 1)  # both cite the first purchase, whatever weight
    assert sum(rows[name].queries for name in rows if name.startswith("history")) == 60


def test_files(pair, tmp_path):
    points, slices = pair.curve(pair.thresholds()), pair.slices()
    paths = write(tmp_path / "out", "a <title>", points, slices)
    assert [p.name for p in paths] == ["routing.csv", "slices.csv", "routing.html"]
    with open(paths[0], newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9 and rows[3]["rule"] == "unexplained" and float(rows[3]["ndcg"]) == 1.0
    assert rows[4]["threshold"] == "" and float(rows[4]["low"]) < 0 < float(rows[4]["high"])
    page = paths[2].read_text()
    assert "a &lt;title&gt;" in page and plot(points) in page and "as many at random" in page
    assert np.isfinite([float(r["ms"]) for r in rows]).all()


def test_what_cannot_be_routed_is_refused(finished_runs, datasets, pair, monkeypatch):
    template, popularity = (finished_runs[name] for name in ("template", "popularity"))
    silent = read_pair(template, popularity, datasets)
    assert silent.of_costly.keys() == {"ndcg@10"} and {row.both for row in silent.slices()} == {None}
    with pytest.raises(RadError, match="a run without rationales says of no query how much it leaves unexplained"):
        read_pair(popularity, template, datasets)
    with pytest.raises(RadError, match="a threshold is chosen on validation runs, and used on test"):
        refuse_other_models(pair, pair)
    task = pair.cheap.result.task.model_copy(update={"split": "validation"})
    validated = [replace(r, result=r.result.model_copy(update={"task": task})) for r in (pair.cheap, pair.costly)]
    refuse_other_models(pair, RoutedPair(*validated))
    other = validated[1].result.model_copy(update={"provenance": {"settings": {"reasons": 4}}})
    with pytest.raises(RadError, match=r"is template reasons=4 on world:.*, but template on world:"):
        refuse_other_models(pair, RoutedPair(validated[0], replace(validated[1], result=other)))


def test_intervals_draw_whole_users(pair):
    """Were all queries of two users, one who gains and one who loses, nothing would be shown of the mean."""

    def of_two(run):
        users = [f"user {k % 2}" for k in range(len(run.examples))]
        queries = [replace(e.query, user_id=user) for e, user in zip(run.examples, users, strict=True)]
        return replace(run, examples=[replace(e, query=q) for e, q in zip(run.examples, queries, strict=True)])

    two = RoutedPair(of_two(pair.cheap), of_two(pair.costly))
    every = next(row for row in two.slices() if row.name == "all")
    assert (every.low, every.high) == (-1, 1)
    assert [(p.low, p.high) for p in two.curve([ALL]) if p.rule == "unexplained"] == [(-1, 1)]
    low, high = two.advantage()[1:]
    assert low == high == pytest.approx(0.5 / 3)  # each user has the same part in it
