"""Whether a release holds the files that its manifest lists, byte by byte, and its card names no others.

``rad.load`` reads few of the files and compares all of them, because plain ``datasets`` reads the rest. What stands in
them is compared by :mod:`rad.release.contents`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from rad.errors import RadError
from rad.release.manifest import MANIFEST, PARTS, Manifest
from rad.runtime.files import sha256_file

CARD = "README.md"
CROISSANT = "croissant.json"
OWN = (CARD, CROISSANT, "LICENSE-DATA", MANIFEST)
"""What lies in a release beside its tables."""
_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt", ".gz", ".zst", ".zip", ".tar")
_SETTINGS = ".huggingface.yaml"  # plain datasets reads it before the card
MEND = "fetch or write the release again"


def check_files(folder: Path, manifest: Manifest) -> None:
    """:class:`RadError` unless the data files of ``folder`` are those of the manifest, and its card names no others."""
    broken = [*_changed(folder, manifest), *_unlisted(folder, manifest)] or [
        *_card(folder, manifest),
        *_croissant(folder, manifest),
    ]
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise RadError(f"{broken[0]}{more}: {MEND}")


def _changed(folder: Path, manifest: Manifest) -> Iterator[str]:
    for file in manifest.files:
        path = folder / file.path
        try:
            if sha256_file(path) != file.sha256:
                yield f"{path}: not the bytes that {MANIFEST} states"
        except OSError as error:
            yield f"{path}: unreadable ({error.strerror or error})"


def _unlisted(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that plain ``datasets`` may take for data."""
    listed = {file.path for file in manifest.files}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts) and name.name != _SETTINGS
        if hidden or not path.is_file() or name.as_posix() in listed or name.as_posix() in OWN:
            continue
        if name.parts[0] in PARTS or name.name == _SETTINGS or name.suffix.lower() in _DATA:
            yield f"{path}: a file that {MANIFEST} does not list"


def _card(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files of the card's ``configs`` that are other than the manifest's of the same config and split.

    Without a card plain ``datasets`` reads whatever lies there.
    """
    path = folder / CARD
    try:
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        _, head, _ = path.read_text(encoding="utf-8").split("---\n", 2)
        configs = {
            str(config["config_name"]): {
                str(part["split"]): sorted(name for p in _patterns(part) for name in _named(p, names))
                for part in config["data_files"]
            }
            for config in yaml.safe_load(head)["configs"]
        }
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        yield f"{path}: its head lacks the configs of a release"
        return
    for name, splits in manifest.paths().items():
        if configs.pop(name, None) != splits:
            yield f"{path}: config {name} names other files than {MANIFEST}"
    for name in configs:
        yield f"{path}: config {name[:80]!r} is not in {MANIFEST}"


def _croissant(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files of the Croissant description that are other than the manifest's: readers of it load what it names."""
    path = folder / CROISSANT
    if not path.is_file():
        return
    try:
        nodes = json.loads(path.read_bytes())["distribution"]
        files = {node["@id"]: (node["contentUrl"], node["sha256"]) for node in nodes if "sha256" in node}
    except (OSError, ValueError, TypeError, KeyError):
        yield f"{path}: lacks the distribution of a release"
        return
    if files != {file.path: (file.path, file.sha256) for file in manifest.files}:
        yield f"{path}: names other files than {MANIFEST}"


def _named(pattern: str, names: list[str]) -> list[str]:
    """The files of a pattern; itself where it names none here: plain ``datasets`` may find it elsewhere."""
    return [name for name in names if fnmatchcase(name, pattern)] or [pattern]


def _patterns(part: Mapping[str, str | list[str]]) -> list[str]:
    """The paths of a split, which in cards of 0.1.0 are patterns."""
    return [part["path"]] if isinstance(part["path"], str) else part["path"]


def read_table(folder: Path, paths: list[str], columns: list[str] | None = None) -> pa.Table | None:
    """The rows of some parquet files, None for no files. :class:`RadError` where one cannot be read."""
    tables = []
    for path in paths:
        try:
            tables.append(pq.read_table(folder / path, columns=columns))
        except (OSError, pa.ArrowInvalid) as error:
            raise RadError(f"{folder / path}: unreadable ({error})") from error
    return pa.concat_tables(tables) if tables else None
