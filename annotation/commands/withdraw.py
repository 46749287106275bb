"""Delete a reviewer's answers, on the server and in the campaign's files, and the account that the campaign made.

    python -m annotation withdraw CAMPAIGN anna

What others answered stays, and what the campaign gives is decided anew without these answers. A later pull does not
bring them back, even if this command was killed half-way; run it again to finish.
"""

from __future__ import annotations

import argparse

from annotation.argilla import client as connection
from annotation.campaign.folder import Campaign
from annotation.commands.pull import release
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import write_jsonl
from rad.types import Judgement


def arguments(parser: argparse.ArgumentParser) -> None:
    connection.arguments(parser)
    parser.add_argument("reviewer", metavar="NAME", help="the user name of the reviewer or adjudicator")


def main(args: argparse.Namespace) -> int:
    campaign, name = Campaign(args.campaign), args.reviewer
    known = campaign.reviewers()
    client = connection.connect(campaign, args.api_url)
    with connection.speaking("withdraw"):
        account = next((user for user in client.users if user.username == name), None)
        if account is None and name not in known:
            raise RadError(f"nobody is called '{name}' (reviewers: {', '.join(sorted(known)) or 'none'})")
        gone = {campaign.pseudonym(name, role) for role in ("reviewer", "adjudicator")}
        for pseudonym in sorted(gone):
            campaign.withdraw(pseudonym)  # first of all: from here on no pull reads these answers
        deleted, user_id = 0, str(account.id) if account else None
        for dataset_name in (connection.REVIEW, connection.ADJUDICATION):
            dataset = connection.find(client, campaign, dataset_name)
            for row in connection.records(client, dataset, answers=True) if dataset and user_id else ():
                for answer in row["responses"]:
                    if answer["user_id"] == user_id:
                        client.http_client.delete(f"/api/v1/responses/{answer['id']}").raise_for_status()
                        deleted += 1
        if account is not None and known.get(name, {}).get("password"):
            account.delete()  # after the answers, so that the server counts anew which drafts are done
    path = campaign.file("judgements.jsonl")
    if path.exists():
        kept = [j for _, j in records.read(path, Judgement) if j.annotator not in gone]
        write_jsonl(path, kept)
        release(campaign, kept)
    campaign.drop_reviewer(name)
    print(f"{deleted:,} answers deleted on the server; the campaign's files are without them")
    return 0
