"""The prompt of every language model that writes rationales: a history, and its facts under letters.

    facts = Facts.of(data.examples["train"], data.items)
    asked = messages(query, data.items, facts.about(query, MOST_FACTS))
    reasons = text.parse(answer)                # the model answers in the words of rad.rationales.text

A fact is shown as the sentence that states it, with a blank in the place of its strength. So a model chooses and
weighs; it counts nothing, and what it may claim is sound. All of the prompt is made from the query, the catalogue and
the counts of other users' training purchases: no target can be in it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from rad.rationales import text
from rad.rationales.strengths import LASTING_WORDS, WORDS, weighted
from rad.types import Evidence, Interaction, Item, Query, Reason, Support

VERSION = "1"  # of the words: raise it when one changes
MOST_REASONS = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_FACTS = len(LETTERS)


def quoted(words: Iterable[str]) -> str:
    """``"likely", "possible"``."""
    return ", ".join(f'"{word}"' for word in words)


_TWO_OF_NINE = Support(2.0, 9.0, 1 / 40)
EXAMPLE = text.write(
    weighted(
        [
            (Reason(Evidence((1, 4), "repeat", "brand", "Makita", _TWO_OF_NINE), (("brand", "Makita"),)), 64),
            (Reason(Evidence((8,), "co_purchase", support=Support(12.0))), 32),
            (Reason(Evidence((1, 4), "lasting", "brand", "Makita", _TWO_OF_NINE), (("brand", "Makita"),)), 16),
        ],
        rest=32,
    )
)
TASK = f"""\
You say why a person will choose what they choose next, before anybody knows what that is. You read what they have \
chosen so far, oldest first, each under its place in brackets; and facts, each under a letter. The facts are counted: \
they are true, but few of them matter. You choose those that matter to this person and say how strongly.

A rationale has at most {MOST_REASONS} reasons, the strongest first. A reason is one of the facts with its blank, \
{text.BLANK}, filled in. What is wanted now is, by its chance of being the reason behind the choice, \
{quoted(WORDS)}: each word stands for half the chance of the one before. A lasting taste or dislike holds beside \
whatever is wanted now; it is, by how much it changes the odds, {quoted(LASTING_WORDS)}.

What nobody can know stays unexplained: the rationale says how likely it is that none of its reasons is behind the \
choice, in the same words. Where the facts say little, that is most likely. Claim nothing that is not among the facts, \
and never name or guess the item that is chosen."""
SYSTEM = f"""\
{TASK}

Answer with the rationale alone: the chosen facts word for word without their letters, each with its blank filled in; \
then one sentence on the unexplained. For example:

{EXAMPLE}"""


def messages(
    query: Query, items: Mapping[str, Item], facts: Sequence[Reason], window: int = 20, longest: int = 160
) -> list[dict[str, str]]:
    """The system's and the user's message; the answer to them is the text of a rationale.

    Args:
        query: What is shown of the person.
        items: The catalogue.
        facts: The candidates, best first, as of ``Facts.about(query, MOST_FACTS)``.
        window: Last choices that are shown, beside those that a fact cites.
        longest: An item's description is cut here, in characters.
    """
    cited = [k for fact in facts for k in fact.evidence.history]
    shown = person(query, items, window, longest, cited)
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{shown}\n\nFacts:\n\n{lettered(facts)}"},
    ]


def person(query: Query, items: Mapping[str, Item], window: int, longest: int, cited: Iterable[int] = ()) -> str:
    """What is shown of a person: the profile that a query brings along, and the choices as :func:`history` has them."""
    about = f"About them: {query.profile}\n\n" if query.profile else ""
    return f"{about}Chosen so far:\n\n{history(query, items, window, longest, cited)}"


def lettered(facts: Sequence[Reason]) -> str:
    """``A. sentence``, a fact a line, each with a blank for its strength.

    Raises:
        ValueError: There are more facts than letters.
    """
    if len(facts) > MOST_FACTS:
        raise ValueError(f"{len(facts)} facts, but {MOST_FACTS} letters")
    lines = [f"{letter}. {text.blank(fact)}" for letter, fact in zip(LETTERS, facts, strict=False)]
    return "\n".join(lines) or "(none)"


def history(query: Query, items: Mapping[str, Item], window: int, longest: int, cited: Iterable[int] = ()) -> str:
    """The last ``window`` choices and the cited ones, each under its place in the whole history, with its rating."""
    n = len(query.history)
    shown = sorted({*range(max(n - window, 0), n), *(k for k in cited if 0 <= k < n)})
    lines = []
    for k in shown:
        past = query.history[k]
        item = items.get(past.item_id)
        described_item = described(item, longest) if item else "(no longer in the catalogue)"
        lines.append(f"[{k + 1}] {described_item}{_rating(past)}")
    return "\n".join(lines) or "(nothing yet)"


def described(item: Item, longest: int) -> str:
    """The item's text, cut at ``longest`` characters, and its attributes; never the id."""
    shortened = textwrap.shorten(item.text or item.title, longest, placeholder="...") or "(no description)"
    pairs = "; ".join(f"{name} = {value}" for name, values in item.attributes.items() for value in values)
    return f"{shortened} ({pairs})" if pairs else shortened


def _rating(past: Interaction) -> str:
    return "" if past.rating is None else f" (they rated it {past.rating:g})"
