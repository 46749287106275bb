"""A release is read as a domain: it is the data set that was released, or one line says why not."""

from __future__ import annotations

import json
import sys

import pyarrow.parquet as pq
import pytest

import rad
from rad import __main__ as cli
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.release import publish
from rad.release.gather import gather
from rad.runtime.files import write_jsonl
from tests.support.releases import THIRD, WORLD, plain, quoting

FILE = {"rows": 1, "bytes": 1, "sha256": ""}


def test_a_release_is_the_data_set_itself(pushed):
    there, source = open_dataset(str(pushed)), open_dataset(WORLD)
    for name in ("name", "version", "sha256", "items", "examples", "sequences", "ordered", "notes"):
        assert getattr(there, name) == getattr(source, name), name
    assert there.origin["release"] == "world" and len(there.origin["revision"]) == 64 and source.origin == {}
    loaded = rad.load(str(pushed))
    assert loaded.examples["test"].to_list() == rad.load(WORLD).examples["test"].to_list()


def test_the_users_own_copy_is_joined(raw, tmp_path):
    data = open_dataset(THIRD)
    rationales = quoting(data)
    write_jsonl(tmp_path / "given.jsonl", rationales)
    release = gather(THIRD, extra=tmp_path / "given.jsonl")
    publish.write(release, tmp_path / "out", None)
    there = open_dataset(str(tmp_path / "out"))
    assert there.sha256 == release.dataset.sha256 != data.sha256
    assert (there.items, there.sequences) == (data.items, data.sequences)
    assert [e.rationale for e in there.examples["test"] if e.rationale] == rationales[:1]
    written = tmp_path / "joined"
    assert cli.main(["load", str(tmp_path / "out"), "--out", str(written)]) == 0
    assert pq.read_table(written / "items.parquet").num_rows == len(data.items)


def test_a_copy_that_differs_or_is_missing_is_one_line(raw, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    publish.write(gather(THIRD), folder, None)
    items = raw / "items.jsonl"
    items.write_text(items.read_text().replace("Gorilla", "Monkey"))
    with pytest.raises(RadError, match=r"your copy of scientific:changed is not the one .*expected \w+, found \w+"):
        rad.load(str(folder))
    monkeypatch.delenv("RAD_DATA")
    with pytest.raises(RadError, match="needs raw files: give --data-dir"):
        rad.load(str(folder))


def test_a_changed_or_unfinished_release_is_refused(tmp_path):
    publish.write(gather(WORLD), tmp_path / "out", None)
    shard = tmp_path / "out/users/full-00000-of-00001.parquet"
    content = shard.read_bytes()
    shard.write_bytes(content[:-1] + b"x")
    with pytest.raises(RadError, match=r"not the bytes that rad\.json states"):
        rad.load(str(tmp_path / "out"))
    shard.unlink()
    with pytest.raises(RadError, match="unreadable"):
        rad.load(str(tmp_path / "out"))
    shard.write_bytes(content)
    path = tmp_path / "out/rad.json"
    manifest = json.loads(path.read_text())
    for change, message in (
        ({"schema_version": 2}, "schema_version 2, this code reads 1"),
        ({"sha256": "0" * 64}, "its manifest says 000000000000"),
        (
            {"notes": 3, "domain": None},
            r"domain: expected a string, found null; notes: expected an object, found a whole number",
        ),
        (
            {"files": [{"path": "items/x.parquet", "sha256": ""}]},
            r"rad\.json: lacks files\[0\]\.rows, files\[0\]\.bytes",
        ),
        ({"files": [{**FILE, "path": "items/../../x.parquet"}]}, "is no file of a release"),
        ({"files": [{**FILE, "path": "/items/x.parquet"}]}, "is no file of a release"),
        ({"data": "org/other"}, "'org/other' is no domain"),
        ({"data": "campaign:x"}, "is no domain"),
        ({"data": "release:x"}, "is no domain"),
    ):
        path.write_text(json.dumps({**manifest, **change}))
        with pytest.raises(RadError, match=message):
            rad.load(str(tmp_path / "out"))
    path.write_text("[]")
    with pytest.raises(RadError, match="schema_version None, this code reads 1"):
        rad.load(str(tmp_path / "out"))
    path.unlink()
    with pytest.raises(RadError, match="no release of RAD"):
        rad.load(str(tmp_path / "out"))


def test_results_record_the_revision(pushed, tmp_path, monkeypatch):
    from benchmarks import run

    arguments = ["--model", "popularity", "--domain", str(pushed), "--out", str(tmp_path), "--metrics", "ndcg@10"]
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    run.main()
    results = [json.loads(path.read_text()) for path in tmp_path.rglob("result.json")]
    assert results
    for result in results:
        assert result["task"]["domain"] == WORLD and result["dataset"]["sha256"] == open_dataset(WORLD).sha256
        assert result["provenance"]["release"] == dict(open_dataset(str(pushed)).origin)


@pytest.mark.realdata
@pytest.mark.slow
def test_scientific_there_and_back(scientific, data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_DATA", str(data_dir))
    out = tmp_path / "out"
    assert cli.main(["push", "scientific", "--to", str(out)]) == 0
    there = open_dataset(str(out))
    assert (there.sha256, there.items) == (scientific.sha256, scientific.items)
    assert there.examples == scientific.examples
    rows = plain(out, "examples", tmp_path / "cache")["test"].to_pylist()
    for row, example in zip(rows, scientific.examples["test"], strict=True):
        assert row["query_id"] == example.query.query_id
        assert [x["item_id"] for x in row["history"]] == [x.item_id for x in example.query.history]
        assert {x["item_id"]: x["grade"] for x in row["relevant"]} == example.relevant
