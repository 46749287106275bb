"""Counter-based random words and an integer exponential: the same on every machine, in any order, in any chunk.

A number is a pure function of (seed, purpose, counters), so a user never depends on which users were made before.

A seed of at most 64 bits goes through a fast mixer, which tells whoever sees enough of a world what the rest of it is.
A longer one is a *key*: its words are BLAKE2b under it (RFC 7693), so that no published part tells of the others.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.floating[Any]]
Counter = npt.ArrayLike  # non-negative integers

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
OCTAVE = 8  # utility units that double the odds
DEPTH = 320  # utilities further than this below the best count as this far


class Purpose(IntEnum):
    """What a stream of words is for. Numbers are part of the frozen format: add, never renumber."""

    KIND = 1
    VALUE = 2
    SECOND = 3
    TWIN = 4
    APPEAL = 5
    SURFACE = 6
    SENTENCE = 7
    LENGTH = 20
    TASTE_SIZE = 21
    TASTE = 22
    LIMIT = 23
    NEED = 24
    MODE = 25
    CHOICE = 26
    RATING = 27
    REVIEW = 28
    CLOCK = 29
    WORDING = 30
    CIRCLE = 31


def random_words(seed: int, purpose: Purpose, *counters: Counter) -> Words:
    """64 random bits for each element of the broadcast ``counters``."""
    if seed > MASK:
        return _keyed_words(seed, purpose, counters)
    # each counter is mixed in by one round, so its place counts: (1, 2) and (2, 1) give other words
    mixed = _mix(np.array([(seed + GOLDEN * int(purpose)) & MASK], dtype=np.uint64))
    for counter in counters:
        step = (np.atleast_1d(np.asarray(counter, dtype=np.uint64)) + np.uint64(1)) * np.uint64(GOLDEN)
        mixed = _mix(mixed + step)
    return mixed


def _mix(x: Words) -> Words:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014), a bijection of 64 bits."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _keyed_words(seed: int, purpose: Purpose, counters: tuple[Counter, ...]) -> Words:
    """The same for a key of up to 256 bits."""
    key = seed.to_bytes(32, "little")
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, dtype="<u8")) for c in counters))
    # (elements, 1 + counters): the message of an element is its row in little-endian bytes
    rows = np.stack([np.full(columns[0].shape, int(purpose), "<u8"), *columns], axis=-1)
    raw = (hashlib.blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in rows.reshape(-1, rows.shape[-1]))
    return np.frombuffer(b"".join(raw), dtype="<u8").astype(np.uint64).reshape(columns[0].shape)


def integers(seed: int, purpose: Purpose, n: npt.ArrayLike, *counters: Counter) -> Ints:
    """Integers in [0, n) (the bias of the remainder is under n / 2**64)."""
    return (random_words(seed, purpose, *counters) % np.asarray(n, dtype=np.uint64)).astype(np.int64)


def _table() -> Ints:
    """floor(2 ** (k / 8)) for k = 0..320, from exact integer square roots (a nested floor root is the floor)."""
    return np.array([isqrt(isqrt(isqrt(1 << k))) for k in range(DEPTH + 1)], dtype=np.int64)


EXP: Ints = _table()


def weight(utility: Ints) -> Ints:
    """Unnormalised odds of integer utilities (..., items): 2 ** (40 + (utility - the row's best) / 8), floored.

    At most 2 ** 40 each, so sums over 100,000 items fit 63 bits.
    """
    level = utility - (utility.max(axis=-1, keepdims=True) - DEPTH)
    return EXP.take(level, mode="clip")  # what is too far below the best counts as DEPTH below it


def pick(weights: Ints, words: Words) -> Ints:
    """For each row of ``weights`` (rows, n), the index that ``words`` (rows,) draws in proportion to the weights."""
    total = np.cumsum(weights, axis=1)
    # a point below the row's sum falls into the first index whose cumulated weight exceeds it
    point = (words % total[:, -1].astype(np.uint64)).astype(np.int64)
    return np.asarray(np.argmax(total > point[:, None], axis=1), dtype=np.int64)
