"""The pre-registration of a study as a page of Markdown, to be put on a registry before the first answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from annotation.campaign.folder import Campaign
from annotation.study.analysis import HYPOTHESES
from annotation.study.answers import CHECKS_RIGHT, PAGES_ANSWERED, SECONDS
from annotation.study.arms import ARMS, SHOWS
from annotation.study.design import CHECKS, SHOWN, Design
from rad.runtime.statistics import ALPHA

FILE = "registration.md"
TEMPLATE = Path(__file__).with_name("registration.md")


def text(campaign: Campaign, plan: Design, tried: Sequence[tuple[int, float]], studies: int) -> str:
    """The page.

    Args:
        campaign: Whose data it names.
        plan: The design.
        tried: Numbers of participants, and the power of each.
        studies: Simulated studies behind each power.
    """
    settings, pages = campaign.settings, len(plan.blocks[0])
    return TEMPLATE.read_text(encoding="utf-8").format(
        day=settings.created[:10],
        name=settings.name,
        domain=settings.domain,
        data=settings.data_sha256[:16],
        run=plan.run_sha256[:16],
        gain=plan.gain,
        others=plan.gain - plan.least,
        hypotheses="\n".join(
            f"{k}. H{k}: {one} has more trust than {two}." for k, (one, two) in enumerate(HYPOTHESES, 1)
        ),
        n_hypotheses=len(HYPOTHESES),
        arms="\n".join(f"| {arm} | {SHOWS[arm]} |" for arm in ARMS),
        n_arms=len(ARMS),
        shown=SHOWN,
        queries=sum(map(len, plan.blocks)),
        blocks=len(plan.blocks),
        pages=pages,
        each=pages // len(ARMS),
        checks=CHECKS,
        checks_right=CHECKS_RIGHT,
        pages_answered=PAGES_ANSWERED,
        seconds=SECONDS,
        participants=plan.participants,
        studies=studies,
        seed=plan.seed,
        power="\n".join(f"| {number} | {power:.2f} |" for number, power in tried),
        assumed=plan.assumed,
        alpha=ALPHA,
    )
