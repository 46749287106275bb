"""Files of rationales: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rad.errors import RadError
from rad.rationales.rules import weight_violations
from rad.runtime import records
from rad.runtime.files import read_jsonl, write_jsonl
from rad.types import Rationale


def from_dict(record: Mapping[str, object], where: str) -> Rationale:
    """A rationale from a JSON object. :class:`RadError` ``where: cause`` on a bad field or bad weights."""
    rationale = records.parse(Rationale, record, where)
    for violation in weight_violations(rationale):
        raise RadError(f"{where}: reasons: weights: {violation.detail}")
    return rationale


def read(path: Path) -> Iterator[tuple[int, Rationale]]:
    """Line number and rationale of each line of a JSONL file. A rationale_id that comes twice is an error."""
    return parse(path, read_jsonl(path))


def parse(path: Path, rows: Iterable[tuple[int, Mapping[str, object]]]) -> Iterator[tuple[int, Rationale]]:
    """The same of numbered JSON objects of ``path``, which errors name."""
    first: dict[str, int] = {}
    for number, record in rows:
        rationale = from_dict(record, f"{path}:{number}")
        if rationale.rationale_id in first:
            name = rationale.rationale_id
            raise RadError(f"{path}:{number}: duplicate rationale_id {name} (first on line {first[name]})")
        first[rationale.rationale_id] = number
        yield number, rationale


def states_numbers(rationale: Rationale) -> bool:
    """Whether a reason has the numbers of a fact: then all of them are to hold. Files from before facts have none."""
    return any(reason.evidence.support is not None for reason in rationale.reasons)


def write(path: Path, rationales: Iterable[Rationale]) -> None:
    """Write rationales as JSON lines; a crash leaves the file that was there."""
    write_jsonl(path, rationales)
