"""The design of a trust study: which queries are shown, in which arm to whom, and what is registered beforehand.

Queries are of different users, in blocks; a participant gets one block, a page a query. Each block comes as five lists,
in which the arms are moved on by one query: so a participant sees each arm equally often and no user twice, and each
query is seen in each arm equally often. ``study.json`` in the campaign's folder holds all of it. The texts are the
campaign's drafts, whose drafter is the arm.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from annotation.campaign import drafts
from annotation.campaign.folder import Campaign
from annotation.study.arms import ARMS
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import atomic_write, canonical
from rad.types import Rationale

FILE = "study.json"
DRAFTER = "study"  # of the campaign
SHOWN = 5  # items of a ranking on a page
LONGEST = 30  # purchases of a history, which a page shows whole
CHECKS = 3  # of each participant


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What simulated answers are drawn from, in points of the scale from 1 to 5; the registration shows it.

    ``alone`` is the mean trust of the ranking alone. The others are standard deviations: of participants, of queries,
    of a participant's and a query's own effects of each arm. ``inattentive`` is the share of participants who answer
    at random.
    """

    alone: float = 3.0
    participants: float = 0.5
    queries: float = 0.3
    participants_by_arm: float = 0.3
    queries_by_arm: float = 0.2
    inattentive: float = 0.1


@dataclass(frozen=True, slots=True)
class Design:
    """What ``study.json`` holds.

    Attributes:
        run_sha256: Of the file with the model's predictions.
        blocks: Query ids; a participant answers those of one block.
        rankings: By query id, checks included, the items that a page shows.
        participants: How many are to take part, a multiple of the lists.
        gain: The claim: how much more trust a ranking has with its rationale than alone (0.2: 20%).
        least: The smallest difference from any other arm that is to be found, as a share of the trust of the ranking
            alone.
        power: With which probability, by simulation.
        assumed: Of the simulation.
        seed: Of the simulation.
    """

    run_sha256: str
    blocks: tuple[tuple[str, ...], ...]
    rankings: Mapping[str, tuple[str, ...]]
    participants: int
    gain: float
    least: float
    power: float
    assumed: Assumptions
    seed: int

    @property
    def lists(self) -> int:
        """How many different lists of pages there are."""
        return len(self.blocks) * len(ARMS)

    @property
    def planted(self) -> dict[str, float]:
        """The gains that the sample is made for: those of :attr:`gain`, and ``least`` below it in the other arms."""
        return {arm: self.gain if arm == "rationale" else self.gain - self.least for arm in ARMS[1:]} | {ARMS[0]: 0.0}

    def pages(self, number: int) -> list[tuple[str, str]]:
        """Query id and arm of each page of a list, from 0."""
        block, shift = divmod(number, len(ARMS))
        return [(query, ARMS[(k + shift) % len(ARMS)]) for k, query in enumerate(self.blocks[block])]


def read(campaign: Campaign) -> Design:
    """The design of a campaign's study. :class:`RadError` where none is planned."""
    hint = f"no study is planned here: python -m annotation study plan {campaign.path} --run RUN"
    return records.read_document(Design, campaign.file(FILE), hint)


def write(campaign: Campaign, design: Design) -> None:
    """Write ``study.json``, whole or not at all."""
    with atomic_write(campaign.file(FILE)) as file:
        json.dump(asdict(design), file, indent=1, ensure_ascii=False)


def is_study(campaign: Campaign) -> bool:
    """Whether a campaign that has begun is a study."""
    return campaign.settings.drafter == DRAFTER


def datasets(campaign: Campaign) -> list[str]:
    """The names of the study's datasets on a server, a list each; none where the campaign is no study."""
    return [f"list-{k + 1}" for k in range(read(campaign).lists)] if is_study(campaign) else []


def page_of(query_id: str, arm: str, text: str) -> Rationale:
    """What is shown on a page, as a draft of the campaign. Its id is a hash, which says nothing of the arm."""
    key = hashlib.sha256(canonical([DRAFTER, arm, query_id, text]).encode()).hexdigest()[:16]
    return Rationale(key, query_id, (), text, "unexplained", "model", arm, "1")


def texts(campaign: Campaign) -> dict[tuple[str, str], Rationale]:
    """By query id and arm, what is shown."""
    return {(one.query_id, one.drafter): one for one in drafts.read(campaign)}


def check_sizes(queries: int, pages: int) -> None:
    """Refuse a number of queries and of pages of a participant that do not fit each other."""
    if pages < len(ARMS) or pages % len(ARMS) or queries < pages or queries % pages:
        raise RadError(
            f"--pages must be a multiple of {len(ARMS)}, so that each arm comes equally often, and --queries one of "
            f"--pages; got {pages} and {queries}"
        )


def in_blocks(queries: Sequence[str], pages: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """The queries in blocks of ``pages`` queries, at random."""
    shuffled = list(queries)
    random.Random(seed).shuffle(shuffled)
    return tuple(tuple(shuffled[start : start + pages]) for start in range(0, len(shuffled), pages))
