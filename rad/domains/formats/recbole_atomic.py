"""RecBole atomic files: tab-separated tables whose header names and types each column (``item_id:token``).

Format: https://recbole.io/docs/user_guide/data/atomic_files.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rad.errors import RadError
from rad.runtime.files import read_lines

TYPES = ("token", "token_seq", "float", "float_seq")


def read_header(path: Path) -> dict[str, str]:
    """Name and type (one of ``TYPES``) of each column. :class:`RadError` on a column without one, or there twice."""
    line = next((line for _, line in read_lines(path)), "")
    out: dict[str, str] = {}
    for field in line.split("\t") if line else ():
        name, _, kind = field.partition(":")
        if not name or kind not in TYPES:
            raise RadError(f"{path}:1: column '{field}' is not NAME:TYPE with one of the types {', '.join(TYPES)}")
        if name in out:
            raise RadError(f"{path}:1: column {name} is there twice")
        out[name] = kind
    if not out:
        raise RadError(f"{path}:1: empty file, a header was expected")
    return out


def read_atomic(
    path: Path, columns: Sequence[str], may_be_empty: Sequence[str] = ()
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line number and the values of ``columns`` of each row of an atomic file, in that order.

    Raises:
        RadError: A column is missing, a value is empty where none may be, or a row has too few or too many fields. The
            message names file and line.
    """
    width, order = 0, []
    for number, line in read_lines(path):
        fields = line.split("\t")
        if number == 1:
            header = [field.partition(":")[0] for field in fields]
            lacking = [column for column in columns if column not in header]
            if lacking:
                raise RadError(f"{path}:1: header lacks {', '.join(lacking)} (found {', '.join(header)})")
            width, order = len(header), [header.index(column) for column in columns]
            continue
        if len(fields) != width:
            raise RadError(f"{path}:{number}: {len(fields)} fields where the header has {width}")
        values = tuple(fields[k] for k in order)
        if not all(values):
            empty = [column for column, value in zip(columns, values, strict=True) if not value]
            if refused := [column for column in empty if column not in may_be_empty]:
                raise RadError(f"{path}:{number}: {refused[0]} is empty")
        yield number, values
    if not width:
        raise RadError(f"{path}:1: empty file, a header was expected")


def read_index(path: Path) -> dict[str, str]:
    """Raw number -> the publisher's own id, from an ``item2index`` or ``user2index`` file (id, tab, number)."""
    out: dict[str, str] = {}
    names: set[str] = set()
    for number, line in read_lines(path):
        fields = line.split("\t")
        if len(fields) != 2 or not all(fields):
            raise RadError(f"{path}:{number}: expected an id, a tab and a number, found {line[:60]!r}")
        name, index = fields
        if index in out or name in names:
            raise RadError(f"{path}:{number}: duplicate {'number ' + index if index in out else 'id ' + name}")
        out[index] = name
        names.add(name)
    return out


Row = tuple[str, int, str, tuple[str, ...], str]
"""Split, line, user, history and target of a row, as strings."""


def has_several_rows(files: Mapping[str, Path]) -> bool:
    """Whether a user has two rows in ``test`` or in ``valid``, as no leave-one-out preparation has."""
    for split in ("test", "valid"):
        counts = Counter(user for _, (user,) in read_atomic(files[split], ("user_id",)))
        if any(n > 1 for n in counts.values()):
            return True
    return False


def split_rows(files: Mapping[str, Path]) -> Iterator[Row]:
    """The rows of ``train``, ``valid`` and ``test`` files of a publisher's own split, in this order."""
    for split in ("train", "valid", "test"):
        for number, (user, history, target) in read_atomic(files[split], ("user_id", "item_id_list", "item_id")):
            yield split, number, user, tuple(history.split(" ")), target


def leave_one_out(files: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """Each user's whole sequence from the ``train``, ``valid`` and ``test`` files of one leave-one-out preparation.

    A sequence of n items is there as n - 1 rows: one in test, one in valid, the others in train. Each is a target and
    the items before it, of which the source keeps at most 50. The rows overlap, and are laid over one another from the
    last to the first. Where they disagree, or one is missing, the error names the line. Values are raw numbers, as
    strings; users are in the order of ``test``.
    """
    rows: dict[str, list[tuple[Path, int, list[str]]]] = {}
    for split in ("test", "valid", "train"):
        path = files[split]
        for number, (user, history, target) in read_atomic(path, ("user_id", "item_id_list", "item_id")):
            if split == "test" and user in rows:
                raise RadError(f"{path}:{number}: user {user} has a second row")
            if split != "test" and user not in rows:
                raise RadError(f"{path}:{number}: user {user} is not in {files['test'].name}")
            rows.setdefault(user, []).append((path, number, [target, *reversed(history.split(" "))]))
    sequences = {}
    for user, windows in rows.items():
        backwards = list(windows[0][2])
        # longest first; among windows that the source cut to one length, its own order (last to first) stands
        windows[2:] = sorted(windows[2:], key=lambda row: -len(row[2]))
        for k, (path, number, window) in enumerate(windows):
            overlap = backwards[k : k + len(window)]
            if not overlap or window[: len(overlap)] != overlap:
                raise RadError(
                    f"{path}:{number}: user {user}'s rows do not fit together (one changed, missing or twice)"
                )
            backwards += window[len(overlap) :]
        if len(windows) != len(backwards) - 1:
            path, number, _ = windows[-1]
            raise RadError(
                f"{path}:{number}: user {user} has {len(windows)} rows for {len(backwards)} items; cut short?"
            )
        sequences[user] = tuple(reversed(backwards))
    return sequences
