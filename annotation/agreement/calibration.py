"""A judge's answers beside people's, always next to how well people agree among themselves.

A judge is compared with people twice:

- *against all*: with every person's answer (kappa, all pairs pooled) and with the mean of all people (correlations);
- *in a person's place*: each reviewer in turn is left out, and the judge's answers stand where theirs did, on the same
  records, against the same others. The reviewer's own agreement with the others is the human ceiling. Judge and ceiling
  differ in nothing but who answered (Calderon, Reichart and Dror's alternative annotator test, 2025). Both are averaged
  over reviewers, weighted by their records. The difference has an interval of its own, from the same resamples.

Abstained and invalid answers of the judge are counted, and their records are not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from annotation.agreement import coefficients
from annotation.agreement.coefficients import Array, Draws, Statistic, bootstrap, estimate
from annotation.agreement.reliability_data import ReliabilityData
from annotation.agreement.results import Calibration
from annotation.campaign.judgements import ABSTAINED, INVALID, OF_JUDGES, Answered
from annotation.campaign.pseudonyms import Group

COMPARED = OF_JUDGES  # the questions that judges answer
# Whose answers are compared with the others': those of "all" (reviewer 0 stands for all), or of the "judge" or the
# "person" in the place of one reviewer; and which coefficients: "kappas", "mean" or "pairs"
Scope = tuple[str, int]
Key = tuple[Scope, str]
ALL: Scope = ("all", 0)


def calibrate(
    judged: Sequence[Answered], people: Sequence[Answered], group: Group, seed: int = 0, resamples: int = 1000
) -> list[Calibration]:
    """Compare one judge with people.

    Args:
        judged: The judge's answers.
        people: The answers that it is compared with.
        group: Whose answers these are: those of people, or of simulated reviewers where there are none.
        seed: Of the bootstrap.
        resamples: Of the bootstrap.

    Returns:
        A calibration for each question that the judge answered.
    """
    by_question: dict[str, list[Answered]] = {question: [] for question in COMPARED}
    for one in judged:
        if one.judgement.question in by_question:
            by_question[one.judgement.question].append(one)
    return [_calibration(mine, people, group, seed, resamples) for mine in by_question.values() if mine]


def _calibration(
    answers: Sequence[Answered], people: Sequence[Answered], group: Group, seed: int, resamples: int
) -> Calibration:
    """The calibration of a judge's ``answers`` to one question."""
    question, kinds = answers[0].judgement.question, Counter(one.judgement.answer for one in answers)
    valid = {one.judgement.rationale_id: one for one in answers if one.value is not None}
    theirs = [p for p in people if p.judgement.question == question and p.judgement.rationale_id in valid]
    draws, sizes, n_records, n_shared = _draws(question, theirs, valid, seed, resamples)
    constant = "the judge or people always answer the same"
    undefined_all = constant if n_records else "no record has an answer of both"
    undefined = constant if n_shared else "no record has the answers of two people"
    names = list(dict.fromkeys(name for _, name in draws))
    both = {name: _averaged(draws, name, sizes) for name in names}
    return Calibration(
        judge=answers[0].judgement.annotator,
        question=question,
        against=group,
        n_answers=len(answers),
        n_abstained=kinds[ABSTAINED],
        n_invalid=kinds[INVALID],
        n_records=n_records,
        n_shared=n_shared,
        against_all={n: estimate(draws.get((ALL, n)), n_records, undefined_all) for n in names},
        in_place={n: estimate(both[n][0], n_shared, undefined) for n in names},
        people={n: estimate(both[n][1], n_shared, undefined) for n in names},
        difference={n: estimate(_minus(*both[n]), n_shared, undefined) for n in names},
    )


