"""A small world, its facts, and a selector and head that have learned a little of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks.models.rationale_first.model import Model
from rad.data.load import open_dataset


@pytest.fixture(scope="package")
def fitted():
    """The data set, the model after one pass, and its parts."""
    data = open_dataset("world:users=120,items=200")
    model = Model(Model.Settings(epochs=1, reasoner="selector"))
    model.fit(data.examples["train"], (), data.items, seed=0)
    queries = [e.query for e in data.examples["validation"][:40]]
    return SimpleNamespace(data=data, model=model, queries=queries, catalogue=model.facts.catalogue)


@pytest.fixture(scope="package")
def language(fitted):
    """The same with a language model that has learned a little."""
    model = Model(Model.Settings(epochs=1, lessons=64, reasoner="language"))
    model.fit(fitted.data.examples["train"], (), fitted.data.items, seed=0)
    return model
