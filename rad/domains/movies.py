"""MovieLens 100K and 1M (GroupLens), from the publisher's own files: films, ratings from 1 to 5, times, genres.

    python -m rad describe movies --data-dir DIR        100K: u.data, u.item and u.genre, in DIR/ml-100k/
    python -m rad describe movies:1m --data-dir DIR     1M: ratings.dat and movies.dat, in DIR/ml-1m/

Every rating is an interaction, low ones too: it says that the film was seen, and ``Interaction.rating`` says how it was
liked. People rate many films in one sitting, so most times are tied or seconds apart. The order within a sitting is
partly that of the publisher's own lists; read next-item scores with that in mind. Ids of the two sizes differ, and so
do their public ids. An item's text is its title and genres; attributes are genre and decade. A second rating of one
film by one user is an error, since the source has none.

Domain arguments: none for 100K, or ``1m``. 1M has histories of up to 2,313 films, so its training prefixes alone take
some 2 GB of memory.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.data.splits import in_time_order, public_id
from rad.domains.formats.ratings_csv import read_ratings
from rad.errors import RadError
from rad.registry import unknown
from rad.runtime.files import read_lines
from rad.types import Interaction, Item

ENCODING = "latin-1"
GENRES_1M = (
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_YEAR = re.compile(r"\((\d{4})\)\s*$")
_ORIGIN = "MovieLens (Harper and Konstan, ACM TiiS 2015), https://grouplens.org/datasets/movielens/"
_LICENCE = "research use with acknowledgement; no redistribution without permission (README of the data set)"
_KEEP = "hashed ids and their order; genre and decade inside rationales; no titles, no ratings"
_FETCH = "Fetch https://files.grouplens.org/datasets/movielens/{0}.zip (md5 of the zip as published: {1}) and unzip it."
_100K = _FETCH.format("ml-100k", "0e33842e24a9c977be4e0107933c0723")
_1M = _FETCH.format("ml-1m", "c4d9eecfca2ab87c1945afe126590906")


def _source(file: str, instructions: str) -> Source:
    return Source(file, None, None, _ORIGIN, _LICENCE, instructions, _KEEP)


SOURCES = (_source("u.data", _100K), _source("u.item", _100K), _source("u.genre", _100K))
SOURCES_1M = (_source("ratings.dat", _1M), _source("movies.dat", _1M))


SETTINGS = ("1m", "lenient")


class Domain(BaseDomain):
    """``load`` reads the raw files of one size; attributes are genre (one or more) and decade."""

    name = "movies"
    version = "1"
    sources: tuple[Source, ...] = SOURCES

    def __init__(self, argument: str = "") -> None:
        words = argument.split(",") if argument else []
        if strange := [word for word in words if word not in SETTINGS]:
            raise RadError(f"{self.name}: {unknown('setting', strange, SETTINGS)}")
        self.large, self.lenient = "1m" in words, "lenient" in words
        if self.large:
            self.sources = SOURCES_1M

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Items and ratings with public ids. ``data_dir``: the folder of the files or the one that holds it."""
        spec, folder = ("movies:1m", "ml-1m") if self.large else ("movies", "ml-100k")
        files = sources.find(self.name, self.sources, data_dir, folder=folder)
        films = _read_1m(files["movies.dat"]) if self.large else _read_100k(files["u.item"], files["u.genre"])
        items = {number: self._item(spec, number, *film) for number, film in films}
        ratings, separator = (files["ratings.dat"], "::") if self.large else (files["u.data"], "\t")
        first: dict[tuple[str, str], int] = {}
        rows, unlisted = [], 0
        for line, user, film, rating, time in read_ratings(ratings, separator=separator):
            if film not in items:
                if not self.lenient:
                    hint = f"{self.name}:{'1m,' if self.large else ''}lenient leaves such ratings out, and counts them"
                    raise RadError(f"{ratings}:{line}: item {film} is not in {self.sources[1].file} ({hint})")
                unlisted += 1
                continue
            if (earlier := first.setdefault((user, film), line)) != line:
                raise RadError(f"{ratings}:{line}: user {user} rates item {film} again (first in line {earlier})")
            rows.append(Interaction(public_id(spec, "user", user), items[film].item_id, time, rating))
        notes = _notes(self.sources, items.values())
        notes |= {f"ratings of films that are not in {self.sources[1].file} (left out)": unlisted} if unlisted else {}
        return Corpus(list(items.values()), in_time_order(rows), notes=notes)

    def _item(self, spec: str, number: str, title: str, year: str, genres: tuple[str, ...]) -> Item:
        title = html.unescape(title)
        attributes = {"genre": genres, "decade": (f"{year[:3]}0s",) if year else ()}
        return Item(
            item_id=public_id(spec, "item", number),
            domain=self.name,
            title=title or "(no title)",
            text=". ".join(part for part in (title, ", ".join(genres)) if part),
            attributes={name: values for name, values in attributes.items() if values},
        )


