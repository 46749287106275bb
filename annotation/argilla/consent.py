"""Asking for consent: a dataset of one record in each workspace, which people answer once, before anything else.

The embedded server shows them nothing else before. On any server, ``pull`` counts those alone who have agreed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import argilla as rg

from annotation import guidelines
from annotation.argilla import form
from annotation.argilla.client import find_dataset, records, utc
from annotation.argilla.push import ensure_dataset, send
from annotation.campaign import consents
from annotation.campaign.consents import Consent
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Role

LABELS = {"agree": "I have read this, and I agree", "decline": "I do not agree"}
NEXT = (
    "When you have agreed, go on at Home, where the next dataset has appeared. Read its guidelines first: they open at "
    "the bottom left of the page."
)


def ask(client: rg.Argilla, campaign: Campaign, name: str) -> None:
    """Have everybody asked who sees the dataset of this name."""
    text = guidelines.read(campaign.path).consent.strip()
    flowing = re.sub(r"(?<!\n)\n(?![\n-]) *", " ", text)  # pages break a line at each line end
    wanted = rg.Settings(
        guidelines=text,
        fields=[rg.TextField(client=client, name="text", title="Before you begin", use_markdown=True)],
        questions=[rg.LabelQuestion(client=client, name="agreement", title="Do you agree?", labels=LABELS)],
        distribution=rg.TaskDistribution(min_submitted=form.EVERYBODY),
    )
    dataset = ensure_dataset(client, campaign, name, wanted)
    if not records(client, dataset):
        send(dataset, [rg.Record(id="consent", fields={"text": f"{flowing}\n\n{NEXT}"})])


def pull(
    client: rg.Argilla, campaign: Campaign, names: Mapping[str, str], role: Role, datasets: Sequence[str]
) -> dict[str, bool] | None:
    """Write down who has agreed and who has declined, as far as the server knows it now.

    Args:
        client: With the rights of an owner.
        campaign: Its ``consents.jsonl`` is written anew.
        names: The accounts' names by their ids.
        role: Those who are asked.
        datasets: Where they are asked.

    Returns:
        By pseudonym whether somebody agrees; None where nobody is asked, as in older campaigns.
    """
    datasets_there = [find_dataset(client, campaign, name) for name in datasets]
    there, recorded = [dataset for dataset in datasets_there if dataset is not None], consents.read(campaign)
    if not there:
        return None
    rows = [row for dataset in there for row in records(client, dataset, answers=True)]
    answers = [answer for row in rows for answer in row["responses"]]
    for answer in answers:
        if answer["status"] != "submitted" or (name := names.get(answer["user_id"])) is None:
            continue
        who, agrees = campaign.pseudonym(name, role), answer["values"]["agreement"]["value"] == "agree"
        moment = utc(answer["updated_at"]).isoformat(timespec="microseconds")
        if who not in recorded or recorded[who].answered_at < moment:  # an older backup may have been put back
            recorded[who] = Consent(who, agrees, moment, campaign.settings.guideline_version)
    consents.write(campaign, recorded.values())
    return {one.annotator: one.agrees for one in recorded.values()}
