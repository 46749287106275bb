"""Comparing two models on the real server: blinded, pulled like reviews, and forgotten with who withdraws."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.process import serving
from annotation.argilla.simulated import Simulated
from annotation.campaign.folder import Campaign
from annotation.evaluation import pairs
from rad.data.load import open_dataset
from rad.runtime.files import write_jsonl
from rad.types import Rationale
from tests.support.review_server import WORLD, as_user, error_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server_environment")]
N = 4  # queries


def test_from_two_files_to_who_wins(tmp_path, capsys):
    queries = [example.query.query_id for example in open_dataset(WORLD).examples["test"][:N]]
    arguments = ["draft", str(tmp_path / "c"), "--domain", WORLD, "--drafter", "file"]
    for name in ("alpha", "beta"):
        rows = [Rationale(q, q, (), f"{name[0]}: see [1].", "unexplained", "model", name, "1") for q in queries]
        write_jsonl(tmp_path / f"{name}.jsonl", rows)
        arguments += ["--file", str(tmp_path / f"{name}.jsonl")]
    main(arguments)
    campaign = Campaign(tmp_path / "c")
    push = ["push", str(campaign.path), "--reviewers", "anna,ben,cleo", "--overlap", "3", "--compare"]
    with serving(campaign) as url:
        main(push)
        main(push)
        assert f"0 pairs added, {N} are there" in capsys.readouterr().out
        cleo = Simulated(url, "cleo", campaign.reviewers()["cleo"]["password"], agrees=False)
        assert [one["name"] for one in cleo.http.get("/me/datasets").json()["items"]] == ["consent"], "it comes first"
        for name in ("anna", "ben", "cleo"):
            reviewer = as_user(campaign, url, name)
            page = reviewer.queue(reviewer.dataset("comparison"))["items"]
            shown = json.dumps(page)
            assert len(page) == N and "alpha" not in shown and "beta" not in shown and queries[0] not in shown
            for entry in page:
                first = entry["record"]["fields"]["first"].startswith("a:")
                liked = "alike" if name == "ben" else "first" if first else "second"
                reviewer.submit(entry["record"]["id"], {"plausible": liked, "trusted": liked})
            if name == "cleo":  # who thinks better of it
                (entry,) = reviewer.queue(reviewer.dataset("consent"), "submitted")["items"]
                reviewer.change(entry["record"]["responses"][0]["id"], {"agreement": "decline"})
        main(["status", str(campaign.path)])
        assert f"comparison: {N} of {N} pairs are done" in " ".join(capsys.readouterr().out.split())
        main(["pull", str(campaign.path)])
        assert len(pairs.read(campaign)) == 2 * 2 * N, "who declined is not counted"
        main(["models", str(campaign.path)])
        assert f"alpha beta plausible 0.75 [0.75, 0.75] {N} {N} 0" in " ".join(capsys.readouterr().out.split())
        main(["push", str(campaign.path)])
        main(["pull", str(campaign.path)])
        assert len(pairs.read(campaign)) == 2 * 2 * N, "drafts may be reviewed beside"
        main(["withdraw", str(campaign.path), "anna"])
        assert {one.annotator for one in pairs.read(campaign)} == {campaign.pseudonym("ben")}
        assert not campaign.file("models.json").exists()


def test_nothing_to_compare(campaign, url):
    assert "no two models' drafts to compare" in error_of("push", campaign.path, "--compare", "--reviewers", "zoe")
