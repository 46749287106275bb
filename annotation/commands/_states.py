"""What stands after answers came in: how many drafts are in which state, and whose answers these are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import is_simulated
from rad.types import Judgement

STATES = {  # of a draft, as people read them
    "accepted": "stand as drafted",
    "edited": "stand with corrections",
    "rejected": "rejected",
    "disagreed": "wait for an adjudicator (push --adjudicator NAME)",
    "failed_checks": "corrected, but what came out fails the checks",
    "waiting": "wait for more answers",
}


def print_states(campaign: Campaign, pulled: Sequence[Judgement], states: Mapping[str, int]) -> None:
    reviews = Counter(j.annotator for j in pulled if j.question == "verdict")
    simulated = sum(n for annotator, n in reviews.items() if is_simulated(annotator))
    table = Table("drafts", "", title="After this pull", title_justify="left", show_header=False)
    for state, words in STATES.items():
        table.add_row(f"{states.get(state, 0):,}", words)
    console = Console()
    console.print(table)
    more = f" and {simulated:,} of simulated reviewers, who are no people" if simulated else ""
    people = reviews.total() - simulated
    console.print(f"{people:,} reviews of people{more}, from {len(reviews):,} pseudonyms", highlight=False)
    console.print(f"wrote judgements, rationales and provenance to {campaign.path}", soft_wrap=True, highlight=False)
