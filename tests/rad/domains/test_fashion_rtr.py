"""Rent the Runway: six invented renters of six invented items, both file formats, broken rows, the real file."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rad.data.load import load_domain, open_dataset
from rad.data.splits import public_id
from rad.domains.fashion_rtr import SOURCES
from rad.errors import RadError

START = datetime(2015, 3, 1)


def rows():
    """Renter u rents item u + k (of six, in a circle) as rental k; renter 5 does so years after all others.

    What is training under every protocol (k < 4, not by renter 5) is for work, the rest for a wedding.
    """
    out = []
    for user in range(6):
        for k in range(6):
            training = k < 4 and user != 5
            out.append(
                {
                    "user_id": 100 + user,
                    "item_id": 200 + (user + k) % 6,
                    "review_date": START + timedelta(days=10 * k + user + 1000 * (user == 5)),
                    "rating": 8.0 if k else None,
                    "category": "dress" if training else "gown",
                    "fit": "large" if training else "small",
                    "rented_for": "work" if training else "wedding",
                    "body_type": "pear" if training else None,
                }
            )
    out.append({**out[0], "review_date": START + timedelta(days=1), "rented_for": "party"})  # reviewed again
    out.append({**out[0], "user_id": 999})  # outside the 5-core
    return out


def write_table(path, records):
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(records), path)
    return path.parent


def write_raw(path, records):
    lines = []
    for row in records:
        plain = {name.replace("_", " ") if name in ("rented_for", "body_type") else name: v for name, v in row.items()}
        plain["review_date"] = f"{row['review_date']:%B %d, %Y}"
        lines.append(json.dumps({k: "null" if v is None else str(v) for k, v in plain.items()}) + "\n")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return path.parent


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "rent_the_runway" / "interactions.parquet", rows())


def load(folder, argument="changed"):
    return load_domain(f"fashion_rtr:{argument}").load(folder)


def test_items_are_described_by_training_rentals_alone(table):
    corpus = load(table.parent)
    assert len(corpus.items) == 6
    for item in corpus.items:
        assert item.title == "dress for work" and item.text == "dress. work. runs large. pear"
        assert item.attributes == {
            "category": ("dress",),
            "occasion": ("work",),
            "fit": ("runs large",),
            "body_type": ("pear",),
        }


def test_what_is_held_out_under_any_protocol_changes_no_description(table, tmp_path):
    """The queries of leave-last-out and of the split by time, each answered in words that no item may know."""
    data = {protocol: open_dataset("fashion_rtr:changed", table, protocol) for protocol in ("full", "time")}
    held = {
        (e.query.user_id, target)
        for d in data.values()
        for split in ("validation", "test")
        for e in d.examples[split]
        for target in e.relevant
    }
    assert len(held) > 12
    changed = [
        {**row, "category": "cape", "rented_for": "date", "fit": "fit", "body_type": "apple"}
        if (
            public_id("fashion_rtr", "user", str(row["user_id"])),
            public_id("fashion_rtr", "item", str(row["item_id"])),
        )
        in held
        else row
        for row in rows()
    ]
    other = load(write_table(tmp_path / "other" / "interactions.parquet", changed))
    assert {x.item_id: x for x in other.items} == dict(data["full"].items)


def test_sequences_and_notes(table):
    corpus = load(table)
    user = public_id("fashion_rtr", "user", "100")
    expected = [public_id("fashion_rtr", "item", str(200 + k)) for k in range(6)]
    assert [x.item_id for x in corpus.sequences[user]] == expected
    assert [x.rating for x in corpus.sequences[user]] == [None, 8, 8, 8, 8, 8]
    assert corpus.sequences[user][0].timestamp == int(START.replace(tzinfo=UTC).timestamp())
    assert corpus.notes == {
        "rentals in the source": 38,
        "further reviews of one item by one user (the earliest stays)": 1,
        "rentals outside the 5-core (left out)": 1,
        "users outside the 5-core (left out)": 1,
        "rentals without a rating": 6,
        "rentals that describe items (training under every protocol)": 20,
    }


def test_rentals_of_one_day_keep_the_order_of_the_file(tmp_path):
    records = [{**row, "review_date": START} for row in rows()[:36]]
    corpus = load(write_table(tmp_path / "rent_the_runway" / "interactions.parquet", records))
    sequence = corpus.sequences[public_id("fashion_rtr", "user", "103")]
    assert [x.item_id for x in sequence] == [public_id("fashion_rtr", "item", str(200 + (3 + k) % 6)) for k in range(6)]
    assert {item.text for item in corpus.items} == {""}  # nothing is before the cut in time
    assert {item.title for item in corpus.items} == {"(not described)"}


def test_the_publishers_own_file_says_the_same(table, tmp_path):
    records = [{**row, "rented_for": "party: cocktail"} if row["user_id"] == 999 else row for row in rows()]
    raw = load(write_raw(tmp_path / "raw" / "renttherunway_final_data.json.gz", records), "raw")
    corpus = load(table)
    assert raw.items == corpus.items and raw.sequences == corpus.sequences
    assert "raw files that are taken as they are (their published sha256 is not known here)" in raw.notes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fit": "tight"}, "interactions.parquet:3: unknown fit 'tight'; known: small, fit, large"),
        ({"rented_for": "party: cocktail"}, "parquet:3: unknown rented_for 'party: cocktail'; known: date, everyday"),
        ({"body_type": "tall"}, "parquet:3: unknown body_type 'tall'; known: apple"),
        ({"rating": 11.0}, "parquet:3: rating 11 is outside 2 to 10"),
        ({"category": None}, "parquet:3: category is empty"),
        ({"user_id": None}, "parquet:3: user_id is empty"),
        ({"review_date": None}, "parquet:3: review_date is empty"),
        ({"review_date": datetime(1970, 1, 17)}, "parquet:3: timestamp 1382400 is no time in UTC seconds since 1995"),
    ],
)
def test_a_broken_row_is_named(tmp_path, changes, message):
    records = rows()
    records[2].update(changes)
    with pytest.raises(RadError) as error:
        load(write_table(tmp_path / "interactions.parquet", records))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_broken_table_is_named(tmp_path):
    path = tmp_path / "interactions.parquet"
    write_table(path, [{k: v for k, v in row.items() if k not in ("fit", "rating")} for row in rows()])
    with pytest.raises(RadError, match=r"interactions\.parquet: lacks columns rating, fit \(found user_id"):
        load(tmp_path)
    write_table(path, [{**row, "review_date": 1_425_168_000_000} for row in rows()])
    with pytest.raises(RadError, match=r"column review_date is int64, a timestamp is expected"):
        load(tmp_path)
    write_table(path, [{**row, "rating": "good"} for row in rows()])
    with pytest.raises(RadError, match=r"interactions\.parquet:1: rating 'good' is not a number"):
        load(tmp_path)
    write_table(path, rows())
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(RadError, match=r"interactions\.parquet: not a parquet file, or cut short"):
        load(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(RadError, match=r"interactions\.parquet: not a parquet file, or cut short"):
        load(tmp_path)
    pq.write_table(pa.Table.from_pylist(rows()).slice(0, 0), path)
    with pytest.raises(RadError, match=r"interactions\.parquet:1: no rentals; empty or cut short\?"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"review_date": "2015-03-01"}, "json.gz:2: review_date '2015-03-01' is no date like 'May 3, 2016'"),
        ({"review_date": "1425168000000"}, "json.gz:2: review_date '1425168000000' is no date"),
        ({"rating": "good"}, "json.gz:2: rating 'good' is not a number"),
        ({"user_id": "u7"}, "json.gz:2: user_id 'u7' is not a whole number"),
        ({"item_id": ""}, "json.gz:2: item_id is empty"),
    ],
)
def test_a_broken_line_of_the_publishers_file_is_named(tmp_path, changes, message):
    path = tmp_path / "renttherunway_final_data.json.gz"
    write_raw(path, rows())
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    lines[1] = json.dumps({**json.loads(lines[1]), **changes}) + "\n"
    path.write_bytes(gzip.compress("".join(lines).encode()))
    with pytest.raises(RadError) as error:
        load(tmp_path, "raw")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_cut_or_empty_gzip_is_named(tmp_path):
    path = tmp_path / "renttherunway_final_data.json.gz"
    write_raw(path, rows() * 50)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RadError, match=r"json\.gz:\d+: unreadable or cut short"):
        load(tmp_path, "raw")
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(RadError, match=r"json\.gz:1: no rentals; empty or cut short\?"):
        load(tmp_path, "raw")


def test_the_known_file_is_stated_in_full_and_another_refused(table):
    (source,) = SOURCES
    assert len(source.sha256) == 64 and source.size > 0 and "fashion_rtr:raw" in source.instructions
    with pytest.raises(RadError, match=r"interactions\.parquet: sha256 differs from the published file"):
        load_domain("fashion_rtr").load(table)


@pytest.mark.slow
@pytest.mark.realdata
def test_the_real_file(data_dir):
    data = open_dataset("fashion_rtr", data_dir)
    assert len(data.items) == 3166 and len(data.sequences) == 4911
    assert sum(map(len, data.sequences.values())) == 42382
    assert data.notes["further reviews of one item by one user (the earliest stays)"] == 266
    assert data.notes["rentals that describe items (training under every protocol)"] == 27763
    assert data.notes["items without text"] == 240
    assert {split: len(rows) for split, rows in data.examples.items()} == {
        "train": 22738,
        "validation": 4911,
        "test": 4911,
    }
    fits = Counter(value for item in data.items.values() for value in item.attributes.get("fit", ()))
    assert set(fits) == {"true to size", "runs small", "runs large"}
