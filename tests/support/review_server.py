"""For tests that need the real argilla-server: its environment, made once in the user's cache, or why there is none."""

from __future__ import annotations

from functools import cache

import pytest

from annotation.argilla.server import environment
from rad.errors import RadError
from rad.runtime.files import cache_dir

CACHE = cache_dir()  # as it is before tests get a cache of their own: the environment takes minutes to make
WORLD = "world:users=60,items=200"


@cache
def unavailable() -> str | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "cache_dir", lambda: CACHE)
        try:
            environment.python()
        except RadError as error:
            return str(error)
    return None


@pytest.fixture(scope="module")
def server_environment():
    """Lets ``serve`` find the environment; skips where it cannot be made."""
    pytest.importorskip("argilla", reason="needs the extra 'annotate'")
    if why := unavailable():
        pytest.skip(f"needs the review server: {why}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "cache_dir", lambda: CACHE)
        yield
