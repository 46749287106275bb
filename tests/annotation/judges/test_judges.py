"""``annotation judge``: what the judges say, what is counted, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from annotation.judges import evidence, llm
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.llm.answer import Answer, Problem
from rad.rationales import files
from rad.rationales.text import rationale
from rad.types import Evidence, Reason
from tests.annotation.agreement.test_measure import run
from tests.support.fake_endpoint import fail, say

pytestmark = pytest.mark.xdist_group("judges")  # a model is fitted once, by one worker
WORLD = "world:users=100,items=200,seed=5"
FORM = {"thoughts": "fine", "plausibility": 4, "trust": 2, "errors": ["generic"], "verdict": "accept"}


@pytest.fixture(scope="module")
def world():
    return open_dataset(WORLD)


@pytest.fixture(scope="module")
def judge(world):
    return evidence.Judge(world)


def drafted(judge, world, example):
    """What the evidence drafter writes for an example's target."""
    reasons = judge.model.explain(example.query, world.items[next(iter(example.relevant))])
    return rationale(example.query, reasons, "evidence", "evidence", "1")


@pytest.fixture(scope="module")
def cases(world, judge):
    examples = [e for e in world.examples["train"]][:30]
    return [(drafted(judge, world, e), e) for e in examples]


@pytest.fixture
def folder(tmp_path, cases, world):
    path = tmp_path / "c"
    path.mkdir()
    (path / "campaign.json").write_text(json.dumps(SETTINGS | {"data_sha256": world.sha256}))
    files.write(path / "drafts.jsonl", [draft for draft, _ in cases])
    return path


SETTINGS = {
    "name": "c",
    "domain": WORLD,
    "drafter": "evidence",
    "drafter_version": "1",
    "guideline_version": "7",
    "created": "2026-01-01T00:00:00Z",
}


def written(folder, name):
    lines = (folder / f"judge-{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines], json.loads((folder / f"judge-{name}.json").read_text())


def test_what_a_draft_says_against_its_item_counts_against_it(world, judge, cases):
    draft, example = cases[5]
    attribute, value = next(
        (a, v) for a, values in world.items[next(iter(example.relevant))].attributes.items() for v in values
    )
    contrary = Reason(Evidence((0,), "constraint"), avoids=((attribute, value),), weight=1.0)
    wanted = replace(contrary, avoids=(), wants=contrary.avoids)
    low, high = judge.gains([(replace(draft, reasons=(r,)), example) for r in (contrary, wanted)])
    assert low < -10 and high > 0


def test_evidence_spreads_its_own_drafts_over_the_scale_and_finds_bad_ones(judge, cases):
    levels = [int(answer["plausibility"]) for answer in judge.judge(cases) if answer["plausibility"] != "abstained"]
    assert min(levels) == 1 and max(levels) == 5
    others = [(cases[k - 7][0], e) for k, (_, e) in enumerate(cases)]  # the reasons of another purchase
    swapped = [int(answer["plausibility"]) for answer in judge.judge(others) if answer["plausibility"] != "abstained"]
    assert np.mean(swapped) < np.mean(levels) - 0.5
    empty = replace(cases[0][0], reasons=(), verdict="unexplained")
    assert list(judge.judge([(empty, cases[0][1])])) == [{"plausibility": "abstained"}]


def test_evidence_knows_explained_choices_from_unexplained_ones(world, judge):
    """The built-in world knows which choices have a reason. The judge, which is not told, ranks these higher."""
    train = [e for e in world.examples["train"] if e.rationale is not None]
    gains = judge.gains([(drafted(judge, world, e), e) for e in train])
    supported = np.array([e.rationale.verdict == "supported" for e in train])
    higher = np.mean(gains[supported][:, None] > gains[~supported])  # the area under the ROC curve
    assert len(train) > 400 and higher > 0.65


def test_the_evidence_command(folder, capsys, judge, cases):
    assert run("judge", folder) == 0
    judgements, record = written(folder, "evidence")
    assert len(judgements) == 30 and {one["annotator"] for one in judgements} == {"judge:evidence"}
    assert record["answers"]["plausibility"]["answers"] == 30 and len(record["quintiles_bits"]) == 4
    assert "30" in capsys.readouterr().out
    assert record["quintiles_bits"] == list(judge.quintiles), "another fit gives the same"
    assert [one["answer"] for one in judgements] == [answer["plausibility"] for answer in judge.judge(cases)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(FORM), ["4", "2", "accept", '["generic"]']),
        (json.dumps(FORM | {"plausibility": None, "trust": 9}), ["abstained", "invalid", "accept", '["generic"]']),
        (json.dumps(FORM | {"plausibility": True, "errors": ["typo"]}), ["invalid", "2", "accept", "invalid"]),
        (
            json.dumps(FORM | {"errors": ["language", "generic", "generic"]}),
            ["4", "2", "accept", '["generic","language"]'],
        ),
        (json.dumps(FORM | {"errors": [], "verdict": {"a": 1}}), ["4", "2", "invalid", "[]"]),
    ],
)
def test_each_question_is_read_by_itself(text, expected):
    answers = llm.read(Answer(text, value=json.loads(text)))
    assert [answers[q] for q in ("plausibility", "trust", "verdict", "errors")] == expected


