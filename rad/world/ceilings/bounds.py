"""The oracle and the Bayes ceiling of a world (:mod:`rad.world.ceilings` says what they are)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, TypeVar

import numpy as np

from rad.data.load import load_domain
from rad.data.splits import public_id, query_id
from rad.domains.world import Domain as WorldDomain
from rad.errors import RadError
from rad.runtime.statistics import bootstrap, column_intervals, column_means
from rad.world import catalogue as catalogues
from rad.world import choice_model, posterior, users
from rad.world.ceilings.store import ndcg, scores
from rad.world.choice_model import Choices, UtilityTables
from rad.world.odds import MODES, GeneratorOdds, Histories
from rad.world.rng import Floats, Ints, weight
from rad.world.simulate import CELLS, Settings
from rad.world.users import COMPLEMENT, NEED, UNEXPLAINED, UserStates

CUT = 100  # rankings hold this many items
CHAINS, SWEEPS, BURN_IN = 2, 60, 20
BACK = {"test": 1, "validation": 2}  # how far from the end of a sequence a split's targets are

Block = TypeVar("Block", UserStates, Choices)


@dataclass(frozen=True)
class Ceilings:
    """Rankings of the oracle and of the Bayes ceiling by query id, and what is needed to judge them.

    ``ranks`` has the target's rank in each ranking (1 = first, 0 = not in the ranking); ``chains`` the mean NDCG@10
    of each Markov chain on its own; ``expected`` the mean NDCG@10 that each row's own probabilities promise.
    """

    rankings: dict[str, dict[str, tuple[str, ...]]]
    ranks: dict[str, dict[str, int]]
    chains: tuple[float, ...]
    expected: dict[str, float]


class Row(NamedTuple):
    """Mean scores of one ceiling; ``low`` and ``high`` are the ends of NDCG@10's 95% interval."""

    name: str
    ndcg: float
    low: float
    high: float
    recall: float
    mrr: float


def compute(
    name: str,
    split: str = "test",
    chains: int = CHAINS,
    sweeps: int = SWEEPS,
    seed: int = 0,
    progress: Callable[[int], None] = lambda n: None,
    purchases_only: bool = False,
) -> Ceilings:
    """Both ceilings of the world ``name``, the history masked. Minutes for 2,000 users.

    Args:
        name: A built-in world, with its settings.
        split: ``test`` or ``validation``.
        chains: Independent Markov chains.
        sweeps: Sweeps of each; a third of them are burnt.
        seed: Of the sampling.
        progress: Gets the number of users that a block has finished.
        purchases_only: Bayes sees no rating and no review.
    """
    tables, states, choices = world_of(name)
    if split not in BACK:
        raise RadError(f"split '{split}' has no ceilings; available: {', '.join(BACK)}")
    target_step = states.length - BACK[split]  # (users,)
    columns = (choices.item, choices.rating, choices.spoken, choices.feeling)
    item, rating, spoken, feeling = (cut(column, target_step) for column in columns)
    if purchases_only:
        rating, spoken, feeling = (np.full_like(column, -1) for column in (rating, spoken, feeling))
    history = Histories(item, rating, spoken, feeling, target_step)
    keys = query_ids(tables, states, target_step)
    target = choices.item[np.arange(len(keys)), target_step]
    ranker, names = _Ranker(tables.catalogue.ids), ("oracle", "bayes")
    rankings: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in names}
    ranks: dict[str, dict[str, int]] = {name: {} for name in names}
    single, expected = np.zeros(chains), dict.fromkeys(names, 0.0)

    def add(what: str, rows: Ints, odds: Floats) -> None:
        order, rank = ranker(odds, target[rows])
        for k, row in enumerate(rows.tolist()):
            rankings[what][keys[row]] = tuple(ranker.ids[i] for i in order[k, :CUT])
            ranks[what][keys[row]] = int(rank[k]) if rank[k] <= CUT else 0
        # what the row promises: the gain of each of the first ten ranks, times the probability of the item there
        best = -np.sort(-odds, axis=1)[:, :10]
        expected[what] += float((best * ndcg(np.arange(1, 11))).sum()) / len(keys)

    burn_in = sweeps * BURN_IN // SWEEPS
    # odds (chains, rows, items), block by block: rankings of 100 items are kept, never the odds
    for rows, odds in posterior.predictive(GeneratorOdds(tables), history, seed, chains, sweeps, burn_in):
        add("bayes", rows, odds.mean(0))
        # each chain alone, too: chains that have mixed have the same mean
        single += [ndcg(ranker(each, target[rows])[1]).sum() for each in odds]
        add("oracle", rows, _oracle(tables, states, choices.item, target_step, rows))
        progress(len(rows))
    return Ceilings(rankings, ranks, tuple((single / len(keys)).tolist()), expected)


