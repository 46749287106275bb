"""Argue with a recommendation: change a rationale in the browser, and the ranking follows at once.

    python -m benchmarks.app RESULT_DIR                                  a finished run
    python -m benchmarks.app --domain scientific                         rationale_first, for the test users
    python -m benchmarks.app --split train --feedback FOLDER             corrections that become training data
    python -m benchmarks.app --domain scientific --time 50               how long an edit takes, without a page

Pick a user or paste a history. History, facts, rationale and ranking stand side by side. Strike a reason, change its
strength, add one, or edit the text: what ranks is what the text says, and the page shows what moved and why. *Keep as
feedback* appends what you made of the rationale to feedback.jsonl in a campaign's folder;
``python -m annotation feedback FOLDER`` makes it training data. The page is served on this machine alone (127.0.0.1),
asks for nothing from outside, and never shows what was bought next. The model must rank from given rationales that
state facts, as rationale_first does. Needs the extra ``app``.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from benchmarks.app.actions import Actions
from benchmarks.app.keeping import Keeper
from benchmarks.app.timing import edit_times
from benchmarks.app.users import of_model, of_run
from rad.errors import RadError, run
from rad.runtime.commands import DataDir, command

MISSING = "the page needs 'gradio': pip install -c constraints.txt -e '.[bench,app]'"


@command
def main(
    folder: Annotated[Path | None, Argument(metavar="[RESULT_DIR]", help="a finished run")] = None,
    model: Annotated[str, Option(metavar="NAME", help="without a run: the model")] = "rationale_first",
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="the model's settings")] = None,
    domain: Annotated[str | None, Option(metavar="NAME", help="the data (default: world, or the run's)")] = None,
    split: Annotated[Literal["train", "validation", "test"], Option(help="without a run: whose queries")] = "test",
    seed: Annotated[int, Option(metavar="N", min=0, help="of the model")] = 0,
    data_dir: DataDir = None,
    feedback: Annotated[
        Path | None, Option(metavar="FOLDER", help="where feedback is kept (default: under runs/feedback)")
    ] = None,
    reviewer: Annotated[
        str | None, Option(metavar="NAME", help="whose feedback it is; files have a pseudonym (default: your login)")
    ] = None,
    port: Annotated[int | None, Option(metavar="N", help="of the page (default: a free one from 7860 on)")] = None,
    time: Annotated[int | None, Option(metavar="N", min=1, help="only time the edits of the first N users")] = None,
) -> None:
    if time is None:
        try:
            from benchmarks.app import page
        except ModuleNotFoundError as error:
            if error.name != "gradio":
                raise
            raise RadError(MISSING) from error
    if folder is not None:
        users = of_run(folder, domain, data_dir)
    else:
        users = of_model(model, settings or [], domain or "world", split, seed, data_dir)
    actions = Actions(users, Keeper(users, feedback, reviewer or getpass.getuser()))
    if time is not None:
        print(edit_times(actions, time))
        return
    print(f"{users.title}: {len(users):,} queries; feedback goes to {actions.keeper.campaign.path}", flush=True)
    page.launch(page.blocks(actions), port)


if __name__ == "__main__":
    run(main)
