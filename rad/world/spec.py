"""What a world is made of, as plain data. ``fashion.py`` and ``science.py`` each fill in one :class:`Spec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Claim = tuple[str, str]  # attribute, value


@dataclass(frozen=True, slots=True)
class Need:
    """A plan that lasts a few purchases. ``raises`` maps claims to utility; ``then`` names the usual followers."""

    name: str
    raises: Mapping[Claim, int]
    then: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Spec:
    """A world's vocabulary and grammar.

    ``values`` maps each attribute to its canonical values and each value to the surfaces that stand for it in texts
    (the canonical form first). The first attribute is the parent (category, field), the second the kind (garment,
    topic). ``limit`` is an ordinal attribute, from the most to the least acceptable value, for which each user has a
    bound. ``taste`` holds the attributes that persistent likes and dislikes are about, with the odds of one of their
    values; ``share`` those that a complement has in common with what it goes with.
    """

    domain: str
    values: Mapping[str, Mapping[str, tuple[str, ...]]]
    parents: Mapping[str, str]  # kind -> parent
    allowed: Mapping[str, Mapping[str, tuple[str, ...]]]  # attribute -> parent -> values; others take any
    affinity: Mapping[Claim, tuple[Claim, ...]]  # a value drawn earlier makes these more likely
    circles: tuple[tuple[Claim, ...], ...]  # values that go together, in items and in what people like
    second: Mapping[str, int]  # attribute -> percent of items with a second value
    taste: Mapping[str, int]
    limit: str
    limit_odds: tuple[int, ...]
    share: tuple[str, str]
    partners: Mapping[str, tuple[str, ...]]
    needs: tuple[Need, ...]
    names: tuple[str, ...]  # invented words of titles, so that a title is more than its attributes
    canonical: int  # percent of mentions that use the canonical form
    titles: tuple[str, ...]
    leads: tuple[str, ...]  # opening sentences of descriptions
    sentences: Mapping[str, tuple[str, ...]]  # attribute -> templates with {x}
    closings: tuple[str, ...]
    praise: tuple[str, ...]
    neutral: tuple[str, ...]
    complaint: tuple[str, ...]
    openings: Mapping[int, tuple[str, ...]]  # rating -> review openings

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(self.values)

    @property
    def parent(self) -> str:
        return self.attributes[0]

    @property
    def kind(self) -> str:
        return self.attributes[1]
