"""``prompted``: a model behind any OpenAI-compatible endpoint says why, then ranks the candidate file; untrained.

1. The model reads the history and gives reasons, before it sees any candidate: each cites purchases and says in free
   words what the user wants or avoids. ``rad.rationales.claims`` finds the catalogue's attribute values in these words.
2. It reads the history, the reasons and the candidates, and lists the numbers of the likeliest ``top``. Numbers are
   given in the order of a hash of the query and the item, so that neither the catalogue nor the place says anything.

Numbers that no candidate has and repeated ones are dropped; candidates that the list leaves out follow in the order
shown. Both are counted. An answer without one valid number is a failed prediction. ``rationale=none`` is the arm that
leaves out step 1. What is asked stands in ``prompted.md``.

    export RAD_API_KEY=...
    python -m benchmarks.run --model prompted --protocol rerank --set base_url=https://HOST/v1 model=NAME
"""

from __future__ import annotations

import hashlib
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal

from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings, RationaleRecommender
from rad.errors import RadError
from rad.llm.answer import PROBLEMS, Answer
from rad.llm.client import Unanswered
from rad.llm.forms import Unreadable, read_prompts
from rad.llm.settings import EndpointSettings
from rad.llm.usage import Usage
from rad.rationales.claims import Matcher
from rad.rationales.junk import junk
from rad.types import Evidence, Example, Item, Prediction, Query, Rationale, Reason

VERSION = "1"
PROMPTS = Path(__file__).with_suffix(".md")
MOST = 5  # reasons in a rationale
SUSPICIOUS = 10  # equal rationales, or unordered candidates, where fewer may be chance
Messages = list[dict[str, str]]
Schema = Mapping[str, object]
"""A JSON schema."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A prediction, and what made it.

    ``dropped`` is how many numbers of the list were, ``lacking`` how many of ``top`` it lacked, and ``unranked``
    whether it is the candidates in the order shown, from the first on.
    """

    prediction: Prediction
    answers: Sequence[Answer]
    dropped: int = 0
    lacking: int = 0
    unranked: bool = False


