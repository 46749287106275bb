"""What a domain is (:class:`BaseDomain`) and what its ``load`` returns (:class:`Corpus`).

One file in ``rad/domains/`` adds a domain: it defines a class ``Domain``, a :class:`BaseDomain`. The smallest one:

>>> from rad.types import Interaction, Item
>>> class Domain(BaseDomain):
...     name = "two_hats"
...     def __init__(self, argument: str = "") -> None: ...
...     def load(self, data_dir: Path | None = None) -> Corpus:
...         items = [Item(i, self.name, "Hat", "A hat.") for i in ("a", "b")]
...         return Corpus(items, {"u": [Interaction("u", "a"), Interaction("u", "b")]})
>>> len(Domain().load().items)
2
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rad.data.sources import Source
from rad.data.splits import SplitRow
from rad.types import Interaction, Item, PairExplanation, Rationale


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a domain's ``load`` returns, with public ids.

    ``sequences`` maps a user to their interactions, oldest first. ``rationales`` and ``contrasts`` are keyed by query
    id and hold what is known of the reasons (built-in worlds, campaigns). ``ordered`` is False where the source has no
    order. ``notes`` counts what the loader dropped or mended, by a short description. ``origin`` says of a corpus that
    was read from a release which one that is (:mod:`rad.domains.release`); ``drafts`` are that release's drafts, by
    query id, which are no part of the data set. ``rows`` are the queries of a publisher's own split, users in any order
    and of each user the earliest first; ``sequences`` are then what they say of each user, and nothing else is split.

    ``domain``, ``version`` and ``data`` are for domains that learn from their files whose data they read; empty ones
    stand for the domain's own. ``domain`` is the name that public ids hash, ``data`` the domain, with its argument,
    that the items and the purchases come from.
    """

    items: Sequence[Item]
    sequences: Mapping[str, Sequence[Interaction]]
    rationales: Mapping[str, Rationale] = field(default_factory=dict)
    contrasts: Mapping[str, PairExplanation] = field(default_factory=dict)
    ordered: bool = True
    notes: Mapping[str, int] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""
    version: str = ""
    data: str = ""
    drafts: Mapping[str, Rationale] = field(default_factory=dict)
    rows: Sequence[SplitRow] = ()


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user of a corpus. Rationales and contrasts are keyed by query id."""

    user_id: str
    interactions: Sequence[Interaction]
    rationales: Mapping[str, Rationale]
    contrasts: Mapping[str, PairExplanation]


class BaseDomain(ABC):
    """A source of items, purchases and, where they are known, reasons.

    ``sources`` states the raw files that the user brings. A release holds texts too where ``published_whole`` is True,
    because no third party has a part in the data.
    """

    name: str
    version: str = "1"
    sources: Sequence[Source] = ()
    published_whole: bool = False

    @abstractmethod
    def __init__(self, argument: str = "") -> None:
        """``argument`` is what follows the colon of a name: ``world:seed=3``. :class:`RadError` on an unknown one."""

    @abstractmethod
    def load(self, data_dir: Path | None = None) -> Corpus:
        """Read the corpus.

        Args:
            data_dir: The folder of the raw files, or the one that holds it. Default: ``RAD_DATA``.

        Raises:
            RadError: A file is missing or broken; the message names it and the line.
        """


class StreamedDomain(BaseDomain):
    """A domain whose users can be made in blocks, so that any number of them fits the memory."""

    @property
    @abstractmethod
    def n_users(self) -> int:
        """Users in all."""

    @property
    @abstractmethod
    def items(self) -> Sequence[Item]:
        """The catalogue."""

    @abstractmethod
    def stream(self, start: int, stop: int) -> Iterator[UserRecord]:
        """Users ``start`` to ``stop`` by number; they do not depend on any before them."""
