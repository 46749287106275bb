"""How users choose: integer utilities of every item, odds by the exponential table, one draw a step.

An unexplained choice is drawn from popularity alone. Any other weighs the user's tastes and limit, the item's appeal,
and either what the current need raises or what goes with the last item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rad.world.catalogue import ItemTable
from rad.world.rng import Ints, Purpose, integers, pick, random_words, weight
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED, UserStates

WITHIN = 12  # utility of an item within the user's limit
PARTNER, SHARED = 72, 28  # of a complement of the last item; of each attribute that it shares with it
IMPULSE = 2, 1  # an unexplained choice weighs appeal this many halves
LIKED_STEP, OVER_LIMIT = 32, -24  # utility that moves a rating by one; a rating's grudge over an item past the limit
MIDDLE = 3
NOISE = (20, 60, 20)  # percent of ratings moved by -1, 0, +1
REVIEWED_PERCENT = 40
FEELING = ((70, 28), (5, 70), (2, 28))  # percent of complaints and neutral words on what is disliked, plain, liked


@dataclass(frozen=True)
class UtilityTables:
    """Utilities that do not depend on the user, each (something, items)."""

    catalogue: ItemTable

    @cached_property
    def need(self) -> Ints:
        """(needs, items): what each need adds."""
        vocabulary, has = self.catalogue.vocabulary, self.catalogue.has
        rows = [
            sum((has[vocabulary.number[claim]] * units for claim, units in need.raises.items()), np.int64(0))
            for need in vocabulary.spec.needs
        ]
        return np.stack(rows).astype(np.int64)

    @cached_property
    def partner(self) -> Ints:
        """(values + 1, items): what being a complement adds, by the kind of the last item."""
        vocabulary, has = self.catalogue.vocabulary, self.catalogue.has
        kind = vocabulary.spec.kind
        out = np.zeros((vocabulary.size + 1, len(self.catalogue)), dtype=np.int64)
        for name, partners in vocabulary.spec.partners.items():
            out[vocabulary.number[kind, name]] = sum(has[vocabulary.number[kind, p]] for p in partners) * PARTNER
        return out

    @cached_property
    def level(self) -> Ints:
        """(items,) level of each item on the limit attribute."""
        f = self.catalogue.vocabulary.spec.attributes.index(self.catalogue.vocabulary.spec.limit)
        return self.catalogue.values[:, f, 0] - self.catalogue.vocabulary.of(self.catalogue.vocabulary.spec.limit)[0]

    @cached_property
    def limit(self) -> Ints:
        """(levels, items): what an item within a limit gains."""
        # levels are ordered: a limit admits its own and all lower ones
        levels = np.arange(len(self.catalogue.vocabulary.spec.limit_odds))
        return (self.level[None, :] <= levels[:, None]) * np.int64(WITHIN)

    @cached_property
    def impulse(self) -> Ints:
        """(items,) odds of an unexplained choice."""
        return weight(self.catalogue.appeal * IMPULSE[0] // IMPULSE[1])

    def complement(self, last: Ints) -> Ints:
        """(rows, items): what each item gains by going with the items ``last`` (rows,)."""
        catalogue, spec = self.catalogue, self.catalogue.vocabulary.spec
        out = self.partner[catalogue.values[last, 1, 0]]
        for attribute in spec.share:
            # (rows, 2): an item may have two values of an attribute, and sharing one of them is enough
            pair = catalogue.values[last, spec.attributes.index(attribute)]
            out = out + (catalogue.has[pair[:, 0]] | catalogue.has[pair[:, 1]]) * np.int64(SHARED)
        return out


def tastes(catalogue: ItemTable, likes: Ints, dislikes: Ints) -> Ints:
    """(users, items): the utility of the users' likes and dislikes."""
    # one (users, items) addition a taste; the row of "none" in ``has`` adds nothing
    out = np.zeros((len(likes), len(catalogue)), dtype=np.int64)
    for k, units in enumerate(LIKES):
        out += catalogue.has[likes[:, k]] * np.int64(units)
    for k, units in enumerate(DISLIKES):
        out += catalogue.has[dislikes[:, k]] * np.int64(units)
    return out


