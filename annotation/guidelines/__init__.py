"""What reviewers read, with its version: the package's own texts, or those that a campaign's folder has instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rad.errors import RadError

HERE = Path(__file__).parent
FILES = ("guidelines.md", "comparing.md", "consent.md")


@dataclass(frozen=True, slots=True)
class Guidelines:
    """How to review and how to compare, what happens with answers, and the version of all."""

    reviewing: str
    comparing: str
    consent: str
    version: str

    @property
    def of_reviews(self) -> str:
        """What stands beside the review form."""
        return f"{self.reviewing}\n\n{self.consent}"

    @property
    def of_comparisons(self) -> str:
        """What stands beside the comparison of two models."""
        return f"{self.comparing}\n\n{self.consent}"


def read(folder: Path = HERE) -> Guidelines:
    """The guidelines of a campaign's folder, each file of the package's where it has none.

    Raises:
        RadError: ``guidelines.md`` does not say its version, as a line that begins with ``Version 1.`` does.
    """
    paths = [folder / name if (folder / name).exists() else HERE / name for name in FILES]
    reviewing, comparing, consent = (path.read_text(encoding="utf-8") for path in paths)
    version = re.search(r"^Version ([\w-]+(?:\.[\w-]+)*)\.", reviewing, re.MULTILINE)
    if version is None:
        raise RadError(f"{paths[0]}: says no version: begin a line with 'Version 1.', and raise it with each change")
    return Guidelines(reviewing, comparing, consent, version[1])
