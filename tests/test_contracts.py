"""Every model, metric and domain in the registries keeps its promises: a new file is tested unasked."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.base import (
    CUT,
    AskingMetric,
    CorpusMetric,
    JudgedMetric,
    ModelCard,
    ModelSettings,
    PairModel,
    RationaleRecommender,
)
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.registries import (
    ATTESTED,
    default_metrics,
    load_metric,
    load_metrics,
    load_model,
    metric_kinds,
    model_kind,
)
from benchmarks.harness.violations import pair_violation, violation
from benchmarks.models import dense, late_interaction
from benchmarks.pairs.evaluate import evaluate_pairs
from rad import registry
from rad.data.domain import BaseDomain
from rad.data.load import load_domain, open_dataset
from rad.data.pairs import answer_of, pair_splits, without_answer
from rad.data.sources import MissingFiles
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.release import publish
from rad.release.gather import gather
from rad.types import Evidence, Example, Interaction, Pair, PairPrediction, Prediction, Query, Rationale, Reason
from tests.conftest import raw_amazon, raw_recbole
from tests.support.fake_endpoint import FakeEndpoint
from tests.support.ratings import with_ratings

EVERY_MODEL, DOMAINS = registry.names("benchmarks.models"), registry.names("rad.domains")
PAIR_MODELS = [name for name in EVERY_MODEL if issubclass(model_kind(name), PairModel)]
PAIR_TASKS = [(name, task) for name in PAIR_MODELS for task in model_kind(name).tasks]
MODELS = [name for name in EVERY_MODEL if name not in PAIR_MODELS]
SMALL = "world:seed=3,users=40,items=200"


@pytest.fixture(autouse=True)
def _quick_encoder(monkeypatch):
    """Vectors from hashed words instead of a network that takes seconds to load; test_baselines runs the real one."""

    def encode(encoder, texts):
        vectors = np.zeros((len(texts), 64), np.float32)
        for row, words in zip(vectors, texts, strict=True):
            for word in words.lower().split():
                row[zlib.crc32(word.encode()) % 64] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), 0

    def encode_tokens(encoder, texts):
        rows = [text.lower().split() for text in texts]
        ids = [np.array([zlib.crc32(word.encode()) % 64 for word in row], np.int64) for row in rows]
        return [np.eye(64, dtype=np.float16)[row] for row in ids], ids, 0

    monkeypatch.setattr(dense, "_encode", encode)
    monkeypatch.setattr(late_interaction, "_encode_tokens", encode_tokens)


@cache
def endpoint():
    """The fake of tests/support/fake_endpoint.py, for models that ask one; it stays up."""
    return FakeEndpoint()


def make(name):
    kind = model_kind(name)
    required = {"base_url": lambda: endpoint().url, "model": lambda: "fake"}
    needed = {key: required[key]() for key in kind.required}
    return kind(kind.Settings(**kind.test_settings, **needed))


def rerank_only(name):
    return load_model(name).rerank_only


@cache
def small(protocol="full"):
    return open_dataset(SMALL, protocol=protocol)


@cache
def fitted(name):
    """A model on a small world, fitted once for all tests, and its answers."""
    model, data = make(name), small()
    model.fit(data.examples["train"], data.examples["validation"], data.items, 0)
    dataset = small("rerank") if rerank_only(name) else data
    queries = [e.query for e in dataset.examples["test"]]
    return model, queries, list(model.predict(queries))


# --- models ---


@pytest.mark.parametrize("name", MODELS)
class TestModel:
    def test_says_what_it_is(self, name):
        kind = load_model(name)
        assert issubclass(kind.Settings, ModelSettings)
        assert all(f.description for f in kind.Settings.model_fields.values()), "every setting has a description"
        assert set(kind.baselines) <= set(MODELS) - {name}
        card = kind(None).card  # before fitting: it makes the run's id
        assert isinstance(card, ModelCard) and card.name == name
        assert ModelCard.model_validate_json(card.model_dump_json()) == card

    def test_answers_every_query_in_order_and_without_a_fault(self, name):
        model, queries, answers = fitted(name)
        assert [p.query_id for p in answers] == [q.query_id for q in queries]
        assert [violation(p, q, small().items) for p, q in zip(answers, queries, strict=True)] == [None] * len(queries)
        assert all(len(p.ranking) == CUT for p in answers), "100 items where the catalogue has them"
        assert isinstance(model.card, ModelCard)

    def test_same_seed_same_answers_whatever_else_is_asked(self, name):
        model, queries, answers = fitted(name)
        assert [p.ranking for p in model.predict(queries[:7])] == [p.ranking for p in answers[:7]]
        again = make(name)
        again.fit(small().examples["train"], small().examples["validation"], small().items, 0)
        assert list(again.predict(queries[:7])) == list(model.predict(queries[:7]))

    def test_odd_queries(self, name):
        """An empty history, one item, a long one, every item twice, and candidates."""
        model, queries, _ = fitted(name)
        items = list(small().items)

        def ask(ids, **more):
            return Query(f"odd-{len(ids)}", queries[0].domain, "odd", tuple(Interaction("odd", i) for i in ids), **more)

        odd = [ask([]), ask(items[:1]), ask(items[:150]), ask([*items[:20], *items[:20]])]
        odd.append(ask(items[:3], candidates=tuple(items[50:60])))
        answers = list(model.predict(odd))
        assert [p.query_id for p in answers] == [q.query_id for q in odd]
        for p, q in zip(answers, odd, strict=True):
            assert p.error or violation(p, q, small().items) is None  # an honest error is allowed, a bad ranking is not
        assert list(model.predict([])) == []

    def test_ranks_what_the_user_has_had_where_repeats_are_kept(self, name):
        if rerank_only(name):
            pytest.skip("its candidates were not bought before")
        model, queries, _ = fitted(name)
        unmasked = [dataclasses.replace(query, repeats="keep") for query in queries]
        answers = list(model.predict(unmasked))
        assert [violation(p, q, small().items) for p, q in zip(answers, unmasked, strict=True)] == [None] * len(
            unmasked
        )
        assert any({x.item_id for x in q.history} & {*p.ranking} for p, q in zip(answers, unmasked, strict=True))

    def test_fits_the_toy_without_validation(self, name, toy):
        model = make(name)
        model.fit(toy.examples["train"], (), toy.items, 1)
        examples = toy.examples["validation"]
        if rerank_only(name):
            free = [set(toy.items) - {x.item_id for x in e.query.history} for e in examples]
            queries = [dataclasses.replace(e.query, candidates=tuple(f)) for e, f in zip(examples, free, strict=True)]
            examples = [dataclasses.replace(e, query=q) for e, q in zip(examples, queries, strict=True)]
        evaluation = evaluate(
            model.predict([e.query for e in examples]), examples, default_metrics(), toy.items, samples=10
        )
        assert evaluation.n_failed == 0, evaluation.failures

    def test_rationale_before_ranking(self, name):
        """The ranking follows from the rationale: given its own it ranks the same, given another's it answers too."""
        model, queries, answers = fitted(name)
        if not isinstance(model, RationaleRecommender) or all(p.rationale is None for p in answers):
            pytest.skip("gives no rationales")
        pairs = [(q, p) for q, p in zip(queries, answers, strict=True) if p.rationale is not None][:6]
        explained, own = [q for q, _ in pairs], [p.rationale for _, p in pairs]
        for prediction, expected in zip(model.rank_given(explained, own), (p for _, p in pairs), strict=True):
            assert prediction.ranking == expected.ranking and prediction.rationale == expected.rationale
        swapped = [
            dataclasses.replace(r, query_id=q.query_id) for q, r in zip(explained, own[1:] + own[:1], strict=True)
        ]
        for p, q, r in zip(model.rank_given(explained, swapped), explained, swapped, strict=True):
            assert p.query_id == q.query_id and p.rationale == r
            assert p.error or violation(p, q, small().items) is None
        assert all(r.query_id == q.query_id and r.origin == "model" for q, r in zip(explained, own, strict=True))


