"""A rate limit: requests at even distances, so that an endpoint's limits per minute are kept instead of run into.

Kept beside aiolimiter and pyrate-limiter, whose buckets fill up in idle times and then let bursts through. Neither
spaces requests by their tokens, nor moves the next start when an answer took more or fewer than were estimated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """Lets callers through one by one: at most ``requests`` and ``tokens`` a minute. None sets no limit.

    Each caller takes up the line for as long as its share of the minute lasts, of requests or of tokens. So there are
    no bursts. Tokens are an estimate beforehand; ``correct`` adds or subtracts the difference later.
    ``clock`` and ``sleep`` are in seconds.
    """

    def __init__(
        self,
        requests: float | None = None,
        tokens: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._each = 60 / requests if requests else 0.0
        self._token = 60 / tokens if tokens else 0.0
        self._clock, self._sleep = clock, sleep
        self._free, self._lock = clock(), threading.Lock()  # when the line is free again

    def wait(self, tokens: int = 0) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._free)
            self._free = turn + max(self._each, tokens * self._token)
        if turn > now:
            self._sleep(turn - now)

    def correct(self, tokens: int) -> None:
        """``tokens`` more than were estimated were used, or fewer where it is negative."""
        with self._lock:
            self._free += tokens * self._token
