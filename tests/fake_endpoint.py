"""A FAKE endpoint for tests: a local server that speaks the chat protocol and misbehaves on request. It is no model."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def fail(status, message="no", **headers):
    """An answer with an error status."""
    return status, {"error": {"message": message}}, {k.replace("_", "-"): v for k, v in headers.items()}


def say(content, finish="stop", usage=(11, 7)):
    """A completion whose message is ``content``."""
    counts = usage and {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = {"id": "fake", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice]}
    return 200, {**body, **({"usage": counts} if counts else {})}, {}


def plausible(request):
    """Reasons and a ranking that depend on the prompt alone."""
    prompt = request["messages"][-1]["content"]
    first = 1 + int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 5
    reasons = [{"because": [1], "wants": "something red or a coat", "avoids": ""}]
    return say(json.dumps({"reasons": reasons, "ranking": [first, first + 5, first + 2]}))


class FakeEndpoint:
    """Answers by ``script`` (answers, or functions of the request; taken one by one), then by ``answer``.

    ``requests`` has the body of every request, ``keys`` its Authorization header.
    """

    def __init__(self):
        self.requests, self.keys, self.script, self.answer = [], [], [], plausible
        self.most, self._now, self._lock = 0, 0, threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner._handle(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _handle(self, handler):
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            self.requests.append(request)
            self.keys.append(handler.headers.get("Authorization"))
            chosen = self.script.pop(0) if self.script else self.answer
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            status, body, headers = chosen(request) if callable(chosen) else chosen
        finally:
            with self._lock:
                self._now -= 1
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(raw)))
            handler.end_headers()
            handler.wfile.write(raw)
        except OSError:  # the client has given up
            handler.close_connection = True

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def slowly(seconds, answer=plausible):
    """An answer that comes late."""

    def wait(request):
        time.sleep(seconds)
        return answer(request)

    return wait
