"""``recbole:FOLDER``: interactions, items and leave-one-out files that somebody brings, and what is wrong with them."""

import pytest

from benchmarks.harness.settings_store import without_folders
from rad.data.load import load_domain, open_dataset
from rad.data.splits import public_id
from rad.errors import RadError
from rad.leakage.dataset_checks import check
from tests.conftest import purchases, raw_recbole
from tests.support.marks import marked

HEADER = "user_id:token\titem_id:token\ttimestamp:float\n"


def load(folder):
    return load_domain(f"recbole:{folder}").load()


def item_id(source_id, name="shoes"):
    return public_id(f"recbole:{name}", "item", source_id)


def user_id(source_id, name="shoes"):
    return public_id(f"recbole:{name}", "user", source_id)


def test_sequences_are_in_order_of_time_whatever_the_order_of_columns(tmp_path):
    corpus = load(raw_recbole(tmp_path / "any"))
    assert corpus.ordered and len(corpus.sequences) == 80
    rows = sorted((t, i, r) for u, i, r, t in purchases() if u == "U7")
    sequence = corpus.sequences[user_id("U7")]
    assert [(x.timestamp, x.item_id, x.rating) for x in sequence] == [(t, item_id(i), r) for t, i, r in rows]
    assert len(corpus.items) == 61  # nobody has the last one, and it stays


def test_items_have_title_text_and_attributes_of_tokens_alone(tmp_path):
    corpus = load(raw_recbole(tmp_path))
    item = next(x for x in corpus.items if x.item_id == item_id("B0009"))
    assert item.title == "Shoe number 9" and item.text == "Shoe number 9. Maker 2. red kind1"
    assert item.attributes == {"brand": ("Maker 2",), "class": ("red", "kind1")}
    assert corpus.notes["columns that are no attributes (price, sales_rank)"] == 2


def test_free_text_and_other_titles(tmp_path):
    folder = raw_recbole(tmp_path)
    text = "movie_title:token\titem_id:token\tdescription:token\tyear:token\tvector:float_seq\n"
    text += "".join(f"Film {k}\tB{k:04}\tAll  about {k}\t{'' if k else 1999}\t0.1 0.2\n" for k in range(61))
    (folder / "shoes.item").write_text(text)
    corpus = load(folder)
    first, second = (next(x for x in corpus.items if x.item_id == item_id(f"B000{k}")) for k in range(2))
    assert first.title == "Film 0" and first.text == "Film 0. 1999. All about 0"
    assert first.attributes == {"year": ("1999",)}
    assert second.text == "Film 1. All about 1" and second.attributes == {}


def test_without_timestamps_a_history_is_a_set_and_the_files_order_says_nothing(tmp_path):
    folder = raw_recbole(tmp_path, timed=False)
    corpus = load(folder)
    assert not corpus.ordered and all(x.timestamp is None for s in corpus.sequences.values() for x in s)
    path = folder / "shoes.inter"
    header, *rows = path.read_text().splitlines(keepends=True)
    path.write_text(header + "".join(sorted(rows)) + rows[0])
    again = load(folder)
    assert again.sequences == corpus.sequences
    assert again.notes["interactions that are there twice (left out)"] == 1
    assert not [f for f in check(open_dataset(f"recbole:{folder}")) if f.level == "leak"]


def test_twice_at_one_time_is_once_and_bought_again_is_twice(tmp_path):
    (tmp_path / "x.inter").write_text(HEADER + "u\ta\t5\nu\tb\t7.5\nu\ta\t5\nu\ta\t7.25\n")
    corpus = load(tmp_path)
    assert [x.item_id for x in corpus.sequences[user_id("u", "x")]] == [item_id(i, "x") for i in "aab"]
    assert corpus.notes == {"interactions that are there twice (left out)": 1}
    assert [(x.title, x.text) for x in corpus.items] == [("(no title)", "")] * 2  # no .item file


def leave_one_out(folder, target="d"):
    folder.mkdir(exist_ok=True)
    rows = {"train": "u\ta\tb\n", "valid": "u\ta b\tc\n", "test": f"u\ta b c\t{target}\n"}
    for part, row in rows.items():
        text = "user_id:token\titem_id_list:token_seq\titem_id:token\n" + row
        (folder / f"Any.{part}.inter").write_text(text)
    return folder


