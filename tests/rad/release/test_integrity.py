"""A release with another byte, file or table than its manifest states is refused, whichever config it is in."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import rad
from rad import __main__ as cli
from rad.errors import RadError
from rad.release import publish
from rad.release.gather import gather
from rad.release.manifest import read_manifest
from rad.runtime.files import sha256_file
from tests.support.releases import WORLD, plain

TEST = "examples/test-00000-of-00001.parquet"


@pytest.fixture
def copy(pushed, tmp_path):
    return shutil.copytree(pushed, tmp_path / "copy")


def refusal(folder) -> str:
    """The one line of ``rad.load``, which ``rad check`` says as well."""
    with pytest.raises(RadError) as loaded:
        rad.load(str(folder))
    with pytest.raises(RadError) as checked:
        cli.main(["check", str(folder)])
    assert str(loaded.value) == str(checked.value) and "\n" not in str(loaded.value)
    return str(loaded.value)


def restate(folder, path: str, **changes: object) -> None:
    """Write what the manifest says of ``path`` anew, as a forger does."""
    manifest = json.loads((folder / "rad.json").read_text())
    entry = next((file for file in manifest["files"] if file["path"] == path), None)
    if entry is None:
        manifest["files"].append(entry := {"path": path, "rows": 1, "bytes": 1})
    entry.update({"sha256": sha256_file(folder / path), **changes})
    (folder / "rad.json").write_text(json.dumps(manifest))
    (folder / "croissant.json").unlink(missing_ok=True)  # it would name the files as they were


def swapped_answers(folder) -> None:
    rows = pq.read_table(folder / TEST)
    answers = rows["relevant"].to_pylist()
    column = pa.array([answers[1], answers[0], *answers[2:]], rows.schema.field("relevant").type)
    pq.write_table(rows.set_column(rows.schema.get_field_index("relevant"), "relevant", column), folder / TEST)


def checked(folder, capsys, monkeypatch) -> str:
    """What ``rad check`` prints of a release with leaks."""
    monkeypatch.setenv("COLUMNS", "300")
    assert cli.main(["check", str(folder)]) == 1
    return capsys.readouterr().out


def test_a_release_as_written_has_no_finding(pushed):
    assert cli.main(["check", str(pushed)]) == 0


def test_a_flipped_byte_in_any_table(pushed, copy):
    for file in read_manifest(pushed).files:
        path = copy / file.path
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        assert refusal(copy) == f"{path}: not the bytes that rad.json states: fetch or write the release again"
        shutil.copyfile(pushed / file.path, path)
    (copy / TEST).unlink()
    assert refusal(copy) == f"{copy / TEST}: unreadable (No such file or directory): fetch or write the release again"


def test_swapped_answers_and_another_hash(copy):
    restate(copy, TEST, sha256="0" * 64)
    assert "not the bytes that rad.json states" in refusal(copy)
    restate(copy, TEST)
    assert rad.load(str(copy))
    swapped_answers(copy)
    assert "not the bytes that rad.json states" in refusal(copy)


def test_swapped_answers_whose_hash_the_manifest_states(copy, capsys, monkeypatch):
    swapped_answers(copy)
    restate(copy, TEST)
    shown = checked(copy, capsys, monkeypatch)
    assert "leaks: 1" in shown and "such as test, row 0; test, row 1" in shown


@pytest.mark.parametrize("name", ["examples/train-00001-of-00002.parquet", "data/train.parquet", "train.jsonl.gz"])
def test_a_file_that_nobody_lists(copy, name):
    (copy / name).parent.mkdir(exist_ok=True)
    shutil.copyfile(copy / TEST, copy / name)
    assert refusal(copy) == f"{copy / name}: a file that rad.json does not list: fetch or write the release again"


def test_settings_that_plain_datasets_reads_before_the_card(copy):
    (copy / ".huggingface.yaml").write_text("configs: []\n")
    assert "a file that rad.json does not list" in refusal(copy)
    (copy / ".huggingface.yaml").unlink()
    (copy / ".git").mkdir()  # a clone
    (copy / ".git/index.json").write_text("{}")
    (copy / "logo.png").write_bytes(b"")
    assert rad.load(str(copy))


def test_a_listed_shard_with_other_rows(copy, capsys, monkeypatch):
    """Test queries as another shard of training, which the manifest and the card name."""
    path = "examples/train-00001-of-00002.parquet"
    shutil.copyfile(copy / TEST, copy / path)
    restate(copy, path)
    assert f"{copy / 'README.md'}: config examples names other files than rad.json" in refusal(copy)
    card = copy / "README.md"
    first = "    - examples/train-00000-of-00001.parquet\n"
    card.write_text(card.read_text().replace(first, f"{first}    - {path}\n"))
    shown = checked(copy, capsys, monkeypatch)
    assert "such as train, row" in shown


def test_drafts_and_conversations_of_test_queries(copy, capsys, monkeypatch):
    rows = pq.read_table(copy / "examples/test-00000-of-00001.parquet", columns=["query_id"])
    key = rows["query_id"][0].as_py()
    path = "instruct/train-00000-of-00001.parquet"
    instruct = pq.read_table(copy / path)
    ids = pa.array([key, *instruct["query_id"].to_pylist()[1:]])
    pq.write_table(instruct.set_column(0, "query_id", ids), copy / path)
    restate(copy, path)
    assert f"such as {key}" in checked(copy, capsys, monkeypatch)


def test_the_card_names_each_file(pushed, copy, tmp_path, monkeypatch):
    """So plain ``datasets`` reads no other, whatever else lies there."""
    monkeypatch.setattr(publish, "ROWS", 100)
    folder = tmp_path / "shards"
    manifest = publish.write(gather(WORLD), folder, None)
    configs = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])["configs"]
    named = [path for config in configs for part in config["data_files"] for path in part["path"]]
    assert sorted(named) == sorted(file.path for file in manifest.files) and len(named) > len(configs)
    train = plain(folder, "examples", tmp_path / "before")["train"].num_rows
    shutil.copyfile(copy / TEST, folder / "examples/train-99999-of-99999.parquet")
    assert plain(folder, "examples", tmp_path / "after")["train"].num_rows == train


@pytest.mark.parametrize(
    "change",
    [
        ("config_name: items", "config_name: things"),
        ("split: test", "split: train2"),
        ("configs:", "config:"),
        ("---\npretty", "--\npretty"),
        ("    - examples/test-00000-of-00001.parquet", "    - examples/train-00000-of-00001.parquet"),
        (f"    - {TEST}", f"    - {TEST}\n    - https://example.org/more.parquet"),
        (f"    - {TEST}", f"    - {TEST}\n    - ../elsewhere/more.parquet"),
        (f"    - {TEST}", f"    - {TEST}\n    - {TEST}"),
    ],
)
def test_a_card_that_says_otherwise(copy, change):
    card = copy / "README.md"
    card.write_text(card.read_text().replace(*change))
    assert refusal(copy).startswith(f"{card}: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"sha256": "', '"sha256": "0'), "names other files than rad.json"),
        (
            ('"contentUrl": "examples/', '"contentUrl": "https://example.org/examples/'),
            "names other files than rad.json",
        ),
        (('"distribution"', '"distributed"'), "lacks the distribution"),
        (("{", "[", 1), "lacks the distribution"),
    ],
)
def test_a_croissant_file_that_says_otherwise(copy, change, words):
    path = copy / "croissant.json"
    path.write_text(path.read_text().replace(*change))
    assert refusal(copy).startswith(f"{path}: {words}")


def test_a_release_without_its_card(copy):
    (copy / "README.md").unlink()
    assert refusal(copy).startswith(f"{copy / 'README.md'}: ")


def test_a_card_with_patterns_is_read(copy):
    """As releases of 0.1.0 have them, where nothing else lies there."""
    card = copy / "README.md"
    card.write_text(card.read_text().replace("test-00000-of-00001.parquet", "test-*.parquet"))
    assert rad.load(str(copy))
