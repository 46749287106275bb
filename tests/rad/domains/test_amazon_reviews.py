"""Raw Amazon reviews of both years: what stays, what is counted, every broken line, the Hub's path, bounded memory."""

import dataclasses
import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rad.data import splits
from rad.data.load import load_domain, open_dataset
from rad.data.splits import public_id
from rad.domains.formats import amazon_reviews as amazon
from rad.errors import RadError
from rad.leakage.dataset_checks import check
from rad.types import Interaction
from tests.conftest import amazon_items, amazon_reviews, purchases, raw_amazon, write_json
from tests.support.marks import marked

NAMES = {2018: "Amazon_Fashion.json", 2023: "Amazon_Fashion.jsonl"}


def load(folder, argument=""):
    return load_domain(f"amazon:{folder}{argument}").load()


def core_by_hand(k=5):
    """What the loader must find: k-core by another code, oldest first, with the publisher's ids."""
    rows = splits.in_time_order(Interaction(u, i, t, r) for u, i, r, t in purchases())
    return splits.k_core(rows, k)


@pytest.mark.parametrize("year", [2018, 2023])
@pytest.mark.parametrize("k", [1, 5])
def test_sequences_are_the_core_in_order_of_time_with_public_ids(tmp_path, year, k):
    corpus = load(raw_amazon(tmp_path, year), f",core={k}")
    name = "amazon:Amazon_Fashion"
    expected = {
        public_id(name, "user", user): [(public_id(name, "item", x.item_id), x.timestamp, x.rating) for x in rows]
        for user, rows in core_by_hand(k).items()
    }
    sequences = {user: [(x.item_id, x.timestamp, x.rating) for x in rows] for user, rows in corpus.sequences.items()}
    assert sequences == expected and len(sequences) > 50
    assert {x.item_id for x in corpus.items} == {i for rows in expected.values() for i, _, _ in rows}
    assert corpus.notes["year of the format (Amazon Reviews)"] == year
    assert corpus.notes["reviews in the file"] == 640 and corpus.ordered
    left = corpus.notes.get(f"reviews outside the {k}-core (left out)", 0)
    assert left == 640 - sum(map(len, sequences.values())) and (left > 0) == (k == 5)
    assert all(x.review is None for rows in corpus.sequences.values() for x in rows)


def test_the_vectorised_core_is_that_of_splits():
    draw = random.Random(0)
    for k in (2, 3, 5):
        pairs = sorted({(draw.randrange(60), int(draw.expovariate(0.08))) for _ in range(500)})
        users, items = (np.array(column, np.uint64) for column in zip(*pairs, strict=True))
        core = {pair for pair, inside in zip(pairs, amazon.in_core(users, items, k), strict=True) if inside}
        rows: dict[str, list[Interaction]] = {}
        for user, item in pairs:
            rows.setdefault(str(user), []).append(Interaction(str(user), str(item)))
        expected = {(int(x.user_id), int(x.item_id)) for s in splits.k_core(rows, k).values() for x in s}
        assert core == expected and 0 < len(core) < len(pairs)


@pytest.mark.parametrize("year", [2018, 2023])
def test_a_packed_copy_in_a_folder_of_another_name_is_the_same_data(tmp_path, year):
    plain = open_dataset(f"amazon:{raw_amazon(tmp_path / 'plain', year)}")
    packed = open_dataset(f"amazon:{raw_amazon(tmp_path / 'packed', year, '.gz')}")
    assert plain.sha256 == packed.sha256 and plain.notes == packed.notes
    named = open_dataset(f"amazon:plain/{NAMES[year]}", tmp_path)
    assert named.sha256 == plain.sha256


