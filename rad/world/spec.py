"""What a world is made of, as plain data: :func:`read_spec` reads ``vocab/<name>.yaml`` into a frozen :class:`Spec`.

>>> read_spec("fashion").kind
'garment'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

VOCABULARIES = Path(__file__).parent / "vocab"
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


@cache
def read_spec(name: str) -> Spec:
    """The spec of ``vocab/<name>.yaml``. The order of every list and mapping of the file counts, and is kept."""
    # libyaml's loader is ten times as fast, but not every build of PyYAML has it
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    fields: dict[str, Any] = _frozen(yaml.load((VOCABULARIES / f"{name}.yaml").read_bytes(), loader))
    fields["values"] = {attribute: _surfaces(values) for attribute, values in fields["values"].items()}
    fields["parents"] = {kind: parent for parent, kinds in fields["parents"].items() for kind in kinds}
    fields["affinity"] = {
        (attribute, value): tuple(_claims(others))
        for attribute, values in fields["affinity"].items()
        for value, others in values.items()
    }
    fields["circles"] = tuple(tuple(_claims(circle)) for circle in fields["circles"])
    fields["needs"] = tuple(
        Need(need["name"], {(a, v): n for a, units in need["raises"].items() for v, n in units.items()}, need["then"])
        for need in fields["needs"]
    )
    return Spec(**fields)


def _frozen(node: Any) -> Any:
    """A parsed file with tuples for lists."""
    if isinstance(node, dict):
        return {key: _frozen(value) for key, value in node.items()}
    return tuple(map(_frozen, node)) if isinstance(node, list) else node


def _surfaces(values: Mapping[str, tuple[str, ...]] | tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Value -> its canonical form and its paraphrases; a bare list of values has no paraphrases."""
    if isinstance(values, tuple):
        return {value: (value,) for value in values}
    return {value: (value, *paraphrases) for value, paraphrases in values.items()}


def _claims(values_of: Mapping[str, Iterable[str]]) -> Iterator[Claim]:
    return ((attribute, value) for attribute, values in values_of.items() for value in values)
