"""The review server: the real Argilla with its own pages, on one SQLite file in the campaign's folder.

    python -m annotation serve CAMPAIGN

Needs no docker, no Elasticsearch, no Redis and no account anywhere. It listens on this machine alone unless --host says
otherwise, and prints where it is and how to log in. Ctrl-C stops it; whatever was answered stays, also after a crash.
The first start makes an environment for argilla-server 2.8.0 in the cache, unless this one has it.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

from typer import Option

from annotation.argilla.process import server_command
from annotation.campaign.folder import Campaign
from annotation.commands._options import CampaignFolder
from rad.errors import RadError
from rad.runtime.commands import command

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@command
def main(
    folder: CampaignFolder,
    host: Annotated[str, Option(help="address to listen on; the default is this machine alone")] = "127.0.0.1",
    port: Annotated[int, Option(help="0: any free one")] = 6900,
    redis: Annotated[
        str | None, Option(metavar="URL", help="run Argilla's background jobs by this Redis (none is needed)")
    ] = None,
) -> None:
    if not 0 <= port <= 65535:
        raise RadError(f"--port must be 0 (any free one) to 65535, got {port}")
    words = server_command(Campaign(folder), host, port, redis)
    if host not in LOOPBACK:
        print(
            f"listening on {host}: passwords and answers travel unencrypted, so put a proxy with TLS before it",
            file=sys.stderr,
        )
    sys.stdout.flush()
    os.execv(words[0], words)  # this process becomes the server, so that a signal reaches it
