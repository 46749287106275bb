"""How far a campaign is: drafts answered, and each reviewer's answers.

    python -m annotation status CAMPAIGN

It reads the server, and changes nothing.
"""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotation.argilla.client import ADJUDICATION, COMPARISON, argilla_errors, connect, pushed_datasets
from annotation.campaign.folder import Campaign
from annotation.commands._options import ApiUrl, CampaignFolder
from rad.runtime.commands import command


@command
def main(folder: CampaignFolder, api_url: ApiUrl = None) -> None:
    campaign, console = Campaign(folder), Console()
    overlap = campaign.settings.overlap
    client = connect(campaign, api_url)
    with argilla_errors("status"):
        for name, dataset in pushed_datasets(client, campaign).items():
            role = "adjudicator" if name == ADJUDICATION else "reviewer"
            progress = dataset.progress(with_users_distribution=True)
            kind = "pairs" if name == COMPARISON else "drafts"
            title = f"{name}: {progress['completed']:,} of {progress['total']:,} {kind} are done"
            title += f" (answered by {overlap})" if role == "reviewer" and overlap else ""
            table = Table("reviewer", "submitted", "saved", "discarded", title=title, title_justify="left")
            for column in table.columns[1:]:
                column.justify = "right"
            invited = [user for user, entry in campaign.reviewers().items() if entry["role"] == role]
            for user in sorted({*progress["users"], *invited}):
                by_record = progress["users"].get(user, {})
                counts = [
                    sum(part.get(kind, 0) for part in by_record.values())
                    for kind in ("submitted", "draft", "discarded")
                ]
                table.add_row(escape(user), *(f"{n:,}" for n in counts))
            console.print(table)
