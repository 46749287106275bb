"""Changed inputs, what a model makes of them, and rank-biased overlap against its definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.explanations.changes.changed_reasons import corrupted, paraphrased, truncated
from benchmarks.explanations.changes.counterfactuals import Answers, InputPlan, effects, rbo
from benchmarks.explanations.changes.histories import cited_places, remaining
from benchmarks.explanations.changes.perturbations import Perturbations
from benchmarks.explanations.controls.kinds import perfect, shuffled
from benchmarks.explanations.controls.models import FaithfulModel, RationaleBlindModel
from benchmarks.explanations.controls.setting import setting_of
from benchmarks.explanations.faithfulness import MASKED, asked_values, curves, perturbed
from benchmarks.explanations.families import explanation_metrics
from rad.data.load import open_dataset
from rad.rationales.claims import Matcher
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules
from rad.types import Evidence, Prediction, Query, Rationale, Reason

RED = Reason(Evidence((0, 2), "attribute", "colour", "red"), (("colour", "red"),), weight=0.5)
HAT = Reason(Evidence((1,), "sequence"), (("garment", "hat"),), weight=0.3)
NO_COAT = Reason(Evidence((4,), "constraint"), (), (("garment", "coat"),), 0.1)
QUERY = Query("q", "toy", "u", ())
TEXT = "Red, see [1] and [3]. After [2], a hat. Never a coat, see [5]."


@pytest.fixture(scope="module")
def world():
    return open_dataset("world:seed=5,users=60,items=200")


def supported(world):
    """The test examples whose reasons explain the choice, and these reasons as a model's rationales."""
    setting = setting_in(world)
    return setting.examples, perfect(setting)


def setting_in(world):
    explained = [e for e in world.examples["test"] if e.rationale.verdict == "supported"]
    return setting_of(explained, world.items, Facts.of(world.examples["train"], world.items))


def faithful(items):
    return {k: kind(items) for k, kind in explanation_metrics(attested=True).items() if "model" in kind.needs}


def measured(model, examples, rationales, items):
    """Every metric of faithfulness of ``model``: its values by metric and slice, and the answers."""
    metrics = faithful(items)
    plan = InputPlan.of(examples, rationales, items, [name for m in metrics.values() for name in m.asks])
    answers = Answers.of(plan, model, examples, items)
    return asked_values(metrics, answers, range(len(examples)), (), examples), answers


# --- how far rankings are apart ---

RANKINGS = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)


@settings(deadline=None)
@given(RANKINGS, RANKINGS, st.floats(0.1, 0.99))
def test_rbo_is_its_definition(a, b, p):
    depth = min(len(a), len(b))
    overlap = [len(set(a[:d]) & set(b[:d])) / d for d in range(1, depth + 1)]
    expected = sum((1 - p) * p**d * share for d, share in enumerate(overlap))
    expected = expected + overlap[-1] * p**depth if depth else float(len(a) == len(b))
    assert rbo(a, b, p) == pytest.approx(expected) == rbo(b, a, p)
    assert 0 <= rbo(a, b, p) <= 1


def test_rbo_at_its_ends():
    assert rbo("abc", "abc") == pytest.approx(1) and rbo("abc", "xyz") == 0 == rbo("abc", "")
    assert rbo("ab", "ba", 0.5) == pytest.approx(0.5)  # 0.5 * (0 + 0.5 * 1) + 1 * 0.25


