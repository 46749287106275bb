"""Campaigns on the real argilla-server: what reviewers answered is never lost, and nobody gets in who should not.

The reviewers here are simulated: they speak to the server as its pages do.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.review_server import WORLD, server_environment  # noqa: F401  (a fixture)

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import argilla as rg
import httpx

from annotation.__main__ import main
from annotation.argilla import client as argilla_client
from annotation.argilla.process import APP, serving, start, stop
from annotation.argilla.server import environment
from annotation.argilla.simulated import Simulated, opinion
from annotation.campaign import aggregation
from annotation.campaign import judgements as answers
from annotation.campaign.folder import Campaign
from rad.errors import RadError
from rad.rationales import files
from rad.types import Judgement

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server_environment")]
N = 24  # drafts
HUMANS = ("anna", "ben")  # their answers are simulated all the same


@pytest.fixture(scope="module")
def campaign(tmp_path_factory, server_environment) -> Campaign:  # noqa: F811
    """Drafted, not yet pushed."""
    path = tmp_path_factory.mktemp("campaigns") / "first"
    main(["draft", str(path), "--domain", WORLD, "--limit", str(N)])
    return Campaign(path)


@pytest.fixture(scope="module")
def url(campaign):
    with serving(campaign) as address:
        yield address


@pytest.fixture(scope="module")
def pushed(campaign, url):
    main(["push", str(campaign.path), "--reviewers", ",".join(HUMANS)])
    return campaign


def as_user(campaign, url, name) -> Simulated:
    return Simulated(url, name, campaign.reviewers()[name]["password"])


def owner(campaign, url) -> httpx.Client:
    key = campaign.owner()["api_key"]
    return httpx.Client(base_url=f"{url}/api/v1", headers={"X-Argilla-Api-Key": key}, timeout=60)


def judgements(campaign) -> list[Judgement]:
    return answers.read(campaign)


def error_of(*arguments) -> str:
    with pytest.raises(RadError) as error:
        main([str(a) for a in arguments])
    assert "\n" not in str(error.value)
    return str(error.value)


class TestServer:
    def test_listens_on_this_machine_alone(self, campaign, url):
        port = int(url.rpartition(":")[2])
        tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
        if not tables[0].exists():
            pytest.skip("needs /proc/net")
        rows = [line.split() for t in tables if t.exists() for line in t.read_text().splitlines()[1:]]
        bound = [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert bound == ["0100007F"], "127.0.0.1"

    def test_nobody_gets_in_without_a_password(self, url):
        defaults = [("argilla", "12345678"), ("owner", "12345678"), ("admin", "12345678"), ("owner", "owner")]
        for name, password in defaults:
            answer = httpx.post(f"{url}/api/v1/token", data={"username": name, "password": password})
            assert answer.status_code == 401, name
        for key in ("argilla.apikey", "owner.apikey", "", "x"):
            assert httpx.get(f"{url}/api/v1/me", headers={"X-Argilla-Api-Key": key}).status_code == 401
        paths = httpx.get(f"{url}/api/v1/openapi.json").json()["paths"]
        zero, tried = "00000000-0000-0000-0000-000000000000", 0
        for path, methods in paths.items():
            for method in methods.keys() & {"post", "put", "patch", "delete"}:
                if path.rstrip("/").endswith(("/token", "/authentication", "/access-token")):
                    continue
                where = url + (path if path.startswith("/api") else f"/api/v1{path}")
                answer = httpx.request(method.upper(), re.sub(r"{\w+}", zero, where), json={})
                assert answer.status_code in (401, 403), (method, path, answer.status_code)
                tried += 1
        assert tried > 30

    def test_pages_run_their_own_scripts_alone_and_other_sites_may_not_ask(self, url):
        page = httpx.get(f"{url}/sign-in", headers={"Origin": "http://evil.example"})
        policy = page.headers["content-security-policy"]
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "'self'" in scripts and "'sha256-" in scripts and "unsafe" not in scripts
        assert "access-control-allow-origin" not in page.headers

    def test_files_are_the_owners_and_the_log_knows_no_secret(self, pushed, url):
        for path in (*pushed.secrets.iterdir(), pushed.server / "argilla.db"):
            assert path.stat().st_mode & 0o077 == 0, path
        secrets = [v for k, v in pushed.owner().items() if k != "username"]
        secrets += [r["password"] for r in pushed.reviewers().values()]
        secrets += [u["api_key"] for u in owner(pushed, url).get("/users").json()["items"]]
        for path in pushed.path.rglob("*"):
            if path.is_file() and pushed.secrets not in path.parents and not path.name.startswith("argilla.db"):
                text = path.read_bytes().decode(errors="replace")
                assert not [s for s in secrets if s in text], path

    def test_one_server_a_campaign(self, campaign, url):
        with pytest.raises(RadError, match="is being served already"):
            start(campaign)
        assert argilla_client.connect(campaign).me.username == "owner", "and the first one is still found"

    def test_a_taken_port_is_one_line(self, tmp_path, url):
        with pytest.raises(RadError, match=r"cannot listen on .* choose another --port"):
            start(Campaign(tmp_path), port=int(url.rpartition(":")[2]))

    def test_another_version_is_refused(self, monkeypatch, tmp_path):
        code = (
            "import runpy, sys; from importlib import metadata; metadata.version = lambda name: '2.9.0'; "
            f"sys.argv = ['app.py', '--home', '{tmp_path / 'home'}', '--secrets', 'x']; "
            f"runpy.run_path({str(APP)!r}, run_name='__main__')"
        )
        done = subprocess.run([environment.python(), "-c", code], capture_output=True, text=True)
        assert done.returncode == 2 and not (tmp_path / "home").exists()
        assert done.stderr == "error: argilla-server 2.9.0 is installed, but serve was made for 2.8.0 alone\n"
        monkeypatch.setattr(environment.metadata, "version", lambda name: "2.9.0")
        assert "argilla-server 2.9.0 is installed, but serve was made for 2.8.0 alone" in error_of("serve", tmp_path)


@pytest.fixture(scope="module")
def shelf(campaign, url):
    client = argilla_client.connect(campaign)
    rg.Workspace(name="search", client=client).create()
    settings = rg.Settings(
        fields=[rg.TextField(name=n, client=client) for n in ("history", "rationale")],
        questions=[
            rg.RatingQuestion(name="plausibility", values=[1, 2, 3, 4, 5], client=client),
            rg.MultiLabelQuestion(name="errors", labels=["generic", "made_up"], required=False, client=client),
            rg.TextQuestion(name="edited", required=False, client=client),
        ],
        metadata=[
            rg.TermsMetadataProperty(name="domain", client=client),
            rg.IntegerMetadataProperty(name="length", client=client),
            rg.FloatMetadataProperty(name="score", client=client),
        ],
        vectors=[rg.VectorField(name="v", dimensions=3, _client=client)],
    )
    dataset = rg.Dataset("shelf", "search", settings, client=client).create()
    dice = random.Random(0)
    made = []
    for k in range(60):
        kind = dice.choice(["noir thriller", "space opera", "folk ballad", "cosy mystery"])
        made.append(
            rg.Record(
                id=f"r{k:03d}",
                fields={"history": f"Sequel {k}, naïve café", "rationale": f"Many {kind}s, {kind} number {k}."},
                metadata={"domain": dice.choice(["books", "films", "music"]), "length": k % 9, "score": k / 60},
                vectors={"v": [dice.gauss(0, 1) for _ in range(3)]},
                suggestions=[
                    rg.Suggestion("plausibility", dice.randint(1, 5), agent="a" if k % 2 else "b", score=0.5),
                    rg.Suggestion("errors", ["generic"] if k % 3 else ["generic", "made_up"], score=None),
                    rg.Suggestion("edited", "text", agent="d", score=round(dice.random(), 3)),
                ],
            )
        )
    dataset.records.log(made)
    return dataset, made


class TestSearch:
    """The prototype's checks: every search and filter against Python over the same records."""

    @pytest.mark.parametrize(
        "query, conditions, holds",
        [
            ("noir", [], lambda r: "noir" in r.fields["rationale"]),
            ('"space opera" naïve', [], lambda r: "space opera" in r.fields["rationale"]),
            ("balla* -noir", [], lambda r: "ballad" in r.fields["rationale"]),
            ("NOIR | ballad", [], lambda r: re.search("noir|ballad number", r.fields["rationale"])),
            ("nowhere", [], lambda r: False),
            ("thriller -17", [], lambda r: "thriller" in r.fields["rationale"] and r.id != "r017"),
            (None, [("metadata.domain", "==", "books")], lambda r: r.metadata["domain"] == "books"),
            (None, [("metadata.domain", "in", ["books", "films"])], lambda r: r.metadata["domain"] != "music"),
            (
                None,
                [("metadata.length", ">=", 5), ("metadata.length", "<=", 7)],
                lambda r: 5 <= r.metadata["length"] <= 7,
            ),
            (None, [("metadata.score", ">=", 0.5)], lambda r: r.metadata["score"] >= 0.5),
            (None, [("plausibility.suggestion", "in", [4, 5])], lambda r: r.suggestions["plausibility"].value > 3),
            (None, [("plausibility.suggestion", ">=", 3)], lambda r: r.suggestions["plausibility"].value >= 3),
            (None, [("errors.suggestion", "in", ["made_up"])], lambda r: "made_up" in r.suggestions["errors"].value),
            (None, [("plausibility.agent", "==", "a")], lambda r: r.suggestions["plausibility"].agent == "a"),
            (None, [("edited.score", ">=", 0.8)], lambda r: r.suggestions["edited"].score >= 0.8),
            (None, [("status", "==", "pending")], lambda r: True),
            (None, [("response.status", "==", "pending")], lambda r: True),
            (None, [("response.status", "==", "submitted")], lambda r: False),
            (None, [("id", "in", ["r003", "r007"])], lambda r: r.id in ("r003", "r007")),
            (
                *("noir", [("metadata.domain", "==", "books"), ("plausibility.suggestion", ">=", 3)]),
                lambda r: (
                    "noir" in r.fields["rationale"]
                    and r.metadata["domain"] == "books"
                    and r.suggestions["plausibility"].value >= 3
                ),
            ),
        ],
    )
    def test_finds_what_python_finds(self, shelf, query, conditions, holds):
        dataset, made = shelf
        found = dataset.records(query=rg.Query(query=query, filter=rg.Filter(conditions) if conditions else None))
        assert sorted(r.id for r in found) == sorted(r.id for r in made if holds(r))

    def test_sorts(self, shelf, campaign, url):
        dataset, made = shelf

        def first(scope, order):
            body = {"sort": [{"scope": scope, "order": order}]}
            answer = owner(campaign, url).post(f"/datasets/{dataset.id}/records/search?limit=5", json=body)
            return [item["record"]["external_id"] for item in answer.json()["items"]]

        by_score = sorted(made, key=lambda r: r.metadata["score"])
        scope = {"entity": "metadata", "metadata_property": "score"}
        assert first(scope, "desc") == [r.id for r in by_score[::-1][:5]]
        edited = {"entity": "suggestion", "question": "edited", "property": "score"}
        scores = {r.id: r.suggestions["edited"].score for r in made}
        assert [scores[key] for key in first(edited, "asc")] == sorted(scores.values())[:5]
        for name in ("inserted_at", "updated_at"):
            assert len(first({"entity": "record", "property": name}, "asc")) == 5

    def test_similar_and_metrics(self, shelf, campaign, url):
        dataset, made = shelf
        hits = list(dataset.records(query=rg.Query(similar=rg.Similar("v", [1, 0, 0])), limit=3))
        cosine = {r.id: r.vectors["v"][0] / sum(x * x for x in r.vectors["v"]) ** 0.5 for r in made}
        assert [r.id for r, _ in hits] == sorted(cosine, key=lambda k: -cosine[k])[:3]
        http = owner(campaign, url)
        metrics = {p.name: http.get(f"/metadata-properties/{p.id}/metrics").json() for p in dataset.settings.metadata}
        assert metrics["domain"]["total"] == 60 and (metrics["length"]["min"], metrics["length"]["max"]) == (0, 8)


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
        early = judgements(pushed)
        for thread in threads:
            thread.join()
        main(["pull", str(pushed.path)])
        late = judgements(pushed)
        assert {(j.rationale_id, j.annotator) for j in early} <= {(j.rationale_id, j.annotator) for j in late}
        verdicts = [j for j in late if j.question == "verdict"]
        assert len(verdicts) == 2 * N == len({(j.rationale_id, j.annotator) for j in verdicts})
        names = {pushed.pseudonym(name) for name in HUMANS}
        assert {j.annotator for j in late} == names and all(n.startswith("r-") for n in names)
        drafts = {r.rationale_id: r.text for _, r in files.read(pushed.file("drafts.jsonl"))}
        for name in HUMANS:
            who = pushed.pseudonym(name)
            for key, text in drafts.items():
                said = {j.question: j.answer for j in late if (j.annotator, j.rationale_id) == (who, key)}
                given = opinion(name, text)
                assert said["plausibility"] == str(given["plausibility"]) and said["verdict"] == given["verdict"]
                assert json.loads(said["errors"]) == sorted(given.get("errors", []))
                assert said["edited"] == given["edited"]
        assert any(j.seconds for j in late)
        contents = {
            n: pushed.file(n).read_bytes() for n in ("judgements.jsonl", "rationales.jsonl", "provenance.jsonl")
        }
        main(["pull", str(pushed.path)])
        assert contents == {name: pushed.file(name).read_bytes() for name in contents}, "a second pull changes nothing"
        text = b"".join(files.values()).decode()
        assert not any(name in text for name in HUMANS)

    def test_adjudication_stands_beside(self, pushed, url, capsys):
        before = judgements(pushed)
        texts = {r.rationale_id: r.text for _, r in files.read(pushed.file("drafts.jsonl"))}
        torn = [
            k
            for k, judged in aggregation.by_rationale(answers.read(pushed)).items()
            if aggregation.is_disputed(judged, 2, texts[k])
        ]
        assert torn, "the simulated reviewers disagree somewhere"
        assert "must be somebody else" in error_of("push", pushed.path, "--adjudicator", "anna")
        main(["push", str(pushed.path), "--adjudicator", "carla"])
        main(["push", str(pushed.path), "--adjudicator", "carla"])
        assert "0 drafts to adjudicate added" in capsys.readouterr().out
        carla = as_user(pushed, url, "carla")
        dataset = carla.dataset("adjudication")
        entry, *rest = carla.queue(dataset)["items"]
        assert len(rest) == len(torn) - 1 and "Reviewer A" in entry["record"]["fields"]["answers"]
        draft = entry["record"]["fields"]["draft"]
        carla.submit(entry["record"]["id"], {**opinion("carla", draft), "verdict": "accept", "edited": draft})
        main(["pull", str(pushed.path)])
        after = judgements(pushed)
        key = entry["record"]["external_id"]
        assert [j for j in after if not j.annotator.startswith("adj-")] == before, "not over the others"
        assert {j.rationale_id for j in after if j.annotator.startswith("adj-")} == {key}
        lines = [json.loads(x) for x in pushed.file("provenance.jsonl").read_text().splitlines()]
        (line,) = [x for x in lines if x["draft_id"] == key]
        assert line["state"] == "accepted" and line["adjudicated"] and len(line["verdicts"]) == 3
        assert key in {r.rationale_id for _, r in files.read(pushed.file("rationales.jsonl"))}

    def test_a_removed_account_keeps_what_was_pulled(self, pushed, url, capsys):
        before = judgements(pushed)
        http = owner(pushed, url)
        (ben,) = [u for u in http.get("/users").json()["items"] if u["username"] == "ben"]
        assert http.delete(f"/users/{ben['id']}").status_code == 200
        main(["pull", str(pushed.path)])
        assert judgements(pushed) == before
        told = " ".join(capsys.readouterr().err.split())
        assert "1 reviewer(s) have no account any more: what was pulled of them before stays" in told

    def test_withdraw(self, pushed, url, capsys):
        pseudonym = pushed.pseudonym("anna")
        others = [j for j in judgements(pushed) if j.annotator != pseudonym]
        assert "nobody is called 'dora'" in error_of("withdraw", pushed.path, "dora")
        main(["withdraw", str(pushed.path), "anna"])
        assert f"{N} answers deleted on the server" in capsys.readouterr().out
        assert judgements(pushed) == others
        http = owner(pushed, url)
        assert "anna" not in [u["username"] for u in http.get("/users").json()["items"]]
        main(["pull", str(pushed.path)])
        assert judgements(pushed) == others, "a pull does not bring them back"
        assert "anna" not in pushed.reviewers() and pseudonym in pushed.withdrawn()
        assert "'anna' has withdrawn" in error_of("push", pushed.path, "--reviewers", "anna")
        released = pushed.file("provenance.jsonl").read_text()
        assert pseudonym not in released


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


