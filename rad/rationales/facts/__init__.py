"""Facts: statements about a history that anyone can count again from the history, the catalogue and training purchases.

All counts of purchases are of *other* users' training purchases: a user's own are left out, in training and at test
alike, so that no fact knows what its user went on to buy. The kinds, and the numbers in ``Evidence.support``:

===============  ====================================================  =======================  ======================
kind             says                                                  found, of, base          sound when
===============  ====================================================  =======================  ======================
``repeat``       purchases have a value, which is wanted again         k of m purchases; usual  k/m above the usual,
                                                                       share of purchases       and k >= 2 or k/m > 1.5
                                                                                                times the usual
``lasting``      the same, as a preference beside all others           the same                 k/m > 1.5 times
``new_repeat``   the same, in an item that nobody has bought yet       the same                 as ``repeat``
``transition``   buyers of a value of the cited item have another      n of m; usual share      n >= 3, n/m above the
                 next, which the cited item lacks                                               usual
``co_purchase``  what else the buyers of the cited item own            n buyers                 n >= 2
``similar``      what reads like the cited item                        n items                  n >= 1
``kindred``      what shares buyers with it, and reads like it         n items                  n >= 1
``new_similar``  what reads like it and nobody has bought yet          n items                  n >= 1
``kind_of``      two or three values of the cited item                 n other items            n >= 1
``rating``       a value of an item that was rated low                 rating; the user's mean  below the mean
``absence``      a common value that no purchase has                   0 of m; usual share      (1 - share)^m < 1/20
===============  ====================================================  =======================  ======================

An item *reads like* another where its text holds at least 3/10 of the BM25 weight of the other's words. Where several
items are cited, the number is the least of them. Shares are rounded as people say them
(:func:`rad.rationales.facts.counts.usual_share`), and tests of soundness use the rounded ones.

>>> from rad.data.load import open_dataset
>>> data = open_dataset("world:users=60,items=200")
>>> facts = Facts.of(data.examples["train"], data.items)
>>> best = facts.about(data.examples["test"][0].query)[0]
>>> list(facts.check(best, data.examples["test"][0].query))
[]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rad.rationales.facts import candidates, ragged, soundness
from rad.rationales.facts.candidates import Candidates
from rad.rationales.facts.counts import Counts
from rad.rationales.rules import Violation
from rad.types import Query, Reason


class Facts(Counts):
    """The facts of any query: ``Facts.of(train, items)``, then ``about(query)`` and ``check(reason, query)``."""

    def about(self, query: Query, most: int = 40) -> list[Reason]:
        """The sound facts of a query, the most telling first by a simple rule; each a reason of weight 1.

        Args:
            query: Any query; its user's own training purchases are left out of the counts.
            most: How many at the most.
        """
        return self.about_all([query], most)[0]

    def about_all(self, queries: Sequence[Query], most: int = 40) -> list[list[Reason]]:
        """The same of many queries, in their order."""
        table = self.candidates(queries)
        out: list[list[Reason]] = [[] for _ in queries]
        for k in ragged.best(table.query, table.interest, most).tolist():
            number = int(table.query[k])
            out[number].append(self.reason(table, k, queries[number]))
        return out

    def candidates(self, queries: Sequence[Query]) -> Candidates:
        """The sound facts of many queries, as arrays."""
        return candidates.candidates(self, queries)

    def reason(self, table: Candidates, k: int, query: Query) -> Reason:
        """Candidate ``k`` as a reason of weight 1, with its citations; ``query`` is the one that it is about."""
        return candidates.reason(self, table, k, query)

    def check(self, reason: Reason, query: Query) -> Iterator[Violation]:
        """What is wrong with a reason: no fact, numbers that differ, not sound, or no link to what is claimed."""
        return soundness.violations(self, reason, query)