def test_effects_by_hand(toy):
    example = toy.examples["test"][0]  # blue-hat
    own = Prediction("q", ("blue-hat", "green-hat", "red-scarf"), scores=(3.0, 2.0, 1.0))
    assert set(effects(own, own, example, frozenset()).values()) == {0.0}
    lower = Prediction("q", ("green-hat", "blue-hat", "red-scarf"), scores=(3.0, 2.0, 1.0))
    change = effects(own, lower, example, frozenset())
    assert change["ndcg"] == pytest.approx(1 - 1 / np.log2(3)) and change["score"] == pytest.approx(0.5)
    assert change["rank"] == pytest.approx(np.log(2) / np.log(101)) and change["ranking"] > 0
    gone = effects(own, Prediction("q", ("green-coat", *own.ranking), scores=(9.0, 3.0, 2.0, 1.0)), example,
                   frozenset(["green-coat"]))  # fmt: skip
    assert gone["ranking"] == pytest.approx(0) and gone["rank"] == 0, "a purchase taken away is not ranked"
    lost = effects(own, Prediction("q", ("green-hat", "red-scarf")), example, frozenset())
    assert lost["rank"] == pytest.approx(1) and lost["ndcg"] == 1 and "score" not in lost


# --- changed inputs ---


def rationale(example, *reasons, text=TEXT):
    key = example.query.query_id
    return Rationale("r", key, reasons or (RED, HAT, NO_COAT), text, "supported", "model", "m", "1")


def test_changes_by_hand(toy):
    example = toy.examples["test"][0]  # history: red-coat, red-hat, red-scarf, red-boots, blue-boots
    own, matcher = rationale(example), Matcher(toy.items.values())
    changed = corrupted(own, example.query, toy.items)
    [(name, value)] = changed.reasons[0].wants
    assert name == "colour" and value != "red" and changed.reasons[1:] == own.reasons[1:]
    assert changed.reasons[0].evidence.value == value and changed.text.lower() == TEXT.lower().replace("red", value, 1)
    assert corrupted(own, example.query, toy.items) == changed, "the same in every run"
    bare = rationale(example, Reason(Evidence((0,), "co_purchase"), weight=0.5), text="Goes with [1].")
    assert corrupted(bare, example.query, toy.items) is None, "no claim, nothing to corrupt"

    first, last = truncated(own, QUERY, 34, True, matcher.find), truncated(own, QUERY, 34, False, matcher.find)
    assert first.reasons == (HAT, NO_COAT) and first.text.strip() == "After [2], a hat. Never a coat, see [5]."
    assert last.reasons == (RED, HAT) and last.text.strip() == "Red, see [1] and [3]. After [2], a hat."
    assert (
        truncated(own, QUERY, 0, True, matcher.find) == own
        and truncated(own, QUERY, 100, True, matcher.find).text == ""
    )

    other = paraphrased(own)
    assert {c for m in matcher.find(other) for c in m.claims} == {c for m in matcher.find(TEXT) for c in m.claims}
    assert other != TEXT and not Rules(toy.items).violations(dataclasses.replace(own, text=other), example.query)

    assert cited_places(own, example.query) == [1, 2], "two of five at most: the heaviest, later ones first"
    left = remaining(example.query, own, [1, 2])
    assert [x.item_id for x in left.query.history] == ["red-hat", "red-scarf"]
    assert [r.evidence.history for r in left.rationale.reasons] == [(1,), (0,)], "places are counted anew"
    assert left.rationale.text.strip() == "Red, see [2]. After [1], a hat."
    assert left.gone == {"red-coat", "red-boots", "blue-boots"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Given [1], [2] and [3], navy.", "Given [1] and [2], navy."),
        ("Given [1] and [4], navy. As [5] has.", ""),
        ("Given [1] and [2], navy. As [5] has.", "Given [1], navy."),
        ("Given [1-3], navy; and [2, 5] too.", "Given [1] and [2], navy; and [1] too."),
        ("Given [2 and 4], [9] and [99-1].", "Given [1]."),
        ("No place.", "No place."),
    ],
)
def test_citations_go_with_the_words_that_join_them(toy, text, left):
    example = toy.examples["test"][0]
    own = Rationale("r", example.query.query_id, (), text, "unexplained", "model", "m", "1")
    assert remaining(example.query, own, [1, 2]).rationale.text.strip() == left
    assert paraphrased(own) and truncated(own, QUERY, 0.5, True, Matcher(toy.items.values()).find) is not None


