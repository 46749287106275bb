"""A release of RAD: the folder that the Hub serves, written by ``python -m rad push`` and read by ``rad.load``.

=============  =====================================================================================================
``examples``   the queries of train, validation and test, with answer, rationale and contrast (:mod:`rad.data.arrow`)
``items``      the catalogue, in the order that breaks ties
``users``      whole sequences, and contrasts in full; only where the texts are published too
``rationales`` every rationale, a row each
``drafts``     of a campaign: what its reviewers judged
``judgements`` of a campaign: every answer of every reviewer, under pseudonyms
``candidates`` the fixed candidate lists of the reranking protocol
=============  =====================================================================================================

Each is a config of ``datasets.load_dataset`` in parquet shards. ``rad.json``, written last, has versions, counts and
the sha256 of every file. A domain that is made of third-party files is released as hashed ids, their order, rationales
and evidence: no title, text, attribute table, rating, review or time, and no rationale that quotes a title. Reading
such a release joins the rest from the user's own copy (``RAD_DATA``) and refuses a copy that is not the one it was made
from.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import rad
from rad.data import arrow, candidates, splits
from rad.data.dataset import Dataset, catalogue_of, dataset_of, is_release, load_domain
from rad.data.domain import BaseDomain, Corpus
from rad.data.shards import CONTRAST, STATED, contrast_of, item_of, rationale_of, rows_of, sequences_of
from rad.data.sources import resolve_path
from rad.data.splits import SPLITS
from rad.errors import RadError
from rad.features.bm25 import tokenize
from rad.rationales import rules as rationales
from rad.rationales.claims import FUNCTION_WORDS
from rad.rationales.rules import run_of
from rad.release import hub
from rad.runtime import records
from rad.runtime.files import atomic_write, sha256_file, sha256_lines
from rad.types import Interaction, Item, Judgement, Rationale

SCHEMA_VERSION = 1
MANIFEST = "rad.json"
PARTS = ("examples", "items", "users", "rationales", "drafts", "judgements", "candidates")
ROWS = 50_000  # in a shard
CANDIDATES = pa.schema([("query_id", pa.string()), ("split", pa.string()), ("candidates", pa.list_(pa.string()))])
USERS = pa.schema(
    [
        ("user_id", pa.string()),
        ("interactions", pa.list_(arrow.INTERACTION)),
        ("contrasts", pa.list_(pa.struct(list(CONTRAST)))),
    ]
)
_TEXTS = ("rationale_id", "annotator", "question", "answer", "guideline_version")
JUDGEMENT = pa.schema([*((name, pa.string()) for name in _TEXTS), ("seconds", pa.float64())])


@dataclass(frozen=True)
class Release:
    """What is to be written: the whole data set that it is read back as, and its tables by config and split."""

    dataset: Dataset
    tables: Mapping[str, Mapping[str, pa.Table]]
    about: Mapping[str, Any]


def gather(spec: str, data_dir: Path | None = None, extra: Path | None = None) -> Release:
    """Load domain ``spec`` and keep what may be published. ``extra``: a file of rationales in place of its own."""
    domain = load_domain(spec)
    corpus = domain.load(data_dir)
    base = load_domain(corpus.data or spec)
    name, _, argument = spec.partition(":")
    folder = resolve_path(name, argument, data_dir) if name == "campaign" else None
    if corpus.origin:
        raise RadError(f"{spec} is a release: copy its folder, or push what it was made from")
    if extra is not None:
        given = {r.query_id: r for _, r in rationales.read(extra)}
        if not given:
            raise RadError(f"{extra}: no rationales")
        corpus = replace(corpus, rationales=given)
    all_of_it = base.published_whole
    drafts = _read(folder, "drafts.jsonl", Rationale)
    judged = _read(folder, "judgements.jsonl", Judgement)
    full = dataset_of(spec, domain, corpus)
    _known(spec, corpus.rationales.values(), full)
    notes: dict[str, int] = {}
    if not all_of_it:
        publishable = _Publishable(full)
        kept, kept_drafts = publishable.of(corpus.rationales.values()), publishable.of(drafts)
        answers = publishable.answers(judged, kept_drafts)
        notes = {
            "rationales withheld, since their text has words of a title": len(corpus.rationales) - len(kept),
            "drafts withheld for the same": len(drafts) - len(kept_drafts),
            "answers of reviewers withheld for the same": len(judged) - len(answers),
            "contrasts withheld, since they may name their items": len(corpus.contrasts),
        }
        drafts, judged = kept_drafts, answers
        corpus = replace(corpus, rationales={r.query_id: r for r in kept}, contrasts={})
        full = dataset_of(spec, domain, corpus)
    data = re.sub(r"(?<=[:,])[^,=]*/", "", corpus.data or spec)  # the folders are of one machine
    about = {
        "schema_version": SCHEMA_VERSION,
        "data": data,
        "domain": corpus.domain or domain.name,
        "version": full.version,
        "rad": rad.__version__,
        "texts": all_of_it,
        "sha256": full.sha256,
        "source_sha256": source_sha256(full.items, full.sequences),
        "candidates": candidates.VERSION,
        "ordered": corpus.ordered,
        "notes": {**full.notes, **{what: n for what, n in notes.items() if n}},
        "sources": [
            {"file": s.file, "sha256": s.sha256, "origin": s.origin, "licence": s.licence, "fetch": s.instructions}
            for s in base.sources
        ],
    }
    shown = full if all_of_it else _bare(full)
    found = arrow.arrow_tables(shown)
    lists = candidates.cached(full.sha256, full.items, full.examples)
    parts: dict[str, dict[str, pa.Table]] = {
        "examples": {split: found[split] for split in SPLITS},
        "items": {"full": found["items"] if all_of_it else found["items"].select(["item_id", "domain"])},
        "users": {"full": _users(corpus, full)} if all_of_it else {},
        "rationales": {"full": arrow.table(map(arrow.rationale_row, corpus.rationales.values()), arrow.RATIONALE)},
        "drafts": {"full": arrow.table(map(arrow.rationale_row, drafts), arrow.RATIONALE)},
        "judgements": {"full": arrow.table(map(_judgement_row, judged), JUDGEMENT)},
        "candidates": {split: _candidates(full, split, lists) for split in candidates.HELD_OUT},
    }
    # the library ``datasets`` cannot read a table without rows, so what is empty is left out
    filled = {name: {split: rows for split, rows in found.items() if rows.num_rows} for name, found in parts.items()}
    return Release(full, {name: found for name, found in filled.items() if found}, about)


def write(release: Release, folder: Path) -> dict[str, Any]:
    """Write the parquet shards and, last, ``rad.json``, which is returned."""
    files = []
    for config, split_tables in release.tables.items():
        for split, table in split_tables.items():
            n = max(1, -(-table.num_rows // ROWS))
            for k in range(n):
                path = f"{config}/{split}-{k:05d}-of-{n:05d}.parquet"
                part = table.slice(k * ROWS, ROWS)
                with atomic_write(folder / path, "wb") as file:
                    pq.write_table(part, file, compression="zstd")
                size = (folder / path).stat().st_size
                files.append({"path": path, "rows": part.num_rows, "bytes": size, "sha256": sha256_file(folder / path)})
    manifest = {**release.about, "writer": f"pyarrow {pa.__version__}", "files": files}
    with atomic_write(folder / MANIFEST) as out:
        out.write(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def source_sha256(items: Mapping[str, Item], sequences: Mapping[str, Sequence[Interaction]]) -> str:
    """sha256 of catalogue and sequences alone: what a user's own copy must have for a release to be joined with it."""
    return sha256_lines([*items.values(), *(x for user in sorted(sequences) for x in sequences[user])])


