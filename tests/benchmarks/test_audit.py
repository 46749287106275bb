"""The command of the audits: a page with every part, a drawing and all figures."""

from __future__ import annotations

import json

from benchmarks import audit
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


def test_the_page(finished_runs, datasets, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(audit, "DatasetCache", lambda domain, data_dir: datasets)
    folders = [str(finished_runs[name]) for name in ("template", "popularity")]
    assert audit.main([*folders, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "audit.md").read_text()
    assert "`popularity` reads no text" in text and "What these figures do not show" in text
    assert all(f"### {part}" in text for part in ("Who is shown", "Who is served", "How rationales speak to whom"))
    (picture,) = tmp_path.glob("*.svg")
    assert picture.name in text and "<svg" in picture.read_text()
    record = json.loads((tmp_path / "audit.json").read_text())
    assert [a["label"] for a in record["audits"]] == ["template", "popularity"]
    assert record["audits"][0]["exposures"][0]["trait"] == "popularity"
    assert "no attack lifts an item" in capsys.readouterr().out
    assert audit.main([*folders, "--no-attacks", "--out", str(tmp_path / "bias")]) == 0
    assert "not attacked: --no-attacks" in (tmp_path / "bias" / "audit.md").read_text()