def pre_split(folder):
    """The split of a publisher: several rows a user, in time, with histories of two items at most."""
    folder.mkdir(exist_ok=True)
    rows = {
        "train": "u\ta\tb\nu\ta b\tc\nv\tc\ta\n",
        "valid": "u\tb c\ta\n",
        "test": "u\tc a\td\nu\ta d\ta\nw\tb\td\n",
    }
    for part, text in rows.items():
        header = "user_id:token\titem_id_list:token_seq\titem_id:token\n"
        (folder / f"Any.{part}.inter").write_text(header + text)
    return folder


def test_a_publishers_own_split_is_read_as_it_is(tmp_path):
    data = open_dataset(f"recbole:{pre_split(tmp_path)}")

    def rows(split):
        return [
            (e.query.user_id, "".join(names[x.item_id] for x in e.query.history), names[next(iter(e.relevant))])
            for e in data.examples[split]
        ]

    names = {item_id(name, "Any"): name for name in "abcd"}
    u, v, w = (user_id(name, "Any") for name in "uvw")
    assert data.pre_split and data.ordered
    assert sorted(rows("train")) == sorted([(u, "a", "b"), (u, "ab", "c"), (v, "c", "a")])
    assert rows("validation") == [(u, "bc", "a")]
    assert sorted(rows("test")) == sorted([(u, "ca", "d"), (u, "ad", "a"), (w, "b", "d")])
    ids = [e.query.query_id for part in data.examples.values() for e in part]
    assert len(set(ids)) == len(ids) and f"{u}-5" in ids  # the sixth item of u
    sequence = "".join(names[x.item_id] for x in data.sequences[u])
    assert sequence == "abcada"
    notes = {finding.check for finding in check(data) if finding.level == "note"}
    assert "split order" in notes and not [
        f for f in check(data) if f.level == "leak" and f.check != "train/test copies"
    ]
    with pytest.raises(RadError, match="its publisher has split it: use --protocol full, not rerank"):
        open_dataset(f"recbole:{tmp_path}", protocol="rerank")
    path = tmp_path / "Any.train.inter"
    path.write_text(path.read_text().replace("a b\tc", "b\tc"))  # a history cut otherwise is other data
    assert open_dataset(f"recbole:{tmp_path}").sha256 != data.sha256


def test_the_leave_one_out_form_is_in_the_order_of_its_lists(tmp_path):
    corpus = load(leave_one_out(tmp_path))
    assert corpus.ordered
    assert [x.item_id for x in corpus.sequences[user_id("u", "Any")]] == [item_id(i, "Any") for i in "abcd"]


def test_the_folder_may_have_any_name_and_be_inside_the_data_dir(tmp_path):
    raw_recbole(tmp_path / "one"), raw_recbole(tmp_path / "two")
    first, second = open_dataset(f"recbole:{tmp_path / 'one'}/"), open_dataset("recbole:two", tmp_path)
    assert first.sha256 == second.sha256
    assert first.name == f"recbole:{tmp_path / 'one'}" and second.examples["test"][0].query.domain == "recbole:shoes"


def test_results_name_the_folder_alone(tmp_path):
    folder = raw_recbole(tmp_path / "mine")
    assert without_folders(open_dataset(f"recbole:{folder}/").name) == "recbole:mine"


# --- bad input ---


def spoiled(change, number=3, file="shoes.inter"):
    def spoil(tmp_path):
        path = raw_recbole(tmp_path / "raw") / file
        rows = path.read_text().splitlines()
        rows[number - 1] = change
        path.write_text("\n".join(rows) + "\n")
        return path.parent

    return spoil


def other(text, *files):
    """A folder with ``files`` of one text and nothing else."""

    def spoil(tmp_path):
        (tmp_path / "raw").mkdir()
        for name in files:
            (tmp_path / "raw" / name).write_text(text)
        return tmp_path / "raw"

    return spoil


