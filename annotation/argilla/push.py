"""Sending drafts to the server, for the reviewers to answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr

import argilla as rg
from rich.console import Console
from rich.progress import Progress

from annotation import guidelines
from annotation.argilla import form
from annotation.argilla.client import REVIEW, find_dataset, mark, records, workspace_of
from annotation.campaign import aggregation, drafts, further, judgements
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks, selection
from rad.errors import RadError
from rad.rationales.facts import Facts

BATCH = 100  # records a request


def push_drafts(
    client: rg.Argilla, campaign: Campaign, overlap: int, limit: int | None = None, select: str | None = None
) -> tuple[int, int]:
    """Send the drafts that the server lacks, each to be answered by ``overlap`` reviewers, and the campaign's checks.

    Args:
        client: With the rights of an owner.
        campaign: Whose drafts are sent.
        overlap: Reviewers of each draft.
        limit: Drafts on the server at most.
        select: Which drafts go first: see :mod:`annotation.evaluation.selection`.

    Returns:
        Drafts added, and drafts on the server afterwards.

    Raises:
        RadError: There are no drafts, the server has another form, or a check is none.
    """
    rationales = selection.ordered(campaign, drafts.read(campaign), select)
    if not rationales:
        raise RadError(f"{campaign.path} has no drafts: python -m annotation draft {campaign.path}")
    data = open_data(campaign.settings)
    examples = examples_by_id(data)
    mixed_in = {key: check for key, check in checks.read(campaign, examples).items() if not check.calibration}
    if twice := [draft.rationale_id for draft in rationales if draft.rationale_id in mixed_in]:
        raise RadError(f"{campaign.file(checks.FILE)}: {twice[0]} is a draft of the campaign")
    wanted = form.settings(client, guidelines.read(campaign.path), overlap)
    dataset = ensure_dataset(client, campaign, REVIEW, wanted)
    form.keep(wanted, campaign.file(form.FOLDER))
    rows = {row["external_id"] for row in records(client, dataset)}
    there = rows - mixed_in.keys()
    room = None if limit is None else max(0, limit - len(there))
    lacking = [draft for draft in rationales if draft.rationale_id not in there][:room]
    new_checks = [check.rationale for key, check in mixed_in.items() if key not in rows]
    facts = further.write(campaign, [*lacking, *new_checks], examples, Facts.of(data.examples["train"], data.items))
    new = [form.record(d, examples[d.query_id], data.items, facts[d.rationale_id]) for d in lacking]
    new += [
        form.record(one, examples[one.query_id], data.items, facts[one.rationale_id], needed=form.EVERYBODY)
        for one in new_checks
    ]
    send(dataset, sorted(new, key=lambda record: form.shuffled(str(record.id))))  # checks among the drafts
    return len(lacking), len(there) + len(lacking)


def chosen_overlap(campaign: Campaign, overlap: int | None, most: int | None) -> tuple[int, int | None]:
    """How many reviewers answer each draft, and how many where they disagree; what is not said stays as it is.

    Raises:
        RadError: Nobody would answer, the second number is smaller, or the first is another than before.
    """
    settings = campaign.settings
    overlap = settings.overlap or 2 if overlap is None else overlap
    most = settings.max_overlap if most is None else most
    if overlap < 1:
        raise RadError(f"--overlap must be at least 1, got {overlap}")
    if settings.overlap not in (None, overlap):
        raise RadError(f"{campaign.path} was pushed with an overlap of {settings.overlap}, which stays")
    if most is not None and most < overlap:
        raise RadError(f"--max-overlap must be at least the overlap of {overlap}, got {most}")
    return overlap, most


def take_guidelines(campaign: Campaign) -> None:
    """Take the version of the guidelines that the campaign's folder has, before anybody reads them.

    Raises:
        RadError: They changed since they were sent to the server.
    """
    settings, version = campaign.settings, guidelines.read(campaign.path).version
    if not campaign.file("guidelines.md").exists() or version == settings.guideline_version:
        return
    if settings.overlap is not None:
        raise RadError(
            f"{campaign.file('guidelines.md')}: is version {version}, but reviewers answer under version "
            f"{settings.guideline_version}: put that back, or begin another folder"
        )
    campaign.set_guidelines(version)


def grow_overlap(client: rg.Argilla, campaign: Campaign) -> int:
    """Have one more reviewer answer each draft on which those who have answered disagree, up to the campaign's most.

    Returns:
        How many drafts wait for such an answer.
    """
    settings, dataset = campaign.settings, find_dataset(client, campaign, REVIEW)
    if not (settings.overlap and settings.max_overlap and dataset):
        return 0
    judged, texts = aggregation.by_rationale(judgements.read(campaign)), drafts.by_id(campaign)
    changed, waiting = [], 0
    for row in records(client, dataset):
        key, metadata = row["external_id"], row["metadata"] or {}
        if (draft := texts.get(key)) is None:
            continue
        answers = judged.get(key, {})
        needed = aggregation.needed(answers, settings.overlap, draft.text, settings.max_overlap)
        waiting += needed > max(settings.overlap, len(aggregation.reviewers_of(answers)))
        if needed != metadata.get(form.ANSWERS, settings.overlap):
            changed.append({"external_id": key, "metadata": {**metadata, form.ANSWERS: needed}})
    for start in range(0, len(changed), BATCH):
        items = {"items": changed[start : start + BATCH]}
        client.http_client.put(f"/api/v1/datasets/{dataset.id}/records/bulk", json=items).raise_for_status()
    return waiting


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
    form.check(dataset, wanted, ("comment",))  # which forms lack that were pushed before there was one
    there = dataset.settings.distribution.min_submitted
    if there != wanted.distribution.min_submitted:
        raise RadError(f"dataset '{name}' on the server has an overlap of {there}, which stays")
    return dataset


def _is_published(client: rg.Argilla, dataset: rg.Dataset) -> bool:
    response = client.http_client.get(f"/api/v1/datasets/{dataset.id}")
    response.raise_for_status()
    return bool(response.json()["status"] == "ready")
