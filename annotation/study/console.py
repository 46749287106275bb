"""A study's tables in the terminal: its plan, its power, and what came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from annotation.campaign.folder import TRUST, Campaign
from annotation.study import analysis, registration
from annotation.study.analysis import HYPOTHESES, Estimates, Interval
from annotation.study.answers import Taken
from annotation.study.arms import ARMS
from annotation.study.design import CHECKS, Design
from annotation.study.simulation import SURE, Outcome
from rad.reporting.console import console, count, table
from rad.runtime.files import atomic_write, sha256_file


def show_plan(campaign: Campaign, plan: Design, tried: Sequence[tuple[int, float]]) -> None:
    """Print the lists, the power of each number of participants, and where the registration is."""
    n_pages, n_queries = len(plan.blocks[0]), sum(map(len, plan.blocks))
    console.print(f"{n_queries} queries in {plan.lists} lists of {n_pages} pages, and {CHECKS} checks")
    rows = table("Power by simulation", "participants", "power")
    for number, power in tried:
        rows.add_row(f"{number:,}", f"{power:.2f}")
    console.print(rows)
    enough = "" if plan.power >= SURE else f", which gives less than {SURE:g}: widen --least, or plan more --queries"
    console.print(f"{plan.participants:,} participants are registered{enough}", soft_wrap=True)
    path = campaign.file(registration.FILE)
    console.print(f"put {path} on a registry before anybody answers (sha256 {sha256_file(path)})", soft_wrap=True)


def show_simulation(plan: Design, planted: Outcome, nothing: Outcome, studies: int) -> None:
    """Print how often each hypothesis is found where it is true, and where no arm differs."""
    console.print(f"{studies:,} simulated studies of {plan.participants:,} participants with each", soft_wrap=True)
    rows = table("Planted effects", "more trust than", "planted", "mean found", "interval holds it", "power")
    for (_, other), one in zip(HYPOTHESES, planted.hypotheses, strict=True):
        rows.add_row(other, f"{one.planted:.2f}", f"{one.mean:.2f}", f"{one.covered:.1%}", f"{one.shown:.1%}")
    console.print(rows)
    rows = table("No effects", "more trust than", "planted", "mean found", "interval holds it", "found")
    for (_, other), one in zip(HYPOTHESES, nothing.hypotheses, strict=True):
        rows.add_row(other, f"{one.planted:.2f}", f"{one.mean:.2f}", f"{one.covered:.1%}", f"{one.differs:.1%}")
    rows.add_row("any of them", "", "", "", f"{nothing.any_differs:.1%}")
    console.print(rows)
    console.print(f"registered: power {plan.power:.2f} of the hypothesis that is hardest to find", soft_wrap=True)


def show_analysis(campaign: Campaign, plan: Design, taken: Taken, estimates: Estimates) -> None:
    """Print and write what came out."""
    left = taken.excluded
    people = "" if taken.group == "people" else " SIMULATED, who are no people"
    console.print(
        f"{count(taken.started, 'participant')}{people}, of {plan.participants:,} registered; left out: {left.checks} "
        f"by checks, {left.unfinished} unfinished, {left.hasty} in haste",
        soft_wrap=True,
    )
    if taken.started < plan.participants:
        console.print("this is not the registered analysis yet: that is of all participants", soft_wrap=True)
    gains = {arm: estimates.gain(arm) for arm in ARMS[1:]}
    rows = table("Trust, 1 to 5", "arm", "answers", "mean", "against the ranking alone")
    for number, arm in enumerate(ARMS):
        gain = f"{gains[arm].value:+.1%} ({gains[arm].low:+.1%} to {gains[arm].high:+.1%})" if arm in gains else ""
        rows.add_row(arm, f"{(taken.answers.arms == number).sum():,}", f"{estimates.means[number]:.2f}", gain)
    console.print(rows)
    rows = table("The rationale against", "hypothesis", "difference", "p (Holm)", "holds")
    results = analysis.compared(estimates)
    for k, ((_, other), (one, p)) in enumerate(zip(HYPOTHESES, results, strict=True), 1):
        shown = "yes" if analysis.holds(one, p) else "no"
        rows.add_row(f"H{k} {other}", _spoken(one), f"{p:.4f}", shown)
    console.print(rows)
    words = "supported" if analysis.supported(estimates, plan.gain) else "not supported"
    console.print(f"the claim of {plan.gain:.0%} more trust with the rationale: {words}", soft_wrap=True)
    record = {
        "schema_version": 1,
        "group": taken.group,
        "started": taken.started,
        "registered": plan.participants,
        "excluded": asdict(left),
        "means": dict(zip(ARMS, estimates.means.tolist(), strict=True)),
        "gains": {arm: asdict(gain) for arm, gain in gains.items()},
        "hypotheses": [
            {"arm": arm, "other": other, "difference": asdict(one), "p_holm": p, "holds": analysis.holds(one, p)}
            for (arm, other), (one, p) in zip(HYPOTHESES, results, strict=True)
        ],
        "claim": {"gain": plan.gain, "supported": words == "supported"},
        "registration_sha256": sha256_file(campaign.file(registration.FILE)),
    }
    with atomic_write(campaign.file(TRUST)) as file:
        json.dump(record, file, indent=1, allow_nan=False)
        file.write("\n")
    console.print(f"wrote {campaign.file(TRUST)}", soft_wrap=True)


def _spoken(one: Interval) -> str:
    return f"{one.value:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
