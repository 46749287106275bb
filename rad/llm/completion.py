"""A chat completion, as endpoints really send it, as an :class:`Answer`.

Nothing is taken on trust: ``content`` may be text or a list of parts, thoughts may stand in a field of their own or in
the text between ``<think>`` and ``</think>``, and the endpoint may say that the model declined or was cut.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from rad.llm.answer import Answer, Problem

CUT = ("length", "model_length", "max_tokens", "MAX_TOKENS")  # servers say it differently
TAG = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)


def answer_of(body: object, structured: bool = False) -> Answer:
    """The answer in the ``body`` of a response, parsed from JSON.

    Args:
        body: What the endpoint sent.
        structured: Whether the request held it to a schema.

    Raises:
        ValueError: That is no chat completion.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(body, dict) or not isinstance(choice, dict) or not isinstance(message, dict):
        raise ValueError("no chat completion")
    finish = choice.get("finish_reason")
    finish = finish if isinstance(finish, str) else None
    usage = body.get("usage")
    read, written = (_count(usage, name) for name in ("prompt_tokens", "completion_tokens"))
    text, thoughts, is_open = _parted(message)
    content = message.get("content")
    refusal = _joined(message.get("refusal")) or (_joined(content, "refusal") if isinstance(content, list) else "")
    problem = _problem(text, thoughts, is_open, refusal, finish)
    return Answer(text, finish, read, written, structured, problem=problem)


def _problem(text: str, thoughts: str, is_open: bool, refusal: str, finish: str | None) -> Problem | None:
    is_cut = finish in CUT
    if refusal:
        return Problem("refused", textwrap.shorten(refusal, 200, placeholder="...") or "it was refused")
    if finish == "content_filter":
        return Problem("filtered", "a content filter held the answer back")
    if is_open or (thoughts and not text):
        return Problem("thinking", "nothing but thoughts" + (", which were cut at max_tokens" if is_cut else ""))
    if is_cut:
        return Problem("cut", "the answer was cut at max_tokens")
    return None if text else Problem("empty", "the answer is empty")


def _parted(message: dict[str, Any]) -> tuple[str, str, bool]:
    """The text after the thoughts, the thoughts, and whether they never ended."""
    written = _joined(message.get("content"))
    apart = _joined(message.get("reasoning_content")) or _joined(message.get("reasoning"))
    tags = list(TAG.finditer(written))
    if not tags:
        return written.strip(), apart, False
    last = tags[-1]
    return written[last.end() :].strip(), apart + written[: last.start()], last.group(1) == ""


def _joined(content: object, kind: str = "text") -> str:
    """Text, or the parts of this kind joined. Half a surrogate pair becomes ``?``: it fits no file."""
    if isinstance(content, list):
        parts = (part.get(kind) for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _count(usage: object, name: str) -> int | None:
    n = usage.get(name) if isinstance(usage, dict) else None
    return n if isinstance(n, int) and not isinstance(n, bool) else None
