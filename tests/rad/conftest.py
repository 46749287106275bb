"""A release that many tests read, and the raw files of a domain of third parties."""

from __future__ import annotations

from pathlib import Path

import pytest

from rad import __main__ as cli
from tests.support.releases import WORLD


@pytest.fixture(scope="module")
def pushed(tmp_path_factory) -> Path:
    """A release of a small world in a folder, by the command."""
    folder = tmp_path_factory.mktemp("releases") / "world"
    assert cli.main(["push", WORLD, "--to", str(folder)]) == 0
    return folder


@pytest.fixture
def raw(raw_scientific, monkeypatch) -> Path:
    monkeypatch.setenv("RAD_DATA", str(raw_scientific.parent))
    return raw_scientific
