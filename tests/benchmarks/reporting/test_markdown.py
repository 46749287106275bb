"""The tables of the README and of the results page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import run, table
from benchmarks.explanations.results import Explanation
from benchmarks.harness import runner, settings_store
from benchmarks.harness.results import Score
from benchmarks.reporting import markdown
from rad.errors import RadError
from tests.support.models import experiment_on


def test_table_between_the_markers(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    for seed in (0, 1):
        runner.execute(experiment_on(toy, tmp_path / "results", seed=seed), "random")
    runner.execute(experiment_on(toy, tmp_path / "results"), "popularity")
    runner.execute(experiment_on(toy, tmp_path / "results", limit=3), "next_id")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n")
    arguments = ["--results", str(tmp_path / "results"), "--readme", str(readme)]
    monkeypatch.setattr(sys, "argv", ["table", *arguments, "--check"])
    assert table.main() == 1
    monkeypatch.setattr(sys, "argv", ["table", *arguments])
    assert table.main() == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text and "next_id" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| NDCG@10", "| random", "| popularity"]
    assert "(2 seeds)" in rows[1] and "**" in rows[2]
    page = (tmp_path / "results" / "README.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| random") or line.startswith("| popularity")]
    assert len(rows) == 4 and "±" in rows[0] and "±" not in rows[1], "metrics, then slices, of two models"
    assert "cold (n=3)" in page and "Nothing tuned yet" in page
    monkeypatch.setattr(sys, "argv", ["table", *arguments, "--check"])
    assert table.main() == 0
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(sys, "argv", ["table", "--results", str(tmp_path / "empty"), "--readme", str(readme)])
    with pytest.raises(RadError, match="empty: no finished runs there"):
        table.main()
    assert readme.read_text() == text, "the tables of other results stay"
    monkeypatch.setattr(sys, "argv", ["table", *arguments])
    readme.write_text("no markers")
    with pytest.raises(RadError, match="lacks the markers"):
        table.main()


def test_reader_gain_of_the_scorecard_stands_beside_ndcg(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    run_folder, result = runner.execute(experiment_on(toy, tmp_path / "results"), "popularity")
    gain = Score(metric="reader_gain@10", value=0.125, ci_low=0.1, ci_high=0.2, n=10)
    card = Explanation(run_id=result.run_id, n=10, n_rationales=10, scores=[gain], provenance={})
    (run_folder / "explanation.json").write_text(card.model_dump_json())
    (tmp_path / "README.md").write_text(f"{markdown.BEGIN}\n{markdown.END}\n")
    page = markdown.pages(tmp_path / "results", tmp_path / "README.md", [])[tmp_path / "results" / "README.md"]
    assert "| model | NDCG@10 | Reader gain@10 | Recall@10 |" in page and " | 0.1250 | " in page


def test_scores_by_an_earlier_version_of_their_metric_stand_in_no_table(toy, tmp_path):
    run_folder, result = runner.execute(experiment_on(toy, tmp_path / "results"), "popularity")
    scores = [
        Score(metric=name, value=0.5, ci_low=0.4, ci_high=0.6, n=10, version=version, basis="attested")
        for name, version in (("steering", 1), ("choice", 1))
    ]
    card = Explanation(run_id=result.run_id, n=10, n_rationales=10, scores=scores, provenance={})
    (run_folder / "explanation.json").write_text(card.model_dump_json())
    text = markdown.explained([run_folder])
    assert "| choice | choice | higher | 0.500" in text and "steering" not in text


def test_a_run_of_an_older_version_of_a_model_stands_by_itself_and_says_so(toy, tmp_path):
    results = []
    for seed, version in ((0, "2"), (1, "1")):
        result = runner.execute(experiment_on(toy, tmp_path / version, seed=seed), "random").result
        model = result.model.model_copy(update={"version": version})
        finished = result.provenance | {"finished_at": f"2026-01-0{version}T00:00:00Z"}
        results.append(result.model_copy(update={"model": model, "provenance": finished}))
    rows = [line for line in markdown.overview(results).splitlines() if line.startswith("| random")]
    assert {row.split(" | ")[0] for row in rows} == {"| random", "| random (version 1)"}
    assert "seeds" not in "".join(rows), "versions are not averaged"


def test_the_readme_says_what_the_results_say():
    root = Path(run.__file__).parents[1]
    for path, text in markdown.pages(root / "results", root / "README.md", settings_store.logs()).items():
        assert path.read_text(encoding="utf-8") == text, "run python -m benchmarks.table"
