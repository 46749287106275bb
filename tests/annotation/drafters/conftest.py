"""The drafter ``llm`` before a fake endpoint, and an example to draft."""

from __future__ import annotations

import pytest

from annotation.drafters import llm
from tests.support.fake_endpoint import drafting


@pytest.fixture
def example(toy):
    """u01 at validation: red coat, hat, scarf, boots; then blue-boots, whose title begins with an invented name."""
    (one,) = (e for e in toy.examples["validation"] if e.query.user_id == "u01")
    assert [toy.items[i].title for i in one.relevant] == ["Emra blue boots"]
    return one


@pytest.fixture
def new_drafter(fake_endpoint, toy):
    fake_endpoint.answer = drafting

    def make(**settings):
        defaults = {"base_url": fake_endpoint.url, "model": "fake", "retries": 0, "concurrency": 1, "contrasts": False}
        return llm.Drafter(llm.Drafter.Settings(**{**defaults, **settings})).fit(
            toy.examples["train"], toy.items, seed=5
        )

    return make
