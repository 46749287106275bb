"""A whole study on the real server: who is in one list sees nothing of the others, and each arm is answered alike."""

import json
from collections import Counter

import httpx
import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.form import plain
from annotation.argilla.process import serving
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks
from annotation.study import answers, design
from annotation.study.arms import ARMS
from annotation.study.pages import a_sentence_a_line
from tests.annotation.study.conftest import WORLD
from tests.support.review_server import as_user, error_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server_environment")]
PEOPLE = 5
FEW = ["--domain", WORLD, "--queries", "5", "--pages", "5", "--gain", "0.5", "--least", "0.45", "--studies", "5"]


def answer_all(campaign, url, name):
    """Answer each page: what checks ask for, and else what its arm is planted to have. The pages come back."""
    session, of_list = as_user(campaign, url, name), campaign.reviewers()[name]["list"]
    pages = session.queue(session.dataset(of_list), limit=50)["items"]
    shown = {one.rationale_id: one for one in design.texts(campaign).values()}
    for entry in pages:
        key = entry["record"]["external_id"]
        check = checks.read(campaign).get(key)
        trust = check.expected["trust"][0] if check else 4 if shown[key].drafter == "rationale" else 3
        session.submit(entry["record"]["id"], {"trust": int(trust)})
    return pages


def test_from_a_run_to_what_the_analysis_says(tmp_path, run, capsys, monkeypatch):
    monkeypatch.setattr(answers, "SECONDS", 0.0)  # a program answers fast
    campaign = Campaign(tmp_path / "trust")
    main(["study", "plan", str(campaign.path), "--run", str(run), *FEW])
    with serving(campaign) as url:
        main(["study", "push", str(campaign.path), "--participants", str(PEOPLE)])
        names = list(campaign.reviewers())
        assert names == ["p001", "p002", "p003", "p004", "p005"]
        assert {entry["list"] for entry in campaign.reviewers().values()} == {*design.datasets(campaign)}
        first = as_user(campaign, url, "p001")
        mine = campaign.reviewers()["p001"]["list"]
        assert {d["name"] for d in first.http.get("/me/datasets").json()["items"]} == {f"consent-{mine}", mine}
        pages = {name: answer_all(campaign, url, name) for name in names}
        shown = {one.rationale_id: one for one in design.texts(campaign).values()}
        for of_one in pages.values():
            assert len(of_one) == 5 + design.CHECKS, "everybody answers all pages of a list, and the checks"
            assert sum("why" not in entry["record"]["fields"] for entry in of_one) == 1, "the ranking alone"
            for one in (entry["record"] for entry in of_one):
                if (page := shown.get(one["external_id"])) and page.text:
                    assert one["fields"]["why"] == plain(a_sentence_a_line(page.text))
            assert not any(arm in json.dumps(of_one) for arm in ("rationale", "afterwards", "drafter"))
        other = next(entry["record"]["id"] for entry in pages["p002"])
        with pytest.raises(httpx.HTTPStatusError, match=r"40[34]"):
            first.http.get(f"/records/{other}").raise_for_status()
        main(["status", str(campaign.path)])
        assert "list-1: 8 pages, for everybody" in capsys.readouterr().out
        main(["pull", str(campaign.path)])
        assert "25 pages of 5 participants" in capsys.readouterr().out
        answered = [shown[one.rationale_id] for one in judgements.read(campaign) if one.question == "trust"]
        assert Counter((one.query_id, one.drafter) for one in answered) == {page: 1 for page in design.texts(campaign)}
        main(["study", "analyse", str(campaign.path)])
        out = json.loads(campaign.file("trust.json").read_text())
        assert out["means"] == pytest.approx({arm: 4.0 if arm == "rationale" else 3.0 for arm in ARMS})
        assert out["excluded"] == {"checks": 0, "unfinished": 0, "hasty": 0}
        gone = campaign.pseudonym("p003")
        main(["withdraw", str(campaign.path), "p003"])
        assert not campaign.file("trust.json").exists()
        assert all(gone not in campaign.file(name).read_text() for name in ("judgements.jsonl", "check_answers.jsonl"))
        main(["study", "push", str(campaign.path), "--participants", str(PEOPLE)])
        assert "p003" not in campaign.reviewers() and "p006" in campaign.reviewers()
        assert len({entry["list"] for entry in campaign.reviewers().values()}) == PEOPLE, "in the list that has nobody"
        main(["pause", str(campaign.path), "p001"])
        assert first.http.get("/me/datasets").json()["items"] == []
        assert "is a study" in error_of("push", campaign.path, "--reviewers", "anna")