# --- models of pairs ---


@cache
def pairs_of(task):
    return pair_splits(small(), task)


@cache
def fitted_on_pairs(name, task):
    """A model of pairs on a small world, fitted once for all tests, and its answers."""
    model, pairs = make(name), pairs_of(task).pairs
    model.fit(pairs["train"], pairs["validation"], small().items, 0)
    scored = [without_answer(pair) for pair in pairs["test"]]
    return model, scored, list(model.rate(scored))


@pytest.mark.parametrize(("name", "task"), PAIR_TASKS)
class TestPairModel:
    def test_says_what_it_is(self, name, task):
        kind = model_kind(name)
        assert all(f.description for f in kind.Settings.model_fields.values()), "every setting has a description"
        assert set(kind.baselines) <= set(PAIR_MODELS) - {name} and task in kind.tasks
        card = kind(None).card
        assert card.name == name and ModelCard.model_validate_json(card.model_dump_json()) == card

    def test_answers_every_pair_in_order_the_same_whatever_else_is_asked(self, name, task):
        model, scored, answers = fitted_on_pairs(name, task)
        assert [p.query_id for p in answers] == [pair.query.query_id for pair in scored]
        assert [pair_violation(p, pair, task) for p, pair in zip(answers, scored, strict=True)] == [None] * len(scored)
        few = list(model.rate(scored[:5]))
        for one, other in zip(few, answers[:5], strict=True):
            assert (one.rating or one.probability) == pytest.approx(other.rating or other.probability, abs=1e-5)
        again = make(name)
        again.fit(pairs_of(task).pairs["train"], pairs_of(task).pairs["validation"], small().items, 0)
        assert list(again.rate(scored[:5])) == few
        assert list(model.rate([])) == []

    def test_an_unseen_user_an_empty_history_and_no_validation(self, name, task, toy):
        """A user and an item that training lacks have a defined answer, and fitting needs no validation."""
        pairs = pair_splits(with_ratings(toy), task).pairs
        model = make(name)
        model.fit(pairs["train"], (), toy.items, 1)
        unseen = Pair(Query("nobody-0", "toy", "nobody", ()), "green-boots")  # nobody has them
        (answer,) = model.rate([unseen])
        assert pair_violation(answer, unseen, task) is None


