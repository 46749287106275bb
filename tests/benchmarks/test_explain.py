"""The scorecard of a run from end to end: files, table, judges that answer and judges that do not, and bad input."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from benchmarks import explain, table
from benchmarks.explain import Request, arguments, metrics, read_run, write
from benchmarks.explanations.judges import Endpoint
from benchmarks.explanations.results import PERTURBED, QUERIES, Explanation, read_explanation
from benchmarks.explanations.scorecard import show
from benchmarks.harness import runner
from benchmarks.harness.results import read_result
from benchmarks.harness.runner import Experiment
from rad import registry
from rad.data.dataset import open_dataset
from rad.errors import RadError
from rad.runtime.files import canonical, read_jsonl, sha256_file, write_jsonl
from rad.types import Judgement, Prediction
from tests.support.fake_endpoint import fail, say

DOMAIN = "world:seed=5,users=60,items=200"
SMALL = Request(ask=12, samples=20)


@pytest.fixture(autouse=True)
def _quick_encoder(monkeypatch):
    """A FAKE encoder: one direction a text; the real one takes seconds to load."""
    from benchmarks.metrics.overlap import embedding_similarity

    monkeypatch.setattr(embedding_similarity, "encoded", lambda name, texts: (np.eye(len(texts), dtype=np.float32), 0))


@pytest.fixture(scope="module")
def opened():
    return {(DOMAIN, "full"): open_dataset(DOMAIN)}


@pytest.fixture(scope="module")
def finished(opened, tmp_path_factory):
    """Finished runs: the gate, which writes rationales, and popularity, which does not."""
    [data] = opened.values()
    job = Experiment(data, "test", "full", 0, None, ("ndcg@10",), tmp_path_factory.mktemp("runs"))
    kind = registry.load("benchmarks.models", "rationale_first")
    gate = runner.execute(job, "rationale_first", kind.Settings(**kind.test_settings, reasoner="gate"))
    return {"gate": gate, "popularity": runner.execute(job, "popularity")}


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished["gate"], tmp_path / "run")


def rewritten(folder, change):
    """The run with its predictions changed, as a submission would have them."""
    lines = [record for _, record in read_jsonl(folder / "predictions.jsonl")]
    write_jsonl(folder / "predictions.jsonl", [change(record) for record in lines])
    result = json.loads((folder / "result.json").read_text())
    result["predictions"]["sha256"] = sha256_file(folder / "predictions.jsonl")
    (folder / "result.json").write_text(json.dumps(result))


def test_all_families_of_a_run(folder, opened):
    found = read_run(folder, None, None, opened)
    card = write(found, SMALL)
    assert card == read_explanation(folder) and card.run_id == found.result.run_id
    families = {k.family for name, k in (metrics(False) | metrics(True)).items() if card.score(name)}
    assert families == set(explain.FAMILIES) - {"judged"}
    for s in card.scores:
        kind = registry.load("benchmarks.metrics", s.metric.partition("@")[0].partition(".")[0])
        assert s.basis == ("attested" if kind.family == "faithfulness" else "recomputed")
        assert kind.range[0] <= s.ci_low <= s.value + 1e-9 and s.value - 1e-9 <= s.ci_high <= kind.range[1]
    assert card.attested.reproduced == 1 and card.attested.queries == 12 and card.attested.failures == {}
    assert card.score("swap").value > 0 and card.score("swap").n == 12 and card.score("swap", "target masked")
    assert card.score("paraphrase").value == 0, "its head reads the reasons, not the words"
    assert list(card.curves["heaviest"]) == ["0", "20", "40", "60", "80", "100"]
    queries = [record for _, record in read_jsonl(folder / QUERIES)]
    mean = np.mean([q["scores"]["swap"] for q in queries if "swap" in q["scores"]])
    assert len(queries) == card.n and mean == pytest.approx(card.score("swap").value)
    assert {"own", "swap", "corrupt"} <= {record["input"] for _, record in read_jsonl(folder / PERTURBED)}


def test_the_command(finished, opened, monkeypatch, capsys, tmp_path):
    folders = [str(shutil.copytree(path, tmp_path / name)) for name, path in finished.items()]
    asked = arguments([*folders, "--no-model"])
    monkeypatch.setattr(explain, "arguments", lambda: asked)
    monkeypatch.setattr(explain, "open_dataset", lambda *_: next(iter(opened.values())))
    explain.main()
    out = capsys.readouterr().out
    assert "reader_gain@10" in out and "truncation" not in out
    assert "no prediction has a rationale: there is nothing to score" in out
    for wrong, why in (
        (["x", "--ask", "0"], "--ask must be at least 1, got 0"),
        (["x", "--judge", "m"], "--judge and --base-url go together"),
        (["nowhere"], "nowhere: no such file"),
        ([*folders, "--campaign", "nowhere"], "nowhere: no such campaign folder"),
        ([*folders, "--judge", "m", "--base-url", "127.0.0.1:9"], "base_url must look like"),
    ):
        asked = arguments(wrong)
        with pytest.raises(RadError, match=why):
            explain.main()
        assert "from the predictions alone" not in capsys.readouterr().out  # said before anything is computed


def test_a_model_that_cannot_be_asked_has_no_faithfulness(folder, opened):
    """Missing, not 0: another model's name, or another version of its code."""
    result = json.loads((folder / "result.json").read_text())
    for change, why in (
        ({"name": "bm25"}, "bm25 cannot rank from a given rationale"),
        ({"version": "0"}, "rationale_first is version"),
    ):
        changed = {**result, "model": {**result["model"], **change}}
        if "name" in change:
            changed["provenance"] = {**result["provenance"], "settings": {}}
        (folder / "result.json").write_text(json.dumps(changed))
        card = write(read_run(folder, None, None, opened), SMALL)
        assert card.score("swap") is None and card.attested is None
        assert any(why in note and "faithfulness is missing" in note for note in card.notes)


