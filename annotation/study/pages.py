"""A study on the server: each list of pages is a dataset in a workspace of its own, with a consent before it.

Who is in one workspace sees nothing of the others, on any Argilla. Everybody in it answers all of its pages, in an
order of their own. Nothing on a page says in which arm it is.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import argilla as rg

from annotation import guidelines
from annotation.argilla import accounts, consent, form
from annotation.argilla.client import CONSENT, argilla_errors, connect, records
from annotation.argilla.push import ensure_dataset, send, take_guidelines
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.evaluation import checks
from annotation.guidelines import Guidelines
from annotation.study import design
from annotation.study.design import Design
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.strengths import weighted
from rad.types import Example, Item, Judgement, Rationale

QUESTIONS = ("trust", "comment")


def settings(client: rg.Argilla, guide: Guidelines) -> rg.Settings:
    """Fields, questions and guidelines of a list."""
    titles = {"items": "Recommended items", "why": "Why", "history": "What this customer has, oldest first"}
    return rg.Settings(
        guidelines=guide.of_reviews,
        fields=[
            rg.TextField(client=client, name=name, title=title, use_markdown=False, required=name != "why")
            for name, title in titles.items()
        ],
        questions=[
            rg.RatingQuestion(
                client=client,
                name="trust",
                title="How far would you trust these recommendations if you were this customer?",
                description="1: not at all. 5: entirely.",
                values=[1, 2, 3, 4, 5],
            ),
            rg.TextQuestion(client=client, name="comment", title="A word to the lead, if you like", required=False),
        ],
        metadata=[rg.TermsMetadataProperty(client=client, name="query_id", visible_for_annotators=False)],
        distribution=rg.TaskDistribution(min_submitted=form.EVERYBODY),
    )


def push(campaign: Campaign, participants: int, api_url: str | None = None) -> None:
    """Send all lists, make accounts of so many participants, each in the list that fewest have, and print where.

    Args:
        campaign: Whose study is planned.
        participants: In all; those who have an account already count.
        api_url: Another Argilla than the campaign's own.
    """
    plan = design.read(campaign)
    with campaign.locked("answers"):
        take_guidelines(campaign)
        people = names(campaign, participants)
        accounts.check_roles(campaign, people, "reviewer")
        client = connect(campaign, api_url)
        with argilla_errors("push"):
            _send(client, campaign, plan)
            _draw_lists(campaign, people)
            new = accounts.enrol(client, campaign, people, "reviewer")
            campaign.set_overlap(max(1, participants // plan.lists))
    print(
        f"{plan.lists} lists of {len(plan.blocks[0]) + design.CHECKS} pages are there, for {len(people)} participants"
    )
    accounts.show(client, campaign, people, new)


def _send(client: rg.Argilla, campaign: Campaign, plan: Design) -> None:
    """Send what the server lacks."""
    data, guide = open_data(campaign.settings), guidelines.read(campaign.path)
    examples, shown = examples_by_id(data), design.texts(campaign)
    checking = [check.rationale for check in checks.read(campaign, examples).values()]
    for number, name in enumerate(design.datasets(campaign)):
        dataset = ensure_dataset(client, campaign, name, settings(client, guide))
        consent.ask(client, campaign, consent_of(name))
        there = {row["external_id"] for row in records(client, dataset)}
        pages = [shown[page] for page in plan.pages(number)] + checking
        rows = [
            record(page, examples[page.query_id], plan.rankings[page.query_id], data.items)
            for page in sorted(pages, key=lambda page: form.shuffled(page.rationale_id))
            if page.rationale_id not in there
        ]
        send(dataset, rows)


def names(campaign: Campaign, n: int) -> list[str]:
    """The user names of ``n`` participants: p001, p002, ..., without those who have withdrawn.

    Raises:
        RadError: ``n`` is no number of people.
    """
    if n < 1:
        raise RadError(f"--participants must be at least 1, got {n}")
    withdrawn = set(campaign.withdrawn())
    numbered = (f"p{k:03}" for k in range(1, n + len(withdrawn) + 1))
    return [name for name in numbered if campaign.pseudonym(name) not in withdrawn][:n]


def consent_of(name: str) -> str:
    """The dataset that asks for consent to a list."""
    return f"{CONSENT['reviewer']}-{name}"


def _draw_lists(campaign: Campaign, participants: Sequence[str]) -> None:
    """Write down a list for each participant who has none: one that fewest have, at random."""
    lists = design.datasets(campaign)
    taken = Counter(entry["list"] for entry in campaign.reviewers().values() if "list" in entry)
    for participant in participants:
        if "list" in campaign.reviewers().get(participant, {}):
            continue
        fewest = min(taken[name] for name in lists)
        drawn = random.SystemRandom().choice([name for name in lists if taken[name] == fewest])
        taken[drawn] += 1
        if participant not in campaign.reviewers():
            campaign.add_reviewer(participant, "reviewer")
        campaign.mark_reviewer(participant, list=drawn)


def record(page: Rationale, example: Example, ranking: Sequence[str], items: Mapping[str, Item]) -> rg.Record:
    """The record that shows a page; without an explanation it has no such field."""
    listed = "\n".join(f"{k}. {form.describe(items[item])}" for k, item in enumerate(ranking, 1))
    shown = {"items": listed, "history": form.history(example, items)}
    if page.text:
        shown["why"] = a_sentence_a_line(page.text)
    return rg.Record(
        id=page.rationale_id,
        fields={name: form.plain(words) for name, words in shown.items()},
        metadata={"query_id": page.query_id},
    )


def a_sentence_a_line(explanation: str) -> str:
    """An explanation in the words of facts with each sentence on a line of its own; another text as it is."""
    reasons, rest, other = text.read(explanation)
    return explanation if other else "\n".join(text.sentences(weighted(reasons, rest)))


def judgements(
    version: str,
    key: tuple[str, str],
    row: Mapping[str, Any],
    answer: Mapping[str, Any],
    times: tuple[float | None, str | None],
) -> Sequence[Judgement]:
    """The answers of one page; ``key`` is the page's id and a pseudonym, ``version`` that of the guidelines."""
    values = answer["values"]
    words_of = {name: str(values[name]["value"]).strip() for name in QUESTIONS if name in values}
    return [Judgement(*key, name, words, version, *times) for name, words in words_of.items()]
