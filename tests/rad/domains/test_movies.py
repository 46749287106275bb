"""MovieLens: both sizes in the publisher's own format (films invented), every broken line, and the split."""

import gzip

import pytest

from rad.data.load import load_domain, open_dataset
from rad.data.sources import MissingFiles
from rad.data.splits import public_id
from rad.domains.movies import SOURCES, SOURCES_1M
from rad.errors import RadError
from tests.support.marks import marked

GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
FILMS = (
    ("1", "Penguin Parade (1995)", "01-Jan-1995", ("Animation", "Children's")),
    ("2", "Été à Blois, L' (1988)", "", ("Drama", "Romance")),
    ("3", "Left Luggage at Noon", "14-Feb-1996", ("unknown",)),
    ("4", "unknown", "", ("unknown",)),
    ("5", "Never Seen (2001)", "", ("Horror",)),
)
RATINGS = (
    ("7", "1", "5", "880000300"),
    ("7", "2", "1", "880000100"),
    ("9", "4", "3", "880000200"),
    ("7", "4", "4", "880000300"),  # at the time of film 1, and later in the file
    ("7", "3", "4", "880000200"),
    ("9", "1", "3", "880000100"),
)


@pytest.fixture
def small(tmp_path):
    """``ml-100k``: five films, of which one is without ratings, and two users."""
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    (folder / "u.data").write_text("".join("\t".join(row) + "\n" for row in RATINGS), encoding="latin-1")
    lines = []
    for number, title, date, genres in FILMS:
        flags = "|".join(str(int(genre in genres)) for genre in GENRES)
        lines.append(f"{number}|{title}|{date}||http://films.example/{number}|{flags}\n")
    (folder / "u.item").write_text("".join(lines), encoding="latin-1")
    (folder / "u.genre").write_text("".join(f"{g}|{k}\n" for k, g in enumerate(GENRES)) + "\n", encoding="latin-1")
    return folder


@pytest.fixture
def large(tmp_path):
    """``ml-1m``: the films that have a genre, and their ratings."""
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    films = [film for film in FILMS if film[3] != ("unknown",)]
    lines = [f"{number}::{title}::{'|'.join(genres)}\n" for number, title, _, genres in films]
    (folder / "movies.dat").write_text("".join(lines), encoding="latin-1")
    numbers = {film[0] for film in films}
    rows = ["::".join(row) + "\n" for row in RATINGS if row[1] in numbers]
    (folder / "ratings.dat").write_text("".join(rows), encoding="latin-1")
    return folder


def item(corpus, spec, number):
    key = public_id(spec, "item", number)
    return next(x for x in corpus.items if x.item_id == key)


def test_titles_from_web_pages_are_read_as_they_show(small):
    path = small / "u.item"
    path.write_bytes(path.read_bytes().replace(b"Penguin Parade", b"Cats &amp; Dogs &#39;95"))
    film = item(load_domain("movies").load(small.parent), "movies", "1")
    assert film.title == "Cats & Dogs '95 (1995)" and film.text.startswith(film.title)


def test_100k(small):
    corpus = load_domain("movies").load(small.parent)
    user = public_id("movies", "user", "7")
    items = [public_id("movies", "item", number) for number in ("2", "3", "1", "4")]
    sequence = corpus.sequences[user]
    assert [x.item_id for x in sequence] == items  # by time; equal times keep the order of the file
    assert [x.rating for x in sequence] == [1, 4, 5, 4] and sequence[0].timestamp == 880000100
    summer = item(corpus, "movies", "2")
    assert summer.title == "Été à Blois, L' (1988)" and summer.text == "Été à Blois, L' (1988). Drama, Romance"
    assert summer.attributes == {"genre": ("Drama", "Romance"), "decade": ("1980s",)}
    luggage = item(corpus, "movies", "3")  # its year is that of its release
    assert luggage.attributes == {"decade": ("1990s",)}
    assert item(corpus, "movies", "4").title == "(no title)" and item(corpus, "movies", "4").text == ""