def test_what_comes_twice_is_counted_and_the_first_stays(tmp_path):
    folder = raw_amazon(tmp_path, 2023)
    rows = amazon_reviews(2023)
    first = rows[0]
    again = {**first, "rating": 1.0, "text": "the same moment"}
    later = {**first, "timestamp": first["timestamp"] + 5000, "rating": 2.0}
    earlier = {**rows[1], "timestamp": rows[1]["timestamp"] - 1, "rating": 3.0}  # one millisecond, later in the file
    write_json(folder / NAMES[2023], [*rows, again, later, earlier])
    corpus = load(folder, ",core=1")
    assert corpus.notes["reviews that are there twice (same user, item and time: left out)"] == 1
    assert corpus.notes["later reviews of an item by the same user (left out)"] == 2
    ratings = {(x.user_id, x.item_id): x.rating for s in corpus.sequences.values() for x in s}
    name = "amazon:Amazon_Fashion"
    for row, rating in ((first, first["rating"]), (rows[1], 3.0)):
        assert ratings[public_id(name, "user", row["user_id"]), public_id(name, "item", row["parent_asin"])] == rating


def test_equal_times_keep_the_order_of_the_file(tmp_path):
    rows = [{**row, "timestamp": 1_500_000_000_000} for row in amazon_reviews(2023)]
    corpus = load(write_json(tmp_path / "x.jsonl", rows), ",core=1")
    for user in ("U0", "U7"):
        order = [public_id("amazon:x", "item", row["parent_asin"]) for row in rows if row["user_id"] == user]
        assert [x.item_id for x in corpus.sequences[public_id("amazon:x", "user", user)]] == order


@pytest.mark.parametrize("year", [2018, 2023])
def test_items_have_text_and_attributes_and_nothing_of_the_day_of_the_crawl(tmp_path, year):
    folder = raw_amazon(tmp_path, year)
    data = open_dataset(f"amazon:{folder}")
    item = data.items[public_id("amazon:Amazon_Fashion", "item", "B0001")]
    assert item.title == "Shoe B0001"
    details = {"department": ("womens",), "colour": ("Navy",)} if year == 2023 else {}
    shared = {"brand": ("Maker 1",), "section": ("Shoes",), "shelf": ("Kind 1",), "category": ("Kind 1",)}
    assert item.attributes == shared | details
    end = ". womens. Navy" if year == 2023 else ""
    assert item.text == "Shoe B0001. Maker 1. Clothing > Shoes > Kind 1" + end
    texts = " ".join(x.text + str(x.attributes) for x in data.items.values())
    assert not any(word in texts for word in ("9.99", "4.9", "1234", "Rank", "in Shoes", "Good"))
    assert not [f for f in check(data) if f.level == "leak" and "snapshot" in f.check]
    assert data.notes["items of the metadata outside the core (left out)"] == 61 - len(data.items)
    long = load(folder, ",descriptions").items[0].text
    assert long.endswith("Soft. Good." if year == 2023 else "Good.")


def test_odd_metadata_is_mended_or_counted(tmp_path):
    folder = raw_amazon(tmp_path, 2018)
    rows = amazon_items(2018)
    rows[0] |= {
        "title": "var x = getTime()",
        "brand": "MAKER 7",
        "category": ["Men &amp; Boys", "Hats", "</span>", "x"],
    }
    rows[1] |= {"title": None, "brand": "Unknown", "category": []}
    rows[2] |= {"category": "Shoes", "description": "One string"}
    del rows[3]
    write_json(folder / "meta_Amazon_Fashion.json", [*rows, {**rows[0], "title": "second"}])
    corpus = load(folder, ",core=1")
    items = {x.item_id: x for x in corpus.items}
    odd, bare, flat, gone = (items[public_id("amazon:Amazon_Fashion", "item", f"B000{k}")] for k in range(4))
    assert odd.title == "MAKER 7 Hats" and odd.text == "MAKER 7. Men & Boys > Hats"
    assert bare.title == gone.title == "(no title)" and bare.text == gone.text == "" and gone.attributes == {}
    assert flat.text == "Shoe B0002. Maker 2. Shoes"
    assert corpus.notes["items without metadata"] == 1
    assert corpus.notes["items without a title"] == 3
    assert corpus.notes["items without a brand"] == 2
    assert corpus.notes["second lines of the metadata for one item (left out)"] == 1


