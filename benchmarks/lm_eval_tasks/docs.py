"""The prompts of the tasks, and the scores of the answers: by ``benchmarks/metrics``, as in ``benchmarks.run``.

Ranking is over the domain's candidate file (*reranking*). Candidates of one log-likelihood are in the order of the
catalogue, and what is in the history is left out, as with every model. An undefined score (the true reasons are
unknown) is left out of its mean; an empty rationale has the worst score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.evaluate import measure
from benchmarks.harness.registries import load_metrics
from benchmarks.models.prompted import rationale_of
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import claims
from rad.rationales.rules import Rules
from rad.types import Example, Item, Prediction, Query, Rationale, Split

RANKING = ("ndcg@10", "recall@10", "mrr", "hit_rate@10")
RATIONALE = (
    *("evidence_validity", "claim_precision", "contradiction_rate", "reason_precision@3", "reason_recall@3"),
    *("reason_f1@3", "verdict_accuracy"),
)
WINDOW = 20  # last purchases in a prompt
LIKED, DISLIKED = 0.75, 0.25  # shares of the scale from which up, and down to which, a rating is a like or a dislike
Docs = dict[str, Any]


class OpenDomain:
    """A domain's data with what scoring needs, opened once for all queries of a run."""

    def __init__(self, domain: str, split: str, data_dir: str | None) -> None:
        self.data = open_dataset(domain, Path(data_dir) if data_dir else None, "rerank")
        if split not in ("test", "validation"):
            raise RadError(f"split must be test or validation, got '{split}'")
        self.split: Split = "test" if split == "test" else "validation"
        self.examples: dict[str, Example] = {e.query.query_id: e for e in self.data.examples[self.split]}
        self.rules = Rules(self.data.items)
        self.metrics = load_metrics([*RANKING, *RATIONALE], self.data.items)

    def score(self, names: Sequence[str], prediction: Prediction) -> dict[str, float]:
        """Of one prediction; NaN where a metric is undefined."""
        chosen = {name: self.metrics[name] for name in names}
        values, _ = measure(chosen, [prediction], [self.examples[prediction.query_id]], writes=True)
        return {name: float(values[name][0]) if name in values else math.nan for name in names}


DocOf = Callable[[OpenDomain, Example], dict[str, object] | None]
"""The prompt of a query, its choices and its answer; None leaves the query out."""


@cache
def open_domain(domain: str, split: str, data_dir: str | None) -> OpenDomain:
    """The open domain; the same object for the same arguments."""
    return OpenDomain(domain, split, data_dir)


def domain_of(doc: Mapping[str, Any]) -> OpenDomain:
    """The open domain of a document."""
    return open_domain(doc["domain"], doc["split"], doc["data_dir"] or None)


def rank_docs(domain: str = "world", split: str = "test", data_dir: str | None = None, **_: object) -> Docs:
    """The candidates of each query in the order of the catalogue, without those of the history."""

    def doc(opened: OpenDomain, e: Example) -> dict[str, object]:
        ids = choices_of(e.query)
        gold = next((k for k, item_id in enumerate(ids) if item_id in e.relevant), -1)
        prompt = f"{history(opened.data, e.query)}\nThe next item is:"
        return {"prompt": prompt, "choices": [described(opened.data.items[i]) for i in ids], "gold": gold}

    return _docs(doc, domain, split, data_dir)


def choices_of(query: Query) -> tuple[str, ...]:
    """The candidates that a ranking may hold."""
    unranked = query.unranked
    return tuple(item_id for item_id in query.candidates or () if item_id not in unranked)


def rationale_docs(domain: str = "world", split: str = "test", data_dir: str | None = None, **_: object) -> Docs:
    """The history, and the request to say why before anything is named."""

    def doc(opened: OpenDomain, e: Example) -> dict[str, object]:
        names = ", ".join(sorted({name for item in opened.data.items.values() for name in item.attributes}))
        prompt = (
            f"{history(opened.data, e.query)}\nIn one line: what will the user want next, and because of which items? "
            f"Cite items as [1], speak of {names or 'what items have in common'}, and name no item.\nReasons:"
        )
        return {"prompt": prompt}

    return _docs(doc, domain, split, data_dir)


