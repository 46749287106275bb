"""The fashion domain: a small folder in the files' own format (listings invented), every broken file, the real one."""

import json

import pytest

from rad.data.load import load_domain, open_dataset
from rad.data.splits import public_id
from rad.domains.fashion import SOURCES
from rad.errors import RadError
from rad.leakage import dataset_checks
from tests.support.marks import marked

ITEMS = {
    "0": {"title": "Velora Women's Red Maxi  Dress", "brand": "Velora", "price": "$12.50 - $80.00"},
    "1": {"title": "Wool Scarf", "brand": "Norrisk", "price": "$1,080.00", "description": "Soft, says the buyer."},
    "2": {"title": "var page = 1;\nstart();", "brand": "Unknown", "price": "cheap"},
    "3": {"price": "$9.99", "description": "Warm."},
    "4": {"title": "Steel Ring"},
}
DAY = 86400
RATINGS = (
    *(("0", "0", "4.0", 17000), ("1", "0", "2.0", 16000), ("2", "0", "5.0", 16000), ("0", "0", "4.0", 17000)),
    *(("3", "0", "5.0", 18000), ("0", "1", "5.0", 17000), ("1", "1", "5.0", 17000), ("2", "1", "5.0", 17000)),
    *(("0", "2", "1.0", 16500), ("1", "2", "1.0", 16500), ("2", "2", "1.0", 16900)),  # the sequence of user 1
)


@pytest.fixture
def raw(tmp_path):
    """A folder ``amazon_fashion`` with five items and three users, to be opened as ``:changed``."""
    folder = tmp_path / "amazon_fashion"
    folder.mkdir()
    rows = "".join(f"{item},{user},{rating},{day * DAY}\n" for item, user, rating, day in RATINGS)
    (folder / "ratings.csv").write_text("item,user,rating,timestamp\n" + rows)
    (folder / "processed_item_information.json").write_text(json.dumps(ITEMS))
    return folder


def ids(*numbers):
    return [public_id("fashion", "item", number) for number in numbers]


def item(corpus, number):
    return next(x for x in corpus.items if x.item_id == ids(number)[0])


def test_sequences_are_in_the_order_of_time_and_ties_in_that_of_the_file(raw):
    corpus = load_domain("fashion:changed").load(raw.parent)
    sequence = corpus.sequences[public_id("fashion", "user", "0")]
    assert [x.item_id for x in sequence] == ids("1", "2", "0", "0", "3")
    assert [x.rating for x in sequence] == [2, 5, 4, 4, 5] and sequence[0].timestamp == 16000 * DAY


def test_items(raw):
    corpus = load_domain("fashion:changed").load(raw)
    dress, scarf, script, nameless, ring = (item(corpus, number) for number in ITEMS)
    assert dress.title == "Velora Women's Red Maxi Dress" and dress.text == f"{dress.title}. Velora"
    assert dress.attributes == {
        "brand": ("Velora",),
        "price": ("$10 to $25",),
        "garment": ("dress",),
        "colour": ("red",),
        "wearer": ("women",),
    }
    assert scarf.text == "Wool Scarf. Norrisk" and scarf.attributes["price"] == ("over $50",)
    assert (script.title, script.text, script.attributes) == ("(no title)", "", {})
    assert nameless.attributes == {"price": ("under $10",)}
    assert ring.attributes == {"garment": ("ring",)}


def test_what_is_odd_is_counted_and_both_counts_of_users_are_told(raw):
    data = open_dataset("fashion:changed", raw)
    assert data.notes == {
        "items without a title": 2,
        "items without a brand": 3,
        "items with a price that cannot be read": 1,
        "ratings of an item that the user has rated before (kept)": 1,
        "of these, ratings at one and the same time": 1,
        "users in the source": 3,
        "users with the sequence of another user (counted once)": 1,
        "items without text": 2,
        "items that nobody has (kept in the catalogue)": 1,
    }


def test_descriptions_are_off_and_loud_when_on(raw):
    plain = open_dataset("fashion:changed", raw)
    assert not any("buyer" in x.text for x in plain.items.values())
    assert all(finding.check != "leak asked for" for finding in dataset_checks.check(plain))
    with pytest.warns(UserWarning, match="fashion:descriptions leaks: it has item descriptions that a language model"):
        leaking = open_dataset("fashion:changed,descriptions", raw)
    assert leaking.items[ids("1")[0]].text == "Wool Scarf. Norrisk. Soft, says the buyer."
    assert leaking.name == "fashion:changed,descriptions" and leaking.sha256 != plain.sha256
    (finding,) = dataset_checks.declared(leaking)
    assert finding.level == "leak" and finding.count == 2 and "wrote from reviews" in finding.text


