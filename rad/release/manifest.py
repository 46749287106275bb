"""A release of RAD: the folder that the Hub serves, written by ``python -m rad push`` and read by ``rad.load``.

=============  =====================================================================================================
``examples``   the queries of train, validation and test, with answer, rationale and contrast (:mod:`rad.data.arrow`)
``items``      the catalogue, in the order that breaks ties
``users``      whole sequences, and contrasts in full; only where the texts are published too
``rationales`` a row each: the data set's own, and a draft for every training query without one, with its soundness
``instruct``   training queries as conversations whose assistant writes the rationale; only with the texts
``drafts``     of a campaign: what its reviewers judged
``judgements`` of a campaign: every answer of every reviewer, under pseudonyms
``candidates`` the fixed candidate lists of the reranking protocol
=============  =====================================================================================================

Each is a config of ``datasets.load_dataset`` in parquet shards. ``rad.json``, written last, has versions, counts and
the sha256 of every file. A domain that is made of third-party files is released as hashed ids, their order, rationales
and evidence: no title, text, attribute table, rating, review or time, and no rationale that quotes a title. Reading
such a release joins the rest from the user's own copy (``RAD_DATA``). It refuses a copy other than the one it was made
from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rad.data.load import is_release
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import sha256_lines
from rad.types import Interaction, Item

SCHEMA_VERSION = 1
MANIFEST = "rad.json"
PARTS = ("examples", "items", "users", "rationales", "instruct", "drafts", "judgements", "candidates")
_PATH = re.compile(rf"({'|'.join(PARTS)})/[a-z]+(-\d+-of-\d+)?\.parquet")
WITHOUT_FILES = ("campaign", "release")
"""Domains that no release is made of: each stands for the data of another."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release, by its path inside: ``CONFIG/SPLIT-*.parquet``."""

    path: str
    rows: int
    bytes: int
    sha256: str

    @property
    def config(self) -> str:
        """Which table it is a part of."""
        return self.path.partition("/")[0]

    @property
    def split(self) -> str:
        """Which split of the table it is a part of."""
        return self.path.partition("/")[2].partition("-")[0]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A raw file that a release was made from."""

    file: str
    sha256: str | None
    origin: str
    licence: str
    fetch: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``rad.json`` says.

    Attributes:
        data: the domain with its argument, which :func:`rad.data.load.load_domain` takes.
        domain: the name that public ids hash.
        version: the domain's version.
        rad: the version of this package that wrote the release.
        texts: whether titles and texts are in it, and not only ids and their order.
        sha256: of the data set that the release is read back as.
        source_sha256: of catalogue and sequences alone; a user's own copy must have it.
        candidates: the version of the candidate lists.
        ordered: whether histories have an order.
        notes: what was left out or mended, counted.
        sources: the raw files.
        writer: what wrote the parquet files.
        files: every file, with its sha256.
    """

    schema_version: int
    data: str
    domain: str
    version: str
    rad: str
    texts: bool
    sha256: str
    source_sha256: str
    candidates: str
    ordered: bool
    notes: Mapping[str, int]
    sources: tuple[SourceFile, ...]
    writer: str
    files: tuple[File, ...]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Rows and bytes of each config."""
        rows, size = Counter[str](), Counter[str]()
        for file in self.files:
            rows[file.config] += file.rows
            size[file.config] += file.bytes
        return {config: (rows[config], size[config]) for config in PARTS if config in rows}

    def paths(self) -> dict[str, dict[str, list[str]]]:
        """Paths by config and split, in order."""
        out: dict[str, dict[str, list[str]]] = {}
        for file in sorted(self.files, key=lambda file: (PARTS.index(file.config), file.path)):
            out.setdefault(file.config, {}).setdefault(file.split, []).append(file.path)
        return out

    def paths_of(self, config: str) -> list[str]:
        """Paths of one config, all splits, in order."""
        return [path for listed in self.paths().get(config, {}).values() for path in listed]


def read_manifest(folder: Path) -> Manifest:
    """``rad.json`` of a release. :class:`RadError` where there is none, or one of another version."""
    path = folder / MANIFEST
    return _checked(records.read_document(Manifest, path, "the folder is no release of RAD", SCHEMA_VERSION), str(path))


def parse_manifest(content: bytes, where: str) -> Manifest:
    """The same, from bytes; ``where`` begins the message of a :class:`RadError`."""
    return _checked(records.parse_document(Manifest, content, where, SCHEMA_VERSION), where)


def _checked(manifest: Manifest, where: str) -> Manifest:
    """A manifest may come from anyone: it names no file outside its folder, and no data that a user's path names."""
    for file in manifest.files:
        if not _PATH.fullmatch(file.path):
            raise RadError(f"{where}: files: {file.path[:80]!r} is no file of a release")
    twice = [path for path, n in Counter(file.path for file in manifest.files).items() if n > 1]
    if twice:
        raise RadError(f"{where}: files: {twice[0]} comes twice")
    if is_release(manifest.data) or manifest.data.partition(":")[0] in WITHOUT_FILES:
        raise RadError(f"{where}: data {manifest.data[:80]!r} is no domain")
    return manifest


def source_sha256(items: Mapping[str, Item], sequences: Mapping[str, Sequence[Interaction]]) -> str:
    """sha256 of catalogue and sequences alone: what a user's own copy must have for a release to be joined with it."""
    return sha256_lines([*items.values(), *(x for user in sorted(sequences) for x in sequences[user])])
