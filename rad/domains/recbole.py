"""Any data in RecBole's atomic files: ``recbole:FOLDER`` with ``NAME.inter`` and, for text, ``NAME.item``.

    python -m rad describe recbole:dataset/ml-100k
    python -m benchmarks.run --model item_knn bm25 --domain recbole:dataset/ml-100k

- ``NAME.inter``: ``user_id``, ``item_id`` and, if there are any, ``rating`` and ``timestamp`` (seconds), the columns in
  any order. Without timestamps a history is a set: what is held out of it is drawn by a hash. One item twice at one
  time (or twice in a set) counts once; bought again later, it stays.
- or ``NAME.train.inter``, ``NAME.valid.inter`` and ``NAME.test.inter`` with ``item_id_list``: leave-one-out, in the
  order of the lists, put together as :func:`rad.domains.formats.recbole_atomic.leave_one_out` says.
- or the same three files with several rows a user in ``valid`` or ``test``: a split of their publisher's own, read as
  it is. Intervals and tests are then by user.
- ``NAME.item``: every column of tokens is an attribute; spaces part the values of a ``token_seq``. The title is
  ``title`` or the first column that ends in ``_title``. Free text (``description`` and the like) joins the item's text.
  Columns of numbers are no attributes, and those that tell how popular an item became are never read.
  Items that nobody has stay in the catalogue. Without this file items have no text. ``NAME.user`` is not read.

A path may be given in full or inside ``--data-dir`` (``RAD_DATA``). The domain's name, which public ids hash, is
``recbole:NAME``, whatever the folder is called.
"""

from __future__ import annotations

import hashlib
import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.splits import SplitRow, public_id
from rad.domains.formats import recbole_atomic
from rad.errors import RadError
from rad.leakage.snapshot_fields import is_snapshot
from rad.types import Interaction, Item, Split

FREE_TEXT = re.compile(r"(\w+_)?(description|abstract|text|features?|plot|summary)")
_YEAR_2100 = 4_102_444_800
_PARTS = ("train", "valid", "test")


class Domain(BaseDomain):
    """``load`` reads the folder's files; attributes are named as its columns."""

    name = "recbole"

    def __init__(self, argument: str = "") -> None:
        if not argument:
            raise RadError("recbole needs a folder with NAME.inter: recbole:FOLDER")
        self.path = argument

    def load(self, data_dir: Path | None = None) -> Corpus:
        """``data_dir``: where the path is looked for, too."""
        folder = sources.resolve_path(self.name, self.path, data_dir)
        file, interactions = _interaction_files(folder)
        return _Folder(f"{self.name}:{file}", folder / f"{file}.item").corpus(interactions)


