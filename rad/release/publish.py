"""Publish a data set: write the folder that the Hub serves, and send it there as one commit."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from rad.data.load import open_dataset
from rad.data.sources import resolve_path
from rad.errors import RadError
from rad.release import card, croissant, hub
from rad.release.gather import Release, gather
from rad.release.manifest import MANIFEST, PARTS, File, Manifest, parse_manifest, read_manifest
from rad.runtime.files import atomic_write, sha256_file

ROWS = 50_000  # in a parquet file
_FORM = ".argilla"


@dataclass(frozen=True)
class Publication:
    """What was published, or would be: in ``folder``, or as ``commit`` to the repository ``repo`` of the Hub.

    ``seconds`` says how long each step took.
    """

    manifest: Manifest
    seconds: dict[str, float]
    folder: Path | None = None
    repo: str | None = None
    commit: hub.Commit | None = None


def publish(
    name: str,
    to: str | None,
    data_dir: Path | None = None,
    rationales: Path | None = None,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> Publication:
    """Gather, write, read back and publish a data set.

    Args:
        name: the domain.
        to: a repository of the Hub, or a folder; None reads ``RAD_HUB_REPO``.
        data_dir: the folder with raw files.
        rationales: a file of rationales in place of the domain's own.
        dry_run: everything but the last step.
        progress: called with each step as it begins.

    Raises:
        RadError: where it cannot be published, or is not read back equal; nothing is published then.
    """
    repo, folder = destination(to, name)
    if folder is not None:
        _check_free(folder)  # now, not after all the work
    clock = _Clock()
    progress(f"gathering {name}")
    release = gather(name, data_dir, rationales)
    clock.stop("gathered")
    parent = folder.parent if folder else None
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".rad-push-") as temporary:
        part = Path(temporary) / "release"
        manifest = write(release, part, repo, _form(name, data_dir))
        clock.stop("written")
        progress("reading it back")
        copy = open_dataset(str(part), data_dir)
        if (copy.sha256, copy.examples) != (release.dataset.sha256, release.dataset.examples):
            raise RadError(f"{name}: what was written is not read back equal; nothing was published")
        clock.stop("read back")
        if folder is not None:
            _move(part, folder, dry_run)
            return Publication(manifest, clock.seconds, folder)
        assert repo is not None
        commit = _send(part, repo, manifest, dry_run)
        clock.stop("sent")
        return Publication(manifest, clock.seconds, repo=repo, commit=commit)


class _Clock:
    """How long each step took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.start = time.perf_counter()

    def stop(self, step: str) -> None:
        """End ``step``; the next one begins."""
        now = time.perf_counter()
        self.seconds[step], self.start = now - self.start, now


def destination(to: str | None, name: str) -> tuple[str | None, Path | None]:
    """Repository or folder that ``to`` names. OWNER/NAME is a repository unless there is a folder OWNER."""
    target = to or os.environ.get("RAD_HUB_REPO")
    if not target:
        raise RadError("where to? --to OWNER/NAME (on the Hub) or --to DIR, or set RAD_HUB_REPO")
    target = target.replace("{name}", name.partition(":")[0])
    if to is None:
        hub.check_name(target)
        return target, None
    if hub.REPO.fullmatch(target) and not Path(target).parent.is_dir():
        return target, None
    folder = Path(target)
    if not folder.expanduser().absolute().parent.is_dir() and not target.startswith(("/", "./", "../", "~")):
        raise RadError(
            f"--to {target}: no repository of the Hub (OWNER/NAME), and there is no folder {folder.parent}: "
            f"./{target} makes it"
        )
    return None, folder


def write(release: Release, folder: Path, repo: str | None, form: Path | None = None) -> Manifest:
    """All files of a release; ``form`` is a campaign's folder ``.argilla``. Returns the manifest."""
    folder.mkdir(parents=True)
    if form is not None:
        shutil.copytree(form, folder / _FORM)
    licence = card.ROOT / "LICENSE-DATA"
    if licence.exists():  # not in an installed wheel
        shutil.copyfile(licence, folder / licence.name)
    manifest = _write_tables(release, folder)
    with atomic_write(folder / "README.md") as file:
        file.write(card.release_card(release, manifest, repo))
    with atomic_write(folder / "croissant.json") as file:
        file.write(croissant.text(croissant.of_release(release, manifest, repo)))
    return manifest


def _write_tables(release: Release, folder: Path) -> Manifest:
    """Write the parquet files and, last, ``rad.json``."""
    files = []
    for config, tables in release.tables.items():
        for split, table in tables.items():
            n = max(1, -(-table.num_rows // ROWS))
            for k in range(n):
                path = f"{config}/{split}-{k:05d}-of-{n:05d}.parquet"
                part = table.slice(k * ROWS, ROWS)
                with atomic_write(folder / path, "wb") as file:
                    pq.write_table(part, file, compression="zstd")
                size = (folder / path).stat().st_size
                files.append(File(path, part.num_rows, size, sha256_file(folder / path)))
    manifest = replace(release.manifest, files=tuple(files))
    with atomic_write(folder / MANIFEST) as out:
        out.write(json.dumps(asdict(manifest), indent=1, ensure_ascii=False) + "\n")
    return manifest


def _form(name: str, data_dir: Path | None) -> Path | None:
    """The form of a campaign, where ``annotation push`` has left it."""
    if not name.startswith("campaign:"):
        return None
    form = resolve_path("campaign", name.partition(":")[2], data_dir) / _FORM
    return form if form.is_dir() else None


def _check_free(folder: Path) -> None:
    if not folder.exists() or (folder / MANIFEST).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise RadError(f"{folder} is there and holds no release: name another, or remove it")


def _move(part: Path, folder: Path, dry_run: bool) -> None:
    """Put the finished folder in place of an earlier release of the same data; nothing else is overwritten."""
    old = folder.with_name(f".{folder.name}.old")
    _check_free(folder)
    if folder.exists() and any(folder.iterdir()):
        _check_same(read_manifest(folder), read_manifest(part), str(folder))
    if dry_run:
        return
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _check_same(there: Manifest, new: Manifest, where: str) -> None:
    if there.domain != new.domain:
        raise RadError(f"{where} holds a release of {there.data}, not of {new.data}: name another")


def _send(part: Path, repo: str, manifest: Manifest, dry_run: bool) -> hub.Commit:
    files: dict[str, Path | bytes] = {p.relative_to(part).as_posix(): p for p in part.rglob("*") if p.is_file()}
    if not dry_run and (there := hub.read(repo, MANIFEST)) is not None:
        _check_same(parse_manifest(there, f"{repo}/{MANIFEST}"), manifest, repo)
    message = f"RAD {manifest.data}, data set {manifest.sha256[:12]}"
    return hub.commit(repo, files, message, dry_run=dry_run, replaces=[f"{name}/" for name in (*PARTS, _FORM)])
