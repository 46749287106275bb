"""How an endpoint is asked to hold its answers to a JSON schema: servers differ in what they take.

==============  ==================================================================================================
``json_schema``  ``response_format`` with the schema, as OpenAI has it (vLLM, SGLang, llama.cpp's server, LM Studio)
``json_object``  ``response_format`` of the type ``json_object``, the schema beside it (llama-cpp-python, Together)
``grammar``      a grammar in GBNF (llama.cpp and what is built on it); never fallen back on, since others ignore it
``none``         nothing: the prompt alone says which form is wanted
==============  ==================================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from rad.llm.grammar import gbnf

Constraint = Literal["json_schema", "json_object", "grammar", "none"]
REFUSAL = re.compile(r"response_?format|json_?(schema|object)|structured.?output|grammar|guided|schema", re.IGNORECASE)


def parameters(constraint: Constraint, schema: Mapping[str, object]) -> dict[str, object]:
    """What goes into a request so that its answer is held to ``schema``."""
    match constraint:
        case "json_schema":
            shape = {"name": "answer", "strict": True, "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": shape}}
        case "json_object":
            return {"response_format": {"type": "json_object", "schema": schema}}
        case "grammar":
            return {"grammar": gbnf(schema)}
        case "none":
            return {}


def in_turn(first: Constraint) -> list[Constraint]:
    """What is tried, one after the other, where an endpoint refuses the one before; ``none`` is the last."""
    others: tuple[Constraint, ...] = ("json_schema", "json_object")
    return ["none"] if first == "none" else [first, *(one for one in others if one != first), "none"]


def refuses(status: int, words: str) -> bool:
    """Whether an error speaks of the constraint, whatever its status (but that of a bad key or a used-up quota)."""
    return status >= 400 and status not in (401, 403, 429) and REFUSAL.search(words) is not None
