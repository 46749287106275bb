"""What a history says about its user: Gibbs sampling of the hidden state, for the Bayes ceiling.

The observer knows the generator (its constants and the appeal of items) but of a user only the history: items, ratings,
what the reviews speak of. Tastes, limit, circle and the path of needs are sampled (needs by forward filtering and
backward sampling); modes are summed out of every step's likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from rad.world import choice_model, users
from rad.world.odds import MODES, TINY, GeneratorOdds, Histories, power
from rad.world.rng import Floats, Ints
from rad.world.users import DISLIKES, LIKES


class Chain:
    """One Gibbs chain over a block of users. ``sweep`` updates the state; ``predict`` is p(next item | state).

    The state: ``tastes`` (users, likes + dislikes) numbers into ``world.taste_values``, or their count for "none";
    ``limit`` and ``circle`` (users,); ``need`` (users, steps). Axes are named u users, t and j steps, i items.
    """

    def __init__(self, world: GeneratorOdds, seen: Histories, seed: int) -> None:
        self.world, self.seen, self.rng = world, seen, np.random.default_rng(seed)
        self.n, self.steps = seen.item.shape
        self.rows, none = np.arange(self.n), len(world.taste_values)
        self.bought, self.rated = seen.item >= 0, seen.rating > 0
        self.x = np.where(self.bought, seen.item, 0)  # (users, steps): item 0 stands past a user's length
        self._fixed_parts()
        self.circle: Ints = self.rng.integers(0, len(world.odds) - 1, size=(self.n,))
        self.tastes = np.full((self.n, len(LIKES) + len(DISLIKES)), none)
        for k in range(users.FEWEST_LIKES):
            self.tastes[:, k] = self._prior_draw(self.tastes[:, :k], self.circle)
        self.tastes[:, len(LIKES)] = self._prior_draw(self.tastes, np.full(self.n, -1))
        self.limit: Ints = self.rng.integers(0, len(world.within), size=(self.n,))
        self.need = np.zeros((self.n, self.steps), dtype=np.int64)
        self.units = np.array((*LIKES, *DISLIKES))
        self._needs()

    def _prior_draw(self, taken: Ints, circle: Ints) -> Ints:
        # (users, tastes + 1): the padding stands for "none", which is never drawn here; values are drawn once
        odds = np.pad(self.world.odds[circle], ((0, 0), (0, 1)))
        np.put_along_axis(odds, taken, 0, 1)
        return self._sample(np.log(odds + TINY))

    def _sample(self, logits: Floats) -> Ints:
        # Gumbel noise makes the argmax a draw in proportion to exp(logits): no sum over the last axis is needed
        return np.asarray(np.argmax(logits + self.rng.gumbel(size=logits.shape), axis=-1))

    def _fixed_parts(self) -> None:
        """All that does not change during sampling: odds of complements, of impulses, what reviews say."""
        world, seen = self.world, self.seen
        # odds that an item gains as a complement of the one before: of every item, and of the items of the history
        last = np.where(self.bought, np.roll(self.x, 1, axis=1), 0)
        gain = world.tables.complement(last.ravel()).reshape(self.n, self.steps, -1)
        self.pair = power(gain)  # (users, steps, items)
        self.pair_x = self._at(self.pair)  # (users, steps t, steps j): item j as a complement at step t
        self.next_pair = power(world.tables.complement(self.x[self.rows, seen.length - 1]))
        # (1, t, j): 1 where j is before t. No item is chosen twice, so what was bought leaves each sum of odds
        self.before = np.tril(np.ones((self.steps, self.steps), dtype=np.float32), -1)[None]
        impulse = np.where(self.bought, world.impulse[self.x], 0)
        owned_odds = np.cumsum(impulse, 1) - impulse
        self.impulse = world.impulse[self.x] / (1 - owned_odds)
        # (steps, modes): the first step has no complement, and its share goes to the need
        self.shares = np.tile(MODES[None], (self.steps, 1))
        self.shares[0] = (MODES[users.UNEXPLAINED], 0, MODES[users.COMPLEMENT] + MODES[users.NEED])
        # what the items of the history carry: (users, steps, tastes + 1), (.., levels) and (.., needs)
        self.carry = world.has[:, self.x].transpose(1, 2, 0)
        self.allow = world.within[:, self.x].transpose(1, 2, 0)
        self.need_x = world.need[:, self.x].transpose(1, 2, 0)
        # (items, needs x tastes) and (items, needs x levels): one product with the base odds (users, items) sums the
        # odds of the items that carry a value, under each need
        need_has = world.need[:, None, :] * world.has[None]
        self.need_has = need_has.reshape(-1, need_has.shape[-1]).T.copy()
        need_within = world.need[:, None, :] * world.within[None]
        self.need_within = need_within.reshape(-1, need_within.shape[-1]).T.copy()
        # (values + 1,): reviews speak of value numbers, tastes are numbered on their own
        index = np.full(world.tables.catalogue.vocabulary.size + 1, -1)  # value number -> taste
        index[world.taste_values] = np.arange(len(world.taste_values))
        self.says = np.zeros(
            (2, self.n, len(world.taste_values) + 1)
        )  # log odds that reviews give to a dislike, a like
        user, step = np.nonzero(self.bought & (seen.spoken >= 0))
        heard, value = seen.feeling[user, step] + 1, index[seen.spoken[user, step]]
        # add.at, since a user may speak of one value in several reviews, and plain indexing would add one of them
        for k, sign in enumerate((0, 2)):
            np.add.at(self.says[k], (user, value), world.feeling[sign, heard] - world.feeling[1, heard])

    def _at(self, table: Floats) -> Floats:
        """(users, steps t, steps j): the table's entries at the items of the history."""
        return np.take_along_axis(table, np.broadcast_to(self.x[:, None, :], (*table.shape[:2], self.steps)), 2)

    def _taste_units(self, tastes: Ints, at: Floats) -> Floats:
        """Utility of tastes: ``at`` (users, steps, tastes + 1) gives what items carry."""
        each = [np.take_along_axis(at, tastes[:, None, k : k + 1], 2)[..., 0] for k in range(len(self.units))]
        return np.asarray(np.stack(each, -1) @ self.units)

    def _base(self, tastes: Ints, limit: Ints | None) -> Floats:
        """(users, items) odds from appeal, tastes and limit."""
        # one (users, items) addition a taste: the row of "none" adds nothing
        units = sum(self.world.has[tastes[:, k]] * np.float32(self.units[k]) for k in range(len(self.units)))
        if limit is not None:
            units = units + self.world.within[limit] * np.float32(choice_model.WITHIN)
        # rows sum to 1: sums of odds are then of one size for all users, and float32 keeps its digits
        odds = self.world.appeal * power(units)
        return np.asarray(odds / odds.sum(1, keepdims=True))

    def _candidates(self, base: Floats, has: Floats, need_has: Floats, carry: Floats, units: int) -> Floats:
        """(users, candidates) log likelihood of the choices, given needs, for each row of ``has`` gaining ``units``."""
        g = float(power(units))
        width = len(has)
        # A candidate multiplies the odds of the items that have it by g. So each sum of odds needs computing once:
        # with the candidate it is the sum, plus (g - 1) times the part of it that has the candidate.
        own = np.take_along_axis(base, self.x, 1)  # (users, steps)
        gain = 1 + (g - 1) * carry  # (users, steps, candidates)
        # complements: p(item t) = own odds / (all odds - those of items bought before t), for each candidate
        paired = base[:, None, :] * self.pair
        flat = paired.reshape(self.n * self.steps, -1)
        total = flat.sum(1).reshape(self.n, self.steps, 1)
        total = total + (g - 1) * (flat @ has.T).reshape(self.n, self.steps, width)
        owned_odds = (own[:, None, :] * self.pair_x * self.before) @ gain
        now = own * np.take_along_axis(self.pair_x, np.arange(self.steps)[None, :, None], 2)[..., 0]
        likelihood = self.shares[:, 1:2] * now[..., None] * gain / np.maximum(total - owned_odds, TINY)
        # needs: the same under the need of each step
        pick = self.need
        sums = (base @ need_has).reshape(self.n, -1, width)[self.rows[:, None], pick]
        total = (base @ self.world.need.T)[self.rows[:, None], pick][..., None] + (g - 1) * sums
        at = np.take_along_axis(self.need_x, pick[..., None], 2)[..., 0] * own  # need of t at item of t
        cross = self.need_x[self.rows[:, None, None], np.arange(self.steps)[None, None, :], pick[:, :, None]]
        owned_odds = (own[:, None, :] * cross * self.before) @ gain
        likelihood = likelihood + self.shares[:, 2:3] * at[..., None] * gain / np.maximum(total - owned_odds, TINY)
        likelihood = likelihood + (self.shares[:, 0] * self.impulse)[..., None]
        # steps past a user's length were computed on item 0, and are left out of the sum
        return np.asarray((np.log(likelihood) * self.bought[..., None]).sum(1))

    def _rating(self, merit_units: Floats) -> Floats:
        """(users, ...) log likelihood of the ratings, by utility (users, steps, ...)."""
        # merit (users, steps, ...) as rows of the table of ratings, whose first is merit -10
        merit = np.clip(np.floor_divide(merit_units, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        extra = (1,) * (merit.ndim - 2)
        rating = np.where(self.rated, self.seen.rating, 1).reshape(self.n, self.steps, *extra) - 1
        return np.asarray((self.world.rating[merit, rating] * self.rated.reshape(self.n, self.steps, *extra)).sum(1))

    def _grudge(self, limit: Ints) -> Floats:
        """(users, steps): what an item past the limit takes from its rating."""
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
        """Sample one taste given the rest: all values (users, tastes + 1) are scored at once."""
        none, liked = len(self.world.taste_values), slot < len(LIKES)
        rest = self.tastes.copy()
        rest[:, slot] = none
        base = self._base(rest, self.limit)
        score = self._candidates(base, self.world.has, self.need_has, self.carry, int(self.units[slot]))
        units = self._taste_units(rest, self.carry) + self._grudge(self.limit)
        change = self._rating_change(units, int(self.units[slot]))
        score = score + change + self.says[int(liked)] + self._prior(rest, slot)
        self.tastes[:, slot] = self._sample(score)

    def _rating_change(self, units: Floats, gain: int) -> Floats:
        """(users, tastes + 1): how a taste on each value changes the log likelihood of the ratings."""
        rating = np.where(self.rated, self.seen.rating, 1) - 1
        # only two ratings are looked up a step, without and with the taste; ``carry`` says which values gain it
        low = np.clip(np.floor_divide(units, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        high = np.clip(np.floor_divide(units + gain, choice_model.LIKED_STEP), -10, 10).astype(np.int64) + 10
        delta = (self.world.rating[high, rating] - self.world.rating[low, rating]) * self.rated
        return np.asarray(np.einsum("ut,uta->ua", delta, self.carry))

    def _prior(self, rest: Ints, slot: int) -> Floats:
        """(users, tastes + 1) log prior of each value in ``slot`` given the other slots; drawn without replacement."""
        none, liked = len(self.world.taste_values), slot < len(LIKES)
        odds = np.pad(self.world.odds[self.circle] if liked else self.world.odds[[-1] * self.n], ((0, 0), (0, 1)))
        total = odds.sum(1)
        first, last = (0, len(LIKES)) if liked else (len(LIKES), len(self.units))
        if not liked:  # dislikes are drawn from what is not liked
            total = total - np.take_along_axis(odds, rest[:, : len(LIKES)], 1).sum(1)
        out = np.log(odds + TINY)
        # (users,): odds of the values in earlier slots, which a later draw can no longer take
        earlier_odds = np.zeros(self.n)
        for k in range(first, last):
            if k == slot:
                out -= np.log(total - earlier_odds)[:, None]
            elif k > slot:  # what this value takes away is missing from the slots after it
                left = (total - earlier_odds)[:, None] - odds
                out = np.where((rest[:, k] < none)[:, None], out - np.log(np.maximum(left, TINY)), out)
            earlier_odds = earlier_odds + np.take_along_axis(odds, rest[:, k : k + 1], 1)[:, 0]
        np.put_along_axis(out, rest, -np.inf, 1)
        fewest = first + (users.FEWEST_LIKES if liked else users.FEWEST_DISLIKES)
        later = (rest[:, slot + 1 : last] < none).any(1)
        out[:, none] = np.where((slot >= fewest) & ~later, 0.0, -np.inf)
        if slot > fewest:  # a slot is used only if the one before it is
            out[:, :none] = np.where((rest[:, slot - 1] < none)[:, None], out[:, :none], -np.inf)
        return out

    def _limit(self) -> None:
        """Sample the limit: choices and ratings under each level (users, levels), times its prior."""
        base = self._base(self.tastes, None)
        score = self._candidates(base, self.world.within, self.need_within, self.allow, choice_model.WITHIN)
        taste = self._taste_units(self.tastes, self.carry)
        score = score + self._rating(taste[..., None] + (1 - self.allow) * choice_model.OVER_LIMIT)
        self.limit = self._sample(score + np.log(np.array(self.world.tables.catalogue.vocabulary.spec.limit_odds)))

    def _choices(self, tastes: Ints) -> Floats:
        """(users,) log likelihood of the choices and ratings under other tastes."""
        base = self._base(tastes, self.limit)
        # one candidate that no item has
        nothing = np.zeros((1, base.shape[1]), dtype=np.float32)
        zero = np.zeros((self.n, self.steps, 1), dtype=np.float32)
        empty = np.zeros((base.shape[1], len(self.world.need)), dtype=np.float32)
        units = self._taste_units(tastes, self.carry) + self._grudge(self.limit)
        return self._candidates(base, nothing, empty, zero, 1)[:, 0] + self._rating(units)

    def _swap(self) -> None:
        """Metropolis: exchange two likes' strengths, which single tastes cannot do."""
        none = len(self.world.taste_values)
        current = self._choices(self.tastes)
        for _ in range(2):
            a, b = self.rng.choice(len(LIKES), 2, replace=False)
            swapped = self.tastes.copy()
            swapped[:, [a, b]] = swapped[:, [b, a]]
            proposed = self._choices(swapped)
            # (users,): each user accepts or refuses on their own; an empty slot has no strength to exchange
            both_used = (self.tastes[:, a] < none) & (self.tastes[:, b] < none)
            accepted = both_used & (np.log(self.rng.random(self.n)) < proposed - current)
            self.tastes = np.where(accepted[:, None], swapped, self.tastes)
            current = np.where(accepted, proposed, current)

    def _circle(self) -> None:
        """Sample the circle from the probability of the likes, each drawn from what the ones before it left."""
        likes = self.tastes[:, : len(LIKES)]
        odds = np.pad(self.world.odds[:-1], ((0, 0), (0, 1)))
        like_odds = odds[:, likes].transpose(1, 0, 2)  # (users, circles, slots)
        earlier_odds = np.cumsum(like_odds, 2) - like_odds
        left = odds.sum(1)[None, :, None] - earlier_odds
        is_used = (likes < len(self.world.taste_values))[:, None, :]
        self.circle = self._sample((np.where(is_used, np.log(like_odds + TINY) - np.log(left), 0)).sum(2))

    def _filter(self) -> tuple[Floats, Floats]:
        """Forward filtering of the needs: (users, steps, needs) posteriors given the choices so far, and base odds."""
        base = self._base(self.tastes, self.limit)
        own = np.take_along_axis(base, self.x, 1)
        # (users, steps): likelihood of a choice that is unexplained or a complement, the same under every need
        paired = np.einsum("ui,uti->ut", base, self.pair)
        owned_odds = ((own[:, None, :] * self.pair_x) * self.before).sum(2)
        now = own * np.take_along_axis(self.pair_x, np.arange(self.steps)[None, :, None], 2)[..., 0]
        other = self.shares[:, 0] * self.impulse + self.shares[:, 1] * now / np.maximum(paired - owned_odds, TINY)
        # (users, steps, needs): likelihood of each choice under each need
        at = own[..., None] * self.need_x
        left = (base @ self.world.need.T)[:, None, :] - (np.cumsum(at, 1) - at)
        likelihood = other[..., None] + self.shares[:, 2][:, None] * at / np.maximum(left, TINY)
        # (users, needs): uniform before the first step, then one step of the Markov chain and one likelihood at a time
        belief = np.full((self.n, len(self.world.need)), 1 / len(self.world.need))
        out = np.zeros((self.n, self.steps, len(self.world.need)))
        for t in range(self.steps):
            if t:
                belief = belief @ self.world.moves
            belief = np.where(self.bought[:, t : t + 1], belief * likelihood[:, t], belief)
            belief = belief / belief.sum(1, keepdims=True)
            out[:, t] = belief
        return out, base

    def _needs(self) -> None:
        """Sample the path of needs backwards."""
        belief, _ = self._filter()
        path = self._sample(np.log(belief[:, -1] + TINY))
        self.need[:, -1] = path
        for t in range(self.steps - 2, -1, -1):
            # (users, needs): what the past says of this need, times its probability of moving on to the one drawn
            path = self._sample(np.log(belief[:, t] + TINY) + np.log(self.world.moves[:, path].T))
            self.need[:, t] = path

    def predict(self) -> Floats:
        """(users, items): p(next item | tastes, limit, history), needs and modes summed out, history masked."""
        belief, base = self._filter()
        # (users, needs): the filtered need at the last step, moved one step on
        ahead = belief[self.rows, self.seen.length - 1] @ self.world.moves
        mask = np.ones(base.shape, dtype=np.float32)
        user, step = np.nonzero(self.bought)
        mask[user, self.x[user, step]] = 0
        # (users, items): a mixture of the three modes, each a distribution over what is not owned
        base = base * mask
        paired = base * self.next_pair
        out = MODES[users.COMPLEMENT] * paired / np.maximum(paired.sum(1, keepdims=True), TINY)
        share = ahead / np.maximum(base @ self.world.need.T, TINY)
        out = out + MODES[users.NEED] * base * (share @ self.world.need)
        impulse = self.world.impulse * mask
        return np.asarray(out + MODES[users.UNEXPLAINED] * impulse / impulse.sum(1, keepdims=True))

    def rate(self) -> Floats:
        """(users, 5): p(rating of the last item of the history | tastes, limit), for 1 to 5."""
        units = self._taste_units(self.tastes, self.carry) + self._grudge(self.limit)
        last = units[self.rows, self.seen.length - 1]
        merit = np.clip(np.floor_divide(last, choice_model.LIKED_STEP), -10, 10).astype(np.int64)
        return np.asarray(np.exp(self.world.rating[merit + 10]))


def predictive(
    world: GeneratorOdds,
    seen: Histories,
    seed: int,
    chains: int,
    sweeps: int,
    burn_in: int,
    block: int = 100,
    ask: Callable[[Chain], Floats] = Chain.predict,
) -> Iterator[tuple[Ints, Floats]]:
    """For each block of users: their rows and (chains, users, items) predictive probabilities, averaged over sweeps.

    Args:
        world: The generator.
        seen: The histories.
        seed: Of the sampling; each block and chain has its own.
        chains: Independent Markov chains.
        sweeps: Sweeps of each.
        burn_in: Sweeps that are left out of the mean.
        block: Users that are sampled together.
        ask: What is averaged: of the next item, or :meth:`Chain.rate` (chains, users, ratings).
    """
    # users of like length share a block, so that few steps are padding; a block bounds (users, steps, items)
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
                    now = ask(chain)
                    total = now if total is None else total + now
            assert total is not None, f"burn_in must be below sweeps, got {burn_in} >= {sweeps}"
            out.append(total / (sweeps - burn_in))
        yield rows, np.stack(out)
