"""Aggregation of judgements: which drafts a campaign accepts, with which corrections, and by whose answers.

A draft is decided when as many reviewers have answered as the campaign asks for, which may be more where they disagree.
It is accepted where more *accept* (with or without a correction) than *reject*; *I cannot tell* abstains. Among those
who accept, each reason stays, is struck, or moves by one level, as the middle one of their answers says: a majority
decides, and who strikes a reason also finds it weaker. A further fact is added where a majority adds it. Exactly one
corrected text replaces the draft's.
An even vote, or corrections that differ, is a disagreement: it waits for an adjudicator, whose answer then decides.
Every answer stays in judgements.jsonl, whoever decided. Simulated reviewers count only where no person has answered,
and what they decided is marked so. :mod:`annotation.campaign.corrections` applies what is decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_high, median_low
from typing import Literal

from annotation.campaign.pseudonyms import is_adjudicator, is_simulated
from rad.types import Judgement

Answers = Mapping[str, str]  # question -> answer
State = Literal["waiting", "accepted", "edited", "rejected", "disagreed", "failed_checks"]
STRIKE, WEAKEN, STRENGTHEN, ADD = -2, -1, 1, 1  # in levels, but for the first
# the last one overrules the others
_MOVES = {
    "add_fact": ADD,
    "strengthen": STRENGTHEN,
    "weaken": WEAKEN,
    "strike": STRIKE,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one draft.

    Attributes:
        decided_by: The pseudonyms whose answers decided.
        text: A corrected text, if there is one.
        edits: The move of each edited reason by its number, and of each added fact by its letter.
    """

    state: State
    decided_by: tuple[str, ...] = ()
    text: str | None = None
    edits: Mapping[str, int] = field(default_factory=dict)
    adjudicated: bool = False
    simulated: bool = False


def by_rationale(judgements: Iterable[Judgement]) -> dict[str, dict[str, dict[str, str]]]:
    """Sort judgements by rationale id, annotator and question."""
    out: dict[str, dict[str, dict[str, str]]] = {}
    for j in judgements:
        out.setdefault(j.rationale_id, {}).setdefault(j.annotator, {})[j.question] = j.answer
    return out


def reviewers_of(judged: Mapping[str, Answers]) -> dict[str, Answers]:
    """The reviewers' answers: without adjudicators, and without simulated ones where a person has answered."""
    reviewers = {who: answers for who, answers in judged.items() if not is_adjudicator(who)}
    people = {who: answers for who, answers in reviewers.items() if not is_simulated(who)}
    return people or reviewers


def is_disputed(judged: Mapping[str, Answers], overlap: int, draft_text: str, most: int = 0) -> bool:
    """Whether all reviewers who were to answer have, and disagree, whatever an adjudicator may have answered since."""
    reviewers = reviewers_of(judged)
    return _vote(reviewers, draft_text).state == "disagreed" and len(reviewers) >= max(overlap, most)


def needed(judged: Mapping[str, Answers], overlap: int, draft_text: str, most: int = 0) -> int:
    """How many reviewers are to answer a draft: one more, up to ``most``, where those who have answered disagree."""
    reviewers = reviewers_of(judged)
    if len(reviewers) < overlap or _vote(reviewers, draft_text).state != "disagreed":
        return overlap
    return max(overlap, min(len(reviewers) + 1, most))


def outcome(judged: Mapping[str, Answers], overlap: int, draft_text: str, most: int = 0) -> Outcome:
    """Aggregate the answers on one draft.

    Args:
        judged: Each annotator's answers by question.
        overlap: How many answers of reviewers decide.
        draft_text: The text that was judged; a correction that equals it is none.
        most: How many decide where reviewers disagree, if it is more.
    """
    reviewers = reviewers_of(judged)
    simulated = bool(reviewers) and all(is_simulated(who) for who in reviewers)
    adjudicators = {who: answers for who, answers in judged.items() if is_adjudicator(who)}
    if adjudicators:
        decided = _vote(adjudicators, draft_text)
        if decided.state != "disagreed":
            return replace(decided, adjudicated=True)
    vote = _vote(reviewers, draft_text)
    if len(reviewers) < (max(overlap, most) if vote.state == "disagreed" else overlap):
        return Outcome("waiting")
    return replace(vote, simulated=simulated)


def _vote(judged: Mapping[str, Answers], draft_text: str) -> Outcome:
    voters = tuple(sorted(judged))
    verdicts = [answers.get("verdict") for answers in judged.values()]
    accepting, rejecting = sum(v in ("accept", "accept_edited") for v in verdicts), verdicts.count("reject")
    if accepting == rejecting:
        return Outcome("disagreed", voters)
    if rejecting > accepting:
        return Outcome("rejected", voters)
    corrections = [_correction(answers, draft_text) for answers in judged.values()]
    accepted = [c for c, verdict in zip(corrections, verdicts, strict=True) if verdict in ("accept", "accept_edited")]
    if any(isinstance(correction, str) for correction in accepted):
        first, *others = [correction for correction in accepted if correction]
        if not isinstance(first, str) or any(other != first for other in others):
            return Outcome("disagreed", voters)
        return Outcome("edited", voters, first)
    edits = _edits([correction for correction in accepted if not isinstance(correction, str)])
    if edits is None:
        return Outcome("disagreed", voters)
    return Outcome("edited", voters, edits=edits) if edits else Outcome("accepted", voters)


def _correction(answers: Answers, draft_text: str) -> str | dict[str, int]:
    """A corrected text, or the moves of reasons and facts; empty where there is no correction."""
    if answers.get("verdict") != "accept_edited":
        return {}
    text = answers.get("edited", "").strip()
    return text if text not in ("", draft_text.strip()) else moves(answers)


def moves(answers: Answers) -> dict[str, int]:
    """By reason or fact, how far one reviewer moves it. A struck reason is struck, whatever else was ticked."""
    out: dict[str, int] = {}
    for question, move in _MOVES.items():
        for name in json.loads(answers.get(question, "[]")):
            out[name] = move if move == STRIKE else out.get(name, 0) + move
    return {name: move for name, move in out.items() if move}


def _edits(each: Sequence[Mapping[str, int]]) -> dict[str, int] | None:
    """The middle of the reviewers' moves; None where two differ that stand in the middle together."""
    out: dict[str, int] = {}
    for name in sorted({name for one in each for name in one}):
        votes = [one.get(name, 0) for one in each]
        if median_low(votes) != median_high(votes):
            return None
        out[name] = median_low(votes)
    return {name: move for name, move in out.items() if move}
