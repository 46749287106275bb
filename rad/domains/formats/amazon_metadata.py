"""The metadata of an item of Amazon Reviews, of 2018 or of 2023: the fields that describe the thing itself.

What is from the day of the crawl is not read (:mod:`rad.domains.formats.amazon_reviews` says what that is).
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from rad.errors import RadError

NO_BRAND = ("", "generic", "unknown", "n/a", "none")  # what sellers write who have none
DETAILS = {
    "Department": "department",
    "Color": "colour",
    "Material": "material",
    "Style": "style",
    "Pattern": "pattern",
    "Closure Type": "closure",
    "Fit Type": "fit",
}
"""Names in the 2023 field ``details`` that describe the thing itself, and the attributes that they become."""
_MARKUP = re.compile(r"getTime|</|/>")  # a piece of the page where text should be, as in files of 2018


class ItemMetadata(NamedTuple):
    """Texts are empty where a line lacks them; ``path`` is the category, from the department down."""

    title: str
    brand: str
    path: tuple[str, ...]
    details: dict[str, str]
    description: str


def metadata_of(where: str, record: Mapping[str, object], descriptions: bool) -> ItemMetadata:
    """The fields of a line of metadata that describe the thing, of either year."""
    details = record.get("details") or {}
    if isinstance(details, str):  # the Hub's tables have it as JSON inside a string
        try:
            details = json.loads(details)
        except ValueError as error:
            raise RadError(f"{where}: details is not a JSON object ({error})") from error
    if not isinstance(details, dict):
        raise RadError(f"{where}: details is not an object (found {type(details).__name__})")
    described = {name: _tidy(details[key]) for key, name in DETAILS.items() if isinstance(details.get(key), str)}
    brand = details.get("Brand")
    brand = _tidy(brand) if isinstance(brand, str) else words(where, record, "store") or words(where, record, "brand")
    path = [*_list(where, record, "categories"), *_list(where, record, "category")]
    title = words(where, record, "title")
    long = [*_list(where, record, "features", "feature"), *_list(where, record, "description")] if descriptions else []
    return ItemMetadata(
        title="" if _MARKUP.search(title) else title,
        brand="" if _MARKUP.search(brand) else brand,
        path=tuple(takewhile(lambda step: not _MARKUP.search(step), path)),
        details={name: value for name, value in described.items() if value},
        description=" ".join(part for part in long if not _MARKUP.search(part)),
    )


def words(where: str, record: Mapping[str, object], name: str) -> str:
    """A text of a line on one line, its HTML entities resolved; empty where it is missing."""
    value = record.get(name)
    if not isinstance(value, str | None):
        raise RadError(f"{where}: {name} is not a string (found {type(value).__name__})")
    return _tidy(value or "")


def _list(where: str, record: Mapping[str, object], *names: str) -> list[str]:
    """The strings of the first of ``names`` that is there; one string counts as a list of one."""
    name = next((name for name in names if name in record), names[0])
    value = record.get(name) or []
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise RadError(f"{where}: {name} is not a list of strings")
    return [part for part in map(_tidy, value) if part]


def _tidy(text: str) -> str:
    return " ".join(html.unescape(text).split())


def canonical(values: Iterable[str]) -> dict[str, str]:
    """Case-folded value -> its most frequent spelling (ties: the first in order), so that PRESTIGE is Prestige."""
    best: dict[str, str] = {}
    for value, _ in sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])):
        best.setdefault(value.casefold(), value)
    return best
