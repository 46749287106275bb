"""The command line: ``python -m annotation COMMAND``. A campaign is a folder; every command works on one.

    python -m annotation draft CAMPAIGN --domain world --limit 200     write draft rationales
    python -m annotation serve CAMPAIGN                                the review server with its pages, on this machine
    python -m annotation push CAMPAIGN --reviewers anna,ben            send the drafts to the reviewers
    python -m annotation pull CAMPAIGN                                 fetch what they have answered so far
    python -m annotation agreement CAMPAIGN                            how far they agree

Each command is a module of this package: see :mod:`rad.runtime.commands`.
"""

from __future__ import annotations

from functools import partial

from rad.errors import run
from rad.runtime import commands

PURPOSE = "Campaigns in which people review rationales."
EXTRAS = dict.fromkeys(("argilla", "diskcache", "httpx", "matplotlib"), "annotate")
COMMANDS = (
    *("draft", "serve", "push", "status", "pull", "agreement", "models", "study"),
    *("export", "import", "judge", "feedback", "pause", "withdraw", "demo"),
)
summary = partial(commands.summary, "annotation.commands")
main = commands.package("annotation.commands", PURPOSE, COMMANDS, EXTRAS)


if __name__ == "__main__":
    run(main)