@dataclass(frozen=True)
class Choices:
    """What a block of users did. Arrays are (users, steps); entries past a user's length are -1."""

    item: Ints
    rating: Ints
    spoken: Ints  # the value number that the review speaks of, -1 without a review
    feeling: Ints  # 1 praise, 0 neutral, -1 complaint


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One user's hidden state and choices, step by step, as plain integers (value numbers, item indices)."""

    number: int
    user_id: str
    likes: Sequence[int]
    dislikes: Sequence[int]
    limit: int
    need: Sequence[int]
    mode: Sequence[int]
    item: Sequence[int]
    rating: Sequence[int]
    spoken: Sequence[int]
    feeling: Sequence[int]


def choose(tables: UtilityTables, states: UserStates, seed: int) -> Choices:
    """Draw every choice of a block of users, step by step, never one item twice."""
    catalogue = tables.catalogue
    n, steps = states.need.shape
    taste = tastes(catalogue, states.likes, states.dislikes)
    # (users, items): what stays the same at every step
    base = taste + tables.limit[states.limit] + catalogue.appeal
    item = np.full((n, steps), -1, dtype=np.int64)
    for step in range(int(states.length.max())):
        # (rows, items): the odds of the users that are still active, filled mode by mode, as each mode has its own
        row = np.flatnonzero(states.length > step)
        mode = states.mode[row, step]
        odds = np.empty((len(row), len(catalogue)), dtype=np.int64)
        odds[mode == UNEXPLAINED] = tables.impulse
        needed, paired = np.flatnonzero(mode == NEED), np.flatnonzero(mode == COMPLEMENT)
        odds[needed] = weight(base[row[needed]] + tables.need[states.need[row[needed], step]])
        if len(paired):  # never at the first step
            odds[paired] = weight(base[row[paired]] + tables.complement(item[row[paired], step - 1]))
        # zeroed after the weights are made: what is owned is not drawn, but still sets their scale
        odds[np.arange(len(row))[:, None], item[row, :step]] = 0
        item[row, step] = pick(odds, random_words(seed, Purpose.CHOICE, states.user[row], step))
    return _rate(tables, states, seed, item, taste)


def _rate(tables: UtilityTables, states: UserStates, seed: int, item: Ints, taste: Ints) -> Choices:
    """Ratings and reviews of the choices ``item`` (users, steps), from the users' ``taste`` (users, items)."""
    catalogue, spec = tables.catalogue, tables.catalogue.vocabulary.spec
    n, steps = item.shape
    user, step = states.user[:, None], np.arange(steps)[None, :]
    bought = item >= 0  # steps past a user's length are computed on item 0 and masked at the end
    chosen = np.where(bought, item, 0)
    # (users, steps): a rating is the middle, moved by what the item is worth to the user and by noise
    grudge = np.where(tables.level[chosen] > states.limit[:, None], OVER_LIMIT, 0)
    merit = (taste[np.arange(n)[:, None], chosen] + grudge) // LIKED_STEP
    roll = integers(seed, Purpose.RATING, 100, user, step)
    noise = (roll >= NOISE[0]).astype(np.int64) + (roll >= NOISE[0] + NOISE[1]) - 1
    rating = np.clip(MIDDLE + merit + noise, 1, 5)
    # (users, steps): a review speaks of the item's first value of one attribute
    columns = np.array([spec.attributes.index(a) for a in spec.taste])
    column = columns[integers(seed, Purpose.REVIEW, len(columns), user, step, 0)]
    spoken = catalogue.values[chosen, column, 0]
    # (users, steps, tastes) compared, any taste counts: 1 liked, 0 plain, -1 disliked picks the row of FEELING
    liked = (states.likes[:, None, :] == spoken[:, :, None]).any(2)
    disliked = (states.dislikes[:, None, :] == spoken[:, :, None]).any(2)
    share = np.array(FEELING)[1 + liked.astype(np.int64) - disliked]
    roll = integers(seed, Purpose.REVIEW, 100, user, step, 1)
    feeling = (roll >= share[..., 0]).astype(np.int64) + (roll >= share.sum(-1)) - 1
    reviewed = bought & (integers(seed, Purpose.REVIEW, 100, user, step, 2) < REVIEWED_PERCENT)
    return Choices(item, np.where(bought, rating, -1), np.where(reviewed, spoken, -1), feeling)
