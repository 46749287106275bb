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

from rad.data import splits
from rad.data.arrow import contrast_of, item_of, rationale_of, rows_of, sequences_of
from rad.data.domain import BaseDomain, Corpus
from rad.data.load import catalogue_of, load_domain
from rad.errors import RadError
from rad.release import hub
from rad.release.integrity import check_files, read_table
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
            self.folder, commit = hub.fetch(repo, revision or None)
            self.origin = {"release": repo, "revision": commit}
        self.manifest = read_manifest(self.folder)
        check_files(self.folder, self.manifest)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """The corpus as it was released. :class:`RadError` on changed files, and where the user's copy is another."""
        manifest = self.manifest
        origin = {**self.origin, "data": manifest.data, "sha256": manifest.sha256}
        rows = self._rows("rationales").to_pylist()
        rationales = {row["query_id"]: rationale_of(row) for row in rows if not row.get("drafted")}
        drafts = {row["query_id"]: rationale_of(row) for row in rows if row.get("drafted")}
        if manifest.texts:
            users = self._rows("users")
            return Corpus(
                items=[item_of(row) for row in self._rows("items").to_pylist()],
                sequences=sequences_of(users),
                rationales=rationales,
                contrasts={row["query_id"]: contrast_of(row) for row in rows_of(users, "contrasts", None)},
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

    def _rows(self, config: str) -> pa.Table:
        """The rows of one config, none where the release has none of them."""
        return read_table(self.folder, self.manifest.paths_of(config)) or pa.table({})
