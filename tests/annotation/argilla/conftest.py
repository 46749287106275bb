"""One campaign on one real argilla-server, for all tests of a process that need one.

The reviewers here are simulated: they speak to the server as its pages do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.review_server import CACHE, WORLD, unavailable

N = 24  # drafts
HUMANS = ("anna", "ben")  # their answers are simulated all the same


@pytest.fixture(scope="session")
def server_environment() -> Iterator[None]:
    """Lets ``serve`` find the environment; skips where it cannot be made."""
    pytest.importorskip("argilla", reason="needs the extra 'annotate'")
    from annotation.argilla.server import environment

    if reason := unavailable():
        pytest.skip(f"needs the review server: {reason}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "cache_dir", lambda: CACHE)
        yield


@pytest.fixture(scope="session")
def campaign(tmp_path_factory, server_environment):
    """Drafted, not yet pushed."""
    from annotation.__main__ import main
    from annotation.campaign.folder import Campaign

    path = tmp_path_factory.mktemp("campaigns") / "first"
    main(["draft", str(path), "--domain", WORLD, "--limit", str(N)])
    return Campaign(path)


@pytest.fixture(scope="session")
def url(campaign) -> Iterator[str]:
    """Where it is served."""
    from annotation.argilla.process import serving

    with serving(campaign) as address:
        yield address


@pytest.fixture(scope="session")
def pushed(campaign, url):
    """The campaign, its drafts being on the server."""
    from annotation.__main__ import main

    main(["push", str(campaign.path), "--reviewers", ",".join(HUMANS)])
    return campaign
