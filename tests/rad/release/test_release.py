"""Releases: written, read back equal, without a word of third parties; on disk and on the stand-in for the Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import rad
from rad import __main__ as cli
from rad.data import tables
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import files
from rad.release import publish
from rad.release.gather import gather
from rad.runtime.files import write_jsonl
from rad.types import Evidence, Judgement, Rationale, Reason

FILE = {"rows": 1, "bytes": 1, "sha256": ""}
WORLD = "world:seed=5,users=60,items=200"
THIRD = "scientific:changed"
TITLES = ("Oscilloscope", "Dark Side", "Duct Tape, 2 in", "Rigol")


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


def quoting(data) -> list[Rationale]:
    """Of the first two test queries: one rationale that says brands, one that quotes a title of the history."""
    first, second = data.examples["test"][:2]
    reason = Reason(Evidence((0,), "sequence"), weight=0.5)

    def told(query, text):
        return Rationale(f"r-{query.query_id}", query.query_id, (reason,), text, "supported", "llm", "test", "1")

    title = next(t for x in second.query.history if "Oscilloscope" in (t := data.items[x.item_id].title))
    return [told(first.query, "Because of [1], more of that."), told(second.query, f"[1] is the {title}, so a probe.")]


def plain(folder: Path, config: str, cache: Path):
    """What anybody gets with ``datasets`` alone."""
    import datasets

    found = datasets.load_dataset(str(folder), config, cache_dir=str(cache))
    return {split: rows.data.table.combine_chunks() for split, rows in found.items()}


def test_plain_datasets_reads_a_world_back_equal(pushed, tmp_path):
    source = tables.arrow_tables(open_dataset(WORLD))
    examples = plain(pushed, "examples", tmp_path)
    for split in ("train", "validation", "test"):
        assert examples[split].to_pylist() == source[split].to_pylist()
    for config in ("items", "rationales"):
        key = "item_id" if config == "items" else "rationale_id"
        rows = plain(pushed, config, tmp_path)["full"].to_pylist()
        assert sorted(rows, key=lambda row: row[key]) == sorted(source[config].to_pylist(), key=lambda row: row[key])
    assert plain(pushed, "items", tmp_path)["full"].to_pylist() == source["items"].to_pylist()  # in their order, too


def test_candidates_are_those_of_the_reranking_protocol(pushed, tmp_path):
    found = plain(pushed, "candidates", tmp_path)
    data = open_dataset(WORLD, protocol="rerank")
    for split in ("validation", "test"):
        stated = {row["query_id"]: tuple(row["candidates"]) for row in found[split].to_pylist()}
        assert stated == {e.query.query_id: e.query.candidates for e in data.examples[split]}


def test_a_release_is_the_data_set_itself(pushed):
    there, source = open_dataset(str(pushed)), open_dataset(WORLD)
    for name in ("name", "version", "sha256", "items", "examples", "sequences", "ordered", "notes"):
        assert getattr(there, name) == getattr(source, name), name
    assert there.origin["release"] == "world" and len(there.origin["revision"]) == 64 and source.origin == {}
    loaded = rad.load(str(pushed))
    assert loaded.examples["test"].to_list() == rad.load(WORLD).examples["test"].to_list()


def test_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "ROWS", 100)
    made = gather(WORLD)
    manifest = publish.write(made, tmp_path / "out", None)
    names = [f.path for f in manifest.files if f.path.startswith("examples/train")]
    assert len(names) == -(-made.tables["examples"]["train"].num_rows // 100) > 1
    assert open_dataset(str(tmp_path / "out")).examples == made.dataset.examples


def test_the_same_release_has_the_same_bytes(pushed, tmp_path):
    again = tmp_path / "again"
    publish.write(gather(WORLD), again, None)
    files = {p.relative_to(pushed): p.read_bytes() for p in pushed.rglob("*") if p.is_file()}
    assert {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()} == files


def test_third_party_text_is_never_in_a_release(raw, tmp_path, capsys):
    data = open_dataset(THIRD)
    write_jsonl(tmp_path / "given.jsonl", quoting(data))
    folder = tmp_path / "out"
    assert cli.main(["push", THIRD, "--to", str(folder), "--rationales", str(tmp_path / "given.jsonl")]) == 0
    assert "1 rationales withheld" in capsys.readouterr().out
    parquet = sorted(folder.rglob("*.parquet"))
    texts = "".join(json.dumps(pq.read_table(path).to_pylist()) for path in parquet)
    texts += "".join(p.read_text() for p in folder.rglob("*") if p.is_file() and p.suffix != ".parquet")
    for word in (*TITLES, *(item.title for item in data.items.values() if len(item.title) > 5)):
        assert word not in texts, word
    assert not (folder / "users").exists()
    rows = [row for path in parquet if path.parent.name == "examples" for row in pq.read_table(path).to_pylist()]
    past = [x for row in rows for x in row["history"]]
    assert rows and all(x["timestamp"] is x["rating"] is x["review"] is None for x in past)
    assert pq.read_table(folder / "items/full-00000-of-00001.parquet").column_names == ["item_id", "domain"]


def test_plain_datasets_reads_all_of_a_release_without_rationales(raw, tmp_path):
    made = gather(THIRD)
    publish.write(made, tmp_path / "out", None)
    configs = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert configs == ["candidates", "examples", "items"]
    for config in configs:
        found = plain(tmp_path / "out", config, tmp_path / "cache")
        assert {split: rows.to_pylist() for split, rows in found.items()} == {
            split: rows.to_pylist() for split, rows in made.tables[config].items()
        }


def test_ratings_and_times_stay_out(tmp_path, monkeypatch):
    from tests.conftest import raw_amazon

    monkeypatch.setenv("RAD_DATA", str(tmp_path))
    raw_amazon(tmp_path / "shoes", 2018)
    made = gather("amazon:shoes,core=3")
    assert any(x.timestamp for s in made.dataset.sequences.values() for x in s)
    manifest = publish.write(made, tmp_path / "out", None)
    assert manifest.data == "amazon:shoes,core=3"
    rows = pq.read_table(tmp_path / "out/examples/test-00000-of-00001.parquet").to_pylist()
    assert all(x["timestamp"] is x["rating"] is None for row in rows for x in row["history"])
    assert open_dataset(str(tmp_path / "out")).sha256 == made.dataset.sha256


def test_the_users_own_copy_is_joined(raw, tmp_path):
    data = open_dataset(THIRD)
    given = quoting(data)
    write_jsonl(tmp_path / "given.jsonl", given)
    made = gather(THIRD, extra=tmp_path / "given.jsonl")
    publish.write(made, tmp_path / "out", None)
    there = open_dataset(str(tmp_path / "out"))
    assert there.sha256 == made.dataset.sha256 != data.sha256
    assert (there.items, there.sequences) == (data.items, data.sequences)
    assert [e.rationale for e in there.examples["test"] if e.rationale] == given[:1]
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
    for change, said in (
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
        with pytest.raises(RadError, match=said):
            rad.load(str(tmp_path / "out"))
    path.write_text("[]")
    with pytest.raises(RadError, match="schema_version None, this code reads 1"):
        rad.load(str(tmp_path / "out"))
    path.unlink()
    with pytest.raises(RadError, match="no release of RAD"):
        rad.load(str(tmp_path / "out"))


def test_a_campaign_is_released_with_every_answer(tmp_path, monkeypatch):
    data = open_dataset(WORLD)
    folder = tmp_path / "first"
    folder.mkdir()
    drafts = [replace(e.rationale, origin="llm") for e in data.examples["test"][:4]]
    judged = [Judgement(d.rationale_id, who, "verdict", "accept", "1", 3.5) for d in drafts for who in ("r-1", "r-2")]
    (folder / "campaign.json").write_text(json.dumps({"domain": WORLD}))
    files.write(folder / "drafts.jsonl", drafts)
    files.write(folder / "rationales.jsonl", drafts[:3])
    write_jsonl(folder / "judgements.jsonl", judged)
    (folder / ".argilla").mkdir()
    (folder / ".argilla/settings.json").write_text("{}")
    (folder / "secrets").mkdir()
    (folder / "secrets/owner").write_text("hidden")
    monkeypatch.setenv("RAD_DATA", str(tmp_path))
    out = tmp_path / "out"
    assert cli.main(["push", "campaign:first", "--to", str(out)]) == 0
    found = plain(out, "judgements", tmp_path / "cache")["full"].to_pylist()
    assert [Judgement(**row) for row in found] == judged
    assert (out / ".argilla/settings.json").exists() and not list(out.rglob("owner"))
    there = open_dataset(str(out))
    assert there.name == WORLD and there.sha256 == open_dataset("campaign:first").sha256
    assert len(pq.read_table(out / "drafts/full-00000-of-00001.parquet")) == 4


def test_answers_that_quote_a_title_stay_out(raw, tmp_path):
    data = open_dataset(THIRD)
    folder = tmp_path / "first"
    folder.mkdir()
    fine, quoted = quoting(data)
    drafts = [fine, replace(quoted, text="Because of [1], a probe.")]
    judged = [Judgement(d.rationale_id, "r-1", "corrected", quoted.text, "1") for d in drafts]
    judged += [Judgement(d.rationale_id, "r-1", "verdict", "accept", "1") for d in drafts]
    (folder / "campaign.json").write_text(json.dumps({"domain": THIRD}))
    files.write(folder / "drafts.jsonl", drafts)
    files.write(folder / "rationales.jsonl", drafts[:1])
    write_jsonl(folder / "judgements.jsonl", judged)
    made = gather(f"campaign:{folder}")
    rows = made.tables["judgements"]["full"].to_pylist()
    assert not any("Oscilloscope" in row["answer"] for row in rows if row["rationale_id"] == drafts[1].rationale_id)
    assert sum(row["question"] == "verdict" for row in rows) == 2
    assert str(tmp_path) not in json.dumps(asdict(made.manifest))


def test_a_rationale_of_a_strange_query_is_refused(tmp_path):
    reason = Rationale("r", "nobody-3", (), "x", "unexplained", "llm", "t", "1")
    files.write(tmp_path / "given.jsonl", [reason])
    with pytest.raises(RadError, match="query nobody-3, which is not in"):
        gather(WORLD, extra=tmp_path / "given.jsonl")


def test_a_file_without_rationales_is_refused(tmp_path):
    (tmp_path / "given.jsonl").touch()
    with pytest.raises(RadError, match=r"given\.jsonl: no rationales"):
        gather(WORLD, extra=tmp_path / "given.jsonl")


def test_where_to(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAD_HUB_REPO", raising=False)
    with pytest.raises(RadError, match="RAD_HUB_REPO"):
        publish.destination(None, "world")
    assert publish.destination("org/data", "world") == ("org/data", None)
    assert publish.destination("./org/data", "world") == (None, Path("org/data"))
    (tmp_path / "org").mkdir()
    assert publish.destination("org/data", "world") == (None, Path("org/data"))
    monkeypatch.setenv("RAD_HUB_REPO", "team/rad-{name}")
    assert publish.destination(None, "world:seed=3") == ("team/rad-world", None)
    monkeypatch.setenv("RAD_HUB_REPO", "nonsense")
    with pytest.raises(RadError, match="OWNER/NAME"):
        publish.destination(None, "world")


def test_no_folder_of_others_is_overwritten(pushed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(RadError, match="holds no release"):
        cli.main(["push", "world:seed=nonsense", "--to", str(tmp_path / "mine")])  # told before any work
    assert (tmp_path / "mine/thesis.txt").exists() and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(RadError, match="holds a release of world"):
        cli.main(["push", "world_science:seed=5,users=60,items=200", "--to", str(pushed)])
    assert cli.main(["push", WORLD, "--to", str(pushed)]) == 0  # the same again takes its place
    assert cli.main(["push", WORLD, "--to", str(tmp_path / "none"), "--dry-run"]) == 0
    assert not (tmp_path / "none").exists()


def test_the_hub_and_back(fake_hub, capsys):
    assert cli.main(["push", WORLD, "--to", "org/rad-world"]) == 0
    repo = fake_hub.repos["org/rad-world"]
    assert len(repo.commits) == 2 and {"README.md", "croissant.json", "rad.json"} <= set(repo.files)
    assert f'rad.load("org/rad-world@{repo.head}")' in capsys.readouterr().out
    there, source = open_dataset(f"org/rad-world@{repo.head}"), open_dataset(WORLD)
    assert (there.sha256, there.examples, there.items) == (source.sha256, source.examples, source.items)
    assert there.origin == {"release": "org/rad-world", "revision": repo.head}
    assert open_dataset("org/rad-world").origin["revision"] == repo.head  # resolved, and so recorded
    with pytest.raises(RadError, match="holds a release of world"):
        cli.main(["push", "world_science:seed=5,users=60,items=200", "--to", "org/rad-world"])
    assert cli.main(["push", WORLD, "--to", "org/rad-world"]) == 0  # nothing has changed: no commit
    assert len(repo.commits) == 2


def test_a_push_that_fails_leaves_nothing_half(fake_hub):
    fake_hub.fail("/commit/", 503, times=50)
    with pytest.raises(RadError, match=r"answered 503.*nothing was published"):
        cli.main(["push", WORLD, "--to", "org/rad-world"])
    assert fake_hub.repos["org/rad-world"].files == {}


def test_a_dry_run_asks_the_hub_nothing(fake_hub, capsys):
    assert cli.main(["push", WORLD, "--to", "org/rad-world", "--dry-run"]) == 0
    assert "would send" in capsys.readouterr().out and fake_hub.requests == []


def test_plain_datasets_reads_the_hub(fake_hub, pushed, tmp_path):
    """In a process of its own that knows neither this package nor the stand-in, but HF_ENDPOINT."""
    files = {p.relative_to(pushed).as_posix(): p.read_bytes() for p in pushed.rglob("*") if p.is_file()}
    from rad.release import hub

    revision = hub.commit("org/rad-world", files, "all").revision
    code = (
        "import datasets, sys; d = datasets.load_dataset('org/rad-world', 'examples', revision=sys.argv[1]);"
        "i = datasets.load_dataset('org/rad-world', 'items', split='full');"
        "print(d['test'].num_rows, i.num_rows, d['test'][0]['query_id'], 'rad' in sys.modules)"
    )
    env = {**os.environ, "HF_ENDPOINT": fake_hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    env |= {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code, revision], env=env, capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    data = open_dataset(WORLD)
    test = data.examples["test"]
    assert done.stdout.split() == [str(len(test)), str(len(data.items)), test[0].query.query_id, "False"], done.stderr


def test_results_record_the_revision(pushed, tmp_path, monkeypatch):
    from benchmarks import run

    asked = ["--model", "popularity", "--domain", str(pushed), "--out", str(tmp_path), "--metrics", "ndcg@10"]
    monkeypatch.setattr(sys, "argv", ["run", *asked])
    run.main()
    results = [json.loads(path.read_text()) for path in tmp_path.rglob("result.json")]
    assert results
    for found in results:
        assert found["task"]["domain"] == WORLD and found["dataset"]["sha256"] == open_dataset(WORLD).sha256
        assert found["provenance"]["release"] == dict(open_dataset(str(pushed)).origin)


@pytest.mark.realdata
@pytest.mark.slow
def test_scientific_there_and_back(scientific, data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_DATA", str(data_dir))
    out = tmp_path / "out"
    assert cli.main(["push", "scientific", "--to", str(out)]) == 0
    there = open_dataset(str(out))
    assert (there.sha256, there.items) == (scientific.sha256, scientific.items)
    assert there.examples == scientific.examples
    found = plain(out, "examples", tmp_path / "cache")["test"].to_pylist()
    for row, example in zip(found, scientific.examples["test"], strict=True):
        assert row["query_id"] == example.query.query_id
        assert [x["item_id"] for x in row["history"]] == [x.item_id for x in example.query.history]
        assert {x["item_id"]: x["grade"] for x in row["relevant"]} == example.relevant
