"""Changed rationales in the words of rad.rationales.text: whatever changes, the text is the rationale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.changed_reasons import corrupted, dealt_anew, paraphrased
from benchmarks.explanations.changes.known_facts import known_facts
from benchmarks.explanations.changes.perturbations import ALONE, STEPS, Perturbations
from benchmarks.explanations.changes.recency_template import recency_template
from benchmarks.explanations.controls.models import FaithfulModel
from benchmarks.explanations.controls.setting import setting_of
from benchmarks.explanations.rewriting import in_form
from rad.data.load import open_dataset
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import levels, weighted
from rad.types import LASTING, Evidence, Rationale, Reason
from rad.world.motives import motives_of

WORLD = "world:seed=5,users=40,items=200"
NAMES = (
    *("own", "swap", "corrupt", "none", "without_cited", "without_random", "only_cited", "only_random", "rebuilt"),
    *("template", "strengths", "edits 1", "edits 3", "random edits 1", "random edits 3", "leaking edits 2"),
    *(f"{order}_first_{percent}" for order in ("heaviest", "lightest") for percent in STEPS),
    *(f"only_reason_{k + 1}" for k in range(ALONE - 4)),
)


@pytest.fixture(scope="module")
def setting():
    world = open_dataset(WORLD)
    explained = [e for e in world.examples["test"] if e.rationale.verdict == "supported"]
    return setting_of(explained, world.items, Facts.of(world.examples["train"], world.items))


@pytest.fixture(scope="module")
def rationales(setting):
    """The eight most telling facts of each query, as of a model."""
    strengths = (64, 32, 32, 16, 16, 8, 8, 4)
    return [
        text.rationale(
            e.query,
            weighted(zip(setting.candidates.reasons(row), strengths, strict=False), 32),
            "model",
            "m",
            "1",
        )
        for row, e in enumerate(setting.examples)
    ]


@pytest.mark.parametrize("mask", [False, True])
def test_text_and_reasons_say_the_same_under_every_change(setting, rationales, mask):
    others, queries = [*range(1, len(rationales)), 0], [e.query for e in setting.examples]
    motives = dict(zip((q.query_id for q in queries), motives_of(WORLD, queries), strict=True))
    changes = Perturbations(setting.examples, rationales, others, setting.items, lambda: setting.facts, lambda: motives)
    n_inputs = dict.fromkeys(NAMES, 0)
    for row in range(8):
        for name in NAMES:
            one = changes.input(name, row, mask)
            if one is None:
                continue
            n_inputs[name] += 1
            assert text.parse(one.rationale.text) == one.rationale.reasons, (name, row)
            assert name == "swap" or all(
                k < len(one.query.history) for r in one.rationale.reasons for k in r.evidence.history
            )
    assert mask or all(n_inputs.values()), "every change was made of one rationale at least"


def test_a_paraphrase_says_the_same_and_ranks_the_same(setting, rationales):
    model, queries = FaithfulModel(setting.items), [e.query for e in setting.examples]
    others = [replace(r, text=paraphrased(r)) for r in rationales]
    for own, other in zip(rationales, others, strict=True):
        assert own.text != other.text and sorted(map(repr, text.parse(other.text))) == sorted(map(repr, own.reasons))
        assert in_form(own) and other.reasons == own.reasons
    one, two = (list(model.rank_given(queries, each)) for each in (rationales, others))
    assert [p.ranking for p in one] == [p.ranking for p in two]


def test_a_pointer_is_corrupted_by_pointing_elsewhere(setting):
    example, facts = setting.examples[0], setting.candidates.reasons(0, ("similar",), recent=True)
    own = text.rationale(example.query, weighted([(facts[0], 64)], 16), "model", "m", "1")
    changed = corrupted(own, example.query, setting.items)
    assert changed.reasons[0].evidence.history != own.reasons[0].evidence.history and in_form(changed)


def test_prose_is_in_no_form(setting, rationales):
    own = rationales[0]
    assert in_form(own) and not in_form(replace(own, text=own.text + " Truly."))
    assert not in_form(replace(own, reasons=own.reasons[1:])) and not in_form(replace(own, reasons=()))
    bare = [replace(r, evidence=replace(r.evidence, support=None)) for r in own.reasons]
    assert not in_form(replace(own, reasons=tuple(bare)))


# --- a rationale that nobody chose ---


def test_the_template_is_the_last_purchases_in_order_with_fixed_strengths(setting):
    for example in setting.examples[:10]:
        reasons = recency_template(setting.facts, example.query, 8)
        assert 0 < len(reasons) <= 8 and all(not list(setting.facts.check(r, example.query)) for r in reasons)
        places = [r.evidence.history[0] for r in reasons]
        assert places == sorted(places, reverse=True) and len({(r.evidence.kind, *r.evidence.history) for r in reasons})
        # 64 for the last purchase, 32 for the one before, ...
        number = {index: k for k, index in enumerate(dict.fromkeys(places))}
        assert levels(reasons) == ([(64, 32, 16, 8, 4)[min(number[p], 4)] for p in places], 16)
        assert recency_template(setting.facts, example.query, 2) == weighted(
            zip([replace(r, weight=1.0) for r in reasons[:2]], levels(reasons)[0], strict=False), 16
        )


def test_strengths_are_dealt_out_among_their_own(rationales):
    own = rationales[0].reasons
    dealt = dealt_anew(own, "a seed")
    assert [replace(r, weight=1.0) for r in dealt] == [replace(r, weight=1.0) for r in own] and dealt != own
    for lasting in (False, True):
        one, two = ([r.weight for r in rs if (r.evidence.kind in LASTING) == lasting] for rs in (own, dealt))
        assert sorted(one) == sorted(two)
    assert dealt_anew(own, "a seed") == dealt


# --- known reasons ---


def test_known_reasons_become_facts_of_the_same_value(toy):
    """u01 has red-coat, red-hat, red-scarf, red-boots, blue-boots: 4 of 5 are red, 1 of 5 blue."""
    example = next(e for e in toy.examples["test"] if e.query.user_id == "u01")
    candidates = CandidateFacts(Facts.of(toy.examples["train"], toy.items), [example.query])
    taste = Reason(Evidence((0,), "attribute", "colour", "red"), (("colour", "red"),), weight=0.5)
    need = Reason(Evidence((3,), "sequence"), (("colour", "red"),), weight=0.2)
    unknown = Reason(Evidence((0,), "attribute", "colour", "green"), (("colour", "green"),), weight=0.1)
    reference = Rationale("k", example.query.query_id, (need, taste, unknown), "", "supported", "known", "t", "1")
    (fact,) = known_facts(reference, candidates, 0)
    assert fact.wants == (("colour", "red"),) and fact.evidence.kind == "repeat", (
        "80% is no lasting taste where half is usual"
    )
    assert fact.weight == pytest.approx(0.7) and fact.evidence.support.found == 4 and fact.evidence.support.of == 5
