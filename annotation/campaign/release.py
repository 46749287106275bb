"""What a campaign gives: ``rationales.jsonl``, and in ``provenance.jsonl`` how each draft was decided and by whom.

A data set has one rationale a query, and none that people wrote who saw the answer of a test query. So of several
models' rationales for one training query the first that is accepted is given, and of other queries none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from annotation.campaign import aggregation, drafts
from annotation.campaign.aggregation import Answers, Outcome
from annotation.campaign.corrections import Corrections
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from rad.rationales import files
from rad.runtime.files import write_jsonl
from rad.types import Judgement, Rationale

ACCEPTED = ("accepted", "edited")  # the states of drafts that are in rationales.jsonl


def release(campaign: Campaign, judgements: Sequence[Judgement]) -> Counter[str]:
    """Write rationales.jsonl and provenance.jsonl; count the drafts in each state."""
    settings = campaign.settings
    judged = aggregation.by_rationale(judgements)
    data = open_data(settings)
    examples, corrections = examples_by_id(data), Corrections(campaign, data)
    accepted: list[Rationale] = []
    provenance: list[dict[str, object]] = []
    states, explained = Counter[str](), set[str]()
    for draft in drafts.read(campaign):
        answers = judged.get(draft.rationale_id, {})
        outcome = aggregation.outcome(answers, settings.overlap or 2, draft.text, settings.max_overlap or 0)
        final, violations, state = draft, list[str](), outcome.state
        if state == "edited":
            final, violations = corrections.apply(draft, outcome, examples[draft.query_id])
            if final.text == draft.text:  # edits of what the draft does not have
                final, violations, state = draft, [], "accepted"
            state = "failed_checks" if violations else state
        states[state] += 1
        gives = state in ACCEPTED and draft.query_id not in explained and examples[draft.query_id].split == "train"
        if gives:
            explained.add(draft.query_id)
            accepted.append(final)
        if answers:
            released = final.rationale_id if gives else None
            line = _origin(draft, answers, outcome) | {"edits": dict(outcome.edits) or None}
            line |= {"guideline_version": settings.guideline_version}
            line |= {"rationale_id": released, "state": state, "broken_rules": violations or None}
            provenance.append({name: value for name, value in line.items() if value is not None})
    files.write(campaign.file("rationales.jsonl"), accepted)
    write_jsonl(campaign.file("provenance.jsonl"), provenance)
    return states


def _origin(draft: Rationale, answers: Mapping[str, Answers], outcome: Outcome) -> dict[str, object]:
    """Where a draft comes from, and whose answers decided it."""
    return {
        "draft_id": draft.rationale_id,
        "query_id": draft.query_id,
        "verdicts": {who: answer.get("verdict") for who, answer in sorted(answers.items())},
        "decided_by": list(outcome.decided_by),
        "adjudicated": outcome.adjudicated,
        "simulated": outcome.simulated,
        "origin": draft.origin,
        "drafter": draft.drafter,
        "drafter_version": draft.drafter_version,
    }
