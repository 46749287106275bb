"""Shards: the same users as in memory, whatever the workers; killed builds go on; nothing half-written looks whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rad import __main__ as cli
from rad.data import shard_writer as building
from rad.data.load import open_dataset
from rad.data.shard_writer import build
from rad.data.shards import Shards
from rad.errors import RadError
from rad.runtime import parallel

NAME = "world:users=150,items=400"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("shards")
    build(NAME, out, shard_users=40)
    return out


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_shards_hold_what_the_data_set_in_memory_holds(folder):
    data, shards = open_dataset(NAME), Shards(folder)
    assert len(shards) == 4 and shards.n_users == 150
    assert list(shards.items.items()) == list(data.items.items())
    assert [list(i.attributes) for i in shards.items.values()] == [list(i.attributes) for i in data.items.values()]
    sample = shards.sample(1000, reasons=True)
    for split, rows in data.examples.items():
        key = {e.query.query_id: e for e in sample.examples[split]}
        assert len(key) == len(rows) and all(key[e.query.query_id] == e for e in rows)
    assert shards.manifest.interactions == sum(map(len, data.sequences.values()))


def test_a_part_of_it_is_read_alone(folder):
    data, shards = open_dataset(NAME), Shards(folder)
    in_memory = {e.query.query_id: e for e in data.examples["test"]}
    bare = shards.examples(3, ["test"])
    assert not bare["train"] and not bare["validation"] and len(bare["test"]) == 30
    assert all(e.rationale is None and e.query == in_memory[e.query.query_id].query for e in bare["test"])
    with_reasons = shards.examples(3, ["test"], reasons=True)["test"]
    assert all(e == in_memory[e.query.query_id] for e in with_reasons)
    some = shards.sample(50)
    assert len(some.examples["test"]) == len(some.examples["validation"]) == 50
    first = {e.query.user_id for k in (0, 1) for e in shards.examples(k, ["test"])["test"]}
    assert {e.query.user_id for e in some.examples["train"]} <= first


def test_two_workers_write_the_same_bytes(folder, tmp_path):
    build(NAME, tmp_path, shard_users=40, workers=2)
    assert files(tmp_path) == files(folder)


def test_a_killed_build_goes_on_and_ends_with_the_same_bytes(folder, tmp_path, monkeypatch):
    written = []

    def dies(row):
        if row["shard"] == 2:
            raise KeyboardInterrupt
        written.append(row["shard"])
        return building.write_shard(row)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(building.parallel, "parallel_map", lambda function, rows, workers, engine: map(dies, rows))
        build(NAME, tmp_path, shard_users=40)
    assert written == [0, 1] and not (tmp_path / "manifest.json").exists()
    with pytest.raises(RadError, match=r"manifest\.json: no such file; python -m rad build NAME --out"):
        Shards(tmp_path)
    (tmp_path / "sequences" / ".shard-00002.parquet.1.part").write_bytes(b"half")
    (tmp_path / "sequences" / "shard-00003.parquet").write_bytes(b"PAR1 cut short")
    stamp = (tmp_path / "sequences" / "shard-00001.parquet").stat().st_mtime_ns
    build(NAME, tmp_path, shard_users=40)
    assert files(tmp_path) == files(folder)
    assert (tmp_path / "sequences" / "shard-00001.parquet").stat().st_mtime_ns == stamp


def test_shards_of_another_unfinished_build_are_not_taken_over(folder, tmp_path):
    build("world:users=200,items=400,seed=9", tmp_path, shard_users=40)
    (tmp_path / "manifest.json").unlink()
    build(NAME, tmp_path, shard_users=40)
    assert files(tmp_path) == files(folder)


def test_a_finished_folder_is_kept_and_another_refused(folder, tmp_path):
    before = files(folder)
    progress = []
    assert build(NAME, folder, shard_users=40, progress=lambda *a: progress.append(a)).users == 150
    assert progress == [(150, 150)] and files(folder) == before
    with pytest.raises(RadError, match="holds world:users=150,items=400 in shards of 40"):
        build("world:users=150,items=400,seed=1", folder, shard_users=40)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_a_killed_worker_is_one_line_and_workers_end_with_a_killed_command(tmp_path):
    asks = [
        sys.executable,
        "-m",
        "rad",
        "build",
        "world:users=20000",
        "--workers",
        "2",
        "--shard-users",
        "5000",
        "--out",
    ]

    def started(out):
        command = subprocess.Popen([*asks, str(tmp_path / out)], stderr=subprocess.PIPE, text=True)
        while not (workers := children(command.pid)):
            time.sleep(0.05)
        return command, workers

    command, workers = started("one")
    os.kill(workers[0], signal.SIGKILL)
    last = command.communicate(timeout=120)[1].strip().splitlines()[-1]
    assert command.returncode == 2 and last.startswith("error: a worker process was killed (out of memory?)")
    command, workers = started("two")
    command.kill()
    command.communicate(timeout=120)
    deadline = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in workers)


def children(pid):
    """Spawned workers of a process (Linux)."""
    workers = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and "spawn_main" in (entry / "cmdline").read_text():
                workers.append(int(entry.name))
        except (OSError, ValueError, IndexError):
            continue
    return workers


def test_changed_bytes_and_unknown_versions_are_refused(tmp_path):
    build("world:users=12,items=200", tmp_path, shard_users=6)
    shard = tmp_path / "sequences" / "shard-00001.parquet"
    shard.write_bytes(shard.read_bytes() + b" ")
    with pytest.raises(RadError, match=r"shard-00001\.parquet: not the bytes that manifest\.json states"):
        Shards(tmp_path).examples(1)
    shard.unlink()
    with pytest.raises(RadError, match=r"shard-00001\.parquet: unreadable"):
        Shards(tmp_path).examples(1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 2}))
    with pytest.raises(RadError, match="schema_version 2, this code reads 1"):
        Shards(tmp_path)


def test_other_domains_are_written_from_memory(toy_corpus, toy, tmp_path, monkeypatch):
    class Domain:
        name, version = "toy", "1"

        def load(self, data_dir=None):
            return toy_corpus

    monkeypatch.setattr(building, "load_domain", lambda name: Domain())
    building._source.cache_clear()
    build("toy", tmp_path, shard_users=5)
    building._source.cache_clear()
    shards = Shards(tmp_path)
    data = shards.sample(100, reasons=True)
    assert len(shards) == 3 and list(shards.items) == sorted(toy.items)
    assert data.examples == toy.examples


def test_the_command_builds_and_names_mistakes(tmp_path, capsys):
    options = ["build", "world:users=30,items=200", "--out", str(tmp_path / "out"), "--shard-users", "20"]
    assert cli.main(options) == 0
    assert "30 users" in capsys.readouterr().out and len(Shards(tmp_path / "out")) == 2
    for arguments, message in (
        (["build", "wrld", "--out", "x"], "unknown domain 'wrld' (did you mean 'world'?)"),
        ([*options[:3], str(tmp_path / "two"), "--workers", "0"], "--workers must be at least 1"),
        ([*options[:3], str(tmp_path / "two"), "--shard-users", "0"], "--shard-users must be at least 1"),
        (["load", "world:users=300000"], "world: 300,000 users are too many for memory; python -m rad build"),
    ):
        with pytest.raises(RadError) as error:
            cli.main(arguments)
        assert message in str(error.value) and "\n" not in str(error.value)


def test_a_missing_ray_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RadError, match=r"^needs 'ray': pip install -e '\.\[ray\]'$"):
        list(parallel.parallel_map(dict, [{}], engine="ray"))


@pytest.mark.slow
def test_ray_writes_the_same_bytes(folder, tmp_path):
    pytest.importorskip("ray")
    code = "from rad.data.shard_writer import build; "
    code += f"build({NAME!r}, {str(tmp_path)!r}, shard_users=40, workers=2, engine='ray')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=500)
    assert files(tmp_path) == files(folder)
