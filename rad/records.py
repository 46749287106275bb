"""JSON objects into the dataclasses of :mod:`rad.types`, strictly: a bad field is one line that names it.

>>> from rad.records import parse
>>> from rad.types import Reason
>>> parse(Reason, {"evidence": {"history": [0], "kind": "sequence"}, "weight": 0.5}, "example").weight
0.5
"""

from __future__ import annotations

import collections.abc
import dataclasses
import math
import types
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from rad.errors import RadError
from rad.io import read_jsonl

T = TypeVar("T")


def parse(cls: type[T], record: Any, where: str) -> T:
    """An instance of the dataclass ``cls``. ``where`` (``file:line``) begins the message of a :class:`RadError`.

    Unknown and missing fields are refused, and so are numbers that are not finite; nothing is converted but whole
    numbers to float and lists to tuples.
    """
    try:
        value: T = _build(cls, record, "")
    except _BadField as error:
        raise RadError(f"{where}: {error}") from None
    return value


def read(path: Path, cls: type[T]) -> Iterator[tuple[int, T]]:
    """Line number and record of each line of a JSONL file."""
    for number, record in read_jsonl(path):
        yield number, parse(cls, record, f"{path}:{number}")


class _BadField(Exception):
    pass


@cache
def _hints(cls: type) -> dict[str, tuple[Any, bool]]:
    """Field name -> its type and whether it must be given."""
    types_ = get_type_hints(cls)
    free = dataclasses.MISSING
    return {f.name: (types_[f.name], f.default is free and f.default_factory is free) for f in dataclasses.fields(cls)}


def _build(kind: Any, value: Any, at: str) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind, value, at)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        (inner,) = (a for a in args if a is not type(None))
        return _build(inner, value, at)
    if origin is Literal:
        if value not in args or not isinstance(value, str):
            raise _BadField(f"{at}: {value!r} is not one of {', '.join(args)}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise _BadField(f"{at}: expected a list, found {_name(value)}")
        if args[-1] is Ellipsis:
            return tuple(_build(args[0], v, f"{at}[{k}]") for k, v in enumerate(value))
        if len(value) != len(args):
            raise _BadField(f"{at}: expected {len(args)} values, found {len(value)}")
        return tuple(_build(a, v, f"{at}[{k}]") for k, (a, v) in enumerate(zip(args, value, strict=True)))
    if origin is collections.abc.Mapping:
        if not isinstance(value, dict):
            raise _BadField(f"{at}: expected an object, found {_name(value)}")
        return {k: _build(args[1], v, f"{at}.{k}") for k, v in value.items()}
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _BadField(f"{at}: not a finite number")
        return number
    if type(value) is not kind:
        raise _BadField(f"{at}: expected {_WORDS.get(kind, kind)}, found {_name(value)}")
    return value


def _record(cls: type, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise _BadField(f"{at or cls.__name__}: expected an object, found {_name(value)}")
    hints, dot = _hints(cls), f"{at}." if at else ""
    if unknown := sorted(value.keys() - hints.keys()):
        raise _BadField(f"unknown field {dot}{unknown[0]} (known: {', '.join(hints)})")
    if missing := [name for name, (_, required) in hints.items() if required and name not in value]:
        raise _BadField(f"lacks {', '.join(dot + name for name in missing)}")
    return cls(**{name: _build(hints[name][0], v, dot + name) for name, v in value.items()})


_WORDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def _name(value: Any) -> str:
    words = {**_WORDS, type(None): "null", list: "a list", dict: "an object"}
    return words.get(type(value), type(value).__name__)
