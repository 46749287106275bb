"""Corrections: what edits of single reasons, and corrected texts, make of a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.campaign import corrections
from annotation.campaign.aggregation import Outcome
from annotation.campaign.corrections import Corrections
from annotation.campaign.folder import Campaign
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules
from rad.rationales.strengths import levels, weighted
from rad.types import Evidence, Rationale, Reason


@pytest.fixture
def example(toy):
    return max(toy.examples["train"], key=lambda e: len(e.query.history))


@pytest.fixture
def facts(toy, example):
    """Eight facts of the example, none of them lasting."""
    every = Facts.of(toy.examples["train"], toy.items).about(example.query)
    return [fact for fact in every if fact.evidence.kind not in ("lasting", "absence")][:8]


@pytest.fixture
def draft(example, facts):
    return text.rationale(example.query, weighted(zip(facts, (64, 32, 4), strict=False), 16), "llm", "d", "1")


def in_levels(rationale):
    """Each reason's citation and kind with its level, then the level of the unexplained."""
    each, rest = levels(rationale.reasons)
    return [(reason.evidence, level) for reason, level in zip(rationale.reasons, each, strict=True)], rest


@pytest.mark.parametrize(
    "moves, expected, rest",
    [
        ({"2": -2}, {0: 64, 2: 4}, 16),
        ({"1": -1, "2": 1}, {1: 64, 0: 32, 2: 4}, 16),
        ({"3": -1}, {0: 64, 1: 32, 2: 4}, 16),
        ({"1": 1}, {0: 64, 1: 16, 2: 4}, 8),
        ({"1": -2}, {1: 64, 2: 8}, 32),
        ({"A": 1, "C": 1}, {0: 64, 1: 32, 3: 16, 5: 16, 2: 4}, 16),
        ({"1": -2, "2": -2, "3": -2}, {}, 64),
        ({"7": -2, "L": 1}, {0: 64, 1: 32, 2: 4}, 16),
    ],
)
def test_reasons_move_by_one_level_and_the_text_is_written_anew(draft, facts, example, moves, expected, rest):
    final = corrections.edited(draft, moves, facts[3:6], example.query)
    assert in_levels(final) == ([(facts[k].evidence, level) for k, level in expected.items()], rest)
    assert text.parse(final.text) == final.reasons
    assert (final.origin, final.drafter) == ("edited", "d") and final.rationale_id.startswith(
        f"{draft.rationale_id}-edi"
    )


def test_without_a_reason_of_the_moment_the_unexplained_is_most_likely(facts, example):
    lasting = replace(facts[0], evidence=replace(facts[0].evidence, kind="lasting"))
    one = text.rationale(example.query, weighted([(facts[1], 64), (lasting, 32)], 0), "llm", "d", "1")
    final = corrections.edited(one, {"1": -2}, (), example.query)
    assert in_levels(final) == ([(lasting.evidence, 32)], 64)


def test_a_text_in_the_grammar_is_taken_at_its_word(draft, facts, example, toy):
    final = corrections.reworded(
        draft, f"{text.sentence(facts[5], 8)} {text.REST.format('possible')}", example.query, None
    )
    assert in_levels(final) == ([(facts[5].evidence, 64)], 64) and final.origin == "edited"
    assert final.text == text.write(final.reasons), "weights are shares, so the strongest is the most likely"


def test_corrections_of_facts_are_facts_too(toy, draft, example, tmp_path):
    apply = Corrections(Campaign(tmp_path), toy).apply
    assert apply(draft, Outcome("edited", edits={"1": -2}), example)[1] == []
    number = draft.text.replace(" of ", " of 1", 1)
    assert apply(draft, Outcome("edited", text=number), example)[1] == ["fact"]
    invented = apply(draft, Outcome("edited", text="Given [1] the user avoids the colour black."), example)
    assert invented[1] == ["fact"], "free prose whose claims nothing counts"


def test_drafts_from_before_facts_keep_their_reasons_whatever_is_ticked(toy, tmp_path):
    example = toy.examples["test"][0]
    apply = Corrections(Campaign(tmp_path), toy).apply
    assert apply(example.rationale, Outcome("edited", edits={"1": -2}), example) == (example.rationale, [])


def test_a_corrected_text_makes_its_own_claims(toy):
    example = max(toy.examples["train"], key=lambda e: len(e.query.history))
    past = [toy.items[x.item_id] for x in example.query.history]
    (name, value), (other, second) = [(a, v[0]) for a, v in (past[0].attributes | past[1].attributes).items() if v][:2]
    owner = next(k for k, item in enumerate(past) if second in item.attributes.get(other, ()))
    reason = Reason(Evidence((0,), "attribute", name, value), ((name, value),), weight=0.4)
    text = f"[1] has {name} {value}, so the user wants {name} {value}."
    rationale = Rationale("r", example.query.query_id, (reason,), text, "supported", "evidence", "evidence", "1")
    rules = Rules(toy.items)
    same = corrections.reworded(rationale, f"Because of [1] the user wants {value}.", example.query, rules)
    assert same.reasons == (reason,) and same.origin == "edited" and same.rationale_id.startswith("r-edited-")
    changed = corrections.reworded(rationale, f"Given [{owner + 1}] the user wants {second}.", example.query, rules)
    (new,) = changed.reasons
    assert new.wants == ((other, second),) and new.evidence.history == (owner,) and new.weight == 0.4
    empty = corrections.reworded(rationale, "Nothing explains it.", example.query, rules)
    assert empty.reasons == () and empty.verdict == "unexplained"
    target = toy.items[next(iter(example.relevant))]
    leaky = corrections.reworded(rationale, f"[1]: the user ended up with {target.title}.", example.query, rules)
    assert "hindsight" in corrections.broken_rules(leaky, example, rules)
