"""The page of reproductions: what is compared, who is named first, and that the page says what results/ say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import reproductions
from benchmarks.harness import runner
from benchmarks.harness.registries import default_metrics
from benchmarks.models.lr_recsys import Model
from benchmarks.pairs import claims
from benchmarks.pairs import lr_recsys_findings as findings
from benchmarks.pairs.reproductions import page, read_papers
from rad.data.pairs import pair_splits
from rad.errors import RadError
from tests.support.models import experiment_on
from tests.support.ratings import with_ratings


def shifted(folder: Path, error: float) -> None:
    """Make a finished run's every prediction ``error`` away from the answer."""
    path = folder / "queries.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    numbers = {"rmse": error, "mae": error}
    path.write_text("".join(json.dumps(row | {"scores": numbers}) + "\n" for row in rows))
    result = json.loads((folder / "result.json").read_text())
    for score in result["scores"]:
        score["value"] = numbers.get(score["metric"], score["value"])
    (folder / "result.json").write_text(json.dumps(result))


@pytest.fixture
def runs(toy, tmp_path):
    """LightGBM is best, the network without explanations next, then LR-Recsys."""
    data = with_ratings(toy)
    pairs, metrics = pair_splits(data, "rating"), default_metrics("rating")
    small = Model.Settings(epochs=1, hidden=8, width=4, embedding=4, encoder_epochs=1)
    errors = {"gradient_boosting": 0.5, "dnn": 1.0, "lr_recsys": 1.5}
    for name, error in errors.items():
        for seed in (0, 1, 2):
            one = experiment_on(data, tmp_path / "runs", pairs=pairs, metrics=metrics, seed=seed)
            shifted(runner.execute(one, name, small if name == "lr_recsys" else None).folder, error)
    return tmp_path / "runs"


def test_lightgbm_is_named_first_where_it_wins_and_worse_is_not_reproduced(runs):
    paper = findings.paper(claims.find_runs([runs]))
    assert paper.first.startswith("LightGBM on the same features is the best model on toy, rating")
    by_claim = {f.claim: f for f in paper.findings}
    worse = by_claim[findings.CLAIMS["explanations"]]
    assert worse.value == pytest.approx(-0.5) and worse.verdict == "not reproduced here" and worse.seeds == 3
    assert worse.because == "it is worse"
    assert "--task rating --domain toy --model lr_recsys --seed 0 1 2" in worse.command
    assert any(f.verdict == "not testable here" for f in paper.findings)
    assert paper.text.startswith("Not run yet, so nothing is said of them: world, rating;")
    text = page([paper])
    assert text.index("LightGBM on the same features is the best") < text.index("### ")
    assert "| toy, rating | rmse saved beside dnn, -50.0% | -0.5000 |" in text


def test_a_claim_that_holds(runs):
    for path in runs.glob("lr_recsys/*"):
        shifted(path, 0.25)
    paper = findings.paper(claims.find_runs([runs]))
    verdicts = {f.claim: f.verdict for f in paper.findings}
    assert paper.first.startswith("lr_recsys is the best on toy, rating")
    assert verdicts[findings.CLAIMS["explanations"]] == verdicts[findings.CLAIMS["best"]] == "reproduced here"


def test_no_runs_and_broken_findings_are_one_line(tmp_path):
    with pytest.raises(RadError, match="no runs of lr_recsys"):
        findings.paper(claims.find_runs([tmp_path]))
    with pytest.raises(RadError, match="no findings there"):
        read_papers(tmp_path)
    (tmp_path / "x.json").write_text('{"title": 1}')
    with pytest.raises(RadError, match=r"x\.json: title"):
        read_papers(tmp_path)


def test_the_page_says_what_the_findings_say():
    root = Path(reproductions.__file__).parents[1]
    text = page(read_papers(root / "results" / "reproductions"))
    assert (root / "docs" / "reproductions.md").read_text(encoding="utf-8") == text, "run benchmarks.reproductions"
