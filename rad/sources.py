"""Raw files that the user brings: what they are, where they come from, and whether they are the published ones.

RAD never ships third-party text. A domain states its files as a literal of :class:`Source`, and :func:`find` answers
with their paths or with one line that says what to fetch and where to put it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rad.errors import RadError
from rad.io import sha256_file


@dataclass(frozen=True, slots=True)
class Source:
    """One raw file: its size in bytes and sha256, who publishes it under which terms, and how to get it."""

    file: str
    size: int
    sha256: str
    origin: str
    licence: str
    instructions: str
    redistribute: str
    """What of it a RAD release may hold."""


def find(domain: str, sources: Sequence[Source], data_dir: Path | None, changed: bool = False) -> dict[str, Path]:
    """Paths of a domain's raw files in ``data_dir/<domain>`` or ``data_dir`` itself (default: ``RAD_DATA``).

    :class:`RadError` names everything that is missing. A file that is not the published one is refused, so that a
    domain's name always means the same data; ``changed`` (the domain argument ``changed``) lets it pass.
    """
    base = data_dir or (Path(os.environ["RAD_DATA"]) if os.environ.get("RAD_DATA") else None)
    names = ", ".join(source.file for source in sources)
    how = " ".join(dict.fromkeys(source.instructions for source in sources))
    if base is None:
        raise RadError(
            f"{domain} needs raw files: give --data-dir DIR (or set RAD_DATA), where DIR/{domain}/ holds {names}. {how}"
        )
    folder = base / domain if (base / domain).is_dir() else base
    missing = [source for source in sources if not (folder / source.file).is_file()]
    if missing:
        where = folder if len(missing) < len(sources) else base / domain
        how = " ".join(dict.fromkeys(source.instructions for source in missing))
        raise RadError(f"{domain}: {where}/ lacks {', '.join(source.file for source in missing)}. {how}")
    for source in sources:
        path = folder / source.file
        if not changed and (found := sha256_file(path)) != source.sha256:
            size = path.stat().st_size
            short = f"; {size:,} of {source.size:,} bytes, so it may be cut short" if size < source.size else ""
            raise RadError(
                f"{path}: sha256 differs from the published file (expected {source.sha256[:12]}, found {found[:12]}"
                f"{short}): fetch it again, or open it as '{domain}:changed' if the change is meant"
            )
    return {source.file: folder / source.file for source in sources}
