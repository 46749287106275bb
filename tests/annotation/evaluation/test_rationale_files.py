"""A file of rationales as drafter: what models wrote, mixed and blinded, and the same for each of them."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from annotation.__main__ import main
from annotation.campaign import drafts
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.campaign.release import release
from annotation.evaluation.rationale_files import read_sources
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.runtime.files import read_jsonl, write_jsonl
from rad.types import Judgement, Prediction, Rationale
from tests.annotation.campaign.test_folder import WORLD

N = 12  # queries that each model explains


def spoken(query, words):
    return Rationale(f"{query}-model-1", query, (), words, "unexplained", "model", "model", "1")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on test queries; the second lacks a rationale for the first query and names the target in the last."""
    folder, data = tmp_path_factory.mktemp("runs"), open_dataset(WORLD)
    examples = data.examples["test"][:N]
    for name, lacking in (("one", None), ("two", examples[0])):
        rows = []
        for example in examples:
            key, target = example.query.query_id, data.items[next(iter(example.relevant))]
            words = f"You will buy {target.title}." if name == "two" and example is examples[-1] else f"{name}: by [1]."
            rows.append(Prediction(key, (target.item_id,), None if example is lacking else spoken(key, words)))
        write_jsonl(folder / name / "predictions.jsonl", rows)
    return folder


def command(path, runs, *more):
    return [*("draft", str(path), "--domain", WORLD, "--drafter", "file"), *more]


def both(runs):
    return ["--file", f"one={runs / 'one'}", "--file", f"two={runs / 'two' / 'predictions.jsonl'}"]


def test_models_are_mixed_blinded_and_compared_on_the_same_queries(tmp_path, runs, capsys):
    path = tmp_path / "c"
    main(command(path, runs, *both(runs)))
    written = drafts.read(Campaign(path))
    by_model = {name: {d.query_id for d in written if d.drafter == name} for name in ("one", "two")}
    assert len(by_model["one"]) == N - 1 and by_model["one"] == by_model["two"]
    assert not any(d.drafter in d.rationale_id or d.query_id in d.rationale_id for d in written)
    order = [d.drafter for d in written]
    assert order not in (sorted(order), sorted(order, reverse=True)), "mixed"
    assert any("You will buy" in d.text for d in written), "people are to see what a model says, whatever it violates"
    assert "names_target 1" in " ".join(capsys.readouterr().out.split())
    (_, line), *_ = read_jsonl(path / "drafting.jsonl")
    assert line["files"]["two"]["violations"]["names_target"] == 1 and line["files"]["one"]["rationales"] == N


def test_a_higher_limit_adds_and_a_kill_loses_nothing(tmp_path, runs):
    complete, cut = tmp_path / "complete", tmp_path / "cut"
    main(command(complete, runs, *both(runs)))
    main(command(cut, runs, *both(runs), "--limit", "4"))
    before = drafts.read(Campaign(cut))
    assert len(before) == 8 and {d.query_id for d in before if d.drafter == "one"} == {d.query_id for d in before}
    file = cut / "drafts.jsonl"
    file.write_bytes(file.read_bytes()[:-30])
    main(command(cut, runs, *both(runs)))
    after = drafts.read(Campaign(cut))
    assert after[:7] == before[:7] and {d.rationale_id for d in after} == {
        d.rationale_id for d in drafts.read(Campaign(complete))
    }
    main(command(cut, runs, *both(runs)))
    assert drafts.read(Campaign(cut)) == after


def test_training_queries_are_checked(tmp_path):
    """They may be trained on. What has no text cannot be shown, whatever its query."""
    data = open_dataset(WORLD)
    (train, test), path = (data.examples[split][0].query.query_id for split in ("train", "test")), tmp_path / "r.jsonl"
    write_jsonl(path, [spoken(train, "They ended up with it."), spoken(test, " ")])
    main(command(tmp_path / "c", None, "--file", str(path)))
    assert drafts.read(Campaign(tmp_path / "c")) == []
    rules = {
        line["query_id"]: [v["rule"] for v in line["faults"]] for _, line in read_jsonl(tmp_path / "c/rejected.jsonl")
    }
    assert "hindsight" in rules[train] and rules[test] == ["text"]


