"""Amazon Reviews in the publisher's raw JSON lines, of 2018 and of 2023: one loader for every category of both.

A review is a purchase. The year is told by the fields of the first line: ``reviewerID``, ``asin``, ``overall``,
``unixReviewTime`` (seconds) are 2018; ``user_id``, ``parent_asin``, ``rating``, ``timestamp`` (milliseconds) are 2023.

- *Filter*: the k-core, k = 5 unless ``core=K`` says otherwise: the largest set of reviews in which every user has k
  different items and every item k different users. It is RAD's own: Amazon_Fashion has no official one.
- *Twice*: the same user, item and time is one review. Of several reviews by one user of one item the first stays,
  because a target that stands in its own history cannot be ranked. Both are counted in the notes.
- *Catalogue*: the items of the core alone. Each has k buyers, so fewer targets are unseen in training than in a
  catalogue of all that was ever bought; the control ``cold_prior`` measures what is left of that leak.
- *Text*: title, brand, category path and a few details. Features and descriptions join only when asked for
  (``descriptions``): on ``scientific`` they did not help. Review text is left out unless ``reviews`` asks for it, since
  it is most of a file. Prices, average ratings, counts, sales ranks and ``also_buy`` are from the day of the crawl and
  are never read; neither is the ``style`` of a review, which is of the variant, not of the item.

Reviews are streamed. A line leaves two 64-bit public ids, a time and a rating: 32 bytes, whatever the length of its
text. So memory is bounded by their number. (Among 50 million ids two alike are expected in one file of 15,000.)
``reviews`` reads the file a second time, for the text of the core. Metadata is read last, and kept for the core.

Data: Ni, Li and McAuley, EMNLP 2019 (2018); Hou et al., arXiv 2403.03952 (2023).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from rad.data.domain import Corpus
from rad.data.sources import Source
from rad.data.splits import public_id
from rad.domains.formats.amazon_metadata import NO_BRAND, ItemMetadata, canonical, metadata_of, words
from rad.errors import RadError
from rad.runtime.files import parse_jsonl, read_jsonl
from rad.types import Interaction, Item

HUB = "hf://datasets/McAuley-Lab/Amazon-Reviews-2023"
_FIRST, _LAST = 788_918_400, 4_102_444_800  # 1995, when the shop opened, and 2100, in UTC seconds

Address = Path | str
"""A file, or an ``hf://`` address on the Hub."""


class Layout(NamedTuple):
    """Field names of one year; ``unit`` is the number of time steps in a second."""

    year: int
    user: str
    item: str
    rating: str
    time: str
    unit: int
    texts: tuple[str, str]


