"""Files of rationales: read back as written, and bad lines named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rad.errors import RadError
from rad.rationales import files
from rad.runtime.files import write_jsonl
from rad.types import Evidence, Reason


@pytest.fixture
def good(toy):
    return next(e.rationale for e in toy.examples["test"] if e.query.user_id == "u01")


def test_files_are_read_back(tmp_path, good):
    files.write(tmp_path / "r.jsonl", [good, replace(good, rationale_id="other")])
    assert [number for number, _ in files.read(tmp_path / "r.jsonl")] == [1, 2]
    assert next(files.read(tmp_path / "r.jsonl"))[1] == good


def test_bad_lines_are_named(tmp_path, good):
    path = tmp_path / "r.jsonl"
    write_jsonl(path, [good, good])
    with pytest.raises(RadError, match=r"r\.jsonl:2: duplicate rationale_id r-u01-5 \(first on line 1\)"):
        list(files.read(path))
    write_jsonl(path, [replace(good, reasons=(Reason(Evidence((0,), "attribute", "colour", "red"), weight=1.5),))])
    with pytest.raises(RadError, match=r"r\.jsonl:1: reasons: weights: 1\.5 is outside \[0, 1\]"):
        list(files.read(path))
    write_jsonl(path, [{"rationale_id": "r"}])
    with pytest.raises(RadError, match=r"r\.jsonl:1: lacks query_id, reasons, text, verdict"):
        list(files.read(path))
