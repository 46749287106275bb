"""Amazon Reviews 2023, Industrial_and_Scientific: the newer edition of ``scientific``, from raw files or from the Hub.

    python -m rad describe scientific_2023 --data-dir DIR

Everything is as in :mod:`rad.domains.fashion_2023`, arguments too. The publisher's own 5-core of this category is not
used: the filter is that of :mod:`rad.domains.formats.amazon_reviews`, the same as for every category.
"""

from __future__ import annotations

from rad.domains import fashion_2023
from rad.domains.formats import amazon_reviews

SOURCES = amazon_reviews.published("Industrial_and_Scientific")


class Domain(fashion_2023.Domain):
    name = "scientific_2023"
    category = "Industrial_and_Scientific"
    sources = SOURCES
