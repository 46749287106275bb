"""Every field of an entry and of a prediction, made what it may not be: the cases follow from a true record."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from leaderboard.verification.entry import Entry, parse

Json = Any  # a value of JSON
Path = tuple[str | int, ...]
Case = tuple[str, Callable[[Json], None], str]
"""A name, the change of the record, and words of the line that refuses it."""
FREE = ("titles", "packages", "config", "metrics", "failures")  # of any keys
OVERFLOW = "1e999"  # JSON reads it as infinity; it stands in a record as this text until it is written


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """The fields of a record with their paths: of a list its first entry, of what is free nothing."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in FREE:
                yield from leaves(one, (*path, key))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))
    else:
        yield path, value


def objects(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """The objects of a record with their paths, itself first."""
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            if key not in FREE:
                yield from objects(one, (*path, key))
    elif isinstance(value, list) and value:
        yield from objects(value[0], (*path, 0))


def at(path: Path, change: Callable[[Json, str | int], None]) -> Callable[[Json], None]:
    """A change of the container at ``path`` but its last part, which it is given."""

    def apply(raw: Json) -> None:
        for key in path[:-1]:
            raw = raw[key]
        change(raw, path[-1])

    return apply


def put(path: Path, value: Json) -> Callable[[Json], None]:
    return at(path, lambda raw, key: raw.__setitem__(key, value))


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def another_type(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        other = "7" if isinstance(value, int | float) else {"a": 1} if isinstance(value, list | dict) else 7
        yield dotted(path), put(path, other), dotted(path)


def null(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        if value is not None:
            yield dotted(path), put(path, None), dotted(path)


def left_out(raw: Json) -> Iterator[Case]:
    for path, _ in leaves(raw):
        if isinstance(path[-1], str):
            yield dotted(path), at(path, lambda one, key: one.pop(key)), dotted(path)


def unknown_field(raw: Json) -> Iterator[Case]:
    for path, _ in objects(raw):
        yield dotted(path) or "the record", put((*path, "admin"), True), "admin"


def control_characters(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        if isinstance(value, str):
            yield dotted(path), put(path, f"{value}\u202e"), "control characters"


def markup(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        if isinstance(value, str) and path != ("model_card",):
            yield dotted(path), put(path, f"{value}<script>"), "markup"


def not_finite(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        if isinstance(value, float):
            yield dotted(path), put(path, OVERFLOW), "1e999"


def below_zero(raw: Json) -> Iterator[Case]:
    for path, value in leaves(raw):
        if type(value) in (int, float):
            yield dotted(path), put(path, -3), ""


KINDS: dict[str, Callable[[Json], Iterator[Case]]] = {
    "another type": another_type,
    "null": null,
    "left out": left_out,
    "unknown field": unknown_field,
    "control characters": control_characters,
    "markup": markup,
    "not finite": not_finite,
    "below zero": below_zero,
}
MAY_BE_TRUE = ("null", "left out", "another type", "unknown field")  # where a field is optional or free


def cases(kind: str, raw: Json) -> Iterator[Case]:
    """The cases of a kind from the record of an entry that holds."""
    for name, change, words in KINDS[kind](raw):
        changed = copy.deepcopy(raw)
        change(changed)
        if kind not in MAY_BE_TRUE or parse(Entry, changed)[1]:
            yield name, change, words


def written(raw: Json) -> str:
    """A changed record as JSON."""
    return json.dumps(raw).replace(f'"{OVERFLOW}"', OVERFLOW)