WRONG_TYPE = "column '{}' is not NAME:TYPE with one of the types token, token_seq, float, float_seq"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoiled("B0001\tU1\t5.0"), "shoes.inter:3: 3 fields where the header has 4"),
        (spoiled("B0001\t\t5.0\t1400000000"), "shoes.inter:3: user_id is empty"),
        (spoiled("B0001\tU1\tgood\t1400000000"), "shoes.inter:3: rating is not a number (found 'good')"),
        (spoiled("B0001\tU1\tnan\t1400000000"), "shoes.inter:3: rating is not a number (found 'nan')"),
        (spoiled("B0001\tU1\t5\tinf"), "shoes.inter:3: timestamp is not a number (found 'inf')"),
        (
            spoiled("B0001\tU1\t5\t1400000000000"),
            "shoes.inter:3: timestamp 1400000000000 is not in seconds between 1970 and 2100",
        ),
        (spoiled("B0001\tU1\t5\t-1"), "shoes.inter:3: timestamp -1 is not in seconds"),
        (spoiled("B9999\tU1\t5\t1400000000"), "shoes.inter:3: item B9999 is not in shoes.item"),
        (
            spoiled("item_id:token\tuser:token\trating:float\ttimestamp:float", 1),
            ":1: header lacks user_id (found item",
        ),
        (spoiled("item_id:token\tuser_id\tr:float\tt:float", 1), f"shoes.inter:1: {WRONG_TYPE.format('user_id')}"),
        (spoiled("item_id:token\tuser_id:int\tr:float\tt:float", 1), WRONG_TYPE.format("user_id:int")),
        (spoiled("item_id:token\tuser_id:token\tr:float\tr:float", 1), "shoes.inter:1: column r is there twice"),
        (spoiled("B0000\tx\ty\tz\t1\t1", 3, "shoes.item"), "shoes.item:3: duplicate item_id B0000"),
        (spoiled("\tx\ty\tz\t1\t1", 3, "shoes.item"), "shoes.item:3: item_id is empty"),
        (spoiled("id:token\ta:token\tb:token\tc:token\td:float\te:float", 1, "shoes.item"), "header lacks item_id"),
        (other("", "x.inter"), "x.inter:1: empty file, a header was expected"),
        (other(HEADER, "x.inter"), "x.inter:2: no interactions after the header"),
        (other(HEADER, "x.inter", "y.inter"), "raw/: expected one NAME.inter, or NAME.train, .valid and .test.inter; "),
        (other(HEADER, "x.train.inter", "x.test.inter"), "found x.test.inter, x.train.inter"),
        (other(HEADER, "x.item"), "test.inter; found none"),
    ],
)
def test_a_broken_file_is_named(tmp_path, spoil, message):
    with pytest.raises(RadError) as error:
        load(spoil(tmp_path))
    assert message in str(error.value) and "\n" not in str(error.value) and "raw" in str(error.value)


def test_an_item_of_the_leave_one_out_form_that_is_not_in_the_catalogue(tmp_path):
    (leave_one_out(tmp_path) / "Any.item").write_text("item_id:token\na\nb\nc\n")
    with pytest.raises(RadError, match=r"Any\.test\.inter:2: item d is not in Any\.item"):
        load(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(RadError, match=r"recbole needs a folder with NAME\.inter: recbole:FOLDER"):
        load_domain("recbole")
    with pytest.raises(RadError, match=r"recbole: no such file or folder: /nowhere/at/all"):
        load("/nowhere/at/all")
    (tmp_path / "x.inter").touch()
    with pytest.raises(RadError, match=r"x\.inter: is a file, a folder with NAME\.inter was expected"):
        load(tmp_path / "x.inter")


@pytest.mark.realdata
def test_the_real_leave_one_out_files_give_the_sequences_of_scientific(data_dir, scientific):
    data = open_dataset("recbole:scientific", data_dir)
    lengths = sorted(map(len, data.sequences.values()))
    assert lengths == sorted(map(len, scientific.sequences.values()))
    assert len(data.items) == 4385 == data.notes["items without text"]


def test_entities_of_html_in_titles_are_letters(tmp_path):
    folder = raw_recbole(tmp_path)
    path = folder / "shoes.item"
    path.write_text(path.read_text().replace("Shoe number 9", "Salt &amp; Pepper&#39;s"))
    assert any(item.title == "Salt & Pepper's" for item in load(folder).items)


def test_a_byte_order_mark_is_read_over(tmp_path):
    raw_recbole(tmp_path / "one")
    for folder in (tmp_path / "one", pre_split(tmp_path / "split")):
        before = load(folder)
        assert load(marked(folder)) == before