def test_nothing_of_test_queries_is_given_as_data(tmp_path, runs):
    campaign = Campaign(tmp_path / "c")
    main(command(campaign.path, runs, *both(runs)))
    campaign.set_overlap(1)
    one = drafts.read(campaign)[0]
    answers = {"verdict": "accept", "edited": one.text}
    assert (
        release(campaign, [Judgement(one.rationale_id, "r-1", q, a, "2") for q, a in answers.items()])["accepted"] == 1
    )
    assert campaign.file("rationales.jsonl").read_text() == ""
    ((_, line),) = read_jsonl(campaign.file("provenance.jsonl"))
    assert line["state"] == "accepted" and line["drafter"] == one.drafter and "rationale_id" not in line


def test_one_rationale_of_a_training_query_is_given(tmp_path):
    data = open_dataset(WORLD)
    key = data.examples["train"][0].query.query_id
    source = tmp_path / "plain"
    main(["draft", str(source), "--domain", WORLD, "--limit", "3"])
    draft = drafts.read(Campaign(source))[0]
    for name in ("a", "b"):
        write_jsonl(tmp_path / f"{name}.jsonl", [replace(draft, drafter=name)])
    campaign = Campaign(tmp_path / "c")
    main(command(campaign.path, None, "--file", str(tmp_path / "a.jsonl"), "--file", str(tmp_path / "b.jsonl")))
    campaign.set_overlap(1)
    answers = [Judgement(d.rationale_id, "r-1", "verdict", "accept", "2") for d in drafts.read(campaign)]
    assert len(answers) == 2 and release(campaign, answers)["accepted"] == 2
    assert len(campaign.file("rationales.jsonl").read_text().splitlines()) == 1
    assert key in examples_by_id(open_data(campaign.settings))


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "needs --file"),
        (["--file", "x=nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["--file", "{one}", "--file", "{two}"], "another file is of 'model', too"),
        (["--file", "{strange}"], "query nobody-1 is not in world"),
        (["--file", "{twice}"], "twice.jsonl:2: query nobody-1 has a rationale already"),
        (["--file", "{empty}"], "empty.jsonl: has no rationale"),
    ],
)
def test_bad_files(tmp_path, runs, files, message):
    one = spoken("nobody-1", "by [1].")
    write_jsonl(tmp_path / "strange.jsonl", [one])
    write_jsonl(tmp_path / "twice.jsonl", [one, one])
    write_jsonl(tmp_path / "empty.jsonl", [Prediction("nobody-1", ("i",))])
    names = {name: tmp_path / f"{name}.jsonl" for name in ("strange", "twice", "empty")}
    names |= {name: runs / name for name in ("one", "two")}
    words = [word.format(**names) for word in files]
    with pytest.raises(RadError, match=message) as error:
        main(command(tmp_path / "c", runs, *words))
    assert "\n" not in str(error.value)


def test_runs_of_other_data_are_refused_even_where_ids_are_the_same(tmp_path, runs):
    folder = tmp_path / "run"
    shutil.copytree(runs / "one", folder)
    (folder / "result.json").write_text('{"dataset": {"sha256": "f00d"}}')
    with pytest.raises(RadError, match=r"the run is of data with sha256 f00d, .*: --domain names the run's data"):
        main(command(tmp_path / "c", runs, "--file", str(folder)))
    (folder / "result.json").write_text("{}")
    with pytest.raises(RadError, match="is no result of a run"):
        main(command(tmp_path / "c", runs, "--file", str(folder)))
    (folder / "predictions.jsonl").unlink()
    with pytest.raises(RadError, match=r"predictions.jsonl: no such file; stored results have none, so run the model"):
        main(command(tmp_path / "c", runs, "--file", str(folder)))


def test_paths_may_have_an_equals_sign(tmp_path, runs, monkeypatch):
    folder = tmp_path / "world_users=60"
    shutil.copytree(runs / "one", folder)
    monkeypatch.chdir(tmp_path)
    words = ["world_users=60", str(folder), f"./{folder.name}", "x=world_users=60", f"x={folder}/predictions.jsonl"]
    names = [source.name for word in words for source in read_sources([word])]
    assert names == ["model", "model", "model", "x", "x"]


def test_other_files_than_those_of_the_campaign(tmp_path, runs):
    main(command(tmp_path / "c", runs, "--file", f"one={runs / 'one'}"))
    with pytest.raises(RadError, match="begin another folder"):
        main(command(tmp_path / "c", runs, *both(runs)))
    with pytest.raises(RadError, match="needs --file"):
        main(["draft", str(tmp_path / "c")])
