"""``world``: shoppers in a fashion shop, generated; the reason for every choice is known. The default domain.

``world:seed=3,users=500,items=1000,shortest=8,longest=20`` changes the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from rad.data.domain import Corpus, StreamedDomain
from rad.errors import RadError
from rad.types import Item
from rad.world import catalogue, simulate
from rad.world.spec import Spec, read_spec

IN_MEMORY = 200_000  # users; their examples and reasons take about 20 GB


class Domain(StreamedDomain):
    """The built-in fashion world. Needs no files."""

    name = "world"
    version = simulate.VERSION
    published_whole = True  # a release holds all of it, texts too: no third party has a part in it
    vocabulary = "fashion"  # the file of rad/world/vocab that says what the world is made of

    def __init__(self, argument: str = "") -> None:
        self.settings = simulate.parse(argument)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Generate the corpus: a few seconds for 2,000 users. ``data_dir`` is not read."""
        if self.n_users > IN_MEMORY:
            raise RadError(
                f"{self.name}: {self.n_users:,} users are too many for memory; python -m rad build writes them as "
                "shards, python -m benchmarks.scale scores those"
            )
        return simulate.build(self.spec, self.settings)

    @property
    def spec(self) -> Spec:
        """What the world is made of."""
        return read_spec(self.vocabulary)

    @property
    def n_users(self) -> int:
        return self.settings.users

    @cached_property
    def catalogue(self) -> catalogue.ItemTable:
        """The items as arrays."""
        return catalogue.build(self.spec, self.settings.seed, self.settings.items)

    @property
    def items(self) -> list[Item]:
        return self.catalogue.items

    def stream(self, start: int, stop: int) -> Iterator[simulate.User]:
        """Users ``start`` to ``stop`` by number, in bounded memory; they do not depend on any before them."""
        return simulate.stream_users(self.spec, self.settings, self.catalogue, start=start, stop=stop)