def test_details_may_be_json_in_a_string(tmp_path):
    folder = raw_amazon(tmp_path, 2023)
    packed = open_dataset(f"amazon:{folder}").sha256
    rows = [{**row, "details": json.dumps(row["details"])} for row in amazon_items(2023)]
    write_json(folder / "meta_Amazon_Fashion.jsonl", rows)
    assert open_dataset(f"amazon:{folder}").sha256 == packed


def test_without_metadata_items_have_no_text_and_it_is_told(tmp_path):
    path = write_json(tmp_path / "Shoes_5.json", amazon_reviews(2018))
    data = open_dataset(f"amazon:{path}")
    assert data.notes["items without metadata"] == data.notes["items without text"] == len(data.items) > 20


@pytest.mark.parametrize("year", [2018, 2023])
def test_reviews_are_kept_when_asked_for(tmp_path, year):
    folder = raw_amazon(tmp_path, year)
    corpus = load(folder, ",reviews")
    rows = core_by_hand()
    name = "amazon:Amazon_Fashion"
    for user, sequence in rows.items():
        reviewed = corpus.sequences[public_id(name, "user", user)]
        assert [x.review for x in reviewed] == [f"of {x.item_id}. Well." for x in sequence]
    bare = load(folder).sequences
    assert bare == {
        u: [dataclasses.replace(x, review=None) for x in s] for u, s in corpus.sequences.items()
    }  # nothing else changes


# --- bad input ---


def lines(change, number=3, name=NAMES[2023], year=2023):
    """Changes one line of a fresh folder; ``change`` gets and gives its text, or is what its object gets."""

    def spoil(tmp_path):
        path = raw_amazon(tmp_path / "raw", year) / name
        rows = path.read_text().splitlines()
        old = json.loads(rows[number - 1])
        rows[number - 1] = change if isinstance(change, str) else json.dumps({**old, **change})
        path.write_text("\n".join(rows) + "\n")
        return path.parent

    return spoil


META = "meta_Amazon_Fashion.jsonl"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lines("not json"), "jsonl:3: not a JSON object (Expecting value"),
        (lines('"text"'), "jsonl:3: not a JSON object (found str)"),
        (lines(""), "jsonl:3: not a JSON object"),
        (lines({"rating": float("nan")}), "jsonl:3: not a JSON object (NaN is not a number that JSON knows)"),
        (lines({"rating": "5"}), "jsonl:3: rating is not a number (found str)"),
        (lines({"rating": True}), "jsonl:3: rating is not a number (found bool)"),
        (lines({"rating": None}), "jsonl:3: lacks rating"),
        (lines({"rating": 6.0}), "jsonl:3: rating 6.0 is outside 1 to 5"),
        (lines({"rating": 0}), "jsonl:3: rating 0 is outside 1 to 5"),
        (lines({"user_id": ""}), "jsonl:3: lacks user_id"),
        (lines({"user_id": 7}), "jsonl:3: user_id is not a string (found int)"),
        (lines({"parent_asin": None}), "jsonl:3: lacks parent_asin"),
        (lines({"timestamp": "2015"}), "jsonl:3: timestamp is not a whole number (found str)"),
        (lines({"timestamp": 1.5e12}), "jsonl:3: timestamp is not a whole number (found float)"),
        (lines({"timestamp": 7}), "jsonl:3: timestamp 7 is no time between 1995 and 2100"),
        (
            lines({"timestamp": 1_500_000_000}),
            "jsonl:3: timestamp 1500000000 looks like seconds; Amazon Reviews 2023 have milliseconds",
        ),
        (
            lines({"unixReviewTime": 1_500_000_000_000}, name=NAMES[2018], year=2018),
            "json:3: unixReviewTime 1500000000000 looks like milliseconds; Amazon Reviews 2018 have seconds",
        ),
        (lines('{"user": "u", "asin": "B"}', number=1), "jsonl:1: neither a review of 2018 (reviewerID, asin, "),
        (lines('{"title": "an item"}', number=2), "jsonl:2: lacks user_id"),
        (lines({"title": 5}, name=META, number=1), "meta_Amazon_Fashion.jsonl:1: title is not a string (found int)"),
        (lines({"categories": [1]}, name=META, number=1), "jsonl:1: categories is not a list of strings"),
        (lines({"details": [1]}, name=META, number=1), "jsonl:1: details is not an object (found list)"),
        (lines({"details": "{"}, name=META, number=1), "jsonl:1: details is not a JSON object ("),
        (lines({"parent_asin": 3}, name=META, number=2), "jsonl:2: lacks parent_asin and asin, or they are no string"),
        (lines("[", name=META, number=2), "meta_Amazon_Fashion.jsonl:2: not a JSON object"),
    ],
)
def test_a_broken_line_is_named(tmp_path, spoil, message):
    with pytest.raises(RadError) as error:
        load(spoil(tmp_path))
    assert message in str(error.value) and "\n" not in str(error.value) and "raw" in str(error.value)


