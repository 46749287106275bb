"""The endpoint's client against a fake server: retries, errors in one line, and answers that are paid once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from rad.errors import RadError
from rad.llm.client import PATIENCE, Endpoint, Unanswered, checked_url
from rad.llm.rate_limit import RateLimit
from rad.llm.usage import Usage
from tests.support.fake_endpoint import CUT, fail, say, slowly

SCHEMA = {"type": "object", "properties": {"red": {"type": "integer"}}, "required": ["red"]}
RED = '{"red": 1}'


def ask(endpoint, text="hello", schema=None):
    return endpoint.ask([{"role": "user", "content": text}], schema)


def test_an_answer_and_what_it_took(new_endpoint, fake_endpoint):
    fake_endpoint.script = [say(RED, usage=(100, 20)), say("again", usage=None)]
    endpoint = new_endpoint(parameters={"temperature": 0.0, "max_tokens": 9})
    first, second = ask(endpoint, schema=SCHEMA), ask(endpoint, "more")
    assert (first.text, first.prompt_tokens, first.completion_tokens, first.structured) == (RED, 100, 20, True)
    assert first.value == {"red": 1} and first.problem is None and second.value is None
    assert (second.prompt_tokens, second.structured) == (None, False)
    sent = fake_endpoint.requests[0]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("fake", 0.0, 9)
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    usage = Usage(price_in=2.0, price_out=10.0)
    for answer in (first, second, ask(endpoint, schema=SCHEMA)):
        usage.add(answer)
    record = usage.record()
    assert (record["answers"], record["from_cache"], record["uncounted"], record["unstructured"]) == (3, 1, 1, 1)
    assert record["cost"] == pytest.approx(2 * (100 * 2 + 20 * 10) / 1e6) and record["cost_now"] == record["cost"] / 2
    assert "200 prompt tokens (100 a query)" in usage.spoken(2) and "1 answers came without" in usage.spoken(2)
    assert "cost" not in Usage(price_in=1.0).record() and "price unknown" in Usage().spoken(0)


def test_retries_wait_as_long_as_the_server_says(new_endpoint, fake_endpoint):
    fake_endpoint.script = [fail(429, Retry_After="0.7"), fail(500), say("at last")]
    clock = time.monotonic()
    assert ask(new_endpoint()).text == "at last"
    assert time.monotonic() - clock > 0.7 and len(fake_endpoint.requests) == 3


def test_a_timeout_is_tried_again_and_then_concerns_one_request(new_endpoint, fake_endpoint):
    fake_endpoint.script = [slowly(1.5), say("in time")]
    assert ask(new_endpoint(timeout=0.4, retries=1)).text == "in time"
    fake_endpoint.script = [slowly(1.5)]
    with pytest.raises(Unanswered, match=r"^no answer within 0\.4 s$"):
        ask(new_endpoint(timeout=0.4, retries=0), "other")


@pytest.mark.parametrize(
    "answer, cause",
    [
        (fail(401, "Incorrect API key sk-se***et"), "a key is needed (401): set RAD_API_KEY or OPENAI_API_KEY"),
        (fail(404, "The model `fake` does not exist"), "no model 'fake', or no such path (The model `fake`"),
        (fail(429, "You exceeded your current quota"), "rate limit or quota used up (You exceeded"),
        (fail(400, "max_tokens is not supported\nwith this model"), "refused (400: max_tokens is not supported with"),
    ],
)
def test_what_would_befall_every_request_ends_the_run_in_one_line(new_endpoint, fake_endpoint, answer, cause):
    fake_endpoint.answer = answer
    endpoint = new_endpoint(retries=0)
    with pytest.raises(RadError) as error:
        ask(endpoint)
    assert cause in str(error.value) and str(error.value).startswith(fake_endpoint.url) and "\n" not in str(error.value)
    with pytest.raises(RadError):
        ask(endpoint, "another")
    assert len(fake_endpoint.requests) == 1, "nothing is asked of an endpoint that cannot answer"


@pytest.mark.parametrize(
    "answer, cause",
    [
        (
            fail(400, "This model's maximum context length is 9 tokens"),
            "the prompt and max_tokens together are longer than the model's context",
        ),
        (fail(503, "overloaded"), "the endpoint answered with status 503"),
        ((200, b"{broken", {}), "the endpoint sent what is not a chat completion"),
        ((200, b"<html>", {"Content-Type": "text/html"}), "the endpoint sent what is not a chat completion"),
        ((200, {"choices": []}, {}), "the endpoint sent what is not a chat completion"),
        ((200, {}, {}), "the endpoint sent what is not a chat completion"),
    ],
)
def test_what_concerns_one_request_does_not_end_the_run(new_endpoint, fake_endpoint, answer, cause):
    fake_endpoint.script = [answer]
    endpoint = new_endpoint(retries=0)
    with pytest.raises(Unanswered, match=f"^{cause}$"):
        ask(endpoint)
    assert ask(endpoint).text, "a failure is not kept: the same request is asked again"


def test_an_endpoint_that_keeps_failing_ends_the_run(new_endpoint, fake_endpoint):
    fake_endpoint.answer = fail(500)
    endpoint = new_endpoint(retries=0)
    for n in range(PATIENCE - 1):
        with pytest.raises(Unanswered):
            ask(endpoint, str(n))
    with pytest.raises(RadError, match=rf"status 500 \(no\), {PATIENCE} times in a row; answers so far are kept"):
        ask(endpoint, "last")


def test_a_refused_prompt_among_answered_ones_concerns_itself(new_endpoint, fake_endpoint):
    fake_endpoint.script = [fail(400, "content filter"), say("fine"), fail(400, "strange prompt")]
    endpoint = new_endpoint(retries=0)
    with pytest.raises(Unanswered, match="a content filter refused the prompt"):
        ask(endpoint, "the first may be filtered, too")
    ask(endpoint)
    with pytest.raises(Unanswered, match="status 400"):
        ask(endpoint, "odd")


def test_a_connection_that_is_cut_among_answered_ones_concerns_itself(new_endpoint, fake_endpoint):
    fake_endpoint.script = [say("fine"), CUT, (200, b"{", {"Content-Length": "99"}), say("fine")]
    endpoint = new_endpoint(retries=0)
    ask(endpoint)
    for text in ("cut", "half"):
        with pytest.raises(Unanswered, match=r"^the connection was cut$"):
            ask(endpoint, text)
    assert ask(endpoint, "cut").text == "fine"
    fake_endpoint.close()
    endpoint._http.close()  # the connection that was kept open
    with pytest.raises(RadError, match=r"no connection"):
        ask(new_endpoint(retries=0), "gone")


def test_one_question_asked_twice_at_a_time_is_paid_once(new_endpoint, fake_endpoint):
    fake_endpoint.answer = slowly(0.2, lambda _: say("once"))
    endpoint = new_endpoint(concurrency=4)
    answers = list(endpoint.in_order(lambda _: ask(endpoint, "same"), range(8)))
    assert {a.text for a in answers} == {"once"} and sorted(a.cached for a in answers) == [False] + [True] * 7
    assert len(fake_endpoint.requests) == 1


def test_retries_keep_the_rate_limit_too_and_tokens_are_set_right(new_endpoint, fake_endpoint, monkeypatch):
    waits, corrections = [], []
    monkeypatch.setattr(RateLimit, "wait", lambda self, tokens: waits.append(tokens))
    monkeypatch.setattr(RateLimit, "correct", lambda self, tokens: corrections.append(tokens))
    fake_endpoint.script = [fail(500, Retry_After="0.01"), say("hi", usage=(100, 20)), say("no", usage=None)]
    endpoint = new_endpoint(parameters={"max_tokens": 9}, requests_per_minute=60)
    ask(endpoint, "12345678")
    assert waits == [2 + 9] * 2 and corrections == [120 - 11]
    ask(endpoint, "12345678")
    assert len(waits) == 2, "the cache keeps nobody waiting"
    ask(endpoint, "")
    assert waits[2:] == [9] and len(corrections) == 1


def test_parameters_of_one_request(new_endpoint, fake_endpoint):
    endpoint = new_endpoint(parameters={"seed": 1, "temperature": 1.0})
    hello = [{"role": "user", "content": "hello"}]
    endpoint.ask(hello, None, {"seed": 2})
    assert endpoint.ask(hello, None, {"seed": 2}).cached and not endpoint.ask(hello).cached
    assert [(r["seed"], r["temperature"]) for r in fake_endpoint.requests] == [(2, 1.0), (1, 1.0)]


def test_no_connection(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RadError, match=rf"127.0.0.1:{port}/v1: no connection \(.*refused\); is the server running\?"):
        ask(Endpoint(f"http://127.0.0.1:{port}/v1", "m", tmp_path, retries=0))


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "", "http://"])
def test_a_url_that_is_none(url):
    with pytest.raises(RadError, match="base_url must look like http://HOST:PORT/v1"):
        checked_url(url)


@pytest.mark.parametrize("url", ["https://me:secret@host/v1", "https://host/v1?key=secret"])
def test_a_url_with_a_secret_is_refused_without_repeating_it(url):
    with pytest.raises(RadError) as error:
        checked_url(url)
    assert "secret" not in str(error.value)


def test_the_key_is_sent_and_never_written(new_endpoint, fake_endpoint, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.script = [say("hi"), fail(400, "your key sk-secret is fine, the rest is not")]
    ask(new_endpoint())
    assert fake_endpoint.keys == ["Bearer sk-secret"]
    monkeypatch.setenv("RAD_API_KEY", "")
    fake_endpoint.script.pop()
    ask(new_endpoint(), "x")
    assert fake_endpoint.keys[-1] == "Bearer sk-other"
    monkeypatch.setenv("RAD_API_KEY", "sk-secret")
    fake_endpoint.answer = fail(400, "the key sk-secret may not do that")
    empty = Endpoint(fake_endpoint.url, "another", tmp_path / "answers", retries=0)
    with pytest.raises(RadError, match="may not do that") as error:
        ask(empty)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"sk-" not in written and "sk-" not in str(error.value) and "sk-" not in capsys.readouterr().err


def test_answers_keep_their_order_and_threads_their_number(new_endpoint, fake_endpoint):
    fake_endpoint.answer = lambda request: slowly(0.02 * (int(request["messages"][0]["content"]) % 3), echo)(request)
    endpoint = new_endpoint(concurrency=3)
    texts = list(endpoint.in_order(lambda n: ask(endpoint, str(n)).text, range(40)))
    assert texts == [f"echo {n}" for n in range(40)] and 1 < fake_endpoint.most <= 3


def echo(request):
    return say("echo " + request["messages"][0]["content"])


def test_inputs_are_taken_as_they_are_needed(new_endpoint):
    endpoint, taken = new_endpoint(concurrency=2), []
    stream = endpoint.in_order(lambda n: n, (taken.append(n) or n for n in range(1000)))
    assert next(stream) == 0 and len(taken) < 20
    stream.close()


def test_every_request_has_its_own_place_in_the_cache(new_endpoint, fake_endpoint):
    ask(new_endpoint())
    for same in (new_endpoint(timeout=1), new_endpoint(concurrency=1)):
        assert ask(same).cached
    for other in (new_endpoint(parameters={"temperature": 1.0}), new_endpoint(parameters={"seed": 2})):
        assert not ask(other).cached
    assert not ask(new_endpoint(), schema=SCHEMA).cached
    assert len(fake_endpoint.requests) == 4


def test_a_power_cut_loses_the_last_answers_at_most(new_endpoint, fake_endpoint, tmp_path):
    first = new_endpoint()
    for n in range(3):
        ask(first, str(n))
    (folder,) = (tmp_path / "answers").iterdir()
    log = folder / "cache.db-wal"
    log.write_bytes(log.read_bytes()[:-20])  # as a power cut may leave it
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "answers", copy)
    endpoint = Endpoint(fake_endpoint.url, "fake", copy)
    assert [ask(endpoint, str(n)).cached for n in range(3)] == [True, True, False]
    again = Endpoint(fake_endpoint.url, "fake", copy)
    assert [ask(again, str(n)).cached for n in range(3)] == [True, True, True]


def test_a_cache_that_is_none_is_one_line_and_one_of_an_older_version_is_left_alone(new_endpoint, tmp_path):
    ask(new_endpoint())
    (folder,) = (tmp_path / "answers").iterdir()
    old = folder.with_suffix(".jsonl")
    old.write_text('{"key": "k", "text": "t"}\n')
    assert ask(new_endpoint()).cached and old.exists()
    broken = tmp_path / "broken"
    (broken / folder.name).mkdir(parents=True)
    (broken / folder.name / "cache.db").write_bytes(b"no database" * 100)
    with pytest.raises(RadError, match=r"the cache of answers cannot be used \(file is not a database\)") as error:
        Endpoint(new_endpoint().base_url, "fake", broken)
    assert "\n" not in str(error.value)
    with pytest.raises(RadError, match="the cache of answers cannot be used"):
        Endpoint(new_endpoint().base_url, "fake", old)  # a file, where a folder is needed


def test_half_a_surrogate_pair_does_no_harm(new_endpoint, fake_endpoint):
    fake_endpoint.answer = say("odd \ud83d end")
    assert ask(new_endpoint()).text == ask(new_endpoint()).text == "odd ? end"


KILLED = """
import sys
from pathlib import Path
from rad.llm.client import Endpoint
endpoint = Endpoint(sys.argv[1], "fake", Path(sys.argv[2]), concurrency=2)
for answer in endpoint.in_order(lambda n: endpoint.ask([{"role": "user", "content": str(n)}]), range(30)):
    print(answer.text, answer.cached, flush=True)