class Domain(BaseDomain):
    """A release as a domain, so that everything that opens one opens a release too. ``NAME`` is a folder or a repo."""

    def __init__(self, spec: str = "") -> None:
        self.spec = spec
        self.folder = Path(spec)
        if self.folder.is_dir():
            manifest = self.folder / MANIFEST
            self.origin = {"release": self.folder.resolve().name}
            self.origin["revision"] = sha256_file(manifest) if manifest.is_file() else ""
        else:
            repo, _, revision = spec.partition("@")
            self.folder, found = hub.fetch(repo, revision or None, [MANIFEST, "items/*", "users/*", "rationales/*"])
            self.origin = {"release": repo, "revision": found}
        self.manifest = read_manifest(self.folder)
        self.name, self.version = self.manifest["domain"], self.manifest["version"]
        self.data = self.manifest["data"]

    def load(self, data_dir: Path | None = None) -> Corpus:
        """The corpus as it was released. :class:`RadError` on changed files, and where the user's copy is another."""
        origin = {**self.origin, "data": self.data, "sha256": self.manifest["sha256"]}
        given = [rationale_of(row) for table in self._tables("rationales") for row in table.to_pylist()]
        known = {r.query_id: r for r in given}
        if self.manifest["texts"]:
            rows = [row for table in self._tables("items") for row in table.to_pylist()]
            users = self._tables("users")
            return Corpus(
                items=[item_of(row) for row in rows],
                sequences={user: s for table in users for user, s in sequences_of(table).items()},
                rationales=known,
                contrasts={r["query_id"]: contrast_of(r) for t in users for r in rows_of(t, "contrasts", None)},
                ordered=self.manifest["ordered"],
                notes=self.manifest["notes"],
                origin=origin,
            )
        domain = load_domain(self.data)
        corpus = domain.load(data_dir)
        found = source_sha256(catalogue_of(self.data, corpus), splits.distinct_users(corpus.sequences, corpus.ordered))
        if found != self.manifest["source_sha256"]:
            raise RadError(
                f"{self.spec}: your copy of {self.data} is not the one that this release was made from (expected "
                f"{self.manifest['source_sha256'][:12]}, found {found[:12]}): fetch the published files again, or use "
                f"version {self.manifest['rad']} of this package"
            )
        return replace(corpus, rationales=known, contrasts={}, notes=self.manifest["notes"], origin=origin)

    def _tables(self, config: str) -> list[pa.Table]:
        out = []
        for file in self.manifest["files"]:
            if not file["path"].startswith(f"{config}/"):
                continue
            path = self.folder / file["path"]
            try:
                if sha256_file(path) != file["sha256"]:
                    raise RadError(f"{path}: not the bytes that {MANIFEST} states: fetch or write the release again")
                out.append(pq.read_table(path))
            except (OSError, pa.ArrowInvalid) as error:
                raise RadError(f"{path}: unreadable ({error})") from error
        return out


