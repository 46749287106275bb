"""Accounts of reviewers on the server: made at random, let into the campaign's workspace, and removed again."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

import argilla as rg

from annotation.argilla.client import (
    ADJUDICATION,
    CALIBRATION,
    COMPARISON,
    CONSENT,
    FEEDBACK,
    REVIEW,
    find_dataset,
    records,
    workspace_of,
)
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Role
from annotation.study import design
from rad.errors import RadError
from rad.runtime.provenance import now


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
    """Make accounts for those who have none, and let all into the workspace of their work.

    Returns:
        The names of those who got a new account.
    """
    homes = {name: _home(campaign, name, role) for name in names}
    workspaces = {home: client.workspaces(home) for home in set(homes.values())}
    members = {home: {user.username for user in workspace.users} for home, workspace in workspaces.items()}
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
        if name not in members[homes[name]] and accounts[name].role != "owner" and "paused" not in entry:
            accounts[name].add_to_workspace(workspaces[homes[name]])
    return new


def _home(campaign: Campaign, name: str, role: str) -> str:
    """The workspace in which somebody works."""
    entry = campaign.reviewers().get(name, {})
    return workspace_of(campaign, ADJUDICATION if role == "adjudicator" else entry.get("list", REVIEW))


def pause(client: rg.Argilla, campaign: Campaign, name: str, resume: bool) -> None:
    """Shut somebody out of the workspace of their work, or let them in again. What they answered stays.

    Raises:
        RadError: ``push`` named nobody of this name, or the server has no such account.
    """
    entry = campaign.reviewers().get(name)
    account = next((user for user in client.users if user.username == name), None)
    if entry is None or account is None:
        named = ", ".join(sorted(campaign.reviewers())) or "none"
        raise RadError(f"nobody is called '{name}' (reviewers: {named})")
    workspace = client.workspaces(_home(campaign, name, entry["role"]))
    campaign.mark_reviewer(name, paused=None if resume else now())  # first: no push must let them in again
    is_inside = name in {user.username for user in workspace.users}
    if resume and not is_inside:
        account.add_to_workspace(workspace)
    if is_inside and not resume:
        account.remove_from_workspace(workspace)


def show(client: rg.Argilla, campaign: Campaign, names: Sequence[str], new: Sequence[str]) -> None:
    """Print where passwords are, and where people log in."""
    if new:
        print(f"new accounts: {', '.join(new)}; their passwords are in {campaign.secrets / 'reviewers.json'}")
    if paused := [name for name in names if "paused" in campaign.reviewers()[name]]:
        print(f"{', '.join(paused)}: paused; python -m annotation pause {campaign.path} {paused[0]} --resume")
    if names:
        print(f"they log in at {client.api_url}")
    elif not campaign.reviewers():
        print("nobody is to review them yet: push again with --reviewers NAME,NAME")


def read_quotas(campaign: Campaign, words: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Quotas that are written as ``NAME=N``, by user name.

    Raises:
        RadError: One is written otherwise, or is of nobody who reviews or is in ``names``.
    """
    quotas = {}
    for word in words:
        name, _, number = word.partition("=")
        if not (name and number.isdecimal()):
            raise RadError(f"--quota is NAME=N with a whole number, got '{word}'")
        if name not in (*names, *campaign.reviewers()):
            raise RadError(f"--quota: nobody is called '{name}': name all reviewers by --reviewers, too")
        quotas[name] = int(number)
    return quotas


def set_quotas(campaign: Campaign, quotas: Mapping[str, int]) -> None:
    """Write down how many answers somebody is to give at most, where the embedded server reads it; 0: any number."""
    for name, quota in quotas.items():
        campaign.mark_reviewer(name, quota=str(quota) if quota else None)


def withdraw(client: rg.Argilla | None, campaign: Campaign, name: str) -> tuple[int, set[str]]:
    """Delete somebody's answers on the server, if there is one, and their account where this campaign made it.

    Returns:
        How many answers were deleted, and the pseudonyms whose answers must go from the campaign's files.

    Raises:
        RadError: Nobody has this name.
    """
    reviewers = campaign.reviewers()
    account = next((user for user in client.users if user.username == name), None) if client else None
    pseudonyms = {campaign.pseudonym(name, role) for role in ("reviewer", "adjudicator")}
    has_answered = not pseudonyms.isdisjoint(one.annotator for one in judgements.read(campaign))
    if account is None and name not in reviewers and not has_answered:
        raise RadError(f"nobody is called '{name}' (reviewers: {', '.join(sorted(reviewers)) or 'none'})")
    for pseudonym in sorted(pseudonyms):
        campaign.withdraw(pseudonym)  # first of all: from here on no pull reads these answers
    if client is None or account is None:
        return 0, pseudonyms
    deleted = 0
    lists = design.datasets(campaign)
    no_work = (FEEDBACK, *CONSENT.values(), *(f"{CONSENT['reviewer']}-{name}" for name in lists))
    for dataset_name in (REVIEW, COMPARISON, ADJUDICATION, CALIBRATION, *lists, *no_work):
        dataset = find_dataset(client, campaign, dataset_name)
        for row in records(client, dataset, answers=True) if dataset else ():
            for answer in row["responses"]:
                if answer["user_id"] == str(account.id):
                    client.http_client.delete(f"/api/v1/responses/{answer['id']}").raise_for_status()
                    deleted += dataset_name not in no_work
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