def test_a_file_cut_short_is_named(tmp_path):
    folder = raw_amazon(tmp_path, 2023, ".gz")
    path = folder / "Amazon_Fashion.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RadError, match=r"Amazon_Fashion\.jsonl\.gz:\d+: unreadable or cut short"):
        load(folder)
    path.write_bytes(b"no gzip at all")
    with pytest.raises(RadError, match=r"jsonl\.gz:1: unreadable or cut short \(Not a gzipped file"):
        load(folder)


def test_files_that_do_not_fit(tmp_path):
    def fails(folder, message, argument=""):
        with pytest.raises(RadError, match=message):
            load(folder, argument)

    folder = raw_amazon(tmp_path / "raw", 2023)
    fails(folder, r"jsonl: nothing is left of 640 reviews in the 9-core; try a smaller one \(core=K\)", ",core=9")
    (folder / "meta_Amazon_Fashion.jsonl").rename(folder / "meta_Shoes.jsonl")
    fails(folder, r"which metadata is of its category\? found meta_Shoes\.jsonl")
    write_json(folder / "Amazon_Fashion.jsonl.gz", amazon_reviews(2023))
    fails(folder, r"holds 2 review files \(Amazon_Fashion\.jsonl, Amazon_Fashion\.jsonl\.gz\): name one, FOLDER/FILE")
    (tmp_path / "empty").mkdir()
    fails(tmp_path / "empty", r"empty/ holds no reviews \(a \.json or \.jsonl file, plain or \.gz\)")
    (tmp_path / "empty" / "x.jsonl").touch()
    fails(tmp_path / "empty", r"x\.jsonl: empty file, reviews were expected")
    fails(tmp_path / "gone", r"amazon: no such file or folder: .*gone")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("amazon", "amazon needs the raw files of a category: amazon:FOLDER or amazon:FILE"),
        ("amazon:x,hub", "amazon: unknown setting 'hub'; available: core, descriptions, reviews"),
        ("fashion_2023:cor=3", "fashion_2023: unknown setting 'cor' (did you mean 'core'?); available: "),
        ("fashion_2023:core", "fashion_2023: core needs a value (core=...)"),
        ("fashion_2023:core=0", "fashion_2023: core: must be at least 1, got 0"),
    ],
)
def test_arguments(spec, message):
    with pytest.raises(RadError) as error:
        load_domain(spec)
    assert str(error.value).startswith(message)


def test_missing_published_files_come_with_instructions(tmp_path):
    with pytest.raises(
        RadError, match=r"fashion_2023/ lacks Amazon_Fashion\.jsonl, meta_.*Fetch raw/review_categories"
    ):
        load_domain("fashion_2023").load(tmp_path)


# --- the Hub ---


