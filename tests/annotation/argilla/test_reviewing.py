"""Reviewing on the real server, from the first answers to a withdrawal: no answer is lost or counted twice."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")


from annotation.__main__ import main
from annotation.argilla.simulated import opinion
from annotation.campaign import aggregation, judgements
from annotation.campaign.folder import Campaign
from rad.rationales import files
from tests.annotation.argilla.conftest import HUMANS, N
from tests.support.review_server import WORLD, as_user, error_of, owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


PHRASE = "Nobody but a quokka says so, in the words"


class TestCampaign:
    """In order: one campaign from its first answers to a withdrawal."""

    def test_push_again_adds_nothing(self, pushed, url, capsys):
        before = pushed.reviewers()
        main(["push", str(pushed.path), "--reviewers", ",".join(HUMANS)])
        assert f"0 drafts added, {N} are there" in capsys.readouterr().out
        assert pushed.reviewers() == before and "stays" in error_of("push", pushed.path, "--overlap", "3")
        main(["status", str(pushed.path)])
        assert "0 of 24 drafts are done" in " ".join(capsys.readouterr().out.split())

    def test_partly_reviewed_first(self, pushed, url):
        anna, ben = (as_user(pushed, url, name) for name in HUMANS)
        answered: list[str] = []
        dataset = anna.dataset()
        anna.work(dataset, answered.append, limit=6)
        queue = ben.queue(dataset, limit=N)
        order = [entry["record"]["external_id"] for entry in queue["items"]]
        assert queue["total"] == N and set(order[:6]) == set(answered)
        again = [entry["record"]["external_id"] for entry in ben.queue(dataset, limit=N)["items"]]
        assert order == again, "the same order on every call"
        ben.work(dataset, limit=6)
        third = as_user(pushed, url, "anna").queue(dataset, limit=N)
        assert third["total"] == N - 6, "who has answered sees it no more"

    def test_pull_while_people_work(self, pushed, url):
        anna, ben = (as_user(pushed, url, name) for name in HUMANS)
        dataset, seen = anna.dataset(), []
        threads = [threading.Thread(target=r.work, args=(dataset, seen.append)) for r in (anna, ben)]
        for thread in threads:
            thread.start()
        main(["pull", str(pushed.path)])
        early = judgements.read(pushed)
        for thread in threads:
            thread.join()
        main(["pull", str(pushed.path)])
        late = judgements.read(pushed)
        assert {(j.rationale_id, j.annotator) for j in early} <= {(j.rationale_id, j.annotator) for j in late}
        verdicts = [j for j in late if j.question == "verdict"]
        assert len(verdicts) == 2 * N == len({(j.rationale_id, j.annotator) for j in verdicts})
        names = {pushed.pseudonym(name) for name in HUMANS}
        assert {j.annotator for j in late} == names and all(n.startswith("r-") for n in names)
        drafts = {r.rationale_id: r.text for _, r in files.read(pushed.file("drafts.jsonl"))}
        for name in HUMANS:
            who = pushed.pseudonym(name)
            for key, text in drafts.items():
                answers = {j.question: j.answer for j in late if (j.annotator, j.rationale_id) == (who, key)}
                sent = opinion(name, text)
                assert answers["plausibility"] == str(sent["plausibility"]) and answers["verdict"] == sent["verdict"]
                assert json.loads(answers["errors"]) == sorted(sent.get("errors", []))
                assert answers["edited"] == sent["edited"]
        assert any(j.seconds for j in late)
        contents = {
            n: pushed.file(n).read_bytes() for n in ("judgements.jsonl", "rationales.jsonl", "provenance.jsonl")
        }
        main(["pull", str(pushed.path)])
        assert contents == {name: pushed.file(name).read_bytes() for name in contents}, "a second pull changes nothing"
        text = b"".join(contents.values()).decode()
        assert not any(name in text for name in HUMANS)

    def test_adjudication_stands_beside(self, pushed, url, capsys):
        before = judgements.read(pushed)
        texts = {r.rationale_id: r.text for _, r in files.read(pushed.file("drafts.jsonl"))}
        torn = [
            k
            for k, judged in aggregation.by_rationale(judgements.read(pushed)).items()
            if aggregation.is_disputed(judged, 2, texts[k])
        ]
        assert torn, "the simulated reviewers disagree somewhere"
        assert "must be somebody else" in error_of("push", pushed.path, "--adjudicator", "anna")
        main(["push", str(pushed.path), "--adjudicator", "carla"])
        main(["push", str(pushed.path), "--adjudicator", "carla"])
        assert "0 drafts to adjudicate added" in capsys.readouterr().out
        carla = as_user(pushed, url, "carla")
        dataset = carla.dataset("adjudication")
        with pytest.raises(StopIteration):
            carla.dataset("review")
        entry, *rest = carla.queue(dataset)["items"]
        assert len(rest) == len(torn) - 1 and "Reviewer A" in entry["record"]["fields"]["answers"]
        draft = entry["record"]["fields"]["draft"]
        carla.submit(entry["record"]["id"], {**opinion("carla", draft), "verdict": "accept", "edited": draft})
        main(["pull", str(pushed.path)])
        after = judgements.read(pushed)
        key = entry["record"]["external_id"]
        assert [j for j in after if not j.annotator.startswith("adj-")] == before, "not over the others"
        assert {j.rationale_id for j in after if j.annotator.startswith("adj-")} == {key}
        lines = [json.loads(x) for x in pushed.file("provenance.jsonl").read_text().splitlines()]
        (line,) = [x for x in lines if x["draft_id"] == key]
        assert line["state"] == "accepted" and line["adjudicated"] and len(line["verdicts"]) == 3
        assert key in {r.rationale_id for _, r in files.read(pushed.file("rationales.jsonl"))}

    def test_nobody_decides_their_own_case(self, pushed, url, capsys):
        anna, carla, http = as_user(pushed, url, "anna"), as_user(pushed, url, "carla"), owner(pushed, url)
        before = judgements.read(pushed)
        dataset = carla.dataset("adjudication")
        entry = carla.queue(dataset)["items"][0]["record"]
        with pytest.raises(StopIteration):
            anna.dataset("adjudication")
        for path in (f"/records/{entry['id']}", f"/datasets/{dataset}", f"/datasets/{dataset}/progress"):
            assert anna.http.get(path).status_code == 403, path
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            anna.submit(entry["id"], opinion("anna", entry["fields"]["draft"]))
        workspaces = {w["name"]: w["id"] for w in http.get("/me/workspaces").json()["items"]}
        ids = {u["username"]: u["id"] for u in http.get("/users").json()["items"]}
        inside = f"/workspaces/{workspaces['first-adjudication']}/users"
        http.post(inside, json={"user_id": ids["anna"]}).raise_for_status()
        anna.agree()
        answer = anna.submit(entry["id"], {**opinion("anna", entry["fields"]["draft"]), "verdict": "accept"})
        capsys.readouterr()
        main(["pull", str(pushed.path)])
        assert judgements.read(pushed) == before, "let in by mistake, she still does not count"
        assert "anna, whom push named no adjudicator, adjudicated" in " ".join(capsys.readouterr().err.split())
        http.delete(f"/responses/{answer['id']}").raise_for_status()
        http.delete(f"{inside}/{ids['anna']}").raise_for_status()
        assert "must be somebody else" in error_of("push", pushed.path, "--reviewers", "carla")

    def test_the_adjudicator_sees_what_reviewers_answer_now(self, pushed, url):
        carla, http = as_user(pushed, url, "carla"), owner(pushed, url)
        dataset = carla.dataset("adjudication")
        first, second, *_ = [entry["record"] for entry in carla.queue(dataset)["items"]]
        for name in HUMANS:
            mine = as_user(pushed, url, name)
            submitted = [entry["record"] for entry in mine.queue(mine.dataset(), "submitted", 100)["items"]]
            answers = {record["external_id"]: record["responses"][0]["id"] for record in submitted}
            changed = opinion(name, first["fields"]["draft"])
            mine.change(answers[first["external_id"]], {**changed, "verdict": "reject", "plausibility": 1})
            changed = opinion(name, second["fields"]["draft"])
            own_words = {"verdict": "accept_edited", "edited": f"{PHRASE} of {name} [1]."}
            mine.change(answers[second["external_id"]], {**changed, **own_words})
        main(["pull", str(pushed.path)])
        there = {r["external_id"]: r["fields"] for r in http.get(f"/datasets/{dataset}/records").json()["items"]}
        assert first["external_id"] not in there, "they agree now"
        assert f"{PHRASE} of anna" in there[second["external_id"]]["answers"]

    def test_a_removed_account_keeps_what_was_pulled(self, pushed, url, capsys):
        before = judgements.read(pushed)
        http = owner(pushed, url)
        (ben,) = [u for u in http.get("/users").json()["items"] if u["username"] == "ben"]
        assert http.delete(f"/users/{ben['id']}").status_code == 200
        main(["pull", str(pushed.path)])
        assert judgements.read(pushed) == before
        warnings = " ".join(capsys.readouterr().err.split())
        assert f"{N} answers pulled earlier are not on the server: they stay" in warnings

    def test_withdraw(self, pushed, url, capsys):
        pseudonym = pushed.pseudonym("anna")
        main(["agreement", str(pushed.path), "--resamples", "10"])
        assert f"{PHRASE} of anna" in pushed.file("report.html").read_text()
        pushed.file(".judgements.jsonl.1.part").write_bytes(pushed.file("judgements.jsonl").read_bytes())  # of a kill
        others = [j for j in judgements.read(pushed) if j.annotator != pseudonym]
        assert "nobody is called 'zora'" in error_of("withdraw", pushed.path, "zora")
        main(["withdraw", str(pushed.path), "anna"])
        assert f"{N} answers deleted on the server" in capsys.readouterr().out
        assert judgements.read(pushed) == others
        http = owner(pushed, url)
        assert "anna" not in [u["username"] for u in http.get("/users").json()["items"]]
        main(["pull", str(pushed.path)])
        assert judgements.read(pushed) == others, "a pull does not bring them back"
        assert "anna" not in pushed.reviewers() and pseudonym in pushed.withdrawn()
        assert "'anna' has withdrawn" in error_of("push", pushed.path, "--reviewers", "anna")
        released = pushed.file("provenance.jsonl").read_text()
        assert pseudonym not in released

    def test_nothing_of_who_withdrew_is_left_anywhere(self, pushed, url):
        """In no file of the campaign, the database and its log among them; "of ben" shows that the search finds."""
        contents = [path.read_bytes() for path in pushed.path.rglob("*") if path.is_file()]
        present = {name: any(f"{PHRASE} of {name}".encode() in content for content in contents) for name in HUMANS}
        assert present["ben"] and not present["anna"]


def test_reviewers_at_work_do_not_crowd_on_the_same_drafts(campaign, url, tmp_path, monkeypatch):
    """Pages are fetched before any of them is answered, as by people: still nobody answers what two others did."""
    monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
    other = Campaign(tmp_path / "crowd")
    main(["draft", str(other.path), "--domain", WORLD, "--limit", "40"])
    names = [f"simulated-{k}" for k in range(21, 25)]
    main(["push", str(other.path), "--api-url", url, "--reviewers", ",".join(names)])
    reviewers = [as_user(other, url, name) for name in names]
    dataset = reviewers[0].dataset()
    answers: dict[str, int] = {}
    for _ in range(2):
        pages = [reviewer.queue(dataset, limit=4)["items"] for reviewer in reviewers]
        for reviewer, page in zip(reviewers, pages, strict=True):
            for entry in page:
                key = entry["record"]["external_id"]
                reviewer.submit(entry["record"]["id"], opinion(reviewer.username, entry["record"]["fields"]["draft"]))
                answers[key] = answers.get(key, 0) + 1
    assert sum(answers.values()) == 32 and max(answers.values()) == 2
    assert sum(n == 2 for n in answers.values()) >= 6, "overlap builds up at once"