def test_odd_rationales_are_scored_or_said(folder, opened):
    """Nothing, everything and nonsense, in one run."""
    texts = iter(["", "x" * 100_000, "\x00\x1b[31m", "赤いコートが好き [1]。", "[99] [0]"] * 100)

    def change(record):
        record["rationale"]["text"] = next(texts)
        for reason in record["rationale"]["reasons"][:2]:
            reason["evidence"]["history"] = [10**9]
            reason["wants"] = [["colour", "no such colour"]]
        return record

    rewritten(folder, change)
    card = write(read_run(folder, None, None, opened), SMALL)
    assert card.score("claim_precision").value < 1 and card.score("text_agreement").value < 0.2
    assert card.attested is not None and card.attested.failures == {}


def test_what_is_not_the_run_is_refused(folder, opened, tmp_path):
    def refused(why):
        with pytest.raises(RadError, match=why):
            read_run(folder, None, None, opened)

    with open(folder / "predictions.jsonl", "a") as file:
        file.write("{}\n")
    refused("not the file that result.json was computed from")
    rewritten(folder, lambda record: record or {"query_id": "nobody", "ranking": []})
    refused("query 'nobody', which was not asked")
    (folder / "predictions.jsonl").unlink()
    refused("must lie beside result.json")
    path = folder / "explanation.json"
    for content, why in (("{", "not a JSON file"), ("[]", "schema_version None"), ('{"schema_version": 1}', "run_id")):
        path.write_text(content)
        with pytest.raises(RadError, match=why):
            read_explanation(folder)


# --- judges ---


def test_what_a_campaign_said(folder, opened, tmp_path):
    found = read_run(folder, None, None, opened)
    drafts = [p.rationale for p in found.predictions[:6]]
    campaign = tmp_path / "campaign"
    campaign.mkdir()
    other = dataclasses.replace(drafts[5], text="Other words under the same id.")
    write_jsonl(campaign / "drafts.jsonl", [*drafts[:5], other])
    people = ("r-00000001", "r-00000002")
    said = [
        Judgement(r.rationale_id, who, question, str(1 + (k + j) % 5), "1")
        for k, r in enumerate(drafts)
        for j, who in enumerate(people)
        for question in ("plausibility", "trust")
    ]
    fake = [Judgement(drafts[0].rationale_id, "simulated-1", "trust", "5", "1")]
    write_jsonl(campaign / "judgements.jsonl", [*said, *fake])
    answers = ["5", "invalid", "abstained", "2", "1"]
    write_jsonl(
        campaign / "judge-m.jsonl",
        [Judgement(r.rationale_id, "judge:m", "trust", a, "1") for r, a in zip(drafts, answers, strict=False)],
    )
    card = write(found, Request(ask=None, campaign=campaign, samples=20))
    trust = card.score("trust", "people")
    assert trust.n == 5 and trust.basis == "attested", "the sixth was judged in other words"
    assert trust.value == pytest.approx(np.mean([1.5, 2.5, 3.5, 4.5, 3.0])), "simulated reviewers never count"
    assert card.score("trust", "judge:m").value == pytest.approx((5 + 2 + 1) / 3)
    by = {(j.by, j.question): j for j in card.judged}
    assert by["people", "trust"].ceiling["value"] is not None
    judge = by["judge:m", "trust"]
    assert (judge.n, judge.invalid, judge.abstained) == (5, 1, 1) and "weighted_kappa" in judge.agreement
    write_jsonl(campaign / "drafts.jsonl", [other])
    card = write(found, Request(ask=None, campaign=campaign, samples=20))
    assert card.judged == [] and "none of its drafts is a rationale of this run" in card.notes[0]


