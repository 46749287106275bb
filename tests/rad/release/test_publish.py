"""Releases are written and read back equal, in a folder and on the stand-in for the Hub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rad import __main__ as cli
from rad.data import tables
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.release import publish
from rad.release.gather import gather
from tests.support.releases import THIRD, WORLD, plain


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
    parts = plain(pushed, "candidates", tmp_path)
    data = open_dataset(WORLD, protocol="rerank")
    for split in ("validation", "test"):
        lists = {row["query_id"]: tuple(row["candidates"]) for row in parts[split].to_pylist()}
        assert lists == {e.query.query_id: e.query.candidates for e in data.examples[split]}


def test_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "ROWS", 100)
    release = gather(WORLD)
    manifest = publish.write(release, tmp_path / "out", None)
    names = [f.path for f in manifest.files if f.path.startswith("examples/train")]
    assert len(names) == -(-release.tables["examples"]["train"].num_rows // 100) > 1
    assert open_dataset(str(tmp_path / "out")).examples == release.dataset.examples


def test_the_same_release_has_the_same_bytes(pushed, tmp_path):
    again = tmp_path / "again"
    publish.write(gather(WORLD), again, None)
    files = {p.relative_to(pushed): p.read_bytes() for p in pushed.rglob("*") if p.is_file()}
    assert {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()} == files


def test_plain_datasets_reads_all_of_a_release_without_texts(raw, tmp_path):
    release = gather(THIRD)
    publish.write(release, tmp_path / "out", None)
    configs = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert configs == ["candidates", "examples", "items", "rationales"]
    for config in configs:
        parts = plain(tmp_path / "out", config, tmp_path / "cache")
        assert {split: rows.to_pylist() for split, rows in parts.items()} == {
            split: rows.to_pylist() for split, rows in release.tables[config].items()
        }


def test_where_to(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAD_HUB_REPO", raising=False)
    with pytest.raises(RadError, match="RAD_HUB_REPO"):
        publish.destination(None, "world")
    assert publish.destination("org/data", "world") == ("org/data", None)
    assert publish.destination("./org/data", "world") == (None, Path("org/data"))
    (tmp_path / "org").mkdir()
    assert publish.destination("org/data", "world") == (None, Path("org/data"))
    for name in ("a/b/c", "no such/name"):
        with pytest.raises(RadError, match="no repository of the Hub"):
            publish.destination(name, "world")
    monkeypatch.setenv("RAD_HUB_REPO", "team/rad-{name}")
    assert publish.destination(None, "world:seed=3") == ("team/rad-world", None)
    monkeypatch.setenv("RAD_HUB_REPO", "nonsense")
    with pytest.raises(RadError, match="OWNER/NAME"):
        publish.destination(None, "world")


def test_no_folder_of_others_is_overwritten(pushed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(RadError, match="holds no release"):
        cli.main(["push", "world:seed=nonsense", "--to", str(tmp_path / "mine")])  # before any work
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
