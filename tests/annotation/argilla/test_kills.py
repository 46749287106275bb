"""Kills at any time, and the demo: what reviewers answered is never lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import httpx

from annotation.__main__ import main
from annotation.argilla import client as argilla_client
from annotation.argilla.process import serving, start, stop
from annotation.argilla.simulated import Simulated
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from rad.rationales import files
from tests.support.review_server import WORLD, as_user, error_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server_environment")]


class TestKills:
    @pytest.mark.xdist_group("review server")
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
        there = [
            r["external_id"]
            for r in argilla_client.records(client, argilla_client.pushed_datasets(client, other)["review"])
        ]
        assert 12 <= len(there) < 40
        main(arguments)
        there = [
            r["external_id"]
            for r in argilla_client.records(client, argilla_client.pushed_datasets(client, other)["review"])
        ]
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
        assert sum(j.question == "verdict" for j in judgements.read(other)) == 9

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
            answers = [(j.annotator, j.rationale_id) for j in judgements.read(campaign) if j.question == "verdict"]
            assert accepted <= set(answers), "every answer that was accepted is there"
            assert len(answers) == len(set(answers)), "nothing twice"
            by_record = {key: sum(k == key for _, k in answers) for _, key in answers}
            progress = argilla_client.pushed_datasets(argilla_client.connect(campaign), campaign)["review"].progress()
            assert progress["completed"] == sum(n >= 2 for n in by_record.values()), "counts are put right"
            again = Simulated(url, names[0], campaign.reviewers()[names[0]]["password"])
            again.work(dataset)
        assert not (campaign.server / "server.json").exists() and not (campaign.server / "tmp").exists()


def test_demo(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo"), "--domain", WORLD, "--limit", "20"]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "accepted by the server: 40 answers; lost of these: 0" in output
    assert all(f"│ {what} │ {n} │" in output for what, n in (("queue", 6), ("submit", 40), ("search", 4)))
    assert "0 reviews of people and 40 of simulated reviewers, who are no people" in output
    campaign = Campaign(tmp_path / "demo")
    assert {j.annotator for j in judgements.read(campaign)} == {"simulated-1", "simulated-2"}
    lines = [json.loads(x) for x in campaign.file("provenance.jsonl").read_text().splitlines()]
    assert len(lines) == 20 and all(x["simulated"] for x in lines)
    assert "is not empty" in error_of("demo", tmp_path / "demo")
    assert "at least 2" in error_of("demo", tmp_path / "other", "--reviewers", "1")
