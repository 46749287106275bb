"""Sending drafts to the server: to all reviewers, or to the adjudicator what the reviewers disagree on."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr

import argilla as rg
from rich.console import Console
from rich.progress import Progress

from annotation.argilla import form
from annotation.argilla.client import ADJUDICATION, REVIEW, find_dataset, records
from annotation.campaign import aggregation, drafts, further, judgements
from annotation.campaign.data import open_data, training_examples
from annotation.campaign.folder import Campaign
from rad.errors import RadError
from rad.rationales.facts import Facts

BATCH = 100  # records a request


def push_drafts(client: rg.Argilla, campaign: Campaign, overlap: int) -> tuple[int, int]:
    """Send the drafts that the server lacks, each to be answered by ``overlap`` reviewers.

    Returns:
        Drafts added, and drafts on the server afterwards.

    Raises:
        RadError: There are no drafts, or the server has another form.
    """
    rationales = drafts.read(campaign)
    if not rationales:
        raise RadError(f"{campaign.path} has no drafts: python -m annotation draft {campaign.path}")
    data = open_data(campaign.settings)
    examples = training_examples(data)
    wanted = form.settings(client, overlap)
    dataset = _ensure_dataset(client, campaign, REVIEW, wanted)
    form.keep(wanted, campaign.file(form.FOLDER))
    there = {row["external_id"] for row in records(client, dataset)}
    lacking = [draft for draft in rationales if draft.rationale_id not in there]
    facts = further.write(campaign, lacking, examples, Facts.of(data.examples["train"], data.items))
    new = [form.record(d, examples[d.query_id], data.items, facts[d.rationale_id]) for d in lacking]
    _send(dataset, new)
    return len(new), len(there) + len(new)


def push_disputed(client: rg.Argilla, campaign: Campaign) -> tuple[int, int] | None:
    """Send the drafts that reviewers disagree on, with their answers beside them, into a dataset of its own.

    Returns:
        Drafts added, and drafts in that dataset afterwards. None where reviewers agree wherever they are done.

    Raises:
        RadError: There are no answers yet.
    """
    judged = aggregation.by_rationale(judgements.read(campaign))
    settings, rationales = campaign.settings, {d.rationale_id: d for d in drafts.read(campaign)}
    if settings.overlap is None or not judged:
        raise RadError(f"there are no answers to adjudicate: python -m annotation pull {campaign.path}")
    disputed = [
        key
        for key in sorted(judged)
        if key in rationales and aggregation.is_disputed(judged[key], settings.overlap, rationales[key].text)
    ]
    if not disputed:
        return None
    data = open_data(settings)
    examples = training_examples(data)
    dataset = _ensure_dataset(client, campaign, ADJUDICATION, form.settings(client, 1, adjudication=True))
    there = {row["external_id"] for row in records(client, dataset)}
    new = [rationales[key] for key in disputed if key not in there]
    answers = [form.lettered(aggregation.reviewers_of(judged[draft.rationale_id])) for draft in new]
    facts = further.read(campaign)
    rows = [
        form.record(draft, examples[draft.query_id], data.items, facts.get(draft.rationale_id, ()), answer)
        for draft, answer in zip(new, answers, strict=True)
    ]
    _send(dataset, rows)
    return len(new), len(there) + len(new)


def _send(dataset: rg.Dataset, new: Sequence[rg.Record]) -> None:
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("pushing", total=len(new))
        for start in range(0, len(new), BATCH):
            part = list(new[start : start + BATCH])
            with redirect_stderr(io.StringIO()):  # the SDK's own progress bar
                dataset.records.log(part, batch_size=BATCH)
            bar.advance(task, len(part))


def _ensure_dataset(client: rg.Argilla, campaign: Campaign, name: str, wanted: rg.Settings) -> rg.Dataset:
    """The campaign's dataset of this name, made where there is none."""
    workspace = campaign.settings.name
    if client.workspaces(workspace) is None:
        rg.Workspace(name=workspace, client=client).create()
    dataset = find_dataset(client, campaign, name)
    if dataset is not None and not _is_published(client, dataset):
        dataset.delete()  # a push was killed before its form was whole; a form that is not published has no answers
        dataset = None
    if dataset is None:
        return rg.Dataset(name=name, workspace=workspace, settings=wanted, client=client).create()
    form.check(dataset, wanted)
    there = dataset.settings.distribution.min_submitted
    if there != wanted.distribution.min_submitted:
        raise RadError(f"dataset '{name}' on the server has an overlap of {there}, which stays")
    return dataset


def _is_published(client: rg.Argilla, dataset: rg.Dataset) -> bool:
    response = client.http_client.get(f"/api/v1/datasets/{dataset.id}")
    response.raise_for_status()
    return bool(response.json()["status"] == "ready")
