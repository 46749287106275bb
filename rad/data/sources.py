"""Raw files that the user brings: what they are, where they come from, and whether they are the published ones.

RAD never ships third-party text. A domain states its files as a literal of :class:`Source`. :func:`find` answers
with their paths, or with one line that says what to fetch and where to put it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rad.errors import RadError
from rad.runtime.files import sha256_file


@dataclass(frozen=True, slots=True)
class Source:
    """One raw file: its size in bytes and sha256, who publishes it under which terms, and how to get it.

    Size and sha256 are None where they are not known for certain. The file is then taken as it is (:func:`unpinned`),
    or its packed copy (``.gz``) if that is all there is.
    """

    file: str
    size: int | None
    sha256: str | None
    origin: str
    licence: str
    instructions: str
    redistribute: str
    """What of it a RAD release may hold."""


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What the argument of a domain with raw files may set. A domain with more settings inherits these."""

    changed: bool = False  # accept files that differ from the published ones


class MissingFiles(RadError):
    """Raw files that the user has not brought (yet)."""


def find(
    domain: str, sources: Sequence[Source], data_dir: Path | None, changed: bool = False, folder: str = ""
) -> dict[str, Path]:
    """Paths of a domain's raw files in ``data_dir/<domain>``, ``data_dir/<folder>`` or ``data_dir`` itself.

    A file that is not the published one is refused, so that a domain's name always means the same data.

    Args:
        domain: The domain's name.
        sources: Its raw files.
        data_dir: Where they are looked for (default: ``RAD_DATA``).
        changed: Let a file pass that is not the published one (the domain argument ``changed``).
        folder: The name that the publisher's own archive unpacks to.

    Raises:
        MissingFiles: Names everything that is missing.
        RadError: A file is not the published one.
    """
    base = data_dir or (Path(os.environ["RAD_DATA"]) if os.environ.get("RAD_DATA") else None)
    names = ", ".join(source.file for source in sources)
    how = " ".join(dict.fromkeys(source.instructions for source in sources))
    if base is None:
        raise MissingFiles(
            f"{domain} needs raw files: give --data-dir DIR (or set RAD_DATA), where DIR/{domain}/ holds {names}. {how}"
        )
    folders = [base / name for name in (domain, folder) if name and (base / name).is_dir()] + [base]
    fullest = max(folders, key=lambda where: sum(_path(where, source).is_file() for source in sources))
    paths = {source.file: _path(fullest, source) for source in sources}
    missing = [source for source in sources if not paths[source.file].is_file()]
    if missing:
        where = fullest if len(missing) < len(sources) else base / domain
        how = " ".join(dict.fromkeys(source.instructions for source in missing))
        raise MissingFiles(f"{domain}: {where}/ lacks {', '.join(source.file for source in missing)}. {how}")
    for source in sources:
        path = paths[source.file]
        if not changed and source.sha256 and (digest := sha256_file(path)) != source.sha256:
            size, published = path.stat().st_size, source.size or 0
            short = f"; {size:,} of {published:,} bytes, so it may be cut short" if size < published else ""
            raise RadError(
                f"{path}: sha256 differs from the published file (expected {source.sha256[:12]}, found {digest[:12]}"
                f"{short}): fetch it again, or open it as '{domain}:changed' if the change is meant"
            )
    return paths


def _path(folder: Path, source: Source) -> Path:
    plain, packed = folder / source.file, folder / f"{source.file}.gz"
    return packed if source.sha256 is None and not plain.is_file() and packed.is_file() else plain


def resolve_path(domain: str, argument: str, data_dir: Path | None) -> Path:
    """The file or folder that a domain's argument names: as a path of its own, or in ``data_dir`` (``RAD_DATA``).

    Results name domains without their folders, so a name in ``data_dir`` is one that others can open again.
    :class:`MissingFiles` where there is neither.
    """
    base = data_dir or (Path(os.environ["RAD_DATA"]) if os.environ.get("RAD_DATA") else None)
    tried = [Path(argument), *([base / argument] if base else [])]
    for path in tried:
        if path.exists():
            return path
    raise MissingFiles(f"{domain}: no such file or folder: {' or '.join(map(str, tried))}")


def unpinned(sources: Sequence[Source]) -> dict[str, int]:
    """The note that a loader gives of files whose published sha256 is not known, so that none is checked."""
    n = sum(source.sha256 is None for source in sources)
    return {"raw files that are taken as they are (their published sha256 is not known here)": n} if n else {}
