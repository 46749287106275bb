"""``unexplained_gap``: the unexplained share less the share of targets that no reason finds; best at 0.

A reason of the moment finds the target where the model, given that reason alone, ranks it among the first 100, and
higher than given no reason (or first of all): what only popularity brings up is not found. Of the reasons the eight
strongest are tried, one at a time. A rationale that says "something unexplained is likely" as often as its reasons
fail is calibrated; a positive mean is too modest, a negative one claims too much. In [-1, 1], and shown, never ranked
by. Undefined for rationales that are not in the words of :mod:`rad.rationales.text`. Source: RAD; calibration in the
large (Cox 1958).
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import GainMetric, OutcomeOf

REASONS = tuple(f"only_reason_{k}" for k in range(1, 9))


class Metric(GainMetric):
    title = "Unexplained gap"
    hint = "unexplained share less the share of targets that no reason finds among its first 100"
    missing = None
    family = "soundness"
    position = 7
    ranked = False
    asks = ("none", *REASONS)

    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        own, none = of("own"), of("none")
        alone = [outcome for name in REASONS if (outcome := of(name)) is not None]
        if own is None or none is None or not alone:
            return {"all": None}
        is_found = any(
            one.rank is not None and (one.rank == 0 or none.rank is None or one.rank < none.rank) for one in alone
        )
        return {"all": own.unexplained - (not is_found)}
