"""Amazon Reviews 2018, Industrial and Scientific, in UniSRec's leave-one-out files: the real-data bar of RAD.

    python -m rad describe scientific --data-dir DIR

8,442 users, 4,385 items, 59,427 purchases, no timestamps (the files keep the order only). An item's text is title,
brand and category path: adding 150 characters of the description changes BM25's test NDCG@10 from 0.0740 to 0.0743,
all of it to 0.0639, so descriptions stay out. Categories form paths whose elements are joined by commas; a name may
hold a comma too, and then a space follows it, so a path is split at commas without one. Listings that share their
title stay apart, since their ASINs differ and the published figures rank all 4,385.

Domain arguments: none, or ``changed`` to accept files that differ from the published ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.data.splits import public_id
from rad.domains.formats import recbole_atomic
from rad.domains.formats.amazon_metadata import NO_BRAND, canonical
from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.settings import parse
from rad.types import Interaction, Item

ROOT = "Industrial & Scientific"
MAX_DEPTH = 6  # the deepest honest path; longer ones have bullet points of the description at their end
_ORIGIN = "Amazon Reviews 2018 (Ni, Li and McAuley, EMNLP 2019), 5-core, as prepared for UniSRec (Hou et al., KDD 2022)"
_LICENCE = "research use; the publisher assigns no licence"
_FETCH = "Fetch UniSRec's downstream data set Scientific (links in the README of https://github.com/RUCAIBox/UniSRec)."
_ITEMS = (
    "items.jsonl has one object per line of Scientific.item2index (item_id = ASIN, title, brand, categories, "
    "description) from the publisher's meta_Industrial_and_Scientific.json.gz (https://nijianmo.github.io/amazon)."
)
_KEEP = "hashed ids and their order; brand and category names inside rationales; no titles, descriptions or ASINs"


def _source(file: str, size: int, sha256: str, instructions: str = _FETCH) -> Source:
    return Source(file, size, sha256, _ORIGIN, _LICENCE, instructions, _KEEP)


SOURCES = (
    _source("Scientific.train.inter", 929295, "7284f6489d956fa20c9b64ffc84569264320edba5c3bc2fcb22db2ea083a1163"),
    _source("Scientific.valid.inter", 271473, "5f37c84d3b54617cdc46638c89dfe8741c7efc4987acd5eb64de2cbd4311f46c"),
    _source("Scientific.test.inter", 309842, "546da7e5f44002b4518d7fd58066684bc09613f76c240914e16976d57cfe7083"),
    _source("Scientific.item2index", 69050, "896ab1017508cf20834d3d0537da9f8f624324223a835af272a98ba16f8c087a"),
    _source("Scientific.user2index", 165602, "f0162b1a3a0c6b7e816f86208e7b36f65d6787923126f9558fbc6d368e4c4974"),
    _source("items.jsonl", 3686811, "6e9b4f12ec1398a5fcfce6bcc742708dd57ede70eba19e27149108a9f0529058", _ITEMS),
)


class Domain(BaseDomain):
    """``load`` reads the raw files; attributes are brand, section (2nd level), shelf (3rd) and category (leaf)."""

    name = "scientific"
    version = "1"
    sources = SOURCES

    def __init__(self, argument: str = "") -> None:
        self.settings = parse(sources.FileSettings, argument.split(","), self.name)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Items and sequences with public ids. ``data_dir``: the folder ``scientific`` or the one that holds it."""
        files = sources.find(self.name, SOURCES, data_dir, self.settings.changed)
        item_names = recbole_atomic.read_index(files["Scientific.item2index"])
        user_names = recbole_atomic.read_index(files["Scientific.user2index"])
        sequences = recbole_atomic.leave_one_out(
            {s: files[f"Scientific.{s}.inter"] for s in ("train", "valid", "test")}
        )
        items, notes = self._items(files["items.jsonl"], item_names)
        test = files["Scientific.test.inter"]
        out = {}
        for number, (user, sequence) in enumerate(sequences.items(), 2):
            if user not in user_names:
                raise RadError(f"{test}:{number}: user {user} is not in Scientific.user2index")
            lost = next((raw for raw in sequence if raw not in item_names), None)
            if lost is not None:
                raise RadError(f"{test}:{number}: item {lost} is not in Scientific.item2index")
            key = public_id(self.name, "user", user_names[user])
            out[key] = tuple(Interaction(key, public_id(self.name, "item", item_names[raw])) for raw in sequence)
        notes["users of the index without a sequence"] = len(user_names) - len(out)
        return Corpus(items=items, sequences=out, notes={k: v for k, v in notes.items() if v})

    def _items(self, path: Path, names: Mapping[str, str]) -> tuple[list[Item], Counter[str]]:
        rows: dict[str, dict[str, str]] = {}
        for number, record in read_jsonl(path):
            row = _fields(path, number, record)
            if row["item_id"] in rows:
                raise RadError(f"{path}:{number}: duplicate item_id {row['item_id']}")
            rows[row["item_id"]] = row
        notes: Counter[str] = Counter()
        source_ids = names.values()
        notes["items of items.jsonl that are not in the index (left out)"] = len(rows.keys() - set(source_ids))
        paths = category_paths([row["categories"] for row in rows.values()])
        brands = canonical(row["brand"] for row in rows.values())
        items = []
        for source_id in source_ids:
            row = rows.get(source_id, {"title": "", "brand": "", "categories": ""})
            steps = paths.get(row["categories"], ())
            brand = "" if row["brand"].casefold() in NO_BRAND else brands[row["brand"].casefold()]
            section, shelf = (*steps, "", "", "")[1:3]
            leaf = steps[-1] if len(steps) > 1 else ""
            values = {"brand": brand, "section": section, "shelf": shelf, "category": leaf}
            scraped = row["title"].endswith("/>")  # a piece of the page where the title should be
            title = "" if scraped else row["title"]
            text = ". ".join(part for part in (title, brand, " > ".join(steps)) if part)
            notes["items without a title (named by brand and category)"] += not title
            notes["items without a category"] += not steps
            notes["items without a brand"] += not brand
            items.append(
                Item(
                    item_id=public_id(self.name, "item", source_id),
                    domain=self.name,
                    title=title or " ".join(part for part in (brand, values["category"]) if part) or "(no title)",
                    text=text,
                    attributes={name: (value,) for name, value in values.items() if value},
                )
            )
        return items, notes


