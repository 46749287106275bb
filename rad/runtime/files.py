"""Files in and out: JSON lines, sha256, outputs that are written whole or not at all, journals that grow by lines.

Every reader names the file and the line of what it refuses.
"""

from __future__ import annotations

import codecs
import dataclasses
import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from rad.errors import RadError


def canonical(record: object) -> str:
    """One JSON line of a dataclass or plain value: sorted keys, no spaces, no None fields, no non-finite numbers."""
    return _ENCODER.encode(record)


def _plain(value: object) -> dict[str, Any]:
    """What the encoder does not know: a dataclass without its None fields, or a mapping that is no dict."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((name, getattr(value, name)) for name in value.__dataclass_fields__)
        return {name: v for name, v in pairs if v is not None}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON line")


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False, default=_plain
)


def sha256_lines(records: Iterable[object]) -> str:
    """sha256 of the canonical JSON lines of ``records``, in their order."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(canonical(record).encode() + b"\n")
    return digest.hexdigest()


def sha256_file(path: Path) -> str:
    """sha256 of the bytes of a file, in hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: Path, mode: str = "w", permissions: int = 0o666) -> Iterator[IO[Any]]:
    """Open a neighbour of ``path`` for writing and move it into place only when the block ends without an error.

    ``permissions`` are those of the file, less what the process's mask takes; a secret's are there before its content.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        encoding, newline = (None, None) if "b" in mode else ("utf-8", "\n")
        opener = partial(os.open, mode=permissions)
        with open(part, mode, encoding=encoding, newline=newline, opener=opener) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_jsonl(path: Path, records: Iterable[object]) -> None:
    """A canonical JSON line a record; the file appears when all are written."""
    with atomic_write(path) as file:
        for record in records:
            file.write(canonical(record) + "\n")


class Journal:
    """JSON lines that are appended one by one: a process may be killed at any byte and goes on with whole lines.

    Opening drops a last line that a kill cut short. Each record is one write.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "ab+", buffering=0)  # noqa: SIM115  (open as long as the journal)
        self._file.seek(0)
        content = self._file.read()
        if not content.endswith(b"\n"):  # else another process may have added lines since
            os.ftruncate(self._file.fileno(), content.rfind(b"\n") + 1)

    def append(self, record: object) -> None:
        """Add a line."""
        self._file.write((canonical(record) + "\n").encode())

    def close(self) -> None:
        """Hand all lines to the disk."""
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line of a text file, plain or gzip, without its line end and a BOM."""
    path = Path(path)
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                yield number, text.decode(encoding).rstrip("\r\n")
    except FileNotFoundError as error:
        raise RadError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise RadError(f"{path}: is a folder, a file was expected") from error
    except UnicodeDecodeError as error:
        raise RadError(f"{path}:{number}: not {encoding.upper()} (byte {error.start} of the line)") from error
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise RadError(f"{path}:{number + 1}: unreadable or cut short ({error})") from error


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each JSON line of a file. NaN and infinities are refused, as everywhere."""
    return parse_jsonl(path, read_lines(path))


def parse_jsonl(name: Path | str, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each of the numbered ``lines`` of ``name``, which errors name."""
    for number, line in lines:
        try:
            record = _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            raise RadError(f"{name}:{number}: not a JSON object ({error})") from error
        if not isinstance(record, dict):
            raise RadError(f"{name}:{number}: not a JSON object (found {type(record).__name__})")
        yield number, record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON knows")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # one for all lines: json.loads would make one for each


def cache_dir() -> Path:
    """Where built worlds and checkpoints are kept: ``RAD_CACHE``, or ``~/.cache/rad``. Safe to delete."""
    return Path(os.environ.get("RAD_CACHE") or Path.home() / ".cache" / "rad")
