"""A client for any OpenAI-compatible chat endpoint: retried, concurrent, and cached, so that no answer is paid twice.

    endpoint = Endpoint("http://127.0.0.1:8000/v1", "some-model", cache_dir() / "prompted")
    answer = endpoint.ask([{"role": "user", "content": "..."}], schema={"type": "object", ...})
    for result in endpoint.in_order(function_that_asks, many_inputs): ...

The key comes from ``RAD_API_KEY`` or ``OPENAI_API_KEY`` and is never written down. The ``openai`` client retries rate
limits, server errors, timeouts and cut connections with back-off and jitter, and waits as long as ``Retry-After`` says.
A rate limit can be set, which retries keep, too. Each answer goes into the cache (:mod:`rad.llm.answer_cache`) as soon
as it arrives; a killed run finds what it has paid for.

Two kinds of failure: :class:`Unanswered` concerns one request; a :class:`RadError` (no connection, a refused key, an
unknown model, a used-up quota) would befall the next request as well, so it ends the run.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import textwrap
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion
from pydantic import AfterValidator

from rad.errors import RadError
from rad.llm.answer import Answer
from rad.llm.answer_cache import AnswerCache
from rad.llm.rate_limit import RateLimit
from rad.runtime.files import canonical

KEYS = ("RAD_API_KEY", "OPENAI_API_KEY")
PATIENCE = 10  # requests that fail in a row before the endpoint counts as broken
REFUSAL = re.compile("response_?format|json_?schema|structured|grammar|guided", re.IGNORECASE)
TOO_LONG = re.compile("context|too long|too many tokens|maximum length", re.IGNORECASE)
Input = TypeVar("Input")
Output = TypeVar("Output")


class Unanswered(Exception):
    """One request got no answer. The text names the kind of failure alone, so that equal ones add up."""


class Endpoint:
    """One model behind one URL. Every method may be called from several threads.

    Args:
        base_url: ``http://HOST:PORT/v1``.
        model: Its name at the endpoint.
        folder: Where answers are kept; other models and URLs may share it.
        parameters: They go into each request as they are (``temperature``, ``max_tokens``, ``seed``, ...).
        timeout: Seconds to wait for an answer.
        retries: Tries after a rate limit, error or timeout.
        concurrency: Requests under way at once in :meth:`in_order`.
        requests_per_minute: The most requests, retries included; None for no limit.
        tokens_per_minute: The most tokens of prompts and answers; None for no limit.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        folder: Path,
        parameters: Mapping[str, object] | None = None,
        timeout: float = 120,
        retries: int = 5,
        concurrency: int = 8,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        self.base_url, self.model, self.parameters = base_url.rstrip("/"), model, dict(parameters or {})
        self.timeout, self.concurrency = timeout, concurrency
        self._key = next((os.environ[name] for name in KEYS if os.environ.get(name)), None)
        self._limit, self._estimate = RateLimit(requests_per_minute, tokens_per_minute), threading.local()
        self._client = openai.OpenAI(
            base_url=checked_url(base_url),
            api_key=self._key or "none",
            timeout=timeout,
            max_retries=retries,
            http_client=openai.DefaultHttpxClient(event_hooks={"request": [self._wait]}),  # before each retry, too
        )
        name = hashlib.sha256(canonical([self.base_url, model]).encode()).hexdigest()[:8]
        self._cache = AnswerCache(folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', model)[-60:]}-{name}")
        self._lock, self._turns = threading.Lock(), dict[str, threading.Lock]()
        self._structured, self._answered, self._failed = True, len(self._cache) > 0, 0
        self._broken: str | None = None  # why no request can succeed any more

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, object] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> Answer:
        """The answer to ``messages``, from the cache if it is there. A question asked twice at a time is sent once.

        Args:
            messages: Those of the chat.
            schema: A JSON schema that holds the answer, if the endpoint can.
            more: Parameters of this request alone.

        Raises:
            Unanswered: This request got no answer.
            RadError: No request can succeed any more.
        """
        parameters = {**self.parameters, **(more or {})}
        request = {"base_url": self.base_url, "model": self.model, "messages": list(messages), **parameters}
        key = hashlib.sha256(canonical({**request, "schema": schema}).encode()).hexdigest()
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            answer = self._cache.get(key)
            if answer is None:
                answer = self._send(messages, schema, parameters)
                self._cache.add(key, answer)  # before it is used: who is killed afterwards has it
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
            pool.shutdown(cancel_futures=True)  # what is under way arrives and is kept

    def _wait(self, _: object) -> None:
        self._limit.wait(self._estimate.tokens)

    def _send(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, object] | None,
        parameters: Mapping[str, object],
    ) -> Answer:
        if self._broken:
            raise RadError(self._broken)
        structured = self._structured and schema is not None
        more: dict[str, object] = {}
        if structured:
            shape = {"name": "answer", "strict": True, "schema": schema}
            more["response_format"] = {"type": "json_schema", "json_schema": shape}
        create: Callable[..., object] = self._client.chat.completions.create
        self._estimate.tokens = _estimated_tokens(messages, parameters)
        try:
            completion = create(model=self.model, messages=list(messages), **parameters, **more)
        except (openai.OpenAIError, ValueError) as error:  # ValueError: a body that is not JSON
            if structured and isinstance(error, openai.APIStatusError) and self._no_schema(error):
                return self._send(messages, schema, parameters)
            raise self._failure(error) from error
        if not isinstance(completion, ChatCompletion) or not completion.choices:
            raise self._failure(None)
        self._answered, self._failed = True, 0
        choice, usage = completion.choices[0], completion.usage
        read, written = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
        if usage:
            self._limit.correct(usage.prompt_tokens + usage.completion_tokens - self._estimate.tokens)
        text = (choice.message.content or "").encode("utf-8", "replace").decode()  # half a surrogate pair fits no file
        return Answer(text, choice.finish_reason, read, written, structured)

    def _no_schema(self, error: openai.APIStatusError) -> bool:
        """Whether the endpoint refuses to be held to a schema: then no later request asks, and a line says so."""
        message = self._message(error)
        if error.status_code not in (400, 422) or not REFUSAL.search(message):
            return False
        with self._lock:
            if self._structured:
                line = f"{self.base_url} takes no JSON schema, so answers are read as plain text ({message})"
                print(line, file=sys.stderr)
            self._structured = False
        return True

    def _failure(self, error: Exception | None) -> Exception:
        """What a failed request means. What would befall the next request, too, is raised by all that follow."""
        lasting = self._lasting(error)
        if lasting is None:
            if isinstance(error, openai.APITimeoutError):
                reason = f"no answer within {self.timeout:g} s"
            elif isinstance(error, openai.APIConnectionError):
                reason = "the connection was cut"
            elif not isinstance(error, openai.APIStatusError):
                reason = "the endpoint sent what is not a chat completion"
            elif TOO_LONG.search(self._message(error)):
                return Unanswered("the prompt is longer than the model's context")
            else:
                reason = f"the endpoint answered with status {error.status_code}"
            with self._lock:
                self._failed += 1
                if self._failed < PATIENCE:
                    return Unanswered(reason)
            lasting = f"{reason}, {PATIENCE} times in a row; answers so far are kept"
        self._broken = f"{self.base_url}: {lasting}"
        return RadError(self._broken)

    def _lasting(self, error: Exception | None) -> str | None:
        """Why no request can succeed, if this error is of that kind."""
        match error:
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                problem = "the key was refused" if self._key else "a key is needed"
                return f"{problem} ({error.status_code}): set {KEYS[0]} or {KEYS[1]}"
            case openai.NotFoundError():
                return f"no model '{self.model}', or no such path ({self._message(error)})"
            case openai.RateLimitError():
                return f"rate limit or quota used up ({self._message(error)}); answers so far are kept: go on later"
            case openai.APITimeoutError():
                return None
            case openai.APIConnectionError() if _unreachable(error) or not self._answered:
                return f"no connection ({error.__cause__ or error}); is the server running?"
            case openai.APIStatusError() if error.status_code < 500 and not self._answered:
                # Later on, the same status may be about one prompt (a content filter)
                message = self._message(error)
                return None if TOO_LONG.search(message) else f"the request was refused ({error.status_code}: {message})"
        return None

    def _message(self, error: openai.APIStatusError) -> str:
        """The endpoint's own words in one line, without the key."""
        body = error.body if isinstance(error.body, dict) else {}
        text = str(body.get("message") or body.get("detail") or error.message)
        text = text.replace(self._key, "***") if self._key else text
        return textwrap.shorten(text, 200, placeholder="...")


def checked_url(url: str) -> str:
    """``url`` if it is one of http or https without a user or password in it, which would be written into results."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RadError("base_url must look like http://HOST:PORT/v1")
    if parts.username is not None or parts.query:
        raise RadError(f"base_url must hold no user, password or query: a key belongs in {KEYS[0]}")
    return url


def _url_setting(url: str) -> str:
    try:
        return checked_url(url)
    except RadError as error:
        raise ValueError(str(error)) from error  # the one kind that pydantic reports as an error of the field


PublicUrl = Annotated[str, AfterValidator(_url_setting)]
"""The type of a setting ``base_url``: a URL that may be written into results, as :func:`checked_url` says."""


def _unreachable(error: Exception) -> bool:
    """Whether no connection was made, rather than cut later. By name: the client's HTTP library is its own affair."""
    return type(error.__cause__).__name__ == "ConnectError"


def _estimated_tokens(messages: Sequence[Mapping[str, str]], parameters: Mapping[str, object]) -> int:
    """Tokens of a request and its answer, rather too many: one for four characters, and all that may be written."""
    longest = parameters.get("max_tokens")
    return sum(len(message["content"]) for message in messages) // 4 + (longest if isinstance(longest, int) else 0)
