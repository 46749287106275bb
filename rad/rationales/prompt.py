"""The prompt of every language model that writes rationales: a history, and its facts under letters.

    facts = Facts.of(data.examples["train"], data.items).about(query, MOST_FACTS)
    asked = messages(query, data.items, facts)
    written = answer(facts, [(facts[0], 64), (facts[3], 16)], rest=32)   # what a model is taught to write
    reasons, rest, other = read(written)                   # and what its words say

A fact is shown as the sentence that states it, with a blank in the place of its strength. So a model chooses and
weighs; it counts nothing, and what it may claim is sound. All of the prompt is made from the query, the catalogue and
the counts of other users' training purchases: no target can be in it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rad.rationales import text
from rad.rationales.strengths import LASTING_WORDS, LEVELS, WORDS
from rad.types import LASTING, Evidence, Interaction, Item, Query, Reason, Support

VERSION = "4"  # of the words: raise it when one changes
MOST_REASONS = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_FACTS = len(LETTERS)
HEAD = "Facts (in front: how strong a draft made from counts alone has it, 100% for the strongest, 0% for no reason):"
UNLIKELY, NO_TASTE = "unlikely", "no"  # in the blank of a fact that is no reason
_LABEL = re.compile(r"(?m)^(?:[A-Z](?: \d{1,3}%)?|\d{1,3}%)\. ")


def quoted(words: Iterable[str]) -> str:
    """``"likely", "possible"``."""
    return ", ".join(f'"{word}"' for word in words)


def lines(label: str, fact: Reason) -> dict[int, str]:
    """A fact after its label as a line of an answer, by the level that fills its blank; 0: it is no reason.

    A line of level 0 says nothing: :func:`read` passes it over.
    """
    before, after = text.blank(fact).rsplit(text.BLANK, 1)
    lasts = fact.evidence.kind in LASTING
    words = [*(LASTING_WORDS if lasts else WORDS), NO_TASTE if lasts else UNLIKELY]
    return {level: f"{label}. {before}{word}{after}\n" for level, word in zip((*LEVELS, 0), words, strict=True)}


def last_line(rest: int, hints: Sequence[int] = ()) -> str:
    """What stays unexplained: the line that ends an answer, after the last of the hints if there are any."""
    before = f"{hints[-1]}%. " if hints else ""
    return f"{before}{text.REST.format(WORDS[LEVELS.index(rest)])}\n"


def answer(facts: Sequence[Reason], chosen: Iterable[tuple[Reason, int]], rest: int) -> str:
    """What a model writes: a line for each chosen fact, strongest first, then one on what stays unexplained.

    Args:
        facts: Those of the prompt, of weight 1.
        chosen: Facts with their levels. One that the prompt does not show stands without a letter.
        rest: The level of the unexplained; 0 for nothing.
    """
    letters = {fact: letter for fact, letter in zip(facts, LETTERS, strict=False)}
    written = []
    for reason, level in sorted(chosen, key=lambda pair: -pair[1]):
        fact = replace(reason, weight=1.0)
        written.append(lines(letters[fact], fact)[level] if fact in letters else f"{text.sentence(fact, level)}\n")
    return "".join([*written, last_line(rest)] if rest else written)


def read(written: str) -> tuple[list[tuple[Reason, int]], int, list[str]]:
    """The reasons of an answer with their levels, the level of the unexplained, and what is in another form."""
    return text.read(_LABEL.sub("", written))


_TWO_OF_NINE = Support(2.0, 9.0, 1 / 40)
_SHOWN = [
    Reason(Evidence((1, 4), "repeat", "brand", "Makita", _TWO_OF_NINE), (("brand", "Makita"),)),
    Reason(Evidence((8,), "similar", support=Support(31.0))),
    Reason(Evidence((8,), "co_purchase", support=Support(12.0))),
    Reason(Evidence((1, 4), "lasting", "brand", "Makita", _TWO_OF_NINE), (("brand", "Makita"),)),
]
EXAMPLE = answer(_SHOWN, [(_SHOWN[0], 64), (_SHOWN[2], 32), (_SHOWN[3], 16)], rest=32).strip()
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

Answer with the rationale alone, a line a reason: the letter of the fact, and the fact word for word with its blank \
filled in. The last line is on the unexplained. For example:

{EXAMPLE}"""


