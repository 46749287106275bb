"""Adjudication: what the reviewers disagree on, with their answers beside it, for one who has not reviewed to decide.

It has a workspace of its own, which nobody but the adjudicator is a member of: what reviewers answered is for no
reviewer to read, and nobody is to decide their own case.
"""

from __future__ import annotations

from collections.abc import Mapping

import argilla as rg

from annotation import guidelines
from annotation.argilla import consent, form
from annotation.argilla.client import ADJUDICATION, CONSENT, find_dataset, records
from annotation.argilla.push import ensure_dataset, send
from annotation.campaign import aggregation, drafts, further, judgements
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from rad.errors import RadError

Judged = Mapping[str, Mapping[str, aggregation.Answers]]


def push_disputed(client: rg.Argilla, campaign: Campaign) -> tuple[int, int] | None:
    """Send the drafts that reviewers disagree on, with their answers beside them.

    Returns:
        Drafts added, and drafts in that dataset afterwards. None where reviewers agree wherever they are done.

    Raises:
        RadError: There are no answers yet.
    """
    judged = aggregation.by_rationale(judgements.read(campaign))
    settings, rationales = campaign.settings, {d.rationale_id: d for d in drafts.read(campaign)}
    if settings.overlap is None or not judged:
        raise RadError(f"there are no answers to adjudicate: python -m annotation pull {campaign.path}")
    show_answers(client, campaign)
    disputed = _disputed(campaign, judged)
    if not disputed:
        return None
    data = open_data(settings)
    examples = examples_by_id(data)
    dataset = ensure_dataset(
        client, campaign, ADJUDICATION, form.settings(client, guidelines.read(campaign.path), 1, adjudication=True)
    )
    consent.ask(client, campaign, CONSENT["adjudicator"])
    there = {row["external_id"] for row in records(client, dataset)}
    new = [rationales[key] for key in disputed if key not in there]
    facts = further.read(campaign)
    rows = [
        form.record(
            draft,
            examples[draft.query_id],
            data.items,
            facts.get(draft.rationale_id, ()),
            _answers(judged, draft.rationale_id),
        )
        for draft in new
    ]
    send(dataset, rows)
    return len(new), len(there) + len(new)


def show_answers(client: rg.Argilla, campaign: Campaign) -> None:
    """Bring what the adjudicator sees in line with what reviewers answer now: they change answers, and withdraw.

    A draft that is disputed no more is taken back, unless the adjudicator has answered.
    """
    dataset = find_dataset(client, campaign, ADJUDICATION)
    if dataset is None:
        return
    judged = aggregation.by_rationale(judgements.read(campaign))
    disputed = set(_disputed(campaign, judged))
    for row in records(client, dataset, answers=True):
        answers, path = form.plain(_answers(judged, row["external_id"])), f"/api/v1/records/{row['id']}"
        if row["external_id"] not in disputed and not any(one["status"] == "submitted" for one in row["responses"]):
            client.http_client.delete(path).raise_for_status()
        elif row["fields"]["answers"] != answers:
            shown = {"fields": {**row["fields"], "answers": answers}}
            client.http_client.patch(path, json=shown).raise_for_status()


def _disputed(campaign: Campaign, judged: Judged) -> list[str]:
    """The ids of drafts that reviewers disagree on, sorted."""
    texts, overlap = {d.rationale_id: d.text for d in drafts.read(campaign)}, campaign.settings.overlap or 2
    most = campaign.settings.max_overlap or 0
    return [k for k in sorted(judged) if k in texts and aggregation.is_disputed(judged[k], overlap, texts[k], most)]


def _answers(judged: Judged, rationale_id: str) -> str:
    return form.lettered(aggregation.reviewers_of(judged.get(rationale_id, {}))) or "(no answer is left)"
