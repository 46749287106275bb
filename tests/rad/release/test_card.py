"""The cards: up to date with the data, and valid Croissant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard

from rad import __main__ as cli
from rad.data.load import open_dataset
from rad.data.splits import SPLITS
from rad.release import card, croissant, publish
from rad.release.gather import gather
from rad.release.manifest import read_manifest

WORLD = "world:seed=5,users=60,items=200"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("releases") / "world"
    publish.write(gather(WORLD), folder, "org/rad-world")
    return folder


@pytest.fixture
def small(monkeypatch):
    """The built-in worlds are small ones in their place."""
    monkeypatch.setattr(card, "WORLDS", {"world": WORLD})


@pytest.mark.slow
def test_the_cards_are_what_the_data_says(capsys):
    assert cli.main(["card", "--check"]) == 0, capsys.readouterr().out


def test_the_recorded_facts_are_those_in_the_card():
    text = (ROOT / "DATASET_CARD.md").read_text(encoding="utf-8")
    for name, facts in card.recorded().items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"| {facts['users']:,} | {facts['items']:,} | {facts['interactions']:,} |" in row
        assert facts["sha256"][:12] in row and facts["rationales"] == 0


@pytest.mark.realdata
@pytest.mark.slow
def test_the_recorded_facts_are_those_of_the_files(scientific):
    assert card.recorded()["scientific"] == card.facts("scientific", scientific)


def test_a_drift_is_found(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(card, "ROOT", tmp_path)
    assert cli.main(["card", "--check"]) == 1
    assert cli.main(["card"]) == 0 and cli.main(["card", "--check"]) == 0
    path = tmp_path / "DATASET_CARD.md"
    path.write_text(path.read_text().replace("| 60 |", "| 61 |"))
    assert cli.main(["card", "--check"]) == 1
    assert "| 61 |" in capsys.readouterr().out


def test_a_domain_is_recorded(small, tmp_path, monkeypatch, raw_scientific):
    monkeypatch.setattr(card, "ROOT", tmp_path)
    monkeypatch.setattr(card, "FACTS", tmp_path / "facts.json")
    arguments = ["card", "--record", "scientific:changed", "--data-dir", str(raw_scientific.parent)]
    assert cli.main(arguments) == 0
    (facts,) = json.loads((tmp_path / "facts.json").read_text()).values()
    assert facts["items"] == 5 and facts["users"] == 4
    text = (tmp_path / "DATASET_CARD.md").read_text()
    assert "| `scientific:changed` | your copy | 4 | 5 |" in text and "UniSRec" in text


def test_the_release_card(released):
    text = (released / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    about = yaml.safe_load(front)
    assert DatasetCard(text).data.to_dict().keys() <= about.keys()  # the Hub's own reader knows it
    assert about["license"] == "cc-by-4.0" and about["pretty_name"].startswith("RAD")
    for config in about["configs"]:
        for part in config["data_files"]:
            assert all((released / path).is_file() for path in part["path"]), part
    manifest = read_manifest(released)
    data = open_dataset(WORLD)
    assert manifest.sha256 == data.sha256 and data.sha256 in body
    assert f"| examples | {sum(len(data.examples[s]) for s in SPLITS):,} |" in body
    for part in (
        "## Fields that no model may read",
        "## Known defects",
        "## Contamination of pretrained models",
        "## Versions",
        "## Errata",
        "## Licence",
        "## One row",
    ):
        assert part in body
    assert 'rad.load("org/rad-world@REVISION")' in body
    assert f"| instruct | {len(data.examples['train']):,} |" in body


def test_every_table_that_has_answers_stands_among_what_no_model_may_read():
    text = (ROOT / "DATASET_CARD.md").read_text(encoding="utf-8")
    section = text.split("## Fields that no model may read")[1].split("## ")[0]
    for name in ("relevant", "contrast", "rationales", "instruct", "drafts", "judgements"):
        assert f"`{name}`" in section, name


def test_a_third_party_release_card_says_how_to_rebuild(raw_scientific, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_DATA", str(raw_scientific.parent))
    publish.write(gather("scientific:changed"), tmp_path / "out", "org/rad-scientific")
    text = (tmp_path / "out/README.md").read_text()
    assert "license: other" in text and "Texts are not in it" in text and "RAD_DATA" in text
    assert "## One row" not in text and "Fetch UniSRec" in text


def test_every_column_is_described(released):
    described = json.loads((released / "croissant.json").read_text())
    for records in described["recordSet"]:
        for field in records["field"]:
            assert field["description"], field["@id"]


def test_the_files_of_a_croissant_are_there(released):
    from rad.runtime.files import sha256_file

    described = json.loads((released / "croissant.json").read_text())
    files = [f for f in described["distribution"] if f["@type"] == "cr:FileObject"]
    assert len(files) == len(list(released.rglob("*.parquet")))
    for file in files:
        assert file["sha256"] == sha256_file(released / file["contentUrl"])
    assert {"rai:dataCollection", "rai:dataBiases", "rai:dataLimitations"} <= set(described)
    assert "http://mlcommons.org/croissant/1.1" in described["conformsTo"]


@pytest.mark.parametrize("of", ["project", "release"])
def test_croissant_is_valid(of, released):
    mlcroissant = pytest.importorskip("mlcroissant")
    path = ROOT / "croissant.json" if of == "project" else released / "croissant.json"
    issues = mlcroissant.Dataset(str(path)).metadata.issues  # an error raises
    assert not issues.errors and not issues.warnings


def test_croissant_records_are_the_rows(released):
    mlcroissant = pytest.importorskip("mlcroissant")
    data = open_dataset(WORLD)
    described = mlcroissant.Dataset(str(released / "croissant.json"))
    items = list(described.records("items"))
    assert [row["items/item_id"].decode() for row in items] == list(data.items)
    assert [row["items/title"].decode() for row in items] == [item.title for item in data.items.values()]
    wanted = {e.query.query_id: [x.item_id for x in e.query.history] for s in SPLITS for e in data.examples[s]}
    histories = {
        row["examples/query_id"].decode(): [i.decode() for i in row["examples/history"]["examples/history/item_id"]]
        for row in described.records("examples")
    }
    assert histories == wanted


def test_the_layout_of_the_project_is_that_of_a_release(released):
    data = open_dataset(WORLD)
    project = croissant.describe(data, card.EXAMPLE_REPO)
    released_description = json.loads((released / "croissant.json").read_text())
    assert project["recordSet"] == released_description["recordSet"]