@dataclass(frozen=True)
class _Folder:
    """Reads one folder's files. ``domain`` is the name that public ids hash, ``items`` the file of the catalogue."""

    domain: str
    items: Path

    def corpus(self, files: Mapping[str, Path]) -> Corpus:
        catalogue, notes = self._items() if self.items.is_file() else (None, {})
        rows: list[SplitRow] = []
        if len(files) == 1:
            sequences, twice = self._sequences(files[""], catalogue)
            notes["interactions that are there twice (left out)"] = twice
        elif recbole_atomic.has_several_rows(files):
            rows = list(self._split_rows(files, catalogue))
            sequences = _sequences_of(rows)
        else:
            sequences = self._leave_one_out(files, catalogue)
        if catalogue is None:
            item_ids = {x.item_id for sequence in sequences.values() for x in sequence}
            catalogue = {item_id: Item(item_id, self.domain, "(no title)", "") for item_id in item_ids}
        ordered = len(files) > 1 or "timestamp" in recbole_atomic.read_header(files[""])
        notes = {what: n for what, n in notes.items() if n}
        return Corpus(list(catalogue.values()), sequences, ordered=ordered, notes=notes, domain=self.domain, rows=rows)

    def _sequences(self, path: Path, catalogue: Mapping[str, Item] | None) -> tuple[dict[str, list[Interaction]], int]:
        header = recbole_atomic.read_header(path)
        columns = ["user_id", "item_id", *(name for name in ("timestamp", "rating") if name in header)]
        timed, twice = "timestamp" in header, 0
        seen: set[tuple[str, str, float]] = set()
        users: dict[str, list[tuple[float, Interaction]]] = {}
        for number, values in recbole_atomic.read_atomic(path, columns):
            where, row = f"{path}:{number}", dict(zip(columns, values, strict=True))
            time = _number(where, "timestamp", row["timestamp"]) if timed else 0.0
            if not 0 <= time <= _YEAR_2100:
                raise RadError(f"{where}: timestamp {row['timestamp']} is not in seconds between 1970 and 2100")
            rating = _number(where, "rating", row["rating"]) if "rating" in row else None
            user, item = self._ids(where, row["user_id"], row["item_id"], catalogue)
            if (user, item, time) in seen:
                twice += 1
                continue
            seen.add((user, item, time))
            # without times the order of the file may be that of ids or of popularity, so a hash takes its place
            order = time if timed else _draw(user, item)
            users.setdefault(user, []).append((order, Interaction(user, item, int(time) if timed else None, rating)))
        if not users:
            raise RadError(f"{path}:2: no interactions after the header")
        ordered = {user: sorted(rows, key=lambda pair: pair[0]) for user, rows in users.items()}
        return {user: [x for _, x in rows] for user, rows in ordered.items()}, twice

    def _leave_one_out(
        self, files: Mapping[str, Path], catalogue: Mapping[str, Item] | None
    ) -> dict[str, list[Interaction]]:
        out = {}
        for number, (user, sequence) in enumerate(recbole_atomic.leave_one_out(files).items(), 2):
            pairs = [self._ids(f"{files['test']}:{number}", user, item, catalogue) for item in sequence]
            out[pairs[0][0]] = [Interaction(*pair) for pair in pairs]
        return out

    def _split_rows(self, files: Mapping[str, Path], catalogue: Mapping[str, Item] | None) -> Iterator[SplitRow]:
        names: dict[str, Split] = {"train": "train", "valid": "validation", "test": "test"}
        for split, number, user, history, target in recbole_atomic.split_rows(files):
            where = f"{files[split]}:{number}"
            pairs = [self._ids(where, user, item, catalogue) for item in (*history, target)]
            *past, last = (item for _, item in pairs)
            yield SplitRow(names[split], pairs[0][0], tuple(past), last)

    def _ids(self, where: str, user: str, item: str, catalogue: Mapping[str, Item] | None) -> tuple[str, str]:
        key = public_id(self.domain, "item", item)
        if catalogue is not None and key not in catalogue:
            raise RadError(f"{where}: item {item} is not in {self.items.name}")
        return public_id(self.domain, "user", user), key

    def _items(self) -> tuple[dict[str, Item], dict[str, int]]:
        path = self.items
        header = recbole_atomic.read_header(path)
        free = [name for name in header if FREE_TEXT.fullmatch(name)]
        title = next((name for name in header if name == "title" or name.endswith("_title")), None)
        tokens = {name: kind for name, kind in header.items() if kind.startswith("token") and not is_snapshot(name)}
        tokens = {name: kind for name, kind in tokens.items() if name not in ("item_id", title, *free)}
        columns = ["item_id", *([title] if title else []), *tokens, *free]
        out: dict[str, Item] = {}
        for number, values in recbole_atomic.read_atomic(path, columns, may_be_empty=columns[1:]):
            # files made from web pages have their entities in them: "Salt &amp; Pepper"
            row = {name: " ".join(html.unescape(value).split()) for name, value in zip(columns, values, strict=True)}
            key = public_id(self.domain, "item", row["item_id"])
            if key in out:
                raise RadError(f"{path}:{number}: duplicate item_id {row['item_id']}")
            attributes = {
                name: tuple(dict.fromkeys(row[name].split(" "))) if kind == "token_seq" else (row[name],)
                for name, kind in tokens.items()
                if row[name]
            }
            name = row[title] if title else ""
            parts = (name, *(row[column] for column in (*tokens, *free)))
            out[key] = Item(key, self.domain, name or "(no title)", ". ".join(filter(None, parts)), attributes)
        unread = [name for name in header if name not in columns]
        return out, {f"columns that are no attributes ({', '.join(unread)})": len(unread)}


def _sequences_of(rows: Iterable[SplitRow]) -> dict[str, list[Interaction]]:
    """What the rows say of each user: the first history, and the target of each row."""
    out: dict[str, list[Interaction]] = {}
    for row in rows:
        sequence = out.setdefault(row.user_id, [Interaction(row.user_id, item) for item in row.history])
        sequence.append(Interaction(row.user_id, row.target))
    return out


def _interaction_files(folder: Path) -> tuple[str, dict[str, Path]]:
    """The name of the files, and the one with interactions (under the key "") or the three of leave-one-out."""
    if not folder.is_dir():
        raise RadError(f"{folder}: is a file, a folder with NAME.inter was expected")
    files = {path.name.removesuffix(".inter"): path for path in sorted(folder.glob("*.inter"))}
    split = {part: name for name in files for part in _PARTS if name.endswith(f".{part}")}
    names = {name.rpartition(".")[0] for name in split.values()}
    unsplit = [name for name in files if name not in split.values()]
    if len(unsplit) == 1 and not split:
        return unsplit[0], {"": files[unsplit[0]]}
    if len(files) == 3 and len(split) == 3 and len(names) == 1:
        return names.pop(), {part: files[name] for part, name in split.items()}
    has = ", ".join(path.name for path in files.values()) or "none"
    raise RadError(f"{folder}/: expected one NAME.inter, or NAME.train, .valid and .test.inter; found {has}")


def _number(where: str, column: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RadError(f"{where}: {column} is not a number (found '{value}')")
    return number


def _draw(user: str, item: str) -> float:
    """A place in a set without order that says nothing of the file's: whole numbers below 2^52."""
    return float(int(hashlib.sha256(f"{user}:{item}".encode()).hexdigest()[:13], 16))
