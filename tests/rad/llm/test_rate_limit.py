"""The rate limit of requests, on a clock of our own."""

from __future__ import annotations

import threading

import pytest

from rad.llm.rate_limit import RateLimit


class Clock:
    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def starts():
    """The seconds at which callers with these tokens are let through, one after the other."""

    def run(callers, **limits):
        clock, out = Clock(), []
        limit = RateLimit(**limits, clock=lambda: clock.now, sleep=clock.sleep)
        for n in callers:
            limit.wait(n)
            out.append(round(clock.now, 6))
        return out

    return run


def test_requests_are_spaced_evenly(starts):
    assert starts([0] * 5, requests=30) == [0, 2, 4, 6, 8]


def test_tokens_take_their_share_of_the_minute(starts):
    assert starts([100, 50, 200, 1], tokens=600) == [0, 10, 15, 35]


def test_the_tighter_limit_counts(starts):
    assert starts([100, 1, 100], requests=30, tokens=600) == [0, 10, 12]


def test_no_limit_no_wait(starts):
    assert starts([10**9] * 3) == [0, 0, 0]


def test_time_that_passed_is_not_saved_up_for_a_burst():
    clock = Clock()
    limit = RateLimit(requests=60, clock=lambda: clock.now, sleep=clock.sleep)
    limit.wait()
    clock.now = 100.0
    limit.wait()
    limit.wait()
    assert clock.now == 101


@pytest.mark.parametrize("used, start", [(160, 16), (40, 4), (100, 10)])
def test_what_was_really_used_moves_the_next_start(used, start):
    clock = Clock()
    limit = RateLimit(tokens=600, clock=lambda: clock.now, sleep=clock.sleep)
    limit.wait(100)
    limit.correct(used - 100)
    limit.wait(0)
    assert clock.now == start


def test_threads_take_turns():
    slept, lock = [], threading.Lock()

    def sleep(seconds):
        with lock:
            slept.append(seconds)

    limit = RateLimit(requests=60, clock=lambda: 0.0, sleep=sleep)
    threads = [threading.Thread(target=limit.wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [float(n) for n in range(1, 20)], "each has its own place in the minute"
