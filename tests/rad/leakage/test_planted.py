"""The planted corpus: every leak is found, and what is clean passes. ``python tests/support/planted.py`` prints the
table."""

import pytest

from rad.leakage.file_checks import check_file
from rad.runtime.files import write_jsonl
from tests.support.planted import ACCEPTED, HALVES, clean_texts, outcomes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("half", HALVES)
def test_every_planted_leak_is_found_and_nothing_else(half):
    rows = list(outcomes(half))
    assert {o.kind for o in rows if not o.clean} == ACCEPTED.keys()
    assert [(o.kind, o.name, o.detected, o.planted) for o in rows if not o.clean and o.detected < o.planted] == []
    assert [(o.kind, o.name) for o in rows if o.clean and o.detected] == []


def test_what_rad_writes_itself_has_no_leak():
    for where, n, alarms in clean_texts():
        assert n > 100, where
        assert alarms == [], where


def test_a_file_of_candidates_is_checked(tmp_path, toy):
    good = {"query_id": "u03-2", "candidates": ["blue-scarf", "red-hat"]}
    bad = [
        {**good, "candidates": ["blue-scarf", "red-hat", "red-hat"]},
        {**good, "candidates": ["blue-scarf", "blue-hat"]},
        {**good, "candidates": ["red-hat", "red-coat"]},
        {**good, "candidates": ["blue-scarf", "green-hat-of-nobody"]},
    ]
    write_jsonl(tmp_path / "c.jsonl", [good])
    assert [f.level for f in check_file(tmp_path / "c.jsonl", toy)] == ["ok", "ok"]
    write_jsonl(tmp_path / "c.jsonl", [good, *bad, {**good, "query_id": "nobody-1"}])
    findings = {f.check: f for f in check_file(tmp_path / "c.jsonl", toy)}
    assert findings["candidates"].count == 4 and findings["candidates"].level == "leak"
    assert findings["candidates"].examples[0] == "line 2: red-hat comes 2 times"
    assert findings["unknown queries"].examples == ("line 6: nobody-1",)
    findings = {f.check: f for f in check_file(tmp_path / "c.jsonl", None)}
    assert (findings["candidates"].count, findings["candidates"].level) == (1, "leak")
