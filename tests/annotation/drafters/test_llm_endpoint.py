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
from rad.rationales import files
from rad.runtime import records
from rad.runtime.files import canonical, read_jsonl
from rad.types import PairExplanation
from tests.support.fake_endpoint import CUT, drafting, fail, say, slowly
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
        (fail(500), "the endpoint answered with status 500"),
        (slowly(1.0), "no answer within 0.4 s"),
        (CUT, "the connection was cut"),
        ((200, b'{"choices": [', {"Content-Length": "4000"}), "the connection was cut"),
        ((200, b"<html>", {"Content-Type": "text/html"}), "the endpoint sent what is not a chat completion"),
        (fail(400, "maximum context length is 9"), "the prompt is longer than the model's context"),
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
    return ["draft", str(folder), "--domain", WORLD, "--drafter", "llm", "--base-url", url, "--model", "fake", *more]


def test_a_killed_command_goes_on_and_pays_nothing_twice(fake_endpoint, tmp_path):
    """Redrafts and contrasts included: the first draft of each example is refused."""
    go = threading.Event()

    def refused_first(request):
        prompt = request["messages"][-1]["content"]
        if "An item:" in prompt or "It was refused" in prompt:
            return drafting(request)
        return say("hm")

    def held(request):  # from the 13th request on, nothing is answered until the kill
        if len(fake_endpoint.requests) > 12:
            go.wait(60)
        return refused_first(request)

    fake_endpoint.answer = held
    more = ["--limit", "15", "--set", "concurrency=2"]
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


def test_the_command_asks_again_for_what_was_unanswered_and_tells_what_it_took(
    fake_endpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.script = [drafting, drafting, CUT, *[say(f"no {k}") for k in range(3)]]
    fake_endpoint.answer = drafting
    more = ["--limit", "6", "--set", "concurrency=1", "retries=0", "temperature=null", "price_in=1", "price_out=4"]
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "1 got no answer from the endpoint: give the same command again" in output and "sk-" not in output
    assert "2 (for unanswered 1, unreadable 1)" in output and "11 answers (0 from the cache)" in output
    assert "temperature" not in fake_endpoint.requests[0]
    ((_, rejected),) = read_jsonl(tmp_path / "c" / "rejected.jsonl")
    assert rejected["faults"] == [{"rule": "unreadable", "detail": "no JSON object in the answer"}]
    before = len(fake_endpoint.requests)
    assert main(command(fake_endpoint.url, tmp_path / "c", *more)) == 0
    assert len(fake_endpoint.requests) == before + 2, "one rationale and its contrasts"
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 5
    first, second = (record for _, record in read_jsonl(tmp_path / "c" / "drafting.jsonl"))
    assert (first["summary"]["accepted"], second["summary"]["accepted"]) == (4, 1)
    assert first["summary"]["usage"]["cost"] == pytest.approx(11 * (11 + 4 * 7) / 1e6)
    assert first["settings"]["model"] == "fake" and first["seed"] == 0
    assert not any(b"sk-secret" in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_the_command_keeps_and_tells_what_was_done_before_the_endpoint_gave_up(fake_endpoint, tmp_path, capsys):
    fake_endpoint.script = [drafting] * 4
    fake_endpoint.answer = fail(429, "quota used up")
    with pytest.raises(RadError, match=r"rate limit or quota used up .*go on later"):
        main(command(fake_endpoint.url, tmp_path / "c", "--limit", "6", "--set", "concurrency=1", "retries=0"))
    assert len(list(files.read(tmp_path / "c" / "drafts.jsonl"))) == 2
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


# --- settings ---


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
