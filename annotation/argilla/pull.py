"""Fetching what reviewers have answered, as judgements under pseudonyms."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import argilla as rg

from annotation import guidelines
from annotation.argilla import comparison, consent, form
from annotation.argilla.client import (
    ADJUDICATION,
    CALIBRATION,
    COMPARISON,
    CONSENT,
    REVIEW,
    pushed_datasets,
    records,
    role_of,
    usernames,
    utc,
)
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import Form, Key
from annotation.campaign.pseudonyms import Role
from annotation.evaluation import checks, pairs
from annotation.study import design, pages
from rad.types import Judgement

PAUSE = 600  # seconds between two answers beyond which a reviewer was doing something else
Row = Mapping[str, Any]  # a record or a response, in the API's own form
Times = tuple[float | None, str | None]  # the seconds that a form took, and when it was answered


@dataclass(frozen=True, slots=True)
class Pulled:
    """All judgements, sorted: those on the server now, and what was pulled earlier and the server has lost.

    Attributes:
        reviews: Reviewers' answers on drafts, and adjudicators'.
        comparisons: Reviewers' answers on pairs of drafts.
        checks: Reviewers' answers on drafts whose answers are known.
    """

    reviews: list[Judgement]
    comparisons: list[Judgement]
    checks: list[Judgement]


def pull_answers(client: rg.Argilla, campaign: Campaign) -> Pulled:
    """What reviewers and adjudicators have answered so far, those who have agreed to what happens with it.

    Raises:
        RadError: Nothing was pushed yet, or the server has another form.
    """
    datasets, names = pushed_datasets(client, campaign), usernames(client)
    settings, reviews = campaign.settings, dict[Key, Form]()
    guide, overlap = guidelines.read(campaign.path), settings.overlap or 2
    lists = [name for name in design.datasets(campaign) if name in datasets]
    consents = {role: [name] for role, name in CONSENT.items()}
    consents["reviewer"] += [pages.consent_of(name) for name in lists]
    agreed = {role: consent.pull(client, campaign, names, role, consents[role]) for role in CONSENT}
    for name in [name for name in (CALIBRATION, REVIEW, ADJUDICATION) if name in datasets]:
        dataset, role = datasets[name], role_of(name)
        form.check(dataset, form.settings(client, guide, overlap, name == ADJUDICATION), form.ADDED)
        there = {question.name for question in dataset.settings.questions}
        read = partial(_review, settings.guideline_version, [edit for edit in judgements.EDITS if edit in there])
        reviews |= _forms(campaign, records(client, dataset, answers=True), names, read, role, agreed[role])
    for name in lists:
        form.check(datasets[name], pages.settings(client, guide))
        read_page = partial(pages.judgements, settings.guideline_version)
        rows = records(client, datasets[name], answers=True)
        reviews |= _forms(campaign, rows, names, read_page, "reviewer", agreed["reviewer"])
    compared: dict[Key, Form] = {}
    if dataset := datasets.get(COMPARISON):
        form.check(dataset, comparison.settings(client, guide, overlap))
        read = partial(comparison.judgements, settings.guideline_version)
        rows = records(client, dataset, answers=True)
        compared = _forms(campaign, rows, names, read, "reviewer", agreed["reviewer"])
    of_checks = checks.read(campaign)
    on_drafts = {key: one for key, one in reviews.items() if key[0] not in of_checks}
    on_checks = {key: one for key, one in reviews.items() if key[0] in of_checks}
    return Pulled(
        _lasting(campaign, judgements.read(campaign), on_drafts),
        _lasting(campaign, pairs.read(campaign), compared),
        _lasting(campaign, checks.read_answers(campaign), on_checks),
    )


def _lasting(campaign: Campaign, earlier: Iterable[Judgement], there: Mapping[Key, Form]) -> list[Judgement]:
    """What there is of those who have not withdrawn, sorted."""
    withdrawn = set(campaign.withdrawn())
    earlier = [one for one in earlier if one.annotator not in withdrawn]
    pulled, lost = judgements.merged(earlier, {key: form for key, form in there.items() if key[1] not in withdrawn})
    if lost:
        print(f"{lost:,} answers pulled earlier are not on the server: they stay", file=sys.stderr)
    return sorted(pulled, key=lambda j: (j.rationale_id, j.annotator, j.question))


def _review(version: str, edits: Sequence[str], key: Key, row: Row, answer: Row, times: Times) -> Sequence[Judgement]:
    """The answers of a review; ``edits`` are the questions on single reasons that its form has."""
    return form.judgements(key, row["fields"]["draft"], answer["values"], version, times, edits)


def _forms(
    campaign: Campaign,
    rows: Iterable[Row],
    names: Mapping[str, str],
    read: Callable[[Key, Row, Row, Times], Sequence[Judgement]],
    role: Role,
    agreed: Mapping[str, bool] | None,
) -> dict[Key, Form]:
    """The answers of everybody whose account exists; ``names`` are those of the accounts by id.

    ``read`` makes judgements of a record and a submitted response to it. Only an enrolled adjudicator adjudicates, and
    an adjudicator does not review. Who was asked to agree and has not answered is passed over, with what was pulled
    before left as it is; the answers of who declined go.
    """
    adjudication, roles = role == "adjudicator", campaign.reviewers()
    uninvited, excluded, silent = set[str](), set[str](), set[str]()
    out: dict[Key, Form] = {}
    for row, answer, moment, seconds in _timed(rows):
        if (name := names.get(answer["user_id"])) is None:
            continue
        key = row["external_id"], campaign.pseudonym(name, role)
        if agreed is not None and key[1] not in agreed:
            silent.add(name)
            continue
        out[key] = Form(moment, ())
        if agreed is not None and not agreed[key[1]]:
            continue
        if adjudication != (roles.get(name, {}).get("role") == "adjudicator"):
            excluded.add(name)
            continue
        uninvited |= {name} - roles.keys()
        if answer["status"] == "submitted":
            out[key] = Form(moment, read(key, row, answer, (seconds, moment)))
    if excluded:
        who = "whom push named no adjudicator, adjudicated" if adjudication else "adjudicator, reviewed"
        print(f"{', '.join(sorted(excluded))}, {who}: this does not count", file=sys.stderr)
    if silent:
        print(f"{', '.join(sorted(silent))} must agree first (dataset '{CONSENT[role]}')", file=sys.stderr)
    if uninvited:
        print(f"{len(uninvited)} reviewer(s) whom push did not name have answered; they count", file=sys.stderr)
    return out


def _timed(rows: Iterable[Row]) -> list[tuple[Row, Row, str, float | None]]:
    """Answers with their time, and the seconds since their reviewer's last one, None after a pause or at the start."""
    by_user: dict[str, list[tuple[datetime, Row, Row]]] = defaultdict(list)
    for row in rows:
        for answer in row["responses"]:
            by_user[answer["user_id"]].append((utc(answer["updated_at"]), row, answer))
    out: list[tuple[Row, Row, str, float | None]] = []
    for answers in by_user.values():
        answers.sort(key=lambda entry: entry[0])
        last: datetime | None = None
        for moment, row, answer in answers:
            gap = (moment - last).total_seconds() if last else None
            last = moment
            seconds = round(gap, 1) if gap is not None and 0 < gap <= PAUSE else None
            out.append((row, answer, moment.isoformat(timespec="microseconds"), seconds))
    return out
