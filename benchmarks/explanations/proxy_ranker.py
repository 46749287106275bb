"""A proxy ranker: what does a rationale say to a ranker that was never trained with its model (simulatability)?

It ranks the catalogue by the sum of three parts, each divided by its best score outside the history, so that none needs
a fitted weight:

- the history: BM25 of the last items' texts, each step back counting ``DECAY`` times as much;
- the rationale's text: BM25 of the words, citations left out, over the items' texts;
- its claims: the sum over reasons of weight times the informativeness log(items / items with the value) of each value
  wanted (less that of each avoided) that the item has.

Without a rationale, or with an empty one, only the history stays. Nothing is trained, so the proxy ranker cannot read a
private code between a model and its own ranking. It must not read the target's name: :func:`masked` takes it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from benchmarks.models._scoring import ItemIndex, best_outside, block_size, rank_block
from rad.features.bm25 import WORD, Bm25, tokenize
from rad.rationales.claims import CITATION, FUNCTION_WORDS
from rad.types import Item, Prediction, Query, Rationale, Reason

LAST, DECAY = 50, 0.7  # of the history; those that bm25 tries first
LONGEST = 2000  # characters of a text that are read
RUN = 5  # words of a title in a row that name it


class ProxyRanker:
    """Built once a catalogue; ``rank`` gives the rankings of queries, each with a rationale or None."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.catalogue = ItemIndex(items)
        texts = [item.text for item in items.values()]
        self.index = Bm25(texts)
        self.words = self.index.query(texts)
        claims = [[(a, v) for a, values in item.attributes.items() for v in values] for item in items.values()]
        self.number: dict[tuple[str, str], int] = {}
        for row in claims:
            for claim in row:
                self.number.setdefault(claim, len(self.number))
        # A sparse matrix [items, claims] of ones, from the sorted numbers of each item's claims.
        columns = [sorted({self.number[claim] for claim in row}) for row in claims]
        indptr = np.cumsum([0, *map(len, columns)])
        flat = np.array([c for row in columns for c in row], np.int64)
        has = sp.csr_matrix((np.ones(len(flat)), flat, indptr), shape=(len(items), len(self.number)))
        # Each column by the informativeness of its claim: a value that every item has counts nothing.
        owners = np.bincount(flat, minlength=len(self.number))
        self.informativeness = has @ sp.diags(np.log(len(items) / np.maximum(owners, 1)))

    def rank(
        self, queries: Sequence[Query], rationales: Sequence[Rationale | None], history: bool = True
    ) -> list[Prediction]:
        """One prediction a query; without ``history`` from the rationale alone (what was bought stays masked)."""
        out: list[Prediction] = []
        step = block_size(self.catalogue)
        for start in range(0, len(queries), step):
            block, explanations = queries[start : start + step], rationales[start : start + step]
            # Each part is [queries of the block, items]: of the words, of the claims, of the history.
            scores = self._part(self.index.scores(self.index.query([_words(r) for r in explanations])), block)
            scores += self._part((self._claims(explanations) @ self.informativeness.T).toarray(), block)
            if history:
                recent = self.catalogue.recent(block, LAST, DECAY)
                scores += self._part(self.index.scores(recent @ self.words), block)
            out += rank_block(block, scores, self.catalogue)
        return out

    def _part(self, scores: np.ndarray, queries: Sequence[Query]) -> np.ndarray:
        # [queries, items] by the best of each row: the three parts weigh alike whatever their units
        parts: np.ndarray = scores / best_outside(scores, queries, self.catalogue)[:, None]
        return parts

    def _claims(self, rationales: Sequence[Rationale | None]) -> sp.csr_matrix:
        """(rationales, claims): weights of what is wanted, less those of what is avoided."""
        rows, columns, weights = [], [], []
        for row, rationale in enumerate(rationales):
            for reason in rationale.reasons if rationale else ():
                for claims, sign in ((reason.wants, 1.0), (reason.avoids, -1.0)):
                    for claim in claims:
                        if claim in self.number:
                            rows.append(row)
                            columns.append(self.number[claim])
                            weights.append(sign * reason.weight)
        return sp.csr_matrix((weights, (rows, columns)), shape=(len(rationales), len(self.number)))


def _words(rationale: Rationale | None) -> str:
    return CITATION.sub(" ", rationale.text[:LONGEST]) if rationale else ""


def masked(
    rationale: Rationale,
    targets: Collection[str],
    query: Query,
    items: Mapping[str, Item],
    single: Collection[tuple[str, str]],
) -> Rationale:
    """The rationale without the targets' names.

    The text loses stretches of a title (:func:`title_runs`), and single words of the title. A word stays where it is an
    attribute value of the target, stands in a title of the history, or is a function word. The reasons lose wanted and
    avoided values among ``single``, those that only one item has, unless the history has shown them.
    """
    harmless, names = set(FUNCTION_WORDS), set[str]()
    shown = set[tuple[str, str]]()
    for past in query.history:
        if past.item_id in items:
            item = items[past.item_id]
            harmless.update(tokenize(item.title))
            shown.update((a, v) for a, values in item.attributes.items() for v in values)
    for target in targets:
        if target in items:
            names.update(tokenize(items[target].title))
            harmless.update(w for vs in items[target].attributes.values() for v in vs for w in tokenize(v))
    names -= harmless
    text = rationale.text
    for target in targets:
        for start, end in reversed(title_runs(text, items[target].title) if target in items else []):
            text = text[:start] + text[end:]
    if names:
        text = WORD.sub(lambda m: "" if m.group().lower() in names else m.group(), text)

    def unmasked(claims: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple(c for c in claims if c in shown or c not in single)

    reasons: list[Reason] = []
    for reason in rationale.reasons:
        wants, avoids = unmasked(reason.wants), unmasked(reason.avoids)
        if (wants, avoids) != (reason.wants, reason.avoids):
            reason = replace(reason, wants=wants, avoids=avoids)
        reasons.append(reason)
    return replace(rationale, text=text, reasons=tuple(reasons))


def title_runs(text: str, title: str) -> list[tuple[int, int]]:
    """Stretches ``[start, end)`` of ``text`` with ``RUN`` words or more of ``title`` in a row, or with all its words
    where it has fewer (but three at least: one or two may be values that many share)."""
    wanted = tokenize(title)
    size = min(RUN, len(wanted))
    if size < 3:
        return []
    words = [(m.start(), m.end(), m.group().lower()) for m in WORD.finditer(text)]
    runs = {tuple(wanted[k : k + size]) for k in range(len(wanted) - size + 1)}
    tokens = [word for *_, word in words]
    out: list[tuple[int, int]] = []
    for k in range(len(words) - size + 1):
        if tuple(tokens[k : k + size]) in runs:
            start, end = words[k][0], words[k + size - 1][1]
            if out and start <= out[-1][1]:
                out[-1] = (out[-1][0], end)
            else:
                out.append((start, end))
    return out


def single_values(items: Mapping[str, Item]) -> frozenset[tuple[str, str]]:
    """The (attribute, value) pairs that only one item of the catalogue has: each is a name of that item."""
    pairs = ((a, v) for item in items.values() for a, values in item.attributes.items() for v in set(values))
    return frozenset(pair for pair, n in Counter(pairs).items() if n == 1)
