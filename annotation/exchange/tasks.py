"""A campaign for other annotation tools: what each task shows, and taking back what people answered there.

The campaign's JSONL files stay the truth. What comes back is checked like what ``pull`` fetches, stands under the same
pseudonyms, and gives way to newer answers of the same person alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation import guidelines
from annotation.argilla import form
from annotation.campaign import drafts, further, judgements
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import Form, Key, value_of
from annotation.evaluation import checks
from rad.errors import RadError
from rad.rationales import claims
from rad.rationales.facts import Facts
from rad.runtime.files import atomic_write
from rad.types import Judgement, Rationale

TITLES = {
    "draft": "Draft rationale",
    "facts": "Reasons and further facts, one by one",
    "item": "Item that was bought (the draft was to be written without it)",
    "history": "History, oldest first",
}
SCALES = {
    "plausibility": "Plausibility: could this be why?",
    "trust": "Trust: would you rely on a shop that explains itself like this?",
}


@dataclass(frozen=True, slots=True)
class Task:
    """What is shown of one draft, by the names of :data:`TITLES`."""

    rationale_id: str
    shown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's form from another tool.

    Attributes:
        where: File and place, for errors.
        user: The person's name there. Who has the same name in two tools is one person.
        values: By question, as the form has it; spans with ``start``, ``end``, ``label`` and the marked ``text``.
        answered_at: ISO 8601 in UTC, where the tool says it.
    """

    where: str
    rationale_id: str
    user: str
    values: Mapping[str, Any]
    answered_at: str = ""
    seconds: float | None = None


def tasks(campaign: Campaign) -> list[Task]:
    """The drafts as tasks, and among them the checks that belong to the work.

    Raises:
        RadError: There are no drafts, or a check is none.
    """
    data = open_data(campaign.settings)
    examples, items = examples_by_id(data), data.items
    rationales = list(drafts.by_id(campaign).values()) + [check.rationale for check in _checks(campaign).values()]
    facts = further.write(campaign, rationales, examples, Facts.of(data.examples["train"], items))
    out = []
    for draft in rationales:
        example, more = examples[draft.query_id], facts[draft.rationale_id]
        cited = {*claims.citations(draft.text), *(k for fact in more for k in fact.evidence.history)}
        shown = {
            "draft": draft.text,
            "facts": form.one_by_one(draft, more),
            "item": form.describe(items[next(iter(example.relevant))]),
            "history": form.history(example, items, tuple(cited)),
        }
        out.append(Task(draft.rationale_id, shown))
    return sorted(out, key=lambda task: form.shuffled(task.rationale_id))


def write_guidelines(campaign: Campaign, folder: Path) -> None:
    """Write what reviewers are to read, consent among it, beside the tasks."""
    with atomic_write(folder / "guidelines.md") as file:
        file.write(guidelines.read(campaign.path).of_reviews)


def take(campaign: Campaign, answers: Iterable[Answer]) -> tuple[list[Judgement], int]:
    """Write answers among the campaign's own. Forms without a verdict are not finished: they are passed over.

    Returns:
        All judgements on drafts, and the number of forms that came in.

    Raises:
        RadError: An answer is on no draft of the campaign, or none that the form allows.
    """
    texts, of_checks = drafts.by_id(campaign), _checks(campaign)
    texts |= {key: check.rationale for key, check in of_checks.items()}
    withdrawn, there = set(campaign.withdrawn()), dict[Key, Form]()
    for answer in answers:
        if answer.rationale_id not in texts:
            raise RadError(f"{answer.where}: {answer.rationale_id} is no draft of {campaign.path}")
        key = answer.rationale_id, campaign.pseudonym(answer.user)
        is_older = key in there and there[key].answered_at > answer.answered_at
        if key[1] in withdrawn or is_older or "verdict" not in answer.values:
            continue
        there[key] = Form(answer.answered_at, _judgements(campaign, key, answer, texts[answer.rationale_id]))
    merged = {}
    for name, earlier in (("drafts", judgements.read(campaign)), ("checks", checks.read_answers(campaign))):
        mine = {key: one for key, one in there.items() if (key[0] in of_checks) == (name == "checks")}
        pulled, _ = judgements.merged(earlier, mine)
        merged[name] = sorted(pulled, key=lambda one: (one.rationale_id, one.annotator, one.question))
    judgements.write(campaign, merged["drafts"])
    if merged["checks"]:
        checks.write_answers(campaign, merged["checks"])
    return merged["drafts"], len(there)


def _checks(campaign: Campaign) -> dict[str, checks.Check]:
    return {key: check for key, check in checks.read(campaign).items() if not check.calibration}


def _judgements(campaign: Campaign, key: Key, answer: Answer, draft: Rationale) -> list[Judgement]:
    values = {name: {"value": value} for name, value in answer.values.items()}
    spans = answer.values.get("unsupported", ())
    values["unsupported"] = {"value": [_in_units(span, draft.text) for span in spans]}
    times = answer.seconds, answer.answered_at or None
    out = form.judgements(key, draft.text, values, campaign.settings.guideline_version, times)
    for one in out:
        try:
            value_of(one.question, one.answer, len(draft.text))
        except ValueError as error:
            raise RadError(f"{answer.where}: {error}") from None
    return out


def _in_units(span: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    """A span in UTF-16 units, as browsers count. Tools that count characters are told by the words that were marked."""
    start, end = span["start"], span["end"]
    if text[start:end] != span.get("text", text[start:end]):
        return span
    units = [start + sum(character > "\uffff" for character in text[:start])]
    units.append(end + sum(character > "\uffff" for character in text[:end]))
    return {**span, "start": units[0], "end": units[1]}
