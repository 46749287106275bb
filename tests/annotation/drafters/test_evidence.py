"""The evidence drafter: drafts that cite the history and say nothing of the target."""

from __future__ import annotations

from annotation.drafters.evidence import Drafter
from rad.data.load import open_dataset
from rad.types import Query


def test_drafts_are_of_the_model_and_do_not_name_the_target():
    world = open_dataset("world:seed=5,users=60,items=200")
    drafter = Drafter().fit(world.examples["train"], world.items, steps=5)
    for example in world.examples["train"][:80]:
        item = world.items[next(iter(example.relevant))]
        draft = drafter.draft(example.query, item)
        assert draft.origin == "evidence" and draft.drafter == "evidence"
        assert draft.reasons == drafter.model.explain(example.query, item)
        assert item.title not in draft.text
    assert drafter.draft(Query("q", "world", "u", ()), next(iter(world.items.values()))) is None
