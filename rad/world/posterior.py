"""What a history says about its user: Gibbs sampling of the hidden state, for the Bayes ceiling.

The observer knows the generator (its constants and the appeal of items) but of a user only the history: items, ratings,
what the reviews speak of. Tastes, limit, circle and the path of needs are sampled (needs by forward filtering and
backward sampling); modes are summed out of every step's likelihood. Floats are fine here: nothing of this enters the
data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rad.world import choice_model, users
from rad.world.choice_model import Tables
from rad.world.rng import OCTAVE, Ints
from rad.world.users import DISLIKES, LIKES

Floats = npt.NDArray[np.floating[Any]]
TINY = 1e-30
MODES = np.array(users.MODE_PERCENT) / 100


def power(units: Any) -> Floats:
    """Odds of utility units."""
    return np.asarray(np.exp2(np.asarray(units, dtype=np.float32) / OCTAVE))


@dataclass(frozen=True)
class Histories:
    """Observed users: (users, steps) arrays, -1 past ``length``."""

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
class World:
    """The generator's tables as odds, shared by all users."""

    tables: Tables

    @cached_property
    def taste(self) -> Ints:
        """Value numbers that a taste can be about."""
        return np.flatnonzero(users.taste_odds(self.tables.catalogue.vocabulary)[-1])

    @cached_property
    def has(self) -> Floats:
        """(tastes + 1, items): which items carry a value; the last row is "none"."""
        catalogue = self.tables.catalogue
        return np.concatenate([catalogue.has[self.taste], catalogue.has[-1:]]).astype(np.float32)

    @cached_property
    def within(self) -> Floats:
        """(levels, items)."""
        return (self.tables.limit > 0).astype(np.float32)

    @cached_property
    def need(self) -> Floats:
        return power(self.tables.need)

    @cached_property
    def appeal(self) -> Floats:
        return power(self.tables.catalogue.appeal)

    @cached_property
    def impulse(self) -> Floats:
        odds = self.tables.impulse.astype(np.float64)
        return odds / odds.sum()

    @cached_property
    def odds(self) -> Floats:
        """(circles + 1, tastes): prior odds of a like by circle; last of a dislike."""
        return users.taste_odds(self.tables.catalogue.vocabulary)[:, self.taste].astype(np.float64)

    @cached_property
    def moves(self) -> Floats:
        table = users.transitions(self.tables.catalogue.vocabulary).astype(np.float64)
        return np.asarray(table / table.sum(1, keepdims=True))

    @cached_property
    def rating(self) -> Floats:
        """(21, 5): log probability of ratings 1..5 by merit -10..10."""
        out = np.zeros((21, 5))
        for merit in range(-10, 11):
            for k, percent in enumerate(choice_model.NOISE):
                out[merit + 10, int(np.clip(choice_model.MIDDLE + merit + k - 1, 1, 5)) - 1] += percent / 100
        return np.log(out + TINY)

    @cached_property
    def feeling(self) -> Floats:
        """(3, 3): log probability of complaint, neutral, praise about what is disliked, plain, liked."""
        share = np.array(choice_model.FEELING) / 100
        return np.log(np.column_stack([share, 1 - share.sum(1)]))


