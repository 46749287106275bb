"""Rate and time that is left, by hand."""

from __future__ import annotations

import pytest

from annotation.evaluation.progress import Progress


def test_what_is_needed():
    """Ten drafts for two each, and a check: four are done with eight answers, and there are four more answers."""
    users = {
        "anna": {"completed": {"submitted": 4}, "pending": {"submitted": 4}},
        "ben": {"completed": {"submitted": 4}},
    }
    there = {"review": {"total": 11, "completed": 4, "users": users}}
    progress = Progress.of(there, overlap=2, n_checks=1)
    assert (progress.submitted, progress.needed) == (12, 8)


@pytest.mark.parametrize(
    "needed, words",
    [
        (30, "30 answers are still needed; 60 an hour, so about 30 minutes are left"),
        (150, "150 answers are still needed; 60 an hour, so about 2.5 hours are left"),
        (60 * 72, "4,320 answers are still needed; 60 an hour, so about 3 days are left"),
    ],
)
def test_rate(needed, words):
    assert Progress(11, needed, 60.0).since(Progress(10, needed + 1, 0.0)) == words


def test_no_rate_yet():
    one = Progress(10, 5, 1.0)
    assert one.since(one) == "5 answers are still needed; no answer since this began, so no rate is known"
