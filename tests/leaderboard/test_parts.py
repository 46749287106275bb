"""Which of three tables an entry stands in, by what its rationales are like; why it is not in the first."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.harness.registries import load_metric
from leaderboard.site import pages, rows
from leaderboard.site.columns import columns, further_columns
from leaderboard.site.floors import floors
from leaderboard.site.rows import TaskKey, task_tables
from leaderboard.site.significance import OpenData, SignificanceGroups, significance_groups
from leaderboard.verification.headline import RationaleSummary, weakest
from leaderboard.verification.scoring import _outdated, is_unread, recomputed
from tests.support.made_up_entries import entry, example, score, summaries_of
from tests.support.submissions import WORLD, world

GOOD = RationaleSummary(100, 12, 0.95)


@pytest.mark.parametrize(
    ("summary", "obstacle"),
    [
        (GOOD, ""),
        (RationaleSummary(1, 0, 1.0), ""),
        (RationaleSummary(100, 13, 1.0), "more than 12 reasons"),
        (RationaleSummary(100, 12, 0.41), "text says 41% of what ranks"),
        (RationaleSummary(100, 12, 0.9499), "text says 94% of what ranks"),  # and not 95%, which would do
        (RationaleSummary(100, 48, 0.1), "more than 12 reasons"),
        (RationaleSummary(100, 8, 1.0, 0.05), ""),
        (RationaleSummary(100, 8, 1.0, 0.0501), "6% of the text is prose"),
        (RationaleSummary(0, 0, 0.0), "no rationales"),
    ],
)
def test_an_obstacle_is_said_in_words(summary, obstacle):
    assert summary.obstacle == obstacle


def test_of_several_seeds_the_weakest_counts():
    assert weakest([GOOD, RationaleSummary(90, 8, 1.0)]) == GOOD
    assert weakest([RationaleSummary(100, 40, 1.0), RationaleSummary(0, 0, 0.0)]) == RationaleSummary(100, 40, 0.0)


@pytest.fixture
def three():
    """A model in each part, the best NDCG in the last; the first has scores of its rationales."""
    scores = [score("soundness", 1.0), score("said", 0.99), score("reader_gain@10", 0.02), score("recall@10", 0.3)]
    entries = [
        entry("checked", 0.1, scores=scores, examples=[example()]),
        entry("coded", 0.2, scores=[score("said", 0.125)], examples=[example()]),
        entry("ranker", 0.3, scores=[score("recall@10", 0.4)]),
    ]
    summaries = {
        "checked01": GOOD,
        "coded01": RationaleSummary(100, 9, 0.125),
        "ranker01": RationaleSummary(0, 0, 0.0),
    }
    return entries, summaries


def page_of(entries, summaries) -> dict[str, str]:
    tables = task_tables(entries, summaries)
    return dict(pages.pages(entries, {}, tables, [SignificanceGroups() for _ in tables]))


def labels(page: str, part: str) -> list[str]:
    """The models of one table of a page."""
    table = page.split(f'<table id="{part}-table"')[1].split("</table>")[0]
    return re.findall(r'<th scope="row" data-value="([^"]*)"', table)


def test_each_entry_stands_in_the_table_of_its_rationales(three):
    page = page_of(*three)["world-full-test.html"]
    assert [labels(page, part) for part in ("headline", "other", "plain")] == [["checked"], ["coded"], ["ranker"]]
    assert page.count("Stands here because") == 1
    assert re.findall(r'<td data-value="(text[^"]*)"', page) == ["text says 12% of what ranks"]


@pytest.mark.parametrize("name", ["soundness", "said"])
def test_who_leaves_soundness_out_is_not_in_the_headline(three, name, monkeypatch):
    entries, summaries = three
    monkeypatch.setattr(load_metric(name), "version", 9)  # the score is by an earlier version
    page = page_of(entries, summaries)["world-full-test.html"]
    assert labels(page, "other") == ["coded", "checked"] and 'data-value="soundness is not stated"' in page
    short = entries[0].result.model_copy(update={"scores": [s for s in entries[0].result.scores if s.metric != name]})
    page = page_of([entries[0].model_copy(update={"result": short})], summaries)["world-full-test.html"]
    assert labels(page, "other") == ["checked"]


def test_soundness_what_is_said_and_reader_gain_stand_beside_ndcg(three):
    (table,) = task_tables(*three)
    assert [c.title for c in columns(table.part("headline"))] == [
        *("NDCG@10", "Soundness", "Said", "Reader gain@10", "ms\u00a0†")
    ]
    assert [c.title for c in further_columns(table.part("headline"))][:1] == ["Recall@10"]
    assert [c.title for c in columns(table.part("plain"))] == ["NDCG@10", "ms\u00a0†"]


def test_the_index_names_the_best_that_people_can_check(three):
    entries, summaries = three
    index = page_of(entries, summaries)["index.html"]
    cells = re.findall(r'<td data-value="([^"]*)" class="who">', index.split("</tbody>")[0])
    assert cells == ["checked", "ranker"] and '0.1000 <span class="soft">[0.090, 0.110]' in index
    assert [words for words in ("can be checked", "other", "none") if f'<td data-value="{words}">' in index] == [
        *("can be checked", "other", "none")
    ]
    index = page_of(entries[1:], summaries)["index.html"]
    assert re.findall(r'<td data-value="([^"]*)" class="who">', index.split("</tbody>")[0]) == ["ranker"]


def test_a_task_without_a_headline_says_so(three):
    entries, summaries = three
    page = page_of(entries[1:], summaries)["world-full-test.html"]
    assert "No entry yet. Every rationale has at most 12 reasons" in page and 'id="headline-table"' not in page


def test_entries_whose_predictions_were_not_sent_say_so(three):
    entries, _ = three
    page = page_of(entries, {})["world-full-test.html"]
    assert labels(page, "other") == ["coded", "checked"] and labels(page, "plain") == ["ranker"]
    assert page.count('data-value="predictions were not sent"') == 2


def test_scores_by_an_earlier_version_of_their_metric_stand_in_no_table(monkeypatch):
    kind = load_metric("claim_precision")
    monkeypatch.setattr(kind, "version", 7)
    for version, shown in ((6, None), (7, 0.9), (0, 0.9)):  # 0 never was: verify refuses it
        (table,) = task_tables([entry("a", 0.1, scores=[score("claim_precision", 0.9, version=version)])])
        cell = table.rows[0].score("claim_precision")
        assert (cell and cell.value) == shown
    page = page_of([entry("a", 0.1, scores=[score("claim_precision", 0.9, version=6)])], {})["entries/a-a01.html"]
    assert "version 6 of the metric" in page


# --- what nobody can bend ---


def test_what_is_above_the_ceiling_is_set_apart_and_leads_nothing(monkeypatch):
    ceilings = {"bayes": {"ndcg@10": score("ndcg@10", 0.2)}}  # [0.19, 0.21]
    monkeypatch.setattr(rows, "task_ceilings", lambda result: ceilings)
    entries = [entry("cheat", 0.9), entry("close", 0.215), entry("true", 0.15)]
    (table,) = task_tables(entries, summaries_of(entries))
    assert [table.part_of(row) for row in table.rows] == ["above", "plain", "plain"] and table.best.label == "close"
    page = dict(pages.pages(entries, {}, [table], [SignificanceGroups()]))
    assert labels(page["world-full-test.html"], "above") == ["cheat"]
    assert labels(page["world-full-test.html"], "plain") == ["close", "true"]
    assert "cheat" not in page["index.html"].split('id="models"')[0] and "above what is possible" in page["index.html"]
    significance = significance_groups(table, Path("nowhere"), OpenData(None))
    assert significance.untested["it stands above what is possible"] == ["cheat · Ada"]


def test_no_entry_is_a_floor_by_its_name():
    entries = [entry("random", 1.0), entry("popularity", 0.9)]
    (table,) = task_tables(entries)
    page = dict(pages.pages(entries, {}, [table], [SignificanceGroups()]))
    assert (
        table.floors == {} and 'Floor: random, computed here</dt><dd><span class="none"' in page["world-full-test.html"]
    )


def test_floors_are_computed_by_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    key = TaskKey(WORLD, "ranking", "full", "test", 0, world().sha256)
    computed = floors(key, OpenData(None))
    assert 0 <= computed["random"].value < computed["popularity"].value < 0.5
    assert floors(key, OpenData(tmp_path / "nowhere")) == computed, "kept by the data"
    assert floors(key._replace(sha256="b" * 64), OpenData(None)) == {}


def test_of_equal_scores_the_earlier_stands_first_and_the_other_is_named_as_its_copy():
    first = entry("zebra", 0.1, submitter="Zoe")
    copy = entry("alpha", 0.1, submitter="Abe", at="2026-02-01T00:00:00Z")
    summaries = summaries_of([first, copy], rankings="x")
    summaries = {run: replace(one, rankings="x") for run, one in summaries.items()}
    (table,) = task_tables([copy, first], summaries)
    assert [(row.label, row.copy_of) for row in table.rows] == [("zebra", ""), ("alpha", "zebra · Zoe")]
    page = page_of([copy, first], summaries)["world-full-test.html"]
    assert '<span class="badge">ranks as zebra · Zoe</span>' in page


def test_a_copy_of_one_seed_is_named_and_an_entry_of_before_makes_no_copy_an_original():
    first = [entry("ada", 0.2, seed=k, at="2026-02-01T00:00:00Z") for k in range(3)]
    copies = [
        entry("eve", 0.1, seed=0, submitter="Eve", at="2026-01-01T00:00:00Z"),  # of its own
        entry("eve", 0.3, seed=1, submitter="Eve", at="2026-03-01T00:00:00Z"),  # ranks as the best of ada's
        entry("ben", 0.3, submitter="Ben", at="2026-03-01T00:00:00Z"),
    ]
    rankings = dict.fromkeys([first[2].run_id, copies[1].run_id, copies[2].run_id], "same")
    entries = [*first, *copies]
    sent = {e.run_id: RationaleSummary(0, 0, 0.0, rankings=rankings.get(e.run_id, e.run_id)) for e in entries}
    (table,) = task_tables(entries, sent)
    assert {row.label: row.copy_of for row in table.rows} == {"ada": "", "eve": "ada · Ada", "ben": "ada · Ada"}


def test_attested_figures_stand_apart_by_name_and_unsorted():
    entries = [
        entry("b", 0.1, scores=[score("swap", 0.9, basis="attested"), score("recall@10", 0.2)]),
        entry("a", 0.2, scores=[score("swap", 0.1, basis="attested")]),
        entry("c", 0.3),
    ]
    page = page_of(entries, summaries_of(entries))["world-full-test.html"]
    assert labels(page, "attested") == ["a", "b"]
    table = page.split('<table id="attested-table"')[1].split("</table>")[0]
    assert "sortable" not in table and "data-column" not in table
    assert "†</abbr>" not in page.split('<table id="plain-table"')[1].split("</table>")[0]


def test_a_season_stands_first_and_public_answers_are_called_so():
    entries = [entry("a", 0.1), entry("a", 0.2, run_id="s", domain="season:spring")]
    tables = task_tables(entries)
    assert [table.key.domain for table in tables] == ["season:spring", "world"]
    page = page_of(entries, {})
    assert "The answers of this task are public" in page["world-full-test.html"]
    assert "A sealed season: nobody but" in page["season_spring-full-test.html"]
    assert page["index.html"].index("season:") < page["index.html"].index("answers are public")


def test_every_row_and_plot_names_its_submitter():
    page = page_of([entry("a", 0.1, submitter="Eve")], {})["world-full-test.html"]
    assert "a · Eve" in page.split("<svg")[1].split("</svg>")[0]
    assert page.count('<span class="soft who">Eve</span>') == 2


def test_a_score_that_takes_an_encoder_is_within_its_range_and_not_computed_again():
    similarity = score("embedding_similarity", 0.5, 60)
    assert is_unread(similarity) and recomputed([similarity, score("said", 0.5, 60)]) == [score("said", 0.5, 60)]
    assert list(_outdated("scores", [similarity], 60)) == []
    beyond = similarity.model_copy(update={"value": 1.5, "ci_high": 1.5})
    assert list(_outdated("scores", [beyond], 60)) == [
        "scores: embedding_similarity is outside its range, or of its own interval"
    ]
