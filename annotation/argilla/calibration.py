"""The calibration round on the server: drafts whose answers are known, and then what was expected of them.

Both are datasets that come before the work: the embedded server opens ``calibration`` to who has agreed, ``feedback``
to who has answered all of that, and the drafts to who has read all feedback. Everybody answers all records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import argilla as rg

from annotation import guidelines
from annotation.argilla import form
from annotation.argilla.client import CALIBRATION, FEEDBACK, records
from annotation.argilla.push import ensure_dataset, send
from annotation.campaign import further
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks
from annotation.evaluation.checks import Check
from rad.data.dataset import Dataset
from rad.rationales.facts import Facts
from rad.types import Example

READ = {"read": "I have read it", "otherwise": "I have read it, and see it otherwise"}


def push(client: rg.Argilla, campaign: Campaign) -> None:
    """Send the checks of the calibration round that the server lacks, and their feedback, where there are some."""
    data = open_data(campaign.settings)
    examples = examples_by_id(data)
    of_round = [check for check in checks.read(campaign, examples).values() if check.calibration]
    if of_round:
        _push_feedback(client, campaign, data, examples, of_round)
        wanted = form.settings(client, guidelines.read(campaign.path), form.EVERYBODY)
        dataset = ensure_dataset(client, campaign, CALIBRATION, wanted)
        there = {row["external_id"] for row in records(client, dataset)}
        lacking = [check.rationale for check in of_round if check.rationale_id not in there]
        facts = further.write(campaign, lacking, examples, Facts.of(data.examples["train"], data.items))
        send(
            dataset, [form.record(one, examples[one.query_id], data.items, facts[one.rationale_id]) for one in lacking]
        )


def _push_feedback(
    client: rg.Argilla, campaign: Campaign, data: Dataset, examples: Mapping[str, Example], of_round: Sequence[Check]
) -> None:
    titles = {"draft": "Draft rationale", "expected": "What was expected", "item": "Item that was bought"}
    titles["history"] = "History, oldest first"
    wanted = rg.Settings(
        guidelines=guidelines.read(campaign.path).of_reviews,
        fields=[rg.TextField(client=client, name=k, title=title, use_markdown=False) for k, title in titles.items()],
        questions=[rg.LabelQuestion(client=client, name="read", title="Compare it with your answer", labels=READ)],
        distribution=rg.TaskDistribution(min_submitted=form.EVERYBODY),
    )
    dataset = ensure_dataset(client, campaign, FEEDBACK, wanted)
    there = {row["external_id"] for row in records(client, dataset)}
    rows = []
    for check in [check for check in of_round if check.rationale_id not in there]:
        shown = form.record(check.rationale, examples[check.query_id], data.items).fields
        fields = {name: str(shown[name]) for name in titles if name in shown} | {
            "expected": form.plain(checks.spoken(check))
        }
        rows.append(rg.Record(id=check.rationale_id, fields=fields))
    send(dataset, rows)
