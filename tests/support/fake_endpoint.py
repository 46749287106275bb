"""A FAKE endpoint for tests: a local server that speaks the chat protocol and misbehaves on request. It is no model."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from functools import cache
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


def refusal(words):
    """A completion whose model declines."""
    status, body, headers = say(None)
    body["choices"][0]["message"]["refusal"] = words
    return status, body, headers


def plausible(request):
    """Reasons and a ranking that depend on the prompt alone."""
    prompt = request["messages"][-1]["content"]
    first = 1 + int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 5
    reasons = [{"because": [1], "wants": "something red or a coat", "avoids": ""}]
    return say(json.dumps({"reasons": reasons, "ranking": [first, first + 5, first + 2]}))


def values_of(line):
    """The attribute values at the end of a line that describes an item: (name, value) pairs."""
    return re.findall(r"(\w+) = ([^;)]+)", line)


def as_value(pair):
    return {"attribute": pair[0], "value": pair[1]}


def draft(letter="A", strength="most likely", **changes):
    """A faultless draft in the form of the drafter ``llm``: one fact, by its letter."""
    reasons = [{"fact": letter, "strength": strength}]
    return {"thoughts": "hm", "reasons": reasons, "unexplained": "likely", **changes}


def contrast(item, other, **changes):
    """A faultless answer about two described items."""
    first, (apart, *_) = values_of(item)[0], [pair for pair in values_of(other) if pair not in values_of(item)]
    sides = {
        "for": {"claims": [as_value(first)], "text": f"It is {first[1]}, as is [1]."},
        "against": {"claims": [], "text": "Nothing speaks against it."},
        "contrast": {"claims": [as_value(apart)], "text": f"It comes close, but is {apart[1]}."},
    }
    return {"thoughts": "hm", **sides, **changes}


def drafting(request):
    """What the drafter ``llm`` asks for, made from its prompt alone, without a fault."""
    prompt = request["messages"][-1]["content"]
    if "An item:" in prompt:
        item, other = re.search(r"An item:\n\n(.*)\n\n.*\n\n(.*)", prompt).groups()
        return say(json.dumps(contrast(item, other)))
    return say(json.dumps(draft() if "\nA. " in prompt else draft(reasons=[])))


_create_context = cache(ssl.create_default_context)


def one_context(*_, **__):
    """One context for all clients of a process: each would read all certificates, though the fake speaks plain HTTP."""
    return _create_context()


CUT = (None, b"", {})
"""The connection is closed without an answer."""


class FakeEndpoint:
    """Answers by ``script`` (answers, or functions of the request; taken one by one), then by ``answer``.

    A function may give another one back: that writes the response itself, to the request's handler.
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
            answer = chosen(request) if callable(chosen) else chosen
        finally:
            with self._lock:
                self._now -= 1
        if callable(answer):
            with suppress(OSError):  # the client has given up
                answer(handler)
            handler.close_connection = True
            return
        status, body, headers = answer
        if status is None:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                handler.send_header(name, value)
            if "Content-Length" not in headers:
                handler.send_header("Content-Length", str(len(raw)))
            handler.end_headers()
            handler.wfile.write(raw)
            handler.close_connection |= "Content-Length" in headers  # less than was announced
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
