"""Fixed candidate files, for models that cannot rank a whole catalogue. Results on them are labelled *reranking*.

A query's candidates are its answer and up to 99 items that the user has in no split, a third each

- ``random``: every item alike,
- ``popularity``: in proportion to training interactions, so that popularity alone does not win,
- ``hard``: the highest BM25 scores for the user's last three items.

There are no duplicates, and the order is that of the catalogue, so an answer's place says nothing. Everything is drawn
from a hash of the query id: the same data set gives the same file everywhere. Sampled metrics do not preserve the
order of models under full ranking (Krichene and Rendle, KDD 2020), so the two are never compared.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from rad.errors import RadError
from rad.features.bm25 import Bm25
from rad.runtime import records
from rad.runtime.files import atomic_write, cache_dir, canonical, read_jsonl, sha256_file, write_jsonl
from rad.types import Example, Item, Split

VERSION = "1"
SIZE = 100
HELD_OUT: tuple[Split, ...] = ("validation", "test")
_HARD_WEIGHTS = (1.0, 0.7, 0.49)  # of the last item and the two before it
_BLOCK = 256  # queries whose BM25 scores are in memory at once


@dataclass(frozen=True, slots=True)
class About:
    """What lies beside a candidate file and says what it is."""

    version: str
    dataset_sha256: str
    n_queries: int
    sha256: str


def build(
    items: Mapping[str, Item], examples: Mapping[Split, Sequence[Example]], size: int = SIZE
) -> dict[str, tuple[str, ...]]:
    """Query id -> candidates, for validation and test, in their order. ``size`` counts the answers too."""
    ids = list(items)
    index = {item_id: k for k, item_id in enumerate(ids)}
    bought = _bought(examples)
    counts = _training_counts(examples)
    # (items,) cumulated training counts: a point below the last one falls to an item in proportion to its count
    popularity = np.cumsum([counts[item_id] for item_id in ids])
    queries = [example for split in HELD_OUT for example in examples[split]]
    # thirds of what is not the answer; the first ones take the remainder
    share = [(size - 1) // 3 + (k < (size - 1) % 3) for k in range(3)]
    out = {}
    for example, hard in zip(queries, _hard(items, index, queries, size), strict=True):
        key = example.query.query_id
        owned = {index[item_id] for item_id in bought[example.query.user_id]}
        answers = {index[item_id] for item_id in example.relevant}
        # the scarcest stratum first: an item that two strata hold counts for the hard one, and random draws fill up
        strata: tuple[tuple[int, Iterable[int]], ...] = (
            (share[2], hard),
            (share[1], _draws(key, "popularity", popularity)),
            (share[0], _draws(key, "random", np.arange(1, len(ids) + 1))),
        )
        # in the order of the catalogue, so that the place of the answer tells nothing
        out[key] = tuple(ids[k] for k in sorted(_negatives(strata, owned, len(ids)) | answers))
    return out


def _negatives(strata: Iterable[tuple[int, Iterable[int]]], owned: set[int], n_items: int) -> set[int]:
    """Places in the catalogue, so many from each stratum; one that runs dry leaves its share to the next."""
    free = n_items - len(owned)
    chosen: set[int] = set()
    goal = 0
    for n, stratum in strata:
        goal = min(goal + n, free)
        for k in stratum:
            if len(chosen) >= goal:
                break
            if k not in owned:
                chosen.add(k)
    others = (k for k in range(n_items) if k not in owned and k not in chosen)
    while len(chosen) < goal:  # only in tiny catalogues, where the draws keep missing
        chosen.add(next(others))
    return chosen


def _bought(examples: Mapping[Split, Sequence[Example]]) -> dict[str, set[str]]:
    """Every item that a user has in any split."""
    bought: dict[str, set[str]] = {}
    for split in ("train", *HELD_OUT):
        for example in examples[split]:
            owned = bought.setdefault(example.query.user_id, set())
            owned.update(past.item_id for past in example.query.history)
            owned.update(example.relevant)
    return bought


def _training_counts(examples: Mapping[Split, Sequence[Example]]) -> Counter[str]:
    """Interactions per item before the validation answers."""
    longest: dict[str, Sequence[str]] = {}
    for example in (*examples["train"], *examples["validation"]):
        owned = [past.item_id for past in example.query.history]
        owned += example.relevant if example.split == "train" else ()
        if len(owned) > len(longest.get(example.query.user_id, ())):
            longest[example.query.user_id] = owned
    return Counter(item_id for owned in longest.values() for item_id in owned)


def _draws(query_id: str, stratum: str, cumulative: np.ndarray, tries: int = 4096) -> Iterator[int]:
    """Places drawn in proportion to the steps of ``cumulative`` (whole numbers), with replacement."""
    if not len(cumulative) or not (total := int(cumulative[-1])):
        return
    key = int.from_bytes(hashlib.sha256(f"candidates:{VERSION}:{stratum}:{query_id}".encode()).digest()[:16], "big")
    generator = np.random.Philox(key=key)  # a counter-based generator: the raw bits are the same in every numpy
    for _ in range(tries // 128):
        # (128,) points below the sum, by the remainder of raw bits: floats would round differently elsewhere
        drawn = generator.random_raw(128) % np.uint64(total)
        yield from np.searchsorted(cumulative, drawn.astype(np.int64), side="right").tolist()


def _hard(
    items: Mapping[str, Item], index: Mapping[str, int], queries: Sequence[Example], size: int
) -> Iterator[list[int]]:
    """For each query the places of the highest positive BM25 scores, best first, more than enough of them."""
    texts = [item.text for item in items.values()]
    bm25 = Bm25(texts)
    terms = bm25.query(texts)
    # BM25 is linear in the query: what items score for a history is the weighted sum of what they score for its items,
    # so scores [queries, items] are weights [queries, items] x terms [items, words] x weights of words [words, items]
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        weights = sp.lil_matrix((len(block), len(texts)))
        for row, example in enumerate(block):
            for weight, past in zip(_HARD_WEIGHTS, reversed(example.query.history), strict=False):
                weights[row, index[past.item_id]] += weight
        scores = ((weights.tocsr() @ terms) @ bm25.weights.T).toarray()
        # rounded, with ties broken by the catalogue: whole numbers, so that every machine has the same order
        order = np.rint(scores * 1e6).astype(np.int64) * len(texts) - np.arange(len(texts))
        for row, example in enumerate(block):
            # more than needed: the user's own items, of which the history names all but the answer, are left out later
            n = min(len(texts), size + len(example.query.history) + 2)
            # the n best unsorted, then only these sorted: a full sort of the catalogue takes most of the time
            top = np.argpartition(-order[row], n - 1)[:n]
            top = top[np.argsort(-order[row][top])]
            yield [int(k) for k in top if scores[row, k] > 0]


def write(path: Path, table: Mapping[str, Sequence[str]], dataset_sha256: str) -> str:
    """Write ``path`` (one query a line) and then ``path.json``, which says what it is. Returns the file's sha256."""
    write_jsonl(path, ({"query_id": key, "candidates": list(ids)} for key, ids in table.items()))
    digest = sha256_file(path)
    with atomic_write(_about(path)) as file:
        file.write(canonical(About(VERSION, dataset_sha256, len(table), digest)) + "\n")
    return digest


def read(path: Path, dataset_sha256: str) -> dict[str, tuple[str, ...]]:
    """A written file. :class:`RadError` when it was changed, cut short or belongs to another data set."""
    about = records.read_document(About, _about(path), f"without it {path.name} cannot be trusted")
    if about.dataset_sha256 != dataset_sha256:
        raise RadError(f"{path}: made for data set {about.dataset_sha256[:12]}, this is {dataset_sha256[:12]}")
    if not path.is_file() or sha256_file(path) != about.sha256:
        raise RadError(f"{path}: sha256 differs from {_about(path).name}: the file was changed or cut short")
    return {record["query_id"]: tuple(record["candidates"]) for _, record in read_jsonl(path)}


def _about(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def cached(
    dataset_sha256: str, items: Mapping[str, Item], examples: Mapping[Split, Sequence[Example]]
) -> dict[str, tuple[str, ...]]:
    """The data set's candidate file from the cache, built there on first use."""
    path = cache_dir() / "candidates" / f"{dataset_sha256[:16]}-{VERSION}.jsonl"
    if _about(path).is_file():
        try:
            return read(path, dataset_sha256)
        except RadError:
            pass  # a damaged cache is built again
    table = build(items, examples)
    write(path, table, dataset_sha256)
    return table
