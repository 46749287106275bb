"""The generator as its observer knows it, for the posterior: utilities as odds in floats, and what is seen of users.

The generator itself draws by integers (:mod:`rad.world.choice_model`). Floats are fine here: nothing of this enters the
data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rad.world import choice_model, users
from rad.world.choice_model import UtilityTables
from rad.world.rng import OCTAVE, Floats, Ints

TINY = 1e-30
MODES = np.array(users.MODE_PERCENT) / 100


def power(units: npt.ArrayLike) -> Floats:
    """Odds of utility units, as floats: :func:`rad.world.rng.weight` without its floor and its cut."""
    return np.asarray(np.exp2(np.asarray(units, dtype=np.float32) / OCTAVE))


@dataclass(frozen=True)
class Histories:
    """Observed users: (users, steps) arrays, -1 past ``length`` and where a rating or a review was not seen."""

    item: Ints
    rating: Ints
    spoken: Ints
    feeling: Ints
    length: Ints

    def some(self, rows: Ints) -> Histories:
        """The users in ``rows``, cut to their longest history."""
        steps = int(self.length[rows].max())
        item, rating, spoken, feeling = (a[rows, :steps] for a in (self.item, self.rating, self.spoken, self.feeling))
        return Histories(item, rating, spoken, feeling, self.length[rows])


@dataclass(frozen=True)
class GeneratorOdds:
    """The generator's tables as odds, shared by all users."""

    tables: UtilityTables

    @cached_property
    def taste_values(self) -> Ints:
        """Value numbers that a taste can be about."""
        return np.flatnonzero(users.taste_odds(self.tables.catalogue.vocabulary)[-1])

    @cached_property
    def has(self) -> Floats:
        """(tastes + 1, items): which items carry a value; the last row is "none"."""
        catalogue = self.tables.catalogue
        return np.concatenate([catalogue.has[self.taste_values], catalogue.has[-1:]]).astype(np.float32)

    @cached_property
    def within(self) -> Floats:
        """(levels, items): 1 where an item is within a limit."""
        return (self.tables.limit > 0).astype(np.float32)

    @cached_property
    def need(self) -> Floats:
        """(needs, items): factor that each need puts on the odds."""
        return power(self.tables.need)

    @cached_property
    def appeal(self) -> Floats:
        """(items,)"""
        return power(self.tables.catalogue.appeal)

    @cached_property
    def impulse(self) -> Floats:
        """(items,): probability of an unexplained choice."""
        odds = self.tables.impulse.astype(np.float64)
        return odds / odds.sum()

    @cached_property
    def odds(self) -> Floats:
        """(circles + 1, tastes): prior odds of a like by circle; last of a dislike."""
        return users.taste_odds(self.tables.catalogue.vocabulary)[:, self.taste_values].astype(np.float64)

    @cached_property
    def moves(self) -> Floats:
        """(needs, needs): probability of the next need, by row."""
        table = users.transitions(self.tables.catalogue.vocabulary).astype(np.float64)
        return np.asarray(table / table.sum(1, keepdims=True))

    @cached_property
    def rating(self) -> Floats:
        """(21, 5): log probability of ratings 1..5 by merit -10..10."""
        # clipped at the ends of the scale, as the generator does, so several kinds of noise may give one rating
        out = np.zeros((21, 5))
        for merit in range(-10, 11):
            for k, percent in enumerate(choice_model.NOISE):
                out[merit + 10, int(np.clip(choice_model.MIDDLE + merit + k - 1, 1, 5)) - 1] += percent / 100
        return np.log(out + TINY)

    @cached_property
    def feeling(self) -> Floats:
        """(3, 3): log probability of complaint, neutral, praise about what is disliked, plain, liked."""
        share = np.array(choice_model.FEELING) / 100  # of complaint and neutral; praise is the rest
        return np.log(np.column_stack([share, 1 - share.sum(1)]))
