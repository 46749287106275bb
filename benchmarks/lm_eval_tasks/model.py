"""``rad``: a model of ``benchmarks/models`` under lm-evaluation-harness, with the numbers of ``benchmarks.run``.

It is fitted on the domain of the first request and answers through ``predict``; it reads the query, not the prompt. A
candidate's log-likelihood is minus its place in the ranking, so the order is the model's own. Asked for a rationale it
gives the text of the one it wrote.

    lm_eval.simple_evaluate(model=RadLM("item_knn"), tasks=["rad_rank"], task_manager=...)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from benchmarks.harness.fitting import fit_and_answer
from benchmarks.harness.registries import load_model
from benchmarks.lm_eval_tasks.docs import OpenDomain, choices_of, domain_of
from rad import registry
from rad.errors import RadError
from rad.types import Prediction


@register_model("rad")
class RadLM(LM):
    """A model by its name in ``benchmarks/models``; ``settings`` are its own (``RadLM("item_knn", window=3)``).

    :class:`RadError` on an unknown model or setting, on a task other than RAD's, and on ``rad_like``: the models rank,
    they do not judge a pair.
    """

    def __init__(self, name: str, seed: int = 0, settings: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__()
        kind = load_model(name)
        values = {**(settings or {}), **{k: v for k, v in more.items() if k not in _HARNESS}}
        if unknown := [key for key in values if key not in kind.Settings.model_fields]:
            raise RadError(registry.unknown(f"setting of {name}", unknown, kind.Settings.model_fields))
        self.name, self.seed, self.kind, self.settings = name, seed, kind, kind.Settings(**values)
        self._answers: dict[tuple[str, str, str], dict[str, Prediction]] = {}

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        out = []
        for request in requests:
            doc = self._doc(request)
            if "choices" not in doc:
                raise RadError(f"{self.name} ranks and judges no single pair: use rad_rank or rad_rationale")
            ids, prediction = choices_of(domain_of(doc).examples[doc["query_id"]].query), self._predicted(doc)
            ranks = {item_id: k for k, item_id in enumerate(prediction.ranking)}
            k = ranks.get(ids[request.idx], len(ranks))
            out.append((-float(k), k == 0))
        return out

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        rationales = [self._predicted(self._doc(request)).rationale for request in requests]
        return [rationale.text if rationale else "" for rationale in rationales]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        raise RadError(f"{self.name} is a recommender and gives a text no likelihood: use RAD's own tasks")

    def _doc(self, request: Instance) -> dict[str, Any]:
        doc = request.doc
        if not isinstance(doc, dict) or "query_id" not in doc:
            raise RadError(f"{self.name} answers RAD's tasks alone (rad_rank, rad_rationale)")
        return doc

    def _predicted(self, doc: dict[str, Any]) -> Prediction:
        """All queries of the task are predicted at once, as ``benchmarks.run`` does."""
        key = doc["domain"], doc["split"], doc["data_dir"]
        if key not in self._answers:
            self._answers[key] = self._fitted(domain_of(doc))
        return self._answers[key][doc["query_id"]]

    def _fitted(self, opened: OpenDomain) -> dict[str, Prediction]:
        data, queries = opened.data, [e.query for e in opened.examples.values()]
        model = self.kind(self.settings)
        answers = fit_and_answer(model, data.examples, data.items, opened.split, self.seed, queries)
        return {p.query_id: p for p in answers.predictions}


_HARNESS = {"batch_size", "max_batch_size", "device"}  # what the harness passes to every model