"""


def test_a_killed_run_goes_on_and_pays_nothing_twice(fake_endpoint, tmp_path):
    go = threading.Event()

    def held(request):  # from the 12th request on, nothing is answered until the kill
        if len(fake_endpoint.requests) > 12:
            go.wait(30)
        return echo(request)

    fake_endpoint.answer = held
    argv = [sys.executable, "-c", KILLED, fake_endpoint.url, str(tmp_path / "answers")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ, text=True) as process:
        deadline = time.monotonic() + 60
        while len(fake_endpoint.requests) < 14:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    go.set()
    answered = {r["messages"][0]["content"] for r in fake_endpoint.requests[:12]}
    assert len(answered) == 12
    fake_endpoint.answer = echo
    before = len(fake_endpoint.requests)
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == [str(n) for n in range(30)]
    again = {r["messages"][0]["content"] for r in fake_endpoint.requests[before:]}
    assert len(fake_endpoint.requests) - before == 18 and not again & answered


def test_two_processes_at_once_share_one_cache(new_endpoint, fake_endpoint, tmp_path):
    fake_endpoint.answer = echo
    argv = [sys.executable, "-c", KILLED, fake_endpoint.url, str(tmp_path / "answers")]
    processes = [subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert all([line.split()[1] for line in lines] == [str(n) for n in range(30)] for lines in outputs)
    paid = len(fake_endpoint.requests)
    assert paid == sum(line.endswith("False") for lines in outputs for line in lines), "what is cached is not paid"
    endpoint = new_endpoint()
    assert all(ask(endpoint, str(n)).cached for n in range(30)) and len(fake_endpoint.requests) == paid
