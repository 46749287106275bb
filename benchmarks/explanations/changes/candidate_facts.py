"""The sound facts of a batch of queries, counted once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import NUMBER
from rad.types import EvidenceKind, Query, Reason


class CandidateFacts:
    """``reasons(row)`` gives the facts of the query at ``row``, each a reason of weight 1."""

    def __init__(self, facts: Facts, queries: Sequence[Query]) -> None:
        self.facts, self.queries = facts, queries
        self.table = facts.candidates(queries)
        self._reasons: dict[tuple[int, tuple[EvidenceKind, ...] | None, bool], list[Reason]] = {}
        self._first = np.searchsorted(self.table.query, np.arange(len(queries) + 1))  # (queries + 1,)

    def reasons(self, row: int, kinds: Sequence[EvidenceKind] | None = None, recent: bool = False) -> list[Reason]:
        """The facts of one query, of some kinds or of all.

        Args:
            row: Number of the query.
            kinds: Those wanted; None for all.
            recent: Order by the place of what is cited, the last purchase first, and then by kind; otherwise the most
                telling fact comes first.
        """
        key = row, None if kinds is None else tuple(kinds), recent
        if key not in self._reasons:  # several changes of one rationale ask for the same
            self._reasons[key] = self._build(row, kinds, recent)
        return self._reasons[key]

    def _build(self, row: int, kinds: Sequence[EvidenceKind] | None, recent: bool) -> list[Reason]:
        table, rows = self.table, np.arange(self._first[row], self._first[row + 1])
        if kinds is not None:
            rows = rows[np.isin(table.kind[rows], [NUMBER[kind] for kind in kinds])]
        keys = (table.kind[rows], -table.position[rows]) if recent else (-table.interest[rows],)
        return [self.facts.reason(table, int(k), self.queries[row]) for k in rows[np.lexsort(keys)]]
