"""From a run to a plan, and from answers to what the registered analysis says, by the commands."""

import json
from collections import Counter

import numpy as np
import pytest

from annotation.__main__ import main
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks
from annotation.study import design, registration
from annotation.study.arms import ARMS
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Judgement
from tests.annotation.study.conftest import WORLD

FEW = ["--domain", WORLD, "--queries", "10", "--pages", "5", "--gain", "0.5", "--least", "0.45", "--studies", "20"]


@pytest.fixture(scope="module")
def planned(run, tmp_path_factory):
    campaign = Campaign(tmp_path_factory.mktemp("campaigns") / "trust")
    assert main(["study", "plan", str(campaign.path), "--run", str(run), *FEW]) == 0
    return campaign


def refused(*words):
    with pytest.raises(RadError) as error:
        main([str(word) for word in words])
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_plan_is_balanced_blinded_and_registered(planned):
    plan, shown = design.read(planned), design.texts(planned)
    assert plan.lists == 10 and plan.participants % 10 == 0
    queries = [query for block in plan.blocks for query in block]
    assert Counter(arm for _, arm in shown) == dict.fromkeys(ARMS, 10) and {q for q, _ in shown} == {*queries}
    checking = list(checks.read(planned).values())
    assert len(checking) == 3 and all(check.expected["trust"][0] in check.text for check in checking)
    users = {e.query.query_id: e.query.user_id for e in open_dataset(WORLD).examples["train"]}
    assert len({users[query] for query in (*queries, *(check.query_id for check in checking))}) == 13, "no user twice"
    assert {len(ranking) for ranking in plan.rankings.values()} == {5} and len(plan.rankings) == 13
    page = planned.file(registration.FILE).read_text()
    for words in (f"**{plan.participants} participants**", "H3: rationale has more trust than citations", "Holm"):
        assert words in page
    assert "{" not in page and "Latin" in page and "Version 2." in planned.file("guidelines.md").read_text()
    assert "rationale" not in planned.file("guidelines.md").read_text() + planned.file("consent.md").read_text()


def test_an_explanation_is_shown_a_sentence_a_line(planned):
    pages = pytest.importorskip("annotation.study.pages", reason="needs the extra 'annotate'")
    written = [one.text for one in design.texts(planned).values() if one.text]
    for explanation in written:
        lines = pages.a_sentence_a_line(explanation).splitlines()
        assert " ".join(lines) == explanation and all(line.endswith(".") for line in lines)
    assert any("\n" in pages.a_sentence_a_line(explanation) for explanation in written)
    check = next(iter(checks.read(planned).values())).text
    assert pages.a_sentence_a_line(check) == check, "what is no fact stays as it is"


def test_what_is_planned_stays(planned, run):
    assert "begin another folder" in refused("study", "plan", planned.path, "--run", run, *FEW)
    assert "study push" in refused("push", planned.path, "--reviewers", "anna")
    assert "serve it" in refused("export", planned.path, "--format", "potato")


def test_the_analysis_runs_before_any_answer(planned, capsys):
    assert main(["study", "simulate", str(planned.path), "--studies", "40"]) == 0
    printed = capsys.readouterr().out
    assert "Planted effects" in printed and "No effects" in printed and "any of them" in printed
    assert "no such file" in refused("study", "analyse", planned.path)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--queries", "12"], "--pages must be a multiple of 5"),
        (["--queries", "4000", "--pages", "5"], "can be explained in all arms"),
        (["--least", "0.3"], "--gain must be at most 1, and --least above 0 and no more"),
        (["--studies", "0"], "at least 1"),
        (["--domain", "world:users=80,items=200"], "--domain names the run's data"),
    ],
)
def test_plans_that_cannot_be(run, tmp_path, flags, message):
    words = ["study", "plan", tmp_path / "c", "--run", run, "--domain", WORLD, *flags]
    assert message in refused(*words) and not (tmp_path / "c").exists(), "nothing is begun"


def test_a_run_without_predictions_or_in_other_words(run, tmp_path):
    assert "no such file; stored results have none" in refused("study", "plan", tmp_path / "c", "--run", tmp_path)
    record = json.loads((run / "predictions.jsonl").read_text().splitlines()[0])
    record["rationale"]["text"] = "They like red."
    (tmp_path / "p.jsonl").write_text(json.dumps(record) + "\n")
    message = refused("study", "plan", tmp_path / "c", "--run", tmp_path / "p.jsonl", "--domain", WORLD)
    assert "p.jsonl:1" in message and "one form in all arms" in message


def answer(campaign, gains, people=20, seed=0, careless=0, simulated=True):
    """Write what ``pull`` would write of people with planted gains; the first ``careless`` miss all checks."""
    plan, shown, rng = design.read(campaign), design.texts(campaign), np.random.default_rng(seed)
    pages, of_checks = [], []
    for k in range(people):
        who = f"simulated-{k}" if simulated else f"r-{k:08x}"
        for query, arm in plan.pages(k % plan.lists):
            trust = str(1 + rng.binomial(4, (3 * (1 + gains[arm]) - 1) / 4))
            pages.append(Judgement(shown[query, arm].rationale_id, who, "trust", trust, "1", 20.0))
        for key, check in checks.read(campaign).items():
            trust = "3" if k < careless else check.expected["trust"][0]
            of_checks.append(Judgement(key, who, "trust", trust, "1", 20.0))
    judgements.write(campaign, pages)
    checks.write_answers(campaign, of_checks)


def test_answers_are_analysed_as_registered(planned, capsys):
    gains = {"alone": 0.0, "rationale": 0.6, "another": 0.0, "citations": 0.0, "afterwards": 0.0}
    answer(planned, gains, people=80, careless=4)
    assert main(["study", "analyse", str(planned.path)]) == 0
    printed, out = capsys.readouterr().out, json.loads(planned.file("trust.json").read_text())
    assert "SIMULATED" in printed and "4 by checks" in printed and "supported" in printed
    assert out["excluded"] == {"checks": 4, "unfinished": 0, "hasty": 0} and out["group"] == "simulated"
    assert all(one["holds"] for one in out["hypotheses"]) and out["claim"] == {"gain": 0.5, "supported": True}
    assert out["gains"]["rationale"]["low"] < 0.6 < out["gains"]["rationale"]["high"]
    answer(planned, dict.fromkeys(ARMS, 0.0), people=40)
    main(["study", "analyse", str(planned.path)])
    out = json.loads(planned.file("trust.json").read_text())
    assert not any(one["holds"] for one in out["hypotheses"]) and not out["claim"]["supported"]


def test_the_registered_rule_leaves_out_who_stops_and_who_hurries(planned, capsys):
    answer(planned, dict.fromkeys(ARMS, 0.0), people=30, simulated=False)
    read = judgements.read(planned)
    stops, hurries = "r-00000003", "r-00000005"
    finished = [one for k, one in enumerate(read) if one.annotator != stops or k % 5 < 2]
    fast = [
        Judgement(j.rationale_id, j.annotator, "trust", j.answer, "1", 2.0) for j in finished if j.annotator == hurries
    ]
    judgements.write(planned, [one for one in finished if one.annotator != hurries] + fast)
    main(["study", "analyse", str(planned.path)])
    assert "left out: 0 by checks, 1 unfinished, 1 in haste" in capsys.readouterr().out
    assert len(drafts.read(planned)) == 50
