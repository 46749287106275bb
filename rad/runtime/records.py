"""JSON objects into the dataclasses of :mod:`rad.types`, strictly: a bad field is one line that names it.

>>> from rad.runtime.records import parse
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
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from rad.errors import RadError
from rad.runtime.files import read_jsonl

T = TypeVar("T")


def parse(cls: type[T], record: Any, where: str) -> T:
    """An instance of the dataclass ``cls``. ``where`` (``file:line``) begins the message of a :class:`RadError`.

    Unknown and missing fields are refused, and so are numbers that are not finite; nothing is converted but whole
    numbers to float and lists to tuples.
    """
    kind: Any = cls  # mypy takes no type for what can be cached
    try:
        value: T = _builder(kind)(record)
    except _BadField as error:
        raise RadError(f"{where}: {error}") from None
    return value


def read(path: Path, cls: type[T]) -> Iterator[tuple[int, T]]:
    """Line number and record of each line of a JSONL file."""
    for number, record in read_jsonl(path):
        yield number, parse(cls, record, f"{path}:{number}")


class _BadField(Exception):
    """``told`` makes the message from the path to the value, which grows on the way out."""

    def __init__(self, told: Callable[[str], str]) -> None:
        super().__init__()
        self.told, self.at = told, ""

    def __str__(self) -> str:
        return self.told(self.at)

    def within(self, outer: str) -> _BadField:
        self.at = outer + (self.at if self.at[:1] in ("", "[") else f".{self.at}")
        return self


Builder = Callable[[Any], Any]


@cache
def _builder(kind: Any) -> Builder:
    """What makes a value of a type from what JSON has. Types are looked into once, not for each of their values."""
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind)
    if origin in (typing.Union, types.UnionType):
        (inner,) = (a for a in args if a is not type(None))
        build = _builder(inner)
        return (lambda value: None if value is None else build(value)) if type(None) in args else build
    if origin is Literal:
        return lambda value: _one_of(value, args)
    if origin is tuple:
        return _several(args[0]) if args[-1] is Ellipsis else _fixed(args)
    if origin is collections.abc.Mapping:
        return _mapping(_builder(args[1]))
    return _number if kind is float else lambda value: _scalar(value, kind)


def _one_of(value: Any, allowed: tuple[str, ...]) -> Any:
    if not isinstance(value, str) or value not in allowed:
        raise _BadField(lambda at: f"{at}: {value!r} is not one of {', '.join(allowed)}")
    return value


def _several(kind: Any) -> Builder:
    build, plain = _builder(kind), kind in (str, int)

    def made(value: Any) -> Any:
        _check_list(value)
        if plain and all(type(v) is kind for v in value):
            return tuple(value)
        out: list[Any] = []
        try:
            for v in value:
                out.append(build(v))
        except _BadField as error:
            raise error.within(f"[{len(out)}]") from None
        return tuple(out)

    return made


def _fixed(kinds: tuple[Any, ...]) -> Builder:
    builders = [_builder(kind) for kind in kinds]

    def made(value: Any) -> Any:
        _check_list(value)
        if len(value) != len(builders):
            raise _BadField(lambda at: f"{at}: expected {len(builders)} values, found {len(value)}")
        out: list[Any] = []
        try:
            for build, v in zip(builders, value, strict=True):
                out.append(build(v))
        except _BadField as error:
            raise error.within(f"[{len(out)}]") from None
        return tuple(out)

    return made


def _check_list(value: Any) -> None:
    if not isinstance(value, list | tuple):
        raise _BadField(lambda at: f"{at}: expected a list, found {_name(value)}")


def _mapping(build: Builder) -> Builder:
    def made(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _BadField(lambda at: f"{at}: expected an object, found {_name(value)}")
        out = {}
        for key, v in value.items():
            try:
                out[key] = build(v)
            except _BadField as error:
                raise error.within(key) from None
        return out

    return made


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _scalar(value, float)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _BadField(lambda at: f"{at}: not a finite number")
    return number


def _scalar(value: Any, kind: Any) -> Any:
    if type(value) is not kind:
        raise _BadField(lambda at: f"{at}: expected {_WORDS.get(kind, kind)}, found {_name(value)}")
    return value


def _record(cls: Any) -> Builder:
    kinds, free = get_type_hints(cls), dataclasses.MISSING
    fields = {f.name: _builder(kinds[f.name]) for f in dataclasses.fields(cls)}
    required = [f.name for f in dataclasses.fields(cls) if f.default is free and f.default_factory is free]

    def made(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _BadField(lambda at: f"{at or cls.__name__}: expected an object, found {_name(value)}")
        if not value.keys() <= fields.keys():
            unknown, known = min(value.keys() - fields.keys()), ", ".join(fields)
            raise _BadField(lambda at: f"unknown field {_dot(at)}{unknown} (known: {known})")
        if missing := [name for name in required if name not in value]:
            raise _BadField(lambda at: f"lacks {', '.join(_dot(at) + name for name in missing)}")
        given = {}
        for name, v in value.items():
            try:
                given[name] = fields[name](v)
            except _BadField as error:
                raise error.within(name) from None
        return cls(**given)

    return made


def _dot(at: str) -> str:
    return f"{at}." if at else ""


_WORDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def _name(value: Any) -> str:
    words = {**_WORDS, type(None): "null", list: "a list", dict: "an object"}
    return words.get(type(value), type(value).__name__)