class Chain:
    """One Gibbs chain over a block of users. ``sweep`` updates the state; ``predict`` is p(next item | state)."""

    def __init__(self, world: World, seen: Histories, seed: int) -> None:
        self.world, self.seen, self.rng = world, seen, np.random.default_rng(seed)
        self.n, self.steps = seen.item.shape
        self.rows, none = np.arange(self.n), len(world.taste)
        self.made = seen.item >= 0
        self.x = np.where(self.made, seen.item, 0)
        self._fixed_parts()
        self.circle: Ints = self.rng.integers(0, len(world.odds) - 1, size=(self.n,))
        self.slots = np.full((self.n, len(LIKES) + len(DISLIKES)), none)
        for k in range(users.FEWEST_LIKES):
            self.slots[:, k] = self._prior_draw(self.slots[:, :k], self.circle)
        self.slots[:, len(LIKES)] = self._prior_draw(self.slots, np.full(self.n, -1))
        self.limit: Ints = self.rng.integers(0, len(world.within), size=(self.n,))
        self.need = np.zeros((self.n, self.steps), dtype=np.int64)
        self.units = np.array((*LIKES, *DISLIKES))
        self._needs()

    def _prior_draw(self, taken: Ints, circle: Ints) -> Ints:
        odds = np.pad(self.world.odds[circle], ((0, 0), (0, 1)))
        np.put_along_axis(odds, taken, 0, 1)
        return self._sample(np.log(odds + TINY))

    def _sample(self, logits: Floats) -> Ints:
        return np.asarray(np.argmax(logits + self.rng.gumbel(size=logits.shape), axis=-1))

    def _fixed_parts(self) -> None:
        """All that does not change during sampling: odds of complements, of impulses, what reviews say."""
        world, seen = self.world, self.seen
        last = np.where(self.made, np.roll(self.x, 1, axis=1), 0)
        gain = world.tables.complement(last.ravel()).reshape(self.n, self.steps, -1)
        self.pair = power(gain)  # (users, steps, items)
        self.pair_x = self._at(self.pair)
        self.next_pair = power(world.tables.complement(self.x[self.rows, seen.length - 1]))
        before = np.tril(np.ones((self.steps, self.steps), dtype=np.float32), -1)
        self.before = before[None]  # earlier steps j of step t
        impulse = np.where(self.made, world.impulse[self.x], 0)
        gone = np.cumsum(impulse, 1) - impulse
        self.impulse = world.impulse[self.x] / (1 - gone)
        self.shares = np.tile(MODES[None], (self.steps, 1))
        self.shares[0] = (MODES[users.UNEXPLAINED], 0, MODES[users.COMPLEMENT] + MODES[users.NEED])
        self.carry = world.has[:, self.x].transpose(1, 2, 0)  # (users, steps, tastes + 1)
        self.allow = world.within[:, self.x].transpose(1, 2, 0)
        self.need_x = world.need[:, self.x].transpose(1, 2, 0)  # (users, steps, needs)
        need_has = world.need[:, None, :] * world.has[None]
        self.need_has = need_has.reshape(-1, need_has.shape[-1]).T.copy()
        need_within = world.need[:, None, :] * world.within[None]
        self.need_within = need_within.reshape(-1, need_within.shape[-1]).T.copy()
        place = np.full(world.tables.catalogue.vocabulary.size + 1, -1)
        place[world.taste] = np.arange(len(world.taste))
        self.says = np.zeros((2, self.n, len(world.taste) + 1))  # log odds that reviews give to a dislike, a like
        user, step = np.nonzero(self.made & (seen.spoken >= 0))
        heard, value = seen.feeling[user, step] + 1, place[seen.spoken[user, step]]
        for k, sign in enumerate((0, 2)):
            np.add.at(self.says[k], (user, value), world.feeling[sign, heard] - world.feeling[1, heard])

    def _at(self, table: Floats) -> Floats:
        """(users, steps t, steps j): the table's entries at the items of the history."""
        return np.take_along_axis(table, np.broadcast_to(self.x[:, None, :], (*table.shape[:2], self.steps)), 2)

    def _taste_units(self, slots: Ints, at: Floats) -> Floats:
        """Utility of tastes: ``at`` (users, steps, tastes + 1) gives what items carry."""
        each = [np.take_along_axis(at, slots[:, None, k : k + 1], 2)[..., 0] for k in range(len(self.units))]
        return np.asarray(np.stack(each, -1) @ self.units)

    def _base(self, slots: Ints, limit: Ints | None) -> Floats:
        """(users, items) odds from appeal, tastes and limit."""
        units = sum(self.world.has[slots[:, k]] * np.float32(self.units[k]) for k in range(len(self.units)))
        if limit is not None:
            units = units + self.world.within[limit] * np.float32(choice_model.WITHIN)
        odds = self.world.appeal * power(units)
        return np.asarray(odds / odds.sum(1, keepdims=True))

    def _candidates(self, base: Floats, has: Floats, need_has: Floats, carry: Floats, units: int) -> Floats:
        """(users, candidates) log likelihood of the choices, given needs, for each row of ``has`` gaining ``units``."""
        g = float(power(units))
        width = len(has)
        own = np.take_along_axis(base, self.x, 1)  # (users, steps)
        gain = 1 + (g - 1) * carry  # (users, steps, candidates)
        paired = base[:, None, :] * self.pair
        flat = paired.reshape(self.n * self.steps, -1)
        total = flat.sum(1).reshape(self.n, self.steps, 1)
        total = total + (g - 1) * (flat @ has.T).reshape(self.n, self.steps, width)
        gone = (own[:, None, :] * self.pair_x * self.before) @ gain
        now = own * np.take_along_axis(self.pair_x, np.arange(self.steps)[None, :, None], 2)[..., 0]
        likelihood = self.shares[:, 1:2] * now[..., None] * gain / np.maximum(total - gone, TINY)
        pick = self.need
        sums = (base @ need_has).reshape(self.n, -1, width)[self.rows[:, None], pick]
        total = (base @ self.world.need.T)[self.rows[:, None], pick][..., None] + (g - 1) * sums
        at = np.take_along_axis(self.need_x, pick[..., None], 2)[..., 0] * own  # need of t at item of t
        cross = self.need_x[self.rows[:, None, None], np.arange(self.steps)[None, None, :], pick[:, :, None]]
        gone = (own[:, None, :] * cross * self.before) @ gain
        likelihood = likelihood + self.shares[:, 2:3] * at[..., None] * gain / np.maximum(total - gone, TINY)
        likelihood = likelihood + (self.shares[:, 0] * self.impulse)[..., None]
        return np.asarray((np.log(likelihood) * self.made[..., None]).sum(1))

    def _rating(self, merit_units: Floats) -> Floats:
        """(users, ...) log likelihood of the ratings, by utility (users, steps, ...)."""
        merit = np.clip(np.floor_divide(merit_units, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        extra = (1,) * (merit.ndim - 2)
        rating = np.where(self.made, self.seen.rating, 1).reshape(self.n, self.steps, *extra) - 1
        return np.asarray((self.world.rating[merit, rating] * self.made.reshape(self.n, self.steps, *extra)).sum(1))

    def _grudge(self, limit: Ints) -> Floats:
        return (1 - np.take_along_axis(self.allow, limit[:, None, None], 2)[..., 0]) * choice_model.OVER_LIMIT

    def sweep(self) -> None:
        """One pass over every part of the state."""
        for slot in self.rng.permutation(len(self.units)):
            self._slot(int(slot))
        self._limit()
        self._swap()
        self._circle()
        self._needs()

    def _slot(self, slot: int) -> None:
        none, liked = len(self.world.taste), slot < len(LIKES)
        rest = self.slots.copy()
        rest[:, slot] = none
        base = self._base(rest, self.limit)
        score = self._candidates(base, self.world.has, self.need_has, self.carry, int(self.units[slot]))
        units = self._taste_units(rest, self.carry) + self._grudge(self.limit)
        change = self._rating_change(units, int(self.units[slot]))
        score = score + change + self.says[int(liked)] + self._prior(rest, slot)
        self.slots[:, slot] = self._sample(score)

    def _rating_change(self, units: Floats, gain: int) -> Floats:
        """(users, tastes + 1): how a taste on each value changes the log likelihood of the ratings."""
        rating = np.where(self.made, self.seen.rating, 1) - 1
        low = np.clip(np.floor_divide(units, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        high = np.clip(np.floor_divide(units + gain, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        delta = (self.world.rating[high, rating] - self.world.rating[low, rating]) * self.made
        return np.asarray(np.einsum("ut,uta->ua", delta, self.carry))

    def _prior(self, rest: Ints, slot: int) -> Floats:
        """(users, tastes + 1) log prior of each value in ``slot`` given the other slots (drawn without replacement)."""
        none, liked = len(self.world.taste), slot < len(LIKES)
        odds = np.pad(self.world.odds[self.circle] if liked else self.world.odds[[-1] * self.n], ((0, 0), (0, 1)))
        whole = odds.sum(1)
        first, last = (0, len(LIKES)) if liked else (len(LIKES), len(self.units))
        if not liked:  # dislikes are drawn from what is not liked
            whole = whole - np.take_along_axis(odds, rest[:, : len(LIKES)], 1).sum(1)
        out = np.log(odds + TINY)
        taken = np.zeros(self.n)
        for k in range(first, last):
            if k == slot:
                out -= np.log(whole - taken)[:, None]
            elif k > slot:  # what this value takes away is missing from the slots after it
                left = (whole - taken)[:, None] - odds
                out = np.where((rest[:, k] < none)[:, None], out - np.log(np.maximum(left, TINY)), out)
            taken = taken + np.take_along_axis(odds, rest[:, k : k + 1], 1)[:, 0]
        np.put_along_axis(out, rest, -np.inf, 1)
        fewest = first + (users.FEWEST_LIKES if liked else users.FEWEST_DISLIKES)
        later = (rest[:, slot + 1 : last] < none).any(1)
        out[:, none] = np.where((slot >= fewest) & ~later, 0.0, -np.inf)
        if slot > fewest:  # a slot is used only if the one before it is
            out[:, :none] = np.where((rest[:, slot - 1] < none)[:, None], out[:, :none], -np.inf)
        return out

    def _limit(self) -> None:
        base = self._base(self.slots, None)
        score = self._candidates(base, self.world.within, self.need_within, self.allow, choice_model.WITHIN)
        taste = self._taste_units(self.slots, self.carry)
        score = score + self._rating(taste[..., None] + (1 - self.allow) * choice_model.OVER_LIMIT)
        self.limit = self._sample(score + np.log(np.array(self.world.tables.catalogue.vocabulary.spec.limit_odds)))

    def _choices(self, slots: Ints) -> Floats:
        """(users,) log likelihood of the choices and ratings under other tastes."""
        base = self._base(slots, self.limit)
        nothing = np.zeros((1, base.shape[1]), dtype=np.float32)
        zero = np.zeros((self.n, self.steps, 1), dtype=np.float32)
        empty = np.zeros((base.shape[1], len(self.world.need)), dtype=np.float32)
        units = self._taste_units(slots, self.carry) + self._grudge(self.limit)
        return self._candidates(base, nothing, empty, zero, 1)[:, 0] + self._rating(units)

    def _swap(self) -> None:
        """Metropolis: exchange two likes' strengths, which single slots cannot do."""
        none = len(self.world.taste)
        current = self._choices(self.slots)
        for _ in range(2):
            a, b = self.rng.choice(len(LIKES), 2, replace=False)
            other = self.slots.copy()
            other[:, [a, b]] = other[:, [b, a]]
            proposed = self._choices(other)
            fine = (self.slots[:, a] < none) & (self.slots[:, b] < none)
            taken = fine & (np.log(self.rng.random(self.n)) < proposed - current)
            self.slots = np.where(taken[:, None], other, self.slots)
            current = np.where(taken, proposed, current)

    def _circle(self) -> None:
        likes = self.slots[:, : len(LIKES)]
        odds = np.pad(self.world.odds[:-1], ((0, 0), (0, 1)))
        chosen = odds[:, likes].transpose(1, 0, 2)  # (users, circles, slots)
        taken = np.cumsum(chosen, 2) - chosen
        left = odds.sum(1)[None, :, None] - taken
        used = (likes < len(self.world.taste))[:, None, :]
        self.circle = self._sample((np.where(used, np.log(chosen + TINY) - np.log(left), 0)).sum(2))

    def _filter(self) -> tuple[Floats, Floats]:
        """Forward filtering of the needs: (users, steps, needs) posteriors given the choices so far, and base odds."""
        base = self._base(self.slots, self.limit)
        own = np.take_along_axis(base, self.x, 1)
        paired = np.einsum("ui,uti->ut", base, self.pair)
        gone = ((own[:, None, :] * self.pair_x) * self.before).sum(2)
        now = own * np.take_along_axis(self.pair_x, np.arange(self.steps)[None, :, None], 2)[..., 0]
        other = self.shares[:, 0] * self.impulse + self.shares[:, 1] * now / np.maximum(paired - gone, TINY)
        at = own[..., None] * self.need_x
        left = (base @ self.world.need.T)[:, None, :] - (np.cumsum(at, 1) - at)
        likelihood = other[..., None] + self.shares[:, 2][:, None] * at / np.maximum(left, TINY)
        belief = np.full((self.n, len(self.world.need)), 1 / len(self.world.need))
        out = np.zeros((self.n, self.steps, len(self.world.need)))
        for t in range(self.steps):
            if t:
                belief = belief @ self.world.moves
            belief = np.where(self.made[:, t : t + 1], belief * likelihood[:, t], belief)
            belief = belief / belief.sum(1, keepdims=True)
            out[:, t] = belief
        return out, base

    def _needs(self) -> None:
        """Sample the path of needs backwards."""
        belief, _ = self._filter()
        path = self._sample(np.log(belief[:, -1] + TINY))
        self.need[:, -1] = path
        for t in range(self.steps - 2, -1, -1):
            path = self._sample(np.log(belief[:, t] + TINY) + np.log(self.world.moves[:, path].T))
            self.need[:, t] = path

    def predict(self) -> Floats:
        """(users, items): p(next item | tastes, limit, history), needs and modes summed out, history masked."""
        belief, base = self._filter()
        ahead = belief[self.rows, self.seen.length - 1] @ self.world.moves
        mask = np.ones(base.shape, dtype=np.float32)
        user, step = np.nonzero(self.made)
        mask[user, self.x[user, step]] = 0
        base = base * mask
        paired = base * self.next_pair
        out = MODES[users.COMPLEMENT] * paired / np.maximum(paired.sum(1, keepdims=True), TINY)
        share = ahead / np.maximum(base @ self.world.need.T, TINY)
        out = out + MODES[users.NEED] * base * (share @ self.world.need)
        impulse = self.world.impulse * mask
        return np.asarray(out + MODES[users.UNEXPLAINED] * impulse / impulse.sum(1, keepdims=True))


def predictive(
    world: World, seen: Histories, seed: int, chains: int, sweeps: int, burn_in: int, block: int = 100
) -> Iterator[tuple[Ints, Floats]]:
    """For each block of users: their rows and (chains, users, items) predictive probabilities, averaged over sweeps."""
    order = np.argsort(seen.length, kind="stable")
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        out = []
        for c in range(chains):
            chain = Chain(world, seen.some(rows), seed * 1_000_003 + start * 101 + c)
            total: Floats | None = None
            for k in range(sweeps):
                chain.sweep()
                if k >= burn_in:
                    now = chain.predict()
                    total = now if total is None else total + now
            assert total is not None, f"burn_in must be below sweeps, got {burn_in} >= {sweeps}"
            out.append(total / (sweeps - burn_in))
        yield rows, np.stack(out)
