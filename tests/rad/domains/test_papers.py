"""CiteULike-a: invented libraries in the publisher's own format, every broken line, the real files."""

import pytest

from rad.data.load import load_domain, open_dataset
from rad.data.splits import public_id
from rad.domains.papers import SOURCES
from rad.errors import RadError
from rad.leakage import dataset_checks
from tests.support.marks import marked

TAGS = ("deep-sea", "Deep_Sea", "squid", "to-read", "!!", "rare")
ITEM_TAGS = ("3 0 2 3", "3 1 2 4", "2 1 3", "2 0 3", "3 0 2 3", "2 2 5", "1 3", "1 2", "0")
USERS = ("5 0 2 3 4 6", "4 0 1 5 7", "4 0 1 5 7", "3 1 4 5")


@pytest.fixture
def raw(tmp_path):
    """A folder ``citeulike_a`` with nine papers (the last in no library) and four users, to be opened as ``:changed``.

    Papers 0 to 4 are of the deep sea in two spellings; those to be read are all in the library of user 0.
    """
    folder = tmp_path / "citeulike_a"
    folder.mkdir()
    for file, lines in (("tags.dat", TAGS), ("item-tag.dat", ITEM_TAGS), ("users.dat", USERS)):
        (folder / file).write_text("".join(line + "\n" for line in lines))
    return folder


def load(folder):
    return load_domain("papers:changed").load(folder)


def ids(kind, numbers):
    return [public_id("papers", kind, str(number)) for number in numbers]


def test_text_is_tags_that_more_than_one_reader_must_have_given(raw):
    corpus = load(raw.parent)
    by_id = {item.item_id: item for item in corpus.items}
    papers = [by_id[key] for key in ids("item", range(9))]
    assert [paper.text for paper in papers] == [
        *("deep sea, squid", "deep sea, squid", "deep sea", "deep sea", "deep sea, squid"),
        *("squid", "", "squid", ""),
    ]
    assert papers[0].title == "deep sea, squid" and papers[0].attributes == {"tag": ("deep sea", "squid")}
    assert papers[6].title == "(no tags)" and papers[6].attributes == {}
    assert corpus.notes == {
        "tags of the source": 6,
        "tags that are another spelling of one (merged)": 1,
        "tags on fewer than 5 papers (left out)": 1,
        "tags whose papers are all in one library (left out)": 1,
        "papers without a tag in the source": 1,
    }


def test_libraries_are_sets_in_the_order_of_a_hash(raw):
    corpus = load(raw)
    user, other, _, _ = ids("user", range(4))
    assert not corpus.ordered and all(x.timestamp is None for x in corpus.sequences[user])
    order = [x.item_id for x in corpus.sequences[user]]
    assert sorted(order) == sorted(ids("item", (0, 2, 3, 4, 6)))
    shuffled = ("5 6 4 3 2 0", *USERS[1:])
    (raw / "users.dat").write_text("".join(line + "\n" for line in shuffled))
    assert [x.item_id for x in load(raw).sequences[user]] == order, "whatever the order of the file"
    assert order == [ids("item", [k])[0] for k in (3, 2, 4, 6, 0)]  # frozen: every machine holds out the same papers
    assert corpus.sequences[other][0].user_id == other


def test_users_with_one_and_the_same_set_are_counted_once(raw):
    data = open_dataset("papers:changed", raw)
    assert not data.ordered and len(data.sequences) == 3
    assert data.notes["users with the sequence of another user (counted once)"] == 1
    assert data.notes["items that nobody has (kept in the catalogue)"] == 1
    findings = {finding.check: finding for finding in dataset_checks.time_order(data)}
    assert findings["time order"].text == "no timestamps: no order either, histories are sets"
    with pytest.raises(RadError, match="papers has no timestamps, so it cannot be split by time"):
        open_dataset("papers:changed", raw, "time")


def test_a_user_without_papers_is_counted(raw):
    (raw / "users.dat").write_text("".join(line + "\n" for line in (*USERS, "0")))
    assert load(raw).notes["users without a paper (left out)"] == 1


@pytest.mark.parametrize(
    ("file", "number", "line", "message"),
    [
        ("users.dat", 2, "4 0 1 5\n", "users.dat:2: the count says 4, but 3 numbers follow"),
        ("users.dat", 2, "0 1 5 7\n", "users.dat:2: the count says 0, but 3 numbers follow"),
        ("users.dat", 2, "\n", "users.dat:2: the count says nothing, but 0 numbers follow"),
        ("users.dat", 2, "2 0 x\n", "users.dat:2: 'x' is not a whole number"),
        ("users.dat", 2, "2 0 -1\n", "users.dat:2: '-1' is not a whole number"),
        ("users.dat", 2, "2 0 9\n", "users.dat:2: paper 9 is not in item-tag.dat, which has 9 lines"),
        ("users.dat", 2, "2 7 7\n", "users.dat:2: paper 7 comes twice"),
        ("item-tag.dat", 3, "2 1 6\n", "item-tag.dat:3: tag 6 is not in tags.dat, which has 6 lines"),
        ("item-tag.dat", 3, "1 a\n", "item-tag.dat:3: 'a' is not a whole number"),
        ("tags.dat", 2, "\n", "tags.dat:2: the tag is empty"),
        ("tags.dat", 3, "deep-sea\n", "tags.dat:3: tag 'deep-sea' comes again (first in line 1)"),
    ],
)
def test_a_broken_line_is_named(raw, file, number, line, message):
    lines = (raw / file).read_text().splitlines(keepends=True)
    lines[number - 1] = line
    (raw / file).write_text("".join(lines))
    with pytest.raises(RadError) as error:
        load(raw)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["users.dat", "item-tag.dat", "tags.dat"])
def test_an_empty_file_is_named(raw, file):
    (raw / file).write_text("")
    with pytest.raises(RadError, match=rf"{file}:1: no \w+; empty or cut short\?"):
        load(raw)


def test_the_published_files_are_stated_in_full_and_others_refused(raw):
    for source in SOURCES:
        assert len(source.sha256) == 64 and source.size > 0
        assert source.licence and source.instructions and source.redistribute and source.origin
    with pytest.raises(RadError, match=r"users\.dat: sha256 differs from the published file"):
        load_domain("papers").load(raw)


@pytest.mark.slow
@pytest.mark.realdata
def test_the_real_files(data_dir):
    data = open_dataset("papers", data_dir)
    assert len(data.items) == 16980 and data.notes["users in the source"] == 5551
    assert len(data.sequences) == 5411
    assert {split: len(rows) for split, rows in data.examples.items()} == {
        "train": 174306,
        "validation": 5411,
        "test": 5411,
    }
    assert data.notes["tags whose papers are all in one library (left out)"] == 986
    assert len({tag for item in data.items.values() for tag in item.attributes.get("tag", ())}) == 6135
    assert data.notes["papers without a tag in the source"] == 3461 and not data.ordered


def test_a_byte_order_mark_is_read_over(raw):
    before = load(raw.parent)
    assert load(marked(raw).parent) == before
