"""Delete a reviewer's answers, on the server and in the campaign's files, and the account that the campaign made.

    python -m annotation withdraw CAMPAIGN anna

What others answered stays, and what the campaign gives is decided anew without these answers; the adjudicator sees them
no more. Reports of agreement go, since they quote answers: write them anew. A later pull does not bring the answers
back, even if this command was killed half-way; run it again to finish. Answers from another tool go like the others;
where nothing was pushed, no server is needed.
"""

from __future__ import annotations

import sys
from typing import Annotated

from typer import Argument

from annotation.argilla import accounts
from annotation.argilla.adjudication import show_answers
from annotation.argilla.client import argilla_errors, connect
from annotation.campaign import consents, judgements
from annotation.campaign.folder import REPORTS, Campaign
from annotation.campaign.release import release
from annotation.commands._options import ApiUrl, CampaignFolder
from annotation.evaluation import checks, pairs
from annotation.study import design
from rad.runtime.commands import command


@command
def main(
    folder: CampaignFolder,
    reviewer: Annotated[str, Argument(metavar="NAME", help="the user name of the reviewer or adjudicator")],
    api_url: ApiUrl = None,
) -> None:
    campaign = Campaign(folder)
    was_pushed = api_url or campaign.settings.overlap is not None
    client = connect(campaign, api_url) if was_pushed else None
    with campaign.locked("answers"):
        with argilla_errors("withdraw"):
            deleted, pseudonyms = accounts.withdraw(client, campaign, reviewer)
            _forget(campaign, pseudonyms)
            if client:
                show_answers(client, campaign)
        campaign.drop_reviewer(reviewer)
    print(f"{deleted:,} answers deleted on the server; the campaign's files are without them")
    if not api_url and not accounts.empty_log(campaign):
        print(f"{campaign.server} may still hold them in its log: stop the server, which empties it", file=sys.stderr)


def _forget(campaign: Campaign, pseudonyms: set[str]) -> None:
    """Write the campaign's files without somebody's answers, and delete reports and what a kill left unfinished."""
    if campaign.file(judgements.FILE).exists():
        remaining = [one for one in judgements.read(campaign) if one.annotator not in pseudonyms]
        judgements.write(campaign, remaining)
        if not design.is_study(campaign):
            release(campaign, remaining)
    if campaign.file(pairs.FILE).exists():
        pairs.write(campaign, [one for one in pairs.read(campaign) if one.annotator not in pseudonyms])
    if campaign.file(checks.ANSWERS).exists():
        remaining = [one for one in checks.read_answers(campaign) if one.annotator not in pseudonyms]
        checks.write_answers(campaign, remaining)
    if campaign.file(consents.FILE).exists():
        consents.write(campaign, [one for one in consents.read(campaign).values() if one.annotator not in pseudonyms])
    written = (
        judgements.FILE,
        pairs.FILE,
        checks.ANSWERS,
        consents.FILE,
        "rationales.jsonl",
        "provenance.jsonl",
        *REPORTS,
    )
    unfinished = [path for name in written for path in campaign.path.glob(f".{name}.*.part")]
    for path in (*map(campaign.file, REPORTS), *unfinished):
        if path.exists():
            path.unlink()
            print(f"deleted {path}")
