"""``world``: shoppers in a fashion shop, generated; the reason for every choice is known. The default domain.

``world:seed=3,users=500,items=1000,shortest=8,longest=20`` changes the settings.
"""

from __future__ import annotations

from pathlib import Path

from rad.dataset import Corpus
from rad.world import corpus, fashion


class Domain:
    """The built-in fashion world. Needs no files."""

    name = "world"
    version = corpus.VERSION
    sources: tuple[()] = ()
    spec = fashion.SPEC

    def __init__(self, argument: str = "") -> None:
        self.settings = corpus.parse(argument)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """Generate the corpus: a few seconds for 2,000 users. ``data_dir`` is not read."""
        return corpus.build(self.spec, self.settings)