GOOD = canonical({"thoughts": "", "plausibility": 4, "trust": 2, "errors": [], "verdict": "accept"})


def test_a_judge_that_is_asked(folder, opened, fake_endpoint):
    found = read_run(folder, None, None, opened)
    fake_endpoint.answer = say(GOOD)
    fake_endpoint.script = [
        say("I am a teapot"),
        fail(400, "maximum context length"),
        say('{"plausibility": 99, "trust": "yes"}'),
    ]
    card = write(found, Request(ask=None, endpoint=Endpoint(fake_endpoint.url, "a/fake model", 6), samples=20))
    score = card.score("plausibility", "judge:a-fake-model")
    assert score.value == 4 and score.n == 3 and card.score("trust", "judge:a-fake-model").value == 2
    [judge] = [j for j in card.judged if j.question == "trust"]
    assert (judge.n, judge.invalid, judge.unanswered) == (5, 2, 1)


def test_a_judge_that_answers_nonsense_gives_no_score(folder, opened, fake_endpoint):
    found = read_run(folder, None, None, opened)
    fake_endpoint.answer = say("lovely! 5/5")
    card = write(found, Request(ask=None, endpoint=Endpoint(fake_endpoint.url, "fake", 4), samples=20))
    assert all(s.metric not in ("plausibility", "trust") for s in card.scores)
    assert {j.invalid for j in card.judged} == {4} and "judge:fake: no valid answer, so no score" in card.notes


def test_an_endpoint_that_is_not_there_is_said(folder, opened):
    found = read_run(folder, None, None, opened)
    card = write(found, Request(ask=None, endpoint=Endpoint("http://127.0.0.1:9/v1", "fake", 4), samples=20))
    assert card.score("reader_gain@10") and card.judged == []
    assert any("judge:fake: stopped after 0 rationales" in note and "no connection" in note for note in card.notes)


def test_names_of_judges_are_no_emoji(capsys):
    note = "judge:x: no valid answer, so no score"
    show(["a"], [Explanation(run_id="a", n=0, n_rationales=0, scores=[], notes=[note], provenance={})], {})
    assert note in capsys.readouterr().out


def test_the_file_of_a_result_stands_for_its_folder(folder, opened):
    assert read_run(folder / "result.json", None, None, opened).folder == folder


def test_predictions_of_nobody_are_no_crash(opened):
    [data] = opened.values()
    found = explain.Run(None, None, data, data.examples["test"], [Prediction("q", ())])
    assert found.told == []


def test_scorecards_are_a_table_of_the_results_page(folder, opened, tmp_path):
    """A row a metric, a column a run; a scorecard of another run is refused."""
    assert table.explained([]) == "No scorecards yet."
    card = write(read_run(folder, None, None, opened), SMALL)
    said = table.explained([folder])
    label = read_result(folder).label
    assert f"**{DOMAIN}**" in said and f"| family | metric | better | {label} |" in said
    swap = card.score("swap")
    assert f"| faithfulness | swap | higher | {swap.value:.3f} [{swap.ci_low:.3f}, {swap.ci_high:.3f}] |" in said
    assert "| faithfulness | swap, target masked | higher |" in said and "| grounding | claim_precision |" in said
    path = folder / "explanation.json"
    path.write_text(path.read_text().replace(card.run_id, "00000000"))
    with pytest.raises(RadError, match=r"explanation\.json is of run 00000000, result\.json of "):
        table.explained([folder])


def test_scores_of_a_model_that_was_asked_are_not_dropped_in_passing(folder, opened, monkeypatch):
    write(read_run(folder, None, None, opened), SMALL)
    before = (folder / "explanation.json").read_bytes()
    monkeypatch.setattr("sys.argv", ["explain", str(folder), "--no-model"])
    with pytest.raises(RadError, match="which --no-model would drop"):
        explain.main()
    assert (folder / "explanation.json").read_bytes() == before
