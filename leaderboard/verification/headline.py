"""Which entries the headline table takes: those whose rationales people can check.

Every rationale has at most 12 reasons, the texts say at least 95% of the weight that ranks (the metric ``said``), and
at most 5% of them is prose that nobody can count again (``prose``). All three follow from the predictions alone, so
whoever has them counts the same. And the entry states its soundness, so that it is computed again. Nothing here refuses
an entry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.harness.base import QueryMetric
from benchmarks.harness.registries import load_metric
from leaderboard.verification.entry import Entry
from leaderboard.verification.scoring import is_outdated
from rad.runtime.files import canonical, sha256_lines
from rad.types import Example, Interaction, PairPrediction, Prediction, Query

MOST_REASONS, LEAST_SAID, MOST_PROSE = 12, 0.95, 0.05
REQUIRED = ("soundness", "said")  # scores that an entry must state: who leaves one out may have a reason
UNSTATED = "soundness is not stated"


@dataclass(frozen=True, slots=True)
class RationaleSummary:
    """What the rationales of an entry are like.

    Attributes:
        n: Queries with one.
        most_reasons: The reasons of the longest one.
        text_share: The share of the weight that ranks which the texts say, as the metric ``said`` counts it.
        rankings: The sha256 of what all queries' rankings are: equal where one entry ranks as another does.
        prose: The share of the texts that is in no form that can be checked, as the metric ``prose`` counts it.
    """

    n: int
    most_reasons: int
    text_share: float
    prose: float = 0.0
    rankings: str = ""

    @property
    def obstacle(self) -> str:
        """The reason why the headline table does not take them, in the words of the page; empty where it does."""
        if not self.n:
            return "no rationales"
        if self.most_reasons > MOST_REASONS:
            return f"more than {MOST_REASONS} reasons"
        if self.text_share < LEAST_SAID:
            return f"text says {math.floor(100 * self.text_share)}% of what ranks"
        if self.prose > MOST_PROSE:
            return f"{math.ceil(100 * self.prose)}% of the text is prose"
        return ""


def states_soundness(entry: Entry) -> bool:
    """Whether an entry's scores have soundness and ``said``, by these metrics as they are now."""
    scores = (entry.result.score(name) for name in REQUIRED)
    return all(score is not None and not is_outdated(score) for score in scores)


def rationale_summary(predictions: Iterable[Prediction]) -> RationaleSummary:
    """The summary of the rationales of ``predictions``. A query without one, or that failed, says nothing."""
    text_metric, prose_metric = (load_metric(name)({}) for name in ("said", "prose"))
    assert isinstance(text_metric, QueryMetric) and isinstance(prose_metric, QueryMetric)
    n_queries, n, most_reasons, text_share, prose_share = 0, 0, 0, 0.0, 0.0
    rankings = []
    for p in predictions:
        n_queries += 1
        rankings.append(canonical([p.query_id, *p.ranking]))
        if p.rationale is None or p.error is not None:
            continue
        n += 1
        most_reasons = max(most_reasons, len(p.rationale.reasons))
        text_share += text_metric.score(p, _ANY) or 0.0
        prose_share += prose_metric.score(p, _ANY) or 0.0
    return RationaleSummary(
        n=n,
        most_reasons=most_reasons,
        text_share=text_share / max(n_queries, 1),
        prose=prose_share / max(n, 1),
        rankings=sha256_lines(sorted(rankings)),
    )


def number_summary(predictions: Iterable[PairPrediction]) -> RationaleSummary:
    """The summary of an entry of pairs: no rationales, and what its numbers are."""
    numbers = [canonical([p.query_id, p.rating, p.probability]) for p in predictions if p.error is None]
    return RationaleSummary(n=0, most_reasons=0, text_share=0.0, rankings=sha256_lines(sorted(numbers)))


_ANY = Example(Query("", "", "", (Interaction("", ""),)), "test", {})  # what a text says depends on no example


def weakest(summaries: Iterable[RationaleSummary]) -> RationaleSummary:
    """One summary for several seeds of a model: the longest rationale, and the seed whose texts say the least."""
    rows = list(summaries)
    return RationaleSummary(
        n=max(s.n for s in rows),
        most_reasons=max(s.most_reasons for s in rows),
        text_share=min(s.text_share for s in rows),
        prose=max(s.prose for s in rows),
        rankings=" ".join(s.rankings for s in rows if s.rankings),
    )
