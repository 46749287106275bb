"""What answers of an endpoint took: tokens, and money where the prices are known."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rad.llm.answer import Answer


@dataclass
class Usage:
    """Tokens and ``cost`` are those of all answers, as if there were no cache; ``cost_now`` leaves the cache out.

    Prices are of a million tokens. ``uncounted`` answers came without token counts, ``unstructured`` ones without a
    JSON schema in the request.
    """

    price_in: float | None = None
    price_out: float | None = None
    answers: int = 0
    from_cache: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    uncounted: int = 0
    unstructured: int = 0
    cost: float = 0.0
    cost_now: float = 0.0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        read, written = answer.prompt_tokens or 0, answer.completion_tokens or 0
        cost = (read * (self.price_in or 0) + written * (self.price_out or 0)) / 1e6
        self.answers += 1
        self.from_cache += answer.cached
        self.uncounted += answer.prompt_tokens is None or answer.completion_tokens is None
        self.unstructured += not answer.structured
        self.prompt_tokens += read
        self.completion_tokens += written
        self.cost += cost
        self.cost_now += 0 if answer.cached else cost

    def record(self) -> dict[str, int | float | None]:
        """The counts for a file. Prices and cost are there only where both prices are known."""
        priced = self.price_in is not None and self.price_out is not None
        left_out = () if priced else ("price_in", "price_out", "cost", "cost_now")
        return {name: value for name, value in asdict(self).items() if name not in left_out}

    def spoken(self, n: int, noun: str = "query") -> str:
        """The counts as one line for people; the answers are for ``n`` queries, or ``n`` of another ``noun``."""
        record, per = self.record(), max(1, n)
        parts = [
            f"{self.answers:,} answers ({self.from_cache:,} from the cache)",
            f"{self.prompt_tokens:,} prompt tokens ({self.prompt_tokens / per:,.0f} a {noun})",
            f"{self.completion_tokens:,} answered tokens ({self.completion_tokens / per:,.0f} a {noun})",
            f"cost {self.cost:.4f}, of which now {self.cost_now:.4f}" if "cost" in record else "price unknown",
        ]
        parts += [f"{self.uncounted:,} answers came without token counts"] if self.uncounted else []
        parts += [f"{self.unstructured:,} answers were asked for without a JSON schema"] if self.unstructured else []
        return "; ".join(parts)