def change(number, line):
    def edit(folder):
        lines = (folder / "ratings.csv").read_text().splitlines(keepends=True)
        lines[number - 1] = line
        (folder / "ratings.csv").write_text("".join(lines))

    return edit


def replace(records):
    return lambda folder: (folder / "processed_item_information.json").write_text(records)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            change(1, "user,item,rating,timestamp\n"),
            "ratings.csv:1: the header is 'user,item,rating,timestamp', expected",
        ),
        (change(1, ""), "ratings.csv:1: the header is '0,0,4.0,"),
        (change(3, "1,0,2.0\n"), "ratings.csv:3: 3 fields, expected 4 (item, user, rating, timestamp)"),
        (change(3, "1,0,two,1382400000\n"), "ratings.csv:3: rating 'two' is not a number"),
        (change(3, "1,0,0,1382400000\n"), "ratings.csv:3: rating 0 is outside 1 to 5"),
        (change(3, "1,0,2.0,1382400000000\n"), "ratings.csv:3: timestamp 1382400000000 is in milliseconds"),
        (change(3, "1,0,2.0,16000\n"), "ratings.csv:3: timestamp 16000 is no time in UTC seconds since 1995"),
        (change(3, "1,A1,2.0,1382400000\n"), "ratings.csv:3: user 'A1' is not a whole number"),
        (change(3, "9,0,2.0,1382400000\n"), "ratings.csv:3: item 9 is not in processed_item_information.json"),
        (lambda folder: (folder / "ratings.csv").write_text(""), "ratings.csv:1: no ratings; empty or cut short?"),
        (
            lambda folder: (folder / "ratings.csv").write_text("item,user,rating,timestamp\n"),
            "ratings.csv:2: no ratings; empty or cut short?",
        ),
        (replace(""), "information.json:1: not JSON, or cut short"),
        (replace('{"0": {"title": "Sc'), "information.json:1: not JSON, or cut short"),
        (replace("[]"), "information.json:1: not an object of items, or empty"),
        (replace("{}"), "information.json:1: not an object of items, or empty"),
        (replace('{"0": {}, "0": {}}'), "information.json:1: not an object of items ('0' comes twice in one object)"),
        (replace('{"x": {}}'), "information.json:1: item 'x' is not a whole number"),
        (replace('{"0": "Scarf"}'), "information.json:1: item 0 is not an object (found str)"),
        (replace('{"0": {"title": 7}}'), "information.json:1: item 0: title is not a string (found int)"),
    ],
)
def test_a_broken_file_is_named(raw, edit, message):
    edit(raw)
    with pytest.raises(RadError) as error:
        load_domain("fashion:changed").load(raw)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_the_published_files_are_stated_in_full_and_others_refused(raw):
    for source in SOURCES:
        assert len(source.sha256) == 64 and source.size > 0
        assert source.licence and source.instructions and source.redistribute and source.origin
    with pytest.raises(RadError, match=r"ratings\.csv: sha256 differs from the published file"):
        load_domain("fashion").load(raw)


@pytest.mark.realdata
def test_the_real_files(data_dir):
    data = open_dataset("fashion", data_dir)
    assert len(data.items) == 6089 and len(data.sequences) == 961
    assert data.notes["users in the source"] == 1273
    assert data.notes["users with the sequence of another user (counted once)"] == 1273 - 961
    assert data.notes["items without a title"] == 12 and data.notes["items without a brand"] == 1565
    assert data.notes["ratings of an item that the user has rated before (kept)"] == 133
    assert {split: len(rows) for split, rows in data.examples.items()} == {
        "train": 4788,
        "validation": 961,
        "test": 961,
    }
    assert all(x.timestamp and x.rating for s in data.sequences.values() for x in s)


def test_a_byte_order_mark_is_read_over(raw):
    before = load_domain("fashion:changed").load(raw.parent)
    assert load_domain("fashion:changed").load(marked(raw).parent) == before
