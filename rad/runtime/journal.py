"""JSON lines that are appended one by one: a process may be killed at any byte and goes on with whole lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rad.runtime.files import canonical


class Journal:
    """Opens ``path`` for appending and drops a last line that a kill cut short. Each record is one write."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "ab+", buffering=0)  # noqa: SIM115  (open as long as the journal)
        self._file.seek(0)
        whole = self._file.read().rfind(b"\n") + 1
        os.ftruncate(self._file.fileno(), whole)

    def append(self, record: Any) -> None:
        self._file.write((canonical(record) + "\n").encode())

    def close(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
