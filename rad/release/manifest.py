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
WITHOUT_FILES = ("campaign", "release")
"""Domains that no release is made of: each stands for the data of another."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release, by its path inside."""

    path: str
    rows: int
    bytes: int
    sha256: str


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
            config = file.path.partition("/")[0]
            rows[config] += file.rows
            size[config] += file.bytes
        return {config: (rows[config], size[config]) for config in PARTS if config in rows}


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
        if ".." in file.path or Path(file.path).is_absolute():
            raise RadError(f"{where}: files: {file.path[:80]!r} is no file of a release")
    if is_release(manifest.data) or manifest.data.partition(":")[0] in WITHOUT_FILES:
        raise RadError(f"{where}: data {manifest.data[:80]!r} is no domain")
    return manifest


def source_sha256(items: Mapping[str, Item], sequences: Mapping[str, Sequence[Interaction]]) -> str:
    """sha256 of catalogue and sequences alone: what a user's own copy must have for a release to be joined with it."""
    return sha256_lines([*items.values(), *(x for user in sorted(sequences) for x in sequences[user])])
