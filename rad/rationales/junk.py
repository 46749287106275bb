"""Texts that are no rationale: a model declines, fills the form with dots, writes filler, or says nothing.

Rationales speak of a person's choices and never of the writer. So the first person gives a refusal away, whatever it is
about. Patterns are of English, by word. Texts of the grammar (:mod:`rad.rationales.text`) say what was counted and are
not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rad.rationales import claims
from rad.rationales.rules import Violation
from rad.rationales.text import read
from rad.types import Rationale

_CANNOT = r"(?:can ?not|can['\u2019]t|won['\u2019]t|(?:do not|don['\u2019]t) have (?:access|enough))"
DECLINES = re.compile(
    rf"\b(?:I(?:['\u2019]m| am) (?:\w+ )?(?:sorry|afraid|unable|not able)|I {_CANNOT}"
    r"|as an? (?:AI|artificial|(?:large )?language model|assistant))\b",
    re.IGNORECASE,
)
FILLER = re.compile(r"\b(?:lorem ipsum|dolor sit amet|your (?:text|answer|reason) here)\b", re.IGNORECASE)


def junk(text: str) -> str | None:
    """How ``text`` is none, in a few words; None where it may be one.

    >>> junk("I am sorry, but I cannot help with that.")
    'declines: I am sorry'
    >>> junk("They like red."), junk("...")
    (None, 'has no words')
    """
    if not any(c.isalnum() for c in text):
        return "has no words"
    if match := DECLINES.search(text):
        return f"declines: {match.group()}"
    if match := FILLER.search(text):
        return f"is filler: {match.group()}"
    return None


def violations(rationale: Rationale, matcher: claims.Matcher) -> Iterator[Violation]:
    """Why the prose of a draft is none: ``junk``, or ``says_nothing`` where it cites no place and names no value."""
    _, _, prose = read(rationale.text)
    if not prose:
        return
    if words := junk(" ".join(prose)):
        yield Violation("junk", f"the text {words}")
    elif rationale.verdict == "supported" and not (claims.citations(rationale.text) or matcher.find(rationale.text)):
        yield Violation("says_nothing", "the text cites no place of the history and names no value")