def test_nothing_to_change_is_nothing_to_ask(toy):
    example = toy.examples["test"][0]
    empty = rationale(example, text="")
    empty = dataclasses.replace(empty, reasons=())
    changes = Perturbations([example], [empty], None, toy.items)
    assert changes.input("own", 0) is not None
    for name in ("swap", "corrupt", "paraphrase", "heaviest_first_20", "without_cited", "only_random"):
        assert changes.input(name, 0) is None, name


# --- models ---


def test_a_rationale_blind_model_scores_nothing(world):
    examples, rationales = supported(world)
    values, answers = measured(RationaleBlindModel(world.items), examples, rationales, world.items)
    for (name, part), column in values.items():
        base = name.partition(".")[0]
        if base in ("swap", "corrupt", "paraphrase", "truncation", "truncation_order"):
            assert np.nanmax(np.abs(column)) < 1e-12, (name, part)
    assert all(effect == 0 for curve in curves(answers, len(examples)).values() for effect in curve.values())


def test_a_faithful_model_scores(world):
    examples, rationales = supported(world)
    values, answers = measured(FaithfulModel(world.items), examples, rationales, world.items)
    for name in ("swap", "corrupt", "truncation", "truncation_order", "comprehensiveness", "sufficiency"):
        for part in ("all", MASKED):
            least = 0.05 if name == "truncation_order" else 0.1  # two reasons on average
            assert np.nanmean(values[name, part]) > least, (name, part)
    curve = curves(answers, len(examples))
    assert curve["heaviest"]["20"] >= curve["lightest"]["20"] and curve["heaviest"]["0"] == 0
    changes = list(perturbed(answers, 2))
    assert {row.query_id for row in changes} == {e.query.query_id for e in examples[:2]}
    assert {"own", "swap", "none"} <= {row.input for row in changes} and all(row.ranking for row in changes)


def test_citations_beside_the_point_matter_no_more_than_others(world):
    """What a rationale-blind model's random citations score: nothing but noise."""
    examples, _ = supported(world)
    values, _ = measured(RationaleBlindModel(world.items), examples, shuffled(setting_in(world)), world.items)
    for name in ("comprehensiveness", "sufficiency"):
        column = values[name, "all"][~np.isnan(values[name, "all"])]
        assert abs(column.mean()) < 4 * column.std() / np.sqrt(len(column)), name


def test_same_inputs_are_asked_once_and_bad_answers_counted(world):
    examples, rationales = supported(world)
    examples, rationales = examples[:6], rationales[:6]
    plan = InputPlan.of(examples, rationales, world.items, ["swap"])
    assert len(plan.distinct) == 12 < len(plan.inputs), "the masked ones are the same here"

    class Broken(FaithfulModel):  # a FAKE: it ranks a purchase first in every other answer
        def rank_given(self, queries, rationales):
            for k, p in enumerate(super().rank_given(queries, rationales)):
                bought = queries[k].history[0].item_id
                yield p if k % 2 else dataclasses.replace(p, ranking=(bought, *p.ranking[1:]))

    answers = Answers.of(plan, Broken(world.items), examples, world.items)
    assert answers.failures == {"item of the history in the ranking": 6}
    assert all(answers.effect("swap", row) == {} for row in range(6)), "undefined, not 0"


def test_a_missing_rationale_is_no_effect_and_an_empty_one_undefined(world):
    examples, rationales = supported(world)
    examples, rationales = examples[:5], rationales[:4]
    rationales[3] = dataclasses.replace(rationales[3], reasons=(), text="")
    metrics = faithful(world.items)
    plan = InputPlan.of(examples[:4], rationales, world.items, [name for m in metrics.values() for name in m.asks])
    answers = Answers.of(plan, FaithfulModel(world.items), examples[:4], world.items)
    values = asked_values(metrics, answers, range(4), [4], examples)
    assert values["corrupt", "all"][4] == 0 and np.isnan(values["corrupt", "all"][3])
