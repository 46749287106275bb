"""The users' hidden states: what each likes and dislikes, where their limit is, which need they are in.

Everything is a function of (seed, user), so any block of users can be made on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rad.world.catalogue import Vocabulary
from rad.world.rng import Ints, Purpose, integers, pick, random_words

LIKES = (52, 48, 44, 40, 36)  # utility of the k-th like; a user has three to five
DISLIKES = (-40, -32)  # one or two
OF_CIRCLE = 24  # odds that a like belongs to the user's circle, against another value of the attribute
FEWEST_LIKES, FEWEST_DISLIKES = 3, 1
STAY = 680  # of a thousand: the need goes on
FOLLOW = (200, 90)  # its first and second usual follower; the rest goes to any need
UNEXPLAINED, COMPLEMENT, NEED = 0, 1, 2  # why a choice was made
MODE_PERCENT = (30, 25, 45)


@dataclass(frozen=True)
class UserStates:
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
    # one row a circle: the plain odds, with the circle's own values raised; the last row stays plain
    odds = np.tile(np.array(plain, dtype=np.int64), (len(vocabulary.spec.circles) + 1, 1))
    for k, circle in enumerate(vocabulary.spec.circles):
        odds[k, [vocabulary.number[claim] for claim in circle]] *= OF_CIRCLE
    return odds


def transitions(vocabulary: Vocabulary) -> Ints:
    """(needs, needs) odds of the next step's need, of a thousand (times the number of needs)."""
    needs = vocabulary.spec.needs
    index = {need.name: k for k, need in enumerate(needs)}
    n = len(needs)
    # whole numbers, times n: the rest is spread over n needs without a division, so rows sum to 1000 n exactly
    rest = 1000 - STAY - sum(FOLLOW)
    out = np.full((n, n), rest, dtype=np.int64)
    for k, need in enumerate(needs):
        out[k, k] += STAY * n
        for share, name in zip(FOLLOW, need.then, strict=True):
            out[k, index[name]] += share * n
    return out


def draw(vocabulary: Vocabulary, seed: int, user: Ints, shortest: int, longest: int) -> UserStates:
    """The hidden states of the users numbered ``user`` (users,), with ``shortest`` to ``longest`` steps each."""
    length = shortest + integers(seed, Purpose.LENGTH, longest - shortest + 1, user)
    likes, dislikes = _draw_tastes(vocabulary, seed, user)
    limit_odds = np.tile(np.array(vocabulary.spec.limit_odds), (len(user), 1))
    limit = pick(limit_odds, random_words(seed, Purpose.LIMIT, user))
    # (users, steps): needs are a Markov chain, so a step is drawn from the row of the need before it
    need = np.zeros((len(user), longest), dtype=np.int64)
    moves = transitions(vocabulary)
    need[:, 0] = integers(seed, Purpose.NEED, len(moves), user, 0)
    for step in range(1, longest):
        need[:, step] = pick(moves[need[:, step - 1]], random_words(seed, Purpose.NEED, user, step))
    # (users, steps): modes are independent; nothing can complement what was bought before the first step
    roll = integers(seed, Purpose.MODE, 100, user[:, None], np.arange(longest)[None, :])
    mode = np.where(roll < MODE_PERCENT[0], UNEXPLAINED, np.where(roll < sum(MODE_PERCENT[:2]), COMPLEMENT, NEED))
    mode[:, 0] = np.where(mode[:, 0] == COMPLEMENT, NEED, mode[:, 0])
    return UserStates(user, length, likes, dislikes, limit, need, mode)


def _draw_tastes(vocabulary: Vocabulary, seed: int, user: Ints) -> tuple[Ints, Ints]:
    """Likes (users, 5) and dislikes (users, 2), drawn one after the other without replacement."""
    table = taste_odds(vocabulary)
    circle = integers(seed, Purpose.CIRCLE, len(table) - 1, user)
    odds = table[circle]  # (users, values)
    counts = (
        FEWEST_LIKES + integers(seed, Purpose.TASTE_SIZE, len(LIKES) - FEWEST_LIKES + 1, user, 0),
        FEWEST_DISLIKES + integers(seed, Purpose.TASTE_SIZE, len(DISLIKES) - FEWEST_DISLIKES + 1, user, 1),
    )
    columns = []
    for k in range(len(LIKES) + len(DISLIKES)):
        if k == len(LIKES):  # dislikes know no circle; what is liked stays out
            odds = np.where(odds > 0, table[-1], 0)
        value = pick(odds, random_words(seed, Purpose.TASTE, user, k))
        odds[np.arange(len(user)), value] = 0
        # a column past a user's count is drawn all the same, so that the others do not depend on the count
        liked = k < len(LIKES)
        active = (k if liked else k - len(LIKES)) < counts[0 if liked else 1]
        columns.append(np.where(active, value, vocabulary.size))
    return np.stack(columns[: len(LIKES)], 1), np.stack(columns[len(LIKES) :], 1)
