"""The best possible ratings and choices of a built-in world: of its noise alone, and of what a history can tell.

The pair of test is a user's last item. Its rating follows from the user's tastes and limit and from noise
(:mod:`rad.world.choice_model`). The *oracle* knows tastes and limit, so noise is all that it misses. The *Bayes
ceiling* knows the history and which item was chosen, as models do: that choice says something of the tastes, too. It
averages the distribution of the rating over hidden states sampled from their posterior, the choice among what is seen
and its rating not. The mean of that distribution has the least squared error, its share of likes the least log loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rad.world import choice_model, posterior
from rad.world.ceilings.bounds import BACK, BURN_IN, CHAINS, SWEEPS, cut, query_ids, world_of
from rad.world.choice_model import UtilityTables
from rad.world.odds import GeneratorOdds, Histories
from rad.world.rng import Floats, Ints
from rad.world.users import UserStates

STARS = np.arange(1, 6)
LIKED = 4  # a rating in the upper quarter of 1 to 5


class Best(NamedTuple):
    """What a ceiling says of each pair: the mean rating, and the probability of a like."""

    rating: Floats
    probability: Floats


class PairCeilings(NamedTuple):
    """The pairs of test with their ratings, and each ceiling's predictions, all in one order.

    ``chains`` has the RMSE of each Markov chain on its own: chains that have mixed agree.
    """

    query_ids: tuple[str, ...]
    answer: Ints
    best: Mapping[str, Best]
    chains: tuple[float, ...]


class Row(NamedTuple):
    """Mean scores of one ceiling: error of ratings, then log loss and AUC of choices."""

    name: str
    rmse: float
    mae: float
    log_loss: float
    auc: float


def compute(
    name: str,
    chains: int = CHAINS,
    sweeps: int = SWEEPS,
    seed: int = 0,
    progress: Callable[[int], None] = lambda n: None,
) -> PairCeilings:
    """Both ceilings of the pairs of test of the world ``name``. Minutes for 2,000 users.

    Args:
        name: A built-in world, with its settings.
        chains: Independent Markov chains.
        sweeps: Sweeps of each; a third of them are burnt.
        seed: Of the sampling.
        progress: Gets the number of users that a block has finished.
    """
    tables, states, choices = world_of(name)
    step = states.length - BACK["test"]  # (users,)
    # the chosen item is seen, its rating and its review are not
    item = cut(choices.item, step + 1)
    rating, spoken, feeling = (cut(a, step) for a in (choices.rating, choices.spoken, choices.feeling))
    world = GeneratorOdds(tables)
    rows = np.arange(len(step))
    answer = choices.rating[rows, step]
    odds = np.zeros((chains, len(step), len(STARS)))
    burn_in = sweeps * BURN_IN // SWEEPS
    history = Histories(item, rating, spoken, feeling, step + 1)
    for block, shares in posterior.predictive(world, history, seed, chains, sweeps, burn_in, ask=posterior.Chain.rate):
        odds[:, block] = shares
        progress(len(block))
    oracle = _oracle(world, tables, states, item[rows, step])
    single = tuple(float(np.sqrt(((one @ STARS - answer) ** 2).mean())) for one in odds)
    best = {"oracle": _best(oracle), "bayes": _best(odds.mean(0))}
    return PairCeilings(tuple(query_ids(tables, states, step)), answer, best, single)


def _best(odds: Floats) -> Best:
    """From distributions of ratings (users, 5)."""
    return Best(odds @ STARS, odds[:, LIKED - 1 :].sum(1))


def _oracle(world: GeneratorOdds, tables: UtilityTables, states: UserStates, item: Ints) -> Floats:
    """(users, 5): the distribution of the rating of ``item`` (users,), given tastes and limit."""
    rows = np.arange(len(item))
    taste = choice_model.tastes(tables.catalogue, states.likes, states.dislikes)[rows, item]
    grudge = np.where(tables.level[item] > states.limit, choice_model.OVER_LIMIT, 0)
    merit = np.clip((taste + grudge) // choice_model.LIKED_STEP, -10, 10)
    return np.asarray(np.exp(world.rating[merit + 10]))


def summary(ceilings: PairCeilings) -> list[Row]:
    """A row a ceiling."""
    liked = ceilings.answer >= LIKED
    rows = []
    for name, (rating, probability) in ceilings.best.items():
        error = rating - ceilings.answer
        right = np.clip(np.where(liked, probability, 1 - probability), 1e-6, 1)
        # a liked pair above one that is not, ties half: the sum over all such pairs, of at most some thousand each
        above = probability[liked][:, None] - probability[~liked][None, :]
        auc = float((above > 0).mean() + (above == 0).mean() / 2)
        rmse, mae = float(np.sqrt((error**2).mean())), float(np.abs(error).mean())
        rows.append(Row(name, rmse, mae, float(-np.log(right).mean()), auc))
    return rows
