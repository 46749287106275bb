"""The scorecard of a run from end to end: files and scores, models that cannot be asked, odd rationales, bad input."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.explanations import scoring
from benchmarks.explanations.faithfulness import asked_ratios
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.finished_run import FinishedRun, read_finished_run
from benchmarks.explanations.results import PERTURBED, QUERIES, Explanation, read_explanation
from benchmarks.explanations.scorecard import show
from benchmarks.explanations.scoring import ScorecardOptions, compute, explain
from benchmarks.harness.base import Outcome
from benchmarks.harness.registries import ATTESTED, load_metric
from benchmarks.harness.results import read_result
from benchmarks.reporting import markdown
from rad import registry
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.runtime.files import read_jsonl, sha256_file, write_jsonl
from rad.types import Example, Prediction, Query
from tests.benchmarks.conftest import ASK, DOMAIN, FINISHED_RUNS, fast_encoder

pytestmark = FINISHED_RUNS
SMALL = ScorecardOptions(ask=4, resamples=20)


@pytest.fixture(autouse=True)
def _fast_encoder():
    with fast_encoder():
        yield


def rewritten(folder, change):
    """The run with its predictions changed, as a submission would have them."""
    lines = [record for _, record in read_jsonl(folder / "predictions.jsonl")]
    write_jsonl(folder / "predictions.jsonl", [change(record) for record in lines])
    result = json.loads((folder / "result.json").read_text())
    result["predictions"]["sha256"] = sha256_file(folder / "predictions.jsonl")
    (folder / "result.json").write_text(json.dumps(result))


def test_all_families_of_a_run(explained_runs):
    folder = explained_runs["template"]
    card = read_explanation(folder)
    assert card.run_id == read_result(folder).run_id
    kinds = explanation_metrics()
    families = {k.family for name, k in kinds.items() if card.score(name)}
    assert families == {k.family for k in kinds.values()} - {"judged"}
    for s in card.scores:
        kind = registry.load("benchmarks.metrics", s.metric.partition("@")[0].partition(".")[0])
        assert s.basis == ("attested" if kind.needs & ATTESTED else "recomputed")
        assert kind.range[0] <= s.ci_low <= s.value + 1e-9 and s.value - 1e-9 <= s.ci_high <= kind.range[1]
    assert card.attested.reproduced == 1 and card.attested.queries == ASK and card.attested.failures == {}
    assert card.score("swap").value > 0 and card.score("swap").n == ASK and card.score("swap", "target masked")
    assert card.score("paraphrase").value == 0, "it ranks from the reasons, not the words"
    assert list(card.curves["heaviest"]) == ["0", "20", "40", "60", "80", "100"]
    queries = [record for _, record in read_jsonl(folder / QUERIES)]
    mean = np.mean([q["scores"]["swap"] for q in queries if "swap" in q["scores"]])
    assert len(queries) == card.n and mean == pytest.approx(card.score("swap").value)
    assert {"own", "swap", "corrupt"} <= {record["input"] for _, record in read_jsonl(folder / PERTURBED)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "bm25"}, "bm25 cannot rank from a given rationale"),
        ({"version": "0"}, "template is version"),
    ],
)
def test_a_model_that_cannot_be_asked_has_no_faithfulness(change, reason, folder, datasets):
    """Missing, not 0: another model's name, or another version of its code."""
    result = json.loads((folder / "result.json").read_text())
    result["model"] |= change
    result["provenance"]["settings"] = {}
    (folder / "result.json").write_text(json.dumps(result))
    card = compute(read_finished_run(folder, datasets), SMALL).explanation
    assert card.score("swap") is None and card.attested is None
    assert any(reason in note for note in card.notes)


def test_odd_rationales_have_scores_or_notes(folder, datasets):
    """Nothing, everything and nonsense, in one run."""
    texts = iter(["", "x" * 100_000, "\x00\x1b[31m", "赤いコートが好き [1]。", "[99] [0]"] * 100)

    def change(record):
        record["rationale"]["text"] = next(texts)
        for reason in record["rationale"]["reasons"][:2]:
            reason["evidence"]["history"] = [10**9]
            reason["wants"] = [["colour", "no such colour"]]
        return record

    rewritten(folder, change)
    card = compute(read_finished_run(folder, datasets), SMALL).explanation
    assert card.score("claim_precision").value < 1 and card.score("text_agreement").value < 0.2
    assert card.attested is not None and card.attested.failures == {}


