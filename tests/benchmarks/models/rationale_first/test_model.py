"""The model: what is written is sound, short, and all that ranks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.models.rationale_first.model import Model
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.strengths import weighted
from rad.types import LASTING, Interaction


def test_every_reason_is_a_sound_fact_and_there_are_at_most_eight(fitted):
    for query, rationale in zip(fitted.queries, fitted.model.write(fitted.queries), strict=True):
        assert 0 < len(rationale.reasons) <= 8
        for reason in rationale.reasons:
            assert list(fitted.model.facts.check(reason, query)) == []


def test_the_text_is_what_ranks(fitted):
    written = list(fitted.model.predict(fitted.queries))
    read = [replace(p.rationale, reasons=text.parse(p.rationale.text)) for p in written]
    again = fitted.model.rank_given(fitted.queries, read)
    assert [p.ranking for p in again] == [p.ranking for p in written]
    assert [r.reasons for r in read] == [p.rationale.reasons for p in written]


def test_the_order_of_the_reasons_does_not_count(fitted):
    written = fitted.model.write(fitted.queries)
    turned = [replace(r, reasons=r.reasons[::-1]) for r in written]
    pairs = zip(
        fitted.model.rank_given(fitted.queries, written), fitted.model.rank_given(fitted.queries, turned), strict=True
    )
    assert all(a.ranking[:10] == b.ranking[:10] for a, b in pairs)


def test_another_users_reasons_give_another_ranking(fitted):
    written = fitted.model.write(fitted.queries)
    swapped = [replace(a, reasons=b.reasons) for a, b in zip(written, written[1:] + written[:1], strict=True)]
    pairs = zip(
        fitted.model.rank_given(fitted.queries, written), fitted.model.rank_given(fitted.queries, swapped), strict=True
    )
    assert sum(a.ranking[:10] == b.ranking[:10] for a, b in pairs) <= 2


def test_fewer_reasons_on_demand(fitted):
    model = fitted.model
    few = Model(Model.Settings(reasons=3, lasting=0.34, reasoner="selector"))
    few.__dict__.update({k: v for k, v in model.__dict__.items() if k != "settings"})
    for rationale in few.write(fitted.queries):
        assert len(rationale.reasons) <= 3
        assert sum(r.evidence.kind in LASTING for r in rationale.reasons) <= 1


def test_a_history_of_nothing_is_unexplained(fitted):
    query = replace(fitted.queries[0], history=())
    (prediction,) = fitted.model.predict([query])
    assert prediction.rationale.reasons == ()
    assert prediction.rationale.verdict == "unexplained"
    assert len(prediction.ranking) == 100


def test_an_item_that_the_catalogue_lacks_is_passed_over(fitted):
    query = fitted.queries[0]
    strange = replace(query, history=(Interaction(query.user_id, "no-such-item"), *query.history))
    (prediction,) = fitted.model.predict([strange])
    assert prediction.ranking
    for reason in prediction.rationale.reasons:
        assert list(fitted.model.facts.check(reason, strange)) == []


def test_the_arms_choose_otherwise(fitted):
    arms = {}
    changes = {"none": {"rationale": "none"}, "template": {"reasoner": "template"}, "facts": {"reasoner": "facts"}}
    for name, changed in changes.items():
        arm = Model(Model.Settings(**{"reasoner": "selector", **changed}))
        arm.__dict__.update({k: v for k, v in fitted.model.__dict__.items() if k != "settings"})
        arms[name] = list(arm.predict(fitted.queries))
    own = list(fitted.model.predict(fitted.queries))
    assert all(p.rationale is None for p in arms["none"])
    assert all(p.rationale is not None for p in [*arms["template"], *arms["facts"]])
    assert [p.ranking for p in own] != [p.ranking for p in arms["none"]]
    assert [p.ranking for p in own] != [p.ranking for p in arms["template"]]
    assert [p.ranking for p in own] != [p.ranking for p in arms["facts"]]


@pytest.mark.slow
def test_two_fits_with_one_seed_agree():
    data = open_dataset("world:users=60,items=200")
    queries = [e.query for e in data.examples["validation"][:20]]
    out = []
    for _ in range(2):
        model = Model(Model.Settings(epochs=1))
        model.fit(data.examples["train"], (), data.items, seed=3)
        out.append([(p.ranking, p.rationale.text) for p in model.predict(queries)])
    assert out[0] == out[1]


def test_what_is_struck_no_longer_ranks(fitted):
    written = fitted.model.write(fitted.queries)
    struck = []
    for rationale in written:
        remaining = [(r, 64) for r in rationale.reasons[1:]]
        struck.append(replace(rationale, reasons=weighted(remaining, 64)))
    pairs = zip(
        fitted.model.rank_given(fitted.queries, written), fitted.model.rank_given(fitted.queries, struck), strict=True
    )
    assert sum(a.ranking[:10] != b.ranking[:10] for a, b in pairs) > len(written) / 2


def test_weights_that_were_cut_are_refused_in_one_line(fitted, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    monkeypatch.setattr(Model, "_key", lambda self, *parts: "cut")
    (tmp_path / "rationale_first").mkdir()
    (tmp_path / "rationale_first" / "cut.pt").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(RadError, match=r"cut\.pt: no weights that can be read; delete it") as error:
        Model(fitted.model.settings).fit(fitted.data.examples["train"], (), fitted.data.items, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("reads", "is_moved"), [("values", False), ("text", True)])
def test_what_is_alike_by_values_no_text_moves(reads, is_moved):
    data = open_dataset("world:users=60,items=200")
    victim, *others = data.items
    copied = " ".join(data.items[key].text for key in others[:10])
    changed = {**data.items, victim: replace(data.items[victim], text=copied)}
    models = []
    for items in (data.items, changed):
        model = Model(Model.Settings(epochs=1, reads=reads))
        model.fit(data.examples["train"], (), items, seed=0)
        models.append(model)
    one, other = (model.texts for model in models)
    assert ((one.items != other.items).any() or (one.features != other.features).any()) == is_moved
