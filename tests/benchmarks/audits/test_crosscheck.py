"""The cross-check writes what another library needs and finds two equal rankings equal; the library is not run here."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import crosscheck
from benchmarks.models import ease
from rad.data.load import open_dataset
from rad.data.splits import sequences_of

DOMAIN = "world:seed=3,users=40,items=200"


def step(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["crosscheck", *map(str, words)])
    crosscheck.main()


@pytest.mark.parametrize("split", ["test", "validation"])
def test_export_and_compare(split, monkeypatch, tmp_path, capsys):
    step(monkeypatch, "export", tmp_path, "--domain", DOMAIN, "--split", split)
    data = open_dataset(DOMAIN)
    learned = [*data.examples["train"], *(data.examples["validation"] if split == "test" else ())]
    purchases = {row["user"]: row["items"] for row in crosscheck.read(tmp_path / "purchases.jsonl")}
    assert purchases == {user: [x.item_id for x in s] for user, s in sequences_of(learned).items()}
    queries = crosscheck.read(tmp_path / "queries.jsonl")
    examples = {e.query.query_id: e for e in data.examples[split]}
    assert len(queries) == len(examples) == 40
    for row in queries:
        asked = examples[row["query_id"]]
        assert row["relevant"] == asked.relevant
        assert purchases[row["user"]] == [x.item_id for x in asked.query.history]

    model = ease.Model(ease.Model.Settings(penalty=crosscheck.PENALTY, recency=1.0))
    model.fit(data.examples["train"], data.examples["validation"] if split == "test" else (), data.items, 0)
    found = [
        {"query_id": p.query_id, "ranking": p.ranking} for p in model.predict([e.query for e in examples.values()])
    ]
    crosscheck.write(tmp_path / "rectools.ease.jsonl", found)
    found[0] = json.loads(json.dumps(found[0] | {"ranking": found[0]["ranking"][5:15]}))
    crosscheck.write(tmp_path / "rectools.ease_turned.jsonl", found)
    capsys.readouterr()
    step(monkeypatch, "compare", tmp_path, "--domain", DOMAIN, "--split", split, "--models", "ease", "ease_turned")
    same, other = capsys.readouterr().out.splitlines()
    assert "100.0% of the first 10 items are the same, in 100.0% of the queries" in same
    assert "98.8% of the first 10 items are the same, in 97.5% of the queries" in other
