"""The scientific domain: a small folder in the files' own format, every broken file, and the real one."""

import json
from collections import Counter

import pytest

from rad.data.load import open_dataset
from rad.data.splits import public_id
from rad.domains.scientific import SOURCES, Domain, category_paths
from rad.errors import RadError


def load(folder):
    return Domain("changed").load(folder)


def item(corpus, source_id):
    key = public_id("scientific", "item", source_id)
    return next(x for x in corpus.items if x.item_id == key)


def test_sequences_are_history_and_target_with_public_ids(raw_scientific):
    corpus = load(raw_scientific)
    key = public_id("scientific", "user", "U3")
    expected = [public_id("scientific", "item", name) for name in ("B1", "B2", "B3", "B4", "B0")]
    assert [x.item_id for x in corpus.sequences[key]] == expected
    assert all(x.user_id == key and x.timestamp is None for x in corpus.sequences[key])
    assert len(corpus.sequences) == 4


def test_the_folder_itself_or_its_parent_may_be_named(raw_scientific):
    assert load(raw_scientific.parent).sequences == load(raw_scientific).sequences


def test_items_have_text_and_tidy_attributes(raw_scientific):
    corpus = load(raw_scientific)
    tape = item(corpus, "B2")
    path = "Industrial & Scientific > Tapes, Adhesives & Sealants > Adhesive Tapes > Foam Tape"
    assert tape.text == f"Foam Tape. GORILLA. {path}"  # of two spellings as frequent, the first in order
    assert tape.attributes == {
        "brand": ("GORILLA",),
        "section": ("Tapes, Adhesives & Sealants",),
        "shelf": ("Adhesive Tapes",),
        "category": ("Foam Tape",),
    }
    assert item(corpus, "B1").attributes["brand"] == ("GORILLA",)


def test_items_without_text_are_kept_and_counted(raw_scientific):
    corpus = load(raw_scientific)
    assert len(corpus.items) == 5
    assert [item(corpus, name).title for name in ("B3", "B4")] == ["(no title)"] * 2
    assert item(corpus, "B4").text == "" and item(corpus, "B4").attributes == {}
    assert corpus.notes == {
        "items without a title (named by brand and category)": 2,
        "items without a category": 2,
        "items without a brand": 2,
    }


def test_an_item_of_the_index_that_has_no_line_is_kept_and_counted(raw_scientific):
    lines = (raw_scientific / "items.jsonl").read_text().splitlines(keepends=True)
    (raw_scientific / "items.jsonl").write_text("".join(lines[1:]))
    corpus = load(raw_scientific)
    assert len(corpus.items) == 5 and corpus.notes["items without a brand"] == 3


def test_category_paths_keep_commas_inside_names_and_mend_broken_ones():
    root = "Industrial & Scientific"
    unbroken = f"{root},Tapes, Adhesives & Sealants,Tape"
    flat = f"{root} Tapes, Adhesives & Sealants Tape"
    deep = f"{root},A,B,C,D,E"
    values = [unbroken, flat, f"{flat} Foam", f"Best glue. {flat}", "Toys,Cars", deep, f"{deep},F", f"{deep},F", ""]
    values.append(f"{root},A,B,a bullet point,another, longer one,a third,4th,5th")
    paths = category_paths(values)
    mended = (root, "Tapes, Adhesives & Sealants", "Tape")
    assert paths[unbroken] == paths[flat] == paths[f"Best glue. {flat}"] == mended
    assert paths[f"{flat} Foam"] == (*mended, "Foam")
    assert paths["Toys,Cars"] == ("Toys", "Cars")
    assert paths[values[-1]] == (root, "A", "B")
    assert "" not in paths


def break_line(path, number, change):
    lines = path.read_text().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    path.write_text("".join(lines))


def items_line(**changes):
    def change(line):
        record = {**json.loads(line), **changes}
        return json.dumps({k: v for k, v in record.items() if v is not ...}) + "\n"

    return change


