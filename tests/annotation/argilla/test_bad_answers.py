"""Servers that say they are Argilla 2 and answer with parts missing: one line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("argilla", reason="needs the extra 'annotate'")

from annotation.argilla.client import argilla_errors
from tests.annotation.campaign.test_folder import begun
from tests.support.review_server import error_of

ME = {"id": "0b0f6e4e-6f0c-4a1e-8a55-0c1c9a7f2a11", "username": "o", "first_name": "o", "role": "owner"}
ME |= {"inserted_at": "2026-01-01T00:00:00", "updated_at": "2026-01-01T00:00:00"}


class OddArgilla:
    """Answers the version and the owner's account, and everything else by ``answer``."""

    def __init__(self) -> None:
        self.answer: object = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                by_path = {"/api/v1/version": {"version": "2.8.0"}, "/api/v1/me": ME}
                raw = json.dumps(by_path.get(path, owner.answer)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def odd(monkeypatch) -> Iterator[OddArgilla]:
    monkeypatch.setenv("ARGILLA_API_KEY", "some-key")
    server = OddArgilla()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.mark.parametrize("answer", [{}, {"items": [{}], "total": 1}, [], {"items": None}, "words"])
@pytest.mark.parametrize("command", ["status", "pull", "withdraw"])
def test_answers_that_lack_parts(odd, tmp_path, command, answer):
    odd.answer, campaign = answer, begun(tmp_path / "c")
    campaign.set_overlap(2)
    more = ["anna"] if command == "withdraw" else []
    message = error_of(command, campaign.path, *more, "--api-url", odd.url)
    assert f"{command}: the server did not answer as expected (" in message


def test_own_errors_are_not_laid_to_the_server():
    with pytest.raises(KeyError), argilla_errors("pull"):
        {}["ours"]
