"""Significance groups: they follow their leaders, come from the predictions, and say what was not tested."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from leaderboard.site.rows import task_tables
from leaderboard.site.significance import OpenData, lead, significance_groups
from rad.errors import RadError
from rad.runtime.statistics import holm, randomisation_test
from rad.types import Prediction
from tests.support.made_up_entries import answered, entry, stored
from tests.support.site_pages import run
from tests.support.submissions import WORLD, world


def test_groups_follow_their_leaders():
    rng = np.random.default_rng(0)
    base = rng.random(400)
    best, same, worse, worst = base, base + rng.normal(0, 0.05, 400), base - 0.1, base - 0.1 + rng.normal(0, 0.05, 400)
    same -= same.mean() - best.mean() + 0.001
    worst -= worst.mean() - worse.mean() + 0.001
    assert lead([worse, best, worst, same]) == [2, 1, 2, 1]
    assert lead([best]) == [1] and lead([best, best]) == [1, 1]


def test_the_first_group_is_what_compare_does_not_call_worse():
    rng = np.random.default_rng(1)
    values = [np.clip(rng.normal(m, 0.3, 150), 0, 1) for m in (0.5, 0.48, 0.44, 0.40, 0.3)]
    order = np.argsort([-v.mean() for v in values])
    first, rest = order[0], order[1:]
    p = holm(randomisation_test(np.stack([values[first] - values[k] for k in rest], axis=1)))
    assert {k for k, g in enumerate(lead(values)) if g == 1} == {
        first,
        *(k for k, x in zip(rest, p, strict=True) if x >= 0.05),
    }


def test_queries_of_one_user_count_together():
    """Twelve users with twenty queries each are twelve signs of a difference, not 240."""
    rng = np.random.default_rng(0)
    by_user = rng.normal(0.1, 0.3, 12)
    better, other = np.repeat(0.5 + by_user, 20), np.full(240, 0.5)
    users = np.repeat(np.arange(12), 20)
    assert lead([better, other]) == [1, 2]
    assert lead([better, other], clusters=users) == lead([0.5 + by_user, np.full(12, 0.5)]) == [1, 1]


def _answers(dataset, rank_of):
    """Predictions that put the target at ``rank_of(k)`` of the k-th query."""
    items = list(dataset.items)
    for k, e in enumerate(dataset.examples["test"]):
        (target,) = e.relevant
        owned = {x.item_id for x in e.query.history} | {target}
        ranking = [i for i in items if i not in owned][:30]
        ranking.insert(rank_of(k), target)
        yield Prediction(e.query.query_id, tuple(ranking))


def test_groups_come_from_the_predictions_and_are_kept_by_run(tmp_path):
    dataset = world()
    n, root = len(dataset.examples["test"]), tmp_path / "entries"
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": n}
    entries = [
        answered(root, entry("good", 0.9, 0, **task), list(_answers(dataset, lambda k: k % 2))),
        answered(root, entry("good", 0.9, 1, **task), list(_answers(dataset, lambda k: (k + 1) % 2))),
        answered(root, entry("twin", 0.8, **task), list(_answers(dataset, lambda k: k // 2 % 2))),
        answered(root, entry("poor", 0.1, **task), list(_answers(dataset, lambda k: 8))),
        entry("unsent", 0.5, **task),
    ]
    stored(root, entries)
    (table,) = task_tables(entries)
    opened = []
    significance = significance_groups(table, root, OpenData(None, opened.append))
    assert significance.numbers == {"good01": 1, "twin01": 1, "poor01": 2}
    assert significance.untested == {"predictions were not sent with the entry": ["unsent · Ada"]}
    for path in root.glob("*/*.gz"):
        path.unlink()
    again = significance_groups(table, root, OpenData(tmp_path / "nowhere", opened.append))
    assert again.numbers == significance.numbers, "known by their runs"
    assert sum(what.startswith("opening") for what in opened) == 1
    assert run(root, tmp_path / "site") == 0
    page = (tmp_path / "site" / f"{table.slug}.html").read_text()
    assert "The best model leads group 1" in page and "predictions were not sent with the entry (unsent · Ada)" in page


def test_predictions_that_are_not_the_named_ones_stop_the_build(tmp_path):
    dataset = world()
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": len(dataset.examples["test"])}
    one = answered(tmp_path, entry("a", 0.9, **task), list(_answers(dataset, lambda k: 0)))
    (tmp_path / one.folder / one.predictions.path).write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(RadError, match=r"a01.predictions.jsonl.gz is not the file that the entry names"):
        significance_groups(task_tables([one])[0], tmp_path, OpenData(None))


def test_tasks_whose_data_are_not_here_say_so_without_folders(tmp_path):
    messages = []
    one = answered(tmp_path, entry("a", 0.1, domain="scientific"), [])
    significance = significance_groups(task_tables([one])[0], tmp_path, OpenData(tmp_path / "raw", messages.append))
    assert significance.numbers == {}
    assert list(significance.untested) == ["the data of this task were not at hand when the page was built"]
    assert any(what.startswith("no floors, groups and further scores for scientific") for what in messages)


def test_entries_on_older_data_are_not_tested(tmp_path):
    one = answered(tmp_path, entry("a", 0.1, domain=WORLD), [])
    (reason,) = significance_groups(task_tables([one])[0], tmp_path, OpenData(None)).untested
    assert reason.startswith("it is of data aaaaaaaa, and world:seed=5")


def test_a_world_that_would_take_hours_is_not_opened(tmp_path):
    one = answered(tmp_path, entry("a", 0.1, domain="world:users=900000000"), [])
    messages = []
    significance = significance_groups(task_tables([one])[0], tmp_path, OpenData(None, messages.append))
    assert significance.numbers == {} and len(significance.untested) == 1 and "users up to" in messages[-1]


def test_a_cache_that_is_broken_or_closed_is_done_without(tmp_path, monkeypatch):
    dataset = world()
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": len(dataset.examples["test"])}
    root = tmp_path / "entries"
    places = {"good": 0, "poor": 8}
    entries = [
        answered(root, entry(n, 0.5, **task), list(_answers(dataset, lambda k, at=at: at))) for n, at in places.items()
    ]
    (table,) = task_tables(entries)
    significance = significance_groups(table, root, OpenData(None))
    assert significance.numbers == {"good01": 1, "poor01": 2}
    for path in (tmp_path / "cache" / "leaderboard").rglob("*.json"):
        path.write_text("{half")
    assert significance_groups(table, root, OpenData(None)).numbers == significance.numbers
    (tmp_path / "no").write_text("")
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "no" / "cache"))
    assert significance_groups(table, root, OpenData(None)).numbers == significance.numbers
