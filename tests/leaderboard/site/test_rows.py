"""The rows of a task's table, and what is missing in them."""

from __future__ import annotations

import gzip
import json
import re

import numpy as np
import pytest

from leaderboard.site import columns, pages
from leaderboard.site.rows import safe, task_tables
from rad.world.ceilings.store import FOLDER
from tests.support.made_up_entries import entry, score
from tests.support.site_pages import Page, rendered


def test_seeds_are_one_row_with_mean_and_spread():
    (table,) = task_tables([entry("sasrec", v, seed) for seed, v in enumerate((0.10, 0.12, 0.17))])
    (row,) = table.rows
    cell = row.score("ndcg@10")
    assert row.seeds == (0, 1, 2) and cell.n == 3
    assert cell.value == pytest.approx(0.13) and cell.sd == pytest.approx(0.036056, abs=1e-6)
    assert (cell.low, cell.high) == pytest.approx((0.12, 0.14)), "the mean of the seeds' intervals"
    assert task_tables([entry("sasrec", 0.1)])[0].rows[0].score("ndcg@10").sd is None, "one seed has no spread"


def test_a_later_entry_of_the_same_seed_counts_and_the_earlier_is_listed():
    old, new = entry("a", 0.3, run_id="old"), entry("a", 0.1, run_id="new", at="2026-02-01T00:00:00Z")
    (table,) = task_tables([new, old])
    assert table.rows[0].score("ndcg@10").value == 0.1 and table.older == [old]
    pages = rendered([new, old])
    assert "Older entries" in pages["world-full-test.html"]
    assert "A later entry" in pages["entries/a-old.html"] and "A later entry" not in pages["entries/a-new.html"]


def test_submitters_and_versions_are_never_mixed():
    entries = [entry("a", 0.1), entry("a", 0.2, run_id="x", submitter="Ben"), entry("a", 0.3, version="2")]
    (table,) = task_tables(entries)
    assert [(r.label, r.submitter) for r in table.rows] == [
        ("a (version 2)", "Ada"),
        ("a", "Ben"),
        ("a (version 1)", "Ada"),
    ]


def test_tasks_and_data_have_tables_of_their_own_and_whole_tasks_come_first():
    other = entry("a", 0.1, run_id="b", sha256="b" * 64)
    entries = [entry("a", 0.1, run_id="r", protocol="rerank"), entry("a", 0.1), other]
    assert [b.slug for b in task_tables(entries)] == [
        "world-full-test-aaaaaaaa",
        "world-full-test-bbbbbbbb",
        "world-rerank-test",
    ]


def test_names_of_files_are_tame_and_never_collide():
    assert safe("../../etc/passwd") not in ("..", "") and "/" not in safe("../../etc/passwd")
    assert safe("a b<script>?#%") == "a_b_script_" and safe("...") == "_"
    addresses = pages.addresses([entry("Model", 0.1, run_id="x"), entry("model", 0.1, run_id="X")])
    assert len({name.lower() for name in addresses.values()}) == 2


# --- what is missing, floors and ceilings ---


def test_missing_results_and_floors_are_shown_as_missing():
    entries = [entry("a", 0.2, scores=[score("recall@10", 0.3)]), entry("b", 0.1)]
    page = rendered(entries)["world-full-test.html"]
    assert columns.further_columns(task_tables(entries)[0].rows)[0].title == "Recall@10"
    rows = re.findall(r"<tr>.*?</tr>", page.split('id="further-table"')[1].split("</tbody>")[0], re.S)[1:]
    cells = [re.findall(r'<td class="n"(?: data-value="([^"]*)")?>', row) for row in rows]
    assert [row[0] for row in cells] == ["0.3", ""], "a missing number has no value to sort by"
    assert '<span class="hidden">missing</span>' in rows[1] and 'class="hidden">not tested' in page
    assert Page(page).text.count("Floor: random, computed here–not known") == 1


def test_ceilings_are_those_that_the_project_stored_and_only_for_its_own_queries():
    record = json.loads(gzip.decompress((FOLDER / "world.json.gz").read_bytes()))
    n = len(record["places"]["bayes"])
    (table,) = task_tables([entry("a", 0.1, sha256=record["dataset_sha256"], n=n)])
    places = np.array(list(record["places"]["bayes"].values()))
    gains = np.where((places > 0) & (places <= 10), 1 / np.log2(np.maximum(places, 1) + 1), 0)
    assert table.bayes == pytest.approx(gains.mean()) and set(table.ceilings) == {"bayes", "oracle"}
    assert "of Bayes" in [c.title for c in columns.columns(table.rows, table.bayes)]
    assert task_tables([entry("a", 0.1, sha256=record["dataset_sha256"], n=n - 1)])[0].ceilings == {}
    assert task_tables([entry("a", 0.1)])[0].ceilings == {}


def test_attested_scores_are_marked():
    page = rendered([entry("a", 0.1, scores=[score("swap", 0.5, basis="attested"), score("mrr", 0.1)])])
    rows = page["world-full-test.html"].split('<table id="attested-table"')[1].split("</tbody>")[0]
    assert rows.count("†") == 1
    assert Page(page["entries/a-a01.html"]).text.count("attested †") == 1