def _fields(path: Path, number: int, record: Mapping[str, object]) -> dict[str, str]:
    """The four text fields of a line, spaces tidied. An absent or wrongly typed one is an error."""
    wanted = ("item_id", "title", "brand", "categories")
    lacking = [name for name in wanted if name not in record]
    if lacking:
        raise RadError(f"{path}:{number}: lacks {', '.join(lacking)}")
    fields: dict[str, str] = {}
    for name in wanted:
        value = record[name]
        if not isinstance(value, str):
            raise RadError(f"{path}:{number}: {name} is not a string (found {type(value).__name__})")
        fields[name] = " ".join(value.split())
    if not fields["item_id"]:
        raise RadError(f"{path}:{number}: item_id is empty")
    return fields


def category_paths(values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each comma-joined category string -> its path from the root.

    Some strings of the source are broken. A path flattened with spaces is put back together from the paths of other
    items; what follows the longest of them becomes the leaf. A path deeper than ``MAX_DEPTH`` is cut to the part that
    other items have.
    """
    split = {value: tuple(re.split(r",(?! )", value)) for value in values if value}
    counts = Counter(split[v][:k] for v in values if v and split[v][0] == ROOT for k in range(1, len(split[v]) + 1))
    flat = {" ".join(path): path for path in counts}

    def mend(path: tuple[str, ...]) -> tuple[str, ...]:
        if path[0] == ROOT:
            return path if len(path) <= MAX_DEPTH else max((p for p in _prefixes(path) if counts[p] > 1), default=())
        start = path[0].find(ROOT)
        if len(path) > 1 or start < 0:
            return path
        words = path[0][start:].split(" ")
        for k in range(len(words), 0, -1):
            if start_of_path := flat.get(" ".join(words[:k])):
                rest = " ".join(words[k:])
                return (*start_of_path, rest) if rest else start_of_path
        return path

    return {value: mend(path) for value, path in split.items()}


def _prefixes(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [path[:k] for k in range(1, len(path) + 1)]
