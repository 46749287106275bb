"""Send the drafts to the review server, and create the accounts of the reviewers.

    python -m annotation push CAMPAIGN --reviewers anna,ben --overlap 2
    python -m annotation push CAMPAIGN --adjudicator carla      (what reviewers disagree on, for another to decide)
    python -m annotation push CAMPAIGN --api-url https://argilla.example.org --reviewers anna,ben

It can be run again at any time: what is there is left alone, and what is new is added. Accounts that it creates have
random passwords, which are in secrets/reviewers.json and nowhere else; accounts that are there already are used as
they are.
"""

from __future__ import annotations

from typing import Annotated

import argilla as rg
from typer import Option

from annotation.argilla import consent
from annotation.argilla.accounts import check_roles, enrol
from annotation.argilla.adjudication import push_disputed
from annotation.argilla.client import ADJUDICATION, argilla_errors, connect
from annotation.argilla.comparison import push_pairs
from annotation.argilla.push import push_drafts
from annotation.campaign.folder import NAME, Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from rad.errors import RadError
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    api_url: ApiUrl = None,
    reviewers: Annotated[str, Option(metavar="NAME,...", help="user names of the reviewers", show_default=False)] = "",
    overlap: Annotated[int | None, Option(metavar="N", help="answers that each draft should get (default: 2)")] = None,
    adjudicator: Annotated[
        str | None, Option(metavar="NAME", help="who decides what the reviewers disagree on")
    ] = None,
    compare: Annotated[
        bool,
        Option("--compare", help="send pairs of two models' drafts for one query, in place of drafts"),
    ] = False,
) -> None:
    campaign = Campaign(folder)
    names = [name.strip() for name in reviewers.split(",") if name.strip()]
    adjudicators = [adjudicator] if adjudicator else []
    if unfit := [name for name in [*names, *adjudicators] if not NAME.fullmatch(name)]:
        raise RadError(f"'{unfit[0]}': user names have letters, digits, '-', '_' and '.' alone")
    settings = campaign.settings
    answers = settings.overlap or 2 if overlap is None else overlap
    if answers < 1:
        raise RadError(f"--overlap must be at least 1, got {answers}")
    if settings.overlap not in (None, answers):
        raise RadError(f"{campaign.path} was pushed with an overlap of {settings.overlap}, which stays")
    with campaign.locked("answers"):
        check_roles(campaign, names, "reviewer")
        check_roles(campaign, adjudicators, "adjudicator")
        client = connect(campaign, api_url)
        with argilla_errors("push"):
            if adjudicators:
                _push_disputed(client, campaign, adjudicators)
            else:
                _push(client, campaign, names, answers, compare)


def _push(client: rg.Argilla, campaign: Campaign, names: list[str], overlap: int, compare: bool) -> None:
    added, total = (push_pairs if compare else push_drafts)(client, campaign, overlap)
    consent.ask(client, campaign, "reviewer")
    new = enrol(client, campaign, names, "reviewer")
    campaign.set_overlap(overlap)
    what = "pairs" if compare else "drafts"
    print(f"{added:,} {what} added, {total:,} are there; each is to be answered by {overlap}")
    _print_accounts(client, campaign, names, new)
    if not (names or campaign.reviewers()):
        print("nobody is to review them yet: push again with --reviewers NAME,NAME")


def _push_disputed(client: rg.Argilla, campaign: Campaign, names: list[str]) -> None:
    counts = push_disputed(client, campaign)
    if counts is None:
        print("reviewers agree wherever they are done: there is nothing to adjudicate")
        return
    new = enrol(client, campaign, names, "adjudicator")
    added, total = counts
    print(f"{added:,} drafts to adjudicate added, {total:,} are there, in dataset '{ADJUDICATION}'")
    _print_accounts(client, campaign, names, new)


def _print_accounts(client: rg.Argilla, campaign: Campaign, names: list[str], new: list[str]) -> None:
    if new:
        print(f"new accounts: {', '.join(new)}; their passwords are in {campaign.secrets / 'reviewers.json'}")
    if names:
        print(f"they log in at {client.api_url}")
