"""Entries of a task whose rankings hold what users have had: a board of their own, where there is such a task."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from benchmarks.harness import runner
from leaderboard.site.rows import task_tables
from leaderboard.verification import opening
from leaderboard.verification.checks import check
from leaderboard.verification.folder import read_entries
from leaderboard.verification.opening import EvaluationSets
from rad.data.dataset import Dataset
from rad.data.load import dataset_of, load_domain
from tests.support.models import experiment_on
from tests.support.submissions import WORLD, enter, run, world

pytestmark = pytest.mark.xdist_group("submissions")


@cache
def bought_again(protocol: str) -> Dataset:
    """The small world, in which half of the users buy their first item again at the end."""
    domain = load_domain(WORLD)
    corpus = domain.load()
    ends = {
        u: (*s[:-1], replace(s[-1], item_id=s[0].item_id)) if k % 2 else s
        for k, (u, s) in enumerate(corpus.sequences.items())
    }
    return dataset_of(WORLD, domain, replace(corpus, sequences=ends, rationales={}, contrasts={}), protocol)


def refused(root):
    return [line for file in sorted(root.glob("*/*.json")) for line in check(file, root, EvaluationSets()).violations]


def test_kept_repeats_are_a_task_of_their_own(root, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "open_dataset", lambda domain, data_dir=None, protocol="full": bought_again(protocol))
    for protocol in ("full", "full-keep"):
        folder = runner.execute(experiment_on(bought_again(protocol), tmp_path / "runs"), "popularity").folder
        path = enter(folder, root)
    assert not refused(root)
    tables = task_tables(read_entries(root))
    assert [(table.key.protocol, table.slug) for table in tables] == [
        ("full", f"{WORLD.replace(':', '_').replace(',', '_')}-full-test"),
        ("full-keep", f"{WORLD.replace(':', '_').replace(',', '_')}-full-keep-test"),
    ]
    assert tables[1].about == "ranking the whole catalogue, repeats kept"
    masked, unmasked = (table.best.score("ndcg@10").value for table in tables)
    assert unmasked != masked
    raw = json.loads(path.read_text())
    raw["result"]["task"]["protocol"] = "full"
    path.write_text(json.dumps(raw))
    assert any("item of the history in the ranking" in line for line in refused(root))


def test_a_task_without_repeats_has_one_name(root, tmp_path):
    path = enter(run("popularity", tmp_path), root)
    raw = json.loads(path.read_text())
    raw["result"]["task"]["protocol"] = "full-keep"
    path.write_text(json.dumps(raw))
    assert any(
        "result.task.protocol: nothing is bought again there: the name of this task is full" in line
        for line in refused(root)
    )
    assert world().repeats == "mask"
