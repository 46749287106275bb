"""A client of the fake endpoint."""

from __future__ import annotations

import pytest

from rad.llm.client import Endpoint


@pytest.fixture
def new_endpoint(fake_endpoint, tmp_path):
    """An endpoint on the fake server; a new one each call, on the same cache."""

    def make(**changes):
        return Endpoint(fake_endpoint.url, "fake", tmp_path / "answers", **{"retries": 2, "timeout": 5, **changes})

    return make
