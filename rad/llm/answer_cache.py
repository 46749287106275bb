"""Answers on disk, so that none is paid twice: a run that was killed finds those that it had, as other processes do.

A cache is a folder with a SQLite database of diskcache. Nothing is ever dropped from it; to begin anew, remove it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import diskcache

from rad.errors import RadError
from rad.llm.answer import Answer
from rad.runtime.files import canonical


class AnswerCache:
    """The answers in ``folder`` by key. Any number of threads and processes may use one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._usable():
            self._answers = diskcache.Cache(str(folder), eviction_policy="none", cull_limit=0)

    def __len__(self) -> int:
        with self._usable():
            return len(self._answers)

    def get(self, key: str) -> Answer | None:
        """The answer under ``key``, marked as cached; None where there is none."""
        with self._usable():
            record: str | None = self._answers.get(key, retry=True)
        return None if record is None else Answer(**json.loads(record), cached=True)

    def add(self, key: str, answer: Answer) -> None:
        """Keep an answer. It is on disk when this returns: a kill afterwards does not lose it."""
        read = ("cached", "value", "problem")  # anew when it is taken out
        record = {name: value for name, value in asdict(answer).items() if name not in read and value is not None}
        with self._usable():
            self._answers.set(key, canonical(record), retry=True)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise RadError(f"{self._folder}: the cache of answers cannot be used ({error})") from error
