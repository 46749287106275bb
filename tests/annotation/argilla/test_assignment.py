"""Who is to answer what, on the real server: checks, the calibration round, quotas, pauses, and growing overlap."""

from __future__ import annotations

import json
from types import SimpleNamespace

import httpx
import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.__main__ import main
from annotation.argilla.process import serving
from annotation.argilla.simulated import opinion
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks
from rad.runtime.files import read_jsonl
from tests.support.review_server import WORLD, as_user, error_of, owner, verdicts

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server_environment")]
N = 6  # drafts


def drafted(path, n=N):
    campaign = Campaign(path)
    main(["draft", str(campaign.path), "--domain", WORLD, "--limit", str(n)])
    return campaign


def names(reviewer):
    return {one["name"] for one in reviewer.http.get("/me/datasets").json()["items"]}


def submit_all(reviewer, dataset, **changed):
    """Answer all that is there; the drafts' ids in their order."""
    answered = []
    while page := reviewer.queue(dataset, limit=1)["items"]:
        record = page[0]["record"]
        reviewer.submit(record["id"], {**opinion(reviewer.username, record["fields"]["draft"]), **changed})
        answered.append(record["external_id"])
    return answered


def test_calibration_then_checks_among_the_drafts(tmp_path, capsys):
    campaign = drafted(tmp_path / "c")
    first, second, third, *_ = drafts.read(campaign)
    lines = [
        {"query_id": first.query_id, "text": second.text, "expected": {"verdict": ["reject"]}},
        {"query_id": second.query_id, "text": third.text, "expected": {"verdict": ["reject"]}},
        {
            **{"query_id": third.query_id, "text": first.text, "expected": {"verdict": ["reject"]}},
            **{"calibration": True, "feedback": "None of this is in the history."},
        },
    ]
    campaign.file(checks.FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    campaign.file("guidelines.md").write_text("# Ours\n\nVersion lab-1. Be strict.\n")
    with serving(campaign) as url:
        main(["push", str(campaign.path), "--reviewers", "anna,ben", "--overlap", "1"])
        main(["push", str(campaign.path)])
        assert f"0 drafts added, {N} are there" in capsys.readouterr().out
        anna, ben = (as_user(campaign, url, name) for name in ("anna", "ben"))
        assert names(anna) == {"consent", "calibration"}
        (review,) = [d["id"] for d in owner(campaign, url).get("/me/datasets").json()["items"] if d["name"] == "review"]
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            anna.queue(review)
        submit_all(anna, anna.dataset("calibration"), verdict="accept")
        assert names(anna) == {"consent", "calibration", "feedback"} and names(ben) == {"consent", "calibration"}
        (entry,) = anna.queue(anna.dataset("feedback"))["items"]
        assert entry["record"]["fields"]["expected"] == "verdict: Reject\n\nNone of this is in the history."
        anna.submit(entry["record"]["id"], {"read": "read"})
        assert names(anna) == {"consent", "calibration", "feedback", "review"}
        shown = json.dumps(anna.queue(review, limit=100))
        assert "check" not in shown and "1000000" not in shown and "answers_needed" not in shown, (
            "nobody sees which they are"
        )
        assert len(submit_all(anna, review, verdict="reject", comment="Hard.")) == N + 2
        submit_all(ben, ben.dataset("calibration"), verdict="reject")
        for entry in ben.queue(ben.dataset("feedback"))["items"]:
            ben.submit(entry["record"]["id"], {"read": "read"})
        assert len(submit_all(ben, review, verdict="accept")) == 2, "the drafts are done, checks are for everybody"
        main(["pull", str(campaign.path)])
        assert {key for _, key in verdicts(campaign)} == {draft.rationale_id for draft in drafts.read(campaign)}
        mine = {one.answer for one in judgements.read(campaign) if one.question == "comment"}
        assert mine == {"Hard."} and {one.guideline_version for one in judgements.read(campaign)} == {"lab-1"}
        results = checks.results(checks.read(campaign), checks.read_answers(campaign))
        of = {(one.annotator, one.calibration): (one.right, one.answered) for one in results}
        anna_, ben_ = campaign.pseudonym("anna"), campaign.pseudonym("ben")
        assert of == {(anna_, True): (0, 1), (anna_, False): (2, 2), (ben_, True): (1, 1), (ben_, False): (0, 2)}
        capsys.readouterr()
        main(["status", str(campaign.path)])
        printed = " ".join(capsys.readouterr().out.split())
        assert f"review: {N} of {N} drafts are done" in printed and f"{anna_} work 2 2" in printed
        main(["agreement", str(campaign.path), "--resamples", "10"])
        assert f"{ben_} work 0 2" in " ".join(capsys.readouterr().out.split())
        assert ben_ in campaign.file("report.html").read_text().split('id="checks"')[1]
        campaign.file("guidelines.md").write_text("# Ours\n\nVersion lab-2. Be kind.\n")
        assert "is version lab-2, but reviewers answer under version lab-1" in error_of("push", campaign.path)
        main(["withdraw", str(campaign.path), "anna"])
        assert anna_ not in campaign.file(checks.ANSWERS).read_text() and not campaign.file("report.html").exists()


def test_one_more_where_two_disagree_and_another_where_two_discard(tmp_path, capsys):
    campaign = drafted(tmp_path / "c", 4)
    people = ["anna", "ben", "cleo", "dan"]
    push = ["push", str(campaign.path), "--reviewers", ",".join(people), "--overlap", "2", "--max-overlap", "3"]
    with serving(campaign) as url:
        main(push)
        anna, ben, cleo, dan = (as_user(campaign, url, name) for name in people)
        review = anna.dataset()
        one, two = (entry["record"] for entry in anna.queue(review)["items"][:2])
        for reviewer, verdict in ((anna, "accept"), (ben, "reject")):
            reviewer.submit(one["id"], {**opinion("x", one["fields"]["draft"]), "verdict": verdict})
            reviewer.submit(two["id"], {}, "discarded")
        seen = [entry["record"]["id"] for entry in cleo.queue(review)["items"]]
        assert one["id"] not in seen and two["id"] in seen, "two have answered the first, nobody the second"
        main(["pull", str(campaign.path)])
        assert "1 drafts on which reviewers disagree wait for one more answer" in capsys.readouterr().out
        # it is meant for one of the two who are left, by a draw over ids, and comes first there
        first = {r: r.queue(review)["items"][0]["record"]["id"] == one["id"] for r in (cleo, dan)}
        assert sorted(first.values()) == [False, True]
        third, last = sorted(first, key=lambda reviewer: not first[reviewer])
        meant = [
            r for r in (cleo, dan) for e in r.queue(review, limit=4)["items"][:3] if e["record"]["id"] == two["id"]
        ]
        assert meant, "what both discarded is meant for others"
        third.submit(one["id"], {**opinion("x", one["fields"]["draft"]), "verdict": "accept"})
        assert one["id"] not in [entry["record"]["id"] for entry in last.queue(review)["items"]], "three are enough"
        main(["pull", str(campaign.path)])
        lines = {line["draft_id"]: line["state"] for _, line in read_jsonl(campaign.file("provenance.jsonl"))}
        assert lines[one["external_id"]] == "accepted"
        assert "which stays" in error_of("push", campaign.path, "--overlap", "3")
        assert "at least the overlap of 2, got 1" in error_of("push", campaign.path, "--max-overlap", "1")
        main(push)
        assert f"at {url}" in capsys.readouterr().out
    with serving(campaign) as url:
        last = as_user(campaign, url, "dan" if last is dan else "cleo")
        left = [entry["record"]["id"] for entry in last.queue(last.dataset())["items"]]
        assert one["id"] not in left, "after a restart"


def test_quotas_and_pauses(tmp_path, capsys):
    campaign = drafted(tmp_path / "c")
    where = str(campaign.path)
    with serving(campaign) as url:
        main(["push", where, "--reviewers", "anna,ben", "--overlap", "1", "--quota", "anna=2", "--limit", "4"])
        assert "4 drafts added, 4 are there" in capsys.readouterr().out
        anna, ben = (as_user(campaign, url, name) for name in ("anna", "ben"))
        review = anna.dataset()
        assert len(submit_all(anna, review)) == 2 and anna.queue(review)["total"] == 0
        assert anna.queue(review, "submitted")["total"] == 2, "her own she still sees"
        main(["push", where, "--quota", "anna=3"])
        assert len(submit_all(anna, review)) == 1
        main(["pause", where, "ben"])
        assert names(ben) == set()
        record = owner(campaign, url).get(f"/datasets/{review}/records").json()["items"][0]["id"]
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            ben.submit(record, opinion("ben", "A draft."))
        main(["push", where, "--reviewers", "anna,ben"])
        assert names(ben) == set() and "ben: paused" in capsys.readouterr().out
        main(["status", where])
        assert "ben (paused)" in capsys.readouterr().out
        main(["pause", where, "ben", "--resume"])
        assert len(submit_all(ben, review)) == 3, "the rest of the six, which the second push added"
        assert "nobody is called 'zoe'" in error_of("pause", where, "zoe")
        assert "name all reviewers" in error_of("push", where, "--quota", "zoe=3")
        assert "NAME=N with a whole number, got 'anna=many'" in error_of("push", where, "--quota", "anna=many")
    assert "kept by the campaign's own server" in error_of("push", where, "--api-url", url, "--quota", "anna=1")


def test_watching(tmp_path, capsys, monkeypatch):
    from annotation.commands import status

    campaign = drafted(tmp_path / "c", 2)
    with serving(campaign) as url:
        main(["push", str(campaign.path), "--reviewers", "anna", "--overlap", "1"])
        anna = as_user(campaign, url, "anna")
        pauses = []

        def answer_one(seconds):
            pauses.append(seconds)
            anna.work(anna.dataset(), limit=1)

        with monkeypatch.context() as patch:
            patch.setattr(status, "time", SimpleNamespace(sleep=answer_one, strftime=lambda _: "12:00:00"))
            main(["status", str(campaign.path), "--watch"])
        lines = " ".join(capsys.readouterr().out.split())
        assert pauses == [30, 30] and "2 answers are still needed; no answer since this began" in lines
        assert "1 answers are still needed; " in lines and " an hour, so about " in lines
