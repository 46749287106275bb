"""For tests that need the real argilla-server: its environment, made once in the user's cache, and talking to it."""

from __future__ import annotations

from functools import cache

import httpx
import pytest

from annotation.__main__ import main
from annotation.argilla.server import environment
from annotation.argilla.simulated import Simulated
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from rad.errors import RadError
from rad.runtime.files import cache_dir

CACHE = cache_dir()  # as it is before tests get a cache of their own: the environment takes minutes to make
WORLD = "world:users=60,items=200"


@cache
def unavailable() -> str | None:
    """Why the environment cannot be made, if it cannot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "cache_dir", lambda: CACHE)
        try:
            environment.python()
        except RadError as error:
            return str(error)
    return None


def as_user(campaign: Campaign, url: str, name: str) -> Simulated:
    """Somebody who is logged in."""
    return Simulated(url, name, campaign.reviewers()[name]["password"])


def owner(campaign: Campaign, url: str) -> httpx.Client:
    """The API with the owner's key."""
    key = campaign.owner()["api_key"]
    return httpx.Client(base_url=f"{url}/api/v1", headers={"X-Argilla-Api-Key": key}, timeout=60)


def error_of(*arguments: object) -> str:
    """The one line with which a command ends."""
    with pytest.raises(RadError) as error:
        main([str(a) for a in arguments])
    assert "\n" not in str(error.value)
    return str(error.value)


def verdicts(campaign: Campaign) -> list[tuple[str, str]]:
    """(annotator, rationale id) of each form that was pulled."""
    return [(j.annotator, j.rationale_id) for j in judgements.read(campaign) if j.question == "verdict"]
