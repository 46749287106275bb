"""Delete a reviewer's answers, on the server and in the campaign's files, and the account that the campaign made.

    python -m annotation withdraw CAMPAIGN anna

What others answered stays, and what the campaign gives is decided anew without these answers. A later pull does not
bring them back, even if this command was killed half-way; run it again to finish.
"""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from annotation.argilla import accounts
from annotation.argilla.client import argilla_errors, connect
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from annotation.commands._options import ApiUrl, CampaignFolder
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    reviewer: Annotated[str, Argument(metavar="NAME", help="the user name of the reviewer or adjudicator")],
    api_url: ApiUrl = None,
) -> None:
    campaign = Campaign(folder)
    client = connect(campaign, api_url)
    with argilla_errors("withdraw"):
        deleted, pseudonyms = accounts.withdraw(client, campaign, reviewer)
    if campaign.file(judgements.FILE).exists():
        remaining = [j for j in judgements.read(campaign) if j.annotator not in pseudonyms]
        judgements.write(campaign, remaining)
        release(campaign, remaining)
    campaign.drop_reviewer(reviewer)
    print(f"{deleted:,} answers deleted on the server; the campaign's files are without them")
