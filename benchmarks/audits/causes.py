"""Which causes of choices a run's rationales state, and where its ranking falls short of the Bayes ceiling.

On a built-in world the reasons of each choice are known, each with its cause (``rad.world.reasons.CAUSES``). A
rationale *states* a known reason where one of its own reasons wants the same value, or avoids it where the known one
does. A known reason is *beyond the facts* where no candidate fact of the query says that: then no choice among facts
can state it. A choice is *driven* by the strongest reason of the moment that is known of it, else by the strongest
that lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.evaluate import measure
from benchmarks.harness.registries import load_metrics
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import KINDS
from rad.rationales.text import AVOIDING
from rad.runtime.statistics import bootstrap, column_intervals
from rad.types import Query, Rationale
from rad.world.ceilings import stored
from rad.world.reasons import CAUSES, LASTING_CAUSES, cause

FIRST = 3  # reasons, as in reason_recall@3
UNKNOWN = "none known"
Want = tuple[bool, str, str]  # whether the value is wanted, else avoided; attribute; value
Estimate = tuple[float, float, float]  # a value with the ends of its 95% interval


class KnownReason(NamedTuple):
    """A reason of a choice, as the world knows it."""

    cause: str
    want: Want


class CauseRecall(NamedTuple):
    """The known reasons of a cause, and which share of them rationales state.

    ``queries`` have one. ``first`` is the share that the first reasons of the rationales state, ``every`` that any of
    their reasons does, ``beyond`` that no candidate fact says.
    """

    cause: str
    queries: int
    first: Estimate
    every: Estimate
    beyond: float


class CauseRanking(NamedTuple):
    """NDCG@10 of the choices that a cause drives, of the Bayes ceiling there, and what is lost to it.

    Losses are shares of all queries' mean, so that they add up to that of the run. ``unsaid`` is lost where a fact says
    the driving reason and the rationale does not, ``beyond`` where no fact says it; None where nothing is written.
    """

    cause: str
    queries: int
    ndcg: Estimate
    bayes: float | None
    lost: float | None
    unsaid: float | None
    beyond: float | None


@dataclass(frozen=True)
class CauseAudit:
    """A finished run on a built-in world beside the known reasons of its queries."""

    run: FinishedRun

    @cached_property
    def reasons(self) -> list[list[KnownReason]]:
        """The known reasons of each query, the strongest first. :class:`RadError` where none are known."""
        out = []
        for example in self.run.examples:
            one = example.rationale
            if one is None or one.origin != "known":
                domain = self.run.result.task.domain
                raise RadError(f"{self.run.folder}: no reasons are known on {domain}, only on built-in worlds")
            # a budget that wants a level and avoids those beyond it is one reason: of the level
            claims = [(bool(r.wants), *(r.wants or r.avoids)[0]) for r in one.reasons]
            out.append([KnownReason(cause(r, one.text), want) for r, want in zip(one.reasons, claims, strict=True)])
        return out

    @cached_property
    def of_facts(self) -> list[set[Want]]:
        """What the candidate facts of each query say."""
        return wants_of_facts(self.run.facts, [e.query for e in self.run.examples])

    @cached_property
    def of_rationales(self) -> list[set[Want]]:
        """What the rationale of each query says."""
        return [wants(p.rationale, None) for p in self.run.predictions]

    def recalls(self) -> list[CauseRecall]:
        """How often rationales state each cause, in the order of ``CAUSES``; empty where the run has none."""
        if not self.run.explained_rows:
            return []
        first = [wants(p.rationale, FIRST) for p in self.run.predictions]
        causes = [one for one in CAUSES.values() if any(r.cause == one for row in self.reasons for r in row)]
        # each [queries, causes]: how many reasons are known, are among the first, are among all, and are beyond facts
        total, in_first, in_all, beyond = np.zeros((4, len(first), len(causes)))
        for row, reasons in enumerate(self.reasons):
            for name, want in reasons:
                at = row, causes.index(name)
                total[at] += 1
                in_first[at] += want in first[row]
                in_all[at] += want in self.of_rationales[row]
                beyond[at] += want not in self.of_facts[row]
        of_first, of_all = _estimates(in_first, total), _estimates(in_all, total)
        queries, shares = (total > 0).sum(0).tolist(), (beyond.sum(0) / total.sum(0)).tolist()
        return [CauseRecall(*row) for row in zip(causes, queries, of_first, of_all, shares, strict=True)]

    def rankings(self) -> list[CauseRanking]:
        """NDCG@10 by the cause that drives a choice, in the order of ``CAUSES``, and over all choices."""
        ndcg = measure(load_metrics([SORT], self.run.data.items), self.run.predictions, self.run.examples)[0][SORT]
        drivers = [driver(reasons) for reasons in self.reasons]
        causes = np.array([reason.cause if reason else UNKNOWN for reason in drivers])
        parts = {name: causes == name for name in (*CAUSES.values(), UNKNOWN)} | {"all": np.ones(len(ndcg), bool)}
        parts = {name: rows for name, rows in parts.items() if rows.any()}
        inside = np.stack(list(parts.values()), axis=1).astype(float)  # [queries, parts]
        estimates = _estimates(ndcg[:, None] * inside, inside)
        heads = [(name, int(rows.sum()), e) for (name, rows), e in zip(parts.items(), estimates, strict=True)]
        bayes = self._bayes()
        if bayes is None:
            return [CauseRanking(*head, None, None, None, None) for head in heads]
        lost = (bayes - ndcg)[:, None] * inside / len(ndcg)
        columns = [(bayes @ inside / inside.sum(0)).tolist(), lost.sum(0).tolist()]
        if self.run.explained_rows:
            unsaid, beyond = self._silent(drivers)
            columns += [(unsaid @ lost).tolist(), (beyond @ lost).tolist()]
        else:
            columns += [[None] * len(heads)] * 2
        return [CauseRanking(*head, *row) for head, *row in zip(heads, *columns, strict=True)]

    def _silent(self, drivers: Sequence[KnownReason | None]) -> tuple[np.ndarray, np.ndarray]:
        """Of queries whose rationale does not state the driving reason, [queries]: a fact says it, or none does."""
        unsaid, beyond = np.zeros((2, len(drivers)))
        for row, reason in enumerate(drivers):
            if reason is not None and reason.want not in self.of_rationales[row]:
                is_sayable = reason.want in self.of_facts[row]
                unsaid[row], beyond[row] = is_sayable, not is_sayable
        return unsaid, beyond

    def _bayes(self) -> np.ndarray | None:
        """NDCG@10 of the Bayes ceiling [queries], where it is stored for what the run ranked."""
        of_query = (stored(self.run.data.sha256) or {}).get("bayes", {})
        keys = [e.query.query_id for e in self.run.examples]
        if self.run.result.task.protocol != "full" or not all(key in of_query for key in keys):
            return None
        return np.array([of_query[key][SORT] for key in keys])


def driver(reasons: Sequence[KnownReason]) -> KnownReason | None:
    """The known reason that drives a choice, of all of its reasons, the strongest first; None without any."""
    return next((r for r in reasons if r.cause not in LASTING_CAUSES), reasons[0] if reasons else None)


def wants(rationale: Rationale | None, most: int | None) -> set[Want]:
    """What the ``most`` heaviest reasons of a rationale want and avoid; None: all of them."""
    reasons = sorted(rationale.reasons, key=lambda reason: -reason.weight)[:most] if rationale is not None else []
    positive = {(True, *claim) for reason in reasons for claim in reason.wants}
    return positive | {(False, *claim) for reason in reasons for claim in reason.avoids}


def wants_of_facts(facts: Facts, queries: Sequence[Query]) -> list[set[Want]]:
    """What the candidate facts of each query want and avoid."""
    candidates, values = facts.candidates(queries), facts.catalogue.values
    out: list[set[Want]] = [set() for _ in queries]
    columns = [x.tolist() for x in (candidates.query, candidates.kind, candidates.value, candidates.other)]
    for query, number, value, other in zip(*columns, strict=True):
        kind = KINDS[number]
        for each in (value, other) if kind == "kind_of" else (value,):
            if each >= 0:
                out[query].add((kind not in AVOIDING, *values[each]))
    return out


def _estimates(part: np.ndarray, total: np.ndarray) -> list[Estimate]:
    """The sum of each column of ``part`` as a share of that of ``total``, both [queries, columns]; with intervals."""

    def shares(counts: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            ratio: np.ndarray = (counts @ part) / (counts @ total)
        return ratio

    values = (part.sum(0) / total.sum(0)).tolist()
    ends = column_intervals(bootstrap(shares, len(part))).tolist()
    return [(value, low, high) for value, (low, high) in zip(values, ends, strict=True)]
