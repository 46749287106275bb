"""Metrics of explanations from predictions alone: by hand, by properties, on bad input, and against other code."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from benchmarks.explanations.proxy_ranker import ProxyRanker, masked, single_values, title_runs
from benchmarks.harness.evaluate import evaluate
from benchmarks.metrics.overlap import embedding_similarity
from benchmarks.metrics.overlap.rouge_l import longest_common
from benchmarks.metrics.specificity._text import Features, partners, sentence
from rad import registry
from rad.data import splits
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.types import Evidence, PairExplanation, Prediction, Rationale, Reason
from tests.conftest import toy_items, toy_rationales, toy_sequences

FROM_PREDICTIONS = (
    *("claim_precision", "contradiction_rate", "evidence_validity", "text_agreement", "target_named"),
    *("reason_precision@3", "reason_recall@3", "reason_f1@3", "verdict_accuracy", "contrast", "contrast_reason"),
    *("unique_sentence_ratio", "feature_coverage", "feature_overlap", "user_retrieval"),
    *("reader_gain@10", "reader_gain_own@10", "rouge_l"),
)


@pytest.fixture(scope="module")
def world():
    return open_dataset("world:seed=5,users=60,items=200")


@pytest.fixture(scope="module")
def tiny():
    """The toy world of conftest as it stands, once for all examples that hypothesis draws."""
    items, sequences = toy_items(), splits.distinct_users(toy_sequences())
    examples = splits.leave_last_out("toy", sequences, toy_rationales())
    return Dataset("toy", "1", "", items, examples, sequences=sequences)


def metric(name, items, k=None):
    return registry.load("benchmarks.metrics", name)(items, k)


def prediction(example, text="", reasons=(), verdict="supported"):
    key = example.query.query_id
    return Prediction(key, ("a",), Rationale(f"r-{key}", key, tuple(reasons), text, verdict, "model", "m", "1"))


def answered(predictions, examples, items):
    """The predictions with a ranking that nothing is wrong with: the first items that were not bought."""
    bought = [{x.item_id for x in e.query.history} for e in examples]
    first = [tuple(i for i in items if i not in past)[:5] for past in bought]
    return [dataclasses.replace(p, ranking=ranking) for p, ranking in zip(predictions, first, strict=True)]


def ones(n):
    return np.ones(n, np.int64)


# --- specificity ---


def test_usr_fcr_and_overlap_by_hand(toy):
    examples = toy.examples["test"][:4]
    texts = ["Red, see [1].", "red see [2]", "A blue hat.", ""]  # the first two are one sentence
    predictions = [prediction(e, t) for e, t in zip(examples, texts, strict=True)]
    assert metric("unique_sentence_ratio", toy.items).statistic(predictions, examples)(ones(4)) == 2 / 4
    # red, blue and hat of the nine features (five colours, four garments)
    assert metric("feature_coverage", toy.items).statistic(predictions, examples)(ones(4)) == 3 / 9
    # pairs: (red, red) 1; red against {blue, hat} 0 twice; nothing against something 0 three times
    assert metric("feature_overlap", toy.items).statistic(predictions, examples)(ones(4)) == pytest.approx(1 / 6)
    silent = [prediction(e) for e in examples]
    assert metric("feature_overlap", toy.items).statistic(silent, examples)(ones(4)) == 1, "silence is no diversity"
    assert metric("unique_sentence_ratio", toy.items).statistic(silent, examples)(ones(4)) == 0


def test_overlap_against_scikit_learn(world):
    from sklearn.metrics import jaccard_score

    examples = world.examples["test"][:30]
    predictions = [prediction(e, e.rationale.text) for e in examples]
    features = Features(world.items)
    rows = np.zeros((30, len(features.number)), int)
    for row, p in zip(rows, predictions, strict=True):
        row[list(features.of(p.rationale.text))] = 1
    expected = [
        jaccard_score(rows[a], rows[b], zero_division=1) for a in range(30) for b in range(a) if (a, b) != (b, a)
    ]
    got = metric("feature_overlap", world.items).statistic(predictions, examples)(ones(30))
    assert got == pytest.approx(np.mean(expected))


def test_retrieval_finds_the_user_and_gains_nothing_without_words(toy):
    examples = toy.examples["test"]
    names = [" ".join(toy.items[x.item_id].title for x in e.query.history) for e in examples]
    own = metric("user_retrieval", toy.items).score_each(
        [prediction(e, n) for e, n in zip(examples, names, strict=True)], examples
    )
    assert np.mean(own) > 0.4
    for text in ("", "[1]", "Nothing of the kind.", "hat"):
        same = metric("user_retrieval", toy.items).score_each([prediction(e, text) for e in examples], examples)
        assert np.mean(same) == pytest.approx(0, abs=1e-12), text
    assert metric("user_retrieval", toy.items).score(prediction(examples[0], names[0]), examples[0]) is None, (
        "one user alone"
    )


def test_everyone_gets_another_users_rationale(world):
    examples = [*world.examples["test"], *world.examples["validation"]]  # two queries of each user
    for share in (0.5, 1 / 3):
        swaps = partners(examples, share)
        assert sorted(swaps) == list(range(len(examples)))
        users = [e.query.user_id for e in examples]
        assert all(users[k] != user for k, user in zip(swaps, users, strict=True))
    assert partners(examples[:1]) is None and partners([]) is None


# --- reader gain ---


def test_the_reader_gains_from_true_reasons_alone(world):
    examples = [e for e in world.examples["test"] if e.rationale.verdict == "supported"]
    right = [prediction(e, e.rationale.text, e.rationale.reasons) for e in examples]
    swapped = [
        prediction(e, right[k].rationale.text, right[k].rationale.reasons)
        for e, k in zip(examples, partners(examples), strict=True)
    ]
    silent = [prediction(e) for e in examples]
    gain, own = (metric(name, world.items, 10) for name in ("reader_gain", "reader_gain_own"))
    assert np.mean(gain.score_each(right, examples)) > 0.1 > np.mean(gain.score_each(swapped, examples))
    assert np.mean(own.score_each(right, examples)) > 0.1
    for m in (gain, own):
        assert m.score_each(silent, examples) == [0.0] * len(examples), "an empty rationale gains exactly nothing"


def test_naming_the_target_gains_nothing(world):
    examples = world.examples["test"]
    single = single_values(world.items)
    for e in examples[:20]:
        title = world.items[next(iter(e.relevant))].title
        hidden = masked(prediction(e, f"Because of [1]: {title}!").rationale, e.relevant, e.query, world.items, single)
        assert not title_runs(hidden.text, title) and hidden.text.startswith("Because of [1]:")
    named = [prediction(e, f"So, {world.items[next(iter(e.relevant))].title}.") for e in examples]
    assert np.mean(metric("reader_gain", world.items, 10).score_each(named, examples)) < 0.05
    assert [metric("target_named", world.items).score(p, e) for p, e in zip(named, examples, strict=True)] == [
        1.0
    ] * len(examples)
    references = [prediction(e, e.rationale.text, e.rationale.reasons) for e in examples]
    assert sum(metric("target_named", world.items).score(p, e) for p, e in zip(references, examples, strict=True)) == 0


def test_reader_by_hand(toy):
    """With one claim and no history the items that have the value come first, in catalogue order."""
    example = toy.examples["test"][0]
    reason = Reason(Evidence((0,), "sequence"), (("colour", "green"),), (("garment", "hat"),), 0.5)
    [ranked] = ProxyRanker(toy.items).rank(
        [example.query], [prediction(example, "", [reason]).rationale], history=False
    )
    assert ranked.ranking[:3] == ("green-boots", "green-coat", "green-scarf") and ranked.ranking[-1] == "white-hat"


# --- contrast, text and reasons ---


def test_contrast_by_hand(toy):
    example = toy.examples["test"][0]  # wants blue-hat
    key = example.query.query_id
    reference = PairExplanation(key, "green-hat", "against", (("colour", "green"),), "", "known", "toy", "1")
    example = dataclasses.replace(example, contrast=reference)
    places = Evidence((0,), "sequence")

    def both(*reasons, contrast=None):
        p = dataclasses.replace(prediction(example, "", reasons), contrast=contrast)
        return [metric(name, toy.items).score(p, example) for name in ("contrast", "contrast_reason")]

    assert both(Reason(places, (("colour", "blue"),))) == [1, 1]
    assert both(Reason(places, (), (("colour", "green"),))) == [1, 1]
    assert both(Reason(places, (("garment", "hat"),))) == [0, 0], "both are hats"
    assert both(Reason(places, (("colour", "green"),))) == [0, 0]
    assert both() == [0, 0]
    assert both(contrast=reference) == [1, 1], "the model's own contrast, against the same item"
    every = [Reason(places, (("colour", c),), weight=0.2) for c in ("black", "blue", "green", "red", "white")]
    assert both(*every) == [0, 0], "wanting everything tells nothing apart"


def test_text_agreement_by_hand(toy):
    example = toy.examples["test"][0]  # history: red-coat, red-hat, red-scarf, red-boots, blue-boots
    m = metric("text_agreement", toy.items)
    wants = [Reason(Evidence((0,), "attribute", "colour", "red"), (("garment", "hat"),))]
    assert m.score(prediction(example, "Red as in [1], so a hat.", wants), example) == 1
    assert m.score(prediction(example, "Red as in [1], so white boots.", wants), example) == pytest.approx(1 / 3)
    assert m.score(prediction(example, "", wants), example) == 0
    assert m.score(prediction(example, "You will like it.", wants), example) == 0
    assert m.score(prediction(example, "Red [1]. Blue [2]. Boots."), example) == pytest.approx(2 / 3), "text alone"
    assert m.score(prediction(example, "Red [99]."), example) == 0
    assert m.score(prediction(example, "A gift.", verdict="unexplained"), example) is None


# --- overlap ---


SCORER = RougeScorer(["rougeL"])
WORDS = st.lists(st.sampled_from(list("abcdef3")), max_size=40).map(" ".join)


@settings(deadline=None, max_examples=50)
@given(WORDS, WORDS)
def test_rouge_l_is_that_of_rouge_score(text, reference):
    [expected] = SCORER.score(reference, text).values()
    words = text.split(), reference.split()
    common = longest_common(*words)
    got = 2 * common / sum(map(len, words)) if any(words) else 0.0
    assert got == pytest.approx(expected.fmeasure)


def test_overlap_with_the_known_rationale(toy, monkeypatch):
    example = toy.examples["test"][0]
    reference = example.rationale.text
    assert metric("rouge_l", toy.items).score(prediction(example, reference), example) == 1
    assert metric("rouge_l", toy.items).score(prediction(example), example) == 0

    def encoded(name, texts):  # a FAKE encoder: one direction a text
        return np.eye(len(texts), dtype=np.float32), 0

    monkeypatch.setattr(embedding_similarity, "encoded", encoded)
    m = metric("embedding_similarity", toy.items)
    assert m.score_each(
        [prediction(example, reference), prediction(example, "x"), prediction(example)], [example] * 3
    ) == [1.0, 0.0, 0.0]


# --- bad input ---

TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "",
            " \n\t",
            "\x00\x01\x1b[31mred\x07",
            "赤いコートが好き [1]。",
            "рыжее пальто",
            "[0] [999999] [1, 2, 3]",
            "e\u0301" * 50,
        ]
    ),
)
PLACES = st.lists(st.integers(-3, 40), max_size=4).map(tuple)
CLAIM = st.tuples(st.sampled_from(["colour", "garment", "brand", ""]), st.sampled_from(["red", "coat", "?", ""]))
REASONS = st.lists(
    st.builds(
        Reason,
        st.builds(Evidence, PLACES, st.sampled_from(["attribute", "sequence", "constraint"]), *[st.none()] * 2)
        | CLAIM.flatmap(lambda c: st.builds(Evidence, PLACES, st.just("attribute"), st.just(c[0]), st.just(c[1]))),
        st.lists(CLAIM, max_size=3).map(tuple),
        st.lists(CLAIM, max_size=3).map(tuple),
        st.floats(0, 0.2),
    ),
    max_size=5,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_rationale_has_defined_results(tiny, data):
    """Whatever is written, each score is a number in the metric's range, or undefined; nothing crashes."""
    examples = tiny.examples["test"][:4]
    predictions = [
        prediction(e, data.draw(TEXTS), data.draw(REASONS), data.draw(st.sampled_from(["supported", "unexplained"])))
        for e in examples
    ]
    result = evaluate(answered(predictions, examples, tiny.items), examples, FROM_PREDICTIONS, tiny.items, samples=5)
    assert result.n_failed == 0
    for s in result.scores:
        low, high = registry.load("benchmarks.metrics", s.metric.partition("@")[0]).range
        assert math.isfinite(s.value) and low <= s.value <= high


