"""Answers of a model behind an OpenAI-compatible endpoint: as it is, or trained here (form ``words``) and served.

Nothing holds it to the grammar: what it writes in the form of :mod:`rad.rationales.prompt` counts, sound or
not, and the rest says nothing. There is no standard for a grammar of free text: llama.cpp takes GBNF, vLLM a field of
its own, and ``transformers serve`` neither; a JSON schema would ask for another form than the one that was trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.language.tokens import Case
from benchmarks.language.writing import Written
from rad.llm.client import Endpoint, Unanswered
from rad.rationales import prompt
from rad.runtime.files import cache_dir
from rad.types import Item

MOST_TOKENS = 800  # of an answer: eight reasons take some 300


class EndpointWriter:
    """Writes answers by an endpoint, many at a time; answers are kept, so none is paid twice.

    Args:
        base_url: ``http://HOST:PORT/v1``.
        model: Its name at the endpoint.
        items: The catalogue.
        window: See :func:`rad.rationales.prompt.messages`.
        item_chars: There it is ``longest``.
        temperature: Of the endpoint's draws; 0 for the likeliest.
        most: Reasons in an answer, at most.
        cited: Prompts show the purchases that a fact cites beside the last ones; the model was not trained without.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        items: Mapping[str, Item],
        window: int,
        item_chars: int,
        temperature: float,
        most: int,
        cited: bool = True,
    ) -> None:
        self.items, self.window, self.item_chars, self.most, self.cited = items, window, item_chars, most, cited
        parameters = {"temperature": temperature, "max_tokens": MOST_TOKENS}
        self.endpoint = Endpoint(base_url, model, cache_dir() / "language", parameters)

    def write(self, cases: Sequence[Case]) -> Iterator[Written]:
        """An answer a prompt, in order."""
        yield from self.endpoint.in_order(self._written, cases)

    def _written(self, case: Case) -> Written:
        messages = prompt.messages(
            case.query, self.items, case.facts, self.window, self.item_chars, self.cited, case.hints
        )
        try:
            answer = self.endpoint.ask(messages)
        except Unanswered:
            return Written()
        pairs, rest, _ = prompt.read(answer.text)
        strongest = sorted(pairs, key=lambda pair: -pair[1])[: self.most]
        return Written(strongest, rest, answer.completion_tokens or 0, readable=bool(pairs or rest))
