"""From settings to a corpus: users streamed in blocks, with bounded memory, or all of them at once.

>>> from rad.world.spec import read_spec
>>> stream = stream_users(read_spec("fashion"), parse("users=1000000,items=200"))
>>> len(next(stream).interactions)
18
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from rad.data.domain import Corpus, UserRecord
from rad.data.splits import public_id
from rad.errors import RadError
from rad.settings import parse as parse_settings
from rad.types import Interaction, PairExplanation, Rationale
from rad.world import catalogue as catalogues
from rad.world import users
from rad.world.catalogue import ItemTable, express
from rad.world.choice_model import Trajectory, UtilityTables, choose
from rad.world.reasons import Explainer
from rad.world.rng import Ints, Purpose, integers
from rad.world.spec import Spec

VERSION = "1"
CELLS = 1 << 19  # users times items that are weighed at once: bounds the memory
EPOCH = 1_546_300_800  # 2019-01-01 UTC
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of a world; the rest is part of its version."""

    seed: Annotated[int, Field(ge=0, le=2**64 - 1)] = 0
    users: Annotated[int, Field(ge=1, le=10**9)] = 2_000
    items: Annotated[int, Field(ge=200, le=100_000)] = 2_000
    shortest: Annotated[int, Field(ge=3, le=60)] = 8
    longest: Annotated[int, Field(ge=3, le=60)] = 20


def parse(argument: str) -> Settings:
    """``seed=3,users=500`` to settings. :class:`RadError` names everything that is wrong with it at once."""
    subject = "built-in world"
    chosen = parse_settings(Settings, argument.split(","), subject)
    if chosen.shortest > chosen.longest:
        raise RadError(f"{subject}: shortest must not exceed longest, got {chosen.shortest} > {chosen.longest}")
    return chosen


@dataclass(frozen=True, slots=True)
class User(UserRecord):
    """One user with the known reasons, and the hidden state behind them."""

    trajectory: Trajectory


def stream_users(
    spec: Spec,
    settings: Settings,
    catalogue: ItemTable | None = None,
    chunk: int = 0,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[User]:
    """Users ``start`` to ``stop`` (default: all) in the order of their numbers.

    Args:
        spec: What the world is made of.
        settings: Its size and seed.
        catalogue: Its items, if they are made already.
        chunk: Users that are made at a time (0: as memory allows), which changes no result.
        start: The first user.
        stop: The user after the last one.
    """
    stop = settings.users if stop is None else min(stop, settings.users)
    chunk = chunk or max(1, CELLS // settings.items)
    catalogue = catalogue or catalogues.build(spec, settings.seed, settings.items)
    tables, explainer = UtilityTables(catalogue), Explainer(catalogue, VERSION)
    for first in range(start, stop, chunk):
        numbers = np.arange(first, min(first + chunk, stop))
        # (users, ...) random words of the block, made in one call: a call a user would cost more than the explanation
        words = explainer.words(numbers, settings.longest).tolist()
        for (trajectory, clock, surface), word in zip(_block(tables, settings, numbers), words, strict=True):
            interactions = _interactions(catalogue, trajectory, clock, surface)
            yield User(trajectory.user_id, interactions, *explainer.explain(trajectory, word), trajectory)


def _block(
    tables: UtilityTables, settings: Settings, numbers: Ints
) -> Iterator[tuple[Trajectory, list[int], list[int]]]:
    """The users ``numbers``: trajectory, time of each step, and the words that choose each review's wording."""
    vocabulary, seed = tables.catalogue.vocabulary, settings.seed
    states = users.draw(vocabulary, seed, numbers, settings.shortest, settings.longest)
    choices = choose(tables, states, seed)
    # (users, steps): a start within two years, then gaps of a quarter of a day to 40 days
    user, step = states.user[:, None], np.arange(settings.longest)[None, :]
    gaps = integers(seed, Purpose.CLOCK, 40 * DAY, user, step) + DAY // 4
    clock = EPOCH + integers(seed, Purpose.CLOCK, 730 * DAY, user) + np.cumsum(gaps, axis=1)
    surface = integers(seed, Purpose.WORDING, 2**40, user, step, 1)
    per_step = (states.need, states.mode, choices.item, choices.rating, choices.spoken, choices.feeling)
    for k, number in enumerate(states.user.tolist()):
        n = int(states.length[k])
        trajectory = Trajectory(
            number,
            public_id(vocabulary.spec.domain, "user", f"user-{number}"),
            states.likes[k].tolist(),
            states.dislikes[k].tolist(),
            int(states.limit[k]),
            *(array[k, :n].tolist() for array in per_step),
        )
        yield trajectory, clock[k, :n].tolist(), surface[k, :n].tolist()


def _interactions(
    catalogue: ItemTable, user: Trajectory, clock: Sequence[int], surface: Sequence[int]
) -> tuple[Interaction, ...]:
    spec, claims = catalogue.vocabulary.spec, catalogue.vocabulary.claims
    out = []
    for k, item in enumerate(user.item):
        review, word = None, surface[k]
        if user.spoken[k] >= 0:
            openings = spec.openings[user.rating[k]]
            remarks = {1: spec.praise, 0: spec.neutral, -1: spec.complaint}[user.feeling[k]]
            value = express(spec, claims[user.spoken[k]], word >> 16)
            remark = remarks[(word >> 8) % len(remarks)].format(x=value)
            review = f"{openings[word % len(openings)]} {remark[0].upper()}{remark[1:]}"
        # ratings are small whole numbers: exact as floats
        out.append(Interaction(user.user_id, catalogue.ids[item], clock[k], float(user.rating[k]), review))
    return tuple(out)


def build(spec: Spec, settings: Settings) -> Corpus:
    """The whole corpus in memory."""
    catalogue = catalogues.build(spec, settings.seed, settings.items)
    sequences: dict[str, Sequence[Interaction]] = {}
    rationales: dict[str, Rationale] = {}
    contrasts: dict[str, PairExplanation] = {}
    for user in stream_users(spec, settings, catalogue):
        sequences[user.user_id] = user.interactions
        rationales.update(user.rationales)
        contrasts.update(user.contrasts)
    return Corpus(catalogue.items, sequences, rationales, contrasts)
