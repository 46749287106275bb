"""The one exception that a user is meant to read: a line that says what is wrong, where, and what to do."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class RadError(Exception):
    """Bad input or a missing part. Its text is one line and needs no traceback."""


def run(main: Callable[[], int | None]) -> None:
    """Run a command's ``main``; its :class:`RadError`, or a file that cannot be used, is one line and exit status 2."""
    try:
        sys.exit(main() or 0)
    except RadError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise  # not about a file
        print(f"error: {error.filename or 'output'}: cannot be read or written ({error.strerror})", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


def violations(error: ValidationError, fields: Sequence[str] = ()) -> list[str]:
    """All that pydantic refuses, in our words: a clause for each field, with what was expected and what was there.

    ``fields`` are the names that the record may have, to be shown beside an unknown one.
    """
    names = f" (known: {', '.join(fields)})" if fields else ""
    details = error.errors(include_url=False)
    clauses = []
    if missing := [_path(one["loc"]) for one in details if one["type"].startswith("missing")]:
        clauses.append(f"lacks {', '.join(missing)}")
    for one in details:
        kind, value, limits = one["type"], one["input"], one.get("ctx", {})
        path = _path(one["loc"]) or error.title
        if kind.startswith("missing"):
            continue
        if kind in ("extra_forbidden", "unexpected_keyword_argument"):
            clauses.append(f"unknown field {path}{names if len(one['loc']) == 1 else ''}")
        elif kind == "literal_error":
            allowed = limits["expected"].replace("'", "").replace(" or ", ", ")
            clauses.append(f"{path}: {value!r} is not one of {allowed}")
        elif kind == "finite_number" or (kind == "float_type" and type(value) is int):  # one that no float can hold
            clauses.append(f"{path}: not a finite number")
        elif kind in ("too_long", "too_short"):
            n = limits.get("max_length", limits.get("min_length"))
            clauses.append(f"{path}: expected {n} values, found {limits['actual_length']}")
        elif kind.rpartition("_")[2] in ("parsing", "type") and kind.partition("_")[0] in _WORDS:
            there = repr(value) if kind.endswith("parsing") else _word(value)
            clauses.append(f"{path}: expected {_WORDS[kind.partition('_')[0]]}, found {there}")
        elif kind in _LIMITS:
            sign, key = _LIMITS[kind]
            clauses.append(f"{path}: must be {sign} {limits[key]}, got {value}")
        elif kind == "value_error":  # a validator of ours says all that may be said: the value may hold a secret
            clauses.append(f"{path}: {limits['error']}")
        else:
            clauses.append(f"{path}: {one['msg'][:1].lower()}{one['msg'][1:]}, got {value!r}")
    return clauses


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


def _word(value: object) -> str:
    words = {bool: "bool", str: "string", int: "int", float: "float", list: "list", dict: "dict"}
    if value is None:
        return "null"
    return _WORDS[words[type(value)]] if type(value) in words else type(value).__name__


def _path(parts: tuple[int | str, ...]) -> str:
    """``reasons[0].evidence.kind``"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
