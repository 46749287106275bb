"""Pause a reviewer's account, or let them go on; what they have answered stays.

    python -m annotation pause CAMPAIGN anna
    python -m annotation pause CAMPAIGN anna --resume

Who is paused sees no dataset of the campaign and can answer nothing, from the next click on. Drafts that were meant for
them go to the others.
"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from annotation.argilla import accounts
from annotation.argilla.client import argilla_errors, connect
from annotation.campaign.folder import Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    reviewer: Annotated[str, Argument(metavar="NAME", help="the user name of the reviewer or adjudicator")],
    api_url: ApiUrl = None,
    resume: Annotated[bool, Option("--resume", help="let them go on")] = False,
) -> None:
    campaign = Campaign(folder)
    client = connect(campaign, api_url)
    with campaign.locked("answers"), argilla_errors("pause"):
        accounts.pause(client, campaign, reviewer, resume)
    print(f"{reviewer} {'may go on' if resume else 'is paused'}")
