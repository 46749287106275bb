"""A guard for tests of texts that a quadratic reader would take minutes for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ends(seconds: float = 60) -> Iterator[None]:
    """Fails what this process still does after ``seconds`` of its processor's time.

    No measurement: the usual time is a hundredth of it, so that a busy machine passes, and the texts are so long that
    a reader of quadratic time does not.
    """

    def stop(*_: object) -> None:
        raise AssertionError(f"not ended after {seconds:g} s of a processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
