"""A client for any OpenAI-compatible chat endpoint: retried, concurrent, and cached, so that no answer is paid twice.

    endpoint = Endpoint("http://127.0.0.1:8000/v1", "some-model", cache_dir() / "prompted")
    answer = endpoint.ask([{"role": "user", "content": "..."}], schema={"type": "object", ...})
    answer.value if answer.problem is None else answer.problem.kind
    for result in endpoint.in_order(function_that_asks, many_inputs): ...

The key comes from ``RAD_API_KEY`` or ``OPENAI_API_KEY`` and is never written down. Rate limits, server errors, timeouts
and cut connections are tried again: after as long as ``Retry-After`` says, at most ``LONGEST_WAIT``; without it after
half a second, twice that, and so on up to ``LONGEST_BACKOFF``, shortened at random. A rate limit can be set, which
retries keep, too. Kept beside the ``openai`` package, which waits for ``Retry-After`` up to a minute alone, tries again
what a server can never do, and has no timeout for a whole answer.

With a schema, the endpoint is asked to hold its answer to it (:mod:`rad.llm.constraint`). Where its words refuse that,
a line says so, and the next way is tried from then on. Every answer is read here: an answer that declines, is cut, is
empty, or is not one JSON object with the required fields has a ``problem``. One without a problem is final: it goes
into the cache (:mod:`rad.llm.answer_cache`) as soon as it arrives, and a killed run finds what it has paid for. Any
other is asked again by the next run.

Two kinds of failure: :class:`Unanswered` concerns one request; a :class:`RadError` (no connection, a refused key, an
unknown model, a used-up quota) would befall the next request as well, so it ends the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from rad.errors import RadError
from rad.llm import constraint, failures
from rad.llm.answer import Answer, Problem
from rad.llm.answer_cache import AnswerCache
from rad.llm.completion import answer_of
from rad.llm.constraint import Constraint
from rad.llm.failures import KEYS, Status, TotalTimeout, Unanswered
from rad.llm.forms import Unreadable, one_object
from rad.llm.rate_limit import RateLimit
from rad.runtime.files import canonical

__all__ = ["Endpoint", "Unanswered", "checked_url"]

PATIENCE = 10  # requests that fail in a row before the endpoint counts as broken
LONGEST_WAIT = 600  # seconds that Retry-After may ask for; who is to wait longer goes on later
LONGEST_BACKOFF = 8  # seconds between tries where the endpoint names none
LARGEST = 64_000_000  # bytes of a response; no answer is that long
FORM = 2  # of the cache: answers of before, which may be unreadable, are not read
Input = TypeVar("Input")
Output = TypeVar("Output")
Messages = Sequence[Mapping[str, str]]
Schema = Mapping[str, object]
Check = Callable[[Mapping[str, object]], object]


class Endpoint:
    """One model behind one URL. Every method may be called from several threads.

    Args:
        base_url: ``http://HOST:PORT/v1``.
        model: Its name at the endpoint.
        folder: Where answers are kept; other models and URLs may share it.
        parameters: They go into each request as they are (``temperature``, ``max_tokens``, ``seed``, ...).
        timeout: Seconds to wait for the connection, and for each next byte.
        total_timeout: Seconds to wait for the whole of an answer whose first byte has come.
        retries: Tries after a rate limit, error or timeout.
        concurrency: Requests under way at once in :meth:`in_order`.
        requests_per_minute: The most requests, retries included; None for no limit.
        tokens_per_minute: The most tokens of prompts and answers; None for no limit.
        schema: How answers are held to a schema, and what is tried first.
        shorter: What shortens a prompt, for the message that one is too long.
        fresh: Ask again what is kept; the new answer takes the old one's place.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        folder: Path,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout: float = 120,
        total_timeout: float = 600,
        retries: int = 5,
        concurrency: int = 8,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        schema: Constraint = "json_schema",
        shorter: str = "",
        fresh: bool = False,
    ) -> None:
        self.base_url, self.model, self.parameters = checked_url(base_url).rstrip("/"), model, dict(parameters or {})
        self.timeout, self.total_timeout, self.concurrency = timeout, total_timeout, concurrency
        self._key = _key()
        self._limit = RateLimit(requests_per_minute, tokens_per_minute)
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=concurrency)
        self._http = httpx.Client(headers=headers, timeout=timeout, limits=limits, follow_redirects=True)
        self._retrying = Retrying(
            stop=stop_after_attempt(retries + 1),
            retry=retry_if_exception(self._passes),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        name = hashlib.sha256(canonical([self.base_url, model]).encode()).hexdigest()[:8]
        self._cache = AnswerCache(folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', model)[-60:]}-{name}")
        self._lock, self._turns = threading.Lock(), dict[str, threading.Lock]()
        self._stopped = threading.Event()
        self._constraints = constraint.in_turn(schema)
        self._answered, self._failed = len(self._cache) > 0, 0
        self._shorter, self._fresh = shorter, fresh
        self._renewed: set[str] = set()
        self._shown: set[str] = set()  # kinds of failure whose words stand on the screen
        self._broken: str | None = None  # the reason that no request can succeed any more

    def ask(
        self,
        messages: Messages,
        schema: Schema | None = None,
        more: Mapping[str, object] | None = None,
        check: Check | None = None,
    ) -> Answer:
        """The answer to ``messages``, from the cache if it is there. A question asked twice at a time is sent once.

        Args:
            messages: Those of the chat.
            schema: A JSON schema of an object. The answer is read as one with the fields that it requires.
            more: Parameters of this request alone.
            check: A further look at that object; it raises :class:`rad.llm.forms.Unreadable`.

        Returns:
            An answer with its ``value``, if a schema was asked for, or with a ``problem``.

        Raises:
            Unanswered: This request got no answer.
            RadError: No request can succeed any more.
        """
        parameters = {**self.parameters, **(more or {})}
        request = {"base_url": self.base_url, "model": self.model, "messages": list(messages), **parameters}
        key = hashlib.sha256(canonical({**request, "schema": schema, "form": FORM}).encode()).hexdigest()
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            stored = self._cache.get(key) if not self._fresh or key in self._renewed else None
            answer = _read(stored, messages, schema, check) if stored else None
            if answer is None or answer.problem:
                answer = _read(self._send(messages, schema, parameters), messages, schema, check)
                if answer.problem is None:
                    self._cache.add(key, answer)  # before it is used: who is killed afterwards has it
                    self._renewed.add(key)
        return answer

    def in_order(self, function: Callable[[Input], Output], inputs: Iterable[Input]) -> Iterator[Output]:
        """``function`` of each input, in order, ``concurrency`` at a time. An exception begins nothing new."""
        waiting: deque[Future[Output]] = deque()
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            for value in inputs:
                waiting.append(pool.submit(function, value))
                if len(waiting) >= 4 * self.concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            self._stopped.set()  # nobody waits for the next try
            pool.shutdown(cancel_futures=True)  # what is under way arrives and is kept
            self._stopped.clear()

    def _send(self, messages: Messages, schema: Schema | None, parameters: Mapping[str, object]) -> Answer:
        """The answer to a request: tried again, and under a weaker constraint, where that may help."""
        while True:
            held = self._constraints[0] if schema is not None else "none"
            body = {"model": self.model, "messages": list(messages), **parameters}
            body |= constraint.parameters(held, schema) if schema is not None else {}
            try:
                answer = self._retrying.copy()(self._once, body, held != "none")
            except (RadError, Unanswered):
                raise
            except Exception as error:
                if isinstance(error, Status) and held != "none" and constraint.refuses(error.status, error.words):
                    self._weaken(held, error.words)
                    continue
                raise self._failure(error) from error
            self._answered, self._failed = True, 0
            return answer

    def _once(self, body: Mapping[str, object], structured: bool) -> Answer:
        if self._broken:
            raise RadError(self._broken)
        if self._stopped.is_set():
            raise Unanswered("the run was stopped")
        estimate = _estimated_tokens(body)
        self._limit.wait(estimate)
        answer = self._posted(body, structured)
        if answer.prompt_tokens is not None and answer.completion_tokens is not None:
            self._limit.correct(answer.prompt_tokens + answer.completion_tokens - estimate)
        return answer

    def _posted(self, body: Mapping[str, object], structured: bool) -> Answer:
        """The answer in the response, all of which comes before ``total_timeout``."""
        end, parts, size = time.monotonic() + self.total_timeout, [], 0
        content = json.dumps(body)  # ASCII: half a surrogate pair fits no other encoding
        with self._http.stream("POST", f"{self.base_url}/chat/completions", content=content) as response:
            for part in response.iter_bytes():
                if time.monotonic() > end:
                    raise TotalTimeout
                parts.append(part)
                size += len(part)
                if size > LARGEST:
                    raise Status(200, f"more than {LARGEST:,} bytes", response.headers)
        received = b"".join(parts)
        try:
            if not response.is_error:
                return answer_of(json.loads(received), structured)
        except (ValueError, RecursionError):
            pass
        raise Status.of(response.status_code, received, response.headers, self._key)

    def _passes(self, error: BaseException) -> bool:
        """Whether to try the same request again."""
        if isinstance(error, Status) and constraint.refuses(error.status, error.words):
            return False
        return failures.passes(error) and not self._broken and (failures.retry_after(error) or 0) <= LONGEST_WAIT

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _weaken(self, held: Constraint, words: str) -> None:
        """No later request asks for ``held``, which the endpoint refuses, and a line says so."""
        with self._lock:
            if self._constraints[0] == held:
                self._constraints = self._constraints[1:]
                line = f"{self.base_url} refuses schema={held}, so schema={self._constraints[0]} is tried ({words})"
                print(line, file=sys.stderr)

    def _failure(self, error: Exception) -> Exception:
        """What a failed request means. What would befall the next request, too, is raised by all that follow."""
        if self._broken:  # by another thread, in the meantime
            return RadError(self._broken)
        lasting = failures.lasting(error, self.model, self._key is not None, not self._answered)
        if lasting is None:
            reason = failures.reason(error, self.timeout, self.total_timeout)
            if reason == failures.OVERFLOW and self._shorter:
                reason = f"{reason}: {self._shorter}"
            words = error.words if isinstance(error, Status) else ""
            with self._lock:
                if words and reason not in self._shown:
                    self._shown.add(reason)
                    print(f"{self.base_url}: {reason} ({words})", file=sys.stderr)
                self._failed += 1
                if self._failed < PATIENCE:
                    return Unanswered(reason, words)
            spoken = f" ({words})" if words else ""
            lasting = f"{reason}{spoken}, {PATIENCE} times in a row; answers so far are kept"
        self._broken = f"{self.base_url}: {lasting}"
        self._stopped.set()  # who waits for the next try learns of it
        return RadError(self._broken)


def _read(answer: Answer, messages: Messages, schema: Schema | None, check: Check | None) -> Answer:
    """The answer with its value, or its problem."""
    if answer.problem or schema is None:
        return answer
    required = schema.get("required")
    try:
        value = one_object(answer.text, "\n".join(message["content"] for message in messages))
        if lacking := [name for name in (required if isinstance(required, list) else ()) if name not in value]:
            raise Unreadable(f"the answer lacks {', '.join(map(repr, lacking))}")
        if check is not None:
            check(value)
    except Unreadable as error:
        return replace(answer, problem=Problem("unreadable", str(error)))
    return replace(answer, value=value)


def _wait(state: RetryCallState) -> float:
    """Seconds before the next try."""
    seconds = failures.retry_after(state.outcome.exception()) if state.outcome else None
    return _BACKOFF(state) if seconds is None else seconds


_BACKOFF = wait_random_exponential(multiplier=0.5, max=LONGEST_BACKOFF)


def _key() -> str | None:
    name = next((name for name in KEYS if os.environ.get(name)), None)
    if name is None:
        return None
    key = os.environ[name].strip()
    if not (key.isascii() and key.isprintable()):
        raise RadError(f"{name} holds what no key has: characters other than letters, digits and signs")
    return key


def checked_url(url: str) -> str:
    """``url`` if it is one of http or https without a user or password in it, which would be written into results."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise RadError("base_url must look like http://HOST:PORT/v1")
    if parts.username is not None or parts.query:
        raise RadError(f"base_url must hold no user, password or query: a key belongs in {KEYS[0]}")
    return url


def _estimated_tokens(body: Mapping[str, object]) -> int:
    """Tokens of a request and its answer, rather too many: one for four characters, and all that may be written."""
    longest, messages = body.get("max_tokens"), body.get("messages")
    characters = sum(len(message["content"]) for message in messages) if isinstance(messages, list) else 0
    return characters // 4 + (longest if isinstance(longest, int) else 0)
