"""Aggregation of judgements: which drafts a campaign accepts, which in corrected words, and by whose answers.

A draft is decided when as many reviewers have answered as the campaign asks for. It is accepted where more *accept*
(with or without a correction) than *reject*; *I cannot tell* abstains. Exactly one corrected text replaces the draft's.
An even vote, or corrections that differ, is a disagreement: it waits for an adjudicator, whose answer then decides.
Every answer stays in judgements.jsonl, whoever decided. Simulated reviewers count only where no person has answered,
and what they decided is marked so.

The claims of a corrected text: a reason whose values the draft's text states and the corrected one no longer does is
dropped. Values that it newly names become reasons. They share the weight set free (or, if none was, what is
unexplained).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from annotation.campaign.pseudonyms import is_adjudicator, is_simulated
from rad.rationales import claims
from rad.rationales.rules import Rules
from rad.types import Evidence, Example, Judgement, Query, Rationale, Reason

Answers = Mapping[str, str]  # question -> answer
State = Literal["waiting", "accepted", "edited", "rejected", "disagreed", "failed_checks"]
AVOIDS = re.compile(r"\b(?:avoid|dislike|unwanted|reject|against)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one draft. ``text`` is a correction; ``decided_by`` has the pseudonyms whose answers decided."""

    state: State
    decided_by: tuple[str, ...] = ()
    text: str | None = None
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


def is_disputed(judged: Mapping[str, Answers], overlap: int, draft_text: str) -> bool:
    """Whether ``overlap`` reviewers have answered and disagree, whatever an adjudicator may have answered since."""
    reviewers = reviewers_of(judged)
    return _vote(reviewers, draft_text).state == "disagreed" and len(reviewers) >= overlap


def outcome(judged: Mapping[str, Answers], overlap: int, draft_text: str) -> Outcome:
    """Aggregate the answers on one draft.

    Args:
        judged: Each annotator's answers by question.
        overlap: Answers of reviewers that decide.
        draft_text: The text that was judged; a correction that equals it is none.
    """
    reviewers = reviewers_of(judged)
    simulated = bool(reviewers) and all(is_simulated(who) for who in reviewers)
    adjudicators = {who: answers for who, answers in judged.items() if is_adjudicator(who)}
    if adjudicators:
        decided = _vote(adjudicators, draft_text)
        if decided.state != "disagreed":
            return replace(decided, adjudicated=True)
    if len(reviewers) < overlap:
        return Outcome("waiting")
    return replace(_vote(reviewers, draft_text), simulated=simulated)


def _vote(judged: Mapping[str, Answers], draft_text: str) -> Outcome:
    voters = tuple(sorted(judged))
    verdicts = [answers.get("verdict") for answers in judged.values()]
    edited = [answers.get("edited", "") for answers in judged.values() if answers.get("verdict") == "accept_edited"]
    corrections = {text.strip() for text in edited} - {"", draft_text.strip()}
    accepting, rejecting = sum(v in ("accept", "accept_edited") for v in verdicts), verdicts.count("reject")
    if accepting == rejecting:
        return Outcome("disagreed", voters)
    if rejecting > accepting:
        return Outcome("rejected", voters)
    if len(corrections) > 1:
        return Outcome("disagreed", voters)
    return Outcome("edited", voters, corrections.pop()) if corrections else Outcome("accepted", voters)


def corrected(draft: Rationale, text: str, query: Query, rules: Rules) -> Rationale:
    """The draft in the reviewers' words, with the claims that these make (see above)."""
    before, after = (_claims(t, rules.matcher) for t in (draft.text, text))
    remaining = [r for r in draft.reasons if not (set(r.wants + r.avoids) & before) or set(r.wants + r.avoids) <= after]
    old_claims = {claim for r in draft.reasons for claim in (*r.wants, *r.avoids)}
    old_claims |= {(r.evidence.attribute, r.evidence.value) for r in draft.reasons if r.evidence.attribute}  # type: ignore[misc]
    added = _new_reasons(text, query, rules, old_claims)
    # Dropped reasons set weight free; where there are none, the unexplained share makes room for the new ones.
    free = sum(r.weight for r in draft.reasons) - sum(r.weight for r in remaining)
    unexplained = 1 - sum(r.weight for r in draft.reasons)
    share = free / len(added) if added and free > 1e-9 else unexplained / (len(added) + 1)
    reasons = (*remaining, *(replace(r, weight=max(share, 0.0)) for r in added))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return replace(
        draft,
        rationale_id=f"{draft.rationale_id}-edited-{digest}",
        reasons=reasons,
        text=text,
        verdict=draft.verdict if reasons else "unexplained",
        origin="edited",
    )


def _claims(text: str, matcher: claims.Matcher) -> set[tuple[str, str]]:
    return {claim for mention in matcher.find(text) for claim in mention.claims}


def _new_reasons(text: str, query: Query, rules: Rules, old_claims: set[tuple[str, str]]) -> Sequence[Reason]:
    """One reason for each value that the text newly names in a sentence that cites the history."""
    out: dict[tuple[str, str], Reason] = {}
    for mention in rules.matcher.find(text):
        cited = tuple(k for k in mention.citations if 0 <= k < len(query.history))
        if not cited or old_claims.intersection(mention.claims):
            continue
        claim = mention.claims[0]
        owned = [k for k in cited if claim[1] in rules.items[query.history[k].item_id].attributes.get(claim[0], ())]
        evidence = Evidence(tuple(owned), "attribute", *claim) if owned else Evidence(cited, "sequence")
        start = max((s for s, _ in claims.sentences(text) if s <= mention.start), default=0)
        avoided = AVOIDS.search(text[start : mention.start]) is not None
        out.setdefault(claim, Reason(evidence, avoids=(claim,)) if avoided else Reason(evidence, wants=(claim,)))
    return list(out.values())


def broken_rules(rationale: Rationale, example: Example, rules: Rules) -> list[str]:
    """The rules that a corrected text breaks: people, too, may name the target."""
    target = rules.items[next(iter(example.relevant))]
    violations = rules.violations(rationale, example.query, target)
    return sorted({violation.rule for violation in violations if not violation.counted})
