"""Corrections: what reviewers' answers make of a draft.

Edits of single reasons: a struck one goes, a weaker or stronger one moves by one level, and an added fact is *likely*.
Then text and weights are written anew by :mod:`rad.rationales.text`. So is a corrected text that is in its grammar.

A corrected text in free prose stands as it is. A reason whose values the draft's text states and the corrected one no
longer does is dropped. Values that it newly names become reasons. They share the weight set free (or, if none was,
what is unexplained).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from annotation.campaign import further
from annotation.campaign.aggregation import STRIKE, Outcome
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import LETTERS
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales import claims, text
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules
from rad.rationales.strengths import LEVELS, levels, weighted
from rad.types import LASTING, Evidence, Example, Query, Rationale, Reason

AVOIDS = re.compile(r"\b(?:avoid|dislike|unwanted|reject|against)", re.IGNORECASE)
LIKELY = LEVELS[2]  # the level of a fact that is added


class Corrections:
    """Applies what was decided on the drafts of a campaign, and checks what comes out."""

    def __init__(self, campaign: Campaign, data: Dataset) -> None:
        self.data, self.further = data, further.read(campaign)

    def apply(self, draft: Rationale, outcome: Outcome, example: Example) -> tuple[Rationale, list[str]]:
        """The corrected rationale, and the rules that it breaks: people, too, may name the target."""
        of_facts = all(reason.evidence.support is not None for reason in draft.reasons)
        rules = self._counting_rules if of_facts else self._rules
        if outcome.text is not None:
            final = reworded(draft, outcome.text, example.query, rules)
        elif of_facts:
            final = edited(draft, outcome.edits, self.further.get(draft.rationale_id, ()), example.query)
        else:  # single reasons are not shown of drafts from before facts
            final = draft
        return final, broken_rules(final, example, rules)

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self.data.items)

    @cached_property
    def _counting_rules(self) -> Rules:
        """For drafts of facts: their corrections are to be of facts, too."""
        return Rules(self.data.items, Facts.of(self.data.examples["train"], self.data.items))


def edited(draft: Rationale, moves: Mapping[str, int], facts: Sequence[Reason], query: Query) -> Rationale:
    """The draft with its reasons moved, and with added facts.

    Args:
        draft: Of facts.
        moves: By the number of a reason or the letter of a fact; what the draft does not have is passed over.
        facts: The further facts, in the order of their letters.
        query: The draft's.
    """
    each, rest = levels(draft.reasons)
    pairs = []
    for number, (reason, level) in enumerate(zip(draft.reasons, each, strict=True), 1):
        move = moves.get(str(number), 0)
        if move > STRIKE and level:
            pairs.append((reason, level * 2 if move > 0 else level // 2 if move < 0 else level))
    pairs += [(fact, LIKELY) for letter, fact in zip(LETTERS, facts, strict=False) if letter in moves]
    now = [level for reason, level in pairs if reason.evidence.kind not in LASTING]
    top = max([*now, rest or (0 if now else LEVELS[0])])
    # the weakest level stays one where the strongest reason has become twice as strong
    least = LEVELS[-1] * max(top, LEVELS[0]) // LEVELS[0]
    moved = weighted([(reason, max(level, least)) for reason, level in pairs], rest if now else top)
    return _record(draft, text.rationale(query, moved, "edited", draft.drafter, draft.drafter_version))


def reworded(draft: Rationale, words: str, query: Query, rules: Rules) -> Rationale:
    """The draft in a reviewer's words: with the reasons of the grammar, or with the claims of free prose."""
    try:
        reasons = text.parse(words)
    except RadError:
        return _in_prose(draft, words, query, rules)
    return _record(draft, text.rationale(query, reasons, "edited", draft.drafter, draft.drafter_version))


def _record(draft: Rationale, final: Rationale) -> Rationale:
    digest = hashlib.sha256(final.text.encode()).hexdigest()[:8]
    return replace(final, rationale_id=f"{draft.rationale_id}-edited-{digest}", origin="edited")


def _in_prose(draft: Rationale, words: str, query: Query, rules: Rules) -> Rationale:
    before, after = (_claims(t, rules.matcher) for t in (draft.text, words))
    remaining = [r for r in draft.reasons if not (set(r.wants + r.avoids) & before) or set(r.wants + r.avoids) <= after]
    old_claims = {claim for r in draft.reasons for claim in (*r.wants, *r.avoids)}
    old_claims |= {(r.evidence.attribute, r.evidence.value) for r in draft.reasons if r.evidence.attribute}  # type: ignore[misc]
    added = _new_reasons(words, query, rules, old_claims)
    # Dropped reasons set weight free; where there are none, the unexplained share makes room for the new ones.
    free = sum(r.weight for r in draft.reasons) - sum(r.weight for r in remaining)
    unexplained = 1 - sum(r.weight for r in draft.reasons)
    share = free / len(added) if added and free > 1e-9 else unexplained / (len(added) + 1)
    reasons = (*remaining, *(replace(r, weight=max(share, 0.0)) for r in added))
    return _record(
        draft, replace(draft, reasons=reasons, text=words, verdict=draft.verdict if reasons else "unexplained")
    )


def _claims(text: str, matcher: claims.Matcher) -> set[tuple[str, str]]:
    return {claim for mention in matcher.find(text) for claim in mention.claims}


def _new_reasons(words: str, query: Query, rules: Rules, old_claims: set[tuple[str, str]]) -> Sequence[Reason]:
    """One reason for each value that the text newly names in a sentence that cites the history."""
    out: dict[tuple[str, str], Reason] = {}
    for mention in rules.matcher.find(words):
        cited = tuple(k for k in mention.citations if 0 <= k < len(query.history))
        if not cited or old_claims.intersection(mention.claims):
            continue
        claim = mention.claims[0]
        owned = [k for k in cited if claim[1] in rules.items[query.history[k].item_id].attributes.get(claim[0], ())]
        evidence = Evidence(tuple(owned), "attribute", *claim) if owned else Evidence(cited, "sequence")
        start = max((s for s, _ in claims.sentences(words) if s <= mention.start), default=0)
        avoided = AVOIDS.search(words[start : mention.start]) is not None
        out.setdefault(claim, Reason(evidence, avoids=(claim,)) if avoided else Reason(evidence, wants=(claim,)))
    return list(out.values())


def broken_rules(rationale: Rationale, example: Example, rules: Rules) -> list[str]:
    """The rules that a corrected rationale breaks, sorted."""
    target = rules.items[next(iter(example.relevant))]
    violations = rules.violations(rationale, example.query, target)
    return sorted({violation.rule for violation in violations if not violation.counted})
