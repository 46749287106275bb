"""The drafter ``llm``: failures of the endpoint, commands that are killed, secrets and settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from annotation.__main__ import main
from annotation.drafters import llm
from rad.errors import RadError
from rad.llm.failures import OVERFLOW
from rad.rationales import files
from rad.runtime import records
from rad.runtime.files import canonical, read_jsonl
from rad.types import PairExplanation
from tests.support.fake_endpoint import CUT, draft, drafting, fail, say, slowly
from tests.support.llm_drafts import texts

# --- faults of the endpoint ---


@pytest.mark.parametrize(
    "answer",
    [
        fail(429, Retry_After="0.01"),
        fail(500),
        slowly(1.0),
        CUT,
        (200, b'{"choices": [', {"Content-Length": "4000"}),
    ],
    ids=["429", "500", "timeout", "cut", "half"],
)
def test_what_passes_is_tried_again_and_makes_no_redraft(new_drafter, fake_endpoint, example, answer):
    fake_endpoint.script = [answer]
    (outcome,) = new_drafter(retries=2, timeout=0.4).drafts([example])
    assert outcome.rationale and outcome.tried == () and len(fake_endpoint.requests) == 2
    assert texts(fake_endpoint)[0] == texts(fake_endpoint)[1]


@pytest.mark.parametrize(
    "answer, detail",
    [
        (fail(500), "the endpoint answered with status 500 (no)"),
        (slowly(1.0), "no answer within 0.4 s"),
        (CUT, "the connection was cut"),
        ((200, b'{"choices": [', {"Content-Length": "4000"}), "the connection was cut"),
        ((200, b"<html>", {"Content-Type": "text/html"}), "the endpoint sent what is not a chat completion (<html>)"),
        (fail(400, "maximum context length is 9"), f"{OVERFLOW}: {llm.SHORTER} (maximum context length is 9)"),
    ],
    ids=["500", "timeout", "cut", "half", "html", "long"],
)
def test_an_example_without_an_answer_is_rejected_and_asked_again_by_the_next_run(
    new_drafter, fake_endpoint, toy, answer, detail
):
    examples = toy.examples["validation"][:3]
    fake_endpoint.script = [drafting, answer]
    drafter = new_drafter(timeout=0.4)
    one, two, three = drafter.drafts(examples)
    assert one.rationale and three.rationale and two.rationale is None
    assert [(f.rule, f.detail) for f in two.violations] == [("unanswered", detail)] and len(two.tried) == 1
    assert drafter.summary.record()["rejected_by"] == {"unanswered": 1}
    before = len(fake_endpoint.requests)
    again = new_drafter(timeout=5)
    assert all(d.rationale for d in again.drafts(examples)) and len(fake_endpoint.requests) == before + 1
    assert again.summary.usage.from_cache == 2


@pytest.mark.parametrize(
    "answer, message",
    [
        (fail(401, "bad key sk-secret"), r"the key was refused \(401\): set RAD_API_KEY or OPENAI_API_KEY"),
        (fail(404, "no such model"), "no model 'fake', or no such path"),
    ],
)
def test_what_would_befall_every_draft_ends_the_run_in_one_line(
    new_drafter, fake_endpoint, toy, monkeypatch, answer, message
):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    drafter = new_drafter(concurrency=2)
    fake_endpoint.answer = answer
    with pytest.raises(RadError, match=message) as error:
        list(drafter.drafts(toy.examples["validation"]))
    assert "\n" not in str(error.value) and "sk-" not in str(error.value)


def test_an_endpoint_that_goes_away_ends_the_run_and_what_was_drafted_is_kept(new_drafter, fake_endpoint, toy):
    drafter = new_drafter(timeout=2)
    stream = drafter.drafts(toy.examples["validation"])
    fake_endpoint.script = [drafting]
    fake_endpoint.answer = lambda _: (fake_endpoint.close(), CUT)[1]
    assert next(stream).rationale
    assert next(stream).violations[0].detail == "the connection was cut"
    with pytest.raises(RadError, match=r"no connection \(.*refused\); is the server running\?"):
        list(stream)


# --- kill, resume, secrets ---

WORLD = "world:seed=3,users=40,items=200"


def command(url, folder, *more):
    flags = ["--drafter", "llm", "--base-url", url, "--model", "fake"]
    return ["draft", str(folder), "--domain", WORLD, *flags, *more]


def test_a_killed_command_goes_on_and_pays_nothing_twice(fake_endpoint, tmp_path):
    """Redrafts and contrasts included: the first draft of each example is refused."""
    go = threading.Event()

    def refused_first(request):
        prompt = request["messages"][-1]["content"]
        if "An item:" in prompt or "It was refused" in prompt:
            return drafting(request)
        return say(json.dumps(draft("?")))

    def held(request):  # from the 13th request on, nothing is answered until the kill
        if len(fake_endpoint.requests) > 12:
            go.wait(60)
        return refused_first(request)

    fake_endpoint.answer = held
    more = ["--limit", "15", "--set", "concurrency=2", "contrasts"]
    argv = [sys.executable, "-m", "annotation", *command(fake_endpoint.url, tmp_path / "c", *more)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, env=os.environ) as process:
        deadline = time.monotonic() + 120
        while len(fake_endpoint.requests) < 14:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    go.set()
    fake_endpoint.answer = refused_first
    paid = {canonical(r) for r in fake_endpoint.requests[:12]}
    before = len(fake_endpoint.requests)
    subprocess.run(argv, check=True, capture_output=True)
    again = [canonical(r) for r in fake_endpoint.requests[before:]]
    assert len(paid) == 12 and not paid & set(again) and len(again) == len(set(again)) == 45 - 12
    drafts = [r for _, r in files.read(tmp_path / "c" / "drafts.jsonl")]
    pairs = [pair.query_id for _, pair in records.read(tmp_path / "c" / "contrasts.jsonl", PairExplanation)]
    assert len({r.query_id for r in drafts}) == len(drafts) == 15 and len(pairs) == 45
    assert sorted(pairs) == sorted(3 * [r.query_id for r in drafts])
    assert main(argv[3:]) == 0
    assert len(fake_endpoint.requests) == before + 45 - 12


def rejections(folder):
    return [line["faults"] for _, line in read_jsonl(folder / "rejected.jsonl")]


def test_the_command_asks_again_for_what_was_unanswered_and_tells_what_it_took(
    fake_endpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.script = [drafting, CUT, *[say(f"no {k}") for k in range(3)], drafting, fail(500, "out of sk-secret")]
    fake_endpoint.answer = drafting
    more = ["--limit", "6", "--set", "concurrency=1", "retries=0", "temperature=null", "price_in=1", "price_out=4"]
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "2 got no answer: " in output and "the same command asks again" in output and "sk-" not in output
    assert "3 (for unanswered 2, unreadable 1)" in output and "6 answers (0 from the cache)" in output
    assert "temperature" not in fake_endpoint.requests[0]
    assert rejections(tmp_path / "c") == [
        [{"rule": "unanswered", "detail": "the connection was cut"}],
        [{"rule": "unreadable", "detail": "no JSON object in the answer"}],
        [{"rule": "unanswered", "detail": "the endpoint answered with status 500 (out of ***)"}],
    ]
    before = len(fake_endpoint.requests)
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    assert len(fake_endpoint.requests) == before + 2, "one question a draft"
    assert rejections(tmp_path / "c") == [[{"rule": "unreadable", "detail": "no JSON object in the answer"}]]
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 5
    first, second = (record for _, record in read_jsonl(tmp_path / "c" / "drafting.jsonl"))
    assert (first["summary"]["accepted"], second["summary"]["accepted"]) == (3, 2)
    assert first["summary"]["usage"]["cost"] == pytest.approx(6 * (11 + 4 * 7) / 1e6)
    assert (first["settings"]["base_url"], first["settings"]["schema"]) == (fake_endpoint.url, "json_schema")
    assert first["settings"]["model"] == "fake" and first["seed"] == 0
    assert not any(b"sk-secret" in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_the_command_keeps_and_tells_what_was_done_before_the_endpoint_gave_up(fake_endpoint, tmp_path, capsys):
    fake_endpoint.script = [drafting] * 4
    fake_endpoint.answer = fail(429, "quota used up")
    with pytest.raises(RadError, match=r"rate limit or quota used up .*go on later"):
        main(command(fake_endpoint.url, tmp_path / "c", "--limit", "6", "--set", "concurrency=1", "retries=0"))
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 4
    assert "4 answers (0 from the cache)" in " ".join(capsys.readouterr().out.split())


def test_the_key_is_in_no_file_no_line_and_no_record(new_drafter, fake_endpoint, toy, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    drafter = new_drafter(contrasts=True)
    fake_endpoint.script = [say("no"), fail(400, "the key sk-secret is fine, this prompt is not")]
    outcomes = list(drafter.drafts(toy.examples["validation"]))
    assert set(fake_endpoint.keys) == {"Bearer sk-secret"}
    files.write(tmp_path / "drafts.jsonl", [d.rationale for d in outcomes if d.rationale])
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert len(written) > 1 and not any(b"sk-" in raw for raw in written), "the cache, and what is exported"
    words = canonical(drafter.summary.record()) + repr(drafter.settings) + repr(outcomes) + "".join(capsys.readouterr())
    assert "sk-" not in words and "sk-" not in json.dumps(fake_endpoint.requests)


# --- what is of no use, and asking again ---


@pytest.mark.parametrize("answer", [say(""), say("{}", "length"), fail(500, "no json_schema, no json_object, nothing")])
def test_a_run_in_which_nothing_was_answered_fails_and_keeps_the_words(fake_endpoint, tmp_path, answer):
    fake_endpoint.answer = answer
    argv = command(fake_endpoint.url, tmp_path / "c", "--limit", "5", "--set", "retries=5", "redrafts=0")
    with pytest.raises(
        RadError, match=r"^the endpoint answered nothing of use: .*rejected.jsonl has its words"
    ) as error:
        main(argv)
    assert "\n" not in str(error.value) and len(rejections(tmp_path / "c")) == 5
    if answer[0] == 500:
        assert "no json_schema, no json_object" in rejections(tmp_path / "c")[4][0]["detail"]
        assert len(fake_endpoint.requests) < 5 * 6, "no refusal of the schema is tried again"
    fake_endpoint.answer = drafting
    assert main([*argv, "--again", "failed"]) == 0
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 5 and rejections(tmp_path / "c") == []


def test_a_run_stops_where_the_first_20_drafts_cannot_be_read(fake_endpoint, tmp_path):
    fake_endpoint.answer = say("", "length")
    argv = command(fake_endpoint.url, tmp_path / "c", "--limit", "200", "--set", "redrafts=0", "concurrency=2")
    cause = (
        r"no answer to the first 20 drafts is of use \(cut 20\): a larger max_tokens leaves room for the answer; --a"
    )
    with pytest.raises(RadError, match=cause) as error:
        main(argv)
    assert "\n" not in str(error.value) and len(fake_endpoint.requests) <= 20 + 4 * 2
    assert len(rejections(tmp_path / "c")) == 20


def test_again_failed_asks_past_the_cache_and_again_all_for_everything(fake_endpoint, tmp_path):
    fake_endpoint.script, fake_endpoint.answer = [say(json.dumps(draft("?")))], drafting
    argv = command(fake_endpoint.url, tmp_path / "c", "--limit", "3", "--set", "redrafts=0", "concurrency=1")
    assert main(argv) == 0 and len(rejections(tmp_path / "c")) == 1
    assert main(argv) == 0 and len(fake_endpoint.requests) == 3
    assert main([*argv, "--again", "failed"]) == 0 and len(fake_endpoint.requests) == 4
    assert rejections(tmp_path / "c") == [] and len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 3
    assert main([*argv, "--again", "all"]) == 0 and len(fake_endpoint.requests) == 7
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 3
    (tmp_path / "c" / "further.jsonl").write_text("")
    with pytest.raises(RadError, match="its drafts are with reviewers, so --again all needs another campaign"):
        main([*argv, "--again", "all"])


def test_contrasts_are_asked_for_on_demand_alone(fake_endpoint, tmp_path):
    fake_endpoint.answer = drafting
    assert main(command(fake_endpoint.url, tmp_path / "c", "--limit", "3")) == 0
    assert len(fake_endpoint.requests) == 3 and (tmp_path / "c" / "contrasts.jsonl").read_text() == ""
    assert main(command(fake_endpoint.url, tmp_path / "d", "--limit", "3", "--set", "contrasts=true")) == 0
    assert len(fake_endpoint.requests) == 6, "rationales come from the cache"


def test_a_model_that_chooses_the_same_each_time_is_warned_of(fake_endpoint, tmp_path, capsys):
    fake_endpoint.answer = drafting
    assert main(command(fake_endpoint.url, tmp_path / "c", "--limit", "12")) == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "drafts choose the same letters and strengths" in words
    ((_, record),) = read_jsonl(tmp_path / "c" / "drafting.jsonl")
    assert record["summary"]["alike"] >= 10


# --- settings ---


def test_the_help_lists_every_setting_with_its_meaning_and_default(capsys):
    with pytest.raises(SystemExit):
        main(["draft", "--help"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for name, field in llm.Drafter.Settings.model_fields.items():
        assert any(line.startswith(f"{field.alias or name}=") and line.endswith(field.description) for line in lines)
    for start in ("temperature=0.0 of", "timeout=120 s", "redrafts=2 t", "concurrency=8 r", "contrasts=false ask"):
        assert any(line.startswith(start) for line in lines)


def test_what_stands_for_the_endpoint_s_own_default_is_not_sent(new_drafter, fake_endpoint, example):
    list(new_drafter(temperature=None, max_tokens=None).drafts([example]))
    assert not {"temperature", "max_tokens", "seed"} & fake_endpoint.requests[0].keys()


def test_without_an_endpoint_it_says_so(toy):
    with pytest.raises(RadError, match=r"^the drafter 'llm' needs an endpoint: --base-url http://HOST:PORT/v1 --model"):
        llm.Drafter().fit((), toy.items)


@pytest.mark.parametrize("url", ["localhost:80", "https://me:secret@host/v1"])
def test_a_bad_url_is_refused_without_repeating_a_secret(url):
    with pytest.raises(ValueError) as error:
        llm.Drafter.Settings(base_url=url, model="m")
    assert "base_url" in str(error.value)


def test_the_rate_limit_is_that_of_the_settings(new_drafter):
    limit = new_drafter(requests_per_minute=120, tokens_per_minute=6000).endpoint._limit
    assert (limit._each, limit._token) == (0.5, 0.01)
