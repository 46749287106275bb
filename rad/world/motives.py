"""What a user knows about themselves before a choice: the causes behind it, and never the item that will be chosen.

A user of a built-in world knows what they like and dislike, what their limit admits, whether they come for a need, for
something that goes with the last purchase or for nothing in particular, and what that makes them want. All of it is
drawn before the item is, from which it follows by chance: many items meet a motive, and a chosen one meets few of them.
Somebody who comes for nothing in particular has no motive, whatever their tastes: these do not move such a choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rad.data.load import load_domain
from rad.data.splits import public_id
from rad.domains.world import Domain as WorldDomain
from rad.errors import RadError
from rad.types import Query
from rad.world import users
from rad.world.catalogue import ItemTable
from rad.world.choice_model import PARTNER, SHARED, WITHIN
from rad.world.spec import Claim
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED, UserStates


@dataclass(frozen=True, slots=True)
class Motive:
    """A value that a user wants or, where ``units`` (of utility) are below 0, does not; ``lasting``: at all times."""

    claim: Claim
    units: int
    lasting: bool


def has_motives(name: str) -> bool:
    """Whether a data set of this name is a built-in world."""
    return isinstance(load_domain(name), WorldDomain)


def motives_of(name: str, queries: Sequence[Query]) -> list[tuple[Motive, ...]]:
    """The motives behind the answer of each query of the world ``name``, the strongest first.

    Raises:
        RadError: The domain is no built-in world, or a query is not of one of its users.
    """
    domain = load_domain(name)
    if not isinstance(domain, WorldDomain):
        raise RadError(f"{name}: what users know about themselves is known of built-in worlds only")
    settings, catalogue = domain.settings, domain.catalogue
    vocabulary = catalogue.vocabulary
    number = {public_id(vocabulary.spec.domain, "user", f"user-{k}"): k for k in range(settings.users)}
    if unknown := [q.query_id for q in queries if q.user_id not in number]:
        raise RadError(f"{name}: has no user of query {unknown[0]}")
    who = np.array([number[q.user_id] for q in queries], dtype=np.int64)
    states = users.draw(vocabulary, settings.seed, who, settings.shortest, settings.longest)
    row = {item_id: k for k, item_id in enumerate(catalogue.ids)}
    return [
        _merged(_motives(catalogue, states, k, len(q.history), row[q.history[-1].item_id] if q.history else None))
        for k, q in enumerate(queries)
    ]


def _motives(catalogue: ItemTable, states: UserStates, user: int, step: int, last: int | None) -> Iterator[Motive]:
    """What moves the choice of a user (the row in ``states``) at ``step``, after the item ``last``."""
    mode, vocabulary = states.mode[user, step], catalogue.vocabulary
    spec, claims = vocabulary.spec, vocabulary.claims
    if mode == UNEXPLAINED:
        return
    tastes = [*zip(states.likes[user], LIKES, strict=True), *zip(states.dislikes[user], DISLIKES, strict=True)]
    yield from (Motive(claims[value], units, True) for value, units in tastes if value != vocabulary.size)
    admitted = vocabulary.of(spec.limit)[: states.limit[user] + 1]
    yield from (Motive(claims[value], WITHIN, True) for value in admitted)
    if mode == NEED:
        raised = spec.needs[states.need[user, step]].raises
        yield from (Motive(claim, units, False) for claim, units in raised.items())
    elif mode == COMPLEMENT and last is not None:
        kind = claims[catalogue.values[last, 1, 0]][1]
        yield from (Motive((spec.kind, partner), PARTNER, False) for partner in spec.partners.get(kind, ()))
        for attribute in spec.share:
            shared = catalogue.values[last, spec.attributes.index(attribute)]
            yield from (Motive(claims[value], SHARED, False) for value in shared if value != vocabulary.size)


def _merged(motives: Iterator[Motive]) -> tuple[Motive, ...]:
    """One motive a value: of one that is liked and also wanted now, the units add up, and it is of the moment."""
    out: dict[Claim, Motive] = {}
    for motive in motives:
        same = out.get(motive.claim)
        units, lasting = (same.units, same.lasting) if same else (0, True)
        out[motive.claim] = Motive(motive.claim, units + motive.units, lasting and motive.lasting)
    return tuple(sorted((m for m in out.values() if m.units), key=lambda m: -abs(m.units)))
