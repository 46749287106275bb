"""The page of the audits: tables in Markdown, a drawing of exposure a domain, and what the figures do not show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.audits.trust.bias import Ends, Exposure, GroupWording, Quality
from benchmarks.audits.trust.manipulation import SUSPECT, AttackLift, Manipulation
from benchmarks.reporting.markdown import markdown
from rad.reporting import html, plots

TITLE = """# Manipulation and bias

Written by `python -m benchmarks.audit RESULT_DIR... --out DIR`. Intervals are 95% bootstrap intervals over users.
"""
ATTACKED = f"""### Item texts that try to be recommended

One item in a hundred has a changed text, for each attack (`benchmarks/audits/trust/attacks.py`), and the model is
fitted anew. *Places* are those of these items among the first ten of the rankings for users who own none of them,
with their own texts and with the changed ones; the *lift* is the ratio, and *one item* the largest lift of a single
one, one without a place counted as if it had one. To an owner of one, the others of its attack read alike: *with
owners* is the lift over all rankings. *Control* is a sentence that says nothing. Lifts above {SUSPECT:g} are bold and
named below the table. A model whose rankings stay the same reads no text.
"""
SHOWN = """### Who is shown

A group's share of the catalogue, of all purchases and of what the same users chose next; then for each model its
share of the first ten places and, as a multiple of what was chosen, with its interval. Above 1 a group is shown
more than it is chosen.
"""
SERVED = """### Who is served

NDCG@10 of groups of users, and less that of all others with its interval.
"""
WORDED = """### How rationales speak to whom

Reasons and words of a rationale, the share that it leaves open with its interval, and the kinds of facts that carry
most.
"""
LIMITS = """## What these figures do not show

- One item in a hundred was attacked, each with one plain text. A seller who tries texts until one works, or who
  buys their own items, is not among them; no lift here is no proof of safety.
- Titles and attributes are the shop's in these attacks. Where sellers write them, whoever states false attributes
  is not caught.
- A ratio of exposure to what was chosen says that a group is shown more or less than it was chosen *under the shop
  that was there*: people choose from what they are shown, so purchases carry the bias of the shop before. 1 is no
  proof of fairness.
- Groups are those that the data name. Nothing here knows age, income, skin or gender of a person: "wearer" is a
  word in a title.
- Groups differ in more than their name. A lower NDCG@10 may come of shorter histories or rarer items; nothing here
  is causal.
- Many groups are compared, and one in twenty intervals misses 1 or 0 by chance.
- How rationales speak is counted in reasons, words and kinds of facts. Whether people read disrespect in them is
  not.
- The built-in world has no people in it. What is found there is of the models alone.
"""


@dataclass(frozen=True)
class ModelAudit:
    """All that is known of one model on one domain. ``skipped`` says why it was not attacked, where it was not."""

    label: str
    domain: str
    run_id: str
    exposures: list[Exposure]
    qualities: list[Quality]
    wordings: list[GroupWording]
    manipulation: Manipulation | None
    skipped: str | None = None


def page(audits: Sequence[ModelAudit]) -> str:
    """The page in Markdown."""
    parts = [TITLE]
    for domain in dict.fromkeys(a.domain for a in audits):
        of_domain = [a for a in audits if a.domain == domain]
        parts.append(f"## `{domain}`\n")
        if any(a.manipulation or a.skipped for a in of_domain):
            parts += [ATTACKED, *_attacked(of_domain)]
        parts += [SHOWN, f"![Exposure over what was chosen, {domain}]({drawing_name(domain)})\n", _exposed(of_domain)]
        parts += [SERVED, _served(of_domain)]
        if any(a.wordings for a in of_domain):
            parts += [WORDED, *(f"`{a.label}`:\n\n{_worded(a)}" for a in of_domain if a.wordings)]
    return "\n".join([*parts, LIMITS])


def drawing_name(domain: str) -> str:
    """The file of a domain's drawing."""
    return f"exposure-{re.sub(r'[^a-z0-9]+', '-', domain)}.svg"


def drawing(audits: Sequence[ModelAudit]) -> str:
    """Exposure over what was chosen, a row a group and model, of the audits of one domain."""
    rows = [
        plots.Interval(f"{e.group} ({e.trait})", f"{a.label} {_times(e)}", e.ratio, e.ends, plots.colour(number))
        for e_row in zip(*(a.exposures for a in audits), strict=True)
        for number, (a, e) in enumerate(zip(audits, e_row, strict=True), 1)
    ]
    return html.picture(plots.intervals(rows, "exposure over what was chosen", {"as chosen": 1.0}))


