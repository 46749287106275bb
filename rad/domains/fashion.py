"""Amazon Reviews 2018, AMAZON_FASHION, users with seven or more ratings, as prepared for ReasoningRec.

    python -m rad describe fashion --data-dir DIR       ratings.csv and processed_item_information.json in DIR/fashion/

1,273 users, 6,089 items, 11,136 ratings with times. 301 users have one and the same sequence, and others share theirs:
961 sequences are distinct, and each is counted once. Times are whole days, so 30% of those users have a tie between
their last two ratings; ties keep the order of the file. 133 ratings are of an item that the user rated before; they
stay, as repeat purchases do everywhere in RAD. The preparation numbers items and users and gives no ASINs, so its
numbers are the source ids; they run in the order of purchase, which public ids hide.

An item's text is its title and its brand. On validation BM25 has NDCG@10 0.1070 with the brand and 0.1060 without. With
garment words or prices added, or sizes removed, it has 0.102 to 0.108, so nothing else is done to it. Attributes are
brand, price (a tier of the lowest price asked; 13% of items have one) and what
:mod:`rad.domains.formats.fashion_lexicon` reads from the title: garment, colour, material, pattern, occasion, wearer.

The field ``description`` was written by a language model from reviews, those of test users about their test items too:
it leaks. ``fashion:descriptions`` appends it to the text, to measure the leak. It warns, its results carry that name,
and ``python -m rad check`` calls it a leak.

Domain arguments: ``descriptions``, ``changed`` (accept files that differ from the published ones), both with a comma.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rad.data import sources
from rad.data.dataset import LEAK
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.data.splits import in_time_order, public_id
from rad.domains.formats import fashion_lexicon
from rad.domains.formats.ratings_csv import read_ratings
from rad.errors import RadError
from rad.settings import parse
from rad.types import Interaction, Item

COLUMNS = ("item", "user", "rating", "timestamp")
NO_BRAND = ("", "generic", "unknown")
TIERS = ((10, "under $10"), (25, "$10 to $25"), (50, "$25 to $50"), (float("inf"), "over $50"))
WRITTEN = "item descriptions that a language model wrote from reviews, those of test users too"
_PRICE = re.compile(r"\$([\d,]+\.\d\d)(?: - \$[\d,]+\.\d\d)?")
_ORIGIN = "Amazon Reviews 2018 (Ni, Li and McAuley, EMNLP 2019), as prepared for ReasoningRec (Bismay et al., 2024)"
_LICENCE = "the preparation is under MIT; the reviews are for research use, and their publisher assigns no licence"
_FETCH = "Take the files from the data of ReasoningRec's repository (https://github.com/millenniumbismay/reasoningrec)."
_KEEP = "hashed ids and their order; brand, price tier and garment words inside rationales; no titles or descriptions"
SOURCES = (
    Source(
        *("ratings.csv", 260416, "265dc42765c6d718be20822bfabca04e1a252ed5987521a7dbeed7d77947af97"),
        *(_ORIGIN, _LICENCE, _FETCH, _KEEP),
    ),
    Source(
        *(
            "processed_item_information.json",
            3001116,
            "e673a376f17b8f7693f2c9dee28c398a191564565c9055e2e4f2b6682b7b41d3",
        ),
        *(_ORIGIN, _LICENCE, _FETCH, _KEEP),
    ),
)


@dataclass(frozen=True, slots=True)
class Settings(sources.FileSettings):
    """What the domain's argument may set."""

    descriptions: bool = False  # append the leaking descriptions to the items' texts


class Domain(BaseDomain):
    """``load`` reads the raw files; attributes are brand, price and those of
    :mod:`rad.domains.formats.fashion_lexicon`."""

    name = "fashion"
    version = "1"
    sources = SOURCES

    def __init__(self, argument: str = "") -> None:
        self.settings = parse(Settings, argument.split(","), self.name)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Items and ratings with public ids. ``data_dir``: the folder of the files or the one that holds it."""
        files = sources.find(self.name, SOURCES, data_dir, self.settings.changed, folder="amazon_fashion")
        ratings = files["ratings.csv"]
        records = _read_items(files["processed_item_information.json"])
        notes: Counter[str] = Counter()
        if self.settings.descriptions:
            warnings.warn(f"fashion:descriptions leaks: it has {WRITTEN}", stacklevel=2)
            notes[f"{LEAK}{WRITTEN}"] = sum("description" in fields for fields in records.values())
        items = {number: self._item(number, fields, notes) for number, fields in records.items()}
        rows, seen = [], set()
        for line, user, item, rating, time in read_ratings(ratings, COLUMNS, header=True):
            if item not in items:
                raise RadError(f"{ratings}:{line}: item {item} is not in processed_item_information.json")
            notes["ratings of an item that the user has rated before (kept)"] += (user, item) in seen
            notes["of these, ratings at one and the same time"] += (user, item, time) in seen
            seen |= {(user, item), (user, item, time)}
            rows.append(Interaction(public_id(self.name, "user", user), items[item].item_id, time, rating))
        return Corpus(list(items.values()), in_time_order(rows), notes={what: n for what, n in notes.items() if n})

    def _item(self, number: str, fields: Mapping[str, str], notes: Counter[str]) -> Item:
        title = (
            "" if "\n" in fields["title"] else " ".join(fields["title"].split())
        )  # a script of the page, not a title
        brand = " ".join(fields.get("brand", "").split())
        brand = "" if brand.casefold() in NO_BRAND else brand
        description = " ".join(fields.get("description", "").split()) if self.settings.descriptions else ""
        price = _PRICE.fullmatch(fields.get("price", "").strip())
        values = {"brand": (brand,), "price": (_tier(price[1]) if price else "",), **fashion_lexicon.attributes(title)}
        notes["items without a title"] += not title
        notes["items without a brand"] += not brand
        notes["items with a price that cannot be read"] += bool(fields.get("price")) and not price
        return Item(
            item_id=public_id(self.name, "item", number),
            domain=self.name,
            title=title or "(no title)",
            text=". ".join(part for part in (title, brand, description) if part),
            attributes={name: value for name, value in values.items() if any(value)},
        )


def _tier(price: str) -> str:
    amount = float(price.replace(",", ""))
    return next(name for limit, name in TIERS if amount < limit)


def _read_items(path: Path) -> dict[str, dict[str, str]]:
    """Number -> the text fields of an item, each a string; without a title it is empty."""

    def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if twice := [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]:
            raise ValueError(f"{twice[0]!r} comes twice in one object")
        return dict(pairs)

    try:
        records = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise RadError(f"{path}:{error.lineno}: not JSON, or cut short ({error.msg}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise RadError(f"{path}:1: not an object of items ({error})") from error
    if not isinstance(records, dict) or not records:
        raise RadError(f"{path}:1: not an object of items, or empty")
    for number, fields in records.items():
        if not (number.isascii() and number.isdigit()):
            raise RadError(f"{path}:1: item {number[:40]!r} is not a whole number")
        if not isinstance(fields, dict):
            raise RadError(f"{path}:1: item {number} is not an object (found {type(fields).__name__})")
        for name in ("title", "brand", "price", "description"):
            if not isinstance(fields.get(name, ""), str):
                raise RadError(f"{path}:1: item {number}: {name} is not a string (found {type(fields[name]).__name__})")
        fields.setdefault("title", "")
    return records
