"""A rationale's words by template, for reasons that no language model wrote.

>>> from rad.types import Evidence
>>> words([Reason(Evidence((1, 3), "attribute", "colour", "red"), (("colour", "red"),), weight=0.7)])
'[2] and [4] have colour red, so the user wants colour red (70%).'
"""

from __future__ import annotations

from collections.abc import Sequence

from rad.types import Origin, Query, Rationale, Reason

IN_WORDS = 3  # reasons of each sort that the text puts in words: of the moment, and lasting preferences


def rationale(query: Query, reasons: tuple[Reason, ...], origin: Origin, drafter: str, version: str) -> Rationale:
    """The record of ``reasons`` for ``query``, with its words.

    Its verdict is *unexplained* where what stays so outweighs the reasons of the moment.
    """
    rest = 1 - sum(r.weight for r in reasons)
    supported = bool(reasons) and sum(r.weight for r in reasons if r.evidence.kind != "constraint") >= rest
    return Rationale(
        rationale_id=f"{query.query_id}-{drafter}-{version}",
        query_id=query.query_id,
        reasons=reasons,
        text=words(reasons),
        verdict="supported" if supported else "unexplained",
        origin=origin,
        drafter=drafter,
        drafter_version=version,
    )


def words(reasons: Sequence[Reason]) -> str:
    """The strongest reasons in words, lasting ones first, [k] citing the k-th purchase, oldest first."""
    lasting = [r for r in reasons if r.evidence.kind == "constraint"]
    momentary = [r for r in reasons if r.evidence.kind != "constraint"]
    sentences = [_sentence(r) for r in (*lasting[:IN_WORDS], *momentary[:IN_WORDS])]
    rest = 1.0 - sum(r.weight for r in reasons)
    if rest > 0.5:
        sentences.append(f"Most of it stays unexplained ({rest:.0%}).")
    return " ".join(sentences)


def _sentence(reason: Reason) -> str:
    cited = _listed([f"[{k + 1}]" for k in sorted(reason.evidence.history)])
    wants = " and ".join(f"{a.replace('_', ' ')} {v}" for a, v in reason.wants or reason.avoids)
    if reason.evidence.kind == "constraint":
        taste = "avoids" if reason.avoids else "likes"
        return f"Given {cited}, the user always {taste} {wants} ({reason.weight:.0%})."
    if reason.evidence.kind == "attribute":
        verb = "has" if len(reason.evidence.history) == 1 else "have"
        return f"{cited} {verb} {wants}, so the user wants {wants} ({reason.weight:.0%})."
    if reason.evidence.kind == "sequence":
        return f"After {cited}, the user wants {wants} ({reason.weight:.0%})."
    return f"The user wants what goes together with {cited} ({reason.weight:.0%})."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