class _Ranker:
    """Orders items by odds; ties by the order of public ids, as everywhere."""

    def __init__(self, ids: Sequence[str]) -> None:
        # (items,): items by public id, so that a stable sort of the odds breaks ties as every other ranking does
        self.order = np.argsort(np.array(ids))
        self.ids = [ids[i] for i in self.order]
        self.position = np.argsort(self.order)  # item -> its position in the order of ids

    def __call__(self, odds: Floats, target: Ints) -> tuple[Ints, Ints]:
        """Orders (rows, items) as numbers into ``ids``, and the target's rank from 1 (rows,)."""
        order = np.argsort(-odds[:, self.order], axis=1, kind="stable")
        rank = (order == self.position[target][:, None]).argmax(1) + 1
        return order, rank


def world_of(name: str) -> tuple[UtilityTables, UserStates, Choices]:
    """The tables of a built-in world, every user's hidden state and choices. :class:`RadError` on any other domain."""
    domain = load_domain(name)
    if not isinstance(domain, WorldDomain):
        raise RadError(f"{name}: ceilings are known for built-in worlds only (world, world_science)")
    tables = UtilityTables(catalogues.build(domain.spec, domain.settings.seed, domain.settings.items))
    return tables, *_drawn(tables, domain.settings)


def query_ids(tables: UtilityTables, states: UserStates, step: Ints) -> list[str]:
    """The id of the query of each user that asks for the choice at ``step`` (users,)."""
    domain = tables.catalogue.vocabulary.spec.domain
    user_ids = [public_id(domain, "user", f"user-{u}") for u in states.user.tolist()]
    return [query_id(user, int(k)) for user, k in zip(user_ids, step, strict=True)]


def _drawn(tables: UtilityTables, settings: Settings) -> tuple[UserStates, Choices]:
    """Every user's hidden state and choices, in blocks so that the odds of all items fit the memory."""
    size = max(1, CELLS // settings.items)
    vocabulary = tables.catalogue.vocabulary
    states, choices = [], []
    for start in range(0, settings.users, size):
        numbers = np.arange(start, min(start + size, settings.users))
        block = users.draw(vocabulary, settings.seed, numbers, settings.shortest, settings.longest)
        states.append(block)
        choices.append(choice_model.choose(tables, block, settings.seed))
    return _joined(states), _joined(choices)


def _joined(blocks: Sequence[Block]) -> Block:
    """Blocks of users as one: each array joined along its first axis."""
    names = [field.name for field in fields(blocks[0])]
    return type(blocks[0])(**{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names})


def cut(values: Ints, length: Ints) -> Ints:
    """(users, steps) with -1 from ``length`` (users,) on."""
    return np.where(np.arange(values.shape[1])[None, :] < length[:, None], values, -1)


def _oracle(tables: UtilityTables, states: UserStates, item: Ints, target_step: Ints, rows: Ints) -> Floats:
    """(rows, items): the exact distribution of the next choice, given all but its mode."""
    step, item = target_step[rows], item[rows]
    base = choice_model.tastes(tables.catalogue, states.likes[rows], states.dislikes[rows])
    base = base + tables.limit[states.limit[rows]] + tables.catalogue.appeal
    k = np.arange(len(rows))
    # mode -> (rows, items) odds, each as the generator would draw from them
    modes = {
        UNEXPLAINED: np.tile(tables.impulse, (len(rows), 1)),
        COMPLEMENT: weight(base + tables.complement(item[k, step - 1])),
        NEED: weight(base + tables.need[states.need[rows, step]]),
    }
    owned = np.zeros(base.shape, dtype=bool)
    row, earlier = np.nonzero(np.arange(item.shape[1])[None, :] < step[:, None])
    owned[row, item[row, earlier]] = True
    # each mode is a distribution over what is not owned; the modes are mixed by their shares
    out = np.zeros(base.shape)
    for mode, odds in modes.items():
        free = np.where(owned, 0, odds).astype(np.float64)
        out += MODES[mode] * free / free.sum(1, keepdims=True)
    return out


def summary(ranks: Mapping[str, Iterable[int]]) -> list[Row]:
    """A row for each of ``ranks``: name -> the rank of each query's target."""
    rows = []
    for name, row in ranks.items():
        table = np.array([list(scores(rank).values()) for rank in row])  # (queries, NDCG@10, recall@10 and MRR)
        resampled = bootstrap(column_means(table[:, :1]), len(table))
        low, high = column_intervals(resampled)[0].tolist()
        gain, recall, mrr = table.mean(axis=0).tolist()
        rows.append(Row(name, gain, low, high, recall, mrr))
    return rows