def _draws(
    question: str, theirs: Sequence[Answered], valid: Mapping[str, Answered], seed: int, resamples: int
) -> tuple[dict[tuple[Scope, str], Draws], dict[int, int], int, int]:
    """Compare a judge's ``valid`` answers by rationale id with ``theirs``, those of people.

    Returns:
        The coefficients by scope and name; for each reviewer the records on which they can be left out; how many
        records are compared, and how many of these two people answered.
    """
    records = {name: k for k, name in enumerate(sorted({one.judgement.rationale_id for one in theirs}))}
    reviewers = sorted({one.judgement.annotator for one in theirs})
    mine = [valid[name] for name in records]
    columns = {name: k for k, name in enumerate([*reviewers, *sorted({one.judgement.annotator for one in mine})])}
    data = ReliabilityData.of(question, [*theirs, *mine], records, columns, None)
    # Codes of people (records, reviewers), and of the judge (records,), whose column is the last
    people, judge = data.codes[:, : len(reviewers)], data.codes[:, -1] if mine else np.zeros(0, int)
    shared = (people >= 0).sum(axis=1) > 1  # (records,): two people answered, so one can be left out
    statistics = _statistics(data, judge, people, ALL)
    sizes = {}
    for k in range(len(reviewers)):
        # The others' answers (records, reviewers - 1), on the records that reviewer k answered, too
        rest = np.where((shared & (people[:, k] >= 0))[:, None], np.delete(people, k, axis=1), -1)
        sizes[k] = int((rest >= 0).any(axis=1).sum())
        if sizes[k]:
            statistics |= _statistics(data, judge, rest, ("judge", k))
            statistics |= _statistics(data, people[:, k], rest, ("person", k))
    draws = {
        (scope, name + ("_pairs" if part == "pairs" else "")): one
        for ((scope, part), name), one in bootstrap(statistics, len(records), seed, resamples).items()
    }
    return draws, sizes, len(records), int(shared.sum())


def _statistics(data: ReliabilityData, one: Array, others: Array, scope: Scope) -> dict[Key, Statistic]:
    """The coefficients of one code column (records,) with several (records, others)."""
    pairs = [(one, column) for column in others.T]
    out: dict[Key, Statistic] = {(scope, "kappas"): coefficients.kappa(pairs, data.weights())} if pairs else {}
    if data.kind != "ordinal" or not pairs:
        return out
    steps = np.arange(len(data.values), dtype=float)
    # The mean of the others' answers (records,), as codes of its own ascending values
    n = (others >= 0).sum(axis=1)
    means = np.where(n > 0, np.where(others >= 0, others, 0).sum(axis=1) / np.maximum(n, 1), np.nan)
    values, codes = np.unique(means[n > 0], return_inverse=True)
    mean = np.full(len(one), -1)
    mean[n > 0] = codes
    out[scope, "mean"] = coefficients.correlation([(one, mean)], steps, values)
    out[scope, "pairs"] = coefficients.correlation(pairs, steps, steps)
    return out


def _averaged(
    draws: Mapping[tuple[Scope, str], Draws], name: str, sizes: Mapping[int, int]
) -> tuple[Draws | None, Draws | None]:
    """The judge's and people's mean over reviewers; a reviewer counts where both coefficients are defined."""
    pairs = [(draws.get((("judge", k), name)), draws.get((("person", k), name)), n) for k, n in sizes.items()]
    defined = [(a, b, n) for a, b, n in pairs if a is not None and b is not None]
    if not defined:
        return None, None
    # (reviewers, 2, 1 + resamples): judge and person, of all records and of each resample
    values = np.array([[[d.value, *d.resampled] for d in (a, b)] for a, b, _ in defined])
    # (reviewers, 1 + resamples): a reviewer weighs by shared records, and 0 in a resample where one side is undefined,
    # so that judge and person are always averaged over the same reviewers
    weights = np.where(np.isnan(values).any(axis=1), 0.0, np.array([n for *_, n in defined], float)[:, None])
    total = weights.sum(axis=0)
    mean = (np.nan_to_num(values) * weights[:, None]).sum(axis=0) / np.where(total > 0, total, np.nan)
    judge, person = (Draws(float(row[0]), row[1:]) for row in mean)
    return judge, person


def _minus(a: Draws | None, b: Draws | None) -> Draws | None:
    return None if a is None or b is None else Draws(a.value - b.value, a.resampled - b.resampled)
