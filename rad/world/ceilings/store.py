"""Ceilings on disk: a small gzipped JSON file a world, beside the code or in the cache folder.

``places`` has, for each ceiling and query, the rank of the target in the ceiling's ranking, 0 where it is not among the
first 100. Files of pairs lie in a folder of their own: the answer of each pair, and what each ceiling says of it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rad.errors import RadError
from rad.runtime.files import atomic_write, cache_dir
from rad.world.rng import Floats, Ints

FOLDER = Path(__file__).parent / "stored"
PAIRS = FOLDER / "pairs"
Read = TypeVar("Read")


def ndcg(rank: Ints) -> Floats:
    """NDCG@10 of one relevant item at a rank (1 = first; 0 = not ranked)."""
    return np.where((rank >= 1) & (rank <= 10), 1 / np.log2(np.maximum(rank, 1) + 1), 0.0)


def scores(rank: int) -> dict[str, float]:
    """The scores that a target's rank in a ranking of 100 gives."""
    return {
        "ndcg@10": float(ndcg(np.array([rank]))[0]),
        "recall@10": float(1 <= rank <= 10),
        "mrr": 1 / rank if rank else 0.0,
    }


def stored(dataset_sha256: str) -> dict[str, dict[str, dict[str, float]]] | None:
    """Scores of a data set's test split, ``{"oracle": {query_id: {"ndcg@10": .., "recall@10": .., ..}}, "bayes": ..}``.

    None where nobody computed them (``python -m rad.world.ceilings`` does).
    """
    return _read_of(FOLDER, cached(dataset_sha256), dataset_sha256, _places)


def _places(record: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    pairs = record["places"].items()
    return {what: {key: scores(rank) for key, rank in rows.items()} for what, rows in pairs}


def _read_of(folder: Path, beside: Path, dataset_sha256: str, read: Callable[[Mapping[str, Any]], Read]) -> Read | None:
    """What is read of the record of a data set, in a folder beside the code or in the cache; None without one."""
    for path in (*sorted(folder.glob("*.json.gz")), beside):
        if not path.exists():
            continue
        try:
            record = json.loads(gzip.decompress(path.read_bytes()))
            if record["dataset_sha256"] == dataset_sha256:
                return read(record)
        except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
            raise RadError(f"{path}: not a file of ceilings ({error}); delete it") from error
    return None


def worlds() -> dict[str, str]:
    """The sha256 of the data sets whose ceilings lie beside the code, by domain."""
    records = (json.loads(gzip.decompress(path.read_bytes())) for path in sorted(FOLDER.glob("*.json.gz")))
    return {record["world"]: record["dataset_sha256"] for record in records}


def cached(sha256: str) -> Path:
    """Where the ceilings of a world are kept that is not one of the default ones."""
    return cache_dir() / "ceilings" / f"{sha256}.json.gz"


def write(
    path: Path,
    world: str,
    dataset_sha256: str,
    sweeps: int,
    chains: Sequence[float],
    expected: Mapping[str, float],
    ranks: Mapping[str, Mapping[str, int]],
) -> None:
    """Write a file that :func:`stored` reads; the same ceilings give the same bytes."""
    record = {
        "world": world,
        "dataset_sha256": dataset_sha256,
        "chains": list(chains),
        "sweeps": sweeps,
        "expected": expected,
        "places": ranks,
    }
    _write(path, record)


class StoredPairs(NamedTuple):
    """The pairs of a world's test split, in one order: ratings, likes, and by ceiling what it says of both."""

    answer: Floats
    liked: Ints
    rating: Mapping[str, Floats]
    probability: Mapping[str, Floats]


def stored_pairs(dataset_sha256: str) -> StoredPairs | None:
    """The pairs of a data set with their ceilings; None where nobody computed them (``--pairs`` does)."""
    return _read_of(PAIRS, cached_pairs(dataset_sha256), dataset_sha256, _pairs)


def _pairs(record: Mapping[str, Any]) -> StoredPairs:
    best = record["best"].items()
    rating, probability = ({name: np.array(row[k]) for name, row in best} for k in (0, 1))
    answer = np.array(record["answer"], dtype=float)
    return StoredPairs(answer, answer >= record["liked"], rating, probability)


def cached_pairs(sha256: str) -> Path:
    """Where the ceilings of the pairs of a world are kept that is not one of the default ones."""
    return cache_dir() / "ceilings" / "pairs" / f"{sha256}.json.gz"


def write_pairs(
    path: Path,
    world: str,
    dataset_sha256: str,
    sweeps: int,
    chains: Sequence[float],
    answer: Ints,
    liked: int,
    best: Mapping[str, tuple[Floats, Floats]],
) -> None:
    """Write a file that :func:`stored_pairs` reads; the same ceilings give the same bytes.

    Args:
        path: The file.
        world: The domain with its settings.
        dataset_sha256: Of its data.
        sweeps: Of each Markov chain.
        chains: The RMSE of each alone.
        answer: The ratings (pairs,).
        liked: The least rating that is a like.
        best: Mean rating and probability of a like (pairs,), by ceiling.
    """
    rounded = {name: [np.round(column, 4).tolist() for column in columns] for name, columns in best.items()}
    record = {
        "world": world,
        "dataset_sha256": dataset_sha256,
        "chains": list(chains),
        "sweeps": sweeps,
        "liked": liked,
        "answer": answer.tolist(),
        "best": rounded,
    }
    _write(path, record)


def _write(path: Path, record: Mapping[str, object]) -> None:
    with atomic_write(path, "wb") as file:
        file.write(gzip.compress(json.dumps(record, separators=(",", ":")).encode(), mtime=0))
