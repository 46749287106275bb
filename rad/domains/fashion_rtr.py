"""Rent the Runway: clothes that were rented, for what occasion, how they fitted, and a rating from 2 to 10.

    python -m rad describe fashion_rtr --data-dir DIR       interactions.parquet in DIR/fashion_rtr/
    python -m rad describe fashion_rtr:raw --data-dir DIR   the publisher's renttherunway_final_data.json.gz there

Of 192,544 rentals the 5-core is kept: 4,911 users, 3,166 items, 42,382 rentals. Dates are whole days and 38% of users
have their last two rentals on one day; ties keep the order of the file. Of several reviews of one item by one user the
earliest stays, since they are close together and mostly copies of one another.

The source has no titles and no catalogue, so items are described by what others rented them for: category, occasion,
fit, body type. To keep answers out, only rentals count that are training under every protocol: not the last two of
any user, and none from the first cut of the split by time on. An item that has no such rental has no description at
all. What renters say of themselves (age, weight, height, bust) is not used, and review texts are not read.

The next rental is close to noise here (who needs a gown for a wedding does not say so by the last rental): the domain
is for the rating and choice tasks. Domain arguments: ``changed`` to accept a file that differs from the published one,
``raw`` to read the publisher's file instead, whose hash is not pinned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.data.splits import distinct_users, in_time_order, k_core, public_id, time_cuts
from rad.domains.formats.ratings_csv import seconds
from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.settings import parse
from rad.types import Interaction, Item

CORE = 5
FITS = {"small": "runs small", "fit": "true to size", "large": "runs large"}
OCCASIONS = ("date", "everyday", "formal affair", "other", "party", "vacation", "wedding", "work")
BODY_TYPES = ("apple", "athletic", "full bust", "hourglass", "pear", "petite", "straight & narrow")
ALLOWED = {"fit": tuple(FITS), "rented_for": OCCASIONS, "body_type": BODY_TYPES}
_ORIGIN = "Rent the Runway (Misra, Wan and McAuley, RecSys 2018)"
_LICENCE = "research use; the publisher assigns no licence"
_KEEP = "hashed ids and their order; category, occasion, fit and body type inside rationales; no reviews or ratings"
_RAW = (
    "Fetch renttherunway_final_data.json.gz (https://cseweb.ucsd.edu/~jmcauley/datasets.html, Clothing Fit Data) and "
    "open it as 'fashion_rtr:raw'."
)
_TABLE = (
    "interactions.parquet has one row per line of the publisher's file, in its order: user_id, item_id, rating, fit, "
    "rented_for, category, body_type, review_date. " + _RAW
)
SOURCES = (
    Source(
        *("interactions.parquet", 3185801, "980db07d5f1cc5b429c76457c52977655cabd0aa0651915ec7a2815833e27a58"),
        *(_ORIGIN, _LICENCE, _TABLE, _KEEP),
    ),
)
SOURCES_RAW = (Source("renttherunway_final_data.json.gz", None, None, _ORIGIN, _LICENCE, _RAW, _KEEP),)


class Rental(NamedTuple):
    """One row; what the renter did not say is empty or None. ``day`` is UTC seconds."""

    user: str
    item: str
    day: int
    rating: float | None
    category: str
    fit: str
    rented_for: str
    body_type: str


@dataclass(frozen=True, slots=True)
class Settings(sources.FileSettings):
    """What the domain's argument may set."""

    raw: bool = False  # read the publisher's JSON lines instead of the table


class Domain(BaseDomain):
    """``load`` reads one of the two files; attributes are category, occasion, fit and body type."""

    name = "fashion_rtr"
    version = "1"
    sources: tuple[Source, ...] = SOURCES

    def __init__(self, argument: str = "") -> None:
        self.settings = parse(Settings, argument.split(","), self.name)
        if self.settings.raw:
            self.sources = SOURCES_RAW

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Items and rentals of the 5-core with public ids. ``data_dir``: the file's folder or the one that holds it."""
        files = sources.find(self.name, self.sources, data_dir, self.settings.changed, folder="rent_the_runway")
        path = files[self.sources[0].file]
        facts: dict[tuple[str, str], Rental] = {}
        rows, n = [], 0
        for rental in sorted(
            _read_raw(path) if self.settings.raw else _read_table(path), key=lambda rental: rental.day
        ):
            n += 1
            user, item = public_id(self.name, "user", rental.user), public_id(self.name, "item", rental.item)
            # of several rentals of one item by one user the earliest stays: a target must not be in its own history
            if facts.setdefault((user, item), rental) is rental:
                rows.append(Interaction(user, item, rental.day, rental.rating))
        if not n:
            raise RadError(f"{path}:1: no rentals; empty or cut short?")
        sequences = k_core(in_time_order(rows), CORE)
        n_core = sum(map(len, sequences.values()))
        notes = {
            **sources.unpinned(self.sources),
            "rentals in the source": n,
            "further reviews of one item by one user (the earliest stays)": n - len(rows),
            f"rentals outside the {CORE}-core (left out)": len(rows) - n_core,
            f"users outside the {CORE}-core (left out)": len({x.user_id for x in rows}) - len(sequences),
            "rentals without a rating": sum(x.rating is None for s in sequences.values() for x in s),
        }
        # items are described by what renters wrote, so only by rentals that no split asks for
        training: dict[str, list[Rental]] = {x.item_id: [] for s in sequences.values() for x in s}
        for user, interaction in _training(self.name, sequences):
            training[interaction.item_id].append(facts[user, interaction.item_id])
        notes["rentals that describe items (training under every protocol)"] = sum(map(len, training.values()))
        items = [_item(self.name, item_id, rentals) for item_id, rentals in training.items()]
        return Corpus(items, sequences, notes={what: k for what, k in notes.items() if k})


