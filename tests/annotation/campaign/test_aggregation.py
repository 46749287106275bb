"""Aggregation: which drafts are accepted, and with which corrections."""

from __future__ import annotations

import json

import pytest

from annotation.campaign import aggregation


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


def ticks(verdict="accept_edited", edited=None, **of):
    return answer(verdict, edited) | {question: json.dumps(list(names)) for question, names in of.items()}


@pytest.mark.parametrize(
    "answers, state, edits",
    [
        ([ticks(strike="2"), ticks(strike="2", weaken="1")], "disagreed", {}),
        ([ticks(strike="2"), ticks(strike="2", weaken="1"), ticks("accept")], "edited", {"2": -2}),
        ([ticks(strike="2"), ticks(weaken="2"), ticks("accept")], "edited", {"2": -1}),
        ([ticks(strike="2"), ticks(strengthen="2"), ticks("accept")], "accepted", {}),
        ([ticks(strengthen="2"), ticks(strengthen="2")], "edited", {"2": 1}),
        ([ticks(add_fact="AC"), ticks(add_fact="C"), ticks("accept", add_fact="A")], "edited", {"C": 1}),
        ([ticks(add_fact="A"), ticks("reject", add_fact="A"), ticks("unsure", strike="1")], "disagreed", {}),
        ([ticks(add_fact="A"), ticks("unsure", strike="1")], "edited", {"A": 1}),
        ([ticks(weaken="1", strengthen="1"), ticks()], "accepted", {}),
        ([ticks(weaken="1", strengthen="1", strike="1")], "edited", {"1": -2}),
        ([ticks(edited="new", strike="1"), ticks("accept")], "edited", {}),
        ([ticks(edited="new"), ticks(strike="1")], "disagreed", {}),
        ([ticks(edited="new"), ticks(edited="new")], "edited", {}),
    ],
)
def test_a_majority_decides_on_each_reason_and_fact(answers, state, edits):
    got = aggregation.outcome({f"r-{k}": one for k, one in enumerate(answers)}, 1, "old")
    assert (got.state, got.edits) == (state, edits)
    assert (got.text == "new") == (state == "edited" and not edits)


@pytest.mark.parametrize(
    "verdicts, needed, state",
    [
        ("", 2, "waiting"),
        ("a", 2, "waiting"),
        ("aa", 2, "accepted"),
        ("ar", 3, "waiting"),
        ("aru", 4, "waiting"),
        ("arr", 2, "rejected"),
        ("arua", 2, "accepted"),
        ("arar", 4, "disagreed"),
    ],
)
def test_overlap_grows_where_people_disagree(verdicts, needed, state):
    words = {"a": "accept", "r": "reject", "u": "unsure"}
    judged = {f"r-{k}": answer(words[letter]) for k, letter in enumerate(verdicts)}
    assert aggregation.needed(judged, 2, "old", most=4) == needed
    assert aggregation.outcome(judged, 2, "old", most=4).state == state
    assert aggregation.is_disputed(judged, 2, "old", most=4) == (state == "disagreed")
    assert aggregation.needed(judged, 2, "old") == 2
