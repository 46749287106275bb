"""One answer of an endpoint, and why it may be of no use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROBLEMS = {
    "refused": "the model, or the endpoint for it, declined to answer",
    "filtered": "a content filter held the answer back",
    "thinking": "there are thoughts, and nothing after them",
    "cut": "the answer ends at max_tokens",
    "empty": "there is no text",
    "unreadable": "the text is not in the form that was asked for",
}
"""The kinds of problems of an answer that arrived."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer is of no use.

    Attributes:
        kind: One of :data:`PROBLEMS`, so that equal ones add up.
        detail: In words that the model can be shown.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, and what it took.

    Attributes:
        text: The message, without the thoughts before it.
        value: The one JSON object of the text, where a schema was asked for.
        problem: Why neither is to be used. Such an answer is never kept: the next run asks again.
        finish: Why it ended, in the endpoint's words.
        structured: Whether the request held the endpoint to the schema (some servers ignore that).
        cached: Whether it comes from the cache.
    """

    text: str
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    structured: bool = False
    cached: bool = False
    value: Mapping[str, object] | None = None
    problem: Problem | None = None
