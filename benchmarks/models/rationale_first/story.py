"""What a rationale says, as tensors: the form in which reasoners write it and the head reads it.

Two kinds of claims. What the user is after *now* (``wants``, ``together``) and what is ``unexplained`` are rival
explanations of one purchase: their shares sum to one. What the user likes or avoids holds beside them, each claim with
log odds of its own. In a record (``rad.types.Rationale``) a standing claim is a reason whose evidence
is a ``constraint``; all weights are divided by one plus the sum of the standing ones, so that together with the
unexplained rest they sum to one, and :meth:`Story.of` multiplies them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rad.features.item_features import Catalogue
from rad.types import Evidence, Reason

CITED = 3  # the latest purchases that show a value
NEGLIGIBLE = 0.002  # a claim that weighs less is not written down


@dataclass(frozen=True, slots=True)
class Story:
    """E rationales over a catalogue of V values.

    ``unexplained`` (E,); ``anchors`` (E, J) catalogue positions of cited purchases, -1 for none, and ``together``
    (E, J) how much is owed to what goes with each; ``wants``, ``likes``, ``avoids`` (E, V), the last two not negative
    and a value in one of them at most.
    """

    unexplained: torch.Tensor
    anchors: torch.Tensor
    together: torch.Tensor
    wants: torch.Tensor
    likes: torch.Tensor
    avoids: torch.Tensor

    @classmethod
    def of(cls, catalogue: Catalogue, histories: Sequence[Sequence[int]], given: Sequence[Sequence[Reason]]) -> Story:
        """From the records. A reason with several citations or wants shares its weight among them.

        A citation outside the history, or a value that the catalogue lacks, is evidence of nothing: its weight counts
        as unexplained. So does an avoidance that is no standing one.
        """
        n = len(given)
        cited_items: list[dict[int, float]] = [{} for _ in given]
        wants, likes, avoids = (np.zeros((n, len(catalogue.values)), np.float32) for _ in range(3))
        for row, (history, reasons) in enumerate(zip(histories, given, strict=True)):
            standing = sum(r.weight for r in reasons if r.evidence.kind == "constraint")
            scale = 1 / max(1 - standing, 1e-3)
            for reason in reasons:
                cited = [k for k in reason.evidence.history if 0 <= k < len(history)]
                share = reason.weight * scale * len(cited) / max(len(reason.evidence.history), 1)
                constant = reason.evidence.kind == "constraint"
                for table, claims in ((likes if constant else wants, reason.wants), (avoids, reason.avoids)):
                    for v in (catalogue.value_index.get(claim) for claim in claims):
                        if v is not None and (constant or table is wants):
                            table[row, v] += share / (1 if constant else len(claims))
                if not (reason.wants or reason.avoids or constant):
                    for item in (history[k] for k in cited):
                        cited_items[row][item] = cited_items[row].get(item, 0.0) + share / len(cited)
        width = max([len(own) for own in cited_items] + [1])
        anchors, together = np.full((n, width), -1, np.int64), np.zeros((n, width), np.float32)
        for row, own in enumerate(cited_items):
            anchors[row, : len(own)], together[row, : len(own)] = list(own), list(own.values())
        rest = np.maximum(1 - wants.sum(1) - together.sum(1), 0.001)
        total = rest + wants.sum(1) + together.sum(1)
        wants, together = wants / total[:, None], together / total[:, None]
        arrays = (rest / total, anchors, together, wants, likes, avoids)
        return cls(*(torch.from_numpy(np.ascontiguousarray(a)) for a in arrays))

    def rivals(self) -> torch.Tensor:
        """(E, 2 + V) shares that sum to one: unexplained, together, each want."""
        return torch.cat([self.unexplained[:, None], self.together.sum(1, keepdim=True), self.wants], 1)

    def cited(self) -> torch.Tensor:
        """(E, J) how *together* is shared among the cited purchases, above zero."""
        return (self.together / self.together.sum(1, keepdim=True).clamp(min=1e-9)).clamp(min=1e-6)

    def taste(self) -> torch.Tensor:
        """(E, V) likes less avoids."""
        return self.likes - self.avoids

    @classmethod
    def joined(cls, parts: Sequence[Story]) -> Story:
        """The rows of all parts, in their order."""
        return cls(*(torch.cat(columns) for columns in zip(*(part._tensors() for part in parts), strict=True)))

    def __getitem__(self, rows: slice | torch.Tensor) -> Story:
        return Story(*(t[rows] for t in self._tensors()))

    def to(self, device: torch.device) -> Story:
        return Story(*(t.to(device) for t in self._tensors()))

    def _tensors(self) -> tuple[torch.Tensor, ...]:
        return self.unexplained, self.anchors, self.together, self.wants, self.likes, self.avoids

    def reasons(self, catalogue: Catalogue, histories: Sequence[Sequence[int]], most: int) -> list[tuple[Reason, ...]]:
        """The records: the ``most`` heaviest rival reasons and as many standing ones, heaviest first.

        What is not written down gives its share to the rival reasons that are. A value is cited from the latest
        purchases that have it, or follows from the last ones.
        """
        n = len(self.unexplained)
        rival = torch.cat([self.together, self.wants], 1).cpu().numpy()
        standing = torch.cat([self.likes, self.avoids], 1).cpu().numpy()
        slots, values = self.together.shape[1], self.wants.shape[1]
        rest, anchors = self.unexplained.cpu().numpy(), self.anchors.cpu().numpy()
        out = []
        for row in range(n):
            history = histories[row]
            places = {item: k for k, item in enumerate(history)}
            now = _heaviest(rival[row], most)
            always = _heaviest(standing[row], most)
            total = 1 + standing[row, always].sum()
            scale = (1 - rest[row]) / max(rival[row, now].sum(), 1e-9) / total
            found: list[Reason] = []
            for k in now:
                weight = float(rival[row, k] * scale)
                if k < slots:
                    if weight > 0:
                        found.append(Reason(Evidence((places[int(anchors[row, k])],), "co_purchase"), weight=weight))
                    continue
                cited, fact = _shown(catalogue, history, int(k) - slots)
                evidence = Evidence(cited, "attribute", *fact) if fact else Evidence(cited, "sequence")
                found.append(Reason(evidence, (catalogue.values[int(k) - slots],), weight=weight))
            for k in always:
                v, liked = int(k) % values, k < values
                cited, fact = _shown(catalogue, history, v) if liked else _lacking(catalogue, history, v)
                evidence = Evidence(cited, "constraint", *(fact or (None, None)))
                claim = (catalogue.values[v],)
                weight = float(standing[row, k] / total)
                found.append(Reason(evidence, claim if liked else (), () if liked else claim, weight))
            out.append(tuple(sorted(found, key=lambda r: -r.weight)))
        return out


def _heaviest(weights: np.ndarray, most: int) -> np.ndarray:
    order = np.argsort(-weights, kind="stable")[:most]
    return order[weights[order] >= NEGLIGIBLE]


def _shown(catalogue: Catalogue, history: Sequence[int], v: int) -> tuple[tuple[int, ...], tuple[str, str] | None]:
    """Which purchases show a value, and the value; or the last purchases and None."""
    owners = tuple(k for k, item in enumerate(history) if v in catalogue.item_values[item])[-CITED:]
    return (owners, catalogue.values[v]) if owners else (tuple(range(len(history)))[-1:], None)


def _lacking(catalogue: Catalogue, history: Sequence[int], v: int) -> tuple[tuple[int, ...], None]:
    """The latest purchases that do without a value, or the last one."""
    without = tuple(k for k, item in enumerate(history) if v not in catalogue.item_values[item])[-CITED:]
    return without or (len(history) - 1,), None
