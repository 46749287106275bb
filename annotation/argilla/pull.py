"""Fetching what reviewers have answered, as judgements under pseudonyms."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import argilla as rg

from annotation.argilla import form
from annotation.argilla.client import ADJUDICATION, REVIEW, find_dataset, pushed_dataset, records, usernames
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from rad.types import Judgement

PAUSE = 600  # seconds between two answers beyond which a reviewer was doing something else
Row = Mapping[str, Any]  # a record or a response, in the API's own form


def pull_judgements(client: rg.Argilla, campaign: Campaign) -> list[Judgement]:
    """All judgements, sorted: those on the server now, and earlier ones whose reviewer or draft the server has lost."""
    names, withdrawn = usernames(client), set(campaign.withdrawn())
    fresh: list[Judgement] = []
    there: set[str] = set()
    for dataset_name in (REVIEW, ADJUDICATION):
        rows, edits = _rows(client, campaign, dataset_name)
        there.update(row["external_id"] for row in rows)
        fresh += _judgements(campaign, rows, names, edits, adjudication=dataset_name == ADJUDICATION)
    with_account = {campaign.pseudonym(name, role) for name in names.values() for role in ("reviewer", "adjudicator")}
    earlier = judgements.read(campaign)
    lost = [j for j in earlier if j.annotator not in with_account or j.rationale_id not in there]
    if gone := {j.annotator for j in lost if j.annotator not in with_account | withdrawn}:
        print(
            f"{len(gone)} reviewer(s) have no account any more: what was pulled of them before stays", file=sys.stderr
        )
    merged = [j for j in [*lost, *fresh] if j.annotator not in withdrawn]
    return sorted(merged, key=lambda j: (j.rationale_id, j.annotator, j.question))


def _rows(client: rg.Argilla, campaign: Campaign, name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The records of a dataset with all answers, and the questions on single reasons that its form has.

    There are none where nothing was sent to an adjudicator yet.
    """
    dataset = pushed_dataset(client, campaign) if name == REVIEW else find_dataset(client, campaign, name)
    if dataset is None:
        return [], []
    wanted = form.settings(client, campaign.settings.overlap or 2, adjudication=name == ADJUDICATION)
    form.check(dataset, wanted, without=form.ADDED)
    there = {question.name for question in dataset.settings.questions}
    return records(client, dataset, answers=True), [name for name in judgements.EDITS if name in there]


def _judgements(
    campaign: Campaign, rows: Iterable[Row], names: Mapping[str, str], edits: Sequence[str], adjudication: bool
) -> list[Judgement]:
    """The submitted answers of everybody whose account exists; ``names`` are those of the accounts by id."""
    role, version = "adjudicator" if adjudication else "reviewer", campaign.settings.guideline_version
    invited, uninvited = campaign.reviewers().keys(), set[str]()
    out: list[Judgement] = []
    for row, answer, seconds in _timed(rows):
        if (name := names.get(answer["user_id"])) is None:
            continue
        uninvited |= {name} - invited
        who = campaign.pseudonym(name, role)
        out += form.judgements(row["external_id"], who, answer["values"], version, seconds, edits)
    if uninvited:
        print(f"{len(uninvited)} reviewer(s) whom push did not name have answered; they count", file=sys.stderr)
    return out


def _timed(rows: Iterable[Row]) -> list[tuple[Row, Row, float | None]]:
    """Submitted answers, each with the seconds since its reviewer's last one, None after a pause or at the start."""
    by_user: dict[str, list[tuple[datetime, Row, Row]]] = defaultdict(list)
    for row in rows:
        for answer in row["responses"]:
            by_user[answer["user_id"]].append((datetime.fromisoformat(answer["updated_at"]), row, answer))
    out: list[tuple[Row, Row, float | None]] = []
    for answers in by_user.values():
        answers.sort(key=lambda entry: entry[0])
        last: datetime | None = None
        for moment, row, answer in answers:
            gap = (moment - last).total_seconds() if last else None
            last = moment
            if answer["status"] == "submitted":
                out.append((row, answer, round(gap, 1) if gap is not None and 0 < gap <= PAUSE else None))
    return out
