"""What the definition of each metric demands of control rationales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.explanations.faithfulness import MASKED

NOTHING = 1e-9


@dataclass(frozen=True)
class Demand:
    """What a definition demands: ``best`` scores better than each of ``worse``; ``nothing`` scores 0 but for
    ``within``; ``alike`` scores what ``best`` does, but for ``MARGIN``."""

    best: str = "perfect"
    worse: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    within: float = NOTHING


INCORRECT = ("generic", "copied", "wrong claim", "post hoc", "empty", "huge")
NO_FACT = ("generic", "unseen likes", "wrong numbers", "beside the point", "stars", "empty", "huge")
PROSE = ("generic", "opposite", "gibberish", "stars", "empty", "huge")
DEMANDS: Mapping[str, Demand] = {
    "soundness": Demand(worse=(*NO_FACT, "copied", "wrong claim", "shuffled"), nothing=NO_FACT),
    "said": Demand(
        worse=(*PROSE, "shuffled", "other text", "a sixth said", "beside the point"),
        nothing=PROSE,
        alike=("named", "code", "unseen likes", "wrong numbers"),
    ),
    "prose": Demand(worse=("generic", "named", "code", "opposite", "gibberish", "stars", "huge"), nothing=("perfect",)),
    "unexplained": Demand(),
    "reasons": Demand(worse=("48 reasons", "huge")),
    "words": Demand(worse=("48 reasons", "huge")),
    "unexplained_gap": Demand(),
    "choice": Demand(
        worse=("post hoc", "copied", "empty", "history read back", "unseen likes"),
        nothing=("post hoc", "empty", "history read back"),
    ),
    "choice_strengths": Demand(
        best="graded",
        worse=("48 reasons", "shuffled ignored"),
        nothing=("48 reasons", "post hoc", "shuffled ignored"),
    ),
    "text_carries": Demand(
        worse=("named", "other text", "a sixth said", "code", "opposite", "gibberish", "stars"),
        alike=("unseen likes", "wrong numbers"),
    ),
    "steering": Demand(best="history read back", worse=("perfect", "post hoc"), nothing=("post hoc",)),
    "claim_precision": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "contradiction_rate": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "evidence_validity": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "text_agreement": Demand(worse=("other text", "empty"), nothing=("empty",)),
    "target_named": Demand(worse=("named",), nothing=("perfect", "generic", "copied", "empty")),
    "reason_precision@3": Demand(worse=INCORRECT, nothing=("empty",)),
    "reason_recall@3": Demand(worse=INCORRECT, nothing=("empty",)),
    "reason_f1@3": Demand(worse=INCORRECT, nothing=("empty",)),
    "verdict_accuracy": Demand(worse=("generic", "copied", "empty")),
    "contrast": Demand(worse=INCORRECT, nothing=("empty",)),
    "contrast_reason": Demand(worse=INCORRECT, nothing=("empty",)),
    "unique_sentence_ratio": Demand(worse=("generic", "empty", "huge"), nothing=("empty",)),
    "feature_coverage": Demand(worse=("generic", "empty"), nothing=("empty",)),
    "feature_overlap": Demand(worse=("generic", "empty", "huge")),
    "user_retrieval": Demand(
        worse=("generic", "copied", "other text", "empty", "huge"), nothing=("generic", "empty", "huge")
    ),
    "reader_gain@10": Demand(worse=INCORRECT, nothing=("empty",), alike=("named",)),
    "reader_gain_own@10": Demand(worse=(*INCORRECT, "other text"), nothing=("generic", "empty", "huge")),
    "rouge_l": Demand(worse=("generic", "copied", "post hoc", "other text", "empty")),
    "embedding_similarity": Demand(worse=("generic", "copied", "post hoc", "other text", "empty")),
    "swap": Demand(worse=("generic", "post hoc", "empty"), nothing=("generic", "post hoc", "empty", "huge")),
    "swap.ndcg": Demand(best="named", worse=("perfect", "copied", "post hoc"), nothing=("post hoc",)),
    f"swap.ndcg ({MASKED})": Demand(worse=("copied", "post hoc"), nothing=("post hoc",), alike=("named",)),
    "swap.rank": Demand(worse=("generic", "copied", "post hoc"), nothing=("generic", "post hoc")),
    "swap.score": Demand(nothing=("generic", "post hoc")),
    "corrupt": Demand(worse=("post hoc",), nothing=("post hoc",)),
    "corrupt.ndcg": Demand(worse=("wrong claim", "post hoc"), nothing=("post hoc",)),
    "paraphrase": Demand(worse=("wording",), nothing=("post hoc",)),
    "truncation": Demand(worse=("post hoc",), nothing=("post hoc", "shuffled ignored")),
    "truncation_order": Demand(worse=("post hoc",), nothing=("post hoc", "shuffled ignored")),
    "comprehensiveness": Demand(worse=("shuffled ignored",), nothing=("shuffled ignored",), within=0.15),
    "sufficiency": Demand(worse=("shuffled ignored",), nothing=("shuffled ignored",), within=0.15),
}
