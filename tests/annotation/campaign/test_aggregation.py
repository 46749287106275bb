"""Aggregation: which drafts are accepted, in which words, and with which claims."""

from __future__ import annotations

import pytest

from annotation.campaign import aggregation
from rad.rationales.rules import Rules
from rad.types import Evidence, Rationale, Reason


def answer(verdict, edited=None):
    return {"verdict": verdict, **({"edited": edited} if edited else {})}


@pytest.mark.parametrize(
    "answers, state, text",
    [
        ({"r-1": answer("accept")}, "waiting", None),
        ({"r-1": answer("accept"), "r-2": answer("accept", "ignored")}, "accepted", None),
        ({"r-1": answer("accept"), "r-2": answer("accept_edited", "new")}, "edited", "new"),
        ({"r-1": answer("accept"), "r-2": answer("accept_edited", " old ")}, "accepted", None),
        ({"r-1": answer("accept_edited", "a"), "r-2": answer("accept_edited", "b")}, "disagreed", None),
        ({"r-1": answer("accept"), "r-2": answer("reject")}, "disagreed", None),
        ({"r-1": answer("unsure"), "r-2": answer("reject")}, "rejected", None),
        ({"r-1": answer("unsure"), "r-2": answer("unsure")}, "disagreed", None),
        ({"r-1": answer("accept"), "r-2": answer("reject"), "adj-1": answer("accept")}, "accepted", None),
        ({"r-1": answer("accept"), "r-2": answer("accept"), "adj-1": answer("reject")}, "rejected", None),
        ({"r-1": answer("accept"), "r-2": answer("reject"), "adj-1": answer("unsure")}, "disagreed", None),
        ({"r-1": answer("reject"), "simulated-1": answer("accept")}, "waiting", None),
        ({"simulated-1": answer("accept"), "simulated-2": answer("accept")}, "accepted", None),
    ],
)
def test_outcome(answers, state, text):
    got = aggregation.outcome(answers, 2, "old")
    assert (got.state, got.text) == (state, text)
    assert got.adjudicated == (any(who.startswith("adj-") for who in answers) and state != "disagreed")
    assert got.simulated == (all(who.startswith("simulated-") for who in answers) and state != "waiting")


def test_a_corrected_text_makes_its_own_claims(toy):
    example = max(toy.examples["train"], key=lambda e: len(e.query.history))
    past = [toy.items[x.item_id] for x in example.query.history]
    (name, value), (other, second) = [(a, v[0]) for a, v in (past[0].attributes | past[1].attributes).items() if v][:2]
    owner = next(k for k, item in enumerate(past) if second in item.attributes.get(other, ()))
    reason = Reason(Evidence((0,), "attribute", name, value), ((name, value),), weight=0.4)
    text = f"[1] has {name} {value}, so the user wants {name} {value}."
    rationale = Rationale("r", example.query.query_id, (reason,), text, "supported", "evidence", "evidence", "1")
    rules = Rules(toy.items)
    same = aggregation.corrected(rationale, f"Because of [1] the user wants {value}.", example.query, rules)
    assert same.reasons == (reason,) and same.origin == "edited" and same.rationale_id.startswith("r-edited-")
    changed = aggregation.corrected(rationale, f"Given [{owner + 1}] the user wants {second}.", example.query, rules)
    (new,) = changed.reasons
    assert new.wants == ((other, second),) and new.evidence.history == (owner,) and new.weight == 0.4
    empty = aggregation.corrected(rationale, "Nothing explains it.", example.query, rules)
    assert empty.reasons == () and empty.verdict == "unexplained"
    target = toy.items[next(iter(example.relevant))]
    leaky = aggregation.corrected(rationale, f"[1]: the user ended up with {target.title}.", example.query, rules)
    assert "hindsight" in aggregation.broken_rules(leaky, example, rules)
