"""Random rationales of a finished run: the same draw for everybody, and none left out."""

from __future__ import annotations

import pytest

from benchmarks import sample
from rad.errors import RadError
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


def test_the_draw_depends_on_the_seed_alone(finished_runs, capsys):
    folder = str(finished_runs["template"])
    pages = []
    for seed in ("7", "7", "8"):
        assert sample.main([folder, "--n", "5", "--seed", seed]) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] != pages[2]
    assert pages[0].count("*Bought: ") == 5


def test_a_page(finished_runs, tmp_path):
    page = tmp_path / "page.md"
    assert sample.main([str(finished_runs["template"]), "--n", "3", "--markdown", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Rationales as they come") and "\n## template on world" in text
    assert "\n3. " in text and "\n4. " not in text


def test_a_run_without_rationales_is_refused_in_one_line(finished_runs):
    with pytest.raises(RadError, match=r"predictions.jsonl:1: this run has no rationales$"):
        sample.main([str(finished_runs["popularity"])])