def like_docs(domain: str = "world", split: str = "test", data_dir: str | None = None, **_: object) -> Docs:
    """The last purchase of each user who rated it clearly. :class:`RadError` where the domain has no ratings."""
    data = open_domain(domain, split, data_dir).data
    ratings = [x.rating for s in data.sequences.values() for x in s if x.rating is not None]
    if not ratings:
        raise RadError(f"{domain} has no ratings, so nothing is known of likes: use rad_rank or rad_rationale")
    low, span = min(ratings), max(ratings) - min(ratings)

    def doc(opened: OpenDomain, e: Example) -> dict[str, object] | None:
        own = opened.data.sequences[e.query.user_id][len(e.query.history)]
        share = math.nan if own.rating is None or not span else (own.rating - low) / span
        if not (share >= LIKED or share <= DISLIKED):
            return None
        prompt = (
            f"{history(opened.data, e.query, ratings=True)}\n"
            f"The user buys: {described(opened.data.items[own.item_id])}\n"
            "Will the user like it? Answer:"
        )
        return {"prompt": prompt, "gold": 0 if share >= LIKED else 1}

    return _docs(doc, domain, split, data_dir)


def _docs(doc: DocOf, domain: str, split: str, data_dir: str | None) -> Docs:
    from datasets import Dataset as Rows

    opened = open_domain(domain, split, data_dir)
    about = {"domain": domain, "split": split, "data_dir": data_dir or ""}
    docs = [(e, doc(opened, e)) for e in opened.examples.values()]
    rows = [{"query_id": e.query.query_id, **about, **row} for e, row in docs if row is not None]
    if not rows:
        raise RadError(f"{domain}: the {split} split has no queries for this task")
    return {"test": Rows.from_list(rows)}


def history(data: Dataset, query: Query, ratings: bool = False) -> str:
    """The last purchases, each under its place in the whole history."""
    lines = []
    for k, x in enumerate(query.history, 1):
        rated = f", rated {x.rating:g}" if ratings and x.rating is not None else ""
        lines.append(f"[{k}] {described(data.items[x.item_id])}{rated}")
    return "Items that the user bought, the oldest first:\n" + "\n".join(lines[-WINDOW:])


def described(item: Item) -> str:
    """In one line: the title, or what the text begins with. Never the id."""
    return " ".join((item.title or item.text).split())[:200] or "an item without a description"


def score_ranking(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """The candidates by falling log-likelihood."""
    opened = domain_of(doc)
    ids = choices_of(opened.examples[doc["query_id"]].query)
    order = sorted(range(len(ids)), key=lambda k: (-results[k][0], k))
    return opened.score(RANKING, Prediction(doc["query_id"], tuple(ids[k] for k in order)))


def score_rationale(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """The rationale in a text, and whether its wording gives the answer away."""
    opened, text = domain_of(doc), results[0].strip()
    example = opened.examples[doc["query_id"]]
    rationale = read_rationale(text, example.query, opened) if text else None
    scores = opened.score(RATIONALE, Prediction(doc["query_id"], (), rationale))
    targets = [opened.data.items[item_id] for item_id in example.relevant]
    violations = [v for t in targets if rationale for v in opened.rules.violations(rationale, example.query, t)]
    return {**scores, "leak_rate": float(any(violation.leak for violation in violations))}


def read_rationale(text: str, query: Query, opened: OpenDomain) -> Rationale:
    """A reason for each sentence that cites the history or names an attribute value; ``text`` is kept as it is."""
    sentences = [text[start:end].strip() for start, end in claims.sentences(text)]
    reasons = [
        {"because": [index + 1 for index in claims.citations(sentence)], "wants": sentence}
        for sentence in sentences
        if claims.citations(sentence) or opened.rules.matcher.find(sentence)
    ]
    return replace(rationale_of(query, reasons, opened.rules.matcher, opened.data.items, "lm-eval"), text=text)


def score_like(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, object]:
    """``auc`` gets (liked, how much likelier yes is than no) and makes one number of all."""
    yes, no = (result[0] for result in results)
    return {"acc": float((yes > no) == (doc["gold"] == 0)), "auc": (doc["gold"] == 0, yes - no)}


def auc(pairs: Sequence[tuple[bool, float]]) -> float:
    """Area under the ROC curve (scikit-learn); NaN where all or none liked what they bought."""
    from sklearn.metrics import roc_auc_score

    liked, margin = zip(*pairs, strict=True)
    return float(roc_auc_score(liked, margin)) if 0 < sum(liked) < len(liked) else math.nan


def mean_defined(values: Sequence[float]) -> float:
    """The mean of those that are defined; NaN where none is."""
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else math.nan