FILLING = f"""\
{TASK}

You read the facts one after the other and fill in each blank. A fact that is no reason is "{UNLIKELY}", or \
"{NO_TASTE}" taste. The last line is on the unexplained. At most the {MOST_REASONS} strongest count."""


def filling(query: Query, items: Mapping[str, Item], window: int, longest: int) -> list[dict[str, str]]:
    """The system's and the user's message for a model that fills in the blanks of the facts one by one.

    The answer has every fact as its line, see :func:`lines`, then :func:`last_line`. So nothing has
    to be copied, and a model that is held to the facts reads each of them once.
    """
    shown = person(query, items, window, longest)
    return [{"role": "system", "content": FILLING}, {"role": "user", "content": f"{shown}\n\n{HEAD}"}]


def messages(
    query: Query,
    items: Mapping[str, Item],
    facts: Sequence[Reason],
    window: int = 20,
    longest: int = 160,
    cited: bool = True,
    hints: Sequence[int] = (),
) -> list[dict[str, str]]:
    """The system's and the user's message; :func:`answer` makes the answer to them.

    Args:
        query: What is shown of the person.
        items: The catalogue.
        facts: The candidates, best first, as of ``Facts.about(query, MOST_FACTS)``.
        window: Last choices that are shown.
        longest: An item's description is cut here, in characters; 0 for its attributes alone.
        cited: Choices that a fact cites are shown beside the last ones.
        hints: See :func:`label`; empty for none.
    """
    places = [k for fact in facts for k in fact.evidence.history] if cited else []
    shown = person(query, items, window, longest, places)
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{shown}\n\n{HEAD if hints else 'Facts:'}\n\n{lettered(facts, hints)}"},
    ]


def person(query: Query, items: Mapping[str, Item], window: int, longest: int, cited: Iterable[int] = ()) -> str:
    """What is shown of a person: the profile that a query brings along, and the choices as :func:`history` has them."""
    about = f"About them: {query.profile}\n\n" if query.profile else ""
    return f"{about}Chosen so far:\n\n{history(query, items, window, longest, cited)}"


def label(number: int, hints: Sequence[int] = ()) -> str:
    """What stands before a fact: its letter, and its hint, if there is one.

    Args:
        number: Of the fact.
        hints: (facts + 1,) how strong a draft has each fact, and last the unexplained: 0 for no reason, up to 100 for
            the strongest. They are no part of a rationale.
    """
    return f"{LETTERS[number]} {hints[number]}%" if hints else LETTERS[number]


def lettered(facts: Sequence[Reason], hints: Sequence[int] = ()) -> str:
    """``A. sentence``, a fact a line, each with a blank for its strength.

    Raises:
        ValueError: There are more facts than letters.
    """
    if len(facts) > MOST_FACTS:
        raise ValueError(f"{len(facts)} facts, but {MOST_FACTS} letters")
    lines = [f"{label(k, hints)}. {text.blank(fact)}" for k, fact in enumerate(facts)]
    lines += [f"{hints[-1]}%. {text.REST.format(text.BLANK)}"] if hints else []
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
    """The item's text, cut at ``longest`` characters (0: without it), and its attributes; never the id."""
    shortened = textwrap.shorten(item.text or item.title, longest, placeholder="...") if longest else ""
    pairs = "; ".join(f"{name} = {value}" for name, values in item.attributes.items() for value in values)
    return " ".join([shortened or "(no description)"] * (not pairs or bool(longest)) + [f"({pairs})"] * bool(pairs))


def _rating(past: Interaction) -> str:
    return "" if past.rating is None else f" (they rated it {past.rating:g})"
