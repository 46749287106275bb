"""Accounts of reviewers on the server: made at random, let into the campaign's workspace, and removed again."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import argilla as rg

from annotation.argilla.client import (
    ADJUDICATION,
    COMPARISON,
    CONSENT,
    REVIEW,
    find_dataset,
    records,
    workspace_of,
)
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Role
from rad.errors import RadError


def check_roles(campaign: Campaign, names: Sequence[str], role: Role) -> None:
    """Refuse, before anything is sent, who has withdrawn, or would be reviewer and adjudicator at once."""
    answered = {one.annotator for one in judgements.read(campaign)}
    for name in names:
        if campaign.pseudonym(name, role) in campaign.withdrawn():
            raise RadError(f"'{name}' has withdrawn: whoever takes part again needs another user name")
        entry = campaign.reviewers().get(name)
        other = entry["role"] if entry else "reviewer" if campaign.pseudonym(name) in answered else role
        if other != role:
            raise RadError(f"'{name}' is {other} of this campaign; an adjudicator must be somebody else")


def enrol(client: rg.Argilla, campaign: Campaign, names: Sequence[str], role: Role) -> list[str]:
    """Make accounts for those who have none, and let all into the workspace of their role.

    Returns:
        The names of those who got a new account.
    """
    workspace = client.workspaces(workspace_of(campaign, ADJUDICATION if role == "adjudicator" else REVIEW))
    members = {user.username for user in workspace.users}
    accounts, new = {user.username: user for user in client.users}, []
    for name in names:
        entry = campaign.reviewers().get(name, {})
        if name not in accounts:
            password = entry.get("password") or secrets.token_urlsafe(12)
            campaign.add_reviewer(name, role, password)  # before the account is made: a kill must not lose it
            accounts[name] = rg.User(username=name, role="annotator", password=password, client=client).create()
            new.append(name)
        elif not entry:
            campaign.add_reviewer(name, role)
        if name not in members and accounts[name].role != "owner":
            accounts[name].add_to_workspace(workspace)
    return new


def withdraw(client: rg.Argilla, campaign: Campaign, name: str) -> tuple[int, set[str]]:
    """Delete somebody's answers on the server, and their account where this campaign made it.

    Returns:
        How many answers were deleted, and the pseudonyms whose answers must go from the campaign's files.

    Raises:
        RadError: Nobody has this name.
    """
    reviewers = campaign.reviewers()
    account = next((user for user in client.users if user.username == name), None)
    if account is None and name not in reviewers:
        raise RadError(f"nobody is called '{name}' (reviewers: {', '.join(sorted(reviewers)) or 'none'})")
    pseudonyms = {campaign.pseudonym(name, role) for role in ("reviewer", "adjudicator")}
    for pseudonym in sorted(pseudonyms):
        campaign.withdraw(pseudonym)  # first of all: from here on no pull reads these answers
    if account is None:
        return 0, pseudonyms
    deleted = 0
    for dataset_name in (REVIEW, COMPARISON, ADJUDICATION, *CONSENT.values()):
        dataset = find_dataset(client, campaign, dataset_name)
        for row in records(client, dataset, answers=True) if dataset else ():
            for answer in row["responses"]:
                if answer["user_id"] == str(account.id):
                    client.http_client.delete(f"/api/v1/responses/{answer['id']}").raise_for_status()
                    deleted += dataset_name not in CONSENT.values()
    if reviewers.get(name, {}).get("password"):
        account.delete()  # after the answers, so that the server counts anew which drafts are done
    return deleted, pseudonyms


def empty_log(campaign: Campaign) -> bool:
    """Write the log of the embedded server's database into it, so that no file holds what was deleted.

    Returns:
        Whether it could be done; somebody may be reading.
    """
    path = campaign.server / "argilla.db"
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, timeout=30)) as database:
        busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