@pytest.mark.parametrize("size", [0, pytest.param(100_000, marks=pytest.mark.slow)])
def test_saying_nothing_and_saying_everything_win_nothing(world, size):
    """Against the known rationale, an empty one and one that says everything are never better where better counts."""
    examples = [e for e in world.examples["test"] if e.rationale.verdict == "supported" and e.contrast]
    claims = sorted({(a, v) for i in world.items.values() for a, vs in i.attributes.items() for v in vs})
    text = " ".join(f"Perhaps {v} or [1]." for _, v in claims)
    text = (text * (size // len(text) + 1))[:size]
    wants = [Reason(Evidence((0,), "attribute", *c), (c,), weight=0.5 / len(claims)) for c in claims] if size else []
    references = answered(
        [prediction(e, e.rationale.text, e.rationale.reasons) for e in examples], examples, world.items
    )
    templates = answered([prediction(e, text, wants) for e in examples], examples, world.items)
    right, odd = (evaluate(p, examples, FROM_PREDICTIONS, world.items, samples=5) for p in (references, templates))
    equal = {"verdict_accuracy", "target_named"} | ({"text_agreement"} if size else set())
    for s in odd.scores:
        if s.metric.partition("@")[0] == "feature_coverage" and size:
            continue  # its docstring says so: a list covers
        best = right.value(s.metric)
        if s.metric in equal:
            assert s.value == best, s.metric
        else:
            assert s.value < best if s.higher_is_better else s.value > best, s.metric


def test_missing_rationales_change_nothing_or_score_the_worst(world):
    examples = world.examples["test"]
    references = answered(
        [prediction(e, e.rationale.text, e.rationale.reasons) for e in examples], examples, world.items
    )
    half = [p if k % 2 else dataclasses.replace(p, rationale=None) for k, p in enumerate(references)]
    result = evaluate(half, examples, FROM_PREDICTIONS, world.items, samples=5)
    assert result.n_failed == 0
    assert set(result.values["reader_gain@10"][::2]) == {0.0} and set(result.values["text_agreement"][::2]) == {0.0}
    none = [dataclasses.replace(p, rationale=None) for p in references]
    assert evaluate(none, examples, FROM_PREDICTIONS, world.items, samples=5).scores == [], "no column at all"


def test_citations_and_case_make_no_other_sentence():
    assert sentence("Likes RED, see [2] and [3].") == sentence("likes red see [11] and [4]")
    assert sentence("[1]") == sentence("") == ""


def test_the_text_that_counts_is_bounded(world):
    e = random.Random(0).choice(world.examples["test"])
    value = next(iter(world.items.values())).attributes["colour"][0]
    late = prediction(e, "x " * 1000 + value)
    assert metric("feature_coverage", world.items).statistic([late], [e])(ones(1)) == 0
