"""What ``annotation agreement`` prints: a table per group of reviewers, and what to know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotation.agreement.results import Agreement, Calibration, Estimate, GroupAgreement
from annotation.evaluation.checks import Result
from rad.reporting.console import console, table

FEW = 20  # shared records below which an interval says little


def show(agreement: Agreement, judges: Sequence[Calibration] = (), checks: Sequence[Result] = ()) -> None:
    """People, simulated reviewers where there are some, adjudicators, judges, and reviewers' checks."""
    if not agreement.people.reviewers:
        console.print("No person has answered yet.")
    titled = {"People": agreement.people, "Simulated reviewers (programs, no people)": agreement.simulated}
    for title, group in titled.items():
        if group.reviewers:
            _group(title, group)
    if agreement.adjudicated:
        rows = table("", "question", "records", "answers", "equal")
        console.print("Reviewers' answers beside the adjudicator's:")
        for question, row in agreement.adjudicated.items():
            rows.add_row(question, f"{row.n_records:,}", f"{row.n_answers:,}", f"{row.equal:.0%}")
        console.print(rows)
    if judges:
        _judges(judges)
    show_checks(checks)
    if len(agreement.guidelines) > 1:
        kinds = ", ".join(f"{name} ({n:,} answers)" for name, n in agreement.guidelines.items())
        console.print(f"Answers under several guidelines are mixed: {kinds}.", markup=False)
    console.print(f"Intervals: 95%, bootstrap over records, {agreement.resamples:,} resamples, seed {agreement.seed}.")


def show_checks(checks: Sequence[Result]) -> None:
    """Each reviewer's answers on drafts whose answers are known; nothing where there are none."""
    if not checks:
        return
    rows = table("Checks: drafts whose answers are known", "reviewer", "of", "right", "answered")
    for one in checks:
        rows.add_row(one.annotator, "calibration" if one.calibration else "work", f"{one.right:,}", f"{one.answered:,}")
    console.print(rows)


def number(value: float | None, digits: int = 2) -> str:
    """A rounded number, a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def spoken(one: Estimate) -> str:
    """``0.71 [0.62, 0.79]``, a dash where it is undefined."""
    return number(one.value) + (f" [{number(one.low)}, {number(one.high)}]" if one.low is not None else "")


def _judges(judges: Sequence[Calibration]) -> None:
    """Judges in a reviewer's place beside the reviewers themselves."""
    whom = "people" if judges[0].against == "people" else "simulated reviewers, who are no people"
    console.print(f"Judges in a reviewer's place, and that reviewer as the ceiling; against {whom}:")
    for judge in dict.fromkeys(one.judge for one in judges):
        rows = table(judge.removeprefix("judge:"), "question", "coefficient", "judge [95%]", "ceiling [95%]")
        for one in judges:
            for k, (name, estimate) in enumerate(headline(one.in_place).items() if one.judge == judge else ()):
                label = "" if k else one.question
                rows.add_row(label, name.replace("_", " "), spoken(estimate), spoken(one.people[name]))
        console.print(rows)
    for one in judges:
        counts = f"{one.judge.removeprefix('judge:')}, {one.question}: {one.n_answers:,} answers"
        counts += f", {one.n_abstained:,} abstained, {one.n_invalid:,} invalid"
        console.print(f"{counts}; {one.n_shared:,} records compared", markup=False)
        for reason in {e.undefined for e in one.in_place.values() if e.undefined}:
            console.print(f"  undefined: {reason}")


def headline(estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """The coefficients that a table shows: one kappa and, on scales, Spearman's with the mean; files have all."""
    names = ("weighted_kappa", "spearman") if "weighted_kappa" in estimates else ("kappa",)
    return {name: estimates[name] for name in names if name in estimates}


def _group(title: str, group: GroupAgreement) -> None:
    overlap = ", ".join(f"{n:,} by {k}" for k, n in group.overlap.items())
    n = len(group.reviewers)
    console.print(f"{title}: {n} reviewers, {group.n_records:,} records ({overlap}), {group.n_answers:,} answers")
    rows = table("", "question", "answers", "shared", "equal", "alpha [95%]", "kappas")
    for q in group.questions.values():
        name = "weighted_kappa" if q.kind in ("ordinal", "set") else "kappa"
        kappas = [k.value for p in q.pairs if (k := p.coefficients.get(name)) and k.value is not None]
        spread = "–" if not kappas else number(min(kappas)) + (f"..{number(max(kappas))}" if len(kappas) > 1 else "")
        alpha, shared = spoken(q.coefficients["alpha"]), f"{q.n_shared:,}" + (" few" if 0 < q.n_shared < FEW else "")
        equal = "–" if q.exact is None else f"{q.exact:.0%}"
        rows.add_row(q.question, f"{q.n_answers:,}", shared, equal, alpha, spread)
    console.print(rows)
    for q in group.questions.values():
        if reason := q.coefficients["alpha"].undefined:
            console.print(f"alpha of {q.question} is undefined: {reason}")
    if any(0 < q.n_shared < FEW for q in group.questions.values()):
        console.print(f"few: under {FEW} records were answered twice, too few to rely on the interval.")
    if medians := [s.median for s in group.seconds.values()]:
        n = sum(s.n for s in group.seconds.values())
        span = f"{min(medians):,.0f}" + (f" to {max(medians):,.0f}" if len(medians) > 1 else "")
        console.print(f"Time per record, median of each reviewer: {span} s (known for {n:,} forms)")
