"""Facts of the toy world, and queries of it."""

from __future__ import annotations

import pytest

from rad.rationales.facts import Facts
from rad.types import Interaction, Query


@pytest.fixture
def facts(toy) -> Facts:
    return Facts.of(toy.examples["train"], toy.items)


def query_of(user: str, *items: str, ratings=()) -> Query:
    ratings = ratings or [None] * len(items)
    return Query("q", "toy", user, tuple(Interaction(user, i, None, r) for i, r in zip(items, ratings, strict=True)))
