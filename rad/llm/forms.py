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
TOLD = 3  # of an answer's faults


class Unreadable(Exception):
    """An answer that is not in the form that was asked for. The text says how, in words that a model can use."""


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
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
            yield value
        except (ValueError, RecursionError):
            end = place + 1
        place = text.find("{", end)


def read_answer(text: str, form: type[Form]) -> Form:
    """The last JSON object in ``text`` as a ``form``. :class:`Unreadable` if there is none or it does not fit."""
    found = list(objects(text))
    if not found:
        raise Unreadable("no JSON object in the answer")
    try:
        return form.model_validate(found[-1])
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in faults]
        more = [f"and {len(told) - TOLD} more"] if len(told) > TOLD else []
        raise Unreadable(textwrap.shorten(plain("; ".join([*told[:TOLD], *more])), 300, placeholder="...")) from error
