"""Sending drafts to the server, for the reviewers to answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr

import argilla as rg
from rich.console import Console
from rich.progress import Progress

from annotation.argilla import form
from annotation.argilla.client import REVIEW, find_dataset, mark, records, workspace_of
from annotation.campaign import drafts, further
from annotation.campaign.data import examples_by_id, open_data
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
    examples = examples_by_id(data)
    wanted = form.settings(client, overlap)
    dataset = ensure_dataset(client, campaign, REVIEW, wanted)
    form.keep(wanted, campaign.file(form.FOLDER))
    there = {row["external_id"] for row in records(client, dataset)}
    lacking = [draft for draft in rationales if draft.rationale_id not in there]
    facts = further.write(campaign, lacking, examples, Facts.of(data.examples["train"], data.items))
    new = [form.record(d, examples[d.query_id], data.items, facts[d.rationale_id]) for d in lacking]
    send(dataset, new)
    return len(new), len(there) + len(new)


def send(dataset: rg.Dataset, new: Sequence[rg.Record]) -> None:
    """Add records to a dataset, a batch a request."""
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("pushing", total=len(new))
        for start in range(0, len(new), BATCH):
            part = list(new[start : start + BATCH])
            with redirect_stderr(io.StringIO()):  # the SDK's own progress bar
                dataset.records.log(part, batch_size=BATCH)
            bar.advance(task, len(part))


def ensure_dataset(client: rg.Argilla, campaign: Campaign, name: str, wanted: rg.Settings) -> rg.Dataset:
    """The campaign's dataset of this name, made where there is none.

    Raises:
        RadError: There is one with another form or another overlap.
    """
    workspace = workspace_of(campaign, name)
    if client.workspaces(workspace) is None:
        rg.Workspace(name=workspace, client=client).create()
    dataset = find_dataset(client, campaign, name)
    if dataset is not None and not _is_published(client, dataset):
        dataset.delete()  # a push was killed before its form was whole; a form that is not published has no answers
        dataset = None
    if dataset is None:
        wanted.guidelines = mark(campaign, wanted.guidelines)
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
