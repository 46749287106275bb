"""``llm``: a model behind any OpenAI-compatible endpoint answers the form's questions on each draft, one at a time.

It sees what reviewers see: their guidelines word for word, the history, the draft, the item that was bought. It sees no
other answer and compares nothing, so there is no order of drafts that could sway it. The questions stand in ``llm.md``.
The answer is held to a JSON schema and each question is read by itself: ``null`` is ``abstained``, whatever is not an
answer of the form is ``invalid``, and both are kept and counted. An answer of no use (empty, cut, declined, in another
form) is ``invalid`` throughout and counted by kind. It is not kept; a draft that the endpoint did not answer is left
out and counted: the next run asks for both again. Other answers are kept under ``RAD_CACHE`` and paid for once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import ClassVar

from annotation.campaign.judgements import ABSTAINED, ERRORS, INVALID, OF_JUDGES, VERDICTS, value_of
from annotation.judges.base import Case, RationaleJudge
from rad.data.dataset import Dataset
from rad.llm.answer import Answer
from rad.llm.client import Endpoint, Unanswered
from rad.llm.forms import read_prompts
from rad.llm.usage import Usage
from rad.rationales.claims import citations
from rad.rationales.prompt import described, history
from rad.runtime.files import canonical

PROMPTS = Path(__file__).with_suffix(".md")
WINDOW, ITEM_CHARS = 30, 300  # choices in the prompt at least (all that are cited, too), characters of a description
SCALE = {"type": ["integer", "null"], "enum": [1, 2, 3, 4, 5, None]}
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["thoughts", "plausibility", "trust", "errors", "verdict"],
    "properties": {
        "thoughts": {"type": "string"},
        "plausibility": SCALE,
        "trust": SCALE,
        "errors": {"type": ["array", "null"], "items": {"type": "string", "enum": list(ERRORS)}},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
    },
}


class Judge(RationaleJudge):
    """Asks ``endpoint`` about each case under ``guidelines``; ``usage`` counts what that takes."""

    name: ClassVar[str] = "llm"
    usage: Usage

    def __init__(self, data: Dataset, endpoint: Endpoint, guidelines: str, usage: Usage) -> None:
        super().__init__()
        self.items, self.endpoint, self.guidelines, self.usage = data.items, endpoint, guidelines, usage
        self.problems: Counter[str] = Counter()
        self.prompts = read_prompts(PROMPTS)

    def judge(self, cases: Sequence[Case]) -> Iterator[Mapping[str, str]]:
        """The answers to each case, in order; none where the endpoint did not answer."""
        for answer in self.endpoint.in_order(self._ask, cases):
            if isinstance(answer, Unanswered):
                self.unanswered[str(answer)] += 1
                yield {}
                continue
            self.usage.add(answer)
            self.problems.update([answer.problem.kind] if answer.problem else [])
            yield read(answer)

    def record(self) -> dict[str, object]:
        """The endpoint, its parameters, and what the answers took."""
        return {
            "base_url": self.endpoint.base_url,
            "model": self.endpoint.model,
            "prompts": self.prompts["version"],
            "parameters": self.endpoint.parameters,
            "unanswered": dict(self.unanswered),
            "problems": dict(self.problems),
            "usage": self.usage.record(),
        }

    def _ask(self, case: Case) -> Answer | Unanswered:
        draft, example = case
        n = len(example.query.history)
        earliest = min((k for k in citations(draft.text) if 0 <= k < n), default=n)
        filled = Template(self.prompts["judge"]).substitute(
            guidelines=self.guidelines,
            history=history(example.query, self.items, max(WINDOW, n - earliest), ITEM_CHARS),
            draft=draft.text,
            item=described(self.items[next(iter(example.relevant))], ITEM_CHARS),
            errors=", ".join(ERRORS),
            verdicts=", ".join(VERDICTS),
        )
        messages = [{"role": "system", "content": self.prompts["system"]}, {"role": "user", "content": filled}]
        try:
            return self.endpoint.ask(messages, SCHEMA)
        except Unanswered as error:
            return error


def read(answer: Answer) -> dict[str, str]:
    """The model's answers by question; ``abstained`` for null, ``invalid`` for what is none of the form."""
    form = answer.value or {}
    return {question: _answer(question, form[question]) if question in form else INVALID for question in OF_JUDGES}


def _answer(question: str, value: object) -> str:
    if value is None:
        return ABSTAINED
    if isinstance(value, list) and all(isinstance(code, str) for code in value):
        answer = canonical(sorted(set(value)))
    elif isinstance(value, int | str) and not isinstance(value, bool):
        answer = str(value)
    else:
        return INVALID
    try:
        value_of(question, answer)
    except ValueError:
        return INVALID
    return answer
