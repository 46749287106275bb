"""A second opinion on the choices of a small world, by plain loops over its spec."""

from __future__ import annotations

from rad.world import choice_model
from rad.world.choice_model import Trajectory
from rad.world.odds import GeneratorOdds
from rad.world.spec import read_spec
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED

NAME = "world:users=40,items=220,shortest=5,longest=9"
SPEC = read_spec("fashion")


def slow_odds(world: GeneratorOdds, user: Trajectory, position: int, mode: int) -> list[float]:
    """Exact odds of every item at a step in one mode, by loops over the spec."""
    shop = world.tables.catalogue
    number, claims = shop.vocabulary.number, shop.vocabulary.claims
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    units = []
    for i, values in enumerate(shop.carried):
        u = int(shop.appeal[i]) * (2 if mode == UNEXPLAINED else 1)
        if mode != UNEXPLAINED:
            u += sum(w for v, w in zip((*user.likes, *user.dislikes), (*LIKES, *DISLIKES), strict=True) if v in values)
            u += choice_model.WITHIN * any(v in values for v in levels[: user.limit + 1])
        if mode == NEED:
            need = SPEC.needs[user.need[position]]
            u += sum(w for claim, w in need.raises.items() if number[claim] in values)
        if mode == COMPLEMENT:
            last = shop.carried[user.item[position - 1]]
            kind = next(claims[v][1] for v in last if claims[v][0] == SPEC.kind)
            u += choice_model.PARTNER * any(number[SPEC.kind, p] in values for p in SPEC.partners[kind])
            u += choice_model.SHARED * sum(any(claims[v][0] == a for v in values if v in last) for a in SPEC.share)
        units.append(u)
    return [0.0 if i in user.item[:position] else 2.0 ** (u / 8) for i, u in enumerate(units)]
