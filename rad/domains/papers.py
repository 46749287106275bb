"""CiteULike-a: which scientific papers people keep in their libraries, and the papers' tags. No order, no times.

    python -m rad describe papers --data-dir DIR    users.dat, tags.dat and item-tag.dat in DIR/papers/

5,551 users, 16,980 papers, 204,986 pairs; 140 users have the very library of another and are counted once. A library is
a set: nothing says what was added when. So the two held-out papers of a user are random ones. Each library is put in
the order of sha256 of ``<user>:<paper>`` (public ids), the same on every machine. Its last paper is the test target,
the last but one the validation target. ``Dataset.ordered`` is False, which models of sequences refuse, and there is no
split by time. Scores say how well the rest of a library tells one paper of it, not what a person reads next.

The source has no titles (abstracts are published apart), so a paper's text is its tags, spelling variants merged
(``gene_expression``, ``gene-expression``). Tags are given by readers, and perhaps by the very reader whose paper is to
be predicted: people file papers under words of their own. A tag stays if at least five papers have it and no
single library holds them all. So more than one reader must have given it. That lowers BM25 on validation from
0.0425 to 0.0407 (first 1,500 queries); what is left of the effect cannot be told from shared interests.

The publisher's numbers (lines of the files) are the source ids. ``citations.dat`` (44,709 links) is not read: a link to
one paper is no word that a rationale could say.

Domain arguments: none, or ``changed`` to accept files that differ from the published ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.data.splits import public_id
from rad.errors import RadError
from rad.features.bm25 import tokenize
from rad.runtime.files import read_lines
from rad.settings import parse
from rad.types import Interaction, Item

LEAST = 5  # papers that have a tag worth keeping
TITLE = 4  # of its tags, the most frequent, name a paper that has no title
_ORIGIN = "CiteULike-a (Wang, Chen and Li, IJCAI 2013), from citeulike.org"
_LICENCE = "research use; the publisher assigns no licence"
_FETCH = "Fetch the files from https://github.com/js05212/citeulike-a."
_KEEP = "hashed ids and their random order; tags inside rationales"


def _source(file: str, size: int, sha256: str) -> Source:
    return Source(file, size, sha256, _ORIGIN, _LICENCE, _FETCH, _KEEP)


SOURCES = (
    _source("users.dat", 1094785, "53211d82c14ff261e595634d285ed9fbf8049cf81dcb751d924d695b9612a02c"),
    _source("tags.dat", 628894, "c02b3e5ee1a57f88f3a598b2040018bb198f54cd0c11116fa7a0db905b6f60e3"),
    _source("item-tag.dat", 1423307, "0f7b432796a5038ed2631c02b99d70e636123673afc11bf9e051de5b49467890"),
)


class Domain(BaseDomain):
    """``load`` reads the raw files; the one attribute is tag, with as many values as a paper has."""

    name = "papers"
    version = "1"
    sources = SOURCES

    def __init__(self, argument: str = "") -> None:
        self.settings = parse(sources.FileSettings, argument.split(","), self.name)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Items and libraries with public ids. ``data_dir``: the folder of the files or the one that holds it."""
        files = sources.find(self.name, SOURCES, data_dir, self.settings.changed, folder="citeulike_a")
        names = _read_tags(files["tags.dat"])
        numbers = _read_sets(files["item-tag.dat"], len(names), "tag", "tags.dat")
        libraries = _read_sets(files["users.dat"], len(numbers), "paper", "item-tag.dat")
        tags = [sorted({names[k] for k in row} - {""}) for row in numbers]
        have = Counter(tag for row in tags for tag in row)
        frequent = {tag for tag, n in have.items() if n >= LEAST}
        own = frequent & _own_words(tags, libraries, have)
        used = frequent - own
        items = [
            self._item(n, sorted(used.intersection(row), key=lambda t: (-have[t], t))) for n, row in enumerate(tags)
        ]
        sequences = {}
        for number, library in enumerate(libraries):
            user = public_id(self.name, "user", str(number))
            chosen = sorted((items[k].item_id for k in library), key=lambda item_id: _random_order(user, item_id))
            if chosen:
                sequences[user] = tuple(Interaction(user, item_id) for item_id in chosen)
        notes = {
            "tags of the source": len(names),
            "tags that are another spelling of one (merged)": len(names) - len({*names}),
            f"tags on fewer than {LEAST} papers (left out)": len(have) - len(frequent),
            "tags whose papers are all in one library (left out)": len(own),
            "papers without a tag in the source": sum(not row for row in numbers),
            "users without a paper (left out)": len(libraries) - len(sequences),
        }
        return Corpus(items, sequences, ordered=False, notes={what: n for what, n in notes.items() if n})

    def _item(self, number: int, tags: Sequence[str]) -> Item:
        return Item(
            item_id=public_id(self.name, "item", str(number)),
            domain=self.name,
            title=", ".join(tags[:TITLE]) or "(no tags)",
            text=", ".join(tags),
            attributes={"tag": tuple(tags)} if tags else {},
        )


def _random_order(user: str, item_id: str) -> str:
    """What a library that has no order is sorted by: a hash, so that everyone holds out the same papers."""
    return hashlib.sha256(f"{user}:{item_id}".encode()).hexdigest()


def _own_words(tags: Sequence[Sequence[str]], libraries: Sequence[Sequence[int]], have: Counter[str]) -> set[str]:
    """Tags of which one library holds all papers."""
    own_words = set()
    for library in libraries:
        inside = Counter(tag for paper in library for tag in tags[paper])
        own_words |= {tag for tag, n in inside.items() if n == have[tag]}
    return own_words


def _read_tags(path: Path) -> list[str]:
    """The words of each tag, by its number (the line, from 0); empty for a tag that has no word."""
    first: dict[str, int] = {}
    names = []
    for line, text in read_lines(path):
        if not text.strip():
            raise RadError(f"{path}:{line}: the tag is empty")
        if first.setdefault(text, line) != line:
            raise RadError(f"{path}:{line}: tag {text[:40]!r} comes again (first in line {first[text]})")
        names.append(" ".join(tokenize(text)))
    if not names:
        raise RadError(f"{path}:1: no tags; empty or cut short?")
    return names


def _read_sets(path: Path, limit: int, noun: str, other: str) -> list[list[int]]:
    """The set of numbers below ``limit`` on each line; the first number of a line says how many follow."""
    rows = []
    for line, text in read_lines(path):
        words = text.split()
        if odd := [word for word in words if not (word.isascii() and word.isdigit())]:
            raise RadError(f"{path}:{line}: {odd[0][:40]!r} is not a whole number")
        if not words or int(words[0]) != len(words) - 1:
            count = words[0] if words else "nothing"
            raise RadError(f"{path}:{line}: the count says {count}, but {max(0, len(words) - 1)} numbers follow")
        row = [int(word) for word in words[1:]]
        if too_high := [number for number in row if number >= limit]:
            raise RadError(f"{path}:{line}: {noun} {too_high[0]} is not in {other}, which has {limit:,} lines")
        if len(set(row)) < len(row):
            twice = Counter(row).most_common(1)[0][0]
            raise RadError(f"{path}:{line}: {noun} {twice} comes twice")
        rows.append(row)
    if not rows:
        raise RadError(f"{path}:1: no lines; empty or cut short?")
    return rows
