"""Who is to answer what: how many answers a record needs, whose quota is reached, and each reviewer's own order.

Reviewers get records in an order of their own. Each record is meant for as many members of its workspace as it still
needs answers, drawn by a hash among those who have neither answered nor discarded it. These come first, and of them
those that somebody else has answered already. So records reach their overlap one by one rather than all at the end.
Reviewers who work at once do not crowd on the same ones. Who is through with theirs goes on with the others'. Nothing
is meant for who has reached a quota.

A record needs as many answers as its dataset says, or as its own metadata say under ``answers_needed``. Where that is
``EVERYBODY``, the record is never done, and stands anywhere in each reviewer's order.

This file runs in the server's environment and imports nothing of the project.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any

from argilla_server.contexts import distribution
from argilla_server.enums import RecordStatus
from argilla_server.models import Record
from sqlalchemy import ColumnElement, func

ANSWERS, EVERYBODY = "answers_needed", 1_000_000
NEEDED = f"coalesce(json_extract(records.metadata, '$.{ANSWERS}'), json_extract(distribution, '$.min_submitted'))"
REPAIR = f"""
UPDATE records SET status = 'completed' WHERE status = 'pending' AND (
  SELECT count(*) FROM responses WHERE responses.record_id = records.id AND responses.status = 'submitted'
) >= (SELECT {NEEDED} FROM datasets WHERE datasets.id = records.dataset_id)
"""
"""A kill between an answer and the count of a record's answers leaves the count behind; the answer itself is there."""
POSITION = "reviewer_position"  # the SQL function position()
_reviewers = Path()


def install(reviewers: Path) -> None:
    """Let the server count by each record's own need; ``reviewers`` is the campaign's file of accounts, for quotas."""
    global _reviewers
    _reviewers = reviewers
    distribution._update_record_status_with_overlap_strategy = update_status


async def update_status(db: Any, record: Record) -> Record:
    """In place of Argilla's own, which knows the dataset's number alone."""
    needed = (record.metadata_ or {}).get(ANSWERS) or record.dataset.distribution["min_submitted"]
    is_done = len(record.responses_submitted) >= needed
    record.status = RecordStatus.completed if is_done else RecordStatus.pending
    saved: Record = await record.save(db, autocommit=False)
    return saved


def quotas() -> dict[str, int]:
    """By user name, how many answers somebody is to give in each dataset at most."""
    if not _reviewers.is_file():
        return {}
    accounts = json.loads(_reviewers.read_text(encoding="utf-8"))
    return {name: int(entry["quota"]) for name, entry in accounts.items() if "quota" in entry}


def needed(min_submitted: int) -> ColumnElement:
    """How many answers a record needs, as a value of a query."""
    return func.coalesce(func.json_extract(Record.metadata_, f"$.{ANSWERS}"), min_submitted)


def on_connect(database: sqlite3.Connection) -> None:
    """Give a connection to the database the function that orders are made with."""
    database.create_function(POSITION, 5, position, deterministic=True)


def position(user: str, record: str, members: str, states: str | None, needs: int) -> bytes:
    """Where a record stands in a reviewer's order: the first is the smallest.

    Args:
        user: The reviewer's id in hex digits, as all ids here.
        record: Its id.
        members: Those who are to answer, joined by commas.
        states: The record's answers as ``status id``, joined by commas.
        needs: How many answers it needs.
    """
    by_user = dict(state.split(" ")[::-1] for state in states.split(",")) if states else {}
    through = sorted(who for who, status in by_user.items() if status != "draft")
    answered = list(by_user.values()).count("submitted")
    is_meant = turn(user, record, members, ",".join(through)) < needs - answered
    mine = rank(user, record)
    if needs >= EVERYBODY:
        answered = 255 * (mine[-1] % 2)  # half of them among those that others began, half among the new ones
    return bytes((not is_meant, 255 - min(answered, 255))) + mine


def rank(user: str, record: str) -> bytes:
    """The same on every call, and another for every reviewer."""
    return hashlib.blake2b(f"{user} {record}".encode(), digest_size=8).digest()


@lru_cache(maxsize=200_000)  # 20 reviewers of 10,000 records; every page of a queue asks for all of one reviewer's
def turn(user: str, record: str, members: str, through: str) -> int:
    """How many of the ``members`` a record is meant for before ``user``, of those who are not ``through`` with it."""
    mine, passed = rank(user, record), through.split(",")
    others = (member for member in members.split(",") if member != user and member not in passed)
    return sum(rank(member, record) < mine for member in others)