def test_an_answer_of_no_use_is_invalid_throughout():
    problem = Problem("refused", "I cannot judge people.")
    assert set(llm.read(Answer("", problem=problem)).values()) == {"invalid"}


def test_the_llm_command_asks_what_reviewers_see_and_pays_once(folder, fake_endpoint, capsys, monkeypatch, cases):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.script = [
        say("no JSON"),
        fail(400, "flagged by the content filter"),
        say(json.dumps(FORM | {"trust": None})),
    ]
    fake_endpoint.answer = say(json.dumps(FORM))
    command = ("judge", folder, "--judge", "llm", "--base-url", fake_endpoint.url, "--model", "some/model-1")
    command += ("--set", "concurrency=1", "price_in=1", "price_out=2", "temperature=null")
    assert run(*command) == 0
    judgements, record = written(folder, "model-1")
    assert record["answers"]["trust"] == {"answers": 29, "abstained": 1, "invalid": 1}
    assert (
        sum(record["unanswered"].values()) == 1
        and record["problems"] == {"unreadable": 1}
        and record["usage"]["cost"] > 0
    )
    assert {one["guideline_version"] for one in judgements} == {"7"}
    prompt = fake_endpoint.requests[0]["messages"][1]["content"]
    draft, example = cases[0]
    assert draft.text in prompt and "# Reviewing rationales" in prompt and "$" not in prompt
    assert example.query.history[0].item_id not in prompt and draft.rationale_id not in prompt
    printed = capsys.readouterr().out
    assert "1 drafts without an answer" in printed
    n = len(fake_endpoint.requests)
    run(*command)
    assert len(fake_endpoint.requests) == n + 2, "what had no answer, and what was no JSON"
    assert written(folder, "model-1")[1]["answers"]["trust"]["answers"] == 30
    assert "temperature" not in fake_endpoint.requests[0]
    run(*command, "--again")
    assert len(fake_endpoint.requests) == n + 2 + 30
    everything = "".join(path.read_text() for path in folder.iterdir()) + printed
    assert "sk-secret" not in everything


def test_a_judge_that_answers_nothing_fails_and_leaves_what_was_there(folder, fake_endpoint):
    (folder / "judge-m.json").write_text("before")
    fake_endpoint.answer = fail(400, "maximum context length is 9")
    write = ("judge", folder, "--judge", "llm", "--base-url", fake_endpoint.url, "--model", "m")
    lines = (folder / "drafts.jsonl").read_text().splitlines(keepends=True)
    (folder / "drafts.jsonl").write_text("".join(lines[:5]))
    with pytest.raises(RadError, match=r"nothing was answered \(.*longer than the model's context.*\)"):
        run(*write)
    assert (folder / "judge-m.json").read_text() == "before"
    with pytest.raises(RadError, match="unknown setting 'colour'"):
        run(*write, "--set", "colour=red")


def test_what_cannot_be_judged_is_one_line(folder, tmp_path):
    with pytest.raises(RadError, match="needs --base-url and --model"):
        run("judge", folder, "--judge", "llm")
    with pytest.raises(RadError, match="--name may hold"):
        run("judge", folder, "--name", "../x")
    strange = [replace(rationale, query_id="nobody-3") for _, rationale in files.read(folder / "drafts.jsonl")]
    files.write(folder / "drafts.jsonl", strange)
    with pytest.raises(RadError, match=r"drafts.jsonl:1: world:.* has no query nobody-3"):
        run("judge", folder)
    files.write(folder / "drafts.jsonl", [])
    with pytest.raises(RadError, match="no draft to judge"):
        run("judge", folder)
    (folder / "campaign.json").unlink()
    with pytest.raises(RadError, match="campaign"):
        run("judge", folder)
