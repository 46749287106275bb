"""A sealed season: a new edition of ``world`` whose answers nobody but its organiser can know.

    python -m leaderboard season new seasons/spring --secret ~/spring.secret.json       the organiser opens a season
    python -m leaderboard season answer seasons/spring --model rationale_first --out runs      a model takes part
    python -m leaderboard submit runs/... --name NAME --contact ADDRESS --to submissions        as any other run
    python -m leaderboard verify --entries submissions --secret ~/spring.secret.json --to entries       it is scored

How a season keeps its answers, and how everyone can check it afterwards: :mod:`leaderboard.seasons.season`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from rad.errors import RadError
from rad.runtime.commands import group

OPEN = timedelta(days=90)
Folder = Annotated[Path, Argument(metavar="DIR", help="its last part is the season's name")]


def new(
    folder: Folder,
    secret: Annotated[Path, Option(metavar="FILE", help="where the secret goes, outside DIR")],
    users: Annotated[int, Option(metavar="N")] = 2000,
    items: Annotated[int, Option(metavar="N")] = 2000,
    closes: Annotated[str, Option(metavar="YYYY-MM-DD", help="the last day, in UTC (default: 90 days from now)")] = "",
) -> None:
    """make a season: a folder to publish, and a secret to keep"""
    from leaderboard.seasons import season

    try:
        last = date.fromisoformat(closes) if closes else datetime.now(UTC).date() + OPEN
    except ValueError:
        raise RadError(f"--closes {closes}: no day, YYYY-MM-DD is expected") from None
    about = season.new(folder, secret, users, items, last)
    print(
        f"{about.name}: {about.users:,} users, {about.items:,} items, open until {about.closes_at}; "
        f"publish {folder}, keep {secret} until then"
    )


def answer(
    folder: Folder,
    model: Annotated[str, Option(metavar="NAME", help="one of benchmarks/models")],
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="settings")] = None,
    seed: Annotated[int, Option(metavar="N")] = 0,
    out: Annotated[Path, Option(metavar="DIR", help="folder of runs")] = Path("runs"),
) -> None:
    """let a model of benchmarks/models answer a season's queries"""
    from benchmarks.harness.experiment import seed_errors
    from leaderboard.seasons import answers

    if errors := seed_errors(seed):
        raise RadError(errors[0])
    print(f"wrote {answers.answer(folder, model, settings or [], seed, out)}")


main = group(new, answer)