def test_1m(large):
    corpus = load_domain("movies:1m").load(large)
    sequence = corpus.sequences[public_id("movies:1m", "user", "7")]
    assert [x.item_id for x in sequence] == [public_id("movies:1m", "item", number) for number in ("2", "1")]
    assert item(corpus, "movies:1m", "1").attributes["genre"] == ("Animation", "Children's")
    assert item(corpus, "movies:1m", "2").title == "Été à Blois, L' (1988)"
    assert corpus.notes == {"raw files that are taken as they are (their published sha256 is not known here)": 2}


def test_what_is_odd_is_counted_and_a_film_that_nobody_rated_stays(small):
    data = open_dataset("movies", small)
    assert len(data.items) == 5 and data.notes == {
        "raw files that are taken as they are (their published sha256 is not known here)": 3,
        "films without a title": 1,
        "films without a genre": 2,
        "films without a year": 1,
        "users in the source": 2,
        "users with fewer than 3 interactions (no queries)": 1,
        "items without text": 1,
        "items that nobody has (kept in the catalogue)": 1,
    }
    (test,) = data.examples["test"]
    assert len(test.query.history) == 3 and not data.examples["train"]  # of four items two are held out
    assert open_dataset("movies", small, "time").protocol == "time"


@pytest.mark.parametrize(
    ("file", "number", "line", "message"),
    [
        ("u.data", 2, "7\t2\t1\n", "u.data:2: 3 fields, expected 4 (user, item, rating, timestamp)"),
        ("u.data", 2, "7,2,1,880000100\n", "u.data:2: 1 fields, expected 4"),
        ("u.data", 2, "7\tx2\t1\t880000100\n", "u.data:2: item 'x2' is not a whole number"),
        ("u.data", 2, "\t2\t1\t880000100\n", "u.data:2: user '' is not a whole number"),
        ("u.data", 2, "7\t2\tgood\t880000100\n", "u.data:2: rating 'good' is not a number"),
        ("u.data", 2, "7\t2\tnan\t880000100\n", "u.data:2: rating nan is outside 1 to 5"),
        ("u.data", 2, "7\t2\t880000100\t1\n", "u.data:2: rating 880000100 is outside 1 to 5 (columns out of order?)"),
        ("u.data", 2, "7\t2\t1\t880000100000\n", "u.data:2: timestamp 880000100000 is in milliseconds or finer"),
        ("u.data", 2, "7\t2\t1\t10185\n", "u.data:2: timestamp 10185 is no time in UTC seconds since 1995"),
        ("u.data", 2, "7\t2\t1\t1997-11-19\n", "u.data:2: timestamp '1997-11-19' is not a whole number"),
        ("u.data", 2, "7\t6\t1\t880000100\n", "u.data:2: item 6 is not in u.item"),
        ("u.data", 4, "7\t1\t2\t880000900\n", "u.data:4: user 7 rates item 1 again (first in line 1)"),
        ("u.data", 4, "7\t1\t5\t880000300\n", "u.data:4: user 7 rates item 1 again (first in line 1)"),
        ("u.item", 2, "2|Short (1988)|||x|0|1\n", "u.item:2: 7 fields, expected 24 (5 and 19 genre flags)"),
        ("u.item", 2, "2|A (1988)||||" + "|".join("0" * 18) + "|2\n", "u.item:2: genre flag '2' is neither 0 nor 1"),
        ("u.item", 2, "1|A (1988)||||" + "|".join("0" * 19) + "\n", "u.item:2: film 1 comes a second time"),
        ("u.item", 2, "A (1988)|2||||" + "|".join("0" * 19) + "\n", "film number 'A (1988)' is not a whole number"),
        ("u.item", 2, "2|||||" + "|".join("0" * 19) + "\n", "u.item:2: film 2 has no title"),
        ("u.genre", 3, "Adventure|7\n", "u.genre:3: expected a genre, a bar and the code 2, found 'Adventure|7'"),
        ("u.genre", 3, "Adventure\n", "u.genre:3: expected a genre, a bar and the code 2"),
    ],
)
def test_a_broken_line_of_100k_is_named(small, file, number, line, message):
    lines = (small / file).read_text(encoding="latin-1").splitlines(keepends=True)
    lines[number - 1] = line
    (small / file).write_text("".join(lines), encoding="latin-1")
    with pytest.raises(RadError) as error:
        load_domain("movies").load(small)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("movies.dat", "1::Penguin Parade (1995)\n", "movies.dat:1: 2 fields, expected 3 (number, title, genres)"),
        ("movies.dat", "1::A (1995)::Anime\n", "movies.dat:1: unknown genre 'Anime'; known: Action, Adventure"),
        ("movies.dat", "1::A (1995)::\n", "movies.dat:1: unknown genre ''"),
        ("movies.dat", "2::A (1995)::Drama\n", "movies.dat:2: film 2 comes a second time"),
        ("ratings.dat", "7::1::6::880000300\n", "ratings.dat:1: rating 6 is outside 1 to 5"),
        ("ratings.dat", "7\t1\t5\t880000300\n", "ratings.dat:1: 1 fields, expected 4"),
        ("ratings.dat", "7::8::5::880000300\n", "ratings.dat:1: item 8 is not in movies.dat"),
    ],
)
def test_a_broken_line_of_1m_is_named(large, file, line, message):
    lines = (large / file).read_text(encoding="latin-1").splitlines(keepends=True)
    (large / file).write_text("".join([line, *lines[1:]]), encoding="latin-1")
    with pytest.raises(RadError) as error:
        load_domain("movies:1m").load(large)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["u.data", "u.item", "u.genre"])
