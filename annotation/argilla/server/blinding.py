"""Blinding: reviewers' sessions read nothing of what others answered, nor how far others are.

Argilla gives every member of a workspace each record with all its answers, and the progress of all by user name. Here
these requests answer a reviewer with the reviewer's own part. Owners and administrators read all, as before.

This file runs in the server's environment and imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from argilla_server.api.routes import api_v1
from argilla_server.api.schemas.v1.datasets import DatasetProgress, UsersProgress
from argilla_server.api.schemas.v1.records import Record
from argilla_server.contexts import datasets
from argilla_server.models import User
from fastapi.responses import Response

Handler: TypeAlias = Callable[..., Awaitable[Any]]


def install() -> None:
    """Blind the server's handlers. KeyError where the server lacks one of them: it is another version."""
    blind("GET", "/records/{record_id}", own_answers)
    blind("GET", "/datasets/{dataset_id}/progress", own_progress)
    blind("GET", "/datasets/{dataset_id}/users/progress", own_counts)


def blind(method: str, path: str, view: Callable[[Any, User, dict[str, Any]], Awaitable[Any]]) -> None:
    """Let a handler authorize and answer as before, and a reviewer see ``view`` of the answer alone."""
    dependant = route(method, path).dependant
    handler: Handler = dependant.call

    async def blinded(**values: Any) -> Any:
        answer, user = await handler(**values), values["current_user"]
        if user.is_owner or user.is_admin:
            return answer
        shown = await view(answer, user, values)
        return Response(shown.model_dump_json(exclude_unset=True), media_type="application/json")

    dependant.call = blinded  # FastAPI has read the handler's signature already


def route(method: str, path: str) -> Any:
    """The route of the server's API."""
    for one in api_v1.routes:
        if one.path == path and method in one.methods:
            return one
    raise KeyError(f"{method} {path}")


async def own_answers(record: Any, user: User, values: dict[str, Any]) -> Record:
    shown = Record.model_validate(record)
    own = [response for response in shown.responses or [] if response.user_id == user.id]
    return shown.model_copy(update={"responses": own, "metadata": None})


async def own_progress(progress: DatasetProgress, user: User, values: dict[str, Any]) -> DatasetProgress:
    dataset = await datasets.Dataset.get_or_raise(values["db"], values["dataset_id"])
    mine = await datasets.get_user_dataset_metrics(values["db"], values["search_engine"], user, dataset)
    answered = mine["submitted"] + mine["discarded"]
    return DatasetProgress(total=progress.total, completed=answered, pending=progress.total - answered, users=[])


async def own_counts(progress: UsersProgress, user: User, values: dict[str, Any]) -> UsersProgress:
    return UsersProgress(users=[one for one in progress.users if one.username == user.username])
