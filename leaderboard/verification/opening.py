"""Opens the evaluation sets that entries name: domains, built-in worlds of moderate size, and seasons."""

from __future__ import annotations

from pathlib import Path

from leaderboard.seasons import season
from leaderboard.verification.task import SEASON, EvaluationSet, evaluation_set, refusal
from rad.data.dataset import Protocol
from rad.data.load import open_dataset
from rad.errors import RadError


class EvaluationSets:
    """Opens each evaluation set once."""

    def __init__(self, data_dir: Path | None = None, seasons: Path | None = None, secret: Path | None = None) -> None:
        """Args:
        data_dir: The folder with raw files.
        seasons: The folder of published seasons.
        secret: The secret of one of them, which has its answers.
        """
        self.data_dir, self.seasons, self.secret = data_dir, seasons, secret
        self._open: dict[tuple[str, Protocol, str], EvaluationSet] = {}

    def open(self, domain: str, protocol: Protocol, question: str = "ranking") -> EvaluationSet:
        """:class:`RadError` where entries may not speak of the domain, or its data are missing."""
        key = domain, protocol, question
        if key not in self._open:
            self._open[key] = self._load(*key)
        return self._open[key]

    def _load(self, domain: str, protocol: Protocol, question: str) -> EvaluationSet:
        if domain.startswith("season:"):
            name = SEASON.fullmatch(domain)
            if name is None or self.seasons is None:
                raise RadError(f"no season {ascii(domain)[:60]} is known: --seasons DIR names the folder of seasons")
            return season.evaluation(self.seasons / name.group(1), protocol, self.secret)
        if reason := refusal(domain):
            raise RadError(reason)
        return evaluation_set(open_dataset(domain, self.data_dir, protocol), question=question)
