"""What comes first: consent, then a calibration round, then what is to be learnt from it; only then the work opens.

These are datasets, by their names, in the workspace whose work they open. Reviewers see a dataset when they are through
with those before it: ``consent...`` asks whether they agree, and the others want an answer, or a discard, on each of
their records. A workspace without such datasets asks nothing. Owners see all.

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
from sqlalchemy import String, cast, exists, select

GATES = ("consent", "calibration", "feedback")  # beginnings of names, the first to be passed first
Action: TypeAlias = Callable[[User], Awaitable[bool]]


def install() -> None:
    """Let the server's handlers refuse, and leave out, what is not open yet."""
    blind("GET", "/me/datasets", open_datasets)
    search, answer = DatasetPolicy.search_records, RecordPolicy.create_response
    DatasetPolicy.search_records = lambda dataset: when_open(search(dataset), dataset)
    RecordPolicy.create_response = lambda record: when_open(answer(record), record.dataset)


def when_open(action: Action, dataset: Dataset) -> Action:
    async def is_allowed(actor: User) -> bool:
        return await action(actor) and await is_open(dataset, actor)

    return is_allowed


async def open_datasets(answer: Datasets, user: User, values: dict[str, Any]) -> Datasets:
    return Datasets(items=[dataset for dataset in answer.items if await is_open(dataset, user)])


def stage(name: str) -> int:
    """How many gates a dataset stands behind."""
    return next((k for k, gate in enumerate(GATES) if name.startswith(gate)), len(GATES))


async def is_open(dataset: Any, user: User) -> bool:
    """Whether somebody may see a dataset: they are through with all that comes before it."""
    if user.is_owner:
        return True
    published = cast(Dataset.status, String) == DatasetStatus.ready.value
    in_workspace = select(Dataset.id, Dataset.name).where(Dataset.workspace_id == dataset.workspace_id, published)
    async with AsyncSessionLocal() as db:
        for dataset_id, name in await db.execute(in_workspace):
            if stage(name) < stage(dataset.name) and not await is_through(db, dataset_id, name, user.id):
                return False
    return True


async def is_through(db: Any, dataset_id: UUID, name: str, user_id: UUID) -> bool:
    mine = select(Response.values).where(Response.record_id == Record.id, Response.user_id == user_id)
    status = cast(Response.status, String)
    if stage(name) == 0:
        agreed = mine.join(Record).where(Record.dataset_id == dataset_id, status == ResponseStatus.submitted.value)
        return any(values["agreement"]["value"] == "agree" for values in await db.scalars(agreed))
    done = exists(mine.where(status != ResponseStatus.draft.value).correlate(Record))
    return (await db.scalar(select(Record.id).where(Record.dataset_id == dataset_id, ~done).limit(1))) is None
