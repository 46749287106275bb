"""The users' hidden state: what each likes and dislikes, where their limit is, which need they are in.

Everything is a function of (seed, user), so any block of users can be made on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rad.world.catalogue import Vocabulary
from rad.world.rng import Ints, Purpose, below, bits, pick

LIKES = (52, 48, 44, 40, 36)  # utility of the k-th like; a user has three to five
DISLIKES = (-40, -32)  # one or two
OF_CIRCLE = 24  # odds that a like belongs to the user's circle, against another value of the attribute
FEWEST_LIKES, FEWEST_DISLIKES = 3, 1
STAY = 680  # of a thousand: the need goes on
FOLLOW = (200, 90)  # its first and second usual follower; the rest goes to any need
UNEXPLAINED, COMPLEMENT, NEED = 0, 1, 2  # why a choice was made
MODE_PERCENT = (30, 25, 45)


@dataclass(frozen=True)
class People:
    """A block of users. Arrays are (users, ...); steps beyond a user's length are drawn and ignored."""

    user: Ints  # (users,) their numbers
    length: Ints
    likes: Ints  # (users, 5) value numbers, "none" where there are fewer
    dislikes: Ints  # (users, 2)
    limit: Ints  # (users,) level on the limit attribute, 0 = the strictest
    need: Ints  # (users, steps)
    mode: Ints  # (users, steps)


def taste_odds(vocabulary: Vocabulary) -> Ints:
    """(circles + 1, values) prior odds that a like is about a value, by the user's circle; the last row: a dislike."""
    plain = [vocabulary.spec.taste.get(attribute, 0) for attribute, _ in vocabulary.claims]
    odds = np.tile(np.array(plain, dtype=np.int64), (len(vocabulary.spec.circles) + 1, 1))
    for k, circle in enumerate(vocabulary.spec.circles):
        odds[k, [vocabulary.number[claim] for claim in circle]] *= OF_CIRCLE
    return odds


def transitions(vocabulary: Vocabulary) -> Ints:
    """(needs, needs) odds of the next step's need, of a thousand (times the number of needs)."""
    needs = vocabulary.spec.needs
    index = {need.name: k for k, need in enumerate(needs)}
    n = len(needs)
    rest = 1000 - STAY - sum(FOLLOW)
    out = np.full((n, n), rest, dtype=np.int64)
    for k, need in enumerate(needs):
        out[k, k] += STAY * n
        for share, name in zip(FOLLOW, need.then, strict=True):
            out[k, index[name]] += share * n
    return out


def draw(vocabulary: Vocabulary, seed: int, user: Ints, shortest: int, longest: int) -> People:
    """The hidden state of the users numbered ``user``."""
    n = len(user)
    length = shortest + below(seed, Purpose.LENGTH, longest - shortest + 1, user)
    table = taste_odds(vocabulary)
    circle = below(seed, Purpose.CIRCLE, len(table) - 1, user)
    odds = table[circle]
    counts = (
        FEWEST_LIKES + below(seed, Purpose.TASTE_SIZE, len(LIKES) - FEWEST_LIKES + 1, user, 0),
        FEWEST_DISLIKES + below(seed, Purpose.TASTE_SIZE, len(DISLIKES) - FEWEST_DISLIKES + 1, user, 1),
    )
    slots = []
    for slot in range(len(LIKES) + len(DISLIKES)):
        if slot == len(LIKES):
            odds = np.where(odds > 0, table[-1], 0)
        value = pick(odds, bits(seed, Purpose.TASTE, user, slot))
        odds[np.arange(n), value] = 0
        liked = slot < len(LIKES)
        active = (slot if liked else slot - len(LIKES)) < counts[0 if liked else 1]
        slots.append(np.where(active, value, vocabulary.size))
    limit = pick(np.tile(np.array(vocabulary.spec.limit_odds), (n, 1)), bits(seed, Purpose.LIMIT, user))
    need = np.zeros((n, longest), dtype=np.int64)
    moves = transitions(vocabulary)
    need[:, 0] = below(seed, Purpose.NEED, len(moves), user, 0)
    for step in range(1, longest):
        need[:, step] = pick(moves[need[:, step - 1]], bits(seed, Purpose.NEED, user, step))
    roll = below(seed, Purpose.MODE, 100, user[:, None], np.arange(longest)[None, :])
    mode = np.where(roll < MODE_PERCENT[0], UNEXPLAINED, np.where(roll < sum(MODE_PERCENT[:2]), COMPLEMENT, NEED))
    mode[:, 0] = np.where(mode[:, 0] == COMPLEMENT, NEED, mode[:, 0])
    likes, dislikes = np.stack(slots[: len(LIKES)], 1), np.stack(slots[len(LIKES) :], 1)
    return People(user, length, likes, dislikes, limit, need, mode)
