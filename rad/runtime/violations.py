"""What pydantic refuses, in our words: a clause for each field, with what was expected and what was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WORDS = {
    "string": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "an object",
    "model": "an object",
    "dataclass": "an object",
    "mapping": "an object",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def violations(error: ValidationError, fields: Sequence[str] = ()) -> list[str]:
    """The clauses of one error, all missing fields together and first.

    Args:
        error: what a validation raised.
        fields: names that the record may have, to be shown beside an unknown one.
    """
    details = error.errors(include_url=False)
    missing = [_path(one) for one in details if one["type"].startswith("missing")]
    rest = [_clause(one, error.title, fields) for one in details if not one["type"].startswith("missing")]
    return ([f"lacks {', '.join(missing)}"] if missing else []) + rest


def _clause(one: ErrorDetails, title: str, fields: Sequence[str]) -> str:
    kind, value, limits = one["type"], one["input"], one.get("ctx", {})
    path = _path(one) or title
    noun, last = kind.partition("_")[0], kind.rpartition("_")[2]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown field {path}" + (f" (known: {', '.join(fields)})" if fields and len(one["loc"]) == 1 else "")
    if kind == "literal_error":
        allowed = limits["expected"].replace("'", "").replace(" or ", ", ")
        return f"{path}: {value!r} is not one of {allowed}"
    if kind == "finite_number" or (kind == "float_type" and type(value) is int):  # one that no float can hold
        return f"{path}: not a finite number"
    if kind in ("too_long", "too_short"):
        n = limits.get("max_length", limits.get("min_length"))
        return f"{path}: expected {n} values, found {limits['actual_length']}"
    if last in ("parsing", "type") and noun in _WORDS:
        return f"{path}: expected {_WORDS[noun]}, found {repr(value) if last == 'parsing' else _word(value)}"
    if kind in _LIMITS:
        sign, key = _LIMITS[kind]
        return f"{path}: must be {sign} {limits[key]}, got {value}"
    if kind == "value_error":  # a validator of ours says all that may be said: the value may hold a secret
        return f"{path}: {limits['error']}"
    return f"{path}: {one['msg'][:1].lower()}{one['msg'][1:]}, got {value!r}"


def _word(value: object) -> str:
    words = {bool: "bool", str: "string", int: "int", float: "float", list: "list", dict: "dict"}
    if value is None:
        return "null"
    return _WORDS[words[type(value)]] if type(value) in words else type(value).__name__


def _path(one: ErrorDetails) -> str:
    """``reasons[0].evidence.kind``"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one["loc"]).removeprefix(".")
