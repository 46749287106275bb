"""One answer of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, and what it took.

    Attributes:
        text: The message.
        finish: Why it ended, in the endpoint's words; ``length`` where ``max_tokens`` cut it.
        structured: Whether a JSON schema went with the request and was not refused (some servers ignore it).
        cached: Whether it comes from the cache.
    """

    text: str
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    structured: bool = False
    cached: bool = False
