"""``plausibility``: how well the rationale explains the choice to those who judge it, 1 to 5.

The mean over a rationale's judges (people of a campaign, or a language model), then over rationales; higher is better.
What each of them answered stays in the campaign's files. It is read beside the agreement of people among themselves,
the ceiling of any judge, and the judge's with people. Abstained and invalid answers are counted and score nothing:
they lower ``n``. An empty rationale scores what its judges give it. Source: RAD, DESIGN section 9; the questions are
those of ``annotation/guidelines/guidelines.md``.
"""

from __future__ import annotations

from benchmarks.harness.base import JudgedMetric


class Metric(JudgedMetric):
    title = "Plausibility"
    hint = "judged, 1 to 5"
    headline = True
    question = "plausibility"
