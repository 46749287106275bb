"""A release of RAD as a domain: ``OWNER/NAME`` of the Hub, perhaps with ``@REVISION``, or a folder.

    python -m rad load OWNER/rad-world@REVISION
    python -m benchmarks.run --model item_knn --domain release/world

Everything that opens a domain opens a release too, by that name alone or as ``release:NAME``. Where a release holds no
texts (:mod:`rad.release.manifest`), they are joined from the user's own copy, which must be the one it was made from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data import splits
from rad.data.arrow import contrast_of, item_of, rationale_of, rows_of, sequences_of
from rad.data.domain import BaseDomain, Corpus
from rad.data.load import catalogue_of, load_domain
from rad.errors import RadError
from rad.release import hub
from rad.release.manifest import MANIFEST, read_manifest, source_sha256
from rad.runtime.files import sha256_file


class Domain(BaseDomain):
    """``load`` gives the corpus as it was released; the data set has the name and the sha256 of what was."""

    name = "release"

    def __init__(self, argument: str = "") -> None:
        if not argument:
            raise RadError("release needs a folder, or a repository of the Hub: release:FOLDER or release:OWNER/NAME")
        self.spec = argument
        self.folder = Path(argument)
        if self.folder.is_dir():
            manifest = self.folder / MANIFEST
            self.origin = {"release": self.folder.resolve().name}
            self.origin["revision"] = sha256_file(manifest) if manifest.is_file() else ""
        elif not hub.REPO.fullmatch(argument.partition("@")[0]):
            raise RadError(f"release: {argument}: no such folder, and no OWNER/NAME of the Hub")
        else:
            repo, _, revision = argument.partition("@")
            patterns = [MANIFEST, "items/*", "users/*", "rationales/*"]
            self.folder, commit = hub.fetch(repo, revision or None, patterns)
            self.origin = {"release": repo, "revision": commit}
        self.manifest = read_manifest(self.folder)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """The corpus as it was released. :class:`RadError` on changed files, and where the user's copy is another."""
        manifest = self.manifest
        origin = {**self.origin, "data": manifest.data, "sha256": manifest.sha256}
        rows = [row for table in self._tables("rationales") for row in table.to_pylist()]
        rationales = {row["query_id"]: rationale_of(row) for row in rows if not row.get("drafted")}
        drafts = {row["query_id"]: rationale_of(row) for row in rows if row.get("drafted")}
        if manifest.texts:
            users = self._tables("users")
            return Corpus(
                items=[item_of(row) for table in self._tables("items") for row in table.to_pylist()],
                sequences={user: s for table in users for user, s in sequences_of(table).items()},
                rationales=rationales,
                contrasts={r["query_id"]: contrast_of(r) for t in users for r in rows_of(t, "contrasts", None)},
                ordered=manifest.ordered,
                notes=manifest.notes,
                origin=origin,
                domain=manifest.domain,
                version=manifest.version,
                drafts=drafts,
            )
        corpus = load_domain(manifest.data).load(data_dir)
        items = catalogue_of(manifest.data, corpus)
        own = source_sha256(items, splits.distinct_users(corpus.sequences, corpus.ordered))
        if own != manifest.source_sha256:
            raise RadError(
                f"{self.spec}: your copy of {manifest.data} is not the one that this release was made from (expected "
                f"{manifest.source_sha256[:12]}, found {own[:12]}): fetch the published files again, or use "
                f"version {manifest.rad} of this package"
            )
        return replace(
            corpus,
            rationales=rationales,
            contrasts={},
            notes=manifest.notes,
            origin=origin,
            domain=manifest.domain,
            version=manifest.version,
            drafts=drafts,
        )

    def _tables(self, config: str) -> list[pa.Table]:
        out = []
        for file in self.manifest.files:
            if not file.path.startswith(f"{config}/"):
                continue
            path = self.folder / file.path
            try:
                if sha256_file(path) != file.sha256:
                    raise RadError(f"{path}: not the bytes that {MANIFEST} states: fetch or write the release again")
                out.append(pq.read_table(path))
            except (OSError, pa.ArrowInvalid) as error:
                raise RadError(f"{path}: unreadable ({error})") from error
        return out
