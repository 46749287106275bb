"""Prompts as readable files with a version, and answers as checked objects.

prompts = read_prompts(Path("llm.md"))          # {"version": "1", "system": "...", "rationale": "..."}
value = one_object(answer.text)                 # the JSON object of an answer, or Unreadable with the reason
form = fitted(value, Form)                      # the same as a pydantic model
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Form = TypeVar("Form", bound=BaseModel)
MOST = 3  # errors of an answer that the model sees
TRIES = 100  # beginnings of objects that turn out to be none: each may cost the length of the text
EXAMPLE = re.compile(r"in this form\b[^\n]*:\n(?=\{)")


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
    """The JSON objects in ``text``, in order, those inside others left out. Words may stand around them.

    After ``TRIES`` braces that begin no object the rest is not looked at: a model that writes nothing but braces costs
    milliseconds.
    """
    decoder, start, tries = json.JSONDecoder(), text.find("{"), 0
    while start >= 0 and tries < TRIES:
        try:
            value, end = decoder.raw_decode(text, start)
            yield value
        except (ValueError, RecursionError):
            tries, end = tries + 1, start + 1
        start = text.find("{", end)


def one_object(text: str, prompt: str = "") -> dict[str, Any]:
    """The one JSON object in ``text``.

    Args:
        text: The answer.
        prompt: What was asked. Its example (after "in this form:") is no answer.

    Raises:
        Unreadable: There is none, there are several, or it is the example, word for word.
    """
    first = list(islice(objects(text), 2))
    if not first:
        raise Unreadable("no JSON object in the answer")
    if len(first) > 1:
        raise Unreadable("several JSON objects in the answer, where one is asked for")
    if first[0] in [next(objects(prompt[match.end() :]), None) for match in EXAMPLE.finditer(prompt)]:
        raise Unreadable("the answer repeats the example of the form")
    return first[0]


def fitted(value: Mapping[str, object], form: type[Form]) -> Form:
    """``value`` as a ``form``.

    Raises:
        Unreadable: It does not fit.
    """
    try:
        return form.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        clauses = [f"{'.'.join(map(str, one['loc'])) or 'the answer'}: {one['msg']}" for one in errors]
        more = [f"and {len(clauses) - MOST} more"] if len(clauses) > MOST else []
        words = plain("; ".join([*clauses[:MOST], *more]))
        raise Unreadable(textwrap.shorten(words, 300, placeholder="...")) from error
