"""The embedded server: nobody gets in who should not, and what cannot be served or reached is one line."""

from __future__ import annotations

import re
import resource
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

import argilla as rg
import httpx

from annotation.__main__ import main
from annotation.argilla import client as argilla_client
from annotation.argilla.process import APP, server_command, start
from annotation.argilla.server import environment
from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from rad.errors import RadError
from tests.annotation.campaign.test_folder import begun
from tests.support.review_server import WORLD, error_of, owner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    pytest.mark.xdist_group("review server"),
]


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
        for path in (*pushed.secrets.glob("*.json"), pushed.server / "argilla.db"):
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
            start(begun(tmp_path / "c"), port=int(url.rpartition(":")[2]))
        assert "--port must be 0 (any free one) to 65535, got 99999" in error_of("serve", tmp_path, "--port", "99999")

    def test_a_mistyped_folder_is_not_made(self, tmp_path):
        mistyped = tmp_path / "frist"
        assert "holds no campaign yet" in error_of("serve", mistyped) and not mistyped.exists()

    @pytest.mark.parametrize("limit", [0, 2**12, 2**18])
    def test_a_full_disk_is_one_line(self, tmp_path, limit):
        """The limit is that of a file: pages cannot be copied, or the database not grow."""
        campaign = begun(tmp_path / "c")
        words = server_command(campaign)
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and len(done.stderr) < 400, done.stderr[:999]
        assert re.match(r"error: .*c/server cannot be read or written \(.*\): is the disk full\?", done.stderr)

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
        assert "argilla-server 2.9.0 is installed, but serve was made for 2.8.0 alone" in error_of(
            "serve", begun(tmp_path / "c").path
        )


class TestBadInput:
    def test_wrong_url_and_key(self, campaign, url, monkeypatch):
        monkeypatch.delenv("ARGILLA_API_KEY", raising=False)
        assert "set ARGILLA_API_KEY" in error_of("status", campaign.path, "--api-url", url)
        monkeypatch.setenv("ARGILLA_API_KEY", "wrong-key")
        message = error_of("status", campaign.path, "--api-url", url)
        assert "refused the key" in message and "wrong-key" not in message
        assert "no Argilla answers at" in error_of("status", campaign.path, "--api-url", "http://127.0.0.1:9")
        for odd in ("nonsense", "http://", f"{url}/sign-in"):
            assert odd in error_of("status", campaign.path, "--api-url", odd)

    def test_an_endpoint_that_answers_nonsense(self, campaign, fake_endpoint, monkeypatch):
        monkeypatch.setenv("ARGILLA_API_KEY", "some-key")
        assert fake_endpoint.url in error_of("status", campaign.path, "--api-url", fake_endpoint.url)

    def test_an_overlap_of_nobody(self, tmp_path):
        assert "--overlap must be at least 1, got 0" in error_of("push", begun(tmp_path / "c").path, "--overlap", "0")

    def test_not_served(self, tmp_path):
        main(["draft", str(tmp_path / "c"), "--domain", WORLD, "--limit", "1"])
        assert "the campaign's server is not running" in error_of("push", tmp_path / "c")
        assert "nothing was pushed yet" in error_of("pull", tmp_path / "c")
        assert "the folder holds no campaign yet" in error_of("push", tmp_path / "none")
        assert "'a b': user names have" in error_of("push", tmp_path / "c", "--reviewers", "a b")

    def test_empty_campaign_and_forms_that_differ(self, campaign, url, tmp_path, monkeypatch):
        monkeypatch.setenv("ARGILLA_API_KEY", campaign.owner()["api_key"])
        other = Campaign(tmp_path / "other")
        main(["draft", str(other.path), "--domain", WORLD, "--limit", "2"])
        content = other.file("drafts.jsonl").read_bytes()
        other.file("drafts.jsonl").write_bytes(b"")
        at = ("--api-url", url)
        assert "has no drafts" in error_of("push", other.path, *at)
        other.file("drafts.jsonl").write_bytes(content)
        client = argilla_client.connect(campaign)
        rg.Workspace(name="other", client=client).create()
        half = rg.Settings(
            fields=[rg.TextField(name=n, client=client) for n in ("history", "draft", "facts", "item")],
            questions=[rg.RatingQuestion(name="credibility", values=[1, 2, 3, 4, 5], client=client)],
        )
        dataset = rg.Dataset("review", "other", half, client=client).create()
        message = error_of("push", other.path, *at)
        assert "another form: no question 'plausibility' (it has 'credibility'; was it renamed?)" in message
        other.set_overlap(2)
        assert "was it renamed?" in error_of("pull", other.path, *at)
        dataset.delete()
        main(["push", str(other.path), *at, "--reviewers", "dora"])
        assert other.reviewers()["dora"]["password"], "the same commands work against any Argilla"
        main(["status", str(other.path), *at])
        main(["pull", str(other.path), *at])
        assert judgements.read(other) == [] and other.file("rationales.jsonl").read_bytes() == b""