def _training(domain: str, sequences: Mapping[str, Sequence[Interaction]]) -> Iterator[tuple[str, Interaction]]:
    """What is training both under leave-last-out (not a user's last two) and under the split by time."""
    cut = time_cuts(domain, distinct_users(sequences))[0] if sequences else 0
    for user, sequence in sequences.items():
        yield from ((user, x) for x in sequence[: max(0, len(sequence) - 2)] if (x.timestamp or 0) < cut)


def _item(domain: str, item_id: str, rentals: Sequence[Rental]) -> Item:
    """An item described by its training rentals: what at least a third of them (of those that say) agree on."""
    category = _common((r.category for r in rentals), 1)[:1]
    occasions = _common((r.rented_for for r in rentals if r.rented_for != "other"), 1)
    fit = tuple(FITS[value] for value in _common((r.fit for r in rentals), 3)[:1])
    bodies = _common((r.body_type for r in rentals), 3)
    values = {"category": category, "occasion": occasions, "fit": fit, "body_type": bodies}
    title = " for ".join(part for part in (*category, " or ".join(occasions)) if part)
    return Item(
        item_id=item_id,
        domain=domain,
        title=title or "(not described)",
        text=". ".join(", ".join(words) for words in values.values() if words),
        attributes={name: words for name, words in values.items() if words},
    )


def _common(values: Iterable[str], least: int) -> tuple[str, ...]:
    """What at least a third of the stated values are, the most frequent first; nothing if fewer than ``least`` are."""
    counts = Counter(value for value in values if value)
    n = sum(counts.values())
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    return tuple(value for value in ranked if 3 * counts[value] >= n) if n >= least else ()


def _read_table(path: Path) -> Iterator[Rental]:
    """Rows of ``interactions.parquet``."""
    names = ("user_id", "item_id", "review_date", "rating", "category", "fit", "rented_for", "body_type")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise RadError(f"{path}: not a parquet file, or cut short ({reason})") from error
    if lacking := [name for name in names if name not in table.column_names]:
        raise RadError(f"{path}: lacks columns {', '.join(lacking)} (found {', '.join(table.column_names)})")
    dates = table.column("review_date")
    if not pa.types.is_timestamp(dates.type):
        raise RadError(f"{path}: column review_date is {dates.type}, a timestamp is expected")
    days = dates.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_pylist()
    columns = [days if name == "review_date" else table.column(name).to_pylist() for name in names]
    for number, row in enumerate(zip(*columns, strict=True), 1):
        yield _rental(path, number, dict(zip(names, row, strict=True)))


def _read_raw(path: Path) -> Iterator[Rental]:
    """Lines of ``renttherunway_final_data.json.gz``: one object each, every value a string, dates in words."""
    for number, record in read_jsonl(path):
        row = {name.replace(" ", "_"): None if value == "null" else value for name, value in record.items()}
        date = row.get("review_date")
        try:
            day = datetime.strptime(str(date), "%B %d, %Y").replace(tzinfo=UTC)
        except ValueError as error:
            raise RadError(f"{path}:{number}: review_date {str(date)[:40]!r} is no date like 'May 3, 2016'") from error
        row["review_date"] = int(day.timestamp())
        row["rented_for"] = str(row.get("rented_for") or "").partition(":")[0]  # "party: cocktail" is a party
        yield _rental(path, number, row)


def _rental(path: Path, number: int, row: Mapping[str, object]) -> Rental:
    """A row, checked. ``number`` counts rows or lines from 1."""
    for name in ("user_id", "item_id", "review_date", "category", "fit"):
        if row.get(name) in (None, ""):
            raise RadError(f"{path}:{number}: {name} is empty")
    for name in ("user_id", "item_id"):
        if not (str(row[name]).isascii() and str(row[name]).isdigit()):
            raise RadError(f"{path}:{number}: {name} {str(row[name])[:40]!r} is not a whole number")
    for name, allowed in ALLOWED.items():
        if row.get(name) and row[name] not in allowed:
            raise RadError(f"{path}:{number}: unknown {name} {str(row[name])[:40]!r}; known: {', '.join(allowed)}")
    value = row.get("rating")
    try:
        rating = None if value is None else float(str(value))
    except ValueError as error:
        raise RadError(f"{path}:{number}: rating {str(value)[:40]!r} is not a number") from error
    if rating is not None and not 2 <= rating <= 10:
        raise RadError(f"{path}:{number}: rating {rating:g} is outside 2 to 10")
    words = (str(row.get(name) or "") for name in ("category", "fit", "rented_for", "body_type"))
    day = seconds(path, number, str(row["review_date"]))
    return Rental(str(row["user_id"]), str(row["item_id"]), day, rating, *words)