def test_files_of_another_run_are_refused(folder, datasets):
    def refused(reason):
        with pytest.raises(RadError, match=reason):
            read_finished_run(folder, datasets)

    with open(folder / "predictions.jsonl", "a") as file:
        file.write("{}\n")
    refused("not the file that result.json was computed from")
    rewritten(folder, lambda record: record or {"query_id": "nobody", "ranking": []})
    refused("query 'nobody', which was not asked")
    (folder / "predictions.jsonl").unlink()
    refused("must lie beside result.json")
    path = folder / "explanation.json"
    for content, reason in (
        ("{", "not a JSON file"),
        ("[]", "schema_version None"),
        ('{"schema_version": 1}', "run_id"),
    ):
        path.write_text(content)
        with pytest.raises(RadError, match=reason):
            read_explanation(folder)


def test_data_that_have_changed_are_refused(folder, datasets):
    result = json.loads((folder / "result.json").read_text())
    result["dataset"]["sha256"] = "0" * 64
    (folder / "result.json").write_text(json.dumps(result))
    with pytest.raises(RadError, match=r"the data have changed since: sha256 \w{8}, the run's is 00000000"):
        read_finished_run(folder, datasets)


def test_the_file_of_a_result_stands_for_its_folder(finished_runs, datasets):
    folder = finished_runs["template"]
    assert read_finished_run(folder / "result.json", datasets).folder == folder


def test_predictions_of_nobody_are_no_crash(small_world):
    run = FinishedRun(None, None, small_world, small_world.examples["test"], [Prediction("q", ())])
    assert run.explained_rows == []


def test_names_of_judges_are_no_emoji(capsys):
    note = "judge:x: no valid answer, so no score"
    show(["a"], [Explanation(run_id="a", n=0, n_rationales=0, scores=[], notes=[note], provenance={})], {})
    assert note in capsys.readouterr().out


def test_scorecards_are_a_table_of_the_results_page(explained_folder):
    """A row a metric, a column a run; a scorecard of another run is refused."""
    assert markdown.explained([]) == "No scorecards yet."
    card = read_explanation(explained_folder)
    page = markdown.explained([explained_folder])
    label = read_result(explained_folder).label
    assert f"**{DOMAIN}**" in page and f"| family | metric | better | {label} |" in page
    swap = card.score("swap")
    assert f"| faithfulness | swap | higher | {swap.value:.3f} [{swap.ci_low:.3f}, {swap.ci_high:.3f}] |" in page
    assert "| faithfulness | swap, target masked | higher |" in page and "| grounding | claim_precision |" in page
    path = explained_folder / "explanation.json"
    path.write_text(path.read_text().replace(card.run_id, "00000000"))
    with pytest.raises(RadError, match=r"explanation\.json is of run 00000000, result\.json of "):
        markdown.explained([explained_folder])


def test_a_scorecard_is_written_beside_the_result(folder, datasets):
    run = read_finished_run(folder, datasets)
    card = explain(run, ScorecardOptions(ask=None, resamples=20))
    assert card == read_explanation(folder) and card.attested is None
    assert (folder / PERTURBED).read_text() == "" and len((folder / QUERIES).read_text().splitlines()) == card.n


def test_the_interval_of_a_ratio_draws_whole_users():
    """Of 40 queries one user's carry everything and another's nothing: without users the ends would be nearer."""
    outcomes = {k: Outcome(1.0, 0, 0.0) for k in range(40)}
    examples = [Example(Query(f"q{k}", "x", f"u{k % 2}", ()), "test", {}) for k in range(41)]

    def outcome(name, row):  # of the last query nothing is known
        return outcomes.get(row) if name == "own" or row % 2 else outcomes.get(row) and Outcome(0.0, None, 0.0)

    kind = load_metric("text_carries")
    ratios = asked_ratios({"text_carries": kind({})}, SimpleNamespace(examples=examples, outcome=outcome))
    (score,) = scoring._ratio_scores(ratios, 0, 200)
    assert (score.value, score.n) == (0.5, 40) and score.ci_low < 0.1 and score.ci_high > 0.9


def test_motives_are_those_of_the_purchase_that_is_asked_for():
    data = open_dataset(DOMAIN, protocol="time")
    run = FinishedRun(None, None, data, data.examples["test"], [])
    next_ones = [e.query.query_id for e in run.examples if e.rationale is not None]
    assert len(next_ones) < len(run.examples) and list(run.motives) == next_ones
