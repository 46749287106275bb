"""The base of judges: programs that answer the form's questions on drafts, to be set beside people.

judge = evidence.Judge(data)
for answers in judge.judge(cases):          # by question, one mapping a case, in order
    ...
judge.record()                              # how they came about, for a file
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from rad.llm.usage import Usage
from rad.types import Example, Rationale

Case = tuple[Rationale, Example]  # a draft, and the purchase that it explains


class RationaleJudge(ABC):
    """Answers the questions of the form on drafts.

    Attributes:
        usage: What the answers took, where an endpoint gave them.
        unanswered: Cases without an answer, by reason. The same command asks for them again.
    """

    name: ClassVar[str]
    usage: Usage | None = None

    def __init__(self) -> None:
        self.unanswered: Counter[str] = Counter()

    def guideline_version(self, campaign: str) -> str:
        """The version of the guidelines under which the judge answers; ``campaign`` is that of the reviewers."""
        return campaign

    @abstractmethod
    def judge(self, cases: Sequence[Case]) -> Iterator[Mapping[str, str]]:
        """The answers to each case by question, in order; none where the judge has no answer."""

    @abstractmethod
    def record(self) -> dict[str, object]:
        """How the answers came about: plain values, for a file."""
