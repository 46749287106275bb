"""What a request that got no answer means: whether to try again, and whether the next request can fare better."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

KEYS = ("RAD_API_KEY", "OPENAI_API_KEY")
TOO_LONG = re.compile(
    r"context.?(length|window|size|limit)|(exceed|longer|larger|fit).{0,60}context|too (long|many tokens)"
    r"|maximum length",
    re.IGNORECASE,
)
FILTERED = re.compile(r"content.?(filter|policy|management)|moderation|safety|flagged", re.IGNORECASE)
OVERFLOW = "the prompt and max_tokens together are longer than the model's context"


class Unanswered(Exception):
    """One request got no answer.

    The text names the kind of failure alone, so that equal ones add up; ``words`` are the endpoint's own.
    """

    def __init__(self, kind: str, words: str = "") -> None:
        super().__init__(kind)
        self.words = words


class Status(Exception):
    """The endpoint answered, but not with a chat completion: the status, its words in one line, and the headers."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"status {status}: {words}")
        self.status, self.words, self.headers = status, words, headers

    @property
    def is_error(self) -> bool:
        """Whether the endpoint says itself that something is the matter."""
        return self.status >= 400

    @classmethod
    def of(cls, status: int, body: bytes, headers: Mapping[str, str], key: str | None) -> Status:
        """What a response is that holds no completion. Some endpoints send their errors with status 200."""
        words, error = words_of(body, key), _loaded(body)
        code = error["error"] if isinstance(error, dict) and "error" in error else None
        if status < 400 and code is not None:
            code = code.get("code") if isinstance(code, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
        return cls(status, words, headers)


class TotalTimeout(Exception):
    """Bytes came, but the answer was never whole."""


def words_of(body: bytes, key: str | None) -> str:
    """The endpoint's own words on an error in one line, without the key."""
    value = _loaded(body)
    for name in ("error", "message", "detail"):
        value = value.get(name) or value if isinstance(value, dict) else value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace(key, "***") if key else text
    return textwrap.shorten(text.encode("utf-8", "replace").decode(), 200, placeholder="...")


def _loaded(body: bytes) -> object:
    """The JSON of a body, or its text."""
    try:
        value: object = json.loads(body)
        return value
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def passes(error: BaseException) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, Status):
        return error.status in (408, 409, 429) or (error.status >= 500 and not TOO_LONG.search(error.words))
    return isinstance(error, httpx.TransportError)


def retry_after(error: BaseException | None) -> float | None:
    """The seconds that ``Retry-After`` asks for, a number or a date; None where it does not."""
    text = error.headers.get("retry-after", "") if isinstance(error, Status) else ""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # no date; one without a time zone
        return None


def reason(error: Exception, timeout: float, total_timeout: float) -> str:
    """The kind of failure, in a few words."""
    match error:
        case TotalTimeout():
            return f"no whole answer within {total_timeout:g} s"
        case httpx.TimeoutException():
            return f"no answer within {timeout:g} s"
        case httpx.HTTPError():
            return "the connection was cut"
        case Status() if error.is_error and TOO_LONG.search(error.words):
            return OVERFLOW
        case Status() if error.is_error and FILTERED.search(error.words):
            return "a content filter refused the prompt"
        case Status() if error.is_error:
            return f"the endpoint answered with status {error.status}"
    return "the endpoint sent what is not a chat completion"


def lasting(error: Exception, model: str, with_key: bool, is_first: bool) -> str | None:
    """Why no request can succeed, if this error is of that kind.

    Args:
        error: What befell the request.
        model: The model that was asked for.
        with_key: Whether a key went with it.
        is_first: Whether the endpoint has answered nothing yet. Later on, a refusal may be about one prompt.
    """
    if isinstance(error, Status):
        return _lasting_status(error, model, with_key, is_first)
    if isinstance(error, httpx.TimeoutException):
        return None
    if isinstance(error, httpx.ConnectError) or (isinstance(error, httpx.TransportError) and is_first):
        return f"no connection ({error or type(error).__name__}); is the server running?"
    return None


def _lasting_status(error: Status, model: str, with_key: bool, is_first: bool) -> str | None:
    words = error.words
    match error.status:
        case 401 | 403:
            problem = "the key was refused" if with_key else "a key is needed"
            return f"{problem} ({error.status}): set {KEYS[0]} or {KEYS[1]}"
        case 404:
            return f"no model '{model}', or no such path ({words})"
        case 429:
            return f"rate limit or quota used up ({words}); answers so far are kept: go on later"
        case status if 400 <= status < 500 and is_first and not (TOO_LONG.search(words) or FILTERED.search(words)):
            return f"the request was refused ({status}: {words})"
    return None