@pytest.mark.parametrize("task", ["rating", "choice"])
def test_pair_metric(task, toy):
    pairs = pair_splits(with_ratings(toy), task)
    for name, kind in metric_kinds(task).items():
        assert kind.title and kind.hint and "\n" not in kind.hint and kind.range[0] < kind.range[1]
        field = "rating" if task == "rating" else "probability"
        right = [PairPrediction(p.query.query_id, p.item_id, **{field: answer_of(p)}) for p in pairs.pairs["test"]]
        scored = (pairs.pairs["test"], [name], toy.items, task, pairs.constant)
        best, constant = (evaluate_pairs(answers, *scored, samples=10).value(name) for answers in (right, []))
        assert best == pytest.approx(1.0 if kind.higher_is_better else 0.0, abs=1e-5), name
        assert kind.range[0] <= constant <= kind.range[1]


# --- metrics ---


@pytest.mark.parametrize("name", [n.partition("@")[0] for n in metric_kinds()])
def test_metric(name, toy):
    kind = load_metric(name)
    worst, best = kind.range if kind.higher_is_better else kind.range[::-1]
    assert worst != best and kind.version >= 1
    assert kind.title and kind.hint and "\n" not in kind.hint and not kind.hint.endswith("."), "what tables show"
    assert kind.default_cut is None or kind.cuts
    assert kind.needs <= {"rationale", "known", "supported", "contrast", "facts", *ATTESTED}
    if kind.needs & ATTESTED:
        assert kind.asks if issubclass(kind, AskingMetric) else issubclass(kind, JudgedMetric) and kind.question
        assert not kind.default, "benchmarks.run computes metrics of predictions alone"
        with pytest.raises(RadError, match=f"'{name}' asks the model or a judge"):
            load_metrics([name], toy.items)
        return
    if kind.ranked:
        assert kind.missing is None or kind.range[0] < kind.missing < kind.range[1]
    spec = f"{name}@3" if kind.cuts else name
    (metric,) = load_metrics([spec], toy.items).values()
    rationales = {e.query.query_id: e.rationale for e in toy.examples["test"]}
    shown = {e.query.query_id: rationales[e.query.query_id] or _rationale(e) for e in toy.examples["test"]}
    right = [Prediction(e.query.query_id, _first(e, toy), shown[e.query.query_id]) for e in toy.examples["test"]]
    facts = cache(partial(Facts.of, toy.examples["train"], toy.items))
    if "facts" in kind.needs:
        assert not evaluate(right, toy.examples["test"], [spec], toy.items, samples=10).scores, "nothing is counted"
        metric.facts = facts()
    if kind.family == "soundness":
        right = [Prediction(e.query.query_id, _first(e, toy), _sound(e, facts())) for e in toy.examples["test"]]
    missing, complete = (
        evaluate(answers, toy.examples["test"], [spec], toy.items, samples=10, facts=facts) for answers in ([], right)
    )
    for evaluation in (complete, missing):
        for score in evaluation.scores:
            assert kind.range[0] <= score.ci_low <= score.ci_high <= kind.range[1]
    assert all(s.value == worst for s in missing.scores)
    # what a known rationale cannot do alone: differences, and contrasts, which the toy world has none of
    alone = not (isinstance(metric, CorpusMetric) or kind.missing is not None or "contrast" in kind.needs)
    alone = alone and kind.ranked
    assert not alone or metric.score(right[0], toy.examples["test"][0]) == pytest.approx(best)


