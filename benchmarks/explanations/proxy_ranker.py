"""A proxy ranker: what does a rationale say to a ranker that was never trained with its model (simulatability)?

It ranks the catalogue by the sum of four parts, each divided by its best score outside the history and multiplied by
the strength that the rationale gives it, so that none needs a fitted weight:

- the history, in full: BM25 of the last items' texts, each step back counting ``DECAY`` times as much;
- the rationale's text: BM25 of the words, citations left out, over the items' texts. Of a sentence in the words of
  :mod:`rad.rationales.text` only the values count: its other words are of the grammar, not of the shop. Prose states
  no strength and counts in full, other texts as their claims do;
- its claims, by the weight of the reasons that have some: the sum over reasons of weight times the informativeness
  log(items / items with the value) of each value wanted (less that of each avoided) that the item has;
- what it points to, by the weight of the reasons that claim no value: BM25 of the texts of the purchases cited.

Without a rationale, or with an empty one, only the history stays. Nothing is trained, so the proxy ranker cannot read a
private code between a model and its own ranking. It must not read the target's name: :func:`masked` takes it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from benchmarks.explanations.rewriting import in_form, rewritten
from benchmarks.models._scoring import ItemIndex, best_outside, block_size, rank_block
from rad.features.bm25 import WORD, Bm25, tokenize
from rad.rationales import text
from rad.rationales.claims import CITATION, FUNCTION_WORDS
from rad.types import Item, Prediction, Query, Rationale

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
            written = [_words(r) for r in explanations]
            claims, pointed = self._claims(explanations), self._pointed(block, explanations)
            strength = np.array([_strengths(r) for r in explanations])[:, :, None]  # [block, 2, 1]
            trust = np.where([is_prose for _, is_prose in written], 1.0, strength[:, 0, 0])[:, None]
            scores = trust * self._part(self.index.scores(self.index.query([words for words, _ in written])), block)
            scores += strength[:, 0] * self._part((claims @ self.informativeness.T).toarray(), block)
            if pointed.nnz:
                scores += strength[:, 1] * self._part(self.index.scores(pointed @ self.words), block)
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

    def _pointed(self, queries: Sequence[Query], rationales: Sequence[Rationale | None]) -> sp.csr_matrix:
        """(queries, items): the weights of the reasons that claim no value, shared among what each cites."""
        rows, columns, weights = [], [], []
        for row, (query, rationale) in enumerate(zip(queries, rationales, strict=True)):
            for reason in rationale.reasons if rationale else ():
                if reason.wants or reason.avoids:
                    continue
                cited = [query.history[k].item_id for k in reason.evidence.history if 0 <= k < len(query.history)]
                items = [self.catalogue.column[item] for item in cited if item in self.catalogue.column]
                rows += [row] * len(items)
                columns += items
                weights += [reason.weight / max(len(items), 1)] * len(items)
        return sp.csr_matrix((weights, (rows, columns)), shape=(len(rationales), len(self.catalogue.ids)))


def _words(rationale: Rationale | None) -> tuple[str, bool]:
    """The words that count, and whether they are prose, which states no strength."""
    if rationale is None:
        return "", False
    reasons, _, prose = text.read(rationale.text[:LONGEST])
    values = [value for reason, _ in reasons for _, value in reason.wants]
    return CITATION.sub(" ", " ".join([*values, *prose])), not reasons


def _strengths(rationale: Rationale | None) -> tuple[float, float]:
    """The weights of the reasons that claim values, and of those that point to purchases."""
    reasons = rationale.reasons if rationale else ()
    claims = sum(reason.weight for reason in reasons if reason.wants or reason.avoids)
    return claims, sum(reason.weight for reason in reasons) - claims


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
    avoided values among ``single``, those that only one item has, unless the history has shown them. A text that is the
    reasons in the words of :mod:`rad.rationales.text` keeps to them: it loses the reasons with such values or words.
    """
    shown = {
        (a, v)
        for past in query.history
        if past.item_id in items
        for a, values in items[past.item_id].attributes.items()
        for v in values
    }
    names = {claim for r in rationale.reasons for claim in (*r.wants, *r.avoids) if claim in single} - shown
    without_names = _removal([items[target] for target in targets if target in items], query, items)
    if in_form(rationale):
        left = []
        for reason in rationale.reasons:
            claims = *reason.wants, *reason.avoids
            words = " . ".join([*(w for claim in claims for w in claim), reason.evidence.value or ""])
            if names.isdisjoint(claims) and without_names(words) == words:
                left.append(reason)
        return rationale if len(left) == len(rationale.reasons) else rewritten(rationale, query, left)
    reasons = []
    for reason in rationale.reasons:
        wants, avoids = (tuple(c for c in claims if c not in names) for claims in (reason.wants, reason.avoids))
        is_same = (wants, avoids) == (reason.wants, reason.avoids)
        reasons.append(reason if is_same else replace(reason, wants=wants, avoids=avoids))
    return replace(rationale, text=without_names(rationale.text), reasons=tuple(reasons))


def _removal(targets: Sequence[Item], query: Query, items: Mapping[str, Item]) -> Callable[[str], str]:
    """What takes stretches and single words of the targets' titles out of a text."""
    harmless = set(FUNCTION_WORDS)
    for past in query.history:
        if past.item_id in items:
            harmless.update(tokenize(items[past.item_id].title))
    for target in targets:
        harmless.update(w for vs in target.attributes.values() for v in vs for w in tokenize(v))
    names = {word for target in targets for word in tokenize(target.title)} - harmless

    def removed(words: str) -> str:
        for target in targets:
            for start, end in reversed(title_runs(words, target.title)):
                words = words[:start] + words[end:]
        small = words.lower()
        if not any(name in small for name in names):
            return words
        return WORD.sub(lambda m: "" if m.group().lower() in names else m.group(), words)

    return removed


def title_runs(text: str, title: str) -> list[tuple[int, int]]:
    """Stretches ``[start, end)`` of ``text`` with ``RUN`` words or more of ``title`` in a row, or with all its words
    where it has fewer (but three at least: one or two may be values that many share)."""
    wanted = tokenize(title)
    size = min(RUN, len(wanted))
    if size < 3:
        return []
    runs, small = {tuple(wanted[k : k + size]) for k in range(len(wanted) - size + 1)}, text.lower()
    if not any(all(word in small for word in run) for run in runs):
        return []  # as for nearly every text, which need not be cut into words
    words = [(m.start(), m.end(), m.group().lower()) for m in WORD.finditer(text)]
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
