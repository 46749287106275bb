"""The cross-check writes what another library needs and finds two equal rankings equal; the library is not run here."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from benchmarks import crosscheck
from benchmarks.audits import rectools_rank
from benchmarks.audits.rectools_rank import PENALTY, read, write
from benchmarks.models import ease
from rad.data.load import open_dataset
from rad.data.splits import sequences_of

DOMAIN = "world:seed=3,users=40,items=200"


@pytest.mark.parametrize("split", ["test", "validation"])
def test_export_and_compare(split, tmp_path, capsys):
    assert crosscheck.main(["export", str(tmp_path), "--domain", DOMAIN, "--split", split]) == 0
    data = open_dataset(DOMAIN)
    learned = [*data.examples["train"], *(data.examples["validation"] if split == "test" else ())]
    purchases = {row["user"]: row["items"] for row in read(tmp_path / "purchases.jsonl")}
    assert purchases == {user: [x.item_id for x in s] for user, s in sequences_of(learned).items()}
    queries = read(tmp_path / "queries.jsonl")
    examples = {e.query.query_id: e for e in data.examples[split]}
    assert len(queries) == len(examples) == 40
    for row in queries:
        example = examples[row["query_id"]]
        assert row["relevant"] == example.relevant
        assert purchases[row["user"]] == [x.item_id for x in example.query.history]

    model = ease.Model(ease.Model.Settings(penalty=PENALTY, recency=1.0))
    model.fit(data.examples["train"], data.examples["validation"] if split == "test" else (), data.items, 0)
    rankings = [
        {"query_id": p.query_id, "ranking": p.ranking} for p in model.predict([e.query for e in examples.values()])
    ]
    write(tmp_path / "rectools.ease.jsonl", rankings)
    rankings[0] = json.loads(json.dumps(rankings[0] | {"ranking": rankings[0]["ranking"][5:15]}))
    write(tmp_path / "rectools.ease_turned.jsonl", rankings)
    capsys.readouterr()
    words = ["--domain", DOMAIN, "--split", split, "--models", "ease", "ease_turned"]
    assert crosscheck.main(["compare", str(tmp_path), *words]) == 0
    same, other = capsys.readouterr().out.splitlines()
    assert "100.0% of the first 10 items are the same, in 100.0% of the queries" in same
    assert "98.8% of the first 10 items are the same, in 97.5% of the queries" in other


def test_the_file_that_runs_beside_rectools_imports_nothing_of_ours():
    tree = ast.parse(Path(rectools_rank.__file__).read_text(encoding="utf-8"))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.partition(".")[0] for name in modules} & {"annotation", "benchmarks", "leaderboard", "rad"}
