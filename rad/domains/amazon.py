"""Any category of Amazon Reviews in the publisher's raw JSON lines, of 2018 or 2023: ``amazon:FOLDER`` or ``:FILE``.

    python -m rad describe amazon:raw/AMAZON_FASHION_5.json
    python -m benchmarks.run --model item_knn bm25 --domain amazon:raw,core=3

The folder holds one review file and, if there is any, its metadata ``meta_CATEGORY.json`` or ``.jsonl``; each may be
packed (``.gz``). Without metadata items have no text. The year is told by the first line and stands in the notes;
:mod:`rad.domains.formats.amazon_reviews` says what is kept. A path may be given in full or inside ``--data-dir``
(``RAD_DATA``).

Domain arguments after the path: ``core=K``, ``reviews``, ``descriptions``. Public ids hash the domain's name. That is
``amazon:`` and the name of the review file without ``.json``, ``.jsonl`` and ``.gz``, whatever its folder is called.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rad.data import sources
from rad.data.domain import BaseDomain, Corpus
from rad.domains.formats import amazon_reviews
from rad.errors import RadError
from rad.settings import parse


class Domain(BaseDomain):
    """``load`` streams the reviews, then the metadata, if any."""

    name = "amazon"
    version = "1"

    def __init__(self, argument: str = "") -> None:
        self.path, _, rest = argument.partition(",")
        if not self.path:
            raise RadError("amazon needs the raw files of a category: amazon:FOLDER or amazon:FILE")
        self.options = parse(amazon_reviews.Options, rest.split(","), self.name, without=("hub",))

    def load(self, data_dir: Path | None = None) -> Corpus:
        """``data_dir``: where the path is looked for, too."""
        reviews, meta = amazon_reviews.in_folder(sources.resolve_path("amazon", self.path, data_dir))
        name = f"{self.name}:{amazon_reviews.stem(reviews)}"
        return replace(amazon_reviews.corpus(name, reviews, meta, self.options), domain=name)