def test_an_empty_file_is_named(small, file):
    (small / file).write_text("")
    with pytest.raises(RadError, match=rf"{file}:1: no \w+; empty or cut short\?"):
        load_domain("movies").load(small)


def test_a_folder_of_the_other_size_and_packed_files_are_no_obstacle(large):
    (large.parent / "movies").mkdir()
    path = large / "ratings.dat"
    packed = gzip.compress(path.read_bytes())
    (large / "ratings.dat.gz").write_bytes(packed)
    path.unlink()
    assert load_domain("movies:1m").load(large.parent).sequences
    (large / "ratings.dat.gz").write_bytes(packed[:-9])
    with pytest.raises(RadError, match=r"ratings\.dat\.gz:\d+: unreadable or cut short"):
        load_domain("movies:1m").load(large.parent)


def test_missing_files_and_unknown_arguments(tmp_path):
    with pytest.raises(MissingFiles, match=r"movies/ lacks u\.data, u\.item, u\.genre\. Fetch .*ml-100k\.zip"):
        load_domain("movies").load(tmp_path)
    with pytest.raises(MissingFiles, match=r"lacks ratings\.dat, movies\.dat\. Fetch .*ml-1m\.zip"):
        load_domain("movies:1m").load(tmp_path)
    with pytest.raises(RadError, match=r"movies: unknown setting '10m'.*available: 1m"):
        load_domain("movies:10m")


def test_no_hash_is_invented():
    for source in (*SOURCES, *SOURCES_1M):
        assert source.sha256 is None and source.size is None
        assert source.licence and source.instructions and source.redistribute and source.origin


def test_ratings_of_films_that_are_not_listed_are_left_out_on_demand(small):
    path = small / "u.data"
    rows = path.read_text().splitlines(keepends=True)
    before = load_domain("movies").load(small)
    path.write_text("".join([*rows, "7\t66\t1\t880000950\n"]))
    with pytest.raises(RadError, match=r"item 66 is not in u\.item \(movies:lenient leaves such ratings out"):
        load_domain("movies").load(small)
    corpus = load_domain("movies:lenient").load(small)
    assert corpus.sequences == before.sequences
    assert corpus.notes["ratings of films that are not in u.item (left out)"] == 1
    with pytest.raises(RadError, match=r"unknown setting 'lenent' \(did you mean 'lenient'\?\)"):
        load_domain("movies:lenent")


def test_a_byte_order_mark_is_read_over(small, large):
    for spec, folder in (("movies", small), ("movies:1m", large)):
        before = load_domain(spec).load(folder)
        assert load_domain(spec).load(marked(folder)) == before
