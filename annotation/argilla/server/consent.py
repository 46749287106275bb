"""Consent comes first: until they have agreed, reviewers see the dataset that asks them, and no other of its workspace.

A workspace asks where it has a published dataset whose name begins with ``consent``. Owners are not asked.

This file runs in the server's environment and imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

from argilla_server.api.policies.v1 import DatasetPolicy, RecordPolicy
from argilla_server.api.schemas.v1.datasets import Datasets
from argilla_server.database import AsyncSessionLocal
from argilla_server.enums import DatasetStatus, ResponseStatus
from argilla_server.models import Dataset, Record, Response, User
from blinding import blind
from sqlalchemy import String, cast, select

ASKS = "consent"
Action: TypeAlias = Callable[[User], Awaitable[bool]]


def install() -> None:
    """Let the server's handlers refuse, and leave out, what is for those who have agreed."""
    blind("GET", "/me/datasets", open_datasets)
    search, answer = DatasetPolicy.search_records, RecordPolicy.create_response
    DatasetPolicy.search_records = lambda dataset: after_consent(search(dataset), dataset)
    RecordPolicy.create_response = lambda record: after_consent(answer(record), record.dataset)


def after_consent(action: Action, dataset: Dataset) -> Action:
    async def is_allowed(actor: User) -> bool:
        return await action(actor) and await is_open(dataset, actor)

    return is_allowed


async def open_datasets(answer: Datasets, user: User, values: dict[str, Any]) -> Datasets:
    return Datasets(items=[dataset for dataset in answer.items if await is_open(dataset, user)])


async def is_open(dataset: Any, user: User) -> bool:
    """Whether somebody may see a dataset: it asks, or nobody asks, or they have agreed."""
    return user.is_owner or dataset.name.startswith(ASKS) or await has_agreed(user.id, dataset.workspace_id)


async def has_agreed(user_id: UUID, workspace_id: UUID) -> bool:
    of_consent = select(Dataset.id).where(
        Dataset.workspace_id == workspace_id,
        Dataset.name.startswith(ASKS),
        cast(Dataset.status, String) == DatasetStatus.ready.value,
    )
    answers = select(Response.values).join(Record).where(Record.dataset_id.in_(of_consent), Response.user_id == user_id)
    submitted = answers.where(cast(Response.status, String) == ResponseStatus.submitted.value)
    async with AsyncSessionLocal() as db:
        if (await db.scalar(of_consent.limit(1))) is None:
            return True
        return any(values["agreement"]["value"] == "agree" for values in await db.scalars(submitted))