LAYOUTS = (
    Layout(2018, "reviewerID", "asin", "overall", "unixReviewTime", 1, ("summary", "reviewText")),
    Layout(2023, "user_id", "parent_asin", "rating", "timestamp", 1000, ("title", "text")),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a domain's argument may set, comma-separated: ``core=3,reviews``."""

    core: Annotated[int, Field(ge=1)] = 5  # k of the k-core
    reviews: bool = False  # keep their text
    descriptions: bool = False  # into the items' texts
    hub: bool = False  # stream from the Hub, and store nothing


def published(category: str) -> tuple[Source, ...]:
    """The two files of a category of 2023. Their hashes are not known: the publisher states none."""
    reviews, meta = f"{category}.jsonl", f"meta_{category}.jsonl"
    how = (
        f"Fetch raw/review_categories/{reviews} and raw/meta_categories/{meta} of "
        "https://huggingface.co/datasets/McAuley-Lab/Amazon-Reviews-2023, or their .jsonl.gz from "
        "https://amazon-reviews-2023.github.io, or add ':hub' to the domain's name to stream them."
    )
    origin, licence = "Amazon Reviews 2023 (Hou et al., arXiv 2403.03952)", "research use; the publisher assigns none"
    keep = "hashed ids, order and ratings; short attribute values inside rationales; no titles, text or ASINs"
    return tuple(Source(file, None, None, origin, licence, how, keep) for file in (reviews, meta))


def on_hub(category: str) -> tuple[str, str]:
    """Addresses of the reviews and the metadata of a category of 2023."""
    return f"{HUB}/raw/review_categories/{category}.jsonl", f"{HUB}/raw/meta_categories/meta_{category}.jsonl"


def in_folder(path: Path) -> tuple[Path, Path | None]:
    """The review file that ``path`` is or holds, and the metadata beside it, if any.

    Metadata is named ``meta_`` and the category, which is the name of the review file without the ``_5`` of a 5-core.
    :class:`RadError` where there is no review file or more than one.
    """
    folder = path.parent if path.is_file() else path
    tables = [p for p in sorted(folder.iterdir()) if re.search(r"\.jsonl?(\.gz)?$", p.name) and p.is_file()]
    metadata = [p for p in tables if p.name.startswith("meta_")]
    reviews = [path] if path.is_file() else [p for p in tables if p not in metadata]
    if not reviews:
        raise RadError(f"{folder}/ holds no reviews (a .json or .jsonl file, plain or .gz)")
    if len(reviews) > 1:
        names = ", ".join(p.name for p in reviews)
        raise RadError(f"{folder}/ holds {len(reviews)} review files ({names}): name one, FOLDER/FILE")
    category = stem(reviews[0])
    beside = [p for p in metadata if stem(p) in (f"meta_{category}", f"meta_{category.removesuffix('_5')}")]
    if len(beside) > 1 or (metadata and not beside and not path.is_file()):
        names = ", ".join(p.name for p in metadata)
        raise RadError(f"{reviews[0]}: which metadata is of its category? found {names}")
    return reviews[0], beside[0] if beside else None


def stem(path: Path) -> str:
    """The name without ``.json``, ``.jsonl`` and ``.gz``, so that a packed copy has the name of the plain one."""
    return re.sub(r"(\.jsonl?)?(\.gz)?$", "", path.name)


def records(address: Address) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each line of a file or of an address on the Hub."""
    return read_jsonl(address) if isinstance(address, Path) else parse_jsonl(address, _hub_lines(address))


def _hub_lines(address: str) -> Iterator[tuple[int, str]]:
    """Lines of a file on the Hub, streamed and not stored.

    The repository's own configurations are a script, which ``datasets`` no longer runs; its ``json`` reader is slow
    where the type of a field changes, as in ``details``; so the lines are read as text and parsed as a file's are.
    """
    import datasets

    try:
        rows = datasets.load_dataset("text", data_files=address, split="train", streaming=True)
        for number, row in enumerate(rows, 1):
            yield number, row["text"]
    except Exception as error:  # whatever the network and its libraries raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise RadError(f"{address}: the Hub cannot be read ({reason}); fetch the files and use --data-dir") from error


@dataclass(frozen=True, slots=True)
class Reviews:
    """The reviews of a core as columns, each user's together and oldest first. ``rows`` counts lines from 0."""

    layout: Layout
    rows: np.ndarray
    users: np.ndarray
    items: np.ndarray
    times: np.ndarray
    ratings: np.ndarray


def corpus(domain: str, reviews: Address, meta: Address | None, chosen: Options) -> Corpus:
    """The k-core of ``reviews`` with items described by ``meta``, under public ids.

    :class:`RadError` names file and line of what is not a review or an item of the publisher's form.
    """
    core, notes = read_core(domain, reviews, chosen.core)
    texts = _texts(reviews, core) if chosen.reviews else {}
    names = {key: f"{key:016x}" for key in np.unique(core.items).tolist()}
    seconds = (core.times // core.layout.unit).tolist()
    columns = (c.tolist() for c in (core.rows, core.users, core.items, core.ratings))
    sequences: dict[str, list[Interaction]] = {}
    user, key = "", -1
    for row, owner, item, rating, time in zip(*columns, seconds, strict=True):
        if owner != key:
            user, key = f"{owner:016x}", owner
        sequences.setdefault(user, []).append(Interaction(user, names[item], time, rating, texts.get(row)))
    items, more_notes = _catalogue(domain, names, meta, chosen.descriptions)
    return Corpus(items=items, sequences=sequences, notes={k: v for k, v in {**notes, **more_notes}.items() if v})


def read_core(domain: str, address: Address, k: int) -> tuple[Reviews, dict[str, int]]:
    """The k-core of a file of reviews, read once in bounded memory, and counts of what was left out."""
    layout, (users, items, times, ratings) = _scan(domain, address)
    # rows of the file, by user, item and time; of a pair of user and item the first row stays
    order = np.lexsort((times, items, users))  # stable: equal times keep the order of the file
    # (reviews - 1,) each: whether a review is of the same user and item as the one before it in this order
    pair = (np.diff(users[order]) == 0) & (np.diff(items[order]) == 0)
    twice = int((pair & (np.diff(times[order]) == 0)).sum())
    rows = np.sort(order[np.concatenate([[True], ~pair])])
    del order  # as large as a column
    n, distinct = len(users), len(rows)
    rows = rows[in_core(users[rows], items[rows], k)]
    if not len(rows):
        raise RadError(f"{address}: nothing is left of {n:,} reviews in the {k}-core; try a smaller one (core=K)")
    # each user's reviews together and oldest first; stable, so equal times keep the order of the file
    rows = rows[np.lexsort((times[rows], users[rows]))]
    notes = {
        "year of the format (Amazon Reviews)": layout.year,
        "reviews in the file": n,
        "reviews that are there twice (same user, item and time: left out)": twice,
        "later reviews of an item by the same user (left out)": n - distinct - twice,
        f"reviews outside the {k}-core (left out)": distinct - len(rows),
    }
    return Reviews(layout, rows, users[rows], items[rows], times[rows], ratings[rows]), notes


def _scan(domain: str, address: Address) -> tuple[Layout, tuple[np.ndarray, ...]]:
    """Public ids (as numbers), times and ratings of all lines. Refuses the first line that is no such review."""
    layout: Layout | None = None
    # four columns of machine numbers, 32 bytes a review, instead of objects: categories have tens of millions of lines
    users, items, times, ratings = array("Q"), array("Q"), array("q"), array("d")
    for number, record in records(address):
        layout = layout or _layout(address, number, record)
        try:
            user, item, rating, time = _review(layout, record)
        except ValueError as error:
            raise RadError(f"{address}:{number}: {error}") from error
        users.append(int(public_id(domain, "user", user), 16))
        items.append(int(public_id(domain, "item", item), 16))
        times.append(time)
        ratings.append(rating)
    if layout is None:
        raise RadError(f"{address}: empty file, reviews were expected")
    return layout, tuple(np.frombuffer(column, column.typecode) for column in (users, items, times, ratings))


def _layout(address: Address, number: int, record: Mapping[str, object]) -> Layout:
    for layout in LAYOUTS:
        if {layout.user, layout.item, layout.rating, layout.time} <= record.keys():
            return layout
    layouts = " nor ".join(f"a review of {x.year} ({x.user}, {x.item}, {x.rating}, {x.time})" for x in LAYOUTS)
    raise RadError(f"{address}:{number}: neither {layouts}; found {', '.join(record) or 'no field'}")


def _review(layout: Layout, record: Mapping[str, object]) -> tuple[str, str, float, int]:
    """User, item, rating and time of a line. :class:`ValueError` says why it is no review."""
    user, item = record.get(layout.user), record.get(layout.item)
    rating, time = record.get(layout.rating), record.get(layout.time)
    if not isinstance(user, str) or not user:
        raise ValueError(_mistyped(layout.user, None if user == "" else user, "a string"))
    if not isinstance(item, str) or not item:
        raise ValueError(_mistyped(layout.item, None if item == "" else item, "a string"))
    if not isinstance(rating, int | float) or isinstance(rating, bool):
        raise ValueError(_mistyped(layout.rating, rating, "a number"))
    if not isinstance(time, int) or isinstance(time, bool):
        raise ValueError(_mistyped(layout.time, time, "a whole number"))
    if not 1 <= rating <= 5:
        raise ValueError(f"{layout.rating} {rating} is outside 1 to 5")
    if not _FIRST * layout.unit <= time <= _LAST * layout.unit:
        other = 1001 - layout.unit
        if _FIRST * other <= time <= _LAST * other:
            unit, expected = ("seconds", "milliseconds")[:: 1 if layout.unit > 1 else -1]
            raise ValueError(f"{layout.time} {time} looks like {unit}; Amazon Reviews {layout.year} have {expected}")
        raise ValueError(f"{layout.time} {time} is no time between 1995 and 2100")
    return user, item, rating, time


def _mistyped(name: str, value: object, kind: str) -> str:
    return f"lacks {name}" if value is None else f"{name} is not {kind} (found {type(value).__name__})"


def in_core(users: np.ndarray, items: np.ndarray, k: int) -> np.ndarray:
    """Which of the distinct pairs (``users[n]``, ``items[n]``) are in the k-core, as booleans [n]."""
    # hashes become numbers from 0, so that a count of users or items is one bincount
    n_users, users = _numbered(users)
    n_items, items = _numbered(items)
    keep = np.ones(len(users), bool)  # (pairs,); a pair that leaves may take others below k, until none does
    while True:
        often = np.bincount(users[keep], minlength=n_users) >= k
        wanted = np.bincount(items[keep], minlength=n_items) >= k
        smaller = keep & often[users] & wanted[items]
        if smaller.sum() == keep.sum():
            return keep
        keep = smaller


def _numbered(keys: np.ndarray) -> tuple[int, np.ndarray]:
    values, numbers = np.unique(keys, return_inverse=True)
    return len(values), numbers


def _texts(address: Address, core: Reviews) -> dict[int, str]:
    """Title and text of the reviews of the core, by row."""
    wanted, out = set(core.rows.tolist()), {}
    for number, record in records(address):
        if number - 1 in wanted:
            parts = (words(f"{address}:{number}", record, name) for name in core.layout.texts)
            if text := ". ".join(filter(None, parts)):
                out[number - 1] = text
    return out


def _catalogue(
    domain: str, names: Mapping[int, str], meta: Address | None, descriptions: bool
) -> tuple[list[Item], dict[str, int]]:
    """Items of the core, in the order of their ids, and counts of what their metadata lacks."""
    rows: dict[int, ItemMetadata] = {}
    again = others = 0
    for number, record in records(meta) if meta else ():
        where = f"{meta}:{number}"
        source_id = record.get("parent_asin", record.get("asin"))
        if not isinstance(source_id, str) or not source_id:
            raise RadError(f"{where}: lacks parent_asin and asin, or they are no string")
        key = int(public_id(domain, "item", source_id), 16)
        again += key in rows
        others += key not in names
        if key in names and key not in rows:
            rows[key] = metadata_of(where, record, descriptions)
    spelling = canonical(row.brand for row in rows.values())
    items = []
    for key, item_id in names.items():
        row = rows.get(key) or ItemMetadata("", "", (), {}, "")
        brand = "" if row.brand.casefold() in NO_BRAND else spelling[row.brand.casefold()]
        section, shelf = (*row.path, "", "", "")[1:3]
        leaf = row.path[-1] if len(row.path) > 1 else ""
        values = {"brand": brand, "section": section, "shelf": shelf, "category": leaf, **row.details}
        parts = (row.title, brand, " > ".join(row.path), *row.details.values(), row.description)
        title = row.title or " ".join(filter(None, (brand, leaf))) or "(no title)"
        text = ". ".join(filter(None, parts))
        items.append(Item(item_id, domain, title, text, {name: (v,) for name, v in values.items() if v}))
    notes = {
        "items without metadata": len(names) - len(rows),
        "items without a title": len(names) - sum(bool(row.title) for row in rows.values()),
        "items without a brand": sum("brand" not in item.attributes for item in items),
        "items of the metadata outside the core (left out)": others,
        "second lines of the metadata for one item (left out)": again,
    }
    return items, notes
