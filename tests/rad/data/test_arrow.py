"""``rad.load``: the tables, their types, and how light the import is."""

import json
import subprocess
import sys
from dataclasses import replace

import datasets
import pyarrow.parquet as pq
import pytest

import rad
from rad.data import arrow, tables
from rad.errors import RadError
from rad.types import Evidence, Rationale, Reason, Support


@pytest.fixture
def loaded(toy, monkeypatch):
    monkeypatch.setattr(tables, "open_dataset", lambda name, data_dir: toy)
    return rad.load("toy")


def test_examples_have_a_row_a_query(loaded):
    assert isinstance(loaded.examples, datasets.DatasetDict)
    assert {split: len(rows) for split, rows in loaded.examples.items()} == {"train": 7, "validation": 10, "test": 10}
    row = loaded.examples["test"][0]
    assert row["query_id"] == "u01-5" and row["user_id"] == "u01"
    assert row["history"][0] == {"item_id": "red-coat", "timestamp": 1, "rating": None, "review": None}
    assert row["relevant"] == [{"item_id": "blue-hat", "grade": 1}]
    assert row["rationale"]["reasons"][0] == {
        "evidence": {"history": [4], "kind": "attribute", "attribute": "colour", "value": "blue", "support": None},
        "wants": [{"attribute": "colour", "value": "blue"}],
        "avoids": [],
        "weight": 0.6,
    }
    assert loaded.examples["test"][1]["rationale"] is None and row["contrast"] is None


def test_items_are_in_catalogue_order_with_a_list_an_attribute(loaded):
    assert loaded.items["item_id"][:2] == ["black-boots", "black-coat"] and len(loaded.items) == 20
    assert loaded.items[0]["attributes"] == {"colour": ["black"], "garment": ["boots"]}


def test_rationales_are_a_table_of_their_own(loaded, toy):
    rows = loaded.rationales.to_list()
    own = [row for row in rows if not row["drafted"]]
    assert sorted(row["rationale_id"] for row in own) == ["r-u01-5", "r-u08-3"]
    assert {row["soundness"] for row in own} == {None}, "known reasons state no numbers"
    assert loaded.rationales.features["reasons"] == loaded.examples["test"].features["rationale"]["reasons"]
    drafted = {row["query_id"] for row in rows if row["drafted"]}
    assert drafted == {e.query.query_id for e in toy.examples["train"]}
    assert all(row["origin"] == "evidence" and row["soundness"] in (1.0, None) for row in rows if row["drafted"])


def test_the_numbers_of_a_fact_are_read_back_and_old_files_have_none():
    support = Support(2.0, 9.0, 0.025)
    reason = Reason(Evidence((1, 4), "repeat", "brand", "Makita", support), (("brand", "Makita"),), weight=0.5)
    other = Reason(Evidence((0,), "co_purchase", support=Support(12.0)), weight=0.25)
    written = Rationale("r", "q", (reason, other), "text", "supported", "model", "x", "1")
    row = arrow.rationale_row(written)
    (again,) = arrow.table([row], arrow.RATIONALE).to_pylist()
    assert arrow.rationale_of(again) == written
    for old in row["reasons"]:
        del old["evidence"]["support"]
    bare = arrow.rationale_of(row)
    assert [r.evidence.support for r in bare.reasons] == [None, None] and bare.reasons[0].wants == reason.wants


def test_all_splits_have_the_same_features_even_where_a_column_is_empty(loaded):
    train, validation, test = (loaded.examples[split].features for split in ("train", "validation", "test"))
    assert train == validation == test


def test_it_says_what_it_is(loaded, toy):
    assert (loaded.name, loaded.version, loaded.sha256) == ("toy", "1", toy.sha256)


def test_written_files_are_read_back(toy, tmp_path):
    paths = tables.write(toy, tmp_path / "out")
    names = ["train", "validation", "test", "items", "rationales"]
    assert [path.name for path in paths] == [*(f"{name}.parquet" for name in names), "dataset.json"]
    assert pq.read_table(paths[2])["query_id"][0].as_py() == "u01-5"
    about = json.loads(paths[-1].read_text())
    assert about["sha256"] == toy.sha256 and about["rows"]["test"] == 10
    again = datasets.Dataset.from_parquet(str(paths[0]), cache_dir=str(tmp_path / "hf"))
    assert len(again) == 7


def test_items_without_attributes_can_be_written(toy, tmp_path):
    bare = {key: replace(item, attributes={}) for key, item in toy.items.items()}
    tables.write(replace(toy, items=bare), tmp_path)
    assert "attributes" not in pq.read_table(tmp_path / "items.parquet").column_names


def test_unknown_names_are_errors_of_one_line():
    with pytest.raises(RadError, match="unknown domain 'wrld'"):
        rad.load("wrld")


def test_raw_files_may_be_named_as_text(raw_scientific):
    assert len(rad.load("scientific:changed", data_dir=str(raw_scientific)).items) == 5


def test_importing_rad_is_quick_and_loading_needs_no_torch():
    code = "import sys, rad; print({'numpy', 'pyarrow', 'datasets', 'torch', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    code = "import sys, rad.data.arrow, datasets, rad.leakage.dataset_checks, rad.data.describe; "
    code += "print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.realdata
def test_the_real_domain(scientific):
    rows = {name: table.num_rows for name, table in tables.arrow_tables(scientific).items()}
    assert rows == {"train": 25655, "validation": 8440, "test": 8440, "items": 4385, "rationales": 25655}