def named(audits: Sequence[ModelAudit]) -> list[str]:
    """A line for each attack that lifts its items, or one of them, by more than ten times."""
    return [
        f"{a.label} on {a.domain}: {lift.attack} lifts {'its items' if (lift.lift or 0) > SUSPECT else 'an item'} "
        f"{max(lift.lift or 0, lift.most):.0f} times"
        for a in audits
        for lift in (a.manipulation.lifts if a.manipulation else ())
        if lift.is_suspect
    ]


def _attacked(audits: Sequence[ModelAudit]) -> list[str]:
    rows = [
        {
            "model": f"`{a.label}`" if first else "",
            "attack": lift.attack,
            "places": f"{lift.before:,} to {lift.after:,}",
            "lift": _bold(lift.lift, _lift(lift)),
            "one item": _bold(lift.most, f"{lift.most:.1f}"),
            "queries that show one": f"{lift.shown[0]:.1%} to {lift.shown[1]:.1%}",
            "with owners": "" if lift.with_owners is None else f"{lift.with_owners:.2f}",
        }
        for a in audits
        if a.manipulation is not None and a.manipulation.reads_text
        for first, lift in ((k == 0, lift) for k, lift in enumerate(a.manipulation.lifts))
    ]
    out = [markdown(rows) + "\n"] if rows else []
    out += [f"- **{line}**." for line in named(audits)]
    for a in audits:
        m = a.manipulation
        if m is None:
            out.append(f"- `{a.label}`: not attacked: {a.skipped}.")
        elif not m.reads_text:
            out.append(f"- `{a.label}` reads no text: no ranking changed.")
        else:
            words = (
                f"- `{a.label}`: NDCG@10 {m.ndcg[0]:.4f} with their own texts, {m.ndcg[1]:.4f} with the changed ones."
            )
            if m.wording is not None:
                words += f" {m.wording.changed:.0%} of its rationales changed; soundness {m.wording.soundness:.3f}."
                words += f" Where an attack wins: {m.wording.example}" if m.wording.example else ""
            out.append(words)
    return [*out, ""]


def _exposed(audits: Sequence[ModelAudit]) -> str:
    rows = []
    for k, e in enumerate(audits[0].exposures):
        shares = {"catalogue": e.catalogue, "purchases": e.purchases, "chosen": e.answers}
        row = {"trait": e.trait, "group": e.group} | {name: f"{share:.1%}" for name, share in shares.items()}
        rows.append(row | {f"`{a.label}`": f"{a.exposures[k].exposure:.1%} {_times(a.exposures[k])}" for a in audits})
    return markdown(rows) + "\n"


def _served(audits: Sequence[ModelAudit]) -> str:
    rows = []
    for k, q in enumerate(audits[0].qualities):
        row = {"trait": q.trait, "group": q.group, "users": f"{q.queries:,}"}
        for a in audits:
            one = a.qualities[k]
            row[f"`{a.label}`"] = f"{one.ndcg:.4f}, {one.difference:+.4f} {_ends(one.difference_ends, 4)}"
        rows.append(row)
    return markdown(rows) + "\n"


def _worded(audit: ModelAudit) -> str:
    rows: list[Mapping[str, str]] = [
        {
            "trait": w.trait,
            "group": w.group,
            "users": f"{w.queries:,}",
            "reasons": f"{w.reasons:.1f}",
            "words": f"{w.words:.0f}",
            "left open": f"{w.unexplained:.2f} {_ends(w.ends, 2)}",
            "kinds of facts": w.kinds,
        }
        for w in audit.wordings
    ]
    return markdown([dict(row) for row in rows]) + "\n"


def _times(e: Exposure) -> str:
    return "" if e.ratio is None or e.ends is None else f"x{e.ratio:.2f} {_ends(e.ends, 2)}"


def _lift(lift: AttackLift) -> str:
    if lift.lift is None or lift.ends is None:
        return "no place before"
    return f"{lift.lift:.2f} {_ends(lift.ends, 2)}"


def _bold(value: float | None, text: str) -> str:
    return f"**{text}**" if (value or 0.0) > SUSPECT else text


def _ends(ends: Ends, digits: int) -> str:
    return f"[{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"
