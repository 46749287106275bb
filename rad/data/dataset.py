"""A corpus, split: what models and the harness read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from rad.errors import RadError
from rad.types import Example, Interaction, Item, Rationale, Split

Protocol = Literal["full", "time", "rerank", "full-keep", "time-keep"]
"""Which queries there are, and what is ranked for each; ``-keep``: with what the user has had, else without."""
PROTOCOLS: tuple[str, ...] = get_args(Protocol)
Repeats = Literal["mask", "keep"]
LEAK = "LEAK: "
"""How a loader's note begins that says what gives answers away, where a domain argument asks for it."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A corpus, split. ``items`` is in the order of public ids, which is also the order that breaks ties.

    ``sha256`` is that of the corpus and is the same under every protocol. ``sequences`` are those that were split.
    ``origin`` is empty, or says which release was read: repository and revision, or folder; ``drafts`` are what that
    release brings along for training queries without a rationale of their own, by query id. ``pre_split`` says that the
    publisher made the splits, with several queries a user in each and histories that may be cut.
    """

    name: str
    version: str
    sha256: str
    items: Mapping[str, Item]
    examples: Mapping[Split, tuple[Example, ...]]
    ordered: bool = True
    notes: Mapping[str, int] = field(default_factory=dict)
    protocol: Protocol = "full"
    sequences: Mapping[str, Sequence[Interaction]] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    drafts: Mapping[str, Rationale] = field(default_factory=dict)
    pre_split: bool = False

    @property
    def repeats(self) -> Repeats:
        """Whether rankings may hold what the user has had."""
        return "keep" if self.protocol in ("full-keep", "time-keep") else "mask"


def with_repeats(protocol: Literal["full", "time", "rerank"], repeats: Repeats) -> Protocol:
    """The protocol in which repeats are masked or kept. :class:`RadError` where there is none."""
    if repeats == "mask":
        return protocol
    if protocol == "rerank":
        raise RadError("--repeats keep: the candidates of --protocol rerank were not bought before; use full or time")
    return "full-keep" if protocol == "full" else "time-keep"
