"""From judgements to what a campaign gives: which drafts stand, which in corrected words, and who decided.

A draft is decided when as many reviewers have answered as the campaign asks for. More *accept* (with or without a
correction) than *reject* lets it stand; *I cannot tell* abstains. If exactly one corrected text was given, it replaces
the draft's. An even vote, or corrections that differ, is a disagreement: it waits for an adjudicator, whose answer then
decides. Every answer stays in judgements.jsonl, whoever decided. Simulated reviewers count only where no person has
answered, and what they decided is marked so.

The claims of a corrected text: reasons that the draft's text told and the corrected one no longer tells are dropped;
values that it newly names become reasons that share the weight set free (or, if none was, what is unexplained).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from annotation.campaign.folder import PREFIX, SIMULATED, Campaign
from rad.rationales import claims
from rad.rationales.rules import Rules
from rad.runtime import records
from rad.types import Evidence, Example, Judgement, Query, Rationale, Reason

Answers = Mapping[str, str]  # question -> answer
State = Literal["waiting", "accepted", "edited", "rejected", "disagreed", "failed_checks"]
AVOIDS = re.compile(r"\b(?:avoid|dislike|unwanted|reject|against)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``text`` is a correction. ``decided_by`` are the pseudonyms whose answers made the decision."""

    state: State
    decided_by: tuple[str, ...] = ()
    text: str | None = None
    adjudicated: bool = False
    simulated: bool = False


def by_rationale(campaign: Campaign) -> dict[str, dict[str, dict[str, str]]]:
    """rationale_id -> annotator -> question -> answer, of what ``pull`` has written."""
    path = campaign.file("judgements.jsonl")
    return grouped(j for _, j in records.read(path, Judgement)) if path.exists() else {}


def grouped(judgements: Iterable[Judgement]) -> dict[str, dict[str, dict[str, str]]]:
    out: dict[str, dict[str, dict[str, str]]] = {}
    for j in judgements:
        out.setdefault(j.rationale_id, {}).setdefault(j.annotator, {})[j.question] = j.answer
    return out


def people(judged: Mapping[str, Answers]) -> dict[str, Answers]:
    """The reviewers' answers: without adjudicators, and without simulated ones where a person has answered."""
    reviewers = {who: said for who, said in judged.items() if not who.startswith(PREFIX["adjudicator"])}
    real = {who: said for who, said in reviewers.items() if not who.startswith(SIMULATED)}
    return real or reviewers


def open_question(judged: Mapping[str, Answers], overlap: int, draft_text: str) -> bool:
    """Whether reviewers are done and disagree, whatever an adjudicator may have said since."""
    return _vote(people(judged), draft_text).state == "disagreed" and len(people(judged)) >= overlap


def outcome(judged: Mapping[str, Answers], overlap: int, draft_text: str) -> Outcome:
    reviewers = people(judged)
    simulated = bool(reviewers) and all(who.startswith(SIMULATED) for who in reviewers)
    adjudicators = {who: said for who, said in judged.items() if who.startswith(PREFIX["adjudicator"])}
    if adjudicators:
        decided = _vote(adjudicators, draft_text)
        if decided.state != "disagreed":
            return replace(decided, adjudicated=True)
    if len(reviewers) < overlap:
        return Outcome("waiting")
    return replace(_vote(reviewers, draft_text), simulated=simulated)


def _vote(answers: Mapping[str, Answers], draft_text: str) -> Outcome:
    by = tuple(sorted(answers))
    verdicts = [said.get("verdict") for said in answers.values()]
    corrections = {
        said["edited"].strip()
        for said in answers.values()
        if said.get("verdict") == "accept_edited" and said.get("edited", "").strip() not in ("", draft_text.strip())
    }
    yes, no = sum(v in ("accept", "accept_edited") for v in verdicts), verdicts.count("reject")
    if yes == no:
        return Outcome("disagreed", by)
    if no > yes:
        return Outcome("rejected", by)
    if len(corrections) > 1:
        return Outcome("disagreed", by)
    return Outcome("edited", by, corrections.pop()) if corrections else Outcome("accepted", by)


def corrected(draft: Rationale, text: str, query: Query, rules: Rules) -> Rationale:
    """The draft in the reviewers' words, with the claims that these make (see above)."""
    before, after = (_told(t, rules.matcher) for t in (draft.text, text))
    kept = [r for r in draft.reasons if not (set(r.wants + r.avoids) & before) or set(r.wants + r.avoids) <= after]
    known = {claim for r in draft.reasons for claim in (*r.wants, *r.avoids)}
    known |= {(r.evidence.attribute, r.evidence.value) for r in draft.reasons if r.evidence.attribute}  # type: ignore[misc]
    added = _new_reasons(text, query, rules, known)
    free = sum(r.weight for r in draft.reasons) - sum(r.weight for r in kept)
    rest = 1 - sum(r.weight for r in draft.reasons)
    share = free / len(added) if added and free > 1e-9 else rest / (len(added) + 1)
    reasons = (*kept, *(replace(r, weight=max(share, 0.0)) for r in added))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return replace(
        draft,
        rationale_id=f"{draft.rationale_id}-edited-{digest}",
        reasons=reasons,
        text=text,
        verdict=draft.verdict if reasons else "unexplained",
        origin="edited",
    )


def _told(text: str, matcher: claims.Matcher) -> set[tuple[str, str]]:
    return {claim for mention in matcher.find(text) for claim in mention.claims}


def _new_reasons(text: str, query: Query, rules: Rules, known: set[tuple[str, str]]) -> Sequence[Reason]:
    """One reason for each value that the text newly names in a sentence that cites the history."""
    out: dict[tuple[str, str], Reason] = {}
    for mention in rules.matcher.find(text):
        cited = tuple(k for k in mention.citations if 0 <= k < len(query.history))
        if not cited or known.intersection(mention.claims):
            continue
        claim = mention.claims[0]
        owned = [k for k in cited if claim[1] in rules.items[query.history[k].item_id].attributes.get(claim[0], ())]
        evidence = Evidence(tuple(owned), "attribute", *claim) if owned else Evidence(cited, "sequence")
        start = max((s for s, _ in claims.sentences(text) if s <= mention.start), default=0)
        avoided = AVOIDS.search(text[start : mention.start]) is not None
        out.setdefault(claim, Reason(evidence, avoids=(claim,)) if avoided else Reason(evidence, wants=(claim,)))
    return list(out.values())


def check(rationale: Rationale, example: Example, rules: Rules) -> list[str]:
    """The rules that a corrected text breaks: people, too, may name the target."""
    target = rules.items[next(iter(example.relevant))]
    faults = rules.violations(rationale, example.query, target)
    return sorted({fault.rule for fault in faults if not fault.counted})
