"""From a setting to a corpus: users streamed in blocks, with bounded memory, or all of them at once.

>>> from rad.world.simulate import stream_users           # doctest: +SKIP
>>> for user in stream_users(SPEC, parse("users=1000000")):
...     ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from rad.data.domain import Corpus, UserRecord
from rad.data.splits import public_id
from rad.errors import RadError
from rad.registry import unknown
from rad.types import Interaction, PairExplanation, Rationale
from rad.world import catalogue as catalogues
from rad.world import users as people
from rad.world.catalogue import Catalogue, express
from rad.world.choice_model import Tables, choose
from rad.world.reasons import Explainer, Life
from rad.world.rng import Ints, Purpose, below
from rad.world.spec import Spec

VERSION = "1"
CELLS = 1 << 19  # users times items that are weighed at once: bounds the memory
EPOCH = 1_546_300_800  # 2019-01-01 UTC
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of a world; the rest is part of its version."""

    seed: int = 0
    users: int = 2_000
    items: int = 2_000
    shortest: int = 8
    longest: int = 20


RANGES = {
    "seed": (0, 2**64 - 1),
    "users": (1, 10**9),
    "items": (200, 100_000),
    "shortest": (3, 60),
    "longest": (3, 60),
}


def parse(argument: str) -> Settings:
    """``seed=3,users=500`` to settings. :class:`RadError` names everything that is wrong with it at once."""
    wrong, strange, given = [], [], {}
    for part in filter(None, (p.strip() for p in argument.split(","))):
        name, equals, value = (p.strip() for p in part.partition("="))
        if name not in RANGES:
            strange.append(name)
        elif not equals or not value.isascii() or not value.isdigit():
            wrong.append(f"{name} must be a whole number, got '{value}'")
        elif name in given:
            wrong.append(f"{name} is given twice")
        elif not RANGES[name][0] <= int(value) <= RANGES[name][1]:
            wrong.append(f"{name} must be in {RANGES[name][0]}..{RANGES[name][1]}, got {value}")
        else:
            given[name] = int(value)
    settings = replace(Settings(), **given)
    if not wrong and settings.shortest > settings.longest:
        wrong.append(f"shortest must not exceed longest, got {settings.shortest} > {settings.longest}")
    if strange:
        wrong.insert(0, unknown("setting", strange, [f.name for f in fields(Settings)]))
    if wrong:
        raise RadError(f"built-in world: {'; '.join(wrong)}")
    return settings


@dataclass(frozen=True, slots=True)
class User(UserRecord):
    """One user with the known reasons; ``life`` is the hidden state behind them."""

    life: Life


def stream_users(
    spec: Spec,
    settings: Settings,
    catalogue: Catalogue | None = None,
    chunk: int = 0,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[User]:
    """Users ``start`` to ``stop`` (default: all) in the order of their numbers.

    They are made ``chunk`` at a time (0: as memory allows), which changes no result.
    """
    stop = settings.users if stop is None else min(stop, settings.users)
    chunk = chunk or max(1, CELLS // settings.items)
    catalogue = catalogue or catalogues.build(spec, settings.seed, settings.items)
    tables, explainer = Tables(catalogue), Explainer(catalogue, VERSION)
    for first in range(start, stop, chunk):
        numbers = np.arange(first, min(first + chunk, stop))
        words = explainer.words(numbers, settings.longest).tolist()
        for (life, clock, surface), word in zip(_block(tables, settings, numbers), words, strict=True):
            interactions = _interactions(catalogue, life, clock, surface)
            yield User(life.user_id, interactions, *explainer.explain(life, word), life)


def _block(tables: Tables, settings: Settings, numbers: Ints) -> Iterator[tuple[Life, list[int], list[int]]]:
    vocabulary, seed = tables.catalogue.vocabulary, settings.seed
    block = people.draw(vocabulary, seed, numbers, settings.shortest, settings.longest)
    done = choose(tables, block, seed)
    user, step = block.user[:, None], np.arange(settings.longest)[None, :]
    gaps = below(seed, Purpose.CLOCK, 40 * DAY, user, step) + DAY // 4
    clock = EPOCH + below(seed, Purpose.CLOCK, 730 * DAY, user) + np.cumsum(gaps, axis=1)
    surface = below(seed, Purpose.WORDING, 2**40, user, step, 1)
    for k, number in enumerate(block.user.tolist()):
        n = int(block.length[k])
        life = Life(
            number,
            public_id(vocabulary.spec.domain, "user", f"user-{number}"),
            block.likes[k].tolist(),
            block.dislikes[k].tolist(),
            int(block.limit[k]),
            *(a[k, :n].tolist() for a in (block.need, block.mode, done.item, done.rating, done.spoken, done.feeling)),
        )
        yield life, clock[k, :n].tolist(), surface[k, :n].tolist()


def _interactions(
    catalogue: Catalogue, life: Life, clock: Sequence[int], surface: Sequence[int]
) -> tuple[Interaction, ...]:
    spec, claims = catalogue.vocabulary.spec, catalogue.vocabulary.claims
    out = []
    for k, item in enumerate(life.item):
        review, word = None, surface[k]
        if life.spoken[k] >= 0:
            openings = spec.openings[life.rating[k]]
            remarks = {1: spec.praise, 0: spec.neutral, -1: spec.complaint}[life.feeling[k]]
            said = remarks[(word >> 8) % len(remarks)].format(x=express(spec, claims[life.spoken[k]], word >> 16))
            review = f"{openings[word % len(openings)]} {said[0].upper()}{said[1:]}"
        # ratings are small whole numbers: exact as floats
        out.append(Interaction(life.user_id, catalogue.ids[item], clock[k], float(life.rating[k]), review))
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
