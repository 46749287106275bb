"""Amazon Reviews 2023, Amazon_Fashion, from the publisher's raw files or from the Hub.

    python -m rad describe fashion_2023 --data-dir DIR
    python -m rad describe fashion_2023:hub

:mod:`rad.domains.formats.amazon_reviews` says how reviews become sequences and which core stays (k = 5). No official
5-core of this category exists, so figures compare only with others on the same sha256. Where its metadata names no
brand, the shop stands in; details such as department and material are attributes, too.

Domain arguments: ``core=K``, ``reviews`` (keep their text), ``descriptions`` (into the items' text), ``hub`` (stream
from the Hugging Face Hub on every call and store nothing; whoever opens it more than once fetches the two files).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.data.sources import Source
from rad.domains.formats import amazon_reviews
from rad.settings import parse

SOURCES = amazon_reviews.published("Amazon_Fashion")


class Domain(BaseDomain):
    """``load`` streams the reviews, then the metadata."""

    name = "fashion_2023"
    version = "1"
    category = "Amazon_Fashion"
    sources: tuple[Source, ...] = SOURCES

    def __init__(self, argument: str = "") -> None:
        self.options = parse(amazon_reviews.Options, argument.split(","), self.name)

    def load(self, data_dir: Path | None = None) -> Corpus:
        """``data_dir``: the folder named like the domain or the one that holds it; not read with ``hub``."""
        if self.options.hub:
            reviews, meta = amazon_reviews.on_hub(self.category)
            return amazon_reviews.corpus(self.name, reviews, meta, self.options)
        files = sources.find(self.name, self.sources, data_dir)
        reviews_file, meta_file = (files[source.file] for source in self.sources)
        corpus = amazon_reviews.corpus(self.name, reviews_file, meta_file, self.options)
        return replace(corpus, notes={**corpus.notes, **sources.unpinned(self.sources)})
