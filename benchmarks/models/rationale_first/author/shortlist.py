"""The shortlist: the facts that a language model reads, in the order that the selector gives them.

A history has some sixty facts; a prompt shows those of the moment, then those that last. Of each the first are those
that the selector would state, then those with the largest shares or log odds. Hints say how strong the selector would
state each: a draft. What the order alone says is the arm ``reasoner=facts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.models.rationale_first.head import Rows
from benchmarks.models.rationale_first.neighbours import Neighbours
from benchmarks.models.rationale_first.options import LASTS, Options
from benchmarks.models.rationale_first.selector import Selector
from benchmarks.models.rationale_first.summary import Choice
from rad.rationales.facts import Facts
from rad.rationales.prompt import MOST_FACTS
from rad.rationales.strengths import LEVELS, weighted
from rad.types import LASTING, Query, Reason

LASTING_SHARE = 1 / 3  # of a prompt's facts
FALLING = (64, 32, 32, 16)  # strengths of the first facts, in order; the last is that of the others
LASTING_LEVEL = 16
FIRST = 1e3  # above all log odds
LEAST_LOG_ODDS = 0.02  # what moves nothing is not shown


@dataclass(frozen=True)
class Shortlist:
    """The facts of one prompt, of weight 1.

    Attributes:
        facts: Best first, those of the moment before those that last.
        hints: (facts + 1,) how strong the selector would state each, and last the unexplained, in hundredths of the
            strongest level; 0 for what it would not state.
        unexplained: What the selector leaves unexplained.
    """

    facts: list[Reason]
    hints: list[int]
    unexplained: float


@torch.no_grad()
def shortlists(
    selector: Selector,
    options: Options,
    facts: Facts,
    queries: Sequence[Query],
    choices: Sequence[Choice],
    own: Neighbours,
    most: int = MOST_FACTS,
) -> list[Shortlist]:
    """The shortlist of each of ``queries``, of which ``options`` are, at most ``most`` facts long.

    Args:
        selector: It orders the facts.
        options: Those of the queries.
        facts: They put options into words.
        queries: What is asked.
        choices: What the selector would state of each.
        own: The counts under which it weighs them.
        most: Facts in a shortlist.
    """
    rows, numbers = selector(options, np.arange(len(queries)), own)
    chosen = np.isin(numbers, [number for choice in choices for number, _ in choice.options])
    lasting = round(LASTING_SHARE * most)
    now = _largest(rows, ~LASTS[rows.kind], rows.share.numpy() + chosen, most - lasting)
    size = rows.log_odds.abs().numpy()
    last = _largest(rows, LASTS[rows.kind] & (chosen | (size > LEAST_LOG_ODDS)), size + FIRST * chosen, lasting)
    out = []
    for k, (query, choice) in enumerate(zip(queries, choices, strict=True)):
        mine = [*now[rows.query[now] == k], *last[rows.query[last] == k]]
        shown = [facts.reason(options.table, int(numbers[row]), query) for row in mine]
        levels = dict(choice.options)
        drafted = [*(levels.get(int(numbers[row]), 0) for row in mine), choice.rest]
        hints = [round(100 * level / LEVELS[0]) for level in drafted]
        out.append(Shortlist(shown, hints, float(rows.unexplained[k])))
    return out


def _largest(rows: Rows, among: np.ndarray, size: np.ndarray, most: int) -> np.ndarray:
    """Of the rows ``among``, the ``most`` of each query with the largest ``size``, in that order."""
    mine = np.flatnonzero(among)
    mine = mine[np.lexsort((-size[mine], rows.query[mine]))]
    return mine[np.arange(len(mine)) - np.searchsorted(rows.query[mine], rows.query[mine]) < most]


def in_order(shown: Shortlist, most: int, lasting: int) -> tuple[Reason, ...]:
    """The first facts of a shortlist with fixed strengths: what its order alone says, without a choice."""
    now = [fact for fact in shown.facts if fact.evidence.kind not in LASTING]
    last = [fact for fact in shown.facts if fact.evidence.kind in LASTING][:lasting]
    strengths = [*FALLING, *[FALLING[-1]] * most]
    pairs = [*zip(now[: most - len(last)], strengths, strict=False), *((fact, LASTING_LEVEL) for fact in last)]
    return weighted(pairs, LEVELS[0])