def _first(example: Example, data) -> tuple[str, ...]:
    past = {x.item_id for x in example.query.history}
    return tuple(i for i in [*example.relevant, *(set(data.items) - set(example.relevant))] if i not in past)


def _rationale(example: Example) -> Rationale:
    colour = example.query.history[0].item_id.split("-")[0]
    reason = Reason(Evidence((0,), "attribute", "colour", colour), (("colour", colour),))
    return Rationale("r", example.query.query_id, (reason,), "", "supported", "model", "toy", "1")


def _sound(example: Example, facts: Facts) -> Rationale:
    reasons = weighted([(reason, 64) for reason in facts.about(example.query, 2)], rest=4)
    return text.rationale(example.query, reasons, "model", "toy", "1")


# --- domains ---


FOLDERS: dict[str, Callable[[Path], str]] = {
    "amazon": lambda folder: f"amazon:{raw_amazon(folder / 'raw', 2018)}",
    "fashion_2023": lambda folder: raw_amazon(folder / "fashion_2023", 2023) and "fashion_2023",
    "scientific_2023": lambda folder: (
        raw_amazon(folder / "scientific_2023", 2023, ".gz", "Industrial_and_Scientific") and "scientific_2023"
    ),
    "recbole": lambda folder: f"recbole:{raw_recbole(folder / 'raw')}",
    "campaign": lambda folder: f"campaign:{_campaign(folder)}",
    "release": lambda folder: f"release:{_release(folder)}",
}
"""Domains of the user's own files, or of files that are nowhere here: invented ones in their formats."""


def _release(folder: Path) -> Path:
    publish.write(gather("world:users=300,items=300"), folder / "release", None)
    return folder / "release"


def _campaign(folder: Path) -> Path:
    (folder / "campaign.json").write_text('{"domain": "world:users=300,items=300"}')
    (folder / "rationales.jsonl").touch()
    return folder


def domains():
    for name in DOMAINS:
        if name in FOLDERS:
            yield pytest.param(name, id=f"{name}-invented")
        if name not in ("amazon", "recbole", "campaign", "release"):  # these have no files of their own
            needs = [pytest.mark.realdata] if registry.load("rad.domains", name).sources else []
            yield pytest.param(name, marks=needs if name == "world" else [*needs, pytest.mark.slow])


@pytest.mark.parametrize("name", list(domains()))
def test_domain(name, data_dir, tmp_path, request):
    invented = request.node.callspec.id.endswith("-invented")
    spec, data_dir = (FOLDERS[name](tmp_path), tmp_path) if invented else (name, data_dir)
    domain = load_domain(spec)
    assert isinstance(domain, BaseDomain) and domain.name == name and domain.version
    try:
        data = open_dataset(spec, data_dir)
    except MissingFiles as error:
        assert not invented
        pytest.skip(str(error))
    assert list(data.items) == sorted(data.items)
    hexadecimal = set("0123456789abcdef")
    assert all(len(i) == 16 and set(i) <= hexadecimal for i in data.items), "public ids, which say nothing of order"
    users = [e.query.user_id for e in data.examples["test"]]
    assert len(users) == len(set(users)) and all(len(u) == 16 and set(u) <= hexadecimal for u in users)
    for split, examples in data.examples.items():
        for e in examples:
            assert e.split == split and e.relevant and e.query.candidates is None
            assert all(item in data.items for item in e.relevant)
    scores = {}
    examples = data.examples["test"][:2000]
    for control in ("next_id", "popularity"):
        model = registry.load("benchmarks.models", control)()
        model.fit(data.examples["train"], data.examples["validation"], data.items, 0)
        answers = model.predict([e.query for e in examples])
        scores[control] = evaluate(answers, examples, ["ndcg@10"], data.items, samples=10).value("ndcg@10")
    assert scores["next_id"] <= scores["popularity"], f"the ids leak the order of purchase: {scores}"