class TestBadInput:
    def test_wrong_url_and_key(self, campaign, url, monkeypatch):
        monkeypatch.delenv("ARGILLA_API_KEY", raising=False)
        assert "set ARGILLA_API_KEY" in error_of("status", campaign.path, "--api-url", url)
        monkeypatch.setenv("ARGILLA_API_KEY", "wrong-key")
        said = error_of("status", campaign.path, "--api-url", url)
        assert "refused the key" in said and "wrong-key" not in said
        assert "no Argilla answers at" in error_of("status", campaign.path, "--api-url", "http://127.0.0.1:9")
        for odd in ("nonsense", "http://", f"{url}/sign-in"):
            assert odd in error_of("status", campaign.path, "--api-url", odd)

    def test_an_endpoint_that_answers_nonsense(self, campaign, fake_endpoint, monkeypatch):
        monkeypatch.setenv("ARGILLA_API_KEY", "some-key")
        assert fake_endpoint.url in error_of("status", campaign.path, "--api-url", fake_endpoint.url)

    def test_not_served(self, tmp_path):
        main(["draft", str(tmp_path / "c"), "--domain", WORLD, "--limit", "1"])
        assert "the campaign's server is not running" in error_of("push", tmp_path / "c")
        assert "nothing was pushed yet" in error_of("pull", tmp_path / "c")
        assert "holds no campaign yet" in error_of("push", tmp_path / "none")
        assert "'a b': user names have" in error_of("push", tmp_path / "c", "--reviewers", "a b")

    def test_empty_campaign_and_forms_that_differ(self, campaign, url, tmp_path, monkeypatch):
        monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
        other = Campaign(tmp_path / "other")
        main(["draft", str(other.path), "--domain", WORLD, "--limit", "2"])
        whole = other.file("drafts.jsonl").read_bytes()
        other.file("drafts.jsonl").write_bytes(b"")
        at = ("--api-url", url)
        assert "has no drafts" in error_of("push", other.path, *at)
        other.file("drafts.jsonl").write_bytes(whole)
        client = argilla_client.connect(campaign)
        rg.Workspace(name="other", client=client).create()
        half = rg.Settings(
            fields=[rg.TextField(name=n, client=client) for n in ("history", "draft", "item")],
            questions=[rg.RatingQuestion(name="credibility", values=[1, 2, 3, 4, 5], client=client)],
        )
        dataset = rg.Dataset("review", "other", half, client=client).create()
        said = error_of("push", other.path, *at)
        assert "another form: no question 'plausibility' (it has 'credibility'; was it renamed?)" in said
        other.set_overlap(2)
        assert "was it renamed?" in error_of("pull", other.path, *at)
        dataset.delete()
        main(["push", str(other.path), *at, "--reviewers", "dora"])
        assert other.reviewers()["dora"]["password"], "the same commands work against any Argilla"
        main(["status", str(other.path), *at])
        main(["pull", str(other.path), *at])
        assert judgements(other) == [] and other.file("rationales.jsonl").read_bytes() == b""


