"""Prompts as readable files with a version, and answers as checked objects.

prompts = read_prompts(Path("llm.md"))          # {"version": "1", "system": "...", "rationale": "..."}
form = read_answer(answer.text, Form)           # a pydantic model, or Unreadable with the reason
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Form = TypeVar("Form", bound=BaseModel)
MOST = 3  # errors of an answer that the model sees


class Unreadable(Exception):
    """An answer that is not in the required form. The text says how, in words that a model can use."""


def plain(text: str) -> str:
    """In one line, without characters that cannot be seen (they may reverse or hide words where people read)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def read_prompts(path: Path) -> dict[str, str]:
    """The ``## name`` sections of a file of prompts, and the version that its first line states."""
    head, *sections = path.read_text(encoding="utf-8").split("\n## ")
    named = {name.strip(): text.strip() for name, _, text in (section.partition("\n") for section in sections)}
    return {"version": head.partition("\n")[0].removeprefix("version:").strip(), **named}


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in ``text``, in order, those inside others left out. Thoughts may stand around them."""
    decoder, start = json.JSONDecoder(), text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
            yield value
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)


def read_answer(text: str, form: type[Form]) -> Form:
    """The last JSON object in ``text`` as a ``form``.

    Raises:
        Unreadable: There is none, or it does not fit.
    """
    candidates = list(objects(text))
    if not candidates:
        raise Unreadable("no JSON object in the answer")
    try:
        return form.model_validate(candidates[-1])
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        clauses = [f"{'.'.join(map(str, one['loc'])) or 'the answer'}: {one['msg']}" for one in errors]
        more = [f"and {len(clauses) - MOST} more"] if len(clauses) > MOST else []
        words = plain("; ".join([*clauses[:MOST], *more]))
        raise Unreadable(textwrap.shorten(words, 300, placeholder="...")) from error