class Model(RationaleRecommender):
    class Settings(ModelSettings, EndpointSettings):
        rationale: Literal["first", "none"] = Field(default="first", description="say why and rank given that, or not")
        window: int = Field(default=20, ge=1, description="last purchases in the prompt")
        shows: Literal["values", "text"] = Field(
            default="values",
            description="of an item: its title and attribute values, or the text that its seller wrote",
        )
        item_chars: int = Field(default=200, ge=20, description="an item's description is cut here")
        top: int = Field(default=20, ge=1, le=100, description="candidates that the model is asked to rank")
        max_tokens: int | None = Field(default=1000, ge=1, description="longest answer; null: the endpoint's default")

    settings: Settings
    baselines = ("random", "popularity", "bm25")
    rerank_only = True
    required = ("base_url", "model")

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.prompts = read_prompts(PROMPTS)
        self.usage: dict[str, Any] = {}

    @property
    def card(self) -> ModelCard:
        s = self.settings
        config = {**s.model_dump(), "base_url": s.base_url, "prompts": self.prompts["version"]}
        return ModelCard(
            name="prompted",
            version=VERSION,
            arm="rationale=none" if s.rationale == "none" else None,
            base_model=s.model,
            config=config | ({"usage": self.usage} if self.usage else {}),
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        """Learns nothing; opens the endpoint. :class:`RadError` without one."""
        s = self.settings
        if not s.base_url or not s.model:
            raise RadError("prompted needs an endpoint: --set base_url=http://HOST:PORT/v1 model=NAME")
        self.items, self.matcher = items, Matcher(items.values())
        self.endpoint = s.endpoint("prompted", "a smaller window or item_chars shortens it", seed)

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        usage, dropped, lacking = Usage(self.settings.price_in, self.settings.price_out), 0, 0
        texts, unranked = Counter[str](), 0
        for outcome in self.endpoint.in_order(self._outcome, queries):
            for answer in outcome.answers:
                usage.add(answer)
            dropped, lacking = dropped + outcome.dropped, lacking + outcome.lacking
            unranked += outcome.unranked
            texts.update([outcome.prediction.rationale.text] if outcome.prediction.rationale else [])
            self.usage = {**usage.record(), "numbers_dropped": dropped, "numbers_lacking": lacking}
            counted = self.usage["answers"] > self.usage["uncounted"]  # answers from the cache count too
            self.tokens_written = self.usage["completion_tokens"] if counted else None
            yield outcome.prediction
        parts = [usage.spoken(len(queries))]
        parts += [f"{dropped:,} unknown or repeated numbers were dropped"] if dropped else []
        parts += [f"{lacking:,} numbers were lacking, filled in the order shown"] if lacking else []
        (_, most), *_ = texts.most_common(1) or [("", 0)]
        if most >= max(SUSPICIOUS, texts.total() / 2):
            parts.append(f"warning: {most:,} of {texts.total():,} rationales are the same, word for word")
        if unranked >= max(SUSPICIOUS, len(queries) / 2):
            parts.append(f"warning: {unranked:,} of {len(queries):,} rankings are the candidates in the order shown")
        print("prompted: " + "; ".join(parts), file=sys.stderr)

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the history and a given rationale: predictions with a rationale go through the same step."""
        pairs = zip(queries, rationales, strict=True)
        for outcome in self.endpoint.in_order(lambda pair: self._outcome(*pair), pairs):
            yield outcome.prediction

    def _outcome(self, query: Query, rationale: Rationale | None = None) -> Outcome:
        """The prediction of one query: the reasons (unless they are given) and the ranking."""
        answers: list[Answer] = []
        try:
            shown = self._shown(query)
            if not shown:
                raise Unanswered("no candidates: prompted ranks the candidate file")
            if rationale is None and self.settings.rationale == "first":
                rationale = self._reasons(query, answers)
            return self._ranking(query, shown, rationale, answers)
        except Unanswered as error:
            return Outcome(Prediction(query.query_id, (), rationale, error=str(error)), answers)

    def _reasons(self, query: Query, answers: list[Answer]) -> Rationale:
        messages = self._messages("reasons", history=self._history(query), most=MOST)
        entries = self._answered(messages, REASONS, "reasons", answers)
        reasons = [r for r in entries if isinstance(r, dict)][:MOST]
        return rationale_of(query, reasons, self.matcher, self.items, f"prompted:{self.settings.model}")

    def _shown(self, query: Query) -> list[str]:
        """The candidates in the order of a hash, but for those that no ranking may hold."""
        return sorted(set(query.candidates or ()) - query.unranked, key=lambda item: _hash(query.query_id, item))

    def _ranking(
        self, query: Query, shown: Sequence[str], rationale: Rationale | None, answers: list[Answer]
    ) -> Outcome:
        top = min(self.settings.top, len(shown))
        messages = self._messages(
            "ranking",
            history=self._history(query),
            rationale=f"Why they will choose what they choose next: {rationale.text}\n" if rationale else "",
            candidates="\n".join(f"{k}. {self._described(item)}" for k, item in enumerate(shown, 1)),
            top=top,
            example=", ".join(str(k) for k in (len(shown), 1, *range(2, top))[:3]),
        )
        labels = self._answered(messages, ranking_schema(len(shown), top), "ranking", answers)
        numbers = [n for n in map(_number, labels) if n is not None and 1 <= n <= len(shown)]
        chosen = list(dict.fromkeys(shown[n - 1] for n in numbers))
        if not chosen:
            raise Unanswered("the answer names no candidate")
        left = [item for item in shown if item not in set(chosen)]
        prediction = Prediction(query.query_id, tuple([*chosen, *left][:100]), rationale)
        lacking = max(0, top - len(chosen))
        return Outcome(prediction, answers, len(labels) - len(chosen), lacking, chosen == shown[: len(chosen)])

    def _answered(self, messages: Messages, schema: Schema, field: str, answers: list[Answer]) -> list[object]:
        """The list ``field`` of the model's answer. :class:`Unanswered` where there is none."""
        answer = self.endpoint.ask(messages, schema, check=CHECKS[field])
        answers.append(answer)
        if answer.problem is not None:  # a refusal's words are its own, and failures are counted by their text
            kind, detail = answer.problem.kind, answer.problem.detail
            raise Unanswered(f"{field}: {PROBLEMS[kind] if kind == 'refused' else detail}")
        assert answer.value is not None
        return CHECKS[field](answer.value)

    def _messages(self, name: str, **values: object) -> Messages:
        text = Template(self.prompts[name]).substitute(values)
        return [{"role": "system", "content": self.prompts["system"]}, {"role": "user", "content": text}]

    def _history(self, query: Query) -> str:
        """The last purchases, each under its place in the whole history."""
        numbered = [f"[{k}] {self._described(x.item_id)}" for k, x in enumerate(query.history, 1)]
        return "\n".join(numbered[-self.settings.window :]) or "(nothing yet)"

    def _described(self, item_id: str) -> str:
        """Title and attribute values; or title and text, where these are to be shown or there are no values."""
        item = self.items[item_id]
        values = dict.fromkeys(value for values in item.attributes.values() for value in values)
        text = item.text if item.text.startswith(item.title) else f"{item.title}. {item.text}"
        if values and self.settings.shows == "values":
            text = f"{item.title} ({'; '.join(values)})"
        return textwrap.shorten(text, self.settings.item_chars, placeholder="...") or "(no description)"


# --- the form of answers, and what an answer holds ---


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _array(of: Schema, most: int) -> Schema:
    return {"type": "array", "items": of, "maxItems": most}


_CITED = _array({"type": "integer"}, 20)
REASONS = _object(reasons=_array(_object(because=_CITED, wants={"type": "string"}, avoids={"type": "string"}), MOST))


def ranking_schema(candidates: int, top: int) -> Schema:
    return _object(ranking=_array({"type": "integer", "enum": list(range(1, candidates + 1))}, top))


def ranking_of(value: Mapping[str, object]) -> list[object]:
    """The numbers of an answer."""
    labels = value["ranking"]
    if not isinstance(labels, list):
        raise Unreadable("ranking is no list")
    return labels


def reasons_of(value: Mapping[str, object]) -> list[object]:
    """The reasons of an answer. :class:`Unreadable` where there are some, and none says anything, or one declines."""
    entries = value["reasons"]
    if not isinstance(entries, list):
        raise Unreadable("reasons is no list")
    words = [_plain(one.get(name)) for one in entries if isinstance(one, dict) for name in ("wants", "avoids")]
    oddities = [junk(text) for text in words if any(c.isalnum() for c in text)]
    if entries and not oddities:
        raise Unreadable("no reason says anything")
    if words := [text for text in oddities if text]:
        raise Unreadable(f"a reason {words[0]}")
    return entries


CHECKS: Mapping[str, Callable[[Mapping[str, object]], list[object]]] = {"reasons": reasons_of, "ranking": ranking_of}


def _number(label: object) -> int | None:
    if isinstance(label, str) and label.strip().isdecimal() and len(label) < 10:
        return int(label)
    return label if isinstance(label, int) and not isinstance(label, bool) else None


def _hash(query_id: str, item_id: str) -> str:
    return hashlib.sha256(f"prompted:{query_id}:{item_id}".encode()).hexdigest()


def rationale_of(
    query: Query, entries: Sequence[Mapping[str, object]], matcher: Matcher, items: Mapping[str, Item], drafter: str
) -> Rationale:
    """The record of reasons in free words, all of one weight, the strongest first.

    Attribute values in the words are the claims. Where the cited purchases share one that is wanted, it is the
    evidence; otherwise the purchases themselves are. Wrong citations stay: ``evidence_validity`` counts them.
    """
    reasons, sentences = [], []
    for one in entries:
        because = one.get("because")
        numbers = [n for n in map(_number, because if isinstance(because, list) else ()) if n is not None]
        cited = tuple(dict.fromkeys(n - 1 for n in numbers))
        words = {name: _plain(one.get(name)) for name in ("wants", "avoids")}
        if not any(words.values()):
            continue
        wants, avoids = (
            tuple(dict.fromkeys(claim for mention in matcher.find(text) for claim in mention.claims))
            for text in words.values()
        )
        facts = [set(_facts(items.get(query.history[k].item_id))) for k in cited if 0 <= k < len(query.history)]
        shared = next((claim for claim in wants if facts and all(claim in fact for fact in facts)), None)
        evidence = Evidence(cited, "attribute", *shared) if shared else Evidence(cited, "sequence")
        reasons.append(Reason(evidence, wants, avoids, 1 / len(entries)))
        places = " ".join(f"[{k + 1}]" for k in cited)
        sentences.append(
            "; ".join(f"{name} {text}" for name, text in words.items() if text) + f" {places}".rstrip() + "."
        )
    return Rationale(
        rationale_id=f"{query.query_id}-prompted-{VERSION}",
        query_id=query.query_id,
        reasons=tuple(reasons),
        text=" ".join(f"The user {text}" for text in sentences) or "The history gives no reason.",
        verdict="supported" if reasons else "unexplained",
        origin="model",
        drafter=drafter,
        drafter_version=VERSION,
    )


def _plain(words: object) -> str:
    """A phrase in one line that UTF-8 can hold; nothing where the answer holds no phrase."""
    text = " ".join(words.encode("utf-8", "replace").decode().split()) if isinstance(words, str) else ""
    return text if any(c.isalnum() for c in text) else ""  # the form's own dots say nothing


def _facts(item: Item | None) -> Iterator[tuple[str, str]]:
    for name, values in item.attributes.items() if item else ():
        yield from ((name, value) for value in values)