class TestKills:
    def test_push_and_pull(self, campaign, url, tmp_path, monkeypatch):
        monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
        other = Campaign(tmp_path / "killed")
        main(["draft", str(other.path), "--domain", WORLD, "--limit", "40"])
        code = (
            "import sys, annotation.argilla.push as p; from annotation.__main__ import main; p.BATCH = 4\n"
            "p.Progress.advance = lambda *_: print('four more', flush=True)\n"
            "main(sys.argv[1:])"
        )
        arguments = ["push", str(other.path), "--api-url", url, "--reviewers", "eva"]
        process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
        for _ in range(3):
            assert process.stdout.readline() == b"four more\n", "it ended before it could be killed"
        process.kill()
        process.wait()
        client = argilla_client.connect(campaign)
        there = [r["external_id"] for r in argilla_client.records(client, argilla_client.pushed_dataset(client, other))]
        assert 12 <= len(there) < 40
        main(arguments)
        there = [r["external_id"] for r in argilla_client.records(client, argilla_client.pushed_dataset(client, other))]
        drafts = [r.rationale_id for _, r in files.read(other.file("drafts.jsonl"))]
        assert sorted(there) == sorted(drafts), "all of them, none twice"
        eva = as_user(other, url, "eva")
        eva.work(next(d["id"] for d in eva.http.get("/me/datasets").json()["items"] if d["name"] == "review"), limit=9)
        pull = ["pull", str(other.path), "--api-url", url]
        for seconds in (1.5, 2.5, 3.5):
            process = subprocess.Popen([sys.executable, "-m", "annotation", *pull], stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
            process.wait()
            for name in ("judgements.jsonl", "rationales.jsonl", "provenance.jsonl"):
                if other.file(name).exists():
                    assert other.file(name).read_bytes()[-1:] in (b"", b"\n"), "whole or not there"
        main(pull)
        assert sum(j.question == "verdict" for j in judgements(other)) == 9

    def test_the_server_while_people_submit(self, tmp_path):
        campaign = Campaign(tmp_path / "c")
        main(["draft", str(campaign.path), "--domain", WORLD, "--limit", "40"])
        names = ("simulated-1", "simulated-2", "simulated-3")
        process, url = start(campaign)
        accepted: set[tuple[str, str]] = set()
        try:
            main(["push", str(campaign.path), "--reviewers", ",".join(names)])
            reviewers = {name: as_user(campaign, url, name) for name in names}
            dataset = reviewers[names[0]].dataset()

            def work(name):
                with contextlib.suppress(httpx.HTTPError):  # the server is gone
                    reviewers[name].work(dataset, lambda key: accepted.add((name, key)))

            threads = [threading.Thread(target=work, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            while len(accepted) < 15 and any(t.is_alive() for t in threads):
                time.sleep(0.01)
            copy = tmp_path / "copy"
            copy.mkdir()
            for path in campaign.server.glob("argilla.db*"):
                shutil.copy(path, copy / path.name)
            os.kill(process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
        finally:
            stop(process)
        with contextlib.closing(sqlite3.connect(copy / "argilla.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT count(*) FROM responses").fetchone()[0] >= 1
        with contextlib.closing(sqlite3.connect(campaign.server / "argilla.db")) as database:
            # as a kill between an answer and the count of its record's answers leaves it
            database.execute("UPDATE records SET status = 'pending'")
            database.commit()
        with serving(campaign) as url:
            assert (
                not list((campaign.server / "tmp").glob("*/statics/../../*/*.old"))
                and len(list((campaign.server / "tmp").iterdir())) == 1
            ), "what the killed server left is gone"
            main(["pull", str(campaign.path)])
            kept = [(j.annotator, j.rationale_id) for j in judgements(campaign) if j.question == "verdict"]
            assert accepted <= set(kept), "every answer that was accepted is there"
            assert len(kept) == len(set(kept)), "nothing twice"
            by_record = {key: sum(k == key for _, k in kept) for _, key in kept}
            progress = argilla_client.pushed_dataset(argilla_client.connect(campaign), campaign).progress()
            assert progress["completed"] == sum(n >= 2 for n in by_record.values()), "counts are put right"
            again = Simulated(url, names[0], campaign.reviewers()[names[0]]["password"])
            again.work(dataset)
        assert not (campaign.server / "server.json").exists() and not (campaign.server / "tmp").exists()


def test_demo(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo"), "--domain", WORLD, "--limit", "20"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "accepted by the server: 40 answers; lost of these: 0" in told
    assert all(f"│ {what} │ {n} │" in told for what, n in (("queue", 6), ("submit", 40), ("search", 4)))
    assert "0 reviews of people and 40 of simulated reviewers, who are no people" in told
    campaign = Campaign(tmp_path / "demo")
    assert {j.annotator for j in judgements(campaign)} == {"simulated-1", "simulated-2"}
    lines = [json.loads(x) for x in campaign.file("provenance.jsonl").read_text().splitlines()]
    assert len(lines) == 20 and all(x["simulated"] for x in lines)
    assert "is not empty" in error_of("demo", tmp_path / "demo")
    assert "at least 2" in error_of("demo", tmp_path / "other", "--reviewers", "1")
