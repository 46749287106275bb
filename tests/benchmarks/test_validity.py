"""The command that holds the metrics against control rationales: its exit status, its table, and what it refuses."""

from __future__ import annotations

import pytest

from benchmarks import validity
from rad.errors import RadError

VALUES = {"perfect": {"claim_precision": 1.0}, **{kind: {"claim_precision": 0.2} for kind in ("copied", "wrong claim")}}
VALUES |= {kind: {"claim_precision": 0.1} for kind in ("shuffled", "huge")}


@pytest.mark.parametrize(("copied", "status", "line"), [(0.2, 0, "every demand holds"), (1.0, 1, "is not better than")])
def test_a_demand_that_does_not_hold_is_status_1(copied, status, line, monkeypatch, capsys, tmp_path):
    values = VALUES | {"copied": {"claim_precision": copied}}
    monkeypatch.setattr(validity, "open_dataset", lambda name: name)
    monkeypatch.setattr(validity, "measure_controls", lambda data, ask: values)
    page = tmp_path / "validity.md"
    assert validity.main(["--ask", "4", "--markdown", str(page)]) == status
    assert line in capsys.readouterr().out
    assert "--domain world --ask 4" in page.read_text() and "| claim_precision | higher | 1.000 |" in page.read_text()


def test_too_few_queries_are_refused():
    with pytest.raises(RadError, match="--ask must be at least 4, got 3"):
        validity.main(["--ask", "3"])
