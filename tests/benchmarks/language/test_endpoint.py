"""A model behind an endpoint: what can be read counts, the rest is empty and counted; prompts are as in training."""

from __future__ import annotations

import json

import pytest

from benchmarks import run, train
from benchmarks.harness.results import read_result
from benchmarks.language import bases
from benchmarks.language.tokens import Case
from benchmarks.models.rationale_first.author.author import NEW, PRETRAINED, EndpointAuthor, LanguageModel, course_of
from benchmarks.models.rationale_first.model import Model
from rad.rationales import prompt
from rad.rationales.facts import Facts
from rad.runtime.files import read_jsonl
from tests.support import serving as server
from tests.support.fake_endpoint import refusal, say


@pytest.fixture
def case(toy):
    facts = Facts.of(toy.examples["train"], toy.items)
    query = max((e.query for e in toy.examples["train"]), key=lambda q: len(facts.about(q, 3)))
    about = facts.about(query, 3)
    return Case(query, about, [90 - k for k in range(len(about))])


def written(fake_endpoint, toy, case, answer, base="fake"):
    fake_endpoint.answer = answer
    author = EndpointAuthor(fake_endpoint.url, str(base), toy.items, 8, 0.0)
    (one,) = author.write([case])
    return one, author.counts


def test_an_answer_is_read_and_its_tokens_are_counted(fake_endpoint, toy, case):
    text = prompt.answer(case.facts, [(case.facts[0], 64)], rest=32)
    one, counts = written(fake_endpoint, toy, case, say(text, usage=(100, 23)))
    assert one.pairs == [(case.facts[0], 64)] and one.rest == 32 and one.readable
    assert (counts.answers, counts.unread, counts.tokens) == (1, 0, 23) and counts.seconds > 0


@pytest.mark.parametrize("answer", [say("I would buy shoes."), say(""), refusal("no")])
def test_what_cannot_be_read_says_nothing_and_is_counted(fake_endpoint, toy, case, answer):
    one, counts = written(fake_endpoint, toy, case, answer)
    assert one.pairs == [] and not one.readable and counts.unread == 1
    assert "1 could not be read" in counts.spoken()


def test_a_checkpoint_is_asked_as_it_was_trained(fake_endpoint, toy, case, tmp_path):
    shown = {"form": "words", "window": NEW.window, "item_chars": NEW.item_chars}
    (tmp_path / bases.NOTES).write_text(json.dumps(shown))
    assert (course_of(str(tmp_path)).window, course_of("fake")) == (NEW.window, PRETRAINED)
    assert LanguageModel(str(tmp_path), toy.items, 8, 3, 0.0, 0).form == "words"
    for base, cited in ((tmp_path, False), ("fake", True)):
        course = course_of(str(base))
        expected = prompt.messages(
            case.query, toy.items, case.facts, course.window, course.item_chars, cited, case.hints
        )
        written(fake_endpoint, toy, case, say("?"), base)
        assert fake_endpoint.requests[-1]["messages"] == expected


def test_a_run_behind_an_endpoint_is_another_run():
    here, there = (
        Model.Settings(reasoner="language", base="x", base_url=url) for url in (None, "http://127.0.0.1:1/v1")
    )
    assert Model(here).card != Model(there).card
    assert "127.0.0.1" not in Model(there).card.model_dump_json()


@pytest.mark.slow
@pytest.mark.skipif(not server.PYTHON, reason=server.WITHOUT)
def test_a_checkpoint_is_served(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "hub").mkdir()
    model, domain = tmp_path / "words", "world:users=60,items=200"
    few = ["epochs=1", "facts=6"]
    train.main(["sft", "--form", "words", "--domain", domain, "--lessons", "60", "--out", str(model), "--set", *few])
    code = "from transformers.cli.transformers import main; main()"
    argv = [server.PYTHON, "-c", code, "serve", model, "--host", "127.0.0.1", "--device", "cpu", "--port"]
    environment = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path / "hub")}
    with server.serving(lambda port: [*argv, port], tmp_path, **environment) as url:
        settings = ["reasoner=language", f"base={model}", f"base_url={url}", "reasons=8", *few]
        options = ["--domain", domain, "--limit", "4", "--out", str(tmp_path / "out"), "--set", *settings]
        run.main(["--model", "rationale_first", *options])
    (path,) = (tmp_path / "out").glob("rationale_first.reasoner=language*/*/result.json")
    result, predictions = read_result(path), [p for _, p in read_jsonl(path.with_name("predictions.jsonl"))]
    assert result.task.n_failed == 0 and result.cost.tokens_per_query > 1
    assert all(len(p["ranking"]) == 100 and "rationale" in p for p in predictions)
    assert "4 answers" in capsys.readouterr().err
