"""Feedback: judgements that people gave while they used a rationale, outside the review form (``benchmarks.app``).

feedback.jsonl    a judgement a line, appended as it is given and never changed; the verdict ends a form
pasted.jsonl      queries of no data set, histories that were pasted, with their rationales

A form is what one person answered on one rationale at one moment. One without a verdict was cut short by a kill, and
says nothing. Of several forms of a person on a rationale the last counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign, Settings
from annotation.campaign.judgements import Form, Key, value_of
from rad.errors import RadError
from rad.runtime.files import Journal
from rad.types import Judgement, Query, Rationale

FILE, PASTED = "feedback.jsonl", "pasted.jsonl"
ENOUGH = 1  # answers decide: a person speaks of what was shown to that person


@dataclass(frozen=True, slots=True)
class Pasted:
    """A query of no data set, and the rationale that was written of it."""

    query: Query
    rationale: Rationale


def begin(campaign: Campaign, settings: Settings) -> None:
    """Make the campaign's folder, or go on in it.

    Raises:
        RadError: It is a campaign of other data or another model, or another process writes there.
    """
    campaign.make()
    with campaign.locked("drafts"):
        if campaign.begin(settings).overlap is None:
            campaign.set_overlap(ENOUGH)


def append(campaign: Campaign, draft: Rationale, form: Sequence[Judgement], query: Query | None = None) -> None:
    """Append a form to feedback.jsonl, after the draft that it is of; all is on the disk when this returns.

    Args:
        campaign: One that has begun.
        draft: What was shown.
        form: The answers, under one pseudonym and one time.
        query: That of the draft, where it is of no data set.

    Raises:
        RadError: Another process writes there.
    """
    name, record = (drafts.FILE, draft) if query is None else (PASTED, Pasted(query, draft))
    with campaign.locked("drafts"):
        with Journal(campaign.file(name)) as journal:  # drops a line that a kill cut short
            if f'"rationale_id":"{draft.rationale_id}"' not in campaign.file(name).read_text(encoding="utf-8"):
                journal.append(record)
        with Journal(campaign.file(FILE)) as journal:
            for one in sorted(form, key=lambda one: one.question == "verdict"):  # which comes last
                journal.append(one)


def read(campaign: Campaign) -> dict[Key, Form]:
    """The last finished form of each person on each rationale.

    Raises:
        RadError: There is no such file, or a line is no judgement; the message names file and line.
    """
    path = campaign.file(FILE)
    if not path.exists():
        raise RadError(f"{path}: no such file: python -m benchmarks.app keeps feedback there")
    forms = defaultdict[tuple[Key, str], dict[str, Judgement]](dict)
    for where, one in judgements.numbered(path):
        try:
            value_of(one.question, one.answer)
        except ValueError as error:
            raise RadError(f"{where}: {error}") from None
        forms[(one.rationale_id, one.annotator), one.answered_at or ""][one.question] = one
    finished = sorted((key, at) for key, at in forms if "verdict" in forms[key, at])
    return {key: Form(at, list(forms[key, at].values())) for key, at in finished}


def take(campaign: Campaign) -> tuple[list[Judgement], int, int]:
    """Write the feedback on drafts among the campaign's judgements; newer answers of a person replace older ones.

    Returns:
        All judgements of the campaign, the forms on its drafts, and those on pasted histories, which are left out.
    """
    forms, known_drafts, withdrawn = read(campaign), drafts.by_id(campaign), set(campaign.withdrawn())
    there = {key: form for key, form in forms.items() if key[0] in known_drafts and key[1] not in withdrawn}
    merged, _ = judgements.merged(judgements.read(campaign), there)
    merged.sort(key=lambda one: (one.rationale_id, one.annotator, one.question))
    judgements.write(campaign, merged)
    return merged, len(there), sum(key[0] not in known_drafts for key in forms)
