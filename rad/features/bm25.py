"""The tokenizer and the BM25 weights that baselines, candidate files and checks share. numpy and scipy only.

>>> from rad.features.bm25 import Bm25
>>> bm25 = Bm25(["red wool scarf", "blue wool hat", "steel hammer"])
>>> bm25.scores(bm25.query(["wool hat"])).round(2).tolist()
[[0.09, 0.57, 0.0]]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import scipy.sparse as sp

BLOCK = 128  # queries that are scored at one time

WORD = re.compile(r"[^\W_]+")


def tokenize(text: str) -> list[str]:
    """Lowercase runs of letters and digits of any script: ``"3M 1-1/2 in."`` gives ``3m 1 1 2 in``."""
    return WORD.findall(text.lower())


class Bm25:
    """Okapi BM25 as ``rank_bm25.BM25Okapi`` weighs it, laid down once so that scoring is one sparse product.

    ``weights`` is (documents x terms); the scores of queries are ``scores(query(texts))``, equal to
    ``BM25Okapi.get_scores``. The idf is log((N - n + 1/2) / (n + 1/2)). A negative one becomes ``epsilon`` times the
    mean idf (Trotman, Puurula and Burgess 2014, and rank-bm25 0.2.2). Documents may be empty.
    """

    def __init__(self, texts: Iterable[str], k1: float = 1.5, b: float = 0.75, epsilon: float = 0.25) -> None:
        documents = [tokenize(text) for text in texts]
        self.vocabulary: dict[str, int] = {}
        for word in chain.from_iterable(documents):
            self.vocabulary.setdefault(word, len(self.vocabulary))
        counts = self._counts(documents)
        n_documents, n_terms = counts.shape
        # (documents,) words of each, and (terms,) how many documents hold each: repeats are summed in the counts, so a
        # stored entry is one document
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        frequency = np.bincount(counts.indices, minlength=n_terms)
        idf = np.log(n_documents - frequency + 0.5) - np.log(frequency + 0.5)
        if n_terms:
            idf[idf < 0] = epsilon * idf.mean()
        # (documents,): a document longer than the mean needs more of a term to weigh as much
        norm = k1 * (1 - b + b * lengths / (lengths.mean() if lengths.any() else 1.0))
        # one weight a stored entry, in the order of the rows: a norm is repeated for each term of its document, so the
        # weights have the pattern of the counts and nothing dense is made
        tf = counts.data
        data = idf[counts.indices] * tf * (k1 + 1) / (tf + np.repeat(norm, np.diff(counts.indptr)))
        self.weights = sp.csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)

    def query(self, texts: Iterable[str]) -> sp.csr_matrix:
        """How often each text holds each known term: (texts x terms). Unknown terms are left out."""
        return self._counts([tokenize(text) for text in texts])

    def scores(self, queries: sp.csr_matrix) -> np.ndarray:
        """[queries, documents]: the scores of rows of term counts, as :meth:`query` makes them, or of sums of such.

        A product with blocks of dense queries runs over memory in order, which a product of two sparse matrices does
        not: it takes half the time at 20,000 documents, and less the longer the queries are.
        """
        out = np.empty((queries.shape[0], self.weights.shape[0]))
        for start in range(0, len(out), BLOCK):
            block = queries[start : start + BLOCK]
            # (terms of the block, queries): only terms that some query has, so that the dense part stays small
            used = np.unique(block.indices)
            dense = np.ascontiguousarray(block[:, used].T.toarray())
            out[start : start + BLOCK] = (self.weights[:, used] @ dense).T
        return out

    def _counts(self, documents: Sequence[list[str]]) -> sp.csr_matrix:
        numbers = self.vocabulary
        # one row a document: the numbers of its words one after another, then equal ones of a row are summed
        ids = [[numbers[word] for word in words if word in numbers] for words in documents]
        indptr = np.cumsum([0, *map(len, ids)])
        indices = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=int(indptr[-1]))
        counts = sp.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(len(ids), len(numbers)))
        counts.sum_duplicates()
        return counts