@pytest.mark.parametrize(
    ("file", "number", "change", "message"),
    [
        ("items.jsonl", 2, lambda line: line[:30], "items.jsonl:2: not a JSON object"),
        ("items.jsonl", 2, lambda line: "[1]\n", "items.jsonl:2: not a JSON object (found list)"),
        ("items.jsonl", 3, items_line(title=..., brand=...), "items.jsonl:3: lacks title, brand"),
        ("items.jsonl", 3, items_line(title=7), "items.jsonl:3: title is not a string (found int)"),
        ("items.jsonl", 3, items_line(item_id=" "), "items.jsonl:3: item_id is empty"),
        ("items.jsonl", 3, items_line(item_id="B0"), "items.jsonl:3: duplicate item_id B0"),
        ("Scientific.item2index", 2, lambda line: "B0\t1\n", "item2index:2: duplicate id B0"),
        ("Scientific.item2index", 2, lambda line: "B9\t0\n", "item2index:2: duplicate number 0"),
        ("Scientific.user2index", 2, lambda line: "U1\n", "user2index:2: expected an id, a tab and a number"),
        ("Scientific.user2index", 2, lambda line: "", "test.inter:3: user 1 is not in Scientific.user2index"),
        ("Scientific.item2index", 5, lambda line: "", "test.inter:4: item 4 is not in Scientific.item2index"),
        ("Scientific.test.inter", 1, lambda line: "user_id:token\tx\n", ":1: header lacks item_id_list, item_id"),
        ("Scientific.test.inter", 2, lambda line: "0\t1\n", "test.inter:2: 2 fields where the header has 3"),
        ("Scientific.test.inter", 2, lambda line: "0\t\t3\n", "test.inter:2: item_id_list is empty"),
        ("Scientific.test.inter", 3, lambda line: "0\t1\t3\n", "test.inter:3: user 0 has a second row"),
        ("Scientific.test.inter", 5, lambda line: "", "valid.inter:4: user 3 is not in Scientific.test.inter"),
        ("Scientific.valid.inter", 2, lambda line: "9\t1\t3\n", "valid.inter:2: user 9 is not in Scientific.test"),
        ("Scientific.valid.inter", 2, lambda line: "0\t0 2\t2\n", "valid.inter:2: user 0's rows do not fit together"),
        ("Scientific.train.inter", 3, lambda line: "", "train.inter:3: user 3's rows do not fit together"),
        ("Scientific.train.inter", 4, lambda line: "", "train.inter:3: user 3 has 3 rows for 5 items; cut short?"),
    ],
)
def test_a_broken_line_is_named(raw_scientific, file, number, change, message):
    break_line(raw_scientific / file, number, change)
    with pytest.raises(RadError) as error:
        load(raw_scientific)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_not_utf8_is_named(raw_scientific):
    path = raw_scientific / "items.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Duct", b"D\xfcct"))
    with pytest.raises(RadError, match=r"items\.jsonl:2: not UTF-8 \(byte \d+ of the line\)"):
        load(raw_scientific)


def test_an_empty_file_is_named(raw_scientific):
    (raw_scientific / "Scientific.valid.inter").write_text("")
    with pytest.raises(RadError, match=r"valid\.inter:1: empty file, a header was expected"):
        load(raw_scientific)


def test_a_user_without_a_row_is_counted(raw_scientific):
    break_line(raw_scientific / "Scientific.test.inter", 4, lambda line: "")  # user 2 has this row only
    assert load(raw_scientific).notes["users of the index without a sequence"] == 1


def test_what_has_no_text_or_no_queries_is_counted_not_lost_silently(raw_scientific):
    data = open_dataset("scientific:changed", raw_scientific)
    assert data.notes["items without text"] == 2
    assert data.notes["users with fewer than 3 interactions (no queries)"] == 1
    assert {split: len(rows) for split, rows in data.examples.items()} == {"train": 1, "validation": 3, "test": 3}


def test_an_unknown_argument_names_what_there_is():
    with pytest.raises(RadError, match=r"scientific: unknown setting 'chnged' .did you mean 'changed'"):
        Domain("chnged")


def test_the_published_files_are_stated_in_full():
    assert len({source.file for source in SOURCES}) == 6
    for source in SOURCES:
        assert len(source.sha256) == 64 and source.size > 0
        assert source.licence and source.instructions and source.redistribute and source.origin


@pytest.mark.realdata
def test_the_real_files(scientific):
    data = scientific
    assert len(data.items) == 4385
    assert sum(map(len, data.sequences.values())) == 59415  # 59,427 less the 12 of two duplicate users
    assert {split: len(rows) for split, rows in data.examples.items()} == {
        "train": 25655,
        "validation": 8440,
        "test": 8440,
    }
    assert data.notes["users with the sequence of another user (counted once)"] == 2
    sections = Counter(x.attributes.get("section", ("",))[0] for x in data.items.values())
    assert len(sections) == 26 and sections["Tapes, Adhesives & Sealants"] == 459  # 455 whole paths, 4 flattened
    assert max(len(e.query.history) for e in data.examples["test"]) == 79  # longer than the source's window of 50
    hydrometer = data.items["00162d6d9433c756"]  # the first in catalogue order
    assert next(iter(data.items)) == hydrometer.item_id and hydrometer.title == "Hydrometer (Triplescale)"
