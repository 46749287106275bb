"""Consent: asked before anything else, written down, and a condition of being counted."""

from __future__ import annotations

import httpx
import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.simulated import Simulated, opinion
from annotation.campaign import consents
from annotation.campaign.folder import Campaign
from tests.support.review_server import WORLD, owner, verdicts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


def datasets(reviewer):
    return {one["name"]: one["id"] for one in reviewer.http.get("/me/datasets").json()["items"]}


def test_consent_comes_first(campaign, url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / "asked")
    at = (str(other.path), "--api-url", url)
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "3"])
    main(["push", *at, "--reviewers", "ines,jon"])
    http = owner(campaign, url)
    passwords = {name: entry["password"] for name, entry in other.reviewers().items()}
    ines, jon = (Simulated(url, name, passwords[name], agrees=False) for name in ("ines", "jon"))
    assert list(datasets(ines)) == ["consent"], "nothing else is seen"
    (entry,) = ines.queue(datasets(ines)["consent"])["items"]
    text = " ".join(entry["record"]["fields"]["text"].split())
    assert "time that you take for each record is measured" in text and "Withdrawing" in text
    reviews = [one for one in http.get("/me/datasets").json()["items"] if one["name"] == "review"]
    (review,) = [one["id"] for one in reviews if other.fingerprint in one["guidelines"]]
    record = http.get(f"/datasets/{review}/records").json()["items"][0]["id"]
    for refused in (lambda: ines.queue(review), lambda: ines.submit(record, opinion("ines", "A draft."))):
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            refused()
    ines.submit(entry["record"]["id"], {"agreement": "agree"})
    (entry,) = jon.queue(datasets(jon)["consent"])["items"]
    answer = jon.submit(entry["record"]["id"], {"agreement": "decline"})
    assert set(datasets(ines)) == {"consent", "review"} and list(datasets(jon)) == ["consent"]
    assert ines.work(review) == 3
    main(["pull", *at])
    recorded = {who: (one.agrees, one.guideline_version) for who, one in consents.read(other).items()}
    assert recorded == {other.pseudonym("ines"): (True, "3"), other.pseudonym("jon"): (False, "3")}
    assert {who for who, _ in verdicts(other)} == {other.pseudonym("ines")}
    jon.change(answer["id"], {"agreement": "agree"})
    jon.work(review)
    jon.change(answer["id"], {"agreement": "decline"})
    main(["pull", *at])
    assert {who for who, _ in verdicts(other)} == {other.pseudonym("ines")}, "who declines is not counted"
    main(["withdraw", str(other.path), "ines", "--api-url", url])
    assert other.pseudonym("ines") not in other.file(consents.FILE).read_text() and verdicts(other) == []


def test_nobody_who_was_not_asked_is_counted(campaign, url, tmp_path, monkeypatch, capsys):
    """An organisation's Argilla does not hold back who has not agreed; pull does."""
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / "silent")
    at = (str(other.path), "--api-url", url)
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "2"])
    main(["push", *at, "--reviewers", "kim"])
    kim = Simulated(url, "kim", other.reviewers()["kim"]["password"])
    kim.work(datasets(kim)["review"])
    http = owner(campaign, url)
    of_consent = f"/datasets/{datasets(kim)['consent']}/records"
    (record,) = http.get(of_consent, params={"include": "responses"}).json()["items"]
    http.delete(f"/responses/{record['responses'][0]['id']}").raise_for_status()
    main(["pull", *at])
    assert verdicts(other) == [] and "kim must agree first (dataset 'consent')" in capsys.readouterr().err
    kim.agree()
    main(["pull", *at])
    assert len(verdicts(other)) == 2