def test_rows_from_the_hub_are_the_same_data(tmp_path, monkeypatch):
    """The real ``datasets`` streams local files laid out as the Hub's repository is."""
    for kind, rows in (("review", amazon_reviews(2023)), ("meta", amazon_items(2023))):
        rows[2] = {**rows[2], "title": "a line\u2028separator, a \x85 and \r"}  # are no ends of lines
        name = f"{'meta_' * (kind == 'meta')}Amazon_Fashion.jsonl"
        write_json(tmp_path / f"raw/{kind}_categories/{name}", rows)
        write_json(tmp_path / "fashion_2023" / name, rows)
    monkeypatch.setattr(amazon, "HUB", str(tmp_path))
    local = open_dataset("fashion_2023:reviews", tmp_path)
    assert open_dataset("fashion_2023:hub,reviews").sha256 == local.sha256
    path = tmp_path / "raw/review_categories/Amazon_Fashion.jsonl"
    path.write_text(path.read_text().replace('"rating": ', '"rating": 9', 1))
    with pytest.raises(RadError, match=r"raw/review_categories/Amazon_Fashion\.jsonl:1: rating 9\d\.0 is outside"):
        open_dataset("fashion_2023:hub")


def test_a_hub_out_of_reach_is_one_line():
    with pytest.raises(
        RadError, match=r"^hf://datasets/McAuley-Lab/Amazon-Reviews-2023/raw/review.*cannot be read"
    ) as e:
        open_dataset("scientific_2023:hub")
    assert "\n" not in str(e.value) and "--data-dir" in str(e.value)


# --- real and large ---


@pytest.mark.realdata
def test_the_real_reviews_of_2018(data_dir, tmp_path):
    source = data_dir / "amazon_fashion_raw" / "AMAZON_FASHION_5.json"
    corpus = load_domain("amazon:amazon_fashion_raw").load(data_dir)
    assert corpus.notes == {
        "year of the format (Amazon Reviews)": 2018,
        "reviews in the file": 3176,
        "reviews that are there twice (same user, item and time: left out)": 111,
        "later reviews of an item by the same user (left out)": 23,
        "reviews outside the 5-core (left out)": 80,
        "items without metadata": 8,
        "items without a title": 8,
        "items without a brand": 8,
    }
    assert len(corpus.sequences) == 374 and sum(map(len, corpus.sequences.values())) == 2962
    data = open_dataset("amazon:amazon_fashion_raw,core=1", data_dir)
    assert len(data.items) == 31 and data.notes["users in the source"] == 406
    packed = tmp_path / "AMAZON_FASHION_5.json.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    assert open_dataset(f"amazon:{packed},core=1").sha256 == data.sha256


MEASURE = """
import sys, time
from pathlib import Path
from rad.domains.formats import amazon_reviews as amazon
start = time.perf_counter()
corpus = amazon.corpus("big", Path(sys.argv[1]), None, amazon.Options())
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
print(sum(map(len, corpus.sequences.values())), peak, time.perf_counter() - start)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
@pytest.mark.parametrize("end", ["", ".gz"])
def test_memory_is_bounded(tmp_path, end):
    """``RAD_STREAM_LINES=2000000`` is the full measurement: the peak must stay below 1 GB (``pytest -s`` prints it)."""
    n = int(os.environ.get("RAD_STREAM_LINES", "100000"))
    draw, text = random.Random(1), "It fits and it is warm. " * 20
    rows = (
        {"rating": float(draw.randint(1, 5)), "title": "A title", "text": text[: draw.randint(20, 480)], "images": []}
        | {
            "parent_asin": f"B{int(n / 10 * draw.random() ** 3):09}",
            "user_id": f"A{int(n / 3 * draw.random() ** 2):027}",
        }
        | {"timestamp": 1_262_304_000_000 + draw.randrange(4 * 10**11), "helpful_vote": 0, "verified_purchase": True}
        for _ in range(n)
    )
    path = write_json(tmp_path / f"big.jsonl{end}", rows)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0, done.stderr
    in_core, peak, seconds = map(float, done.stdout.split())
    print(f"{n:,} lines{end}, {in_core:,.0f} in the core: {peak:,.0f} MB, {seconds:.0f} s")
    assert in_core > n / 100 and peak < 100 + 400 * n / 2**20


@pytest.mark.parametrize(("year", "end"), [(2018, ""), (2023, ".gz")])
def test_a_byte_order_mark_is_read_over(tmp_path, year, end):
    folder = raw_amazon(tmp_path / "raw", year, end)
    before = load(folder)
    assert load(marked(folder)) == before
