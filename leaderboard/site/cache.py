"""What a build computed of an entry's predictions, kept by what it follows from: the next build reads it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from rad.runtime.files import atomic_write, cache_dir, canonical


def cache_file(kind: str, parts: list[object]) -> Path:
    """The file of what follows from ``parts``."""
    return cache_dir() / "leaderboard" / kind / f"{hashlib.sha256(canonical(parts).encode()).hexdigest()}.json"


def read(path: Path) -> object:
    """What the cache holds; None where it holds nothing that can be read, which is then made again."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write(path: Path, value: object) -> None:
    """Keep a value; a cache that cannot be written costs time, not the page."""
    with suppress(OSError), atomic_write(path) as file:
        json.dump(value, file)
