"""What the leaderboard's tests share: the small world is built once, and two models answer it once."""

from __future__ import annotations

import shutil
from pathlib import Path

import jinja2
import pytest

from leaderboard.verification import opening
from rad.data.load import open_dataset
from rad.reporting import html
from tests.support.submissions import WORLD, enter, run, world


@pytest.fixture(scope="session", autouse=True)
def one_world():
    """Commands that open the small world get the one that is open; nothing changes a data set."""

    def opened(domain, data_dir=None, protocol="full"):
        return world() if (domain, protocol) == (WORLD, "full") else open_dataset(domain, data_dir, protocol)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_dataset", opened)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_key(tmp_path_factory):
    """Entries are signed with a key of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory):
    """Every build of a site compiles the same templates: here they are compiled once."""
    cache = jinja2.FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))

    def environment(folder):
        env = make(folder)
        env.bytecode_cache = cache
        return env

    make = html.environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "environment", environment)
        yield


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The folders of two finished runs, by model."""
    out = tmp_path_factory.mktemp("runs")
    return {name: run(name, out) for name in ("popularity", "template")}


@pytest.fixture(scope="session")
def submitted(runs, tmp_path_factory):
    """The entries of both runs, each in a folder of its own, by model."""
    return {name: enter(folder, tmp_path_factory.mktemp(name) / "entries") for name, folder in runs.items()}


@pytest.fixture
def root(tmp_path):
    """Where a test has its entries."""
    return tmp_path.resolve() / "entries"


@pytest.fixture
def entered(submitted, root):
    """``entered(model)`` copies the entry of a model below ``root``; its file."""

    def copied(name: str) -> Path:
        source = submitted[name]
        shutil.copytree(source.parent, root / source.parent.name)
        return root / source.parent.name / source.name

    return copied
