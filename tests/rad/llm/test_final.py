"""Which answers are final: those that can be read. Any other is asked again, so a repaired server is heard."""

from __future__ import annotations

import time

import pytest

from rad.errors import RadError
from rad.llm import client
from rad.llm.client import Unanswered
from rad.llm.forms import Unreadable
from tests.rad.llm.test_client import RED, SCHEMA, ask
from tests.support.fake_endpoint import fail, refusal, say


def thoughts(words):
    status, body, headers = say(None)
    body["choices"][0]["message"]["reasoning_content"] = words
    return status, body, headers


@pytest.mark.parametrize(
    "answer, kind",
    [
        (say(None), "empty"),
        (say(""), "empty"),
        (refusal("no"), "refused"),
        (say(RED, "content_filter"), "filtered"),
        (thoughts("hm"), "thinking"),
        (say(RED[:5], "length"), "cut"),
        (say(RED, "length"), "cut"),
        (say("<think>" + RED), "thinking"),
        (say("I would rather not."), "unreadable"),
        (say(RED + RED), "unreadable"),
        (say('{"blue": 1}'), "unreadable"),
        (say('{"red": 0}'), "unreadable"),
    ],
)
def test_an_answer_of_no_use_is_asked_again_by_the_next_run(new_endpoint, fake_endpoint, answer, kind):
    def check(value):
        if not value["red"]:
            raise Unreadable("red: nothing")

    def run():
        return new_endpoint().ask([{"role": "user", "content": "hello"}], SCHEMA, check=check)

    fake_endpoint.script = [answer, say(RED)]
    assert run().problem.kind == kind
    repaired = run()
    assert (repaired.value, repaired.problem, repaired.cached) == ({"red": 1}, None, False)
    assert run().cached and len(fake_endpoint.requests) == 2


def test_fresh_asks_once_more_what_is_kept(new_endpoint, fake_endpoint):
    fake_endpoint.script = [say("old"), say("new")]
    assert ask(new_endpoint()).text == "old"
    endpoint = new_endpoint(fresh=True)
    assert [ask(endpoint).text, ask(endpoint).text] == ["new", "new"] and len(fake_endpoint.requests) == 2
    assert ask(new_endpoint()).text == "new"


def test_a_list_of_parts_is_an_answer(new_endpoint, fake_endpoint):
    fake_endpoint.answer = say([{"type": "text", "text": RED}])
    assert ask(new_endpoint(), schema=SCHEMA).value == {"red": 1}


def test_an_error_with_status_200_is_an_error_with_words(new_endpoint, fake_endpoint):
    fake_endpoint.script = [(200, {"error": {"message": "no provider", "code": 502}}, {})]
    with pytest.raises(Unanswered, match="status 502") as error:
        ask(new_endpoint(retries=0))
    assert error.value.words == "no provider"


def dripping(seconds):
    """A space every tenth of a second, then an answer: no wait between bytes is long."""

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(int(seconds * 10)):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)

    return drip


def test_a_whole_answer_has_a_timeout_beside_that_between_bytes(new_endpoint, fake_endpoint):
    fake_endpoint.script = [lambda _: dripping(60)]
    begin = time.monotonic()
    with pytest.raises(Unanswered, match=r"^no whole answer within 0\.5 s$"):
        ask(new_endpoint(timeout=3, total_timeout=0.5, retries=2))
    assert time.monotonic() - begin < 30 and len(fake_endpoint.requests) == 1, "another try would take as long"


def test_a_response_without_end_is_no_completion(new_endpoint, fake_endpoint, monkeypatch):
    monkeypatch.setattr(client, "LARGEST", 1000)
    fake_endpoint.script = [(200, b" " * 100_000, {})]
    with pytest.raises(Unanswered, match="not a chat completion") as error:
        ask(new_endpoint())
    assert error.value.words == "more than 1,000 bytes"


def test_a_wait_that_is_too_long_is_left_to_the_user(new_endpoint, fake_endpoint, monkeypatch):
    monkeypatch.setattr(client, "LONGEST_WAIT", 5)
    fake_endpoint.answer = fail(429, "come back tomorrow", Retry_After="6")
    with pytest.raises(RadError, match=r"quota used up \(come back tomorrow\)"):
        ask(new_endpoint())
    assert len(fake_endpoint.requests) == 1


def test_a_date_is_waited_for(new_endpoint, fake_endpoint):
    from email.utils import formatdate

    begin = time.monotonic()
    fake_endpoint.script = [fail(429, Retry_After=formatdate(time.time() + 2, usegmt=True)), say("hi")]
    assert ask(new_endpoint()).text == "hi" and time.monotonic() - begin > 0.9


def test_nobody_waits_for_an_endpoint_that_cannot_answer(new_endpoint, fake_endpoint):
    def answer(request):
        return fail(401) if request["messages"][0]["content"] == "3" else fail(429, Retry_After="60")

    fake_endpoint.answer = answer
    endpoint, begin = new_endpoint(concurrency=4), time.monotonic()
    with pytest.raises(RadError, match="a key is needed"):
        list(endpoint.in_order(lambda n: ask(endpoint, str(n)), range(4)))
    assert time.monotonic() - begin < 50, "one answer asks for a minute"


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 9 tokens",
        "Requested tokens (2048) exceed context window of 512",
        "the request exceeds the available context size",
        "the prompt is too long",
    ],
)
def test_a_context_overflow_is_said_with_what_shortens_the_prompt(new_endpoint, fake_endpoint, words):
    fake_endpoint.script = [fail(500, words)]
    cause = r"^the prompt and max_tokens together are longer than the model's context: window is 9$"
    with pytest.raises(Unanswered, match=cause):
        ask(new_endpoint(shorter="window is 9"))
    assert len(fake_endpoint.requests) == 1, "no try makes it shorter"


def test_a_key_that_fits_no_header_is_one_line_without_the_key(new_endpoint, monkeypatch):
    monkeypatch.setenv("RAD_API_KEY", "sk-sécret")
    with pytest.raises(RadError, match="RAD_API_KEY holds what no key has") as error:
        new_endpoint()
    assert "cret" not in str(error.value)
