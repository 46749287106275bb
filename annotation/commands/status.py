"""How far a campaign is: drafts answered, and each reviewer's answers.

python -m annotation status CAMPAIGN
"""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from annotation.argilla import client as connection
from annotation.campaign.folder import Campaign


def arguments(parser: argparse.ArgumentParser) -> None:
    connection.arguments(parser)


def main(args: argparse.Namespace) -> int:
    campaign, console = Campaign(args.campaign), Console()
    overlap = campaign.settings.overlap
    client = connection.connect(campaign, args.api_url)
    with connection.speaking("status"):
        for name in (connection.REVIEW, connection.ADJUDICATION):
            if name == connection.REVIEW:
                dataset = connection.found(client, campaign, name)
            elif (other := connection.find(client, campaign, name)) is None:
                break
            else:
                dataset = other
            progress = dataset.progress(with_users_distribution=True)
            title = f"{name}: {progress['completed']:,} of {progress['total']:,} drafts are done"
            title += f" (answered by {overlap})" if name == connection.REVIEW and overlap else ""
            table = Table("reviewer", "submitted", "saved", "discarded", title=title, title_justify="left")
            for column in table.columns[1:]:
                column.justify = "right"
            invited = [n for n, r in campaign.reviewers().items() if (r["role"] == "reviewer") == (name == "review")]
            for user in sorted({*progress["users"], *invited}):
                by = progress["users"].get(user, {})
                counts = [
                    sum(part.get(kind, 0) for part in by.values()) for kind in ("submitted", "draft", "discarded")
                ]
                table.add_row(escape(user), *(f"{n:,}" for n in counts))
            console.print(table)
    return 0
