"""Files of ratings: a user, an item, a rating and a time on each line, apart from the order of columns all alike.

Lines are split here, not by pyarrow.csv: that takes separators of one character only (MovieLens has ``::``), and names
no line where a packed file is cut short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rad.errors import RadError
from rad.runtime.files import read_lines

COLUMNS = ("user", "item", "rating", "timestamp")
_EARLIEST = 788_918_400  # 1995: no rating on the web is older
_LATEST = 4_102_444_800  # 2100
_MILLISECONDS = 100_000_000_000  # in seconds, the year 5138


def read_ratings(
    path: Path,
    columns: Sequence[str] = COLUMNS,
    separator: str = ",",
    header: bool = False,
    scale: tuple[float, float] = (1, 5),
) -> Iterator[tuple[int, str, str, float, int]]:
    """Line number, user, item, rating and time (UTC seconds) of each line.

    ``columns`` is the order of :data:`COLUMNS` in the file; with ``header`` its first line says the same. Users and
    items are whole numbers and stay strings.

    Raises:
        RadError: The file is empty or has another header; a field is missing, extra or no number; a rating is outside
            ``scale``, or a time is in milliseconds. The message names file and line.
    """
    order = [columns.index(name) for name in COLUMNS]
    number = 0
    for number, line in read_lines(path):
        if header and number == 1:
            if line != separator.join(columns):
                raise RadError(f"{path}:1: the header is {line[:60]!r}, expected {separator.join(columns)!r}")
            continue
        fields = line.split(separator)
        if len(fields) != len(columns):
            raise RadError(f"{path}:{number}: {len(fields)} fields, expected {len(columns)} ({', '.join(columns)})")
        user, item, rating, time = (fields[k] for k in order)
        for name, value in (("user", user), ("item", item)):
            if not (value.isascii() and value.isdigit()):
                raise RadError(f"{path}:{number}: {name} {value[:40]!r} is not a whole number")
        yield number, user, item, _rating(path, number, rating, scale), seconds(path, number, time)
    if number <= header:
        raise RadError(f"{path}:{number + 1}: no ratings; empty or cut short?")


def _rating(path: Path, number: int, text: str, scale: tuple[float, float]) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise RadError(f"{path}:{number}: rating {text[:40]!r} is not a number") from error
    low, high = scale
    if not low <= value <= high:
        raise RadError(f"{path}:{number}: rating {text} is outside {low:g} to {high:g} (columns out of order?)")
    return value


def seconds(path: Path, number: int, text: str) -> int:
    """A time in UTC seconds. :class:`RadError` where it can be none: milliseconds, days, a date, another column."""
    if not (text.isascii() and text.isdigit()):
        raise RadError(f"{path}:{number}: timestamp {text[:40]!r} is not a whole number")
    value = int(text)
    if value >= _MILLISECONDS:
        raise RadError(f"{path}:{number}: timestamp {value} is in milliseconds or finer, seconds are expected")
    if not _EARLIEST <= value < _LATEST:
        raise RadError(f"{path}:{number}: timestamp {value} is no time in UTC seconds since 1995")
    return value
