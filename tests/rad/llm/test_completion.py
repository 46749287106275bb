"""Chat completions as endpoints really send them: what is the text, and what is never taken for one."""

from __future__ import annotations

import pytest

from rad.llm.answer import PROBLEMS
from rad.llm.completion import answer_of
from tests.support.fake_endpoint import say


def read(content=None, finish="stop", **message):
    _, body, _ = say(content, finish)
    body["choices"][0]["message"].update(message)
    return answer_of(body)


@pytest.mark.parametrize(
    "content, text",
    [
        ("hi", "hi"),
        ([{"type": "text", "text": "h"}, {"type": "text", "text": "i"}], "hi"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "hi"}], "hi"),
        ([None, 3, {"text": 4}, {"type": "text", "text": "hi"}], "hi"),
        ("<think>{hm}</think>\n hi ", "hi"),
        ("the template began to think</think>hi", "hi"),
        ("<Thinking>a</thinking><think>b</think>hi", "hi"),
        ("odd \ud83d end", "odd ? end"),
    ],
)
def test_the_text_of_a_message(content, text):
    assert (read(content).text, read(content).problem) == (text, None)


@pytest.mark.parametrize(
    "answer, kind, detail",
    [
        (read(None), "empty", "the answer is empty"),
        (read("  "), "empty", "the answer is empty"),
        (read([]), "empty", "the answer is empty"),
        (read({"strange": 1}), "empty", "the answer is empty"),
        (read(None, refusal="I cannot\nhelp with that."), "refused", "I cannot help with that."),
        (read([{"type": "refusal", "refusal": "No."}]), "refused", "No."),
        (read("half a te", "content_filter"), "filtered", "a content filter held the answer back"),
        (read(None, reasoning_content="hm"), "thinking", "nothing but thoughts"),
        (read("", "length", reasoning="hm"), "thinking", "nothing but thoughts, which were cut at max_tokens"),
        (read('<think>{"a": 1} or', "length"), "thinking", "nothing but thoughts, which were cut at max_tokens"),
        (read('<think>{"a": 1} or'), "thinking", "nothing but thoughts"),
        (read("<think>hm</think>"), "thinking", "nothing but thoughts"),
        (read('{"a": 1', "model_length"), "cut", "the answer was cut at max_tokens"),
        (read('{"a": 1', "length"), "cut", "the answer was cut at max_tokens"),
    ],
)
def test_problems_are_kept_apart(answer, kind, detail):
    assert (answer.problem.kind, answer.problem.detail) == (kind, detail) and kind in PROBLEMS
    assert (answer.prompt_tokens, answer.completion_tokens) == (11, 7), "it was paid for"


@pytest.mark.parametrize(
    "body",
    [None, [], "hi", {}, {"choices": []}, {"choices": "no"}, {"choices": [3]}, {"choices": [{"message": "hi"}]}],
)
def test_what_is_no_completion(body):
    with pytest.raises(ValueError, match="no chat completion"):
        answer_of(body)


@pytest.mark.parametrize("usage", [None, 3, {"prompt_tokens": "many"}, {"prompt_tokens": True}])
def test_counts_that_are_none(usage):
    _, body, _ = say("hi")
    assert answer_of({**body, "usage": usage}).prompt_tokens is None
