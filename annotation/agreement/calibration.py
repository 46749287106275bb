"""A judge's answers beside people's, always next to how well people agree among themselves.

A judge is compared with people twice:

- *against all*: with every person's answer (kappa, all pairs together) and with the mean of all people (correlations);
- *in a person's place*: each reviewer in turn is left out, and the judge's answers stand where theirs did, on the same
  records, against the same others. The reviewer's own agreement with the others is the human ceiling, so that judge and
  ceiling differ in nothing but who answered (the idea of Calderon, Reichart and Dror's alternative annotator test,
  2025). Both are averaged over reviewers, weighted by their records; the difference has an interval of its own, from
  the same resamples.

Abstained and invalid answers of the judge are counted, and their records are not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.agreement import coefficients
from annotation.agreement.coefficients import Array, Draws, Estimate, Statistic, bootstrap, estimate
from annotation.agreement.reliability_data import Panel
from annotation.campaign.judgements import ABSTAINED, INVALID, OPTIONS, Answered, Group

COMPARED = tuple(OPTIONS)  # the questions that judges answer


@dataclass(frozen=True, slots=True)
class Calibration:
    """One judge on one question. ``against`` says whose answers it is compared with.

    ``n_records``: with a valid answer of the judge and one of a person; ``n_shared``: of these, with two people's.
    Coefficients by name: ``kappa`` and ``weighted_kappa`` of pairs, ``spearman`` and ``pearson`` with the mean (of all,
    or of the others), ``spearman_pairs`` and ``pearson_pairs`` of single answers.
    """

    judge: str
    question: str
    against: Group
    n_answers: int
    n_abstained: int
    n_invalid: int
    n_records: int
    n_shared: int
    against_all: Mapping[str, Estimate]
    in_place: Mapping[str, Estimate]
    people: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]


def calibrate(
    judged: Sequence[Answered], people: Sequence[Answered], against: Group, seed: int = 0, resamples: int = 1000
) -> list[Calibration]:
    """Each question that the one judge of ``judged`` answered, against ``people``'s answers."""
    out = []
    for question in COMPARED:
        asked = [one for one in judged if one.judgement.question == question]
        if not asked:
            continue
        kinds = Counter(one.judgement.answer for one in asked)
        valid = {one.judgement.rationale_id: one for one in asked if one.value is not None}
        theirs = [p for p in people if p.judgement.question == question and p.judgement.rationale_id in valid]
        counted: dict[str, Any] = {
            "n_answers": len(asked),
            "n_abstained": kinds[ABSTAINED],
            "n_invalid": kinds[INVALID],
        }
        name = asked[0].judgement.annotator
        found = _compared(question, theirs, valid, seed, resamples)
        out.append(Calibration(judge=name, question=question, against=against, **counted, **found))
    return out


def _compared(
    question: str, theirs: Sequence[Answered], valid: Mapping[str, Answered], seed: int, resamples: int
) -> dict[str, Any]:
    records = {name: k for k, name in enumerate(sorted({one.judgement.rationale_id for one in theirs}))}
    reviewers = sorted({one.judgement.annotator for one in theirs})
    mine = [valid[name] for name in records]
    columns = {name: k for k, name in enumerate([*reviewers, *sorted({one.judgement.annotator for one in mine})])}
    panel = Panel.of(question, [*theirs, *mine], records, columns, None)
    people, judge = panel.codes[:, : len(reviewers)], panel.codes[:, -1] if mine else np.zeros(0, int)
    shared = (people >= 0).sum(axis=1) > 1
    statistics: dict[Any, Statistic] = _against(panel, judge, people, "all")
    sizes = {}
    for k in range(len(reviewers)):
        rest = np.where((shared & (people[:, k] >= 0))[:, None], np.delete(people, k, axis=1), -1)
        sizes[k] = int((rest >= 0).any(axis=1).sum())
        if sizes[k]:
            statistics |= _against(panel, judge, rest, ("judge", k)) | _against(
                panel, people[:, k], rest, ("person", k)
            )
    draws = {
        (key, name + ("_pairs" if part == "pairs" else "")): one
        for ((key, part), name), one in bootstrap(statistics, len(records), seed, resamples).items()
    }
    n_shared, why = int(shared.sum()), "the judge or people always answer the same"
    why_all = why if len(records) else "no record has an answer of both"
    why_shared = why if n_shared else "no record has the answers of two people"
    names = list(dict.fromkeys(name for _, name in draws))
    both = {name: _averaged(draws, name, sizes) for name in names}
    return {
        "n_records": len(records),
        "n_shared": n_shared,
        "against_all": {n: estimate(draws.get(("all", n)), len(records), why_all) for n in names},
        "in_place": {n: estimate(both[n][0], n_shared, why_shared) for n in names},
        "people": {n: estimate(both[n][1], n_shared, why_shared) for n in names},
        "difference": {n: estimate(_minus(*both[n]), n_shared, why_shared) for n in names},
    }


def _against(panel: Panel, one: Array, others: Array, key: Any) -> dict[Any, Statistic]:
    """The coefficients of one code column against several."""
    pairs = [(one, column) for column in others.T]
    out: dict[Any, Statistic] = {(key, "kappas"): coefficients.kappa(pairs, panel.weights())} if pairs else {}
    if panel.kind != "ordinal" or not pairs:
        return out
    steps = np.arange(len(panel.values), dtype=float)
    n = (others >= 0).sum(axis=1)
    means = np.where(n > 0, np.where(others >= 0, others, 0).sum(axis=1) / np.maximum(n, 1), np.nan)
    values, codes = np.unique(means[n > 0], return_inverse=True)
    mean = np.full(len(one), -1)
    mean[n > 0] = codes
    out[key, "mean"] = coefficients.correlation([(one, mean)], steps, values)
    out[key, "pairs"] = coefficients.correlation(pairs, steps, steps)
    return out


def _averaged(
    draws: Mapping[tuple[Any, str], Draws], name: str, sizes: Mapping[int, int]
) -> tuple[Draws | None, Draws | None]:
    """The judge's and people's mean over reviewers; a reviewer counts where both coefficients are defined."""
    pairs = [(draws.get((("judge", k), name)), draws.get((("person", k), name)), n) for k, n in sizes.items()]
    known = [(a, b, n) for a, b, n in pairs if a is not None and b is not None]
    if not known:
        return None, None
    values = np.array([[[d.value, *d.resampled] for d in (a, b)] for a, b, _ in known])  # (reviewers, 2, 1 + resamples)
    weights = np.where(np.isnan(values).any(axis=1), 0.0, np.array([n for *_, n in known], float)[:, None])
    total = weights.sum(axis=0)
    mean = (np.nan_to_num(values) * weights[:, None]).sum(axis=0) / np.where(total > 0, total, np.nan)
    judge, person = (Draws(float(row[0]), row[1:]) for row in mean)
    return judge, person


def _minus(a: Draws | None, b: Draws | None) -> Draws | None:
    return None if a is None or b is None else Draws(a.value - b.value, a.resampled - b.resampled)