def _notes(files: Sequence[Source], items: Iterable[Item]) -> dict[str, int]:
    notes = Counter(sources.unpinned(files))
    for item in items:
        notes["films without a title"] += item.title == "(no title)"
        notes["films without a genre"] += "genre" not in item.attributes
        notes["films without a year"] += "decade" not in item.attributes
    return {what: n for what, n in notes.items() if n}


def _read_100k(path: Path, genre_file: Path) -> Iterator[tuple[str, tuple[str, str, tuple[str, ...]]]]:
    """Number, and title, year and genres, of each film in ``u.item``: five fields, then a flag for each genre."""
    genres = _genres(genre_file)
    seen: set[str] = set()
    for line, text in read_lines(path, ENCODING):
        fields = text.split("|")
        if len(fields) != 5 + len(genres):
            wanted = f"expected {5 + len(genres)} (5 and {len(genres)} genre flags)"
            raise RadError(f"{path}:{line}: {len(fields)} fields, {wanted}")
        number, title, released, _, _, *flags = fields
        if odd := [flag for flag in flags if flag not in ("0", "1")]:
            raise RadError(f"{path}:{line}: genre flag {odd[0][:20]!r} is neither 0 nor 1")
        _check_film(path, line, number, title, seen)
        match = _YEAR.search(title) or re.search(r"(\d{4})$", released)
        year = match[1] if match else ""
        names = tuple(genre for genre, flag in zip(genres, flags, strict=True) if flag == "1" and genre != "unknown")
        yield number, ("" if title == "unknown" else title, year, names)
    if not seen:
        raise RadError(f"{path}:1: no films; empty or cut short?")


def _genres(path: Path) -> list[str]:
    """Genres in the order of their codes, which ``u.genre`` counts from 0."""
    names: list[str] = []
    for line, text in read_lines(path, ENCODING):
        if not text:  # the published file ends with an empty line
            continue
        name, bar, code = text.partition("|")
        if not name or not bar or code != str(len(names)):
            raise RadError(f"{path}:{line}: expected a genre, a bar and the code {len(names)}, found {text[:40]!r}")
        names.append(name)
    if not names:
        raise RadError(f"{path}:1: no genres; empty or cut short?")
    return names


def _read_1m(path: Path) -> Iterator[tuple[str, tuple[str, str, tuple[str, ...]]]]:
    """Number, and title, year and genres, of each film in ``movies.dat``: three fields, genres joined by bars."""
    seen: set[str] = set()
    for line, text in read_lines(path, ENCODING):
        fields = text.split("::")
        if len(fields) != 3:
            raise RadError(f"{path}:{line}: {len(fields)} fields, expected 3 (number, title, genres)")
        number, title, joined = fields
        _check_film(path, line, number, title, seen)
        genres = tuple(joined.split("|"))
        if odd := [genre for genre in genres if genre not in GENRES_1M]:
            raise RadError(f"{path}:{line}: unknown genre {odd[0][:40]!r}; known: {', '.join(GENRES_1M)}")
        match = _YEAR.search(title)
        yield number, (title, match[1] if match else "", genres)
    if not seen:
        raise RadError(f"{path}:1: no films; empty or cut short?")


def _check_film(path: Path, line: int, number: str, title: str, seen: set[str]) -> None:
    if not (number.isascii() and number.isdigit()):
        raise RadError(f"{path}:{line}: film number {number[:40]!r} is not a whole number")
    if number in seen:
        raise RadError(f"{path}:{line}: film {number} comes a second time")
    if not title.strip():
        raise RadError(f"{path}:{line}: film {number} has no title")
    seen.add(number)
