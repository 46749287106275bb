"""A domain in memory: what loaders return (:class:`Corpus`) and what models and the harness read (:class:`Dataset`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rad import registry, splits
from rad.io import canonical, sha256_lines
from rad.types import Example, Interaction, Item, PairExplanation, Rationale, Split


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a domain's ``load`` returns, with public ids.

    ``sequences`` maps a user to their interactions, oldest first. ``rationales`` and ``contrasts`` are keyed by query
    id and hold what is known of the reasons (built-in worlds, campaigns). ``ordered`` is False where the source has no
    order.
    ``notes`` counts what the loader dropped or mended, by a short description.
    """

    items: Sequence[Item]
    sequences: Mapping[str, Sequence[Interaction]]
    rationales: Mapping[str, Rationale] = field(default_factory=dict)
    contrasts: Mapping[str, PairExplanation] = field(default_factory=dict)
    ordered: bool = True
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A corpus, split. ``items`` is in the order of public ids, which is also the order that breaks ties."""

    name: str
    version: str
    sha256: str
    items: Mapping[str, Item]
    examples: Mapping[Split, tuple[Example, ...]]
    ordered: bool = True
    notes: Mapping[str, int] = field(default_factory=dict)


def load_domain(spec: str) -> Any:
    """The domain object of ``NAME`` or ``NAME:ARGUMENT`` (``world:seed=3,users=500``, ``recbole:DIR``)."""
    name, _, argument = spec.partition(":")
    return registry.load("rad.domains", name)(argument)


def open_dataset(spec: str, data_dir: Path | None = None) -> Dataset:
    """Load a domain and split it leave-last-out. ``data_dir`` holds raw files (default: ``RAD_DATA``)."""
    domain = load_domain(spec)
    corpus: Corpus = domain.load(data_dir)
    items = {item.item_id: item for item in sorted(corpus.items, key=lambda item: item.item_id)}
    lines = [canonical(item) for item in items.values()]
    lines += [canonical(x) for user in sorted(corpus.sequences) for x in corpus.sequences[user]]
    return Dataset(
        name=spec,
        version=domain.version,
        sha256=sha256_lines(lines),
        items=items,
        examples=splits.leave_last_out(domain.name, corpus.sequences, corpus.rationales, corpus.contrasts),
        ordered=corpus.ordered,
        notes=dict(corpus.notes),
    )
