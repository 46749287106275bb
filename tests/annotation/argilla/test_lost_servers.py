"""What was pulled stays, whatever the server has lost since; what its reviewer took back or changed does not."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.process import serving
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import Form, merged
from rad.types import Judgement
from tests.support.review_server import WORLD, as_user, owner, verdicts

EARLY, LATE = "2026-01-01T10:00:00+00:00", "2026-01-01T11:00:00+00:00"


def verdict(answer, at=EARLY):
    return Judgement("d", "r-1", "verdict", answer, "2", answered_at=at)


@pytest.mark.parametrize(
    "there, answers, lost",
    [
        ({}, ["accept"], 1),
        ({("d", "r-1"): Form(LATE, [verdict("reject", LATE)])}, ["reject"], 0),
        ({("d", "r-1"): Form(LATE, [])}, [], 0),  # discarded since
        ({("d", "r-1"): Form(EARLY, [verdict("accept")])}, ["accept"], 0),
        ({("d", "r-1"): Form("2025-12-31T10:00:00+00:00", [verdict("reject")])}, ["accept"], 1),  # an older backup
        ({("d", "r-1"): Form("2025-12-31T10:00:00+00:00", [])}, ["accept"], 1),
    ],
)
def test_a_judgement_goes_only_for_a_newer_answer(there, answers, lost):
    now, n = merged([verdict("accept")], there)
    assert [one.answer for one in now] == answers and n == lost


def test_answers_of_before_times_were_kept_give_way():
    now, n = merged([verdict("accept", at=None)], {("d", "r-1"): Form(EARLY, [verdict("reject")])})
    assert [one.answer for one in now] == ["reject"] and n == 0


@pytest.mark.slow
@pytest.mark.usefixtures("server_environment")
def test_nothing_that_was_pulled_is_lost(tmp_path, capsys):
    campaign = Campaign(tmp_path / "c")
    push, pull = (["push", str(campaign.path), "--reviewers", "anna,ben"], ["pull", str(campaign.path)])
    main(["draft", str(campaign.path), "--domain", WORLD, "--limit", "5"])

    def answers() -> list[Judgement]:
        """Without seconds, which count from the answer before: it may be a lost one."""
        return [replace(one, seconds=None) for one in judgements.read(campaign)]

    def again(lost: int) -> None:
        """Push as one would, and pull: all is as it was, and the command says what the server lacks."""
        before = answers()
        main(push)
        capsys.readouterr()
        main(pull)
        assert answers() == before
        message = f"{lost} answers pulled earlier are not on the server: they stay"
        assert message in " ".join(capsys.readouterr().err.split())

    with serving(campaign):
        main(push)
    shutil.copytree(campaign.server, tmp_path / "backup")
    with serving(campaign) as url:
        for name in ("anna", "ben"):
            reviewer = as_user(campaign, url, name)
            reviewer.work(reviewer.dataset())
        main(pull)
        assert len(verdicts(campaign)) == 10
        http, dataset = owner(campaign, url), as_user(campaign, url, "anna").dataset()
        record = http.get(f"/datasets/{dataset}/records").json()["items"][0]["id"]
        http.delete(f"/datasets/{dataset}/records", params={"ids": record}).raise_for_status()
        again(lost=2)
        (ben,) = [u for u in http.get("/users").json()["items"] if u["username"] == "ben"]
        http.delete(f"/users/{ben['id']}").raise_for_status()
        again(lost=6)
    shutil.rmtree(campaign.server)
    shutil.copytree(tmp_path / "backup", campaign.server)
    with serving(campaign):
        again(lost=10)
    shutil.rmtree(campaign.server)
    with serving(campaign) as url:
        again(lost=10)
        anna = as_user(campaign, url, "anna")
        first, second, *_ = [entry["record"] for entry in anna.queue(anna.dataset())["items"]]
        anna.submit(first["id"], {}, "discarded")
        anna.submit(second["id"], {"plausibility": 2, "trust": 1, "verdict": "unsure"})
        main(pull)
        mine = {
            j.rationale_id: j.answer
            for j in judgements.read(campaign)
            if j.annotator == campaign.pseudonym("anna") and j.question == "verdict"
        }
        assert first["external_id"] not in mine and mine[second["external_id"]] == "unsure" and len(mine) == 4
