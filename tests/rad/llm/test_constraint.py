"""How an endpoint is asked for JSON, and what it refuses: the next way is tried, on its words, whatever the status."""

from __future__ import annotations

import pytest

from rad.errors import RadError
from rad.llm.client import Unanswered
from rad.llm.constraint import in_turn
from tests.rad.llm.test_client import RED, SCHEMA, ask
from tests.support.fake_endpoint import fail, say

LLAMA = (
    "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text' or "
    "'json_object'\", 'input': 'json_schema'}]"
)


def taking(*kinds, status=400, words="response_format is unknown here"):
    """An endpoint that takes these types of response_format and no others."""

    def answer(request):
        kind = request.get("response_format", {}).get("type")
        return say(RED) if kind in kinds else fail(status, words)

    return answer


def kinds(fake_endpoint):
    return [request.get("response_format", {}).get("type") for request in fake_endpoint.requests]


@pytest.mark.parametrize("status", [400, 404, 422, 500, 501])
def test_llama_cpp_python_is_asked_for_a_json_object(new_endpoint, fake_endpoint, status, capsys):
    fake_endpoint.answer = taking("json_object", None, status=status, words=LLAMA)
    endpoint = new_endpoint()
    answers = [ask(endpoint, str(n), SCHEMA) for n in range(3)]
    assert all(a.structured and a.value == {"red": 1} for a in answers)
    assert kinds(fake_endpoint) == ["json_schema", *["json_object"] * 3], "not tried again, and refused once"
    assert fake_endpoint.requests[1]["response_format"]["schema"] == SCHEMA
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and "refuses schema=json_schema, so schema=json_object is tried ([{'type'" in line
    assert ask(new_endpoint(), "0", SCHEMA).cached and len(fake_endpoint.requests) == 4


def test_an_endpoint_that_takes_no_constraint_is_asked_without(new_endpoint, fake_endpoint, capsys):
    fake_endpoint.answer = taking(None)
    endpoint = new_endpoint(concurrency=4)
    answers = list(endpoint.in_order(lambda n: ask(endpoint, str(n), SCHEMA), range(8)))
    assert all(not a.structured and a.value == {"red": 1} for a in answers)
    assert capsys.readouterr().err.count("is tried") == 2, "however many found out at once"


@pytest.mark.parametrize(
    "schema, sent",
    [("json_schema", "json_schema"), ("json_object", "json_object"), ("grammar", None), ("none", None)],
)
def test_the_setting_says_what_is_tried_first(new_endpoint, fake_endpoint, schema, sent):
    fake_endpoint.answer = say(RED)
    answer = ask(new_endpoint(schema=schema), schema=SCHEMA)
    assert kinds(fake_endpoint) == [sent] and answer.structured == (schema != "none")
    assert ("grammar" in fake_endpoint.requests[0]) == (schema == "grammar")
    assert in_turn(schema)[0] == schema and in_turn(schema)[-1] == "none"


def test_words_on_a_key_or_a_quota_are_no_refusal(new_endpoint, fake_endpoint):
    fake_endpoint.answer = fail(403, "your plan has no response_format")
    with pytest.raises(RadError, match="a key is needed"):
        ask(new_endpoint(), schema=SCHEMA)
    assert len(fake_endpoint.requests) == 1


def test_without_any_constraint_the_words_are_shown_once_and_kept(new_endpoint, fake_endpoint, capsys):
    fake_endpoint.answer = fail(500, LLAMA)
    endpoint = new_endpoint(retries=0)
    for n in range(3):
        with pytest.raises(Unanswered, match=r"^the endpoint answered with status 500$") as error:
            ask(endpoint, str(n), SCHEMA)
        assert "Input should be 'text'" in error.value.words
    assert capsys.readouterr().err.count("status 500 ([{'type'") == 1
