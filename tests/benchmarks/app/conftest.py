"""The users of a small world whose titles and colours are markup, and a model that has learned a little of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.app import users as app_users
from benchmarks.app.actions import Actions, Session
from benchmarks.app.keeping import Keeper
from rad.data.load import open_dataset

EVIL = '<img src=x onerror="document.title=1">{{7*7}}${7*7}</textarea>'


def hostile(data):
    """The data set with markup in each title and in each colour."""
    items = {
        key: replace(
            item,
            title=f"{item.title} {EVIL}",
            attributes={**item.attributes, "colour": tuple(v + EVIL for v in item.attributes.get("colour", ()))},
        )
        for key, item in data.items.items()
    }
    return replace(data, items=items)


@pytest.fixture(scope="session")
def users():
    """Those of the training split."""
    data = hostile(open_dataset("world:users=120,items=200"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_users, "open_dataset", lambda *_: data)
        return app_users.of_model("rationale_first", ["epochs=1"], "world:users=120,items=200", "train", 0, None)


@pytest.fixture
def actions(users, tmp_path) -> Actions:
    return Actions(users, Keeper(users, tmp_path / "feedback", "anna"))


@pytest.fixture
def session(actions) -> Session:
    """A user with a long history."""
    number = max(range(len(actions.users)), key=lambda k: len(actions.users.examples[k].query.history))
    return actions.pick(Session(), str(number + 1))


@pytest.fixture
def folder(actions) -> Path:
    return actions.keeper.campaign.path
