"""The Argilla that a campaign works with: its own embedded server, or any other by ``--api-url``.

Everything goes through the Argilla SDK and its HTTP client. The key of another server is read from ``ARGILLA_API_KEY``
and never written down. Whatever goes wrong on the way is one :class:`RadError`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from annotation.argilla.process import is_serving
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Role
from annotation.study import design
from rad.errors import RadError

if TYPE_CHECKING:
    import argilla as rg

REVIEW, COMPARISON, ADJUDICATION = "review", "comparison", "adjudication"  # the campaign's datasets
CALIBRATION, FEEDBACK = "calibration", "feedback"  # the round before the work; see server/gates.py
# the dataset that asks people for their consent, in the workspace of their role
CONSENT: Mapping[Role, str] = {"reviewer": "consent", "adjudicator": f"consent-{ADJUDICATION}"}
APART = re.compile(rf"({ADJUDICATION}|list-\d+)$")  # ends of names: the adjudicator's, and the lists of a study
PAGE = 500  # records a request
PATIENCE = 300  # seconds for an answer: a busy machine may take long over many records


def connect(campaign: Campaign, api_url: str | None = None) -> rg.Argilla:
    """A client with the rights of an owner. :class:`RadError` on a wrong URL or key, and where nothing answers."""
    if api_url:
        key = os.environ.get("ARGILLA_API_KEY")
        if not key:
            raise RadError(f"set ARGILLA_API_KEY to your key for {api_url} (in Argilla: user settings)")
    else:
        api_url, key = _own(campaign), campaign.owner()["api_key"]
    import argilla
    import httpx

    warnings.filterwarnings("ignore", module=r"argilla(\.|$)")  # we report failures in our own words
    for name in ("httpx", "argilla"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        client = argilla.Argilla(api_url=api_url, api_key=key, retries=1, timeout=PATIENCE)
        version = client.http_client.get("/api/v1/version").json()["version"]
    except argilla._exceptions.ArgillaError as error:
        raise RadError(f"{api_url} refused the key, or is no Argilla ({_short(error)})") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise RadError(
            f"no Argilla answers at {api_url} ({_short(error)}); is it running, is the URL right?"
        ) from error
    if not str(version).startswith("2."):
        raise RadError(f"{api_url} is Argilla {version}; version 2 is needed")
    return client


def _own(campaign: Campaign) -> str:
    path = campaign.server / "server.json"
    if not is_serving(campaign) or not path.exists():
        raise RadError(
            f"the campaign's server is not running: python -m annotation serve {campaign.path} (in another terminal), "
            "or name another Argilla by --api-url"
        )
    url: str = json.loads(path.read_text())["url"]
    return url


def _short(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 160 else words[:157] + "..."


@contextmanager
def argilla_errors(action: str) -> Iterator[None]:
    """Turn failures of the server during ``action`` into a :class:`RadError` of one line."""
    import httpx
    from argilla._exceptions import ArgillaError, ForbiddenError

    try:
        yield
    except ForbiddenError as error:
        raise RadError(f"{action}: the key's role may not do this, an owner's may ({_short(error)})") from error
    except Exception as error:
        if not isinstance(error, ArgillaError | httpx.HTTPError) and not _is_of_answer(error):
            raise
        words = _short(error) if str(error) else ""
        raise RadError(
            f"{action}: the server did not answer as expected ({type(error).__name__}: {words}); "
            "what arrived there is kept: run it again"
        ) from error


def _is_of_answer(error: BaseException) -> bool:
    """Whether an error arose where an answer of the server is read: it lacks a part, or is no JSON."""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals["__name__"].startswith(("argilla.", "httpx.", "json.", "pydantic.", __name__))


def workspace_of(campaign: Campaign, name: str) -> str:
    """The workspace of a dataset. All its members read all that is in it, so what only some may see is apart."""
    apart = APART.search(name)
    return campaign.settings.name + (f"-{apart[0]}" if apart else "")


def role_of(name: str) -> Role:
    """Whose dataset it is."""
    return "adjudicator" if name == ADJUDICATION else "reviewer"


def find_dataset(client: rg.Argilla, campaign: Campaign, name: str) -> rg.Dataset | None:
    """The campaign's dataset of this name on the server, with its settings read; None where there is none.

    Raises:
        RadError: It is another campaign's.
    """
    workspace = workspace_of(campaign, name)
    if client.workspaces(workspace) is None:
        return None
    dataset = client.datasets(name, workspace=workspace)
    if dataset is None:
        return None
    marked = MARK.search(dataset.get().settings.guidelines or "")
    if marked and marked[1] != campaign.settings.key_fingerprint:
        raise RadError(
            f"workspace '{workspace}' on {client.api_url} is of another campaign of this name: begin this one in a "
            "folder with another name"
        )
    return dataset


def mark(campaign: Campaign, text: str) -> str:
    """The guidelines of a dataset with the campaign's fingerprint, so that another of its name is told from it."""
    return f"{text.rstrip()}\n\nCampaign: {campaign.fingerprint}\n"


MARK = re.compile(r"^Campaign: ([0-9a-f]+)$", re.MULTILINE)


def pushed_datasets(client: rg.Argilla, campaign: Campaign) -> dict[str, rg.Dataset]:
    """The campaign's datasets that are on the server, by name. :class:`RadError` where nothing was pushed yet."""
    names = (CALIBRATION, REVIEW, COMPARISON, ADJUDICATION, *design.datasets(campaign))
    by_name = {name: find_dataset(client, campaign, name) for name in names}
    datasets = {name: dataset for name, dataset in by_name.items() if dataset is not None}
    if not datasets:
        raise RadError(f"nothing was pushed to {client.api_url} yet: python -m annotation push {campaign.path}")
    return datasets


def records(client: rg.Argilla, dataset: rg.Dataset, answers: bool = False) -> list[dict[str, Any]]:
    """All records of a dataset in the API's own form, once each; with ``answers`` everybody's responses."""
    path, out, offset = f"/api/v1/datasets/{dataset.id}/records", {}, 0
    include = {"include": "responses"} if answers else {}
    while True:
        response = client.http_client.get(path, params={"offset": offset, "limit": PAGE, **include})
        response.raise_for_status()
        page = response.json()
        out.update({row["id"]: row for row in page["items"]})
        offset += len(page["items"])
        if not page["items"] or offset >= page["total"]:
            return list(out.values())


def utc(moment: str) -> datetime:
    """A time of the server's, which says no zone."""
    when = datetime.fromisoformat(moment)
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def usernames(client: rg.Argilla) -> dict[str, str]:
    """User id -> user name, of everybody whom the key may see."""
    return {str(user.id): user.username for user in client.users}
