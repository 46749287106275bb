"""A JSON schema as a grammar in GBNF, the notation of llama.cpp: for servers that take no schema.

Made for the schemas of this project: objects with all their properties, in order; lists; texts, numbers, true, false
and null; ``enum``, ``anyOf``, ``$ref`` and lists of types. Limits other than ``maxItems`` are left to the check of the
answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

BASIC = {
    "ws": '" "?',
    "string": r'"\"" ([^"\\\x00-\x1f] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\""',
    "integer": r'"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": r'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
}


def gbnf(schema: Mapping[str, Any]) -> str:
    """The grammar of the texts of ``schema``, from the rule ``root`` on."""
    definitions = schema.get("$defs", {})
    rules = {"root": _rule(schema), **{_name(key): _rule(value) for key, value in definitions.items()}, **BASIC}
    return "".join(f"{name} ::= {rule}\n" for name, rule in rules.items())


def _rule(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return _either(_text(json.dumps(value, ensure_ascii=False)) for value in schema["enum"])
    if "anyOf" in schema:
        return _either(_rule(one) for one in schema["anyOf"])
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        return _either(_rule({**schema, "type": one}) for one in kind)
    if kind == "object":
        members = [f'{_text(json.dumps(key))} ws ":" ws {_rule(value)}' for key, value in schema["properties"].items()]
        listed = ' ws "," ws '.join(members)
        return f'("{{" ws {listed} ws "}}")'
    if kind == "array":
        item, more = _rule(schema["items"]), max(0, schema.get("maxItems", 0) - 1)
        repeated = f"{{0,{more}}}" if "maxItems" in schema else "*"
        return f'("[" ws ({item} (ws "," ws {item}){repeated})? ws "]")'
    return str(kind)


def _either(rules: Iterable[str]) -> str:
    return f"({' | '.join(rules)})"


def _text(words: str) -> str:
    """A literal: these words and no others."""
    return json.dumps(words, ensure_ascii=False)


def _name(key: str) -> str:
    """Of a definition; no rule of ``BASIC`` is called so."""
    return "of-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in key).lower()
