"""JSON objects into the dataclasses of :mod:`rad.types`, strictly: a bad field is one line that names it.

>>> from rad.runtime.records import parse
>>> from rad.types import Reason
>>> parse(Reason, {"evidence": {"history": [0], "kind": "sequence"}, "weight": 0.5}, "example").weight
0.5
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.runtime.violations import violations

T = TypeVar("T")


def parse(cls: type[T], record: object, where: str) -> T:
    """An instance of the dataclass ``cls`` from what JSON has.

    Unknown and missing fields are refused, and so are numbers that are not finite; nothing is converted but whole
    numbers to float and lists to tuples.

    Args:
        cls: the dataclass.
        record: a value as :func:`json.loads` gives it.
        where: ``file:line``, which begins the message.

    Raises:
        RadError: one line with all that is wrong.
    """
    kind: type = cls  # mypy takes no type[T] for what can be cached
    try:
        return cast(T, _validator(kind).validate_python(record))
    except ValidationError as error:
        fields = list(get_type_hints(cls))
        raise RadError(f"{where}: {'; '.join(violations(error, fields))}") from None


def read(path: Path, cls: type[T]) -> Iterator[tuple[int, T]]:
    """Line number and record of each line of a JSONL file."""
    for number, record in read_jsonl(path):
        yield number, parse(cls, record, f"{path}:{number}")


def parse_document(cls: type[T], content: bytes, where: str, schema_version: int | None = None) -> T:
    """A whole file that is one JSON object, such as a manifest.

    Args:
        cls: the dataclass of its fields.
        content: the bytes of the file.
        where: the file's name, which begins the message.
        schema_version: the one that this code reads; None where the file has none.

    Raises:
        RadError: no JSON object, another version, or a bad field.
    """
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RadError(f"{where}: not a JSON file ({error})") from error
    version = record.get("schema_version") if isinstance(record, dict) else None
    if schema_version is not None and version != schema_version:
        raise RadError(f"{where}: schema_version {version!r}, this code reads {schema_version}")
    return parse(cls, record, where)


def read_document(cls: type[T], path: Path, hint: str, schema_version: int | None = None) -> T:
    """The document at ``path``, as :func:`parse_document`; ``hint`` says what to do where there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RadError(f"{path}: no such file; {hint}") from error
    except OSError as error:
        raise RadError(f"{path}: unreadable ({error.strerror})") from error
    return parse_document(cls, content, str(path), schema_version)


@cache
def _validator(cls: type) -> SchemaValidator:
    schema = TypeAdapter(cls).core_schema
    _make_strict(schema)
    return SchemaValidator(schema)


def _make_strict(schema: object) -> None:
    """Strict scalars and no unknown fields, in place. Strict as a whole, pydantic would refuse lists for tuples."""
    if isinstance(schema, list):
        for part in schema:
            _make_strict(part)
    if not isinstance(schema, dict):
        return
    if schema.get("type") in ("str", "int", "float", "bool"):
        schema["strict"] = True
    if schema.get("type") == "float":
        schema["allow_inf_nan"] = False
    if schema.get("type") == "dataclass-args":
        schema["extra_behavior"] = "forbid"
    for part in schema.values():
        _make_strict(part)
