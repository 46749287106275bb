"""The page of reproductions: what is compared, who is named first, and that the page says what results/ say."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import reproductions
from benchmarks.harness import runner
from benchmarks.harness.registries import default_metrics, model_kind
from benchmarks.models.lr_recsys import Model
from benchmarks.pairs import claims
from benchmarks.pairs import lr_recsys_findings as findings
from benchmarks.pairs.reproductions import Finding, Paper, page, read_papers
from rad.data.pairs import pair_splits
from rad.errors import RadError
from tests.support.models import experiment_on
from tests.support.ratings import with_ratings

METRICS = default_metrics("rating")


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
    errors = {"gradient_boosting": 0.5, "dnn": 1.0, "lr_recsys": 1.5}
    for name, error in errors.items():
        for seed in (0, 1, 2):
            one = experiment_on(data, tmp_path / "runs", pairs=pairs, metrics=metrics, seed=seed)
            shifted(runner.execute(one, name).folder, error)
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


def test_one_seed_of_the_other_model_decides_nothing_but_where_seeds_are_alike(runs, toy):
    for folder in runs.glob("dnn/*-s[12]-*"):
        shutil.rmtree(folder)
    one = experiment_on(with_ratings(toy), runs, pairs=pair_splits(with_ratings(toy), "rating"), metrics=METRICS)
    shifted(runner.execute(one, "biases").folder, 2.0)
    (labels,) = claims.find_runs([runs]).values()
    key = claims.Question("toy", "full", "rating", "test")
    for other, seeds, verdict in (("dnn", 1, "not testable here"), ("biases", 3, "reproduced here")):
        (finding,) = claims.compared("c", key, labels, [("lr_recsys", other)], "rmse")
        assert (finding.seeds, finding.verdict) == (seeds, verdict)


def test_what_a_domain_lacks_is_named(runs):
    """Only domains that the page is of are missed."""
    (labels,) = claims.find_runs([runs]).values()
    fashion = claims.Question("fashion", "full", "rating", "test")
    missing = findings._missing({fashion: {**labels, "dnn.hidden=224": labels["dnn"]}})
    named = "fashion, rating: baselines, arms, shares of training, a threshold from validation"
    assert missing.startswith(f"Not run yet, so nothing is said of them: world, rating; {named}; movies, rating;")


def test_p_is_corrected_over_every_domain_and_withdraws_verdicts():
    """Three of four would hold alone; by Holm's correction one does, and what is worse by chance is no difference."""
    by_p = {0.001: "reproduced here", 0.02: "reproduced here", 0.03: "not reproduced here", 0.5: "not reproduced here"}
    alone = [
        Finding(
            claim="c", where=f"d{p}", figure="f", value=1.0, p=p, verdict=verdict, because="it is worse" * (p == 0.03)
        )
        for p, verdict in by_p.items()
    ]
    other = Finding(claim="other", where="d", figure="f", value=1.0, p=0.02, verdict="reproduced here")
    unsaid = Finding(claim="c", where="e", figure="f", value=1.0, verdict="reproduced here")
    both = claims.corrected([*alone, other, unsaid])
    assert [f.p for f in both] == pytest.approx([0.004, 0.06, 0.06, 0.5, 0.02, None])
    held = ["reproduced here", *["not reproduced here"] * 3, "reproduced here", "reproduced here"]
    assert [f.verdict for f in both] == held and both[2].because == claims.NO_DIFFERENCE
    text = page([Paper(title="t", reference="r", first="f", findings=tuple(both))])
    assert "| c | 5 | 2 | 3 | d0.001; e |" in text and "| other | 1 | 1 |  | d |" in text


def test_curves_are_tables_and_drawings(runs, toy, tmp_path, monkeypatch, capsys):
    """Shares of training give a learning curve, several seeds a curve by uncertainty, and both are on the page."""
    data = with_ratings(toy)
    pairs, metrics = pair_splits(data, "rating"), default_metrics("rating")
    for name in ("lr_recsys", "dnn"):
        one = experiment_on(data, tmp_path / "runs", pairs=pairs, metrics=metrics)
        shifted(runner.execute(one, name, model_kind(name).Settings(train_share=0.5)).folder, 0.75)
    monkeypatch.chdir(tmp_path)
    argv = ["reproductions", "--runs", str(runs), "--findings", "f", "--out", "docs/page.md"]
    monkeypatch.setattr(sys, "argv", argv)
    assert reproductions.main() == 0
    text = Path("docs/page.md").read_text()
    assert "| share of training | 1 lr_recsys | 2 dnn | 3 gradient_boosting |" in text
    assert "| 0.5 | 0.7500 [" in text and "| 1 | 1.5000 [" in text
    assert (
        "| decile of uncertainty | 1 toy |" in text and "| share with explanations | 1 toy | 2 toy, at random |" in text
    )
    drawn = sorted(path.name for path in Path("docs/reproductions").iterdir())
    assert len(drawn) == 3 and all(f"(reproductions/{name})" in text for name in drawn)
    svg = Path("docs/reproductions", drawn[-1]).read_text()
    assert (
        ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg" and "var(--c1)" in svg and "--c1:" in svg
    )
    monkeypatch.setattr(sys, "argv", [*argv[:1], *argv[3:], "--check"])
    assert reproductions.main() == 0
    Path("docs/reproductions", drawn[0]).unlink()
    assert reproductions.main() == 1 and drawn[0] in capsys.readouterr().out


def test_settings_are_part_of_a_label_and_of_its_command(toy, tmp_path):
    data = with_ratings(toy)
    one = experiment_on(data, tmp_path, pairs=pair_splits(data, "rating"), metrics=("rmse",))
    small = Model.Settings(epochs=1, hidden=8, width=4, embedding=4, encoder_epochs=1, explanations="none")
    label = claims.label_of(runner.execute(one, "lr_recsys", small).result)
    assert label == "lr_recsys.none,width=4,hidden=8,epochs=1,embedding=4,encoder_epochs=1"
    assert claims.label_of(runner.execute(one, "biases").result) == "biases"
    key = claims.Question("toy", "full", "rating", "test")
    (validated,) = claims.command(key._replace(split="validation"), "dnn").splitlines()
    assert "--task rating --split validation --domain toy --model dnn" in validated
    assert claims.command(key, "dnn.hidden=224", "lr_recsys.none,width=4@0.5").splitlines() == [
        "python -m benchmarks.run --task rating --domain toy --model dnn --seed 0 1 2 --set hidden=224",
        "python -m benchmarks.run --task rating --domain toy --model lr_recsys --seed 0 1 2 "
        "--set explanations=none width=4 train_share=0.5",
    ]


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
