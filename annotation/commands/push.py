"""Send the drafts to the review server, and create the accounts of the reviewers.

    python -m annotation push CAMPAIGN --reviewers anna,ben --overlap 2
    python -m annotation push CAMPAIGN --adjudicator carla      (what reviewers disagree on, for another to decide)
    python -m annotation push CAMPAIGN --api-url https://argilla.example.org --reviewers anna,ben

It can be run again at any time: what is there is left alone, and what is new is added. Accounts that it creates have
random passwords, which are in secrets/reviewers.json and nowhere else; accounts that are there already are used as
they are.
"""

from __future__ import annotations

import argparse
import io
import secrets
from collections.abc import Sequence
from contextlib import redirect_stderr

import argilla as rg
from rich.console import Console
from rich.progress import Progress

from annotation.argilla import client as connection
from annotation.argilla import form
from annotation.argilla.client import ADJUDICATION, REVIEW, speaking
from annotation.campaign import aggregation
from annotation.campaign.folder import NAME, Campaign, Role
from annotation.commands.draft import drafts_of, opened
from rad.errors import RadError

BATCH = 100  # records a request


def arguments(parser: argparse.ArgumentParser) -> None:
    connection.arguments(parser)
    parser.add_argument("--reviewers", default="", metavar="NAME,...", help="user names of the reviewers")
    parser.add_argument("--overlap", type=int, metavar="N", help="answers that each draft should get (default: 2)")
    parser.add_argument("--adjudicator", metavar="NAME", help="who decides what the reviewers disagree on")


def main(args: argparse.Namespace) -> int:
    campaign = Campaign(args.campaign)
    names = [name.strip() for name in args.reviewers.split(",") if name.strip()]
    if wrong := [n for n in [*names, *([args.adjudicator] if args.adjudicator else [])] if not NAME.fullmatch(n)]:
        raise RadError(f"'{wrong[0]}': user names have letters, digits, '-', '_' and '.' alone")
    settings = campaign.settings
    overlap = args.overlap or settings.overlap or 2
    if overlap < 1:
        raise RadError(f"--overlap must be at least 1, got {overlap}")
    if settings.overlap not in (None, overlap):
        raise RadError(f"{campaign.path} was pushed with an overlap of {settings.overlap}, which stays")
    client = connection.connect(campaign, args.api_url)
    with speaking("push"):
        if args.adjudicator:
            return _adjudication(client, campaign, args.adjudicator)
        added, total = push(client, campaign, overlap)
        made = enrol(client, campaign, names, "reviewer")
    campaign.set_overlap(overlap)
    print(f"{added:,} drafts added, {total:,} are there; each is to be answered by {overlap}")
    _tell(client, campaign, names, made)
    if not (names or campaign.reviewers()):
        print("nobody is to review them yet: push again with --reviewers NAME,NAME")
    return 0


def push(client: rg.Argilla, campaign: Campaign, overlap: int) -> tuple[int, int]:
    """Drafts added, and drafts on the server afterwards. :class:`RadError` where there are none to push."""
    drafts = drafts_of(campaign)
    if not drafts:
        raise RadError(f"{campaign.path} has no drafts: python -m annotation draft {campaign.path}")
    data = opened(campaign.settings)
    examples = {e.query.query_id: e for e in data.examples["train"]}
    wanted = form.settings(client, overlap)
    dataset = _ensure_dataset(client, campaign, REVIEW, wanted)
    form.keep(wanted, campaign.file(form.FOLDER))
    there = {row["external_id"] for row in connection.records(client, dataset)}
    new = [form.record(d, examples[d.query_id], data.items) for d in drafts if d.rationale_id not in there]
    _send(dataset, new)
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
    workspace = campaign.settings.name
    if client.workspaces(workspace) is None:
        rg.Workspace(name=workspace, client=client).create()
    dataset = connection.find(client, campaign, name)
    if dataset is not None and not _published(client, dataset):
        dataset.delete()  # a push was killed before its form was whole; a form that is not published has no answers
        dataset = None
    if dataset is None:
        return rg.Dataset(name=name, workspace=workspace, settings=wanted, client=client).create()
    form.check(dataset, wanted)
    there = dataset.settings.distribution.min_submitted
    if there != wanted.distribution.min_submitted:
        raise RadError(f"dataset '{name}' on the server has an overlap of {there}, which stays")
    return dataset


def _published(client: rg.Argilla, dataset: rg.Dataset) -> bool:
    response = client.http_client.get(f"/api/v1/datasets/{dataset.id}")
    response.raise_for_status()
    return bool(response.json()["status"] == "ready")


def enrol(client: rg.Argilla, campaign: Campaign, names: Sequence[str], role: Role) -> list[str]:
    """Make accounts for those who have none, let all into the workspace; the names of those who were new."""
    workspace = client.workspaces(campaign.settings.name)
    members = {user.username for user in workspace.users}
    accounts, made = {user.username: user for user in client.users}, []
    for name in names:
        if campaign.pseudonym(name, role) in campaign.withdrawn():
            raise RadError(f"'{name}' has withdrawn: whoever takes part again needs another user name")
        known = campaign.reviewers().get(name, {})
        if known and known["role"] != role:
            raise RadError(f"'{name}' is {known['role']} of this campaign; an adjudicator must be somebody else")
        if name not in accounts:
            password = known.get("password") or secrets.token_urlsafe(12)
            campaign.add_reviewer(name, role, password)  # before the account is made: a kill must not lose it
            accounts[name] = rg.User(username=name, role="annotator", password=password, client=client).create()
            made.append(name)
        elif not known:
            campaign.add_reviewer(name, role)
        if name not in members and accounts[name].role != "owner":
            accounts[name].add_to_workspace(workspace)
    return made


def _adjudication(client: rg.Argilla, campaign: Campaign, name: str) -> int:
    """A dataset of its own with the drafts that reviewers disagree on, and their answers beside them."""
    judged = aggregation.by_rationale(campaign)
    settings, drafts = campaign.settings, {d.rationale_id: d for d in drafts_of(campaign)}
    if settings.overlap is None or not judged:
        raise RadError(f"there are no answers to adjudicate: python -m annotation pull {campaign.path}")
    wanted = [
        key
        for key in sorted(judged)
        if key in drafts and aggregation.open_question(judged[key], settings.overlap, drafts[key].text)
    ]
    if not wanted:
        print("reviewers agree wherever they are done: there is nothing to adjudicate")
        return 0
    data = opened(settings)
    examples = {e.query.query_id: e for e in data.examples["train"]}
    dataset = _ensure_dataset(client, campaign, ADJUDICATION, form.settings(client, 1, adjudication=True))
    there = {row["external_id"] for row in connection.records(client, dataset)}
    new = [key for key in wanted if key not in there]
    told = {key: form.spoken(aggregation.people(judged[key])) for key in new}
    _send(dataset, [form.record(drafts[k], examples[drafts[k].query_id], data.items, told[k]) for k in new])
    made = enrol(client, campaign, [name], "adjudicator")
    print(f"{len(new):,} drafts to adjudicate added, {len(there) + len(new):,} are there, in dataset '{ADJUDICATION}'")
    _tell(client, campaign, [name], made)
    return 0


def _tell(client: rg.Argilla, campaign: Campaign, names: Sequence[str], made: Sequence[str]) -> None:
    if made:
        print(f"new accounts: {', '.join(made)}; their passwords are in {campaign.secrets / 'reviewers.json'}")
    if names:
        print(f"they log in at {client.api_url}")
