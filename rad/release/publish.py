"""Publish a data set: write the folder that the Hub serves, and send it there as one commit."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rad.data.dataset import open_dataset
from rad.errors import RadError
from rad.release import card, croissant, hub
from rad.release import manifest as release
from rad.runtime.files import atomic_write

if TYPE_CHECKING:
    from rich.console import Console

_FORM = ".argilla"


def push(
    name: str, to: str | None, data_dir: Path | None, rationales: Path | None, dry_run: bool, console: Console
) -> None:
    """Publish ``name`` and print what was written, sent and checked.

    Args:
        name: the domain.
        to: a repository of the Hub, or a folder; None reads ``RAD_HUB_REPO``.
        data_dir: the folder with raw files.
        rationales: a file of rationales in place of the domain's own.
        dry_run: everything but the last step.
        console: where to print.
    """
    from rich.console import Console
    from rich.table import Table

    repo, folder = destination(to, name)
    if folder is not None:
        _free(folder)  # told now, not after all the work
    start = time.perf_counter()
    with Console(stderr=True).status(f"gathering {name}"):
        made = release.gather(name, data_dir, rationales)
        gathered = time.perf_counter()
    target = folder.parent if folder else None
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".rad-push-") as place:
        part = Path(place) / "release"
        manifest = write(made, part, repo, _form(name, data_dir))
        written = time.perf_counter()
        with Console(stderr=True).status("reading it back"):
            again = open_dataset(str(part), data_dir)
        if (again.sha256, again.examples) != (made.dataset.sha256, made.dataset.examples):
            raise RadError(f"{name}: what was written is not read back equal; nothing was published")
        read = time.perf_counter()
        table = Table("config", "rows", "MB", title=f"{manifest['data']} {manifest['version']}", title_justify="left")
        for config, (rows, size) in release.counts(manifest).items():
            table.add_row(config, f"{rows:,}", f"{size / 1e6:.2f}")
        console.print(table)
        for what, n in manifest["notes"].items():
            if "withheld" in what:
                console.print(f"{n:,} {what}", highlight=False)
        console.print(
            f"sha256 {manifest['sha256']}\ngathered in {gathered - start:.1f} s, written in "
            f"{written - gathered:.1f} s, read back equal in {read - written:.1f} s",
            highlight=False,
            soft_wrap=True,
        )
        if folder is not None:
            _move(part, folder, dry_run)
            console.print(f"{'would write' if dry_run else 'wrote'} {folder}", highlight=False, soft_wrap=True)
        elif repo is not None:
            _send(part, repo, manifest, dry_run, console)


def destination(to: str | None, name: str) -> tuple[str | None, Path | None]:
    """Repository or folder that ``to`` names. OWNER/NAME is a repository unless there is a folder OWNER."""
    given = to or os.environ.get("RAD_HUB_REPO")
    if not given:
        raise RadError("where to? --to OWNER/NAME (on the Hub) or --to DIR, or set RAD_HUB_REPO")
    given = given.replace("{name}", name.partition(":")[0])
    if to is None:
        hub.check_name(given)
        return given, None
    if hub.REPO.fullmatch(given) and not Path(given).parent.is_dir():
        return given, None
    return None, Path(given)


def write(made: release.Release, folder: Path, repo: str | None, form: Path | None = None) -> dict[str, Any]:
    """All files of a release; ``form`` is a campaign's folder ``.argilla``. Returns the manifest."""
    folder.mkdir(parents=True)
    if form is not None:
        shutil.copytree(form, folder / _FORM)
    licence = card.ROOT / "LICENSE-DATA"
    if licence.exists():  # not in an installed wheel
        shutil.copyfile(licence, folder / licence.name)
    manifest = release.write(made, folder)
    with atomic_write(folder / "README.md") as file:
        file.write(card.release_card(made, manifest, repo))
    with atomic_write(folder / "croissant.json") as file:
        file.write(croissant.text(croissant.of_release(made, manifest, repo)))
    return manifest


def _form(name: str, data_dir: Path | None) -> Path | None:
    """The form of a campaign, where ``annotation push`` has left it."""
    if not name.startswith("campaign:"):
        return None
    from rad.data.sources import resolve_path

    form = resolve_path("campaign", name.partition(":")[2], data_dir) / _FORM
    return form if form.is_dir() else None


def _free(folder: Path) -> None:
    if not folder.exists() or (folder / release.MANIFEST).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise RadError(f"{folder} is there and holds no release: name another, or remove it")


def _move(part: Path, folder: Path, dry_run: bool) -> None:
    """Put the finished folder in place of an earlier release of the same data; nothing else is overwritten."""
    old = folder.with_name(f".{folder.name}.old")
    _free(folder)
    if folder.exists() and any(folder.iterdir()):
        _same(release.read_manifest(folder), release.read_manifest(part), str(folder))
    if dry_run:
        return
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _same(there: dict[str, Any], new: dict[str, Any], where: str) -> None:
    if there["domain"] != new["domain"]:
        raise RadError(f"{where} holds a release of {there['data']}, not of {new['data']}: name another")


def _send(part: Path, repo: str, manifest: dict[str, Any], dry_run: bool, console: Console) -> None:
    files: dict[str, Path | bytes] = {p.relative_to(part).as_posix(): p for p in part.rglob("*") if p.is_file()}
    if not dry_run and (there := hub.read(repo, release.MANIFEST)) is not None:
        _same(release.parse_manifest(there, f"{repo}/{release.MANIFEST}"), manifest, repo)
    message = f"RAD {manifest['data']}, data set {manifest['sha256'][:12]}"
    folders = [f"{name}/" for name in (*release.PARTS, _FORM)]
    start = time.perf_counter()
    done = hub.commit(repo, files, message, dry_run=dry_run, replaces=folders)
    size = sum(done.files.values()) / 1e6
    if done.revision is None:
        console.print(f"would send {len(done.files)} files, {size:.2f} MB, to {repo}:", highlight=False)
        for path, n in done.files.items():
            console.print(f"  {path}  {n:,}", highlight=False, soft_wrap=True)
        return
    took = time.perf_counter() - start
    console.print(f"sent {len(done.files)} files, {size:.2f} MB, in {took:.1f} s", highlight=False)
    console.print(f'revision {done.revision}\nrad.load("{repo}@{done.revision}")', highlight=False, soft_wrap=True)
