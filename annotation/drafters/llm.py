"""``llm``: a model behind any OpenAI-compatible endpoint drafts rationales; each is checked before it is passed on.

1. The model reads the history with its places, and facts under letters, which are counted from that history and from
   other users' training purchases (:mod:`rad.rationales.prompt`). It thinks step by step, then chooses at most eight
   facts and says how strong each is, and how much stays unexplained. Reasons and text are built from its choice, so
   both are sound, and agree. It does not know what was chosen, unless ``hindsight`` says so (such drafts are named
   ``llm-hindsight:MODEL``).
2. The answer is held to a JSON schema, checked on arrival, and judged by :class:`rad.rationales.rules.Rules`, which
   counts every fact again and knows the target. The model sees what its draft violates and drafts again, at most
   ``redrafts`` times; then the draft is rejected, with its violations. Where a draft named the target, the violation
   would give the target away: the model is asked afresh, and does not see that draft.
3. With ``contrasts=true``, once a rationale stands, the model is shown the item and the alternative nearest to it. It
   writes what speaks for the item, what against it, and why it is not the alternative. Nothing of that goes back into
   the rationale, and the review form does not show it.

The prompts stand in ``llm.md``. Answers that can be read are kept under ``RAD_CACHE``: a killed run pays for none of
them twice. What is empty, cut, declined, only thought or not in the form is counted by kind and asked again by the next
run. Where the first 20 drafts are all of that kind, the run stops.

    export RAD_API_KEY=...
    python -m annotation draft CAMPAIGN --drafter llm --base-url https://HOST/v1 --model NAME
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import ClassVar, Self, TypeVar

from pydantic import BaseModel, Field

from annotation.drafters import llm_answers as forms
from annotation.drafters.alternatives import Alternatives
from annotation.drafters.base import Draft, DrafterSettings, RationaleDrafter, Summary, Violations, checked
from rad.errors import RadError
from rad.llm.answer import Answer
from rad.llm.client import Unanswered
from rad.llm.forms import fitted, read_prompts
from rad.llm.settings import EndpointSettings
from rad.llm.usage import Usage
from rad.rationales import prompt
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules, Violation
from rad.rationales.strengths import LASTING_WORDS, WORDS
from rad.runtime.files import canonical
from rad.types import Example, Item, PairExplanation, Query, Rationale, Reason

VERSION = "2"
PROMPTS = Path(__file__).with_suffix(".md")
HOPELESS = 20  # drafts that cannot be read, from the first on, after which no more are asked for
SHORTER = "a smaller window, item_chars or facts shortens the prompt, a smaller max_tokens leaves it more room"
ADVICE = {
    "cut": "a larger max_tokens leaves room for the answer",
    "thinking": "a larger max_tokens leaves room for an answer after the thoughts",
    "unreadable": "schema=json_object or schema=grammar may hold this server to the form",
}
SHOWN_AGAIN = 4000  # characters of a refused answer that the model is shown
Form = TypeVar("Form", bound=BaseModel)
Record = TypeVar("Record")  # a rationale, or explanations of pairs


class Drafter(RationaleDrafter):
    """Asks an endpoint for a rationale of each example, then for explanations of its target and an alternative."""

    class Settings(DrafterSettings, EndpointSettings):
        """The endpoint, the prompt, and the limits of requests."""

        hindsight: bool = Field(default=False, description="tell the model what was chosen: hindsight drafts")
        contrasts: bool = Field(
            default=False,
            description="ask a second question: what speaks for the item, what against, and an alternative",
        )
        redrafts: int = Field(default=2, ge=0, description="times that a faulty draft is asked for again")
        window: int = Field(default=20, ge=1, description="last choices in the prompt")
        item_chars: int = Field(default=300, ge=20, description="an item's description is cut here")
        facts: int = Field(
            default=prompt.MOST_FACTS, ge=1, le=prompt.MOST_FACTS, description="facts in the prompt, the best ones"
        )

    name: ClassVar[str] = "llm"
    required: ClassVar[tuple[str, ...]] = ("base_url", "model")
    settings: Settings

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.prompts = read_prompts(PROMPTS)

    @property
    def version(self) -> str:
        """Of the code, then of the prompts, then of the task that all language models share."""
        return f"{VERSION}.{self.prompts['version']}.{prompt.VERSION}"

    @property
    def signature(self) -> str:
        """The ``drafter`` of the records."""
        return f"{'llm-hindsight' if self.settings.hindsight else 'llm'}:{self.settings.model}"

    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0) -> Self:
        """Counts the facts and opens the endpoint; learns nothing. :class:`RadError` without one."""
        s = self.settings
        if not s.base_url or not s.model:
            raise RadError("the drafter 'llm' needs an endpoint: --base-url http://HOST:PORT/v1 --model NAME")
        self.items, self.seed = items, seed
        self.facts = Facts.of(train, items)
        self.rules, self.spelling = Rules(items, self.facts), forms.Spelling(items)
        self.alternatives = Alternatives(items) if s.contrasts else None
        self.endpoint = s.endpoint("llm", SHORTER, fresh=self.fresh)
        return self

    def drafts(self, examples: Iterable[Example]) -> Iterator[Draft]:
        """One draft an example, in order, ``concurrency`` under way. :class:`RadError` where no request can succeed."""
        s = self.settings
        self.summary = Summary(usage=(usage := Usage(s.price_in, s.price_out)))
        for draft, answers in self.endpoint.in_order(self._draft, examples):
            for answer in answers:
                usage.add(answer)
            yield self.summary.add(draft)
            self._hopeful()

    def _hopeful(self) -> None:
        """Stop where nothing of the first drafts could be read: the next ones would be paid for in vain."""
        summary, kinds = self.summary, self.summary.rejected_by
        if summary.drafts == HOPELESS == summary.useless - summary.unanswered:
            counts = ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
            advice = "; ".join(ADVICE[kind] for kind, _ in kinds.most_common() if kind in ADVICE)
            raise RadError(
                f"{self.endpoint.base_url}: no answer to the first {HOPELESS} drafts is of use ({counts})"
                + (f": {advice}" if advice else "")
                + "; --again failed asks for them anew"
            )

    def _draft(self, example: Example) -> tuple[Draft, list[Answer]]:
        answers: list[Answer] = []
        query, target = example.query, next(iter(example.relevant))
        if not query.history:
            return checked(example, None, self.rules), answers
        rationale, tried, refused, counted = self._rationale(example, answers)
        if rationale is None:
            return Draft(query.query_id, target, None, tried=tried, refused=refused), answers
        choice = canonical({name: value for name, value in (answers[-1].value or {}).items() if name != "thoughts"})
        contrasts, contrasts_tried = self._contrasts(example, rationale, answers) if self.alternatives else ((), ())
        draft = Draft(query.query_id, target, rationale, contrasts, tried, None, counted, contrasts_tried, choice)
        return draft, answers

    def _rationale(
        self, example: Example, answers: list[Answer]
    ) -> tuple[Rationale | None, tuple[Violations, ...], Rationale | None, Violations]:
        """The accepted rationale, the violations of those that were not, the last of these, and what was counted."""
        query = example.query
        targets = [self.items[item_id] for item_id in example.relevant]
        shown = "\n".join(prompt.described(target, self.settings.item_chars) for target in targets)
        facts = self.facts.about(query, self.settings.facts)
        base = self._filled(
            "rationale",
            person=self._person(query, facts),
            facts=prompt.lettered(facts),
            target="\n" + self._filled("target", item=shown) + "\n" if self.settings.hindsight else "",
            most=prompt.MOST_REASONS,
            words=prompt.quoted(WORDS),
            lasting=prompt.quoted(LASTING_WORDS),
        )

        def judged(form: forms.RationaleForm) -> tuple[Rationale, Violations]:
            rationale, violations = forms.rationale_of(form, query, facts, self.signature, self.version)
            named = (v for target in targets for v in self.rules.names(rationale.text, target, query))
            return rationale, (*violations, *self.rules.violations(rationale, query), *named)

        return self._checked(self._filled("system", task=prompt.TASK), base, forms.RationaleForm, judged, answers)

    def _contrasts(
        self, example: Example, rationale: Rationale, answers: list[Answer]
    ) -> tuple[tuple[PairExplanation, ...], tuple[Violations, ...]]:
        """The explanations of the target and of the nearest alternative, if accepted; the violations of the others."""
        query, item = example.query, self.items[next(iter(example.relevant))]
        assert self.alternatives is not None
        other = self.alternatives.nearest(item, {*example.relevant, *(past.item_id for past in query.history)})
        if other is None:
            return (), ((Violation("no_alternative", "no other item has another value"),),)
        base = self._filled(
            "contrasts",
            person=self._person(query, rationale.reasons),
            rationale=rationale.text,
            item=prompt.described(item, self.settings.item_chars),
            alternative=prompt.described(other, self.settings.item_chars),
        )

        def judged(form: forms.ContrastForm) -> tuple[tuple[PairExplanation, ...], Violations]:
            explanations = forms.explanations_of(form, query, item, other, self.spelling, self.signature, self.version)
            return explanations, tuple(forms.explanation_violations(explanations, query, item, other))

        explanations, tried, _, _ = self._checked(self.prompts["explainer"], base, forms.ContrastForm, judged, answers)
        return explanations or (), tried

    def _person(self, query: Query, reasons: Sequence[Reason]) -> str:
        cited = [k for reason in reasons for k in reason.evidence.history]
        return prompt.person(query, self.items, self.settings.window, self.settings.item_chars, cited)

    def _checked(
        self,
        system: str,
        base: str,
        form: type[Form],
        judged: Callable[[Form], tuple[Record, Violations]],
        answers: list[Answer],
    ) -> tuple[Record | None, tuple[Violations, ...], Record | None, Violations]:
        """Ask ``base`` until the answer violates nothing, or the redrafts are used up.

        Returns:
            The accepted record, the violations of each refused attempt, the last refused record, and the violations of
            the accepted one that are only counted.
        """
        question, tried, refused = base, list[Violations](), None
        for attempt in range(self.settings.redrafts + 1):
            try:
                answer = self._ask(system, question, form, attempt)
            except Unanswered as error:  # the client has tried again already
                detail = f"{error} ({error.words})" if error.words else str(error)
                tried.append((Violation("unanswered", detail),))
                break
            answers.append(answer)
            if answer.problem is not None:
                refusing: Violations = (Violation(answer.problem.kind, answer.problem.detail),)
            else:
                assert answer.value is not None
                record, violations = judged(fitted(answer.value, form))
                refusing = tuple(violation for violation in violations if not violation.counted)
                if not refusing:
                    return record, tuple(tried), None, violations
                refused = record
            tried.append(refusing)
            question = f"{base}\n\n{self._again(answer, refusing)}"
        return None, tuple(tried), refused, ()

    def _again(self, answer: Answer, violations: Violations) -> str:
        """What is added to the question. It never says that a draft named the target, which the model must not know."""
        if not self.settings.hindsight and any(violation.rule == "names_target" for violation in violations):
            return self.prompts["afresh"]
        lines = "\n".join(f"- {violation.rule}: {violation.detail}" for violation in violations)
        return self._filled("redraft", draft=answer.text[:SHOWN_AGAIN] or "(empty)", faults=lines)

    def _ask(self, system: str, question: str, form: type[BaseModel], attempt: int) -> Answer:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        # Where answers are drawn, another seed and another attempt are another draw, and another entry of the cache
        more = {"seed": self.seed + attempt} if self.settings.temperature else {}
        return self.endpoint.ask(messages, form.model_json_schema(), more, lambda value: fitted(value, form))

    def _filled(self, name: str, **values: str | int) -> str:
        return Template(self.prompts[name]).substitute(values)