def read_manifest(folder: Path) -> dict[str, Any]:
    """``rad.json`` of a release. :class:`RadError` where there is none, or one of another version."""
    path = folder / MANIFEST
    try:
        return parse_manifest(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise RadError(f"{folder}: no release of RAD ({MANIFEST} is not there)") from error
    except OSError as error:
        raise RadError(f"{path}: unreadable ({error.strerror})") from error


def parse_manifest(content: bytes, where: str) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
        found = manifest["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise RadError(f"{where}: not the manifest of a release ({error})") from error
    if found != SCHEMA_VERSION:
        raise RadError(f"{where}: schema_version {found!r}, this code reads {SCHEMA_VERSION}")
    kinds = {"texts": bool, "ordered": bool, "notes": dict, "files": list}
    kinds |= dict.fromkeys(("data", "domain", "version", "rad", "sha256", "source_sha256"), str)
    if wrong := sorted(key for key, kind in kinds.items() if not isinstance(manifest.get(key), kind)):
        raise RadError(f"{where}: {', '.join(wrong)}: missing, or not what a manifest has there")
    for file in manifest["files"]:
        stated = file if isinstance(file, dict) else {}
        path = stated.get("path")
        if not isinstance(path, str) or ".." in path or not isinstance(stated.get("sha256"), str):
            raise RadError(f"{where}: files: {str(path)[:80]!r} is no file of a release")
    if is_release(manifest["data"]) or manifest["data"].partition(":")[0] == "campaign":
        raise RadError(f"{where}: data {manifest['data'][:80]!r} is no domain")
    return dict(manifest)


def _read(folder: Path | None, name: str, kind: Any) -> list[Any]:
    path = folder / name if folder else None
    return [row for _, row in records.read(path, kind)] if path and path.exists() else []


def _known(spec: str, given: Iterable[Rationale], data: Dataset) -> None:
    known = {e.query.query_id for split in SPLITS for e in data.examples[split]}
    known |= {splits.query_id(user, k) for user, s in data.sequences.items() for k in range(len(s))}
    if strange := next((r.query_id for r in given if r.query_id not in known), None):
        raise RadError(f"a rationale is of query {strange}, which is not in {spec}")


class _Publishable:
    """Which texts hold no words of a title: neither of the query's history nor of its target."""

    def __init__(self, data: Dataset) -> None:
        self.items, self.rules = data.items, rationales.Rules(data.items)
        self.examples = {e.query.query_id: e for split in SPLITS for e in data.examples[split]}

    def of(self, given: Iterable[Rationale]) -> list[Rationale]:
        return [rationale for rationale in given if self._fine(rationale)]

    def answers(self, given: Iterable[Judgement], drafts: Iterable[Rationale]) -> list[Judgement]:
        """Reviewers' answers to ``drafts``; what they wrote themselves obeys the same rules."""
        judged = {draft.rationale_id: draft for draft in drafts}
        told = ((one, judged.get(one.rationale_id)) for one in given)
        return [one for one, draft in told if draft is not None and self._fine(replace(draft, text=one.answer))]

    def _fine(self, rationale: Rationale) -> bool:
        """Stricter than the rule ``quotes_title``: a title of two or three words counts, too, when all are there."""
        example = self.examples.get(rationale.query_id)
        if example is None:  # of a user with another's sequence
            return False
        query, said = example.query, tokenize(rationale.text)
        targets = [self.items[item_id] for item_id in example.relevant]
        for item in (*targets, *(self.items[x.item_id] for x in query.history)):
            values = {w for found in item.attributes.values() for value in found for w in tokenize(value)}
            title = tokenize(item.title)
            if run_of(title, said, set(title) - values - FUNCTION_WORDS):
                return False
        return not any(self.rules.names(rationale.text, target, query) for target in targets)


def _bare(data: Dataset) -> Dataset:
    """The data set without third-party text: ids and their order."""
    items = {item_id: Item(item_id, item.domain, "", "") for item_id, item in data.items.items()}

    def strip(sequence: Sequence[Interaction]) -> tuple[Interaction, ...]:
        return tuple(Interaction(x.user_id, x.item_id) for x in sequence)

    examples = {
        split: tuple(replace(e, query=replace(e.query, history=strip(e.query.history), profile=None)) for e in rows)
        for split, rows in data.examples.items()
    }
    return replace(data, items=items, examples=examples, sequences={})


def _users(corpus: Corpus, data: Dataset) -> pa.Table:
    contrasts: dict[str, list[dict[str, Any]]] = {user: [] for user in data.sequences}
    for key, c in corpus.contrasts.items():
        row = {**{name: getattr(c, name) for name in STATED}, "claims": arrow.claim_rows(c.claims)}
        contrasts[key.rpartition("-")[0]].append(row)
    rows = (
        {"user_id": user, "interactions": list(map(arrow.interaction_row, sequence)), "contrasts": contrasts[user]}
        for user, sequence in data.sequences.items()
    )
    return arrow.table(rows, USERS)


def _candidates(data: Dataset, split: Any, lists: Mapping[str, Sequence[str]]) -> pa.Table:
    keys = [e.query.query_id for e in data.examples[split]]
    rows = ({"query_id": key, "split": split, "candidates": list(lists[key])} for key in keys)
    return arrow.table(rows, CANDIDATES)


def _judgement_row(judgement: Judgement) -> dict[str, Any]:
    return {name: getattr(judgement, name) for name in JUDGEMENT.names}


def counts(manifest: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each config."""
    rows, size = Counter[str](), Counter[str]()
    for file in manifest["files"]:
        config = file["path"].partition("/")[0]
        rows[config] += file["rows"]
        size[config] += file["bytes"]
    return {config: (rows[config], size[config]) for config in PARTS if config in rows}
