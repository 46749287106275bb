"""Send the drafts to the review server, and create the accounts of the reviewers.

    python -m annotation push CAMPAIGN --reviewers anna,ben --overlap 2
    python -m annotation push CAMPAIGN --reviewers anna,ben,cleo --overlap 2 --max-overlap 3 --quota anna=50 ben=80
    python -m annotation push CAMPAIGN --limit 200 --select uncertain
    python -m annotation push CAMPAIGN --adjudicator carla      (what reviewers disagree on, for another to decide)
    python -m annotation push CAMPAIGN --api-url https://argilla.example.org --reviewers anna,ben

It can be run again at any time: what is there is left alone, and what is new is added. Accounts that it creates have
random passwords, which are in secrets/reviewers.json and nowhere else; accounts that are there already are used as
they are. ``--max-overlap`` and ``--quota`` are kept by the campaign's own server. ``checks.jsonl`` and
``guidelines.md`` in the campaign's folder go with the drafts: the manual says what they hold.
"""

from __future__ import annotations

from typing import Annotated

import argilla as rg
from typer import Option

from annotation.argilla import accounts, calibration, consent
from annotation.argilla.adjudication import push_disputed
from annotation.argilla.client import ADJUDICATION, CONSENT, argilla_errors, connect
from annotation.argilla.comparison import push_pairs
from annotation.argilla.push import chosen_overlap, grow_overlap, push_drafts, take_guidelines
from annotation.campaign.folder import NAME, Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.study import design
from rad.errors import RadError
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    api_url: ApiUrl = None,
    reviewers: Annotated[str, Option(metavar="NAME,...", help="user names of the reviewers", show_default=False)] = "",
    overlap: Annotated[int | None, Option(metavar="N", help="answers that each draft should get (default: 2)")] = None,
    max_overlap: Annotated[int | None, Option(metavar="N", help="the same where reviewers disagree")] = None,
    quota: Annotated[list[str] | None, Option(metavar="NAME=N", help="answers of a reviewer at most; 0: any")] = None,
    limit: Annotated[int | None, Option(metavar="N", help="drafts on the server at most (default: all)")] = None,
    select: Annotated[
        str | None,
        Option(metavar="HOW", help="first: uncertain, disputed, stratified; or a file of ids"),
    ] = None,
    adjudicator: Annotated[str | None, Option(metavar="NAME", help="who decides what reviewers disagree on")] = None,
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
    if limit is not None and limit < 1:
        raise RadError(f"--limit must be at least 1, got {limit}")
    if compare and (select or limit):
        raise RadError("--select and --limit choose drafts, --compare sends all pairs")
    if api_url and (max_overlap or quota):
        raise RadError("--max-overlap and --quota are kept by the campaign's own server: leave --api-url out, or these")
    if design.is_study(campaign):
        raise RadError(f"{campaign.path} is a study: python -m annotation study push {campaign.path} --participants N")
    quotas = accounts.read_quotas(campaign, quota or (), names)
    with campaign.locked("answers"):
        overlaps = chosen_overlap(campaign, overlap, max_overlap)
        take_guidelines(campaign)
        accounts.check_roles(campaign, names, "reviewer")
        accounts.check_roles(campaign, adjudicators, "adjudicator")
        client = connect(campaign, api_url)
        with argilla_errors("push"):
            if adjudicators:
                _push_disputed(client, campaign, adjudicators)
                return
            counts = (
                push_pairs(client, campaign, overlaps[0])
                if compare
                else push_drafts(client, campaign, overlaps[0], limit, select)
            )
            consent.ask(client, campaign, CONSENT["reviewer"])
            calibration.push(client, campaign)
            new = accounts.enrol(client, campaign, names, "reviewer")
            accounts.set_quotas(campaign, quotas)
            campaign.set_overlap(*overlaps)
            grow_overlap(client, campaign)
    what = "pairs" if compare else "drafts"
    print(f"{counts[0]:,} {what} added, {counts[1]:,} are there; each is to be answered by {overlaps[0]}")
    accounts.show(client, campaign, names, new)


def _push_disputed(client: rg.Argilla, campaign: Campaign, names: list[str]) -> None:
    counts = push_disputed(client, campaign)
    if counts is None:
        print("reviewers agree wherever they are done: there is nothing to adjudicate")
        return
    new = accounts.enrol(client, campaign, names, "adjudicator")
    print(f"{counts[0]:,} drafts to adjudicate added, {counts[1]:,} are there, in dataset '{ADJUDICATION}'")
    accounts.show(client, campaign, names, new)
